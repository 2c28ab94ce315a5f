// The drawer of settings: everything that may be left to the server.
import { draft } from './draft.js';
import { field, fill, h } from './dom.js';
import { phrase } from './i18n.js';
import { server } from './server-state.js';

const NUMBERS = [
  ['speed', { min: 0.25, max: 4, step: 0.05, placeholder: '1.0' }],
  ['cfg', { min: 0, max: 100, step: 0.1 }],
  ['steps', { min: 1, max: 1000, step: 1 }],
  ['temperature', { min: 0, max: 10, step: 0.05 }],
  ['attempts', { min: 1, max: 20, step: 1, placeholder: '' }],
  ['maxSeconds', { min: 0.1, max: 86400, step: 'any', placeholder: '' }],
];
const RATES = ['', '16000', '22050', '24000', '44100', '48000'];
const CUTTINGS = ['', 'longest', 'paragraphs', 'sentences'];
const NORMALIZE = ['', 'true'];

export function settingsDrawer() {
  const inputs = {};
  const number = (name, limits) => {
    inputs[name] = h('input', { type: 'number', inputMode: 'decimal', ...limits });
    return field(phrase(`settings.${name}`), inputs[name], phrase(`settings.${name}.hint`));
  };
  const option = (name, value) => {
    const label = !value ? `settings.${name}.usual` : { cutting: `settings.cutting.${value}`, normalize: 'settings.normalize.always' }[name];
    return h('option', { value }, label ? phrase(label) : name === 'sampleRate' ? `${value} Hz` : value.toUpperCase());
  };
  const choice = (name, values) => {
    inputs[name] = h('select', values.map((value) => option(name, value)));
    return field(phrase(`settings.${name}`), inputs[name], phrase(`settings.${name}.hint`));
  };
  const seed = number('seed', { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 });
  inputs.seed.setAttribute('inputmode', 'numeric');
  const count = h('span.badge', { hidden: true }, phrase('settings.changed'));
  const reset = h('button.quiet', { type: 'button', onclick: () => draft.resetSettings() }, phrase('settings.reset'));
  const node = h('details.drawer',
    h('summary', phrase('settings.title'), ' ', count),
    h('div.grid', seed, NUMBERS.map(([name, limits]) => number(name, limits)), choice('format', ['']),
      choice('sampleRate', RATES), choice('normalize', NORMALIZE), choice('cutting', CUTTINGS)),
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
  const drawModel = () => {
    for (const [name, value] of Object.entries(server.model?.defaults ?? {})) inputs[name].placeholder = String(value);
    fill(inputs.format, ['', ...server.formats].map((name) => option('format', name)));
    draw();
  };
  draft.addEventListener('change', draw);
  server.addEventListener('change', drawModel);
  drawModel();
  /** Whether all can be sent; else the drawer opens and the browser says what is wrong. */
  const isValid = () => {
    const wrong = Object.values(inputs).find((input) => !input.checkValidity());
    if (!wrong) return true;
    node.open = true;
    wrong.focus();
    wrong.reportValidity();
    return false;
  };
  return { node, isValid };
}
