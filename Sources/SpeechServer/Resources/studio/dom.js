// Builds elements. Texts are bound to catalogue keys, so that a switch of the language changes them in place and nothing
// of what the person did is lost.
import { Phrase, bind } from './i18n.js';

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  play: 'M7 4.500v15l13-7.500z',
  pause: 'M6 4.500h4v15H6zM14 4.500h4v15h-4z',
  stop: 'M5 5h14v14H5z',
  microphone: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.500 11h2a4.500 4.500 0 0 0 9 0h2a6.500 6.500 0 0 1-5.500 6.400V21h-2v-3.600A6.500 6.500 0 0 1 5.500 11z',
};

/** Makes an element: `h('button.primary', {onclick}, phrase('speak.generate'))`. */
export function h(name, ...rest) {
  const [tag, ...classes] = name.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  const first = rest[0];
  const hasAttributes = first && typeof first === 'object' && !(first instanceof Node) && !(first instanceof Phrase)
    && !Array.isArray(first);
  if (hasAttributes) set(node, rest.shift());
  append(node, rest);
  return node;
}

/** Sets attributes, listeners (`onclick`) and properties (`value`, `checked`, `disabled`, `hidden`) of an element. */
export function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value instanceof Phrase) bind(node, value, key);
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && typeof node[key] !== 'object' && key !== 'list' && key !== 'form') node[key] = value;
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  return node;
}

/** Appends children: elements, strings, phrases and lists of them; `null` and `false` are passed over. */
export function append(node, children) {
  const list = children.flat(Infinity);
  if (list.length === 1 && list[0] instanceof Phrase && !node.firstChild) {
    bind(node, list[0]);
    return node;
  }
  for (const child of list) {
    if (child == null || child === false) continue;
    if (child instanceof Phrase) {
      const span = document.createElement('span');
      bind(span, child);
      node.append(span);
    } else node.append(child);
  }
  return node;
}

/** Replaces the children of an element. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

const drawn = new WeakMap();

/** Fills an element where the data are others than before: nothing is to go from under the hands of whoever uses it. */
export function redraw(node, data, make) {
  const known = JSON.stringify(data);
  if (drawn.get(node) === known) return;
  drawn.set(node, known);
  fill(node, make(data));
}

/** Shows a phrase, or nothing, as the text of an element. */
export function say(node, phrase) {
  if (phrase instanceof Phrase) bind(node, phrase);
  else {
    bind(node, null);
    node.textContent = phrase ?? '';
  }
  return node;
}

/** A picture that screen readers pass over. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

let serial = 0;

/** A field with its label above and, if given, a hint below. */
export function field(label, input, hint) {
  input.id ||= `field-${++serial}`;
  const note = hint && h('p.hint', { id: `${input.id}-hint` }, hint);
  if (note) input.setAttribute('aria-describedby', note.id);
  return h('div.field', h('label', { htmlFor: input.id }, label), input, note);
}

/** A check box with its label beside it. */
export function checkbox(label, attributes = {}) {
  const input = h('input', { type: 'checkbox', ...attributes });
  return { input, node: h('label.check', input, label) };
}
