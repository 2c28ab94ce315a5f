// The frame of the page: header, views, language, theme, state of the server.
import { enterKey, onKeyNeeded } from './api.js';
import { field, fill, h, icon, say } from './dom.js';
import { currentLanguage, languages, phrase, setLanguage, t, wishedLanguage } from './i18n.js';
import { keep, recall } from './keep.js';
import { statusOf } from './player-card.js';
import { server } from './server-state.js';
import { announce, ask, clip, installAnnouncer } from './shell.js';
import { speech } from './speech.js';
import { voiceList } from './voice-list.js';

const VIEWS = ['speak', 'voices', 'history', 'batch', 'system'];
const THEMES = ['system', 'light', 'dark'];
const views = {};
const main = h('main', { id: 'main', tabIndex: -1 });
const links = {};
let shown = 'speak';

function header() {
  const nav = h('nav', { 'aria-label': phrase('nav.label') }, VIEWS.map((name) => {
    links[name] = h('a', { href: `#${name}` }, phrase(`nav.${name}`));
    return links[name];
  }));
  const state = h('span.state', { role: 'status' });
  const unlock = h('button.quiet', { type: 'button', onclick: () => enterKey() }, phrase('key.enter'));
  const drawState = () => {
    state.dataset.state = server.state;
    say(state, phrase(`server.${server.state}`));
    unlock.hidden = server.state !== 'locked';
  };
  server.addEventListener('change', drawState);
  drawState();
  const language = h('select.quiet', { 'aria-label': phrase('language.label') },
    languages().map(([code, name]) => h('option', { value: code, lang: code }, name)));
  language.value = currentLanguage();
  language.addEventListener('change', async () => {
    if (!await setLanguage(language.value)) language.value = currentLanguage();
  });
  const theme = h('select.quiet', { 'aria-label': phrase('theme.label') },
    THEMES.map((name) => h('option', { value: name }, phrase(`theme.${name}`))));
  theme.value = recall('theme', 'system');
  theme.addEventListener('change', () => {
    keep('theme', theme.value);
    useTheme(theme.value);
  });
  return h('header', h('a.brand', { href: '#speak' }, h('img', { src: 'studio/icon.svg', alt: '', width: 28, height: 28 }), 'Mynah'),
    nav, h('div.choices', state, unlock, language, theme));
}

/** What is being spoken while another view is looked at, and how to stop it. */
function underWay() {
  const status = h('a', { href: '#speak' });
  const stop = h('button', { type: 'button', onclick: () => { speech.stop(); main.focus(); } }, icon('stop'), phrase('speak.stop'));
  const node = h('aside.under-way', { 'aria-label': phrase('player.title'), hidden: true }, status, stop);
  const draw = () => {
    const isOn = speech.isUnderWay || speech.player.isOn;
    node.hidden = shown === 'speak' || !isOn;
    if (!node.hidden) say(status, speech.isUnderWay ? statusOf(speech) : phrase('status.playing'));
  };
  for (const source of [speech, speech.player, document]) {
    for (const event of ['change', 'viewchange']) source.addEventListener(event, draw);
  }
  return node;
}

/** One sound at a time: a recording that is played pauses the speech, and the speech ends the recording. */
function takeTurns() {
  clip.addEventListener('play', () => { if (speech.player.isOn) speech.player.pause(); });
  let wasOn = false;
  speech.player.addEventListener('change', () => {
    const { isOn } = speech.player;
    if (isOn && !wasOn) clip.stop();
    wasOn = isOn;
  });
}

function useTheme(name) {
  document.documentElement.dataset.theme = name;
  document.dispatchEvent(new Event('themechange'));
}

function showTitle() {
  document.title = shown === 'speak' ? 'Mynah' : `${t(`nav.${shown}`)} – Mynah`;
}

/** Shows the view that the address names. A view is made at its first visit and keeps its state from then on. */
async function route({ isFirst = false } = {}) {
  const [wished, ...rest] = location.hash.replace(/^#/, '').split('/');
  const name = VIEWS.includes(wished) ? wished : 'speak';
  if (!views[name]) {
    const module = await import(`./view-${name}.js`);
    views[name] ??= module[`${name}View`]();
    main.append(views[name].node);
  }
  clip.stop();
  for (const [other, view] of Object.entries(views)) {
    if (other !== name && !view.node.hidden) view.onHide?.();
    view.node.hidden = other !== name;
  }
  for (const [other, link] of Object.entries(links)) {
    if (other === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  shown = name;
  showTitle();
  document.dispatchEvent(new Event('viewchange'));
  views[name].onShow?.(rest);
  if (!isFirst) views[name].node.querySelector('h1')?.focus({ preventScroll: true });
}

async function askForKey(code) {
  const key = h('input', { type: 'password', required: true, autocomplete: 'current-password' });
  const isGiven = await ask(phrase('key.title'),
    [h('p', phrase(code === 'missing_api_key' ? 'key.missing' : 'key.wrong')), field(phrase('key.label'), key)], phrase('key.use'));
  return isGiven && key.value ? key.value : null;
}

async function start() {
  useTheme(recall('theme', 'system'));
  // What the server encodes is known before views offer it; it is not asked for a key yet.
  await Promise.all([setLanguage(wishedLanguage()), server.look()]);
  fill(document.body, h('a.skip', { href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, phrase('nav.skip')),
    header(), main, underWay());
  installAnnouncer();
  takeTurns();
  onKeyNeeded(askForKey);
  document.addEventListener('keygiven', () => {
    server.look();
    voiceList.refresh();
    views[shown]?.onShow?.([]);
  });
  addEventListener('hashchange', () => route());
  document.addEventListener('languagechange', showTitle);
  let before = null;
  server.addEventListener('change', () => {
    if (before === 'gone' && server.state !== 'gone') {
      announce(phrase('server.back'));
      voiceList.refresh();
    }
    before = server.state;
  });
  server.watch();
  await route({ isFirst: true });
  await voiceList.refresh();
}

start();
