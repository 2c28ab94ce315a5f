// The server's log, live, without what this page asks for to show it.
import { system } from './api.js';
import { fill, h, say } from './dom.js';
import { phrase, timeOfDay } from './i18n.js';

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error'];
const OWN_QUESTIONS = /^\/(api\/v1\/(status|models|logs)|health\/ready)$/;

export class LogView {
  #box = h('div.log', { tabIndex: 0, role: 'log', 'aria-label': phrase('system.log'), 'aria-live': 'off' });
  #level = h('select', { 'aria-label': phrase('system.level') }, LEVELS.map((name) => h('option', { value: name }, name)));
  #isPaused = false;
  #known = '';

  constructor() {
    const pause = h('button', { type: 'button' }, phrase('system.logPause'));
    pause.addEventListener('click', () => {
      this.#isPaused = !this.#isPaused;
      say(pause, phrase(this.#isPaused ? 'system.logOn' : 'system.logPause'));
    });
    this.#level.value = 'info';
    this.#level.addEventListener('change', () => this.read().catch(() => { /* The next reading says so. */ }));
    this.node = h('section.card', h('div.row.between', h('h2', phrase('system.log')), h('div.row', this.#level, pause)), this.#box);
  }

  /** Reads and shows the last lines; where nothing is new, what is selected stays so. */
  async read() {
    if (this.#isPaused) return;
    const lines = (await system.logs(this.#level.value)).filter((line) => !isOwn(line));
    const known = lines.map((line) => line.time).join();
    if (known && known === this.#known) return;
    this.#known = known;
    const box = this.#box;
    const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 20;
    fill(box, lines.length ? lines.map((line) => h(`div.${line.level}`, textOf(line))) : phrase('system.logEmpty'));
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }
}

const isOwn = ({ level, details }) =>
  ['debug', 'info'].includes(level) && details?.method === 'GET' && details.status === '200' && OWN_QUESTIONS.test(details.path);

function textOf({ time, level, message, details = {} }) {
  const { method, path, status, seconds, cut_off: isCutOff, ...rest } = details;
  const what = method ? `${method} ${path} ${status}, ${seconds} s${isCutOff === 'true' ? ', cut off' : ''}` : message;
  return [timeOfDay(time), level, what, ...Object.entries(rest).map(([name, value]) => `${name}=${value}`)].join(' ');
}
