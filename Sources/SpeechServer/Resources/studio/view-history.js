// What was spoken: to hear again, to have as a file, to speak again with the same seed, to forget.
import { history } from './api.js';
import { draft } from './draft.js';
import { fill, h } from './dom.js';
import { duration, moment, phrase } from './i18n.js';
import { server } from './server-state.js';
import { actionButton, announce, ask, faultBox, playButton } from './shell.js';
import { download, fileName } from './sound-file.js';

export function historyView() {
  const box = faultBox();
  const list = h('ul.list');
  const empty = h('p.empty', { hidden: true });
  let next = null;
  const more = actionButton(phrase('history.more'), () => read(next), { box });
  const clear = actionButton(phrase('history.clear'), async () => {
    if (!await ask(phrase('history.clearTitle'), h('p', phrase('history.clearText')), phrase('history.clear'), { isDangerous: true })) return;
    await history.clear();
    await read(null);
  }, { box, kind: 'quiet.danger' });
  const node = h('div', h('div.head', h('h1', { tabIndex: -1 }, phrase('history.title')), clear), box.node,
    h('section.card', { hidden: true }, list, empty, h('div.row', more)));
  const card = node.lastChild;

  async function read(before) {
    const page = await history.page(before);
    card.hidden = false;
    const lines = page.entries.map((entry) => line(entry, box, (gone) => {
      gone.remove();
      drawEmpty(page);
    }));
    if (before) list.append(...lines);
    else fill(list, lines);
    next = page.next ?? null;
    more.hidden = next === null;
    drawEmpty(page);
  }
  function drawEmpty(page) {
    const isEmpty = !list.children.length;
    empty.hidden = !isEmpty;
    clear.hidden = isEmpty;
    fill(empty, phrase(page.is_kept ? 'history.empty' : 'history.off'));
  }
  const show = () => read(null).catch((fault) => { box.show(fault); clear.hidden = card.hidden = true; });
  return { node, onShow: () => { box.show(null); return show(); } };
}

function line(entry, box, forget) {
  const format = h('select', { 'aria-label': phrase('history.format') },
    [...server.formats, 'srt', 'vtt'].map((name) => h('option', { value: name }, name.toUpperCase())));
  const item = h('li.item', h('p.excerpt', entry.text),
    h('p.hint', phrase('history.meta', {
      time: () => moment(entry.created), voice: entry.voice ?? phrase('history.made'), seconds: () => duration(entry.seconds), seed: entry.seed,
    })),
    h('div.row',
      playButton(phrase('history.play'), () => history.audio(entry.id, 'wav'), { box }),
      actionButton(phrase('history.again'), async () => {
        draft.adopt({ ...entry.parameters, text: entry.text, voice: entry.voice_id ?? entry.voice ?? '', seed: entry.seed });
        location.hash = '#speak/now';
      }, { box, kind: 'quiet' }),
      format,
      actionButton(phrase('history.download'), async () => {
        const isText = ['srt', 'vtt'].includes(format.value);
        const file = await (isText ? history.subtitles : history.audio)(entry.id, format.value);
        download(file, fileName(entry.text, format.value));
      }, { box, kind: 'quiet' }),
      actionButton(phrase('history.delete'), async () => {
        await history.remove(entry.id);
        announce(phrase('history.deleted'));
        forget(item);
      }, { box, kind: 'quiet.danger' })));
  return item;
}
