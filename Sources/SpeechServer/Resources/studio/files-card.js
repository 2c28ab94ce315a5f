// What the server keeps on its disk: how much, where to look at it, and how to be rid of it.
import { history, system } from './api.js';
import { fill, h, redraw } from './dom.js';
import { number, phrase, size } from './i18n.js';
import { actionButton, announce, ask, faultBox } from './shell.js';

const KINDS = [['history', '#history'], ['jobs', '#batch'], ['voices', '#voices']];

/** `{node, read}`; hidden where nothing is kept, or from those who may not see it. */
export function filesCard() {
  const box = faultBox();
  const list = h('ul.list');
  const free = h('p.hint');
  const node = h('section.card', { hidden: true }, h('h2', phrase('files.title')), list, free, box.node);
  const clear = async () => {
    if (!await confirmClearing()) return;
    announce(phrase('history.cleared'));
    await read();
  };
  const line = (kind, view, { files, bytes }) => h('li.item', h('div.row.between',
    h('span', h('span.title', phrase(`files.${kind}`)), ' ',
      h('span.hint', phrase('files.size', { n: () => number(files), size: () => size(bytes) }))),
    h('div.row', h('a.button', { href: view }, phrase('files.open')),
      kind === 'history' && files > 0 && actionButton(phrase('history.clear'), clear, { box, kind: 'quiet.danger' }))));
  async function read() {
    try {
      const kept = await system.storage();
      redraw(list, [kept.history, kept.jobs, kept.voices], (shares) => KINDS.map(([kind, view], index) => line(kind, view, shares[index])));
      fill(free, kept.free_bytes == null ? null : phrase('files.free', { size: () => size(kept.free_bytes) }));
      node.hidden = false;
    } catch {
      node.hidden = true;
    }
  }
  return { node, read };
}

/** Asks, and deletes the whole history; returns whether it did. */
export async function confirmClearing() {
  const agrees = await ask(phrase('history.clearTitle'), h('p', phrase('history.clearText')), phrase('history.clear'), { isDangerous: true });
  if (agrees) await history.clear();
  return agrees;
}
