// The voices of the server, shared by all views that offer them.
import { voices } from './api.js';

class VoiceList extends EventTarget {
  all = null;
  fault = null;

  #known = '';

  /** Asks the server; those who listen hear `change` where something is another: they draw their lists anew. */
  async refresh() {
    try {
      this.all = await voices.list();
      this.fault = null;
    } catch (fault) {
      this.fault = fault;
    }
    const known = JSON.stringify([this.all, this.fault?.code]);
    if (known === this.#known) return;
    this.#known = known;
    this.dispatchEvent(new Event('change'));
  }

  of(kind) { return (this.all ?? []).filter((voice) => voice.kind === kind); }
  named(name) { return (this.all ?? []).find((voice) => voice.id === name || voice.name === name); }
}

export const voiceList = new VoiceList();
