// The licences of what is bundled, whole, as each of them asks: the playground links to this text.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Files in which packages put their licence and the notices of what they contain. */
const NOTICES = /^(licen[cs]e|copying|notice|third[-_ ]?party)/i;

/** The folder of the package that a bundled file comes from; none for a file of ours. */
function packageOf(input) {
  return /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

/**
 * One text: for each package that files were taken from, its name, its version, its licence.
 *
 * @param {string[]} inputs the files that were bundled
 */
export async function licences(inputs) {
  const folders = [...new Set(inputs.map(packageOf).filter(Boolean))].sort();
  return (await Promise.all(folders.map(section))).join("\n");
}

async function section(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const notices = (await readdir(folder)).filter((file) => NOTICES.test(file)).sort();
  const texts = await Promise.all(notices.map((file) => readFile(join(folder, file), "utf8")));
  return [`===== ${name} ${version} (${license}) =====`, ...texts, ""].join("\n\n");
}
