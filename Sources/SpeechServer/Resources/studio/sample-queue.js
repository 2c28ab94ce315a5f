// The jitter buffer: samples go in as they arrive and come out as the sound card asks. It runs in the audio thread, or in
// the page where the browser has no audio thread for it.

/**
 * A queue of 16-bit samples. What comes out is what went in, to the bit, but where the line was too slow: there the sound
 * is led to silence and back without a click, and no sample is lost.
 */
export class SampleQueue {
  constructor() {
    this.empty();
    this.threshold = 1;
    /** Which start this is: news of an earlier one may still be on their way. */
    this.turn = 0;
  }

  /** Forgets everything. */
  empty() {
    this.pieces = [];
    this.offset = 0;
    this.available = 0;
    this.isEnded = false;
    this.isRunning = false;
    this.isInterrupted = false;
    this.isHushed = false;
  }

  /** Starts anew, at a place of the recording. */
  restart(position, threshold, turn = 0) {
    this.empty();
    this.turn = turn;
    this.position = position;
    this.threshold = threshold;
  }

  /** Sets how many samples must have gathered before the sound starts or goes on. */
  wish(samples) { this.threshold = samples; }

  push(samples) {
    this.pieces.push(samples);
    this.available += samples.length;
  }

  /** Says that nothing more will come. */
  end() { this.isEnded = true; }

  /** Leads to silence within one block, and forgets the rest. */
  hush() { this.isHushed = true; }

  /** Fills a block of output; returns what happened: null, `started`, `underrun` or `ended`. */
  fill(out) {
    out.fill(0);
    if (this.isHushed) {
      if (this.isRunning) this.#fade(out, false);
      this.empty();
      return null;
    }
    let news = null;
    if (!this.isRunning) {
      const isEnough = this.available >= Math.max(this.threshold, 3 * out.length);
      if (!isEnough && !(this.isEnded && this.available > 0)) return null;
      this.isRunning = true;
      news = 'started';
      if (this.isInterrupted) {
        this.isInterrupted = false;
        this.#fade(out, true);
        this.#drop(Math.min(out.length, this.available));
        return news;
      }
    }
    if (!this.isEnded && this.available < 2 * out.length) {
      // The next block could be the last one for a while: it fades away, and is played again when more has come.
      this.#fade(out, false);
      this.isRunning = false;
      this.isInterrupted = true;
      return 'underrun';
    }
    this.#copy(out);
    this.#drop(Math.min(out.length, this.available));
    if (this.isEnded && this.available === 0) {
      this.isRunning = false;
      return 'ended';
    }
    return news;
  }

  #copy(out) {
    let [piece, at] = [0, this.offset];
    for (let index = 0; index < out.length; index += 1) {
      while (piece < this.pieces.length && at >= this.pieces[piece].length) [piece, at] = [piece + 1, 0];
      if (piece >= this.pieces.length) return;
      out[index] = this.pieces[piece][at] / 32768;
      at += 1;
    }
  }

  #fade(out, isRising) {
    this.#copy(out);
    const last = out.length - 1;
    for (let index = 0; index <= last; index += 1) out[index] *= (isRising ? index : last - index) / last;
  }

  #drop(count) {
    this.available -= count;
    this.position += count;
    this.offset += count;
    while (this.pieces.length && this.offset >= this.pieces[0].length) this.offset -= this.pieces.shift().length;
  }
}
