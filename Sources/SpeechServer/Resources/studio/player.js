// Plays speech while it arrives, and again as often as wanted.
import { SampleQueue } from './sample-queue.js';
import { joined } from './sound-file.js';

const LONGEST_WAIT_SECONDS = 10;
const REST_AFTER_MS = 1500;

/**
 * Holds the samples of one speech and plays them. Dispatches `change` when its state or what it holds is another, and
 * `position` while it plays.
 *
 * States: `empty`, `waiting` (for enough sound), `playing`, `paused`, `ended`.
 */
export class Player extends EventTarget {
  #context = null;
  #output = null;
  #pieces = [];
  #isComplete = false;
  #cushion = 0;
  #earlyStart = 0;
  #rest = 0;
  #turn = 0;
  state = 'empty';
  sampleRate = 0;
  length = 0;
  position = 0;
  underruns = 0;

  get seconds() { return this.sampleRate ? this.length / this.sampleRate : 0; }
  get positionSeconds() { return this.sampleRate ? this.position / this.sampleRate : 0; }
  /** Whether something can be heard, or will be as soon as it comes. */
  get isOn() { return this.state === 'playing' || this.state === 'waiting'; }

  /** Makes the way to the loudspeaker ready, so that the first sound need not wait for it. */
  prepare(sampleRate) {
    // What is waiting or paused lies in the output that is there.
    if (!sampleRate || this.#context?.sampleRate === sampleRate || !['empty', 'ended'].includes(this.state)) return;
    this.#context?.close();
    this.#turn += 1;
    this.#context = new AudioContext({ sampleRate, latencyHint: 'interactive' });
    this.#output = connect(this.#context, (report) => this.#hear(report));
    this.#restLater();
  }

  /** Wakes the loudspeaker; to be called in the handler of a click or a key, or browsers refuse. */
  unlock(sampleRate) {
    this.prepare(sampleRate);
    clearTimeout(this.#rest);
    this.#context?.resume();
  }

  /** Begins a new speech; what was there before is forgotten. */
  begin(sampleRate) {
    clearTimeout(this.#earlyStart);
    this.state = 'empty';
    this.unlock(sampleRate);
    Object.assign(this, { sampleRate, length: 0, position: 0, underruns: 0 });
    this.#pieces = [];
    this.#isComplete = false;
    this.#cushion = 0;
    this.#restart(0, Number.MAX_SAFE_INTEGER);
    this.#become('waiting');
  }

  /** Takes the next samples (16-bit) in. */
  feed(samples) {
    this.#pieces.push(samples);
    this.length += samples.length;
    this.#tell('push', samples);
    if (this.#pieces.length === 1) {
      // Two pieces are a cushion against jitter; where the second is late, the first alone must do.
      this.#wish(2 * samples.length);
      const wait = (400 * samples.length) / this.sampleRate;
      this.#earlyStart = setTimeout(() => this.#wish(1), wait);
    }
    this.dispatchEvent(new Event('change'));
  }

  /** Says that the speech is complete. */
  finish() {
    this.#isComplete = true;
    this.#tell('end');
    if (this.state === 'waiting' && this.length === 0) this.#become('ended');
    else this.dispatchEvent(new Event('change'));
  }

  /** Tells how fast sound arrives (RTF) and how much is to come, for the pause after the next gap. */
  expect(rtf, remainingSeconds) {
    this.#cushion = rtf > 1 ? remainingSeconds * (1 - 1 / rtf) : 0;
  }

  /** Silence at once. What has arrived stays and can be played. */
  stop() {
    clearTimeout(this.#earlyStart);
    this.#isComplete = true;
    this.#tell('hush');
    this.#become(this.length ? 'ended' : 'empty');
  }

  pause() {
    this.#context?.suspend();
    this.#become('paused');
  }

  /** Goes on, or begins again at the end. */
  play() {
    if (!this.length) return;
    this.unlock(this.sampleRate);
    if (this.state === 'paused') this.#become('playing');
    else this.seek(this.state === 'ended' ? 0 : this.positionSeconds, true);
  }

  /** Moves to a place, and plays on if it was playing. */
  seek(seconds, playsOn = this.isOn) {
    const start = Math.min(this.length, Math.max(0, Math.round(seconds * this.sampleRate)));
    clearTimeout(this.#earlyStart);
    this.prepare(this.sampleRate);
    this.position = start;
    this.#restart(start, 1);
    let at = 0;
    for (const piece of this.#pieces) {
      if (at + piece.length > start) this.#tell('push', at < start ? piece.subarray(start - at) : piece);
      at += piece.length;
    }
    if (this.#isComplete) this.#tell('end');
    if (playsOn) this.unlock(this.sampleRate);
    else this.#context.suspend();
    this.#become(start >= this.length && this.#isComplete ? 'ended' : playsOn ? 'playing' : 'paused');
    this.dispatchEvent(new Event('position'));
  }

  /** All samples in one array. */
  samples() { return joined(this.#pieces, Int16Array); }

  #restart(position, threshold) {
    this.#turn += 1;
    this.#tell('restart', position, threshold, this.#turn);
  }

  #tell(name, ...values) { this.#output?.tell([name, ...values]); }
  #wish(samples) { this.#tell('wish', samples); }

  /** A loudspeaker that has nothing to play costs a telephone its battery. */
  #restLater() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (['empty', 'ended'].includes(this.state)) this.#context?.suspend();
    }, REST_AFTER_MS);
  }

  #become(state) {
    this.state = state;
    if (['empty', 'ended'].includes(state)) this.#restLater();
    this.dispatchEvent(new Event('change'));
  }

  #hear({ news, position, turn }) {
    if (turn !== this.#turn || this.state === 'ended' || this.state === 'empty') return;
    this.position = position;
    if (news === 'underrun') {
      this.underruns += 1;
      const seconds = Math.min(LONGEST_WAIT_SECONDS, Math.max(this.#cushion, 0.3 * this.underruns));
      this.#wish(Math.round(seconds * this.sampleRate));
      this.#become(this.state === 'paused' ? 'paused' : 'waiting');
    } else if (news === 'ended') {
      this.position = this.length;
      this.#become('ended');
    } else if (news === 'started' && this.state !== 'paused') this.#become('playing'); // A report may come after the pause.
    this.dispatchEvent(new Event('position'));
  }
}

/** Connects a queue to the loudspeaker: in the audio thread, or in the page where that needs HTTPS and there is none. */
function connect(context, report) {
  if (context.audioWorklet) {
    const early = [];
    let port = null;
    context.audioWorklet.addModule('studio/player-worklet.js').then(() => {
      const node = new AudioWorkletNode(context, 'mynah-player', { numberOfInputs: 0, outputChannelCount: [1] });
      node.port.onmessage = ({ data }) => report(data);
      node.connect(context.destination);
      port = node.port;
      for (const message of early) port.postMessage(message);
    });
    return { tell: (message) => { if (port) port.postMessage(message); else early.push(message); } };
  }
  const queue = new SampleQueue();
  const node = context.createScriptProcessor(1024, 0, 1);
  node.onaudioprocess = ({ outputBuffer }) => {
    const news = queue.fill(outputBuffer.getChannelData(0));
    if (news || queue.isRunning) report({ news, position: queue.position, turn: queue.turn });
  };
  node.connect(context.destination);
  return { tell: ([name, ...values]) => queue[name](...values) };
}
