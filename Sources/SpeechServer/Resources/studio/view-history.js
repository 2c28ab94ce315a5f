// What was spoken: to hear again, to have as a file, to speak again with the same seed, to forget.
import { history } from './api.js';
import { draft } from './draft.js';
import { fill, h } from './dom.js';
import { confirmClearing } from './files-card.js';
import { formatSelect } from './format-select.js';
import { duration, moment, number, phrase } from './i18n.js';
import { actionButton, announce, faultBox, playButton } from './shell.js';
import { download, fileName } from './sound-file.js';

export function historyView() {
  const box = faultBox();
  const list = h('ul.list');
  const empty = h('p.empty', { hidden: true });
  let next = null;
  const more = actionButton(phrase('history.more'), () => read(next), { box });
  const clear = actionButton(phrase('history.clear'), async () => {
    if (!await confirmClearing()) return;
    announce(phrase('history.cleared'));
    await read(null);
    heading.focus();
  }, { box, kind: 'quiet.danger' });
  const heading = h('h1', { tabIndex: -1 }, phrase('history.title'));
  const node = h('div', h('div.head', heading, clear), box.node,
    h('section.card', { hidden: true }, list, empty, h('div.row', more)));
  const card = node.lastChild;

  async function read(before) {
    const page = await history.page(before);
    card.hidden = false;
    const lines = page.entries.map((entry) => line(entry, box, (gone) => {
      const next = gone.nextElementSibling ?? gone.previousElementSibling;
      gone.remove();
      drawEmpty(page);
      // The focus was on a button that is gone.
      (next?.querySelector('button') ?? heading).focus();
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
  const format = formatSelect(phrase('history.format'), ['srt', 'vtt']);
  const item = h('li.item', h('p.excerpt', entry.text),
    h('p.hint', phrase('history.meta', {
      time: () => moment(entry.created), voice: entry.voice ?? phrase('history.made'), seconds: () => duration(entry.seconds), seed: entry.seed,
    }), entry.parameters.speed && [' · ', phrase('history.speed', { speed: () => number(entry.parameters.speed, 2) })]),
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
