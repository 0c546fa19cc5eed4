// Where GraphiQL keeps its settings and tabs: in the memory of the page. The browser's own storage would outlive the
// sign-out, and headers may hold a token.

/** A storage that begins empty and ends with the page. */
export function memoryStorage() {
  const items = new Map();
  return {
    get length() {
      return items.size;
    },
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}
