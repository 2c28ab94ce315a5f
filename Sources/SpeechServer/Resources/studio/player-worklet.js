// The player's part in the audio thread.
import { SampleQueue } from './sample-queue.js';

const BLOCKS_BETWEEN_REPORTS = 8;

class Player extends AudioWorkletProcessor {
  #queue = new SampleQueue();
  #blocks = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data: [name, ...values] }) => this.#queue[name](...values);
  }

  process(_, [[out]]) {
    const news = this.#queue.fill(out);
    this.#blocks += 1;
    if (news || (this.#queue.isRunning && this.#blocks % BLOCKS_BETWEEN_REPORTS === 0)) {
      this.port.postMessage({ news, position: this.#queue.position, turn: this.#queue.turn });
    }
    return true;
  }
}

registerProcessor('mynah-player', Player);
