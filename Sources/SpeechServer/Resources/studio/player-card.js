// What was spoken: how it goes, the waveform, read-along, and the files.
import { history, speakFile } from './api.js';
import { draft } from './draft.js';
import { fill, h, icon, redraw, say, set } from './dom.js';
import { clock, duration, number, phrase } from './i18n.js';
import { ReadAlong } from './read-along.js';
import { server } from './server-state.js';
import { actionButton, announce, faultBox } from './shell.js';
import { download, fileName, subtitles, waveFile } from './sound-file.js';
import { Waveform } from './waveform.js';

/** The card of a `Speech`. */
export function playerCard(speech) {
  const { player } = speech;
  const status = h('p.status');
  const facts = h('dl.facts');
  const canvas = h('canvas.wave', { 'aria-hidden': 'true' });
  const seek = h('input.seek', {
    type: 'range', min: 0, max: 0, step: 0.1, value: 0, 'aria-label': phrase('player.seek'),
  });
  const time = h('span.time');
  const toggle = h('button.round', { type: 'button' });
  const words = h('div.read-along', { tabIndex: 0, role: 'region', 'aria-label': phrase('player.text') });
  const box = faultBox();
  const files = h('div.row.files');
  const node = h('section.card.player', { hidden: true, 'aria-label': phrase('player.title') },
    h('div.row.between', status, facts), h('div.deck', toggle, h('div.wave-box', canvas, seek), time), words, files, box.node);
  const wave = new Waveform(canvas);
  const reading = new ReadAlong(words);

  toggle.addEventListener('click', () => {
    if (player.isOn) player.pause();
    else player.play();
  });
  seek.addEventListener('input', () => player.seek(Number(seek.value)));

  const drawPosition = () => {
    const seconds = player.positionSeconds;
    const whole = speech.isUnderWay ? Math.max(speech.facts.expected ?? 0, player.seconds) : player.seconds;
    wave.show(seconds, whole);
    time.textContent = `${clock(seconds)} / ${speech.isUnderWay ? '≈' : ''}${clock(whole)}`;
    set(seek, { max: player.seconds.toFixed(1), disabled: !player.length });
    seek.value = seconds.toFixed(1);
    seek.setAttribute('aria-valuetext', `${duration(seconds)} / ${duration(whole)}`);
    reading.expect(whole);
    reading.show(player.state === 'ended' || player.length === 0 ? -1 : seconds);
  };
  const drawToggle = () => {
    fill(toggle, icon(player.isOn ? 'pause' : 'play'));
    set(toggle, { 'aria-label': phrase(player.isOn ? 'player.pause' : 'player.play'), disabled: !player.length });
  };
  const draw = () => {
    node.hidden = speech.state === 'idle' || (speech.state === 'failed' && !player.length);
    say(status, statusOf(speech));
    drawFacts(facts, speech);
    drawToggle();
    drawPosition();
    const isDone = ['done', 'stopped', 'failed'].includes(speech.state) && player.length > 0;
    files.hidden = !isDone;
    if (isDone) drawFiles(files, speech, box);
  };
  speech.addEventListener('begin', () => {
    reading.begin(speech.fields.text);
    wave.begin(player.sampleRate);
    box.show(null);
  });
  speech.addEventListener('samples', ({ detail }) => wave.add(detail));
  speech.addEventListener('mark', ({ detail }) => reading.mark(detail));
  speech.addEventListener('change', draw);
  player.addEventListener('change', () => {
    drawToggle();
    drawPosition();
    say(status, statusOf(speech));
  });
  player.addEventListener('position', drawPosition);
  document.addEventListener('languagechange', draw);
  announceChanges(speech);
  server.addEventListener('change', draw);
  draft.addEventListener('change', ({ detail }) => { if (detail.includes('format')) draw(); });
  draw();
  return node;
}

/** How a speech goes, in words; null where there is nothing to say. */
export function statusOf(speech) {
  const { facts, player } = speech;
  switch (speech.state) {
    case 'asking': return phrase('status.asking');
    case 'retrying': return phrase('status.retrying', { seconds: () => number(facts.retryIn) });
    case 'waiting':
      // Who is next may be on at once.
      return phrase(facts.position > 0 || facts.eta >= 1 ? 'status.queued' : 'status.asking', {
        position: facts.position + 1, eta: () => duration(facts.eta),
      });
    case 'speaking':
      if (player.state === 'waiting' && player.underruns) return phrase('status.gathering');
      return phrase('status.speaking', { made: () => duration(player.seconds), all: () => duration(facts.expected ?? 0) });
    case 'done':
      return phrase(facts.isComplete === false ? 'status.cut' : 'status.done', { seconds: () => duration(facts.seconds) });
    case 'stopped':
      return player.length ? phrase('status.stopped', { seconds: () => duration(player.seconds) }) : phrase('status.stoppedEarly');
    case 'failed': return player.length ? phrase('status.failed', { seconds: () => duration(player.seconds) }) : null;
    default: return null;
  }
}

/** Only what matters to an ear: the beginning, the end, the place in the queue. */
function announceChanges(speech) {
  let before = '';
  speech.addEventListener('change', () => {
    const isNews = speech.state !== before && ['waiting', 'done', 'stopped'].includes(speech.state);
    before = speech.state;
    if (isNews) announce(statusOf(speech));
  });
}

function drawFacts(list, { facts }) {
  const values = [
    ['first', facts.heardAfter, (value) => phrase('fact.seconds', { n: () => number(value, 2) })],
    ['rtf', facts.rtf, (value) => phrase('fact.plain', { n: () => number(value, 2) })],
    ['seed', facts.seed, (value) => value],
  ];
  fill(list, values.filter(([, value]) => value != null).map(([name, value, show]) =>
    h('div', h('dt', { title: phrase(`fact.${name}.help`) }, phrase(`fact.${name}`)), h('dd', show(value)))));
}

/**
 * Buttons for the files, the preferred format first. Of a speech that did not come to its end there is what was heard; subtitles
 * need a part that is over.
 */
function drawFiles(node, speech, box) {
  const isWhole = speech.state === 'done';
  const { marks } = speech.facts;
  const wished = draft.get('format');
  const formats = isWhole ? [...server.formats].sort((one, other) => (other === wished) - (one === wished)) : ['wav'];
  const soundOf = async (format) => {
    const { facts, player, fields, recording } = speech;
    if (format === 'wav') return waveFile(player.samples(), player.sampleRate);
    if (facts.historyId && !fields.sample_rate) return history.audio(facts.historyId, format);
    return speakFile({ ...fields, format, seed: Number(facts.seed), history: false }, recording);
  };
  const chip = (label, format, make, kind = 'chip') => actionButton(format.toUpperCase(), async () => {
    download(await make(format), fileName(speech.fields.text, format));
  }, { box, kind, 'aria-label': phrase(label, { format: format.toUpperCase() }) });
  redraw(node, [formats, wished, marks.length > 0], () => [
    h('span.label', phrase('player.download')),
    formats.map((format) => chip('player.downloadAs', format, soundOf, format === wished ? 'chip.wished' : 'chip')),
    marks.length > 0 && [
      h('span.label', phrase('player.subtitles')),
      ['srt', 'vtt'].map((format) => chip('player.subtitlesAs', format, () => subtitles(speech.facts.marks, format))),
    ],
    actionButton(phrase('player.keepSeed'), async () => {
      draft.set({ seed: speech.facts.seed });
      announce(phrase('player.seedKept'));
    }, { kind: 'quiet' }),
  ]);
}
