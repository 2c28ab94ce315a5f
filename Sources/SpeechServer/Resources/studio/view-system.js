// What the server is and does: model, engine, memory, files, keys, log.
import { models, status, system } from './api.js';
import { filesCard } from './files-card.js';
import { fill, h, redraw } from './dom.js';
import { duration, number, phrase, size } from './i18n.js';
import { keysCard } from './keys-card.js';
import { LogView } from './log-view.js';
import { server } from './server-state.js';
import { settingsCard } from './settings-card.js';
import { actionButton, faultBox } from './shell.js';

const EVERY_MS = 2000;
const MEMORY = ['keys_and_values', 'decoders', 'workspace', 'voices'];

export function systemView() {
  const box = faultBox();
  const model = h('dl.numbers');
  const engine = h('dl.numbers');
  const memory = h('dl.numbers');
  const shelf = h('ul.list');
  const shelfBox = faultBox();
  const log = new LogView();
  const cards = [filesCard(), settingsCard(), keysCard()];
  const node = h('div', h('h1', { tabIndex: -1 }, phrase('system.title')), box.node,
    h('section.card', h('h2', phrase('system.engine')), engine),
    h('section.card', h('h2', phrase('system.model')), model, h('h3', phrase('system.shelf')), shelf, shelfBox.node),
    h('section.card', h('h2', phrase('system.memory')), h('p.hint', phrase('system.memory.hint')), memory),
    cards.map((card) => card.node), log.node);

  async function readNumbers() {
    const [now, list] = await Promise.all([status(), models()]);
    const used = list.models.find((one) => one.is_loaded);
    drawNumbers(engine, [
      ['state', phrase(`server.${now.state}`)], ['active', number(now.active)], ['queue', number(now.queue_depth)],
      ['expected', duration(now.expected_seconds)],
      ['throughput', now.throughput ? phrase('system.times', { n: () => number(now.throughput, 1) }) : null],
    ]);
    const shares = MEMORY.filter((name) => now.memory?.[name] != null).map((name) => [name, now.memory[name]]);
    const total = shares.reduce((sum, [, bytes]) => sum + bytes, 0);
    drawNumbers(memory, [...shares, ['total', total]].map(([name, bytes]) => [`memory.${name}`, size(bytes)]));
    drawNumbers(model, used && [
      ['name', used.name], ['device', used.device], ['precision', used.precision], ['rate', `${used.sample_rate} Hz`],
      ['patch', phrase('fact.seconds', { n: () => number(used.seconds_per_patch, 2) })], ['formats', used.formats.join(' ')],
    ]);
    drawShelf(shelf, list, shelfBox, readNumbers);
  }

  let [timer, isLooking] = [0, false];
  const look = async () => {
    if (document.hidden || isLooking) return;
    isLooking = true;
    const results = await Promise.allSettled([readNumbers(), log.read()]);
    isLooking = false;
    box.show(results.find((result) => result.status === 'rejected')?.reason ?? null);
  };
  return {
    node,
    onShow: () => {
      clearInterval(timer);
      timer = setInterval(look, EVERY_MS);
      for (const card of cards) card.read();
      look();
    },
    onHide: () => clearInterval(timer),
  };
}

function drawNumbers(list, values) {
  fill(list, (values ?? []).filter(([, value]) => value != null)
    .map(([name, value]) => h('div', h('dt', phrase(`system.${name}`)), h('dd', value))));
}

function drawShelf(list, { models: all }, box, refresh) {
  const change = (label, act, kind) => actionButton(phrase(label), async () => {
    await act();
    await refresh();
    server.look();
  }, { box, kind });
  redraw(list, all, () => all.map((one) => h('li.item', h('div.row.between', h('span.title', one.name),
    h('div.row', one.is_loaded && h('span.badge', phrase('system.loaded')),
      one.is_loaded ? change('system.unload', () => system.unload(), 'quiet') : change('system.load', () => system.load(one.name)))))));
}
