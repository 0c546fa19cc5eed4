// Filling in variables: a text that is {{name}} as a whole becomes the value that earlier answers left under that name.

import { TAG } from "./session.js";

const PLACEHOLDER = /^\{\{(.+)\}\}$/;

/** The tab whose answer tells a value. */
const TOLD_BY = { previewToken: "Preview", idempotencyKey: "Preview", campaign: "Send" };

/** A value that no answer told yet; `tags` names those that are known, where it is a tag and some are. */
export class Missing extends Error {
  constructor(name, values) {
    super(name);
    this.value = name;
    this.tab = TOLD_BY[name] ?? "SignIn";
    const known = name.startsWith(TAG) ? Object.keys(values).filter((other) => other.startsWith(TAG)) : [];
    this.tags = known.map((other) => `{{${other}}}`);
  }
}

/** `variables` with every placeholder replaced; throws `Missing` for the first whose value is not known. */
export function fill(variables, values) {
  if (Array.isArray(variables)) {
    return variables.map((item) => fill(item, values));
  }
  if (variables !== null && typeof variables === "object") {
    return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, fill(value, values)]));
  }
  const name = typeof variables === "string" && PLACEHOLDER.exec(variables)?.[1];
  if (!name) {
    return variables;
  }
  if (!Object.hasOwn(values, name)) {
    throw new Missing(name, values);
  }
  return values[name];
}
