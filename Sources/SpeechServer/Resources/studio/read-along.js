// Shows the text while it is spoken, and marks what is being said. Where a part of the text begins and ends is known to
// the sample from the server's marks; the sentences within a part are placed by their share of its characters.
import { h, fill } from './dom.js';

const SENTENCE = /[^.!?。！？…\n]*[.!?。！？…]+["'”’」』)]*\s*|[^.!?。！？…\n]+\n*|\n+/gu;

export class ReadAlong {
  #box;
  #scalars = [];
  #pieces = [];
  #shown = -1;
  #marks = [];

  constructor(box) { this.#box = box; }

  begin(text) {
    this.#scalars = [...text];
    this.#marks = [];
    this.#pieces = [];
    this.#shown = -1;
    this.#box.textContent = text;
  }

  /** A part is over: its text's place in scalars, and its place in the sound in seconds. */
  mark(mark) {
    this.#marks.push(mark);
    const part = this.#scalars.slice(mark.text_start, mark.text_end).join('');
    const length = mark.end_seconds - mark.start_seconds;
    let [scalar, said] = [mark.text_start, 0];
    const total = Math.max(1, part.trimEnd().length);
    for (const sentence of part.match(SENTENCE) ?? []) {
      const start = mark.start_seconds + (length * Math.min(total, said)) / total;
      said += sentence.length;
      this.#pieces.push({
        start, end: mark.start_seconds + (length * Math.min(total, said)) / total, from: scalar,
        to: scalar += [...sentence].length,
      });
    }
  }

  get marks() { return this.#marks; }

  /** Marks what is said at a place of the sound; -1 for nothing. */
  show(seconds) {
    let index = this.#pieces.findIndex((piece) => seconds >= piece.start && seconds < piece.end);
    if (seconds < 0) index = -1;
    else if (index < 0) {
      // A pause, or a part that is still being made: its beginning is known and its end is not.
      index = this.#pieces.findLastIndex((piece) => seconds >= piece.end);
      if (index === this.#pieces.length - 1) index = this.#pieces.length;
    }
    if (index === this.#shown) return;
    this.#shown = index;
    const piece = this.#pieces[index] ?? (index < 0 ? null : this.#next());
    if (!piece) {
      this.#box.textContent = this.#scalars.join('');
      return;
    }
    const text = (from, to) => this.#scalars.slice(from, to).join('');
    const now = h('mark', text(piece.from, piece.to));
    fill(this.#box, h('span.said', text(0, piece.from)), now, text(piece.to));
    this.#follow(now);
  }

  #next() {
    const from = this.#pieces.at(-1)?.to ?? 0;
    const sentence = this.#scalars.slice(from).join('').match(SENTENCE)?.[0] ?? '';
    return sentence.trim() ? { from, to: from + [...sentence].length } : null;
  }

  #follow(mark) {
    const [box, top] = [this.#box, mark.offsetTop - this.#box.offsetTop];
    if (top < box.scrollTop || top + mark.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    }
  }
}
