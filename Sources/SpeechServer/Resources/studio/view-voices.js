// The voices of the server: own ones to make, hear, rename, hand on and delete; the model's to hear and use.
import { voices } from './api.js';
import { draft } from './draft.js';
import { checkbox, field, fill, h } from './dom.js';
import { moment, phrase } from './i18n.js';
import { referencePanel } from './reference.js';
import { actionButton, announce, ask, faultBox, fileButton, playButton } from './shell.js';
import { download, fileName } from './sound-file.js';
import { voiceList } from './voice-list.js';
import { soundOf } from './voice-picker.js';

export function voicesView() {
  const box = faultBox();
  const own = h('ul.list');
  const others = h('ul.list');
  const maker = referencePanel({
    isOpenForSaving: true,
    onSaved: () => {
      open(false);
      make.focus();
    },
  });
  // One primary action at a time: when the form is open it is the form's.
  const open = (isOpen) => {
    maker.node.hidden = !isOpen;
    if (!isOpen) maker.leave();
    make.setAttribute('aria-expanded', String(isOpen));
    make.classList.toggle('primary', !isOpen);
  };
  maker.node.hidden = true;
  const make = h('button.primary', { type: 'button', 'aria-expanded': 'false' }, phrase('voices.new'));
  make.addEventListener('click', () => open(maker.node.hidden));
  const bring = fileButton(phrase('voices.import'), '.zip,application/zip', async (file) => {
    const voice = await voices.import(file);
    announce(phrase('voices.imported', { name: voice.name }));
    await voiceList.refresh();
  }, { box });
  const heading = h('h1', { tabIndex: -1 }, phrase('voices.title'));
  let fault = null;
  const node = h('div',
    h('div.head', heading, h('div.row', bring.button, bring.input, make)),
    h('p.hint', phrase('voices.intro')), maker.node, box.node,
    h('section.card.spaced', h('h2', phrase('voices.own')), own),
    h('details.card', h('summary', phrase('voices.others')), others));

  const draw = () => {
    if (voiceList.fault !== fault) box.show(voiceList.fault);
    fault = voiceList.fault;
    const hadFocus = node.contains(document.activeElement) && document.activeElement.closest('.item');
    const mine = voiceList.of('own');
    fill(own, mine.length ? mine.map((voice) => line(voice, box)) : h('li.empty', phrase('voices.empty')));
    fill(others, [...voiceList.of('built-in'), ...voiceList.of('alias')].map((voice) => line(voice, box)));
    if (hadFocus && !hadFocus.isConnected) heading.focus();
  };
  voiceList.addEventListener('change', draw);
  draw();
  return { node, onShow: () => voiceList.refresh(), onHide: () => maker.leave() };
}

function line(voice, box) {
  const quiet = (label, act, more = {}) => actionButton(phrase(label), act, { box, kind: 'quiet', ...more });
  const hear = playButton(phrase('voice.preview'), () => soundOf(voice), { box });
  const use = quiet('voices.use', async () => {
    draft.set({ voice: voice.id });
    location.hash = '#speak';
  });
  const isOwn = voice.kind === 'own';
  return h('li.item',
    h('div.row.between', h('span.title', voice.name), isOwn && voice.created && h('span.hint', { title: voice.created }, phrase('fact.plain', { n: () => moment(voice.created) }))),
    voice.description && h('p.hint', voice.description),
    isOwn && voice.transcript && h('p.hint.excerpt', phrase('voices.saidAs', { text: voice.transcript })),
    isOwn && voice.consent && h('p.hint', phrase('voices.consent', { who: voice.consent })),
    h('div.row', hear, use, isOwn && [
      quiet('voices.rename', () => rename(voice)),
      quiet('voices.export', async () => download(await voices.export(voice.id), fileName(voice.name, 'zip'))),
      actionButton(phrase('voices.delete'), () => remove(voice), { box, kind: 'quiet.danger' }),
    ]));
}

async function rename(voice) {
  const name = h('input', { type: 'text', value: voice.name, required: true, maxLength: 200 });
  if (!await ask(phrase('voices.renameTitle'), field(phrase('reference.name'), name), phrase('voices.rename'))) return;
  await voices.rename(voice.id, name.value.trim());
  await voiceList.refresh();
}

async function remove(voice) {
  const spoken = checkbox(phrase('voices.deleteSpoken'));
  const agrees = await ask(phrase('voices.deleteTitle', { name: voice.name }),
    [h('p', phrase('voices.deleteText')), spoken.node], phrase('voices.delete'), { isDangerous: true });
  if (!agrees) return;
  await voices.remove(voice.id, spoken.input.checked);
  announce(phrase('voices.deleted'));
  await voiceList.refresh();
}
