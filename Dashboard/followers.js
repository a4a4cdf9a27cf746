// SPDX-License-Identifier: Apache-2.0
// Who follows what, and who lags behind.

import { watch } from './api.js';
import { clock, count, data, el, fill, size } from './dom.js';
import { stands, table } from './tree.js';

/** The open streams and channels, those that lost most first. */
export function followersView(root, signal) {
  const place = el('div');
  const link = el('p', { class: 'bad', role: 'status' });
  fill(root, el('h1', {}, 'Followers'),
    el('p', { class: 'note' }, 'Who follows a chain or has a channel. Who reads too slowly loses events, and no actor waits for them.'), link, place);
  watch('/v1/node/subscribers/stream?limit=200', signal, ({ subscribers, total, lost }) => {
    fill(place, el('p', { class: 'badges' }, el('span', { class: 'badge' }, `${count(total)} open`),
      el('span', { class: lost > 0 ? 'badge failed' : 'badge' }, `${count(lost)} events lost`)),
    subscribers.length === 0 ? el('p', { class: 'empty' }, 'There are none.')
      : table(['Who', 'What', 'Actor', 'Since', 'Waiting', 'Lost'], subscribers.map((one) => [
        data(one.credential), one.kind, el('a', { href: `#/actor/${one.actor}` }, one.actor.slice(0, 8)),
        el('time', {}, clock(one.since)), `${count(one.waiting)}, ${size(one.waiting_bytes)}`,
        el('span', { class: one.lost > 0 ? 'bad' : '' }, count(one.lost)),
      ])));
  }, stands(link));
}
