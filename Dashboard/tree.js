// SPDX-License-Identifier: Apache-2.0
// The tree of actors, and the lists of the node: dead letters and denials.

import { rate, steady, watch } from './api.js';
import { facts, pages } from './chain.js';
import { clock, count, data, el, fill, size } from './dom.js';

const rowsMax = 500;
const numbers = ['Calls/s', 'Mailbox', 'Memory', 'Restarts'];

/** The rows of a tree: each actor with its depth. */
function flat(tree) {
  const rows = [];
  const collect = (node, depth) => {
    rows.push([node, depth]);
    for (const child of node.children) collect(child, depth + 1);
  };
  for (const node of tree.roots) collect(node, 0);
  return rows;
}

/** The tree, as it changes. */
export function treeView(root, signal) {
  const body = el('tbody');
  const note = el('p', { class: 'note', role: 'status' });
  const link = el('p', { class: 'bad', role: 'status' });
  fill(root, el('h1', {}, 'Actors'), note, link,
    el('div', { class: 'scroll' }, el('table', { class: 'tree' },
      el('caption', { class: 'hidden' }, 'The live actors below their parents'),
      el('thead', {}, el('tr', {}, ['Actor', 'Status', ...numbers].map((title, i) =>
        el('th', { scope: 'col', class: i > 1 ? 'number' : '' }, title)))), body)));
  let before = new Map();

  watch('/v1/tree/stream?load=true', signal, steady(signal, (tree) => {
    const rows = flat(tree);
    const at = performance.now();
    const now = new Map(rows.map(([node]) => [node.id, { at, calls: node.load?.calls }]));
    const focused = document.activeElement?.getAttribute('href');
    fill(body, rows.slice(0, rowsMax).map(([node, depth]) => row(node, depth, before.get(node.id), now.get(node.id))));
    if (focused) [...body.querySelectorAll('a')].find((each) => each.getAttribute('href') === focused)?.focus();
    before = now;
    fill(note, rows.length === 0 ? 'No actor lives. Start one with theater run --detach.'
      : rows.length > rowsMax ? `The first ${rowsMax} of ${count(rows.length)} actors.` : `${count(rows.length)} live`);
  }), stands(link));

  function row(node, depth, last, now) {
    const { load } = node;
    return el('tr', {},
      el('th', { scope: 'row', class: `depth-${Math.min(depth, 8)}` },
        el('a', { href: `#/actor/${node.id}` }, data(node.name)), el('code', { class: 'id' }, node.id.slice(0, 8))),
      el('td', {}, statusBadge(node.status, node.reason)),
      [load && last?.calls !== undefined ? rate(last, now, 'calls').toFixed(1) : '–',
        load ? count(node.mailbox) : '–', load ? size(load.memory) : '–', count(node.restarts)]
        .map((text, index) => el('td', { class: 'number', 'data-label': numbers[index] }, text)));
  }
}

export const statusBadge = (status, reason) => el('span', { class: `badge ${status}`, title: reason ?? null }, status);

/** Shows how a stream stands while it is not live. */
export const stands = (place) => (words) => fill(place, words === 'live' ? '' : words);

/** The messages that reached nobody. */
export function lettersView(root, signal) {
  const place = el('div');
  const link = el('p', { class: 'bad', role: 'status' });
  fill(root, el('h1', {}, 'Dead letters'), el('p', { class: 'note' }, 'The newest messages that reached nobody.'), link, place);
  watch('/v1/dead-letters/stream', signal, ({ letters, counts }) => {
    const reasons = Object.entries(counts).map(([code, number]) => el('span', { class: 'badge' }, `${code} ${count(number)}`));
    fill(place, el('p', { class: 'badges' }, reasons), letters.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Time', 'From', 'To', 'Kind', 'Size', 'Why'], [...letters].reverse().map((letter) => [
        el('time', {}, clock(letter.time)), data(letter.sender), data(letter.target), letter.kind, size(letter.size), letter.code,
      ])));
  }, stands(link));
}

const deniedActorsMax = 100;
const deniedEventsMax = 100_000;
const denialsMax = 100;

/** What live actors were refused: read from where it was read last, of those whose chains have grown. */
export function denialsView(root, signal) {
  const place = el('div');
  const note = el('p', { class: 'note' });
  const link = el('p', { class: 'bad', role: 'status' });
  fill(root, el('h1', {}, 'Denials'), note, link, place);
  // Of each actor the sequence behind what was read.
  const read = new Map();
  let found = [];
  let shown = null;
  let newest = null;
  let isReading = false;
  fill(place, el('p', { class: 'empty' }, 'Reading the chains …'));

  watch('/v1/tree/stream?load=true', signal, (tree) => {
    newest = tree;
    if (!isReading) readAll();
  }, stands(link));

  async function readAll() {
    isReading = true;
    while (newest && !signal.aborted) {
      const all = flat(newest).map(([node]) => node);
      newest = null;
      const who = all.length > deniedActorsMax ? `the first ${deniedActorsMax} of ${count(all.length)} live actors` : 'live actors';
      fill(note, `What ${who} asked for and had no grant for: the newest ${denialsMax}, from the last `
        + `${count(deniedEventsMax)} events of each chain and those since this page was opened.`);
      for (const actor of all.slice(0, deniedActorsMax)) {
        const length = actor.load?.events ?? 0;
        const from = read.get(actor.id) ?? Math.max(0, length - deniedEventsMax);
        if (from >= length) continue;
        try {
          await readOne(actor, from);
          read.set(actor.id, Math.max(length, read.get(actor.id) ?? 0));
        } catch (error) {
          if (signal.aborted) return;
          fill(link, `${actor.name}: ${error.message}`);
        }
        if (found.length > 0) show();
      }
      show();
    }
    isReading = false;
  }

  async function readOne(actor, from) {
    for await (const events of pages(actor.id, from, signal, 'theater.runtime/denied')) {
      if (events.length === 0) continue;
      read.set(actor.id, events.at(-1).sequence + 1);
      found = [...found, ...events.map((event) => ({ actor, event, facts: facts(event).facts }))]
        .sort((a, b) => Number(BigInt(b.event.time_nanoseconds) - BigInt(a.event.time_nanoseconds))).slice(0, denialsMax);
    }
  }

  function show() {
    if (found === shown) return;
    shown = found;
    fill(place, found.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Time', 'Actor', 'What', 'Why'], found.map((denial) => [
        el('time', {}, clock(denial.event.time)),
        el('a', { href: `#/actor/${denial.actor.id}/timeline/${denial.event.sequence}` }, data(denial.actor.name)),
        data(denial.facts.what ?? ''), data(denial.facts.reason ?? ''),
      ])));
  }
}

export function table(titles, rows) {
  return el('div', { class: 'scroll' }, el('table', {},
    el('thead', {}, el('tr', {}, titles.map((title) => el('th', { scope: 'col' }, title)))),
    el('tbody', {}, rows.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell)))))));
}
