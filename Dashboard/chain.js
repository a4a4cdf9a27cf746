// SPDX-License-Identifier: Apache-2.0
// Reads the events of a chain, checks them, and tells the state that they left. Documentation/JournalFormat.md has the
// formats. Nothing here trusts the node: hashes are computed from the events.

import { actorPath, get } from './api.js';
import { bytesText, decode, hex, print, unbase64, unhex } from './values.js';

const utf8 = new TextDecoder('utf-8');
const ascii = new TextEncoder();

/** Pages of a chain, from an event on. */
export async function* pages(actor, from, signal, types = '') {
  let next = from;
  while (next !== null) {
    const filter = types ? `&type=${encodeURIComponent(types)}` : '';
    const page = await get(actorPath(actor, `/events?from=${next}&limit=500${filter}`), signal);
    yield page.events;
    next = page.next;
  }
}

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  byte() {
    if (this.at >= this.bytes.length) throw new Error('the payload is cut off');
    return this.bytes[this.at++];
  }
  take(length) {
    if (length > this.bytes.length - this.at) throw new Error('the payload is cut off');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  number() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const part = BigInt(this.byte());
      value |= (part & 127n) << shift;
      if (part < 128n) return value;
    }
    throw new Error('a number is too long');
  }
  blob() {
    const length = this.number();
    if (length > BigInt(this.bytes.length)) throw new Error('the payload is cut off');
    return this.take(Number(length));
  }
  text() { return utf8.decode(this.blob()); }
  optional(read) { return this.byte() ? read() : null; }
  list(read) {
    const items = [];
    for (let rest = this.number(); rest > 0n; rest -= 1n) items.push(read());
    return items;
  }
}

const choice = (...names) => (number) => names[number - 1] ?? `unknown (${number})`;
const effect = choice('idempotent', 'once');
const policy = choice('fail', 'retry', 'ask');
const settlement = choice('done', 'not done', 'failed');
const restart = choice('permanent', 'transient', 'temporary');
const letter = choice('message', 'message on a channel', 'end of a channel');
const stage = choice('begun', 'done', 'kept', 'undone');
const yes = (r) => (r.byte() ? 'yes' : 'no');
const shutdown = (r) => {
  const kind = r.byte();
  return kind === 3 ? `within ${r.number()} ns` : choice('kill', 'infinity')(kind);
};
const uuid = (bytes) => hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

// What each tag of a payload has, in order: a list of names with values; bytes are values of the guest.
const payloads = {
  1: (r) => ['spawned', {
    module: hex(r.take(32)), manifest: hex(r.take(32)), name: r.optional(() => r.text()),
    parent: r.optional(() => uuid(r.take(16))), grants: r.list(() => r.text()), state: r.blob(),
  }],
  2: (r) => ['called', {
    function: r.text(), fuel: r.optional(() => r.number()), deadline_nanoseconds: r.optional(() => r.number()), parameters: r.blob(),
  }],
  3: (r) => ['returned', {
    function: r.text(), fuel_used: r.number(), state: r.optional(() => hex(r.take(32))), output: r.blob(),
  }],
  4: (r) => ['failed', { function: r.text(), kind: r.text(), message: r.text() }],
  5: (r) => ['host', { input: r.blob(), output: r.blob() }],
  6: (r) => ['host error', { input: r.blob(), message: r.text() }],
  7: (r) => ['denied', { what: r.text(), reason: r.text() }],
  8: (r) => ['limit', { kind: r.text(), message: r.text() }],
  9: (r) => ['exited', { kind: r.text(), reason: r.text(), result: r.optional(() => r.blob()) }],
  10: (r) => ['intent', { effect: effect(r.byte()), in_doubt: policy(r.byte()), input: r.blob() }],
  11: (r) => ['outcome', { intent: r.number(), output: r.blob() }],
  12: (r) => ['outcome error', { intent: r.number(), message: r.text() }],
  13: (r) => ['settled', { intent: r.number(), outcome: settlement(r.byte()), note: r.text() }],
  14: (r) => ['forked', {
    actor: uuid(r.take(16)), sequence: r.number(), hash: hex(r.take(32)), module: hex(r.take(32)), manifest: hex(r.take(32)),
    name: r.optional(() => r.text()), grants: r.list(() => r.text()), dry_run: r.byte() !== 0, state: r.blob(),
  }],
  15: (r) => ['durable', {
    lives: r.number(), first_mail: r.number(), restart: restart(r.byte()), shutdown: shutdown(r), starts_with_last_state: yes(r),
    is_awaited: yes(r), is_authored: yes(r), origin: r.optional(() => r.text()),
    folder: r.byte() === 2 ? r.optional(() => r.text()) : null, granted_to: r.at < r.bytes.length ? uuid(r.take(16)) : null,
  }],
  16: (r) => ['taken', { mail: r.number() }],
  17: (r) => ['resumed', { call: r.optional(() => r.number()), snapshot: r.optional(() => r.number()) }],
  18: (r) => ['inbox', { actor: uuid(r.take(16)) }],
  19: (r) => ['mail', {
    kind: letter(r.byte()), sender: r.optional(() => uuid(r.take(16))), position: r.optional(() => r.number()), channel: r.text(),
    body: r.blob(),
  }],
  20: (r) => ['mail dropped', { mail: r.number(), reason: r.text() }],
  21: () => ['restarting', {}],
  24: (r) => ['upgrade', {
    stage: stage(r.byte()), from: hex(r.take(32)), to: hex(r.take(32)), manifest: hex(r.take(32)), state: r.blob(), reason: r.text(),
  }],
  25: (r) => ['host', { input: r.blob(), output: r.blob(), redacted: 'true' }],
  26: (r) => ['outcome', { intent: r.number(), output: r.blob(), redacted: 'true' }],
};

/** The facts of an event: `{kind, facts}`. */
export function facts(event) {
  if (event.payload === null) return { kind: 'dropped', facts: {} };
  const bytes = unbase64(event.payload);
  try {
    const reader = new Reader(bytes);
    const version = reader.byte();
    const read = payloads[reader.byte()];
    if (version !== 1 || !read) throw new Error('unknown');
    const [kind, found] = read(reader);
    return { kind, facts: found };
  } catch {
    return { kind: 'unreadable', facts: { payload: bytes } };
  }
}

/** A fact as text. */
export function factText(fact) {
  if (!(fact instanceof Uint8Array)) return Array.isArray(fact) ? fact.join(', ') : String(fact);
  try { return print(decode(fact)); } catch { return bytesText(fact); }
}

const redaction = (found) => (found.redacted ? ' (redacted: the code got something else)' : '');

/** An event in one line. */
export function summary(event) {
  const { kind, facts: found } = facts(event);
  const line = (fact) => factText(fact).replace(/\s+/g, ' ').slice(0, 200);
  switch (kind) {
    case 'called': return `${found.function} ${line(found.parameters)}`;
    case 'returned': return `${found.function} → ${line(found.output)}`;
    case 'failed': return `${found.function}: ${found.message}`;
    case 'host':
      return event.type.endsWith('/log') ? logLine(event) : `${line(found.input)} → ${line(found.output)}${redaction(found)}`;
    case 'host error': return `${line(found.input)} → ${found.message}`;
    case 'denied': return `${found.what}: ${found.reason}`;
    case 'limit': return `${found.kind}: ${found.message}`;
    case 'exited': return [found.kind, found.reason].filter(Boolean).join(': ');
    case 'spawned': case 'forked': return found.name ?? '';
    case 'intent': return line(found.input);
    case 'outcome': return `of ${found.intent} → ${line(found.output)}${redaction(found)}`;
    case 'taken': return `mail ${found.mail}`;
    case 'mail': return `${found.kind} from ${found.sender ?? 'outside'} ${line(found.body)}`;
    case 'mail dropped': return `mail ${found.mail}: ${found.reason}`;
    case 'upgrade': return found.reason || `${found.from.slice(0, 12)} → ${found.to.slice(0, 12)}`;
    case 'dropped': return 'its payload was dropped';
    default: return '';
  }
}

export const isLog = (event) => event.type === 'theater:simple/runtime/log';
/** What an actor logged. */
export function logLine(event) {
  try {
    let value = decode(facts(event).facts.input);
    while (value.items?.length === 1) [value] = value.items;
    return value.kind === 'string' ? value.value : print(value);
  } catch {
    return '(unreadable)';
  }
}

// MARK: Checking

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

async function hashOf(event) {
  const type = ascii.encode(event.type);
  const fields = new DataView(new ArrayBuffer(16));
  fields.setBigUint64(0, BigInt(event.sequence), true);
  fields.setBigUint64(8, BigInt.asUintN(64, BigInt(event.time_nanoseconds)), true);
  return hex(await sha256(join(
    ascii.encode('theater.event.1\0'), unhex(event.parent), new Uint8Array(fields.buffer), unhex(event.payload_digest),
    Uint8Array.of(type.length & 255, type.length >> 8), type)));
}

/** Checks a whole chain as far as it goes at present.
 *
 * Returns `{count, head}`; throws what is wrong with which event. `progress` gets the number of events so far.
 */
export async function verify(actor, signal, progress) {
  if (!crypto.subtle) throw new Error('this browser checks only pages from 127.0.0.1 or localhost');
  let head = hex(await sha256(join(ascii.encode('theater.chain.1\0'), unhex(actor.replaceAll('-', '')))));
  let sequence = 0;
  for await (const events of pages(actor, 0, signal)) {
    for (const event of events) {
      const wrong = (why) => { throw new Error(`event ${event.sequence} ${why}`); };
      if (event.actor !== actor) wrong('belongs to another actor');
      if (event.sequence !== sequence) wrong(`stands where event ${sequence} should`);
      if (event.parent !== head) wrong('does not follow the one before it');
      if (event.payload !== null && hex(await sha256(unbase64(event.payload))) !== event.payload_digest) {
        wrong('has another payload than its digest says');
      }
      head = await hashOf(event);
      if (event.hash !== head) wrong('has another hash than its content gives');
      sequence += 1;
    }
    progress(sequence);
  }
  return { count: sequence, head };
}

// MARK: States

/** Tells the states that a chain left, event by event in order: feed each to `take`.
 *
 * It may begin anywhere in a chain. Then no state is known until an event has one whole, or until what one call answered is
 * what the next one begins with.
 */
export class States {
  constructor() { this.current = null; this.open = null; this.guesses = []; }

  /** Takes the next event; returns the text of the state after it, or `null` while none is known. */
  take(event) {
    const { kind, facts: found } = facts(event);
    if (kind === 'spawned' || kind === 'forked') this.set(found.state);
    if (kind === 'upgrade' && found.stage !== 'begun' && found.state.length) this.set(found.state);
    if (kind === 'called') this.call(found);
    if (kind === 'returned' && this.open?.function === found.function) this.answer(found);
    return this.current;
  }

  set(bytes) {
    const value = attempt(() => decode(bytes));
    this.value = value;
    this.current = value ? print(value) : factText(bytes);
  }

  call(found) {
    const parameters = attempt(() => decode(found.parameters));
    const first = parameters?.kind === 'tuple' ? parameters.items[0] : null;
    const whole = first && print(first);
    if (this.current === null && whole !== null && this.guesses.includes(whole)) { this.value = first; this.current = whole; }
    this.guesses = [];
    // A call with the state has it as its first argument, which settles whether the last answer was understood.
    // What a migration answers is in the event of its upgrade.
    const takes = found.function === 'theater:simple/actor.init'
      || (found.function !== 'theater:simple/actor.migrate' && whole !== null && [this.current, this.other].includes(whole));
    if (takes && whole !== null && whole === this.other) { this.value = first; this.current = whole; }
    if (takes) this.other = undefined;
    this.open = { function: found.function, takes, whole };
  }

  answer(found) {
    const { takes, whole } = this.open;
    this.open = null;
    const answer = attempt(() => decode(found.output));
    if (!answer || answer.kind === 'err') return;
    const state = answer.kind === 'ok' ? answer.items[0] : answer;
    const parts = answer.kind === 'ok' && state.kind === 'tuple' && state.items.length > 0;
    if (!takes) {
      // One that answers with what it was given may just do that, and have no state.
      const all = [print(state), parts ? print(state.items[0]) : null];
      if (this.current === null) this.guesses = parts ? all : all.filter((text) => text !== whole);
      return;
    }
    this.other = parts ? print(state) : undefined;
    this.value = parts ? state.items[0] : state;
    this.current = print(this.value);
  }
}

function attempt(work) {
  try { return work(); } catch { return undefined; }
}
