// Keys for clients: made, limited and revoked by the administrator. A secret is shown once.
import { keys } from './api.js';
import { checkbox, field, fill, h, redraw } from './dom.js';
import { moment, number, phrase } from './i18n.js';
import { actionButton, announce, ask, faultBox } from './shell.js';

const LIMITS = [['concurrent_requests', 1e6], ['requests_per_minute', 1e6], ['characters_per_minute', 1e9]];

/** `{node, read}`; hidden from those who are no administrators. */
export function keysCard() {
  const box = faultBox();
  const list = h('ul.list');
  const secret = h('div.secret', { hidden: true });
  const heading = h('h2', { tabIndex: -1 }, phrase('keys.title'));
  const make = actionButton(phrase('keys.new'), async () => {
    const name = h('input', { type: 'text', maxLength: 200, required: true, autocomplete: 'off' });
    const admin = checkbox(phrase('keys.admin'));
    const limits = limitFields();
    if (!await ask(phrase('keys.newTitle'), [field(phrase('keys.name'), name), limits.nodes, admin.node], phrase('keys.make'))) return;
    const made = await keys.make({ name: name.value.trim(), is_admin: admin.input.checked, ...limits.values() });
    showSecret(made);
    await read();
  }, { box });
  const node = h('section.card', { hidden: true }, h('div.row.between', heading, make), h('p.hint', phrase('keys.hint')), secret, list,
    box.node);

  function showSecret(made) {
    const value = h('input', { type: 'text', readOnly: true, value: made.secret, spellcheck: false });
    const copy = actionButton(phrase('keys.copy'), async () => {
      value.select();
      await navigator.clipboard?.writeText(made.secret);
      announce(phrase('keys.copied'));
    }, { box });
    const hide = h('button.quiet', { type: 'button', onclick: () => { secret.hidden = true; fill(secret); heading.focus(); } }, phrase('keys.hide'));
    fill(secret, field(phrase('keys.secret', { name: made.name }), value), h('div.row', copy, hide));
    secret.hidden = false;
    value.focus();
    value.select();
  }

  const line = (key) => h('li.item',
    h('div.row.between', h('span.title', key.name), key.is_admin && h('span.badge', phrase('keys.isAdmin'))),
    h('p.hint', phrase('keys.made', { time: () => moment(key.created) }), ' · ',
      key.last_used ? phrase('keys.used', { time: () => moment(key.last_used) }) : phrase('keys.unused'),
      LIMITS.filter(([name]) => key[name] != null).map(([name]) => [' · ', phrase(`keys.${name}.is`, { n: () => number(key[name]) })])),
    h('div.row',
      actionButton(phrase('keys.limits'), async () => {
        const limits = limitFields(key);
        if (!await ask(phrase('keys.limitsTitle', { name: key.name }), limits.nodes, phrase('keys.save'))) return;
        await keys.change(key.id, limits.values());
        await read();
        heading.focus();
      }, { box, kind: 'quiet' }),
      actionButton(phrase('keys.revoke'), async () => {
        if (!await ask(phrase('keys.revokeTitle', { name: key.name }), h('p', phrase('keys.revokeText')), phrase('keys.revoke'),
          { isDangerous: true })) return;
        await keys.revoke(key.id);
        announce(phrase('keys.revoked'));
        await read();
        heading.focus();
      }, { box, kind: 'quiet.danger' })));

  async function read() {
    try {
      const valid = (await keys.list()).filter((key) => !key.revoked);
      redraw(list, valid, () => (valid.length ? valid.map(line) : h('li.empty', phrase('keys.empty'))));
      node.hidden = false;
    } catch {
      node.hidden = true;
    }
  }
  return { node, read };
}

/** Fields for the limits of a key; what is left empty is without limit. */
function limitFields(key = {}) {
  const inputs = LIMITS.map(([name, max]) => [name, h('input', { type: 'number', min: 1, max, step: 1, value: key[name] ?? '' })]);
  return {
    nodes: inputs.map(([name, input]) => field(phrase(`keys.${name}`), input)),
    values: () => Object.fromEntries(inputs.map(([name, input]) => [name, input.value === '' ? null : Number(input.value)])),
  };
}
