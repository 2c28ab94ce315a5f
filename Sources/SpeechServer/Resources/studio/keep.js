// What the browser keeps between visits: the text that is being written, the choices, the key. Nothing of it is sent
// anywhere but with a request that the person makes.

const PREFIX = 'mynah.';

/** Reads a value; `fallback` where there is none. */
export function recall(name, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Keeps a value; null forgets it. */
export function keep(name, value) {
  try {
    if (value == null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch { /* Full or forbidden: the page goes on without. */ }
}

/** What this tab kept, also after a reload; in a new tab what any tab kept last. */
export function recallHere(name, fallback) {
  try {
    const text = sessionStorage.getItem(PREFIX + name);
    if (text !== null) return JSON.parse(text);
  } catch { /* Forbidden: what all tabs share will do. */ }
  return recall(name, fallback);
}

/** Keeps a value for this tab, so that another tab cannot take it away, and for new ones. */
export function keepHere(name, value) {
  try { sessionStorage.setItem(PREFIX + name, JSON.stringify(value)); } catch { /* As above. */ }
  keep(name, value);
}
