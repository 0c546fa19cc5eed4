// What answers leave behind for the next requests: the token, who is signed in, and the values that tabs carry over.
//
// Invariant: all of it is in the memory of this page, and nowhere else. It ends with the page, or with the sign-out.

/** What the name of a tag's id begins with. */
export const TAG = "tag:";

/** The same of a rule, and of its version that was seen last; the slug follows. */
export const RULE = "rule:";
export const VERSION = "version:";

const NOTHING = Object.freeze({ token: null, viewer: null, values: Object.freeze({}) });

/** A session that begins empty. `subscribe` and `state` are what React's useSyncExternalStore takes. */
export function createSession() {
  let state = NOTHING;
  const listeners = new Set();
  function set(next) {
    state = next;
    listeners.forEach((listener) => listener());
  }
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Forgets all: what the token was for has ended. */
    forget: () => set(NOTHING),
    /** Takes from an answer what later requests need. */
    remember: (answer) => set(after(state, answer)),
  };
}

function after(state, { data, errors }) {
  if (data?.signOut || errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED")) {
    return NOTHING;
  }
  const signedIn = data?.signIn?.token
    ? { token: data.signIn.token, viewer: data.signIn.viewer, values: ofNobody(state.values) }
    : state;
  const values = { ...signedIn.values, ...told(data ?? {}) };
  return { ...signedIn, values };
}

/** Tags and rules are their structure's: whoever signs in learns those of their own. */
function ofNobody(values) {
  const theirs = (name) => [TAG, RULE, VERSION].some((start) => name.startsWith(start));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !theirs(name)));
}

/** The values that an answer tells, by the names under which variables ask for them. */
function told(data) {
  const values = {};
  const structure = (data.signIn?.viewer ?? data.viewer)?.structure;
  for (const { node } of structure?.tags?.edges ?? []) {
    values[TAG + node.name] = node.id;
  }
  for (const { node } of structure?.rules?.edges ?? []) {
    // Where none is in force, the latest draft.
    Object.assign(values, toldOfRule(node, node.active ?? node.versions?.edges?.[0]?.node));
  }
  for (const payload of Object.values(data)) {
    Object.assign(values, toldOfRule(payload?.rule, payload?.version));
  }
  const preview = data.previewSms?.preview;
  if (preview?.token) {
    values.previewToken = preview.token;
    // One key for each preview: asking twice to send it is then asking once.
    values.idempotencyKey = uuid();
  }
  if (data.sendSms?.campaign?.id) {
    values.campaign = data.sendSms.campaign.id;
  }
  return values;
}

/** The ids of a rule and of a version of it, under the rule's slug, where the answer has them. */
function toldOfRule(rule, version) {
  const values = {};
  if (rule?.slug && rule.id) {
    values[RULE + rule.slug] = rule.id;
  }
  if (rule?.slug && version?.id) {
    values[VERSION + rule.slug] = version.id;
  }
  return values;
}

/** A random UUID. The browser's own `randomUUID` is there only over HTTPS and on this machine. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
