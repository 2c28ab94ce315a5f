// What is being written and chosen on the page Speak. It outlives reloads and restarts of the server.
import { keep, recall } from './keep.js';

const EMPTY = {
  text: '', voice: '', cfg: '', steps: '', temperature: '', seed: '', sampleRate: '', cutting: '', attempts: '', maxSeconds: '',
};
const NAMES = { sampleRate: 'sample_rate', maxSeconds: 'max_seconds' };

class Draft extends EventTarget {
  #values = { ...EMPTY, ...recall('draft', {}) };

  get(name) { return this.#values[name]; }

  /** Changes values, keeps them, and tells who shows them. */
  set(changes) {
    Object.assign(this.#values, changes);
    keep('draft', this.#values);
    this.dispatchEvent(new CustomEvent('change', { detail: Object.keys(changes) }));
  }

  /** The fields of a request; what was left open is the server's to choose. */
  fields() {
    const fields = { text: this.#values.text };
    for (const [name, value] of Object.entries(this.#values)) {
      if (name === 'text' || value === '') continue;
      fields[NAMES[name] ?? name] = ['voice', 'cutting'].includes(name) ? value : Number(value);
    }
    return fields;
  }

  /** Takes over what an entry of the history was made with. */
  adopt(fields) {
    const changes = { ...EMPTY };
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
