// One speech from the click to the last sample: request, events, sound, and what is known about it.
import { Fault, speak } from './api.js';
import { samplesOf } from './events.js';
import { mayTryAgain } from './faults.js';
import { Player } from './player.js';

/** Ten minutes in all: there may be room long before the server expects it. */
const MOST_TRIES = 40;
const LONGEST_PAUSE_SECONDS = 15;

/**
 * A speech. Dispatches `change` for its state, `samples` (with the samples as detail), `mark` and `begin`.
 *
 * States: `idle`, `asking`, `waiting` (for its turn), `retrying` (in `retryIn` seconds), `speaking`, `done`, `stopped`,
 * `failed` (with `fault`).
 */
class Speech extends EventTarget {
  player = new Player();
  state = 'idle';
  facts = {};
  fault = null;
  fields = null;
  recording = null;
  #abort = null;
  #clickedAt = 0;

  constructor() {
    super();
    this.player.addEventListener('change', () => {
      if (this.player.state === 'playing' && this.facts.heardAfter === undefined && this.#clickedAt) {
        this.facts.heardAfter = (performance.now() - this.#clickedAt) / 1000;
        this.#become(this.state);
      }
    });
  }

  get isUnderWay() { return ['asking', 'waiting', 'retrying', 'speaking'].includes(this.state); }

  /** Speaks; to be called in the handler of a click or a key. `rate` is the rate that is expected. */
  async generate(fields, recording, rate) {
    this.stop();
    this.player.stop(); // What was paused must not be heard when the loudspeaker wakes.
    const abort = new AbortController();
    this.#abort = abort;
    this.#clickedAt = performance.now();
    Object.assign(this, { fields, recording, fault: null, facts: { marks: [] } });
    this.player.unlock(rate);
    this.#become('asking');
    for (let turn = 1; ; turn += 1) {
      try {
        await speak({ ...fields, format: 'pcm' }, recording, abort.signal, (name, data) => {
          if (!abort.signal.aborted) this.#hear(name, data);
        });
        return;
      } catch (fault) {
        if (abort.signal.aborted) return;
        if (!mayTryAgain(fault) || turn === MOST_TRIES) {
          this.fault = fault;
          this.player.finish();
          this.#become('failed');
          return;
        }
        await this.#pause(fault, abort.signal);
        if (abort.signal.aborted) return;
      }
    }
  }

  /** Silence at once, and the engine is free within a patch. */
  stop() {
    if (!this.isUnderWay) {
      if (this.player.isOn) this.player.stop();
      return;
    }
    this.#abort.abort();
    this.player.stop();
    this.#become('stopped');
  }

  async #pause(fault, signal) {
    this.fault = fault;
    for (let left = Math.min(LONGEST_PAUSE_SECONDS, Math.max(1, fault.retryAfter || 5)); left > 0 && !signal.aborted; left -= 1) {
      this.facts.retryIn = left;
      this.#become('retrying');
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
    if (!signal.aborted) this.fault = null;
  }

  #hear(name, data) {
    const { facts, player } = this;
    if (name === 'begin') {
      if (!data.sampleRate) throw new Fault('server_trouble');
      facts.historyId = data.historyId;
      player.begin(data.sampleRate);
      this.dispatchEvent(new Event('begin'));
    } else if (name === 'queued') {
      Object.assign(facts, { position: data.position, eta: data.eta_seconds ?? 0 });
      this.#become('waiting');
    } else if (name === 'started') facts.seed = data.seed;
    else if (name === 'audio') {
      facts.arrivedAfter ??= (performance.now() - this.#clickedAt) / 1000;
      const samples = samplesOf(data.audio);
      player.feed(samples);
      this.dispatchEvent(new CustomEvent('samples', { detail: samples }));
      if (this.state !== 'speaking') this.#become('speaking');
    } else if (name === 'mark') {
      facts.marks.push(data);
      this.dispatchEvent(new CustomEvent('mark', { detail: data }));
    } else if (name === 'progress') {
      Object.assign(facts, { rtf: data.rtf, expected: data.expected_seconds });
      player.expect(data.rtf, data.expected_seconds - data.seconds);
      this.#become('speaking');
    } else if (name === 'done') {
      Object.assign(facts, {
        rtf: data.rtf, seconds: data.seconds, seed: data.seed, isComplete: data.is_complete, madeAfter: data.first_audio_seconds,
      });
      player.finish();
      this.#become('done');
    }
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}

/** The speech of the page. */
export const speech = new Speech();
