// All requests to the server. Failures are `Fault`s, whose codes `faults.js` turns into sentences.
import { keep, recall } from './keep.js';
import { readEvents } from './events.js';

/** What went wrong: a code of docs/API.md, or `server_gone`, `connection_lost`. */
export class Fault extends Error {
  constructor(code, { message = code, status = 0, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { code, status, retryAfter });
  }
}

/** A server that says nothing for so long is not there. */
const LONGEST_SILENCE_MS = 8000;

let askForKey = null;
/** Whether the person closed the dialog: what the page asks by itself must not open it again and again. */
let isDeclined = false;
let asking = null;

/** Sets what asks the person for a key: a function that returns a promise of it, or of null. */
export const onKeyNeeded = (ask) => { askForKey = ask; };

/** Asks the person for a key, once for all who need it; promises whether there is a new one. The document hears `keygiven`. */
export function enterKey(code = 'missing_api_key') {
  asking ??= askOnce(code).finally(() => { asking = null; });
  return asking;
}

async function askOnce(code) {
  const given = await askForKey(code);
  isDeclined = !given;
  if (!given) return false;
  keep('key', given);
  document.dispatchEvent(new Event('keygiven'));
  return true;
}

/**
 * Sends a request. `json` or `form` are bodies; `headers` go with them.
 * @returns the response, whose status is 2xx.
 * @throws Fault, or AbortError where `signal` was used.
 */
async function send(method, path, { json, form, body, headers = {}, signal } = {}) {
  const key = recall('key');
  const options = { method, signal, body: form ?? body, headers: { ...headers } };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    options.headers['Content-Type'] = 'application/json';
  }
  if (key) options.headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Fault('server_gone');
  }
  if (response.ok) return response;
  const fault = await faultOf(response);
  if (fault.status !== 401) throw fault;
  // An answer to a key that was replaced meanwhile says nothing about the one that is there.
  const isOld = recall('key') !== key;
  const mayAsk = askForKey && !(isDeclined && method === 'GET');
  if (!isOld && !(mayAsk && await enterKey(fault.code))) throw fault;
  return send(method, path, { json, form, body, headers, signal });
}

async function faultOf(response) {
  let error = {};
  try { error = (await response.json()).error ?? {}; } catch { /* Not ours: a proxy's page, say. */ }
  return new Fault(error.code ?? (response.status >= 500 ? 'server_trouble' : 'refused'), {
    message: error.message ?? '', status: response.status,
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
  });
}

const path = (...parts) => `api/v1/${parts.map(encodeURIComponent).join('/')}`;
const query = (values) => `?${new URLSearchParams(values)}`;
const getJSON = async (address) => (await send('GET', address)).json();
const blob = async (address) => (await send('GET', address)).blob();

/** A form of fields and one file. */
function formOf(fields, name, file, fileName = file.name) {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append(name, file, fileName);
  return form;
}

/** Fields with a recording become a form, others JSON. */
function speechBody(fields, recording) {
  if (!recording) return { json: fields };
  return { form: formOf({ ...fields, prompt_text: recording.transcript }, 'prompt_audio', recording.file, recording.name) };
}

/**
 * Speaks, with events of all that happens.
 * @param hear is called with the response's headers first of all (`begin`), then with the name and the data of events.
 * @throws Fault, also where the line was lost before the last event.
 */
export async function speak(fields, recording, signal, hear) {
  const body = speechBody({ ...fields, stream: 'events' }, recording);
  const response = await send('POST', 'api/v1/speech', { ...body, signal });
  hear('begin', {
    sampleRate: Number(response.headers.get('X-Audio-Sample-Rate')),
    historyId: response.headers.get('X-Mynah-History-Id'),
  });
  await listen(response, 'done', hear, signal);
}

/** Reads events up to the one of the name `end`. */
async function listen(response, end, hear, signal) {
  if (response.status === 204) return; // All of it was heard before.
  let isOver = false;
  try {
    for await (const event of readEvents(response.body)) {
      if (event.name === 'error') {
        const error = event.data.error ?? {};
        // The answer had begun by then: what its status would have been is the server's trouble.
        throw new Fault(error.code ?? 'server_trouble', { message: error.message, status: 500 });
      }
      hear(event.name, event.data, event.id);
      if (event.name === end) isOver = true;
    }
  } catch (error) {
    if (error instanceof Fault || signal?.aborted) throw error;
    throw new Fault('connection_lost');
  }
  if (!isOver) throw new Fault('connection_lost');
}

/** Speaks once more, as a file. With the same seed it is the same speech. */
export async function speakFile(fields, recording) {
  return (await send('POST', 'api/v1/speech', speechBody({ ...fields, stream: 'audio' }, recording))).blob();
}

export const models = () => getJSON(path('models'));
export const status = () => getJSON(path('status'));
export const health = async () => {
  const response = await fetch('health/ready', { signal: AbortSignal.timeout(LONGEST_SILENCE_MS) }).catch(() => null);
  return response?.json().catch(() => null) ?? null;
};

export const voices = {
  list: async () => (await getJSON(path('voices'))).voices,
  preview: (id) => blob(path('voices', id, 'preview')),
  export: (id) => blob(path('voices', id, 'export')),
  rename: async (id, name) => (await send('PATCH', path('voices', id), { json: { name } })).json(),
  remove: (id, spoken = false) => send('DELETE', path('voices', id) + (spoken ? query({ spoken: 'delete' }) : '')),
  check: async (file, name, transcript) => {
    const form = formOf(transcript ? { transcript } : {}, 'audio', file, name);
    return (await send('POST', path('voices', 'check'), { form })).json();
  },
  save: async (fields, file, name) => (await send('POST', path('voices'), { form: formOf(fields, 'audio', file, name) })).json(),
  import: async (file) => (await send('POST', path('voices', 'import'), {
    body: file, headers: { 'Content-Type': 'application/zip' },
  })).json(),
};

export const history = {
  page: (before) => getJSON(path('history') + query(before ? { limit: 20, before } : { limit: 20 })),
  audio: (id, format) => blob(path('history', id, 'audio') + query({ format })),
  subtitles: (id, format) => blob(path('history', id, 'subtitles') + query({ format })),
  remove: (id) => send('DELETE', path('history', id)),
  clear: () => send('DELETE', path('history')),
};

export const jobs = {
  page: () => getJSON(path('jobs') + query({ limit: 20 })),
  one: (id) => getJSON(path('jobs', id)),
  make: async (fields, file) => {
    const headers = { 'Idempotency-Key': crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
    const body = file ? { form: formOf(fields, 'file', file) } : { json: fields };
    return (await send('POST', path('jobs'), { ...body, headers })).json();
  },
  remove: (id) => send('DELETE', path('jobs', id)),
  audio: (id, format) => blob(path('jobs', id, 'audio') + query({ format })),
  archive: (id, format) => blob(path('jobs', id, 'archive') + query({ format })),
  subtitles: (id, format) => blob(path('jobs', id, 'subtitles') + query({ format })),
  part: (id, index, format) => blob(path('jobs', id, 'parts', index, 'audio') + query({ format })),
  listen: async (id, last, signal, hear) => {
    const headers = last ? { 'Last-Event-ID': last } : {};
    await listen(await send('GET', path('jobs', id, 'events'), { headers, signal }), 'end', hear, signal);
  },
};

export const system = {
  settings: () => getJSON(path('settings')),
  change: async (json) => (await send('PATCH', path('settings'), { json })).json(),
  logs: async (level) => (await getJSON(path('logs') + query({ level, limit: 1000 }))).lines,
  load: (model) => send('POST', path('models', 'load'), { json: { model } }),
  unload: () => send('POST', path('models', 'unload')),
  storage: () => getJSON(path('storage')),
};

export const keys = {
  list: async () => (await getJSON(path('keys'))).keys,
  make: async (json) => (await send('POST', path('keys'), { json })).json(),
  change: async (id, json) => (await send('PATCH', path('keys', id), { json })).json(),
  revoke: (id) => send('DELETE', path('keys', id)),
};
