// The page's heart: a text, a voice, and one button.
import { draft } from './draft.js';
import { estimate, learn } from './estimate.js';
import { h, icon, say, set } from './dom.js';
import { duration, phrase } from './i18n.js';
import { playerCard } from './player-card.js';
import { referencePanel } from './reference.js';
import { server } from './server-state.js';
import { settingsDrawer } from './settings-drawer.js';
import { faultBox } from './shell.js';
import { speech } from './speech.js';
import { voicePicker } from './voice-picker.js';

const MOST_CHARACTERS = 100_000;
const ONCE = '(recording)';

export function speakView() {
  const box = faultBox();
  const note = faultBox();
  const text = h('textarea', {
    id: 'text', rows: 7, spellcheck: true, placeholder: phrase('speak.placeholder'), 'aria-describedby': 'text-size',
  });
  const size = h('p.hint', { id: 'text-size' });
  const clear = h('button.quiet', { type: 'button' }, phrase('speak.clear'));
  const picker = voicePicker({ id: 'voice', value: draft.get('voice'), extra: [[ONCE, phrase('voice.once')]], box });
  const reference = referencePanel({ onSaved: (voice) => { picker.value = voice.id; choose(); } });
  const settings = settingsDrawer();
  const generate = h('button.primary.large', { type: 'submit' }, icon('play'), phrase('speak.generate'));
  const stop = h('button.stop.large', { type: 'button' }, icon('stop'), phrase('speak.stop'));

  const form = h('form', { noValidate: true },
    h('label.big-label', { htmlFor: 'text' }, phrase('speak.text')), text,
    h('div.row.between', size, clear),
    h('div.controls',
      h('div.field', h('label', { htmlFor: 'voice' }, phrase('speak.voice')), picker.node),
      h('div.go', stop, generate)));
  // The recording and the settings stand outside of the form: Enter in their fields must not start to speak.
  const composer = h('section.card.composer', { 'aria-label': phrase('speak.composer') }, form, reference.node, settings.node);
  const node = h('div', h('h1.visually-hidden', { tabIndex: -1 }, phrase('nav.speak')), composer, note.node, box.node, playerCard(speech),
    h('p.hint.center', phrase('speak.honest')));

  const rate = () => Number(draft.get('sampleRate')) || server.model?.sample_rate;
  /** The sentence for a text of more characters than may be; null for others. */
  const tooLong = (count) => (count > MOST_CHARACTERS ? phrase('speak.tooLong', { count, most: MOST_CHARACTERS }) : null);
  const drawSize = () => {
    const value = text.value;
    const count = [...value].length;
    const fault = tooLong(count);
    say(size, !count ? phrase('speak.shortcut')
      : fault ?? phrase('speak.size', { n: count, time: () => duration(estimate(value, server.model?.name) / (Number(draft.get('speed')) || 1)) }));
    text.setAttribute('aria-invalid', String(Boolean(fault)));
    size.classList.toggle('wrong', Boolean(fault));
    clear.hidden = !count;
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight + 2, innerHeight * 0.5)}px`;
  };
  const choose = () => {
    const isOnce = picker.value === ONCE;
    reference.node.hidden = !isOnce;
    if (!isOnce) reference.leave();
    if (!isOnce) draft.set({ voice: picker.value });
  };
  const go = async () => {
    box.show(null);
    if (!text.value.trim()) {
      box.show(phrase('fault.empty_string'));
      text.focus();
      return;
    }
    const fault = tooLong([...text.value].length);
    if (fault) {
      box.show(fault);
      return;
    }
    if (!settings.isValid()) return;
    const fields = draft.fields();
    let recording = null;
    if (picker.value === ONCE) {
      recording = reference.recording();
      if (!recording) return;
      delete fields.voice;
    }
    await speech.generate(fields, recording, rate());
  };

  /** Tells that the text is another, and offers the one before. */
  const offerBack = (words, before) => note.tell(words, h('button', {
    type: 'button', onclick: () => { draft.set(before); note.tell(null); text.focus(); },
  }, phrase('speak.undo')));

  text.addEventListener('input', () => {
    note.tell(null);
    draft.set({ text: text.value });
    speech.player.prepare(rate());
  });
  clear.addEventListener('click', () => {
    const before = { text: text.value };
    draft.set({ text: '' });
    text.focus();
    offerBack(phrase('speak.cleared'), before);
  });
  picker.select.addEventListener('change', choose);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go();
  });
  stop.addEventListener('click', () => {
    speech.stop();
    generate.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') speech.stop();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !node.hidden) {
      event.preventDefault();
      go();
    }
  });
  const drawStop = () => set(stop, { disabled: !speech.isUnderWay && !speech.player.isOn });
  speech.player.addEventListener('change', drawStop);
  speech.addEventListener('change', () => {
    drawStop();
    if (speech.state === 'failed') {
      box.show(speech.fault, h('button', { type: 'button', onclick: go }, phrase('speak.again')));
    } else if (speech.state === 'retrying') box.show(speech.fault);
    else if (speech.isUnderWay) box.show(null);
    if (speech.state === 'done' && !speech.recording) {
      learn(speech.fields.text, speech.facts.seconds * (speech.fields.speed ?? 1), server.model?.name);
      drawSize();
    }
  });
  draft.addEventListener('change', ({ detail }) => {
    if (detail.includes('text') && text.value !== draft.get('text')) text.value = draft.get('text');
    if (detail.includes('voice') && picker.value !== draft.get('voice')) {
      picker.value = draft.get('voice');
      reference.node.hidden = true;
    }
    if (detail.includes('text') || detail.includes('speed')) drawSize();
  });
  server.addEventListener('change', drawSize);
  document.addEventListener('languagechange', drawSize);
  addEventListener('resize', drawSize);
  text.value = draft.get('text');
  set(stop, { disabled: true });
  choose();
  requestAnimationFrame(drawSize);
  const onShow = ([order]) => {
    drawSize();
    if (order !== 'now') return;
    // An entry of the history is to be spoken again.
    history.replaceState(null, '', '#speak');
    const { replaced } = draft;
    if (replaced?.text.trim() && replaced.text !== text.value) offerBack(phrase('speak.replaced'), replaced);
    go();
  };
  return { node, onShow, onHide: () => reference.leave() };
}
