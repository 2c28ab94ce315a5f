// The frame of the page: header, views, language, theme, state of the server.
import { onKeyNeeded } from './api.js';
import { field, fill, h, say } from './dom.js';
import { currentLanguage, languages, phrase, setLanguage, t, wishedLanguage } from './i18n.js';
import { keep, recall } from './keep.js';
import { server } from './server-state.js';
import { announce, ask, clip, installAnnouncer } from './shell.js';
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
  server.addEventListener('change', () => {
    state.dataset.state = server.state;
    say(state, phrase(`server.${server.state}`));
  });
  const language = h('select.quiet', { 'aria-label': phrase('language.label') },
    languages().map(([code, name]) => h('option', { value: code, lang: code }, name)));
  language.value = currentLanguage();
  language.addEventListener('change', () => setLanguage(language.value));
  const theme = h('select.quiet', { 'aria-label': phrase('theme.label') },
    THEMES.map((name) => h('option', { value: name }, phrase(`theme.${name}`))));
  theme.value = recall('theme', 'system');
  theme.addEventListener('change', () => {
    keep('theme', theme.value);
    useTheme(theme.value);
  });
  return h('header', h('a.brand', { href: '#speak' }, h('img', { src: 'studio/icon.svg', alt: '', width: 28, height: 28 }), 'Mynah'),
    nav, h('div.choices', state, language, theme));
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
  await setLanguage(wishedLanguage());
  fill(document.body, h('a.skip', { href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, phrase('nav.skip')),
    header(), main);
  installAnnouncer();
  let asking = null;
  onKeyNeeded((code) => {
    asking ??= askForKey(code).finally(() => { asking = null; });
    return asking;
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
  await route({ isFirst: true });
  await server.watch();
  await voiceList.refresh();
}

start();
