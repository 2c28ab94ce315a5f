// Server-sent events of a response's body: EventSource can send neither a body nor a key.

/** Yields `{name, data, id}` for each event; comments are passed over. */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
}

function parse(block) {
  let [name, data, id] = ['message', '', undefined];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    const key = line.slice(0, colon);
    if (key === 'event') name = value;
    else if (key === 'id') id = value;
    else if (key === 'data') data += (data && '\n') + value;
  }
  return data ? { name, data: JSON.parse(data), id } : null;
}

/** The 16-bit samples that base64 carries. */
export function samplesOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}
