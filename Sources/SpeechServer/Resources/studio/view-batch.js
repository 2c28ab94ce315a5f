// Many lines at once: each becomes a file. Jobs live on the server; this page only watches them.
import { jobs } from './api.js';
import { field, fill, h, say } from './dom.js';
import { draft } from './draft.js';
import { number, phrase } from './i18n.js';
import { JobLine } from './job-line.js';
import { keepHere, recallHere } from './keep.js';
import { actionButton, announce, faultBox, fileButton } from './shell.js';
import { voicePicker } from './voice-picker.js';

/** Jobs that are listened to at once: browsers open six connections to a server and no more. */
const MOST_WATCHED = 2;

export function batchView() {
  const box = faultBox();
  let file = null;
  const lines = h('textarea', { id: 'lines', rows: 7, 'aria-describedby': 'lines-count' });
  const count = h('p.hint', { id: 'lines-count' });
  const chosen = h('p', { hidden: true });
  const title = h('input', { type: 'text', maxLength: 200 });
  const pause = h('input', { type: 'number', min: 0, max: 10, step: 0.1, value: '0.3' });
  const picker = voicePicker({ id: 'batch-voice', box });
  const back = h('button.quiet', { type: 'button', hidden: true, onclick: () => take(null) }, phrase('batch.noFile'));
  const settings = h('p.hint', phrase('batch.settings'));
  const list = h('ul.list');
  const watched = new Map();

  const take = (given) => {
    file = given;
    lines.hidden = count.hidden = Boolean(given);
    chosen.hidden = back.hidden = !given;
    if (given) say(chosen, phrase('batch.chosen', { name: given.name }));
  };
  const choose = fileButton(phrase('batch.file'), '.txt,.srt,text/plain', take, { box, kind: 'quiet' });
  const wanted = () => lines.value.split('\n').map((line) => line.trim()).filter(Boolean);
  const drawCount = () => say(count, phrase('batch.count', { n: () => number(wanted().length) }));
  lines.value = recallHere('lines', '');
  lines.addEventListener('input', () => {
    keepHere('lines', lines.value);
    drawCount();
  });
  drawCount();

  const start = actionButton(phrase('batch.start'), async () => {
    if (!file && !wanted().length) {
      box.show(phrase('fault.lines_missing'));
      lines.focus();
      return;
    }
    const { sample_rate, ...chosen } = draft.settings(); // Jobs speak at the model's own rate.
    const fields = { ...chosen, pause_seconds: Number(pause.value) || 0 };
    if (title.value.trim()) fields.title = title.value.trim();
    if (picker.value) fields.voice = picker.value;
    if (file) fields.split = 'lines';
    else fields.lines = wanted();
    await jobs.make(fields, file);
    announce(phrase('batch.started'));
    await read();
  }, { box, kind: 'primary.large' });

  async function read() {
    const page = await jobs.page();
    const known = new Set(page.jobs.map((job) => job.id));
    for (const [id, line] of watched) {
      if (known.has(id)) continue;
      line.leave();
      watched.delete(id);
    }
    for (const job of page.jobs) {
      if (watched.has(job.id)) watched.get(job.id).show(job);
      else watched.set(job.id, new JobLine(job, box, read));
    }
    const shown = page.jobs.map((job) => watched.get(job.id));
    // The oldest is spoken first.
    shown.filter((line) => !line.isOver).slice(-MOST_WATCHED).forEach((line) => line.watch());
    const nodes = shown.map((line) => line.node);
    const isSame = nodes.length === list.children.length && nodes.every((line, index) => list.children[index] === line);
    if (!isSame || !nodes.length) fill(list, nodes.length ? nodes : h('li.empty', phrase('batch.empty')));
  }

  const node = h('div', h('h1', { tabIndex: -1 }, phrase('batch.title')),
    h('section.card', h('p.hint', phrase('batch.intro')),
      h('label.big-label.spaced', { htmlFor: 'lines' }, phrase('batch.lines')), lines, chosen,
      h('div.row.between', count, h('div.row', back, choose.button, choose.input)),
      h('div.grid', h('div.field.wide', h('label', { htmlFor: 'batch-voice' }, phrase('speak.voice')), picker.node),
        field(phrase('batch.name'), title), field(phrase('batch.pause'), pause)), settings,
      h('div.row.end', start), box.node),
    h('section.card', h('h2', phrase('batch.jobs')), list));
  return {
    node,
    onShow: () => {
      settings.hidden = !draft.hasSettings;
      return read().catch((fault) => box.show(fault));
    },
    onHide: () => { for (const line of watched.values()) line.leave(); watched.clear(); },
  };
}
