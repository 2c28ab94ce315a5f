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
   * @param end is called when as much was recorded as may be.
   * @throws NotAllowedError, NotFoundError, NotReadableError.
   */
  async start(showLevel, end) {
    const wished = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: wished });
    try {
      this.#context = new AudioContext();
      await this.#context.audioWorklet.addModule('studio/recorder-worklet.js');
      const source = this.#context.createMediaStreamSource(this.#stream);
      const node = new AudioWorkletNode(this.#context, 'mynah-recorder', { numberOfOutputs: 0 });
      this.#pieces = [];
      let room = MOST_SECONDS * this.#context.sampleRate;
      node.port.onmessage = ({ data }) => {
        if (room <= 0) return;
        this.#pieces.push(data);
        room -= data.length;
        showLevel(data.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0));
        if (room <= 0) end();
      };
      source.connect(node);
      this.isOn = true;
    } catch (fault) {
      await this.stop();
      throw fault;
    }
  }

  /** Ends, and lets the microphone go; returns the samples. */
  async stop() {
    this.isOn = false;
    const [stream, context, pieces] = [this.#stream, this.#context, this.#pieces];
    [this.#stream, this.#context, this.#pieces] = [null, null, []];
    for (const track of stream?.getTracks() ?? []) track.stop();
    await context?.close();
    return { samples: joined(pieces, Float32Array), sampleRate: context?.sampleRate };
  }
}
