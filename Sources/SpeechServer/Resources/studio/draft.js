// What is being written and chosen on the page Speak. It outlives reloads and restarts of the server.
import { keepHere, recallHere } from './keep.js';

const EMPTY = {
  text: '', voice: '', cfg: '', steps: '', temperature: '', seed: '', sampleRate: '', cutting: '', normalize: '', attempts: '',
  maxSeconds: '', speed: '', format: '',
};
const NAMES = { sampleRate: 'sample_rate', maxSeconds: 'max_seconds' };
/** What is no setting of a speech: the text, who speaks it, and the file that is downloaded of it. */
const OTHERS = ['text', 'voice', 'format'];

const valueOf = (name, value) => (name === 'cutting' ? value : name === 'normalize' ? true : Number(value));

class Draft extends EventTarget {
  #values = { ...EMPTY, ...recallHere('draft', {}) };
  /** What `adopt` replaced. */
  replaced = null;

  get(name) { return this.#values[name]; }

  /** Changes values, keeps them, and tells who shows them. */
  set(changes) {
    Object.assign(this.#values, changes);
    keepHere('draft', this.#values);
    this.dispatchEvent(new CustomEvent('change', { detail: Object.keys(changes) }));
  }

  /** The settings as fields of a request; what was left open is the server's to choose. */
  settings() {
    const chosen = Object.entries(this.#values).filter(([name, value]) => name in EMPTY && !OTHERS.includes(name) && value !== '');
    return Object.fromEntries(chosen.map(([name, value]) => [NAMES[name] ?? name, valueOf(name, value)]));
  }

  /** The fields of a request. */
  fields() {
    const { text, voice } = this.#values;
    return { text, ...(voice && { voice }), ...this.settings() };
  }

  /** Takes over what an entry of the history was made with. */
  adopt(fields) {
    this.replaced = { ...this.#values };
    const changes = { ...EMPTY, format: this.#values.format };
    for (const name of Object.keys(EMPTY)) {
      const value = fields[NAMES[name] ?? name];
      if (value != null) changes[name] = String(value);
    }
    this.set(changes);
  }

  /** Sets everything but text and voice back to the server's choice. */
  resetSettings() { this.set({ ...EMPTY, text: this.#values.text, voice: this.#values.voice }); }

  get hasSettings() {
    return Object.entries(this.#values).some(([name, value]) => !['text', 'voice'].includes(name) && value !== '');
  }
}

export const draft = new Draft();
