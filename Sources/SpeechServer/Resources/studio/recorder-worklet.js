// The recorder's part in the audio thread.
class Recorder extends AudioWorkletProcessor {
  #block = new Float32Array(2048);
  #count = 0;

  process([[input]]) {
    if (!input) return true;
    this.#block.set(input, this.#count);
    this.#count += input.length;
    if (this.#count === this.#block.length) {
      this.port.postMessage(this.#block.slice());
      this.#count = 0;
    }
    return true;
  }
}

registerProcessor('mynah-recorder', Recorder);
