// The tabs that the playground opens on, in the order of the story: what each asks, and with what.
//
// A value written {{name}} is filled in by `carry.js` with what earlier answers left behind.

import people from "./tabs/people.graphql";
import preview from "./tabs/preview.graphql";
import rules from "./tabs/rules.graphql";
import send from "./tabs/send.graphql";
import signIn from "./tabs/sign-in.graphql";
import watch from "./tabs/watch.graphql";

/** The password of every account of the demonstration, as `envoi serve --demo` prints it. */
const PASSWORD = "envoi-demo";

const MUSICIANS = { tags: { any: ["{{tag:Musicien}}"] }, reachable: true };

const STORY = [
  ["signIn", signIn, { email: "marie@quatre-vents.example", password: PASSWORD }],
  ["people", people, { filter: MUSICIANS }],
  ["preview", preview, { filter: MUSICIANS, text: "Bonjour ça va ou bien Répét ce soir" }],
  ["send", send, { previewToken: "{{previewToken}}", idempotencyKey: "{{idempotencyKey}}" }],
  ["watch", watch, { campaign: "{{campaign}}" }],
  ["rules", rules, { email: "admin@quatre-vents.example", password: PASSWORD }],
];

/** How wide a comment may be, in characters, so that it is read without scrolling. */
const WIDTH = 52;

/** The tabs as GraphiQL takes them, each beginning with its part of the story. */
export function tabs(words) {
  return STORY.map(([name, document, variables], index) => {
    const [title, text] = words.story[name];
    const lines = [`${index + 1}/${STORY.length} · ${title}`, ...wrapped(text)];
    const comment = lines.map((line) => `# ${line}`).join("\n");
    return { query: `${comment}\n\n${document}`, variables: JSON.stringify(variables, null, 2) };
  });
}

function wrapped(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (line.length > WIDTH) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = line;
    }
  }
  return lines;
}
