// Records the microphone as plain samples: the server reads no webm, and nothing is to be lost.
import { joined } from './sound-file.js';

const MOST_SECONDS = 55;

export class Recorder {
  isOn = false;
  #stream = null;
  #context = null;
  #pieces = [];

  /** Whether there may be a microphone: browsers hide it from pages that came without HTTPS from another machine. */
  static get isPossible() { return Boolean(navigator.mediaDevices?.getUserMedia); }

  /**
   * Begins; the browser may ask the person.
   * @param showLevel is called with the level, 0 to 1.
   * @throws NotAllowedError, NotFoundError, NotReadableError.
   */
  async start(showLevel) {
    const wished = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: wished });
    this.#context = new AudioContext();
    await this.#context.audioWorklet.addModule('studio/recorder-worklet.js');
    const source = this.#context.createMediaStreamSource(this.#stream);
    const node = new AudioWorkletNode(this.#context, 'mynah-recorder', { numberOfOutputs: 0 });
    this.#pieces = [];
    let count = 0;
    node.port.onmessage = ({ data }) => {
      if (count > MOST_SECONDS * this.#context.sampleRate) return;
      this.#pieces.push(data);
      count += data.length;
      showLevel(data.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0));
    };
    source.connect(node);
    this.isOn = true;
  }

  /** Ends; returns the samples. */
  async stop() {
    this.isOn = false;
    for (const track of this.#stream.getTracks()) track.stop();
    const { sampleRate } = this.#context;
    await this.#context.close();
    return { samples: joined(this.#pieces, Float32Array), sampleRate };
  }
}
