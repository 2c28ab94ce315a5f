// A choice of what a file is downloaded as.
import { draft } from './draft.js';
import { h } from './dom.js';
import { server } from './server-state.js';

/** A `select` of the server's formats and of `more`, with the preferred one chosen. */
export function formatSelect(label, more = []) {
  const names = [...server.formats, ...more];
  const select = h('select', { 'aria-label': label }, names.map((name) => h('option', { value: name }, name.toUpperCase())));
  select.value = names.includes(draft.get('format')) ? draft.get('format') : names[0];
  return select;
}
