// The drawer of settings: everything that may be left to the server.
import { draft } from './draft.js';
import { field, h } from './dom.js';
import { phrase } from './i18n.js';

const NUMBERS = [
  ['cfg', { min: 0, max: 100, step: 0.1, placeholder: '2.0' }],
  ['steps', { min: 1, max: 1000, step: 1, placeholder: '10' }],
  ['temperature', { min: 0, max: 10, step: 0.05, placeholder: '1.0' }],
  ['attempts', { min: 1, max: 20, step: 1, placeholder: '' }],
  ['maxSeconds', { min: 0.1, max: 86400, step: 'any', placeholder: '' }],
];
const RATES = ['', '16000', '22050', '24000', '44100', '48000'];
const CUTTINGS = ['', 'longest', 'paragraphs', 'sentences'];

export function settingsDrawer() {
  const inputs = {};
  const number = (name, limits) => {
    inputs[name] = h('input', { type: 'number', inputMode: 'decimal', ...limits });
    return field(phrase(`settings.${name}`), inputs[name], phrase(`settings.${name}.hint`));
  };
  const choice = (name, values) => {
    inputs[name] = h('select', values.map((value) =>
      h('option', { value }, value && name === 'sampleRate' ? `${value} Hz` : phrase(`settings.${name}.${value || 'usual'}`))));
    return field(phrase(`settings.${name}`), inputs[name], phrase(`settings.${name}.hint`));
  };
  const seed = number('seed', { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 });
  inputs.seed.setAttribute('inputmode', 'numeric');
  const count = h('span.badge', { hidden: true }, phrase('settings.changed'));
  const reset = h('button.quiet', { type: 'button', onclick: () => draft.resetSettings() }, phrase('settings.reset'));
  const node = h('details.drawer',
    h('summary', phrase('settings.title'), ' ', count),
    h('div.grid', seed, NUMBERS.map(([name, limits]) => number(name, limits)), choice('sampleRate', RATES),
      choice('cutting', CUTTINGS)),
    h('p.hint', phrase('settings.absent')), reset);
  for (const [name, input] of Object.entries(inputs)) {
    input.addEventListener('change', () => { if (input.checkValidity()) draft.set({ [name]: input.value }); });
    input.addEventListener('input', () => input.setAttribute('aria-invalid', String(!input.checkValidity())));
  }
  const draw = () => {
    for (const [name, input] of Object.entries(inputs)) {
      if (input.value !== draft.get(name)) input.value = draft.get(name);
    }
    count.hidden = reset.hidden = !draft.hasSettings;
  };
  draft.addEventListener('change', draw);
  draw();
  return { node, isValid: () => Object.values(inputs).every((input) => input.checkValidity() || (input.focus(), node.open = true, input.reportValidity(), false)) };
}
