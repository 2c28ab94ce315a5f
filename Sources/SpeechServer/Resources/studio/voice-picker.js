// A choice of the server's voices with a way to hear them.
import { speakFile, voices } from './api.js';
import { fill, h } from './dom.js';
import { phrase, t } from './i18n.js';
import { server } from './server-state.js';
import { clip, playButton } from './shell.js';
import { voiceList } from './voice-list.js';

const KINDS = ['own', 'built-in', 'alias'];

/** How a voice sounds: its sample, or a short sentence where it has none. */
export function soundOf(voice) {
  if (voice?.has_preview) return voices.preview(voice.id);
  const text = t('voice.previewSentence');
  return speakFile({ text, format: 'wav', history: false, ...(voice ? { voice: voice.id } : {}) });
}

/**
 * A `select` of voices and a button that plays the chosen one.
 * @param extra further options: pairs of value and phrase.
 * @returns `{node, select, value}`; `select` dispatches `change`.
 */
export function voicePicker({ id, value = '', extra = [], box }) {
  let chosen = value;
  const select = h('select', { id });
  const preview = playButton(phrase('voice.preview'), () => soundOf(voiceList.named(chosen)), { box });
  const draw = () => {
    const groups = KINDS.map((kind) => [kind, voiceList.of(kind)]).filter(([, list]) => list.length);
    fill(select,
      h('option', { value: '' }, server.model?.default_voice
        ? phrase('voice.default', { name: server.model.default_voice }) : phrase('voice.made')),
      groups.map(([kind, list]) => h('optgroup', { label: phrase(`voice.kind.${kind}`) },
        list.map((voice) => h('option', { value: voice.id }, [voice.name, voice.description].filter(Boolean).join(' – '))))),
      extra.map(([key, label]) => h('option', { value: key }, label)));
    const known = [...select.options].some((option) => option.value === chosen);
    if (!known && chosen && voiceList.all) select.append(h('option', { value: chosen }, chosen));
    select.value = chosen;
    preview.hidden = extra.some(([key]) => key === chosen);
  };
  select.addEventListener('change', () => {
    chosen = select.value;
    preview.hidden = extra.some(([key]) => key === chosen);
    clip.stop();
  });
  voiceList.addEventListener('change', draw);
  server.addEventListener('change', draw);
  draw();
  return {
    node: h('div.picker', select, preview), select,
    get value() { return chosen; },
    set value(next) {
      chosen = next;
      draw();
    },
  };
}
