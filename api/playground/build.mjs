// Bundles the playground: `node build.mjs OUT` writes the page to OUT/index.html and all it loads to OUT/assets.
//
// api/build.rs runs it on a copy of this folder, so that nothing is ever built among the sources. Each asset is written
// compressed, in brotli and in gzip, and never as it is: both are what the server sends. Names carry a hash of the
// content, so that browsers may keep an asset for ever.

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { build } from "esbuild";

import { licences } from "./licences.mjs";

/** What Monaco, the editor, runs beside the page; GraphiQL asks for them by these labels. */
const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
};

const COMMON = {
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: "assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};

/** The name of what was built from an entry. */
function built(result, entry) {
  const outputs = Object.entries(result.metafile.outputs);
  return basename(outputs.find(([, output]) => output.entryPoint?.endsWith(entry))[0]);
}

async function bundle() {
  const workers = await build({ ...COMMON, entryPoints: WORKERS, format: "iife" });
  const names = Object.entries(WORKERS).map(([label, entry]) => [label, built(workers, entry)]);
  const style = await build({ ...COMMON, entryPoints: ["src/style.css"] });
  const script = await build({
    ...COMMON,
    entryPoints: ["src/main.jsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    define: { ...COMMON.define, WORKERS: JSON.stringify(Object.fromEntries(names)) },
    // GraphiQL's style sheet holds Monaco's, which its modules ask for once more.
    loader: { ".css": "empty", ".graphql": "text" },
  });
  const results = [workers, style, script];
  const files = results.flatMap((result) => result.outputFiles);
  const assets = new Map(files.map(({ path, contents }) => [basename(path), contents]));
  const notices = await licences(results.flatMap((result) => Object.keys(result.metafile.inputs)));
  const hash = createHash("sha256").update(notices).digest("hex").slice(0, 8).toUpperCase();
  assets.set(`licences-${hash}.txt`, Buffer.from(notices));
  const html = (await readFile("src/index.html", "utf8"))
    .replace("licences.txt", `licences-${hash}.txt`)
    .replace("style.css", built(style, "style.css"))
    .replace("main.js", built(script, "main.jsx"));
  return { assets, html };
}

async function write(out, { assets, html }) {
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, "assets"), { recursive: true });
  const brotli = { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } };
  const written = [...assets].map(async ([name, contents]) => {
    await writeFile(join(out, "assets", `${name}.br`), await promisify(brotliCompress)(contents, brotli));
    await writeFile(join(out, "assets", `${name}.gz`), await promisify(gzip)(contents, { level: 9 }));
  });
  await Promise.all(written);
  await writeFile(join(out, "index.html"), html);
}

await write(process.argv[2], await bundle());
