// The voices of the server, shared by all views that offer them.
import { voices } from './api.js';

class VoiceList extends EventTarget {
  all = null;
  fault = null;

  /** Asks the server; those who listen hear `change`. */
  async refresh() {
    try {
      this.all = await voices.list();
      this.fault = null;
    } catch (fault) {
      this.fault = fault;
    }
    this.dispatchEvent(new Event('change'));
  }

  of(kind) { return (this.all ?? []).filter((voice) => voice.kind === kind); }
  named(name) { return (this.all ?? []).find((voice) => voice.id === name || voice.name === name); }
}

export const voiceList = new VoiceList();
