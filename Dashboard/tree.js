// SPDX-License-Identifier: Apache-2.0
// The tree of actors, and the lists of the node: dead letters and denials.

import { actorPath, get, repeat } from './api.js';
import { facts } from './chain.js';
import { clock, count, data, el, fill, size } from './dom.js';

const rowsMax = 500;
const metricsMax = 60;
const numbers = ['Calls/s', 'Mailbox', 'Memory', 'Restarts'];

/** The tree, read again every second. */
export function treeView(root, signal) {
  const body = el('tbody');
  const note = el('p', { class: 'note', role: 'status' });
  fill(root, el('h1', {}, 'Actors'), note,
    el('div', { class: 'scroll' }, el('table', { class: 'tree' },
      el('caption', { class: 'hidden' }, 'The live actors below their parents'),
      el('thead', {}, el('tr', {}, ['Actor', 'Status', ...numbers].map((title, i) =>
        el('th', { scope: 'col', class: i > 1 ? 'number' : '' }, title)))), body)));
  const before = new Map();

  repeat(signal, 1000, async () => {
    const tree = await get('/v1/tree', signal);
    const rows = [];
    const collect = (node, depth) => {
      rows.push([node, depth]);
      for (const child of node.children) collect(child, depth + 1);
    };
    for (const node of tree.roots) collect(node, 0);
    const shown = rows.slice(0, rowsMax);
    const details = await Promise.all(shown.slice(0, metricsMax).map(([node]) =>
      get(actorPath(node.id), signal).catch(() => null)));
    const focused = document.activeElement?.getAttribute('href');
    fill(body, shown.map(([node, depth], index) => row(node, depth, details[index]?.metrics)));
    if (focused) [...body.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
    const live = new Set(rows.map(([node]) => node.id));
    for (const id of before.keys()) if (!live.has(id)) before.delete(id);
    fill(note, rows.length === 0 ? 'No actor lives. Start one with theater run --detach.'
      : rows.length > rowsMax ? `The first ${rowsMax} of ${count(rows.length)} actors.` : `${count(rows.length)} live`);
  }, (error) => fill(note, el('span', { class: 'bad' }, error.message)));

  function row(node, depth, metrics) {
    const now = performance.now();
    const last = before.get(node.id);
    let rate = '–';
    if (metrics) {
      if (last) rate = ((metrics.calls - last.calls) * 1000 / (now - last.now)).toFixed(1);
      before.set(node.id, { calls: metrics.calls, now });
    }
    return el('tr', {},
      el('th', { scope: 'row', class: `depth-${Math.min(depth, 8)}` },
        el('a', { href: `#/actor/${node.id}` }, data(node.name)), el('code', { class: 'id' }, node.id.slice(0, 8))),
      el('td', {}, statusBadge(node.status, node.reason)),
      [rate, metrics ? count(metrics.mailbox_depth) : '–', metrics ? size(metrics.memory) : '–', count(node.restarts)]
        .map((text, index) => el('td', { class: 'number', 'data-label': numbers[index] }, text)));
  }
}

export const statusBadge = (status, reason) => el('span', { class: `badge ${status}`, title: reason ?? null }, status);

/** The messages that reached nobody. */
export function lettersView(root, signal) {
  const place = el('div');
  fill(root, el('h1', {}, 'Dead letters'), el('p', { class: 'note' }, 'The newest messages that reached nobody.'), place);
  repeat(signal, 2000, async () => {
    const { letters, counts } = await get('/v1/dead-letters', signal);
    const reasons = Object.entries(counts).map(([code, number]) => el('span', { class: 'badge' }, `${code} ${count(number)}`));
    fill(place, el('p', { class: 'badges' }, reasons), letters.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Time', 'From', 'To', 'Kind', 'Size', 'Why'], [...letters].reverse().map((letter) => [
        el('time', {}, clock(letter.time)), data(letter.sender), data(letter.target), letter.kind, size(letter.size), letter.code,
      ])));
  }, (error) => fill(place, el('p', { class: 'bad' }, error.message)));
}

/** What live actors were refused. */
export function denialsView(root, signal) {
  const place = el('div');
  fill(root, el('h1', {}, 'Denials'), el('p', { class: 'note' }, 'What the first 100 live actors asked for and had no grant for.'), place);
  repeat(signal, 5000, async () => {
    const { actors } = await get('/v1/actors?limit=100', signal);
    const found = [];
    for (const actor of actors) {
      const page = await get(actorPath(actor.id, '/events?limit=100&type=theater.runtime/denied'), signal).catch(() => null);
      for (const event of page?.events ?? []) found.push({ actor, event, facts: facts(event).facts });
    }
    found.sort((a, b) => (a.event.time < b.event.time ? 1 : -1));
    fill(place, found.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Time', 'Actor', 'What', 'Why'], found.map((denial) => [
        el('time', {}, clock(denial.event.time)),
        el('a', { href: `#/actor/${denial.actor.id}/timeline/${denial.event.sequence}` }, data(denial.actor.name)),
        data(denial.facts.what ?? ''), data(denial.facts.reason ?? ''),
      ])));
  }, (error) => fill(place, el('p', { class: 'bad' }, error.message)));
}

export function table(titles, rows) {
  return el('div', { class: 'scroll' }, el('table', {},
    el('thead', {}, el('tr', {}, titles.map((title) => el('th', { scope: 'col' }, title)))),
    el('tbody', {}, rows.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell)))))));
}
