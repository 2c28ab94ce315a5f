// The waveform: grows while speech arrives, shows where it plays, and takes clicks.

const BAR = 3;
const GAP = 1;

/** Peaks of a growing recording, a fixed number of samples each. */
class Peaks {
  constructor(sampleRate) {
    this.size = Math.max(1, Math.round(sampleRate / 100));
    this.values = [];
    this.current = 0;
    this.count = 0;
  }

  add(samples) {
    for (const sample of samples) {
      const height = Math.abs(sample);
      if (height > this.current) this.current = height;
      this.count += 1;
      if (this.count === this.size) {
        this.values.push(this.current / 32768);
        this.current = 0;
        this.count = 0;
      }
    }
  }

  /** The highest peak of a share of the whole, from `start` to `end` of 0 to 1. */
  highest(start, end, total) {
    let height = 0;
    const last = Math.min(this.values.length, Math.max(Math.floor(start * total) + 1, Math.floor(end * total)));
    for (let index = Math.floor(start * total); index < last; index += 1) height = Math.max(height, this.values[index]);
    return height;
  }
}

export class Waveform {
  #canvas;
  #peaks = null;
  #played = 0;
  #expected = 0;
  #isDue = false;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    document.addEventListener('themechange', () => this.redraw());
  }

  begin(sampleRate) {
    this.#peaks = new Peaks(sampleRate);
    this.#played = 0;
    this.#expected = 0;
    this.redraw();
  }

  add(samples) {
    this.#peaks.add(samples);
    this.redraw();
  }

  /** Shows the place that is played and the length that is expected, in seconds. */
  show(playedSeconds, expectedSeconds) {
    this.#played = playedSeconds;
    this.#expected = expectedSeconds;
    this.redraw();
  }

  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext('2d');
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const [played, ahead, rest] = ['--wave-played', '--wave-ahead', '--wave-rest'].map((name) => style.getPropertyValue(name));
    const total = Math.max(this.#peaks?.values.length ?? 0, this.#expected * 100, 1);
    const made = (this.#peaks?.values.length ?? 0) / total;
    const cursor = (this.#played * 100) / total;
    const count = Math.floor(width / (BAR + GAP));
    for (let index = 0; index < count; index += 1) {
      const [start, end] = [index / count, (index + 1) / count];
      const isMade = start < made;
      const peak = isMade ? this.#peaks.highest(start, end, total) : 0;
      const bar = Math.max(2, Math.sqrt(peak) * (height - 4));
      context.fillStyle = !isMade ? rest : start < cursor ? played : ahead;
      context.beginPath();
      context.roundRect(index * (BAR + GAP), (height - bar) / 2, BAR, bar, BAR / 2);
      context.fill();
    }
  }
}
