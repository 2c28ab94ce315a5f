// What all views share: announcements for screen readers, dialogs, and buttons that say what went wrong beside them.
import { append, fill, h, icon, say } from './dom.js';
import { phrase } from './i18n.js';
import { sentence } from './faults.js';

const status = h('div.visually-hidden', { role: 'status', 'aria-live': 'polite', id: 'announcer' });

/** Puts the shared live region into the page. */
export const installAnnouncer = () => document.body.append(status);

/** Tells something to those who do not see it. */
export function announce(text) {
  status.textContent = '';
  setTimeout(() => { status.textContent = `${text}`; }, 50);
}

/** A place for one sentence about what went wrong; it is read out when it comes. */
export function faultBox() {
  const text = h('p');
  const actions = h('div.row');
  const node = h('div.fault', { role: 'alert', hidden: true }, text, actions);
  const draw = (words, buttons) => {
    node.hidden = !words;
    say(text, words || '');
    fill(actions, ...buttons);
  };
  return {
    node,
    /** Shows a failure, with buttons if given; null takes the last one away. */
    show(fault, ...buttons) {
      node.classList.remove('note');
      draw(fault && (fault instanceof Error ? sentence(fault) : fault), buttons);
    },
    /** Tells what is no failure. */
    tell(words, ...buttons) {
      node.classList.add('note');
      draw(words, buttons);
    },
  };
}

/** A button that does something that takes time and may fail; `box` shows what went wrong. */
export function actionButton(label, act, { box, kind = '', ...attributes } = {}) {
  const button = h(`button${kind && `.${kind}`}`, { type: 'button', ...attributes }, label);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    box?.show(null);
    try {
      await act(button);
    } catch (fault) {
      box?.show(fault);
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return button;
}

/**
 * A button that lets the person choose a file. `take` gets the file and may fail; `box` shows what went wrong.
 * @returns `{button, input}`; the input is for the page, not for the eye.
 */
export function fileButton(label, accept, take, { box, kind = '' }) {
  const input = h('input.visually-hidden', { type: 'file', accept, tabIndex: -1, 'aria-hidden': 'true' });
  input.addEventListener('change', async () => {
    const [file] = input.files;
    input.value = '';
    if (!file) return;
    box.show(null);
    try { await take(file); } catch (fault) { box.show(fault); }
  });
  return { button: h(`button${kind && `.${kind}`}`, { type: 'button', onclick: () => input.click() }, label), input };
}

/**
 * Asks in a dialog. `body` are its elements; `confirm` is the label of the button that agrees.
 * @returns a promise of whether the person agreed.
 */
export function ask(title, body, confirm, { isDangerous = false } = {}) {
  const heading = h('h2', { id: `dialog-${Math.random().toString(36).slice(2)}` }, title);
  const agree = h(`button.${isDangerous ? 'danger' : 'primary'}`, { value: 'yes' }, confirm);
  // Not a button that submits: the Enter key would take the first of those.
  const cancel = h('button', { type: 'button', onclick: () => dialog.close('') }, phrase('dialog.cancel'));
  const dialog = h('dialog', { 'aria-labelledby': heading.id },
    append(h('form', { method: 'dialog' }, heading), [body, h('div.row.end', cancel, agree)]));
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    dialog.addEventListener('cancel', () => { dialog.returnValue = ''; });
    dialog.showModal();
  });
}

/** Plays short recordings one at a time: previews, entries of the history. Dispatches `play` when one begins. */
class Clip extends EventTarget {
  #audio = new Audio();
  #button = null;
  #address = '';

  constructor() {
    super();
    this.#audio.addEventListener('ended', () => this.#release());
    this.#audio.addEventListener('error', () => this.#release());
  }

  /** Plays what `load` promises, or stops where the button's own recording plays. */
  async toggle(button, load) {
    const wasOwn = this.#button === button;
    this.stop();
    if (wasOwn) return;
    this.#button = button;
    button.setAttribute('aria-pressed', 'true');
    try {
      const sound = await load();
      if (this.#button !== button) return;
      this.#address = URL.createObjectURL(sound);
      this.#audio.src = this.#address;
      this.dispatchEvent(new Event('play'));
      await this.#audio.play();
    } catch (fault) {
      this.#release();
      if (fault.name !== 'AbortError') throw fault;
    }
  }

  stop() {
    this.#audio.pause();
    this.#release();
  }

  #release() {
    this.#button?.setAttribute('aria-pressed', 'false');
    this.#button = null;
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = '';
  }
}

export const clip = new Clip();

/** A button that plays the recording that `load` promises, and stops it; `options` are those of `actionButton`. */
export const playButton = (label, load, options) =>
  actionButton([icon('play'), label], (button) => clip.toggle(button, load), { kind: 'quiet', 'aria-pressed': 'false', ...options });
