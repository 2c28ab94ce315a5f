// What the server is like: its model, what it encodes, whether it takes requests.
import * as api from './api.js';

const EVERY_MS = 10_000;

class ServerState extends EventTarget {
  model = null;
  /**
   * `ready`, `busy`, `loading`, `idle`, `unloaded`, `draining`, `stopped`, `locked` (a key is needed) or `gone`; null before the
   * first answer.
   */
  state = null;

  get formats() { return this.model?.formats ?? ['wav']; }

  /** Looks from now on, while somebody sees the page. */
  watch() {
    const look = () => { if (!document.hidden) this.look(); };
    document.addEventListener('visibilitychange', look);
    setInterval(look, EVERY_MS);
  }

  async look() {
    const health = await api.health();
    const { state: before, model } = this;
    let state = health ? (health.status === 'ready' && health.queue_depth > 0 ? 'busy' : health.status) : 'gone';
    const isStale = !this.model || this.model.name !== health?.model || ['gone', 'locked'].includes(before);
    if (health && isStale && !await this.#readModels()) state = 'locked';
    this.state = state;
    // Who listens draws lists of voices anew, which must not happen under the hands of whoever has one open.
    if (this.state !== before || this.model !== model) this.dispatchEvent(new Event('change'));
  }

  /** Returns false where a key is missing. */
  async #readModels() {
    try {
      const { models } = await api.models();
      this.model = models.find((model) => model.is_loaded) ?? this.model;
    } catch (fault) {
      return fault.status !== 401; // Where the server went, the next look says so.
    }
    return true;
  }
}

export const server = new ServerState();
