// Files that the page makes itself: wave files of samples, subtitles of marks.

/** A wave file of 16-bit mono samples. */
export function waveFile(samples, sampleRate) {
  const head = new DataView(new ArrayBuffer(44));
  const letters = (at, text) => [...text].forEach((letter, index) => head.setUint8(at + index, letter.charCodeAt(0)));
  const bytes = samples.length * 2;
  letters(0, 'RIFF');
  head.setUint32(4, 36 + bytes, true);
  letters(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, sampleRate, true);
  head.setUint32(28, sampleRate * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  letters(36, 'data');
  head.setUint32(40, bytes, true);
  return new Blob([head, samples], { type: 'audio/wav' });
}

/** Pieces of samples as one array of the kind that is given. */
export function joined(pieces, Samples) {
  const all = new Samples(pieces.reduce((count, piece) => count + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** 16-bit samples of samples between -1 and 1. */
export function toInt16(samples) {
  return Int16Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))));
}

/** Subtitles (`srt` or `vtt`) of the marks of a speech. */
export function subtitles(marks, format) {
  const stamp = (seconds) => {
    const ms = Math.round(seconds * 1000);
    const two = (value) => String(Math.floor(value)).padStart(2, '0');
    const comma = format === 'srt' ? ',' : '.';
    return `${two(ms / 3600000)}:${two((ms / 60000) % 60)}:${two((ms / 1000) % 60)}${comma}${String(ms % 1000).padStart(3, '0')}`;
  };
  const cues = marks.map((mark, index) =>
    `${index + 1}\n${stamp(mark.start_seconds)} --> ${stamp(mark.end_seconds)}\n${mark.text.trim().replace(/\n+/g, '\n')}\n`);
  return (format === 'vtt' ? 'WEBVTT\n\n' : '') + cues.join('\n');
}

/** Hands a file to the person. */
export function download(content, name) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A file name of the first words of a text. */
export function fileName(text, ending) {
  const words = text.trim().slice(0, 40).replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
  return `${words || 'mynah'}.${ending}`;
}
