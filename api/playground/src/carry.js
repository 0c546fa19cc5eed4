// Filling in: a text that is {{name}} as a whole, in the variables or in the document, becomes the value that earlier answers
// left under that name.

import { RULE, TAG, VERSION } from "./session.js";

const PLACEHOLDER = /^\{\{(.+)\}\}$/;
/** The same as a text of a document. */
const QUOTED = /"\{\{([^"{}]+)\}\}"/g;

/** The tab whose answer tells a value. */
const TOLD_BY = { previewToken: "Preview", idempotencyKey: "Preview", campaign: "Send", [RULE]: "Rules", [VERSION]: "Rules" };

/** A value that no answer told yet; `others` names those of its kind that are known: tags, rules, or versions of rules. */
export class Missing extends Error {
  constructor(name, values) {
    super(name);
    this.value = name;
    const kind = [TAG, RULE, VERSION].find((start) => name.startsWith(start));
    this.tab = TOLD_BY[kind ?? name] ?? "SignIn";
    const known = kind ? Object.keys(values).filter((other) => other.startsWith(kind)) : [];
    this.others = known.map((other) => `{{${other}}}`);
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
  return name ? valueOf(name, values) : variables;
}

/** A document with every text that is a placeholder replaced; throws as `fill` does. */
export function fillDocument(document, values) {
  return document.replace(QUOTED, (_, name) => JSON.stringify(valueOf(name, values)));
}

function valueOf(name, values) {
  if (!Object.hasOwn(values, name)) {
    throw new Missing(name, values);
  }
  return values[name];
}
