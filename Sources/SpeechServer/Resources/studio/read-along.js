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

  constructor(box) { this.#box = box; }

  begin(text) {
    this.#scalars = [...text];
    this.#pieces = [];
    this.#shown = -1;
    this.#expected = 0;
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
    const rest = this.#scalars.slice(from).join('');
    const pace = Math.max(0.02, (this.#expected - start) / Math.max(1, rest.length));
    let [scalar, end, found] = [from, start, null];
    for (const sentence of rest.match(SENTENCE) ?? []) {
      end += sentence.length * pace;
      const to = scalar + [...sentence].length;
      if (sentence.trim()) found = { from: scalar, to };
      if (found && seconds < end) return found;
      scalar = to;
    }
    return found;
  }

  #follow(mark) {
    const [box, top] = [this.#box, mark.offsetTop - this.#box.offsetTop];
    if (top < box.scrollTop || top + mark.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    }
  }
}
