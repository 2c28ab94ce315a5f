// Shows the text while it is spoken, and marks what is being said. Where a part of the text begins and ends is known to
// the sample from the server's marks; the sentences within a part are placed by their share of its characters.
import { h, fill } from './dom.js';

const SENTENCE = /[^.!?。！？…\n]*[.!?。！？…]+["'”’」』)]*\s*|[^.!?。！？…\n]+\n*|\n+/gu;

export class ReadAlong {
  #box;
  #scalars = [];
  #pieces = [];
  #shown = -1;
  #expected = 0;
  /** What was not marked yet, cut into sentences once. */
  #rest = null;

  constructor(box) { this.#box = box; }

  begin(text) {
    this.#scalars = [...text];
    this.#pieces = [];
    this.#shown = -1;
    this.#expected = 0;
    this.#rest = null;
    this.#box.textContent = text;
  }

  /** A part is over: its text's place in scalars, and its place in the sound in seconds. */
  mark(mark) {
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

  /** Tells how long the whole is likely to be, in seconds. */
  expect(seconds) { this.#expected = seconds; }

  /** Marks what is said at a place of the sound; -1 for nothing. */
  show(seconds) {
    const piece = seconds < 0 ? null : this.#pieceAt(seconds);
    if ((piece?.from ?? -1) === this.#shown) return;
    this.#shown = piece?.from ?? -1;
    const text = (from, to) => this.#scalars.slice(from, to).join('');
    if (!piece) {
      this.#box.textContent = text(0);
      return;
    }
    const now = h('mark', text(piece.from, piece.to));
    fill(this.#box, h('span.said', text(0, piece.from)), now, text(piece.to));
    this.#follow(now);
  }

  #pieceAt(seconds) {
    const last = this.#pieces.at(-1);
    // In a pause the sentence before it stays marked.
    if (last && seconds < last.end) return this.#pieces.findLast((piece) => seconds >= piece.start) ?? this.#pieces[0];
    return this.#guess(seconds, last?.to ?? 0, last?.end ?? 0) ?? last ?? null;
  }

  /** A sentence of a part that is still being made: its place follows from the length that is expected. */
  #guess(seconds, from, start) {
    if (this.#rest?.from !== from) this.#rest = this.#sentences(from);
    const { length, sentences } = this.#rest;
    const letters = (seconds - start) / Math.max(0.02, (this.#expected - start) / Math.max(1, length));
    return sentences.find((sentence) => letters < sentence.until) ?? sentences.at(-1) ?? null;
  }

  /** The sentences from a place on, with the letters that are said when each is over. */
  #sentences(from) {
    const text = this.#scalars.slice(from).join('');
    let [scalar, until] = [from, 0];
    const sentences = [];
    for (const sentence of text.match(SENTENCE) ?? []) {
      until += sentence.length;
      const to = scalar + [...sentence].length;
      if (sentence.trim()) sentences.push({ from: scalar, to, until });
      scalar = to;
    }
    return { from, length: text.length, sentences };
  }

  #follow(mark) {
    const [box, top] = [this.#box, mark.offsetTop - this.#box.offsetTop];
    if (top < box.scrollTop || top + mark.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    }
  }
}
