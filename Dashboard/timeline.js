// SPDX-License-Identifier: Apache-2.0
// A chain as a line that one moves along: the event, the state after it, and what it changed.

import { actorPath, get } from './api.js';
import { eventRow, verifyBadge } from './actor.js';
import { pages, States } from './chain.js';
import { count, data, el, fill } from './dom.js';
import { difference } from './values.js';

/** So many events are kept at a time; longer chains are shown up to there. */
const eventsMax = 20_000;

/** Shows the timeline of a chain, at a sequence or at its end. */
export async function timelineView(root, signal, text, at) {
  const note = el('p', { class: 'note', role: 'status' }, 'Reading the chain …');
  fill(root, el('h1', {}, 'Timeline'), note);
  const events = [];
  // The state after each event; equal texts are one.
  const states = [];
  let id = text;
  let name = text;
  let isWhole = true;
  try {
    const found = await get(actorPath(text), signal).catch((error) => { if (error.status === 401) throw error; return null; });
    if (found) ({ id, name } = found);
    const reader = new States();
    for await (const page of pages(id, 0, signal)) {
      for (const event of page) {
        events.push(event);
        states.push(reader.take(event));
      }
      fill(note, `${count(events.length)} events read`);
      if (events.length >= eventsMax) { isWhole = false; break; }
    }
  } catch (error) {
    if (!signal.aborted) fill(note, el('span', { class: 'bad' }, error.message));
    return;
  }
  if (signal.aborted) return;
  if (events.length === 0) { fill(note, 'The chain has no events.'); return; }
  id = events[0].actor;

  const last = events.length - 1;
  const slider = el('input', { type: 'range', id: 'scrub', min: '0', max: last, 'aria-label': 'Event', oninput: () => show(Number(slider.value)) });
  const step = (words, label, move) => el('button', { type: 'button', 'aria-label': label, onclick: () => show(Math.min(last, Math.max(0, move(Number(slider.value))))) }, words);
  const place = el('output', { for: 'scrub' });
  const event = el('div');
  const state = el('pre', { class: 'data', id: 'state', tabindex: '0', 'aria-label': 'State' });
  const change = el('div', { class: 'diff data', id: 'diff' });
  fill(root,
    el('div', { class: 'title' }, el('h1', {}, 'Timeline of ', data(name)), verifyBadge(id, signal)),
    el('p', { class: 'note' }, el('a', { href: `#/actor/${id}` }, 'The actor'), ` · ${count(events.length)} events`, !isWhole && ' (the first ones)'),
    el('section', { class: 'card scrubber', 'aria-label': 'Place' },
      slider,
      el('div', { class: 'row' }, step('⇤', 'First event', () => 0), step('‹', 'Event before', (i) => i - 1), place,
        step('›', 'Next event', (i) => i + 1), step('⇥', 'Last event', () => last),
        step('Δ ›', 'Next change of the state', (i) => { const next = states.findIndex((each, j) => j > i && each !== states[j - 1]); return next < 0 ? last : next; }))),
    el('section', { class: 'card', 'aria-label': 'Event' }, el('h2', {}, 'Event'), event),
    el('div', { class: 'columns' },
      el('section', { class: 'card', 'aria-label': 'State' }, el('h2', {}, 'State after it'), state),
      el('section', { class: 'card', 'aria-label': 'Change' }, el('h2', {}, 'Change by it'), change)));

  function show(index) {
    slider.value = index;
    fill(place, `${events[index].sequence} of ${events[last].sequence}`);
    const row = eventRow(events[index]);
    row.open = true;
    fill(event, row);
    fill(state, states[index] ?? 'The chain does not say.');
    const isChanged = index > 0 && states[index] !== states[index - 1];
    fill(change, !isChanged ? el('p', { class: 'empty' }, index === 0 ? 'The state that it began with.' : 'None.')
      : difference(states[index - 1] ?? '', states[index] ?? '').map(([sign, line]) =>
        el('div', { class: { '+': 'added', '-': 'removed', ' ': 'same' }[sign] }, `${sign} ${line}`)));
    history.replaceState(null, '', `#/actor/${encodeURIComponent(id)}/timeline/${events[index].sequence}`);
  }

  const wanted = events.findIndex((each) => String(each.sequence) === at);
  show(wanted < 0 ? last : wanted);
  slider.focus();
}
