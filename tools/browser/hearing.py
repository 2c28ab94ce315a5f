"""What the page really plays: a tap before the loudspeaker, put into the page before its own scripts run."""

import base64
import struct

TAP = r"""
(() => {
  const code = `registerProcessor('tap', class extends AudioWorkletProcessor {
    constructor() { super(); this.all = []; }
    process([[input]]) {
      this.all.push(input ? input.slice() : new Float32Array(128));
      if (this.all.length === 16) { this.port.postMessage(this.all); this.all = []; }
      return true;
    }
  })`;
  window.heard = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    const result = connect.call(this, target, ...rest);
    if (target === this.context.destination) {
      const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      this.context.audioWorklet.addModule(address).then(() => {
        const tap = new AudioWorkletNode(this.context, 'tap', { numberOfOutputs: 0 });
        tap.port.onmessage = ({ data }) => window.heard.push(...data);
        connect.call(this, tap);
        window.isTapped = true;
      });
    }
    return result;
  };
  window.heardSamples = () => {
    const all = new Int16Array(window.heard.length * 128);
    let isExact = true;
    window.heard.forEach((block, at) => block.forEach((value, index) => {
      const whole = value * 32768;
      if (whole !== Math.round(whole)) isExact = false;
      all[at * 128 + index] = Math.round(whole);
    }));
    let text = '';
    new Uint8Array(all.buffer).forEach((byte) => { text += String.fromCharCode(byte); });
    return { isExact, samples: btoa(text) };
  };
})();
"""


def listen(browser):
    """Taps all pages that are opened from now on. The tap is a script of nobody's: the policy must let it pass."""
    browser.call("Page.setBypassCSP", enabled=True)
    return browser.call("Page.addScriptToEvaluateOnNewDocument", source=TAP)["identifier"]


def leave(browser, identifier):
    browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=identifier)
    browser.call("Page.setBypassCSP", enabled=False)


def heard(browser):
    """The samples so far, 16 bits, and whether each was a whole number of steps."""
    found = browser.evaluate("window.heardSamples()")
    data = base64.b64decode(found["samples"])
    return list(struct.unpack(f"<{len(data) // 2}h", data)), found["isExact"]


def trimmed(samples):
    """Without the silence around."""
    sounding = [index for index, value in enumerate(samples) if value]
    return samples[sounding[0]:sounding[-1] + 1] if sounding else []


def samples_of(wave):
    """The samples of a plain 16-bit wave file."""
    at = wave.index(b"data") + 8
    size = struct.unpack("<I", wave[at - 4:at])[0]
    return list(struct.unpack(f"<{size // 2}h", wave[at:at + size]))
