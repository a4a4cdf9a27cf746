// SPDX-License-Identifier: Apache-2.0
// The page of an actor: live events, state, numbers over time, logs, children, and a place to talk to it.

import { actorPath, follow, get, post, rate, steady, watch } from './api.js';
import { factText, facts, isLog, logLine, summary, verify } from './chain.js';
import { clock, count, data, el, fill, inert, size, spark } from './dom.js';
import { stands, statusBadge } from './tree.js';
import { bytesText } from './values.js';

const eventsMax = 300;
/** So many wait to be painted: fewer than the list has, so that it also shows which were passed over. */
const waitingMax = 200;
const logsMax = 300;
const samplesMax = 120;

/** Shows an actor. */
export async function actorView(root, signal, text) {
  let actor;
  try {
    actor = await get(actorPath(text), signal);
  } catch (error) {
    if (!signal.aborted) {
      fill(root, el('h1', {}, data(text)), el('p', { class: 'bad' }, error.message),
        el('p', {}, el('a', { href: `#/actor/${encodeURIComponent(text)}/timeline` }, 'Its chain may still be there')));
    }
    return;
  }
  const status = el('span', {}, statusBadge(actor.status, actor.reason));
  const reason = el('p', { class: 'bad' });
  const link = el('p', { class: 'bad', role: 'status' });
  const charts = el('div', { class: 'charts' });
  const children = el('div');
  const state = el('pre', { class: 'data', tabindex: '0', 'aria-label': 'State' }, '…');
  document.title = `${inert(actor.name)} · Theater`;
  fill(root,
    el('div', { class: 'title' }, el('h1', {}, data(actor.name)), status, verifyBadge(actor.id, signal)),
    el('p', { class: 'note' }, el('code', {}, actor.id), ' · ',
      el('a', { href: `#/actor/${actor.id}/timeline` }, 'Timeline'),
      actor.parent && [' · ', el('a', { href: `#/actor/${actor.parent}` }, 'Parent')]), reason, link,
    charts,
    el('div', { class: 'columns' },
      el('div', {}, liveEvents(actor, signal)),
      el('div', {}, talk(actor.id, signal),
        card('State', state), card('Children', children))));

  const samples = [];
  const stateReader = reader(async () => {
    const shown = await get(actorPath(actor.id, '/state'), signal).then((value) => value.text, (error) => error.message);
    if (!signal.aborted && state.dataset.text !== shown) {
      state.dataset.text = shown;
      fill(state, shown.slice(0, 20_000));
    }
  });

  const childrenReader = reader(async (ids) => {
    const all = ids === '' ? [] : await get(actorPath(actor.id, '/children'), signal).then((value) => value.children, () => []);
    if (signal.aborted) return;
    const found = all.filter((child) => ids.includes(child.id));
    fill(children, found.length === 0 ? el('p', { class: 'empty' }, 'It has none.') : el('ul', { class: 'plain' },
      found.slice(0, 100).map((child) => el('li', {},
        el('a', { href: `#/actor/${child.id}` }, data(child.name)), ' ', statusBadge(child.status, child.reason)))),
    found.length > 100 && el('p', { class: 'note' }, `and ${found.length - 100} more`));
  });

  watch(actorPath(actor.id, '/stream'), signal, steady(signal, (now) => {
    fill(status, statusBadge(now.status, now.reason));
    fill(reason, now.reason ?? '');
    samples.push({ at: performance.now(), ...now.metrics });
    if (samples.length > samplesMax) samples.shift();
    fill(charts, numbers(samples));
    // A call changes the state, and so may another life and another code, which leave events.
    stateReader(`${now.metrics.calls} ${now.metrics.restarts} ${now.metrics.chain_length}`);
    childrenReader(now.children.join());
  }), stands(link));
}

/** Reads when what it is told is new, once at a time, and always once more after the newest. */
function reader(read) {
  let wanted;
  let isReading = false;
  return async (key) => {
    if (key === wanted) return;
    wanted = key;
    if (isReading) return;
    isReading = true;
    for (let done; done !== wanted;) {
      done = wanted;
      await read(done);
    }
    isReading = false;
  };
}

const card = (title, ...content) => el('section', { class: 'card', 'aria-label': title }, el('h2', {}, title), content);

function numbers(samples) {
  const last = samples.at(-1);
  const rates = samples.slice(1).map((sample, i) => rate(samples[i], sample, 'calls'));
  const chart = (label, shown, values) => el('div', { class: 'chart' },
    el('span', { class: 'label' }, label), el('strong', {}, shown), spark(values.length ? values : [0], `${label} over time`));
  return [
    chart('Calls/s', (rates.at(-1) ?? 0).toFixed(1), rates),
    chart('Mailbox', count(last.mailbox_depth), samples.map((s) => s.mailbox_depth)),
    chart('Memory', size(last.memory), samples.map((s) => s.memory)),
    chart('Errors', count(last.errors), samples.map((s) => s.errors)),
    chart('Fuel', count(last.fuel_used), samples.map((s) => s.fuel_used)),
    chart('Events', count(last.chain_length ?? 0), samples.map((s) => s.chain_length ?? 0)),
  ];
}

/** Checks the chain when asked to, and shows its head. */
export function verifyBadge(id, signal) {
  const place = el('span', { class: 'verify', role: 'status' });
  const button = el('button', { type: 'button', id: 'verify', onclick: check }, 'Verify chain');
  async function check() {
    button.disabled = true;
    try {
      const { count: number, head } = await verify(id, signal, (checked) => fill(place, `${count(checked)} events …`));
      fill(place, el('span', { class: 'badge good', title: head }, `✓ ${count(number)} events`), ' ', el('code', { title: head }, head.slice(0, 16)));
    } catch (error) {
      if (!signal.aborted) fill(place, el('span', { class: 'badge failed' }, '✗ not verified'), ' ', error.message);
    }
    button.disabled = false;
  }
  return el('span', { class: 'verifier' }, button, place);
}

/** An event with its facts, which open. */
export function eventRow(event) {
  const { kind, facts: found } = facts(event);
  const details = el('details', { class: `event ${kind.replace(' ', '-')}` },
    el('summary', {}, el('span', { class: 'sequence' }, event.sequence), el('time', {}, clock(event.time)),
      el('bdi', { class: 'data type', title: event.type }, event.type.replace('theater.runtime/', '').replace(/^.*\//, '')), data(summary(event), 'line')));
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('dl')) return;
    details.append(el('dl', {}, Object.entries(found).filter(([, fact]) => fact !== null).map(([name, fact]) =>
      [el('dt', {}, name), el('dd', {}, el('pre', { class: 'data' }, factText(fact)))]),
    el('dt', {}, 'hash'), el('dd', {}, el('code', {}, event.hash))));
  });
  return details;
}

const gapText = (gap) => `${count(gap.count)} events from ${gap.first} on are not shown: this page was too slow for them`;

function liveEvents({ id, metrics }, signal) {
  const list = el('div', { class: 'events', role: 'log', 'aria-label': 'Live events', 'aria-live': 'off' });
  const logs = el('div', { class: 'logs data', role: 'log', 'aria-label': 'Logs', 'aria-live': 'off' });
  const state = el('span', { class: 'badge', role: 'status' }, 'connecting');
  // What has come since the page was painted last: a busy actor never makes more work than one batch a frame.
  let waiting = [];
  // What was passed over before them, by the page or by the node.
  let passed = null;
  const paint = () => {
    const batch = passed ? [{ gap: passed }, ...waiting] : waiting;
    waiting = [];
    passed = null;
    list.prepend(...batch.map((item) => item.gap ? el('p', { class: 'gap' }, gapText(item.gap)) : eventRow(item.event)).reverse());
    while (list.childElementCount > eventsMax) list.lastElementChild.remove();
    for (const { event, gap } of batch) {
      if (gap) logs.append(el('div', { class: 'gap' }, gapText(gap)));
      else if (isLog(event)) logs.append(el('div', {}, el('time', {}, clock(event.time)), ' ', el('bdi', {}, logLine(event))));
    }
    while (logs.childElementCount > logsMax) logs.firstElementChild.remove();
  };
  const add = (item) => {
    if (waiting.length === 0) requestAnimationFrame(paint);
    waiting.push(item);
    if (waiting.length <= waitingMax) return;
    const { event, gap } = waiting.shift();
    passed ??= { first: gap?.first ?? event.sequence, count: 0 };
    passed.count += gap?.count ?? 1;
  };
  follow(actorPath(id, '/events/stream'), Math.max(0, (metrics.chain_length ?? 0) - 100), signal, (name, content) => {
    if (name === 'event') add({ event: content });
    if (name === 'gap') add({ gap: content });
  }, (words) => {
    fill(state, words);
    state.className = `badge ${words === 'live' ? 'good' : ''}`;
  });
  return [
    el('section', { class: 'card', 'aria-label': 'Events' }, el('div', { class: 'title' }, el('h2', {}, 'Events'), state), list),
    card('Logs', logs),
  ];
}

/** A place to send a message, make a request, or call a function. */
function talk(id, signal) {
  const way = el('select', { id: 'way' }, el('option', { value: 'call' }, 'Call'), el('option', { value: 'request' }, 'Request'), el('option', { value: 'send' }, 'Send'));
  const name = el('select', { id: 'function', 'aria-label': 'Function' });
  const usage = el('p', { class: 'note data' });
  const body = el('textarea', { id: 'body', rows: '3', spellcheck: 'false', 'aria-label': 'Message or arguments' });
  const answer = el('pre', { class: 'answer data', role: 'status', 'aria-label': 'Answer', tabindex: '0' });
  const button = el('button', { class: 'primary' }, 'Send');
  let usages = {};
  const update = () => {
    const isCall = way.value === 'call';
    name.hidden = !isCall;
    usage.hidden = !isCall;
    fill(usage, usages[name.value] ?? '');
    body.placeholder = isCall ? 'Arguments as a JSON list: ["text", 1]' : 'The message';
  };
  way.addEventListener('change', update);
  name.addEventListener('change', update);
  get(actorPath(id, '/functions'), signal).then(({ functions }) => {
    usages = Object.fromEntries(functions.map((each) => [each.name, each.usage]));
    fill(name, functions.map((each) => el('option', { value: each.name }, each.name)));
    if (functions.length === 0) way.value = 'request';
    update();
  }, () => { way.value = 'request'; update(); });
  update();
  return el('form', {
    class: 'card talk', 'aria-label': 'Talk',
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      fill(answer, '…');
      try {
        if (way.value === 'send') {
          await post(actorPath(id, '/send'), body.value, 'application/octet-stream');
          fill(answer, 'It is in the mailbox.');
        } else if (way.value === 'request') {
          const response = await post(actorPath(id, '/request'), body.value, 'application/octet-stream');
          fill(answer, bytesText(new Uint8Array(await response.arrayBuffer())));
        } else {
          const response = await post(actorPath(id, `/call?function=${encodeURIComponent(name.value)}`), body.value.trim() || '[]', 'application/json');
          fill(answer, (await response.json()).text);
        }
        answer.classList.remove('bad');
      } catch (error) {
        fill(answer, error.message);
        answer.classList.add('bad');
      }
      button.disabled = false;
    },
  }, el('h2', {}, 'Talk'), el('div', { class: 'row' }, el('label', { for: 'way', class: 'hidden' }, 'How'), way, name), usage, body,
  el('div', { class: 'row' }, button), answer);
}
