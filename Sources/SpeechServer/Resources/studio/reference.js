// A recording of a voice: uploaded or made here, with what is said in it; used once, or saved as a voice with consent.
import { Fault, voices } from './api.js';
import { checkbox, field, fill, h, icon, say, set } from './dom.js';
import { duration, has, phrase, t } from './i18n.js';
import { Recorder } from './recorder.js';
import { actionButton, announce, faultBox, fileButton, playButton } from './shell.js';
import { toInt16, waveFile } from './sound-file.js';
import { voiceList } from './voice-list.js';

const MOST_BYTES = 20 << 20;
const SENTENCES = 3;

/**
 * @param onSaved is called with a voice that was saved.
 * @returns `{node, recording, leave}`: `recording()` is the file with its transcript for use in one request, or null after it
 * has said what is missing; `leave()` ends a recording that is under way, for when the panel is no longer seen.
 */
export function referencePanel({ onSaved, isOpenForSaving = false }) {
  let [file, name, sentence, turn, isStarting] = [null, '', 0, 0, false];
  const box = faultBox();
  const recorder = new Recorder();
  const state = h('p.hint', phrase('reference.none'));
  const advice = h('ul.advice', { 'aria-live': 'polite' });
  const transcript = h('textarea', { rows: 2, maxLength: 2000 });
  const upload = fileButton(phrase('reference.upload'), 'audio/*,.wav,.flac,.ogg,.opus,.mp3', async (given) => {
    read.hidden = true;
    if (given.size > MOST_BYTES) box.show(phrase('fault.recording_too_large'));
    else await take(given, given.name);
  }, { box });
  const record = h('button', { type: 'button' });
  const level = h('meter', { min: 0, max: 1, low: 0.1, high: 0.9, optimum: 0.5, value: 0, hidden: true, 'aria-label': phrase('reference.level') });
  const hear = playButton(phrase('reference.hear'), async () => file, { box, hidden: true });
  const script = h('blockquote');
  const read = h('div.script', { hidden: true }, h('p.hint', phrase('reference.readAloud')), script,
    h('button.quiet', { type: 'button', onclick: () => showSentence(sentence + 1) }, phrase('reference.other')));
  const check = actionButton(phrase('reference.check'), () => look(), { box, kind: 'quiet', hidden: true });
  const saving = savingForm();
  const node = h('fieldset.reference', h('legend', phrase('reference.title')), h('p.hint', phrase('reference.explain')),
    h('div.row', upload.button, upload.input, record, level), read, h('div.row', state, hear),
    field(phrase('reference.transcript'), transcript, phrase('reference.transcript.hint')), advice, check, saving.node, box.node);

  const drawRecord = () => {
    fill(record, icon(recorder.isOn ? 'stop' : 'microphone'), phrase(recorder.isOn ? 'reference.stop' : 'reference.record'));
    record.classList.toggle('recording', recorder.isOn);
    level.hidden = !recorder.isOn;
  };
  const showSentence = (index) => {
    sentence = index % SENTENCES;
    say(script, phrase(`reference.sentence.${sentence + 1}`));
    read.hidden = false;
  };
  const take = async (given, givenName) => {
    [file, name] = [given, givenName];
    fill(advice);
    set(hear, { hidden: false });
    set(check, { hidden: false });
    say(state, phrase('reference.chosen', { name: givenName }));
    await look();
  };
  /** Asks the server what it thinks of the file; a later file or question makes the answer void. */
  const look = async () => {
    if (!file) return;
    turn += 1;
    const mine = turn;
    const ask = () => voices.check(file, name, transcript.value.trim());
    let found;
    try {
      found = await ask();
    } catch (fault) {
      if (turn !== mine) return;
      const isStrange = fault instanceof Fault && [400, 415].includes(fault.status) && !name.endsWith('.wav');
      const converted = isStrange && await convert(file).catch(() => null);
      if (turn !== mine) return;
      if (!converted) throw fault;
      [file, name] = [converted, 'recording.wav'];
      found = await ask();
    }
    if (turn !== mine) return;
    say(state, phrase('reference.length', { seconds: () => duration(found.seconds) }));
    fill(advice, found.advice.length ? found.advice.map(adviceLine) : h('li.good', phrase('advice.good')));
  };

  const begin = async () => {
    if (!Recorder.isPossible) {
      box.show(phrase(isSecureContext ? 'fault.microphone_missing' : 'fault.microphone_needs_https', { address: location.host }));
      return;
    }
    showSentence(sentence);
    await recorder.start((value) => { level.value = value; }, () => toggle());
    // The browser's question may have been answered when nobody looked at this panel any more.
    if (!node.offsetParent) await recorder.stop();
    else announce(phrase('reference.recording'));
  };
  const end = async () => {
    const { samples, sampleRate } = await recorder.stop();
    drawRecord();
    transcript.value = t(`reference.sentence.${sentence + 1}`);
    await take(waveFile(toInt16(samples), sampleRate), 'recording.wav');
  };
  const toggle = async () => {
    if (isStarting) return;
    box.show(null);
    isStarting = !recorder.isOn;
    try {
      await (recorder.isOn ? end() : begin());
    } catch (fault) {
      box.show(fault);
    }
    isStarting = false;
    drawRecord();
  };
  const leave = async () => {
    if (!recorder.isOn) return;
    await recorder.stop();
    drawRecord();
  };
  record.addEventListener('click', toggle);
  drawRecord();

  function savingForm() {
    const voiceName = h('input', { type: 'text', maxLength: 200, autocomplete: 'off' });
    const who = h('input', { type: 'text', maxLength: 2000, placeholder: phrase('reference.who.example') });
    const agreed = checkbox(phrase('reference.consent'));
    const trim = checkbox(phrase('reference.trim'));
    const save = actionButton(phrase('reference.save'), async () => {
      if (!ready()) return;
      for (const [input, key] of [[voiceName, 'voice_name_missing'], [who, 'consent_missing']]) {
        if (input.value.trim()) continue;
        box.show(phrase(`fault.${key}`));
        input.focus();
        return;
      }
      if (!agreed.input.checked) {
        box.show(phrase('fault.consent_missing'));
        agreed.input.focus();
        return;
      }
      const voice = await voices.save({
        name: voiceName.value.trim(), transcript: transcript.value.trim(), consent: who.value.trim(), trim: String(trim.input.checked),
      }, file, name);
      await voiceList.refresh();
      announce(phrase('reference.saved', { name: voice.name }));
      voiceName.value = '';
      agreed.input.checked = false;
      onSaved(voice);
    }, { box, kind: isOpenForSaving ? 'primary' : '' });
    return { node: h('details.save', { open: isOpenForSaving }, h('summary', phrase('reference.saveTitle')),
      field(phrase('reference.name'), voiceName), field(phrase('reference.who'), who), agreed.node, trim.node, save) };
  }

  function ready() {
    const missing = !file ? 'recording_missing' : !transcript.value.trim() ? 'transcript_missing' : null;
    if (!missing) return true;
    box.show(phrase(`fault.${missing}`));
    (file ? transcript : upload.button).focus();
    return false;
  }

  return { node, leave, recording: () => (ready() ? { file, name, transcript: transcript.value.trim() } : null) };
}

function adviceLine({ code, severity, message }) {
  const key = `advice.${code}`;
  return h(`li.${severity}`, has(key) ? phrase(key) : message);
}

/** A recording in a form that only the browser reads, such as those of telephones, as a wave file. */
async function convert(file) {
  const context = new OfflineAudioContext(1, 1, 44_100);
  const sound = await context.decodeAudioData(await file.arrayBuffer());
  const mixed = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    sound.getChannelData(channel).forEach((value, index) => { mixed[index] += value / sound.numberOfChannels; });
  }
  return waveFile(toInt16(mixed), sound.sampleRate);
}
