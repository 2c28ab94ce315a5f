// The languages of the page. `phrase(key, values)` is a text that follows the switch of the language; `t` is one for now.
import { keep, recall } from './keep.js';

const LANGUAGES = { en: 'English', zh: '中文' };
const STORED = 'language';
const catalogues = {};
const texts = new WeakMap();
let language = 'en';
let wished = language;

/** A text of the catalogue. Values may be functions, which are asked whenever the text is shown. */
export class Phrase {
  constructor(key, values) {
    this.key = key;
    this.values = values;
  }

  toString() { return t(this.key, this.values); }
}

export const phrase = (key, values) => new Phrase(key, values);
export const currentLanguage = () => language;
export const languages = () => Object.entries(LANGUAGES);
export const has = (key) => key in (catalogues[language] ?? {});

/** The text of a key with its `{values}` put in; where a text has a form for one thing (`key.one`), `n` chooses it. */
export function t(key, values = {}) {
  const catalogue = catalogues[language] ?? {};
  const valueOf = (name) => (typeof values[name] === 'function' ? values[name]() : values[name]);
  const text = (String(valueOf('n')) === '1' && catalogue[`${key}.one`]) || (catalogue[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = valueOf(name);
    if (value instanceof Phrase) return value.toString();
    return typeof value === 'number' ? number(value) : value ?? whole;
  });
}

/** Lets an element show a phrase, as its text or as one of its attributes, from now on; null ends that. */
export function bind(node, value, attribute = '') {
  const own = texts.get(node) ?? new Map();
  texts.set(node, own);
  if (value) own.set(attribute, value);
  else own.delete(attribute);
  node.toggleAttribute('data-text', own.size > 0);
  if (value) show(node, attribute, value);
}

function show(node, attribute, value) {
  if (attribute) node.setAttribute(attribute, `${value}`);
  else if (node.textContent !== `${value}`) node.textContent = `${value}`;
}

/**
 * Switches to a language, and keeps it for the next visit.
 * @returns whether the language is another; not so where the catalogue did not come, or yet another was wished meanwhile.
 */
export async function setLanguage(code) {
  wished = code;
  try {
    catalogues[code] ??= await (await fetch(`studio/${code}.json`)).json();
  } catch {
    return false;
  }
  if (wished !== code) return false;
  language = code;
  keep(STORED, code);
  document.documentElement.lang = code === 'zh' ? 'zh-Hans' : code;
  for (const node of document.querySelectorAll('[data-text]')) {
    for (const [attribute, value] of texts.get(node) ?? []) show(node, attribute, value);
  }
  document.dispatchEvent(new Event('languagechange'));
  return true;
}

/** The language of the last visit, or else the browser's. */
export function wishedLanguage() {
  const stored = recall(STORED);
  if (stored in LANGUAGES) return stored;
  return navigator.languages?.some((name) => name.startsWith('zh')) && !navigator.language.startsWith('en') ? 'zh' : 'en';
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/** A length for reading: `9 s`, `2 min 5 s`. */
export function duration(seconds) {
  if (seconds < 10) return t('unit.seconds', { n: number(seconds, 1) });
  const whole = Math.round(seconds);
  if (whole < 90) return t('unit.seconds', { n: whole });
  if (whole < 5400) return t('unit.minutes', { m: Math.floor(whole / 60), s: whole % 60 });
  return t('unit.hours', { h: Math.floor(whole / 3600), m: Math.round((whole % 3600) / 60) });
}

/** A place in a recording: `1:05`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A size for reading: `12.5 MiB`. */
export function size(bytes) {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? t('unit.mebibytes', { n: number(mebibytes, 1) }) : t('unit.gibibytes', { n: number(mebibytes / 1024, 1) });
}

/** The time of the day, to the second. */
export const timeOfDay = (text) => new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(new Date(text));

/** A moment in the person's own way of writing. */
export const moment = (text) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text));
