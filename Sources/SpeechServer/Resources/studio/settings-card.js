// What can be set while the server runs: what it keeps, for how long, and when it rests.
import { system } from './api.js';
import { checkbox, field, h } from './dom.js';
import { phrase } from './i18n.js';
import { announce, faultBox } from './shell.js';

const FLAGS = ['keeps_history', 'log_texts'];
const NUMBERS = [
  ['history_entries', { min: 1, max: 1e6, step: 1 }], ['history_megabytes', { min: 1, max: 1e7, step: 1 }],
  ['history_days', { min: 0.01, max: 36500, step: 'any' }], ['idle_unload_minutes', { min: 0.01, max: 1e5, step: 'any' }],
];

/** `{node, read}`; hidden from those who may not change anything. Each change is sent when it is made. */
export function settingsCard() {
  const box = faultBox();
  const inputs = {};
  const flags = FLAGS.map((name) => {
    const { input, node } = checkbox(phrase(`system.${name}`));
    inputs[name] = input;
    return node;
  });
  const numbers = NUMBERS.map(([name, limits]) => {
    inputs[name] = h('input', { type: 'number', inputMode: 'decimal', ...limits });
    const hint = name === 'idle_unload_minutes' && phrase('system.idle_unload_minutes.hint');
    return field(phrase(`system.${name}`), inputs[name], hint);
  });
  const node = h('section.card', { hidden: true }, h('h2', phrase('system.settings')), flags, h('div.grid', numbers), box.node);
  let kept = {};

  const draw = () => {
    for (const name of FLAGS) inputs[name].checked = Boolean(kept[name]);
    for (const [name] of NUMBERS) inputs[name].value = kept[name] ?? '';
    // Without a store there is nothing to be kept.
    for (const input of Object.values(inputs)) input.closest('.field, .check').hidden = !(input.dataset.name in kept);
  };
  for (const [name, input] of Object.entries(inputs)) {
    input.dataset.name = name;
    input.addEventListener('change', async () => {
      const value = FLAGS.includes(name) ? input.checked : input.value === '' ? null : Number(input.value);
      const isEmpty = value === null && name !== 'idle_unload_minutes';
      if (isEmpty || !input.reportValidity()) {
        draw();
        return;
      }
      box.show(null);
      try {
        kept = await system.change({ [name]: value });
        announce(phrase('system.saved'));
      } catch (fault) {
        box.show(fault);
      }
      draw();
    });
  }
  const read = async () => {
    try {
      kept = await system.settings();
      draw();
      node.hidden = false;
    } catch {
      node.hidden = true;
    }
  };
  return { node, read };
}
