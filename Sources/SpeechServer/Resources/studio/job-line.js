// One job: how far it is, and its files.
import { Fault, jobs } from './api.js';
import { fill, h, say, set } from './dom.js';
import { formatSelect } from './format-select.js';
import { duration, number, phrase } from './i18n.js';
import { actionButton, playButton } from './shell.js';
import { download, fileName } from './sound-file.js';

const OVER = ['finished', 'failed', 'cancelled'];
const RECONNECT_MS = 3000;

export class JobLine {
  #job;
  #box;
  #refresh;
  #abort = null;
  #last = null;
  #eta = null;
  #state = h('span.badge');
  #bar = h('progress', { max: 1, value: 0, 'aria-label': phrase('batch.title') });
  #progress = h('p.hint');
  #actions = h('div.row');
  #parts = h('ul.list');
  #details;
  #format;

  constructor(job, box, refresh) {
    this.#box = box;
    this.#refresh = refresh;
    this.#format = formatSelect(phrase('batch.format'));
    this.#details = h('details', h('summary', phrase('batch.parts')), this.#parts);
    this.#details.addEventListener('toggle', () => this.#readParts());
    this.node = h('li.item', h('div.row.between', h('span.title', job.title), this.#state), this.#bar, this.#progress, this.#actions,
      this.#details);
    this.show(job);
  }

  get isOver() { return OVER.includes(this.#job.state); }

  /** Shows a newer state of the job. */
  show(job) {
    const hasChanged = this.#job?.state !== job.state;
    this.#job = job;
    const { isOver } = this;
    this.#state.className = `badge ${job.state}`;
    say(this.#state, phrase(`batch.state.${job.state}`));
    const all = Math.max(1, job.parts_total);
    this.#bar.value = (job.parts_finished + job.parts_failed) / all;
    this.#bar.hidden = isOver;
    this.#drawProgress();
    if (hasChanged) this.#drawActions(isOver);
    this.#readParts();
  }

  /** Watches the job until it is over. Each that is watched takes one of the few connections that browsers allow. */
  watch() {
    if (!this.isOver && !this.#abort) this.#listen();
  }

  /** Watches no longer. */
  leave() {
    this.#abort?.abort();
    this.#abort = null;
  }

  #drawProgress() {
    const job = this.#job;
    const parts = phrase('batch.progress', { done: () => number(job.parts_finished), all: () => number(job.parts_total) });
    const length = phrase('batch.length', { seconds: () => duration(job.seconds) });
    fill(this.#progress, parts, job.seconds ? [' · ', length] : null, job.state === 'running' && this.#eta != null
      ? [' · ', phrase('batch.eta', { eta: () => duration(this.#eta) })] : null, job.failure && ` · ${job.failure}`);
  }

  #drawActions(isOver) {
    const job = this.#job;
    const button = (label, act, kind = 'quiet') => actionButton(phrase(label), act, { box: this.#box, kind });
    const save = (load, ending) => async () => {
      const format = this.#format.value;
      download(await load(job.id, format), fileName(job.title, ending ?? format));
    };
    fill(this.#actions, this.#format, button('batch.archive', save(jobs.archive, 'zip')), button('batch.joined', save(jobs.audio)),
      button('batch.subtitles', async () => download(await jobs.subtitles(job.id, 'srt'), fileName(job.title, 'srt'))),
      button(isOver ? 'batch.remove' : 'batch.cancel', async () => {
        await jobs.remove(job.id);
        await this.#refresh();
      }, 'quiet.danger'));
  }

  async #readParts() {
    if (!this.#details.open) return;
    try {
      const { parts = [] } = await jobs.one(this.#job.id);
      fill(this.#parts, parts.map((part) => this.#part(part)));
    } catch (fault) { this.#box.show(fault); }
  }

  #part(part) {
    const load = (format) => jobs.part(this.#job.id, part.index, format);
    return h('li.item', h('div.row.between', h('span.excerpt', part.text),
      h(`span.badge.${part.state}`, phrase(`batch.state.${part.state}`))),
      part.failure && h('p.hint', part.failure),
      part.state === 'finished' && h('div.row',
        playButton(phrase('batch.play'), () => load('wav'), { box: this.#box }),
        actionButton(phrase('history.download'), async () => {
          const format = this.#format.value;
          download(await load(format), fileName(`${part.index + 1} ${part.text}`, format));
        }, { box: this.#box, kind: 'quiet' })));
  }

  /** Listens to the job's events; a lost line is taken up where it broke. */
  async #listen() {
    const abort = new AbortController();
    this.#abort = abort;
    while (this.#abort === abort) {
      try {
        await jobs.listen(this.#job.id, this.#last, abort.signal, (name, data, id) => this.#hear(name, data, id));
        this.#abort = null;
        await this.#refresh();
      } catch (fault) {
        if (abort.signal.aborted) return;
        if (fault instanceof Fault && fault.status >= 400 && fault.status < 500) {
          this.#abort = null;
          return;
        }
        await new Promise((resolve) => { setTimeout(resolve, RECONNECT_MS); });
      }
    }
  }

  #hear(name, data, id) {
    if (id) this.#last = id;
    if (name === 'job' || name === 'end') this.show(data);
    else if (name === 'progress') {
      this.#eta = data.eta_seconds;
      set(this.#bar, { value: Math.min(1, data.seconds_done / Math.max(0.1, data.expected_seconds)) });
      this.#drawProgress();
    } else if (name === 'part') {
      const isGood = data.state === 'finished';
      this.show({
        ...this.#job, state: 'running', parts_finished: this.#job.parts_finished + (isGood ? 1 : 0),
        parts_failed: this.#job.parts_failed + (data.state === 'failed' ? 1 : 0), seconds: (this.#job.seconds ?? 0) + (data.seconds ?? 0),
      });
    }
  }
}
