// SPDX-License-Identifier: Apache-2.0
// Asks the node. The token lives as long as the browser's tab, and goes out in a header, never as a cookie.

const key = 'theater.token';
export const token = {
  get: () => sessionStorage.getItem(key) ?? '',
  set: (text) => sessionStorage.setItem(key, text),
  clear: () => sessionStorage.removeItem(key),
};

/** An answer that says why something was not done. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(`${detail}${code ? ` [${code}]` : ''}`);
    this.status = status;
    this.code = code;
  }
}

// Nanoseconds do not fit a number: they stay digits. A quote inside of a string has a backslash before it.
const parse = (text) => JSON.parse(text.replace(/"time_nanoseconds":(-?\d+)/g, '"time_nanoseconds":"$1"'));

function headers(more) {
  return token.get() ? { Authorization: `Bearer ${token.get()}`, ...more } : { ...more };
}

async function fetched(path, options = {}) {
  let response;
  const used = token.get();
  try {
    response = await fetch(path, {
      ...options, headers: headers(options.headers), credentials: 'omit', cache: 'no-store', redirect: 'error',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, '', 'The node cannot be reached.');
  }
  if (response.ok) return response;
  const text = await response.text();
  let problem = {};
  try { problem = parse(text); } catch { /* Not one of the node's own answers. */ }
  const failure = new Problem(response.status, problem.code ?? '', problem.detail ?? `The answer was ${response.status}.`);
  // Another token may have been entered since.
  if (response.status === 401 && used === token.get()) window.dispatchEvent(new Event('theater-credential'));
  throw failure;
}

export const actorPath = (actor, rest = '') => `/v1/actors/${encodeURIComponent(actor)}${rest}`;

export async function get(path, signal) {
  return parse(await (await fetched(path, { signal })).text());
}

export async function post(path, body, type) {
  return fetched(path, { method: 'POST', body, headers: { 'Content-Type': type } });
}

// A stream says that it lives every 15 s: one that has been silent for three times as long is connected to again.
const silenceMax = 45_000;

/** Follows a stream of server-sent events until `signal`, and connects again behind the last event it had.
 *
 * `take(name, data)` gets each message, `state(words)` how it stands: `live`, `connecting again`, or the end's reason.
 */
export async function follow(path, from, signal, take, state) {
  let last = null;
  let next = from;
  let pause = 250;
  while (!signal.aborted) {
    const connection = new AbortController();
    const both = AbortSignal.any([signal, connection.signal]);
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => connection.abort(), silenceMax);
    };
    try {
      heard();
      const start = last === null && next !== null ? `?from=${next}` : '';
      const response = await fetched(path + start, {
        signal: both, headers: { Accept: 'text/event-stream', ...(last === null ? {} : { 'Last-Event-ID': last }) },
      });
      state('live');
      for await (const message of messages(response.body, both, heard)) {
        pause = 250;
        if (message.id !== null) last = message.id;
        const data = parse(message.data || '{}');
        if (message.name === 'start' && last === null) next = data.next ?? null;
        if (message.name === 'end' && data.reason === 'finished') return state('over');
        take(message.name, data);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && [401, 403, 404, 410].includes(error.status)) return state(error.message);
    } finally {
      clearTimeout(silence);
      connection.abort();
    }
    state('connecting again');
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, 8000);
  }
}

/** Watches something until `signal`: `take` gets it at once, and again whenever it has changed.
 *
 * A hidden page rests: a browser has few connections to a node, and those are for the pages that are seen.
 */
export async function watch(path, signal, take, state) {
  while (!signal.aborted) {
    await seen();
    const rest = new AbortController();
    const both = AbortSignal.any([signal, rest.signal]);
    const hide = () => { if (document.hidden) rest.abort(); };
    document.addEventListener('visibilitychange', hide);
    await follow(path, null, both, (name, value) => { if (name === 'value' && !both.aborted) take(value); }, state);
    document.removeEventListener('visibilitychange', hide);
    if (!rest.signal.aborted) return;
  }
}

const seen = () => new Promise((done) => {
  if (!document.hidden) done();
  else document.addEventListener('visibilitychange', () => done(), { once: true });
});

/** Gives what came last once more when nothing else has come for a while: what is computed from changes falls to zero. */
export function steady(signal, take) {
  let timer;
  signal.addEventListener('abort', () => clearInterval(timer));
  return (value) => {
    clearInterval(timer);
    timer = setInterval(() => { if (!document.hidden) take(value); }, 2000);
    take(value);
  };
}

/** How much a number grew in a second between two samples with their times `at`. What came has gathered for a second. */
export const rate = (before, now, name) => (now[name] - before[name]) * 1000 / Math.max(now.at - before.at, 1000);

const messageMax = 400 << 20;
/** The messages of a body; `heard` is called for all that comes, heartbeats too. */
async function* messages(body, signal, heard) {
  const reader = body.pipeThrough(new TextDecoderStream(), { signal }).getReader();
  let parts = [];
  let held = 0;
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    held += value.length;
    if (held > messageMax) throw new Problem(0, '', 'The stream has a message that is too long.');
    if (!value.includes('\n')) { parts.push(value); continue; }
    rest += parts.join('') + value;
    parts = [];
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const message = { name: 'message', id: null, data: '' };
      for (const line of rest.slice(0, end).split('\n')) {
        if (line.startsWith('event:')) message.name = line.slice(6).trim();
        else if (line.startsWith('id:')) message.id = line.slice(3).trim();
        else if (line.startsWith('data:')) message.data += line.slice(5).replace(/^ /, '');
      }
      rest = rest.slice(end + 2);
      if (message.data) yield message;
    }
    held = rest.length;
  }
}

/** Does work now and again after a pause, until `signal`; a hidden page rests. */
export async function repeat(signal, pause, work, failed) {
  while (!signal.aborted) {
    if (!document.hidden) {
      try { await work(); } catch (error) {
        if (signal.aborted) return;
        failed(error);
      }
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}
