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
