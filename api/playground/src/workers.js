// Where Monaco, the editor, finds what it runs beside the page. To be imported before it.

/* global WORKERS -- the names of the built workers by label, put in by build.mjs */

globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(`assets/${WORKERS[label] ?? WORKERS.editor}`),
};
