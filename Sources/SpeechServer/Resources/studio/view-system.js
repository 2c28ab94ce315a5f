// What the server is and does: model, engine, memory, log.
import { models, status, system } from './api.js';
import { checkbox, fill, h, say } from './dom.js';
import { duration, number, phrase } from './i18n.js';
import { server } from './server-state.js';
import { actionButton, faultBox } from './shell.js';

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error'];
const EVERY_MS = 2000;
const MEMORY = ['keys_and_values', 'decoders', 'workspace', 'voices'];

export function systemView() {
  const box = faultBox();
  const model = h('dl.numbers');
  const engine = h('dl.numbers');
  const shelf = h('ul.list');
  const log = h('div.log', { tabIndex: 0, role: 'log', 'aria-label': phrase('system.log'), 'aria-live': 'off' });
  const level = h('select', { 'aria-label': phrase('system.level') }, LEVELS.map((name) => h('option', { value: name }, name)));
  level.value = 'info';
  let isPaused = false;
  const pause = h('button', { type: 'button' }, phrase('system.logPause'));
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    say(pause, phrase(isPaused ? 'system.logOn' : 'system.logPause'));
  });
  level.addEventListener('change', () => readLog());
  const keeping = keepingCard(box);
  const node = h('div', h('h1', { tabIndex: -1 }, phrase('system.title')), box.node,
    h('section.card', h('h2', phrase('system.engine')), engine),
    h('section.card', h('h2', phrase('system.model')), model),
    h('section.card', h('h2', phrase('system.shelf')), shelf),
    keeping.node,
    h('section.card', h('div.row.between', h('h2', phrase('system.log')), h('div.row', level, pause)), log));

  async function readNumbers() {
    const [now, list] = await Promise.all([status(), models()]);
    const used = list.models.find((one) => one.is_loaded);
    drawNumbers(engine, [
      ['state', phrase(`server.${now.state}`)], ['active', number(now.active)], ['queue', number(now.queue_depth)],
      ['expected', duration(now.expected_seconds)],
      ['throughput', now.throughput ? phrase('system.times', { n: () => number(now.throughput, 1) }) : null],
      ...MEMORY.map((name) => [`memory.${name}`, now.memory?.[name] == null ? null : megabytes(now.memory[name])]),
    ]);
    drawNumbers(model, used && [
      ['model', used.name], ['device', used.device], ['precision', used.precision], ['rate', `${used.sample_rate} Hz`],
      ['patch', phrase('fact.seconds', { n: () => number(used.seconds_per_patch, 2) })], ['formats', used.formats.join(' ')],
    ]);
    drawShelf(shelf, list, box, readNumbers);
  }
  async function readLog() {
    const lines = await system.logs(level.value);
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
    fill(log, lines.length ? lines.map((line) => h(`div.${line.level}`, format(line))) : phrase('system.logEmpty'));
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  let timer = 0;
  const look = async () => {
    if (document.hidden) return;
    const results = await Promise.allSettled([readNumbers(), isPaused ? null : readLog()]);
    const bad = results.find((result) => result.status === 'rejected');
    box.show(bad?.reason ?? null);
  };
  return {
    node,
    onShow: () => {
      clearInterval(timer);
      timer = setInterval(look, EVERY_MS);
      keeping.read();
      look();
    },
    onHide: () => clearInterval(timer),
  };
}

const megabytes = (bytes) => `${number(bytes / 1_048_576, 1)} MiB`;

function drawNumbers(list, values) {
  fill(list, (values ?? []).filter(([, value]) => value != null)
    .map(([name, value]) => h('div', h('dt', phrase(`system.${name}`)), h('dd', value))));
}

function drawShelf(list, { models: all }, box, refresh) {
  const known = JSON.stringify(all);
  if (list.dataset.known === known) return;
  list.dataset.known = known;
  fill(list, all.map((one) => h('li.item', h('div.row.between',
    h('span.title', one.name),
    h('div.row', one.is_loaded && h('span.badge', phrase('system.loaded')),
      one.is_loaded
        ? actionButton(phrase('system.unload'), async () => { await system.unload(); await refresh(); server.look(); }, { box, kind: 'quiet' })
        : actionButton(phrase('system.load'), async () => { await system.load(one.name); await refresh(); server.look(); }, { box }))))));
}

function keepingCard(box) {
  const keeps = checkbox(phrase('system.keeps'));
  const node = h('section.card', { hidden: true }, h('h2', phrase('system.settings')), keeps.node);
  keeps.input.addEventListener('change', async () => {
    try {
      await system.change({ keeps_history: keeps.input.checked });
    } catch (fault) {
      keeps.input.checked = !keeps.input.checked;
      box.show(fault);
    }
  });
  return {
    node,
    read: async () => {
      try {
        keeps.input.checked = Boolean((await system.settings()).keeps_history);
        node.hidden = false;
      } catch { node.hidden = true; /* Not the administrator, or nothing is kept. */ }
    },
  };
}

function format({ time, level, message, details }) {
  const rest = Object.entries(details ?? {}).map(([name, value]) => `${name}=${value}`).join(' ');
  return `${new Date(time).toLocaleTimeString()} ${level} ${message} ${rest}`;
}
