// What the server is like: its model, what it encodes, whether it takes requests.
import * as api from './api.js';

const EVERY_MS = 10_000;

class ServerState extends EventTarget {
  model = null;
  /** `ready`, `busy`, `loading`, `idle`, `unloaded`, `draining`, `stopped` or `gone`; null before the first answer. */
  state = null;
  #timer = 0;

  get formats() { return this.model?.formats ?? ['wav']; }

  watch() {
    const look = () => { if (!document.hidden) this.look(); };
    document.addEventListener('visibilitychange', look);
    this.#timer ||= setInterval(look, EVERY_MS);
    return this.look();
  }

  async look() {
    const health = await api.health();
    const { state: before, model } = this;
    this.state = health ? (health.status === 'ready' && health.queue_depth > 0 ? 'busy' : health.status) : 'gone';
    if (health && (!this.model || this.model.name !== health.model || before === 'gone')) await this.readModels();
    // Who listens draws lists of voices anew, which must not happen under the hands of whoever has one open.
    if (this.state !== before || this.model !== model) this.dispatchEvent(new Event('change'));
  }

  async readModels() {
    try {
      const { models } = await api.models();
      this.model = models.find((model) => model.is_loaded) ?? this.model;
    } catch { /* A key is missing, or the server went: its state says so already. */ }
  }
}

export const server = new ServerState();
