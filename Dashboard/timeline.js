// SPDX-License-Identifier: Apache-2.0
// A chain as a line that one moves along: the event, the state after it, and what it changed.

import { get } from './api.js';
import { eventRow, verifyBadge } from './actor.js';
import { pages, States } from './chain.js';
import { count, data, el, fill } from './dom.js';
import { difference } from './values.js';

/** So many events are shown at a time: of a longer chain, those around a place. */
const eventsMax = 20_000;

/** Shows the timeline of a chain, at a sequence or at its end. */
export async function timelineView(root, signal, text, at) {
  const note = el('p', { class: 'note', role: 'status' }, 'Reading the chain …');
  fill(root, el('h1', {}, 'Timeline'), note);
  const events = [];
  // The state after each event; equal texts are one.
  const states = [];
  let chain;
  let start = 0;
  try {
    chain = await get(`/v1/chains/${encodeURIComponent(text)}`, signal);
    const place = /^\d{1,15}$/.test(at ?? '') && Number(at) < chain.count ? Number(at) : chain.count - 1;
    start = Math.max(0, Math.min(place - eventsMax / 2, chain.count - eventsMax));
    const reader = new States();
    for await (const page of pages(chain.actor, start, signal)) {
      const taken = page.slice(0, eventsMax - events.length);
      events.push(...taken);
      for (const event of taken) states.push(reader.take(event));
      fill(note, `${count(events.length)} events read`);
      if (events.length >= eventsMax) break;
    }
  } catch (error) {
    if (!signal.aborted) fill(note, el('span', { class: 'bad' }, error.message));
    return;
  }
  if (signal.aborted) return;
  if (events.length === 0) { fill(note, 'The chain has no events.'); return; }
  const id = chain.actor;
  const total = Math.max(chain.count, events.at(-1).sequence + 1);
  const isPart = events.length < total;
  const part = (words, sequence) => el('button', {
    type: 'button', onclick: () => { location.hash = `#/actor/${encodeURIComponent(id)}/timeline/${sequence}`; },
  }, words);

  const last = events.length - 1;
  const wanted = events.findIndex((each) => String(each.sequence) === at);
  const slider = el('input', { type: 'range', id: 'scrub', min: '0', max: last, 'aria-label': 'Event', oninput: () => show(Number(slider.value)) });
  const step = (words, label, move) => el('button', { type: 'button', 'aria-label': label, onclick: () => show(Math.min(last, Math.max(0, move(Number(slider.value))))) }, words);
  const place = el('output', { for: 'scrub' });
  const event = el('div');
  const state = el('pre', { class: 'data', id: 'state', tabindex: '0', 'aria-label': 'State' });
  const change = el('div', { class: 'diff data', id: 'diff' });
  fill(root,
    el('div', { class: 'title' }, el('h1', {}, 'Timeline of ', data(chain.name ?? id)), verifyBadge(id, signal)),
    el('p', { class: 'note' }, el('a', { href: `#/actor/${id}` }, 'The actor'),
      isPart ? ` · events ${count(start)} to ${count(events[last].sequence)} of ${count(total)}` : ` · ${count(total)} events`,
      at && wanted < 0 && ` · there is no event ${at}`),
    isPart && el('div', { class: 'row part' }, start > 0 && part('Earlier part', start - 1),
      events[last].sequence + 1 < total && part('Later part', events[last].sequence + 1),
      start > 0 && el('span', { class: 'note' }, 'The state before this part is not known until one of its events tells it.')),
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
    fill(place, `${events[index].sequence} of ${total - 1}`);
    const row = eventRow(events[index]);
    row.open = true;
    fill(event, row);
    fill(state, states[index] ?? (start > 0 ? 'Not known here: no event of this part has told it yet.' : 'The chain does not say.'));
    const isChanged = index > 0 && states[index] !== states[index - 1];
    const isFound = isChanged && start > 0 && states[index - 1] === null;
    fill(change, !isChanged || isFound ? el('p', { class: 'empty' }, isFound ? 'From here on the state is known.'
      : index > 0 ? 'None.' : start > 0 ? 'Not known: this part begins here.' : 'The state that it began with.')
      : difference(states[index - 1] ?? '', states[index] ?? '').map(([sign, line]) =>
        el('div', { class: { '+': 'added', '-': 'removed', ' ': 'same' }[sign] }, `${sign} ${line}`)));
    history.replaceState(null, '', `#/actor/${encodeURIComponent(id)}/timeline/${events[index].sequence}`);
  }

  show(wanted < 0 ? last : wanted);
  slider.focus();
}
