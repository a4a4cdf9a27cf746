// SPDX-License-Identifier: Apache-2.0
// The chains that the node has, those of past actors too.

import { get } from './api.js';
import { clock, count, data, el, fill } from './dom.js';
import { table } from './tree.js';

const pageSize = 100;

/** The chains, the newest first, page by page. */
export function chainsView(root, signal) {
  const place = el('div');
  const note = el('p', { class: 'note', role: 'status' });
  const more = el('button', { type: 'button', id: 'older', hidden: '', onclick: () => read() }, 'Older chains');
  const name = el('input', { id: 'name', type: 'search', autocomplete: 'off', spellcheck: 'false', maxlength: '128' });
  fill(root, el('h1', {}, 'Chains'),
    el('p', { class: 'note' }, 'What every actor left, past ones too. Those that began last come first.'),
    el('form', { class: 'row', onsubmit: (event) => { event.preventDefault(); begin(); } },
      el('label', { for: 'name' }, 'Name'), name, el('button', {}, 'Show')), note, place, el('p', {}, more));
  let found;
  let cursor;
  // Which reading is wanted: a new one makes the answers to those before it void.
  let reading = 0;

  function begin() {
    found = [];
    cursor = null;
    return read();
  }

  async function read() {
    reading += 1;
    const mine = reading;
    more.disabled = true;
    const query = new URLSearchParams({ newest: 'true', limit: pageSize });
    if (name.value) query.set('name', name.value);
    if (cursor) query.set('cursor', cursor);
    try {
      const page = await get(`/v1/chains?${query}`, signal);
      if (mine !== reading) return;
      found.push(...page.chains);
      cursor = page.next;
      show();
    } catch (error) {
      if (!signal.aborted && mine === reading) fill(note, el('span', { class: 'bad' }, error.message));
    }
    if (mine === reading) more.disabled = false;
  }

  function show() {
    more.hidden = cursor === null;
    fill(note, cursor === null ? `${count(found.length)} chains` : `The newest ${count(found.length)} chains`);
    fill(place, found.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Name', 'Actor', 'Began', 'Last event', 'Events', ''], found.map((chain) => [
        data(chain.name ?? ''), el('a', { href: `#/actor/${chain.actor}` }, chain.actor.slice(0, 8)),
        when(chain.first_time), when(chain.last_time), `${count(chain.count)}${chain.in_memory ? ', in memory' : ''}`,
        el('a', { href: `#/actor/${chain.actor}/timeline` }, 'Timeline'),
      ])));
  }

  begin();
}

const when = (time) => (time ? el('time', { title: time }, `${time.slice(0, 10)} ${clock(time)}`) : '–');
