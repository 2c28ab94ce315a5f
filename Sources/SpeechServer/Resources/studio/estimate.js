// How long a text will take to speak, learned from what was spoken.
import { keep, recall } from './keep.js';

const STORED = 'pace';
const IDEOGRAPHS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
const IDEOGRAPH_WEIGHT = 3.2; // A Chinese character takes about as long as so many letters.
const USUAL_PACE = 0.068; // Seconds for each letter.

const weight = (text) => {
  const ideographs = text.match(IDEOGRAPHS)?.length ?? 0;
  return [...text].length + ideographs * (IDEOGRAPH_WEIGHT - 1);
};

/** Seconds that a text is likely to take with a model. */
export const estimate = (text, model) => weight(text.trim()) * (recall(STORED, {})[model] ?? USUAL_PACE);

/** Learns from a speech that is complete. */
export function learn(text, seconds, model) {
  const letters = weight(text.trim());
  if (letters < 8 || !(seconds > 0)) return;
  const paces = recall(STORED, {});
  const pace = seconds / letters;
  paces[model] = paces[model] ? 0.7 * paces[model] + 0.3 * pace : pace;
  keep(STORED, paces);
}
