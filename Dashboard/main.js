// SPDX-License-Identifier: Apache-2.0
// Shows the view that the address names, asks for the token once, and switches the theme.

import { actorView } from './actor.js';
import { get, repeat, token } from './api.js';
import { chainsView } from './chains.js';
import { el, fill, inert } from './dom.js';
import { timelineView } from './timeline.js';
import { followersView } from './followers.js';
import { denialsView, lettersView, treeView } from './tree.js';

const content = document.getElementById('content');
let current = new AbortController();
let isAsking = false;

function show() {
  current.abort();
  current = new AbortController();
  isAsking = false;
  const { signal } = current;
  const parts = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  const view = parts[0] || 'tree';
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  fill(content);
  document.title = 'Theater';
  if (view === 'actor' && parts[1]) {
    document.title = `${inert(parts[1])} · Theater`;
    if (parts[2] === 'timeline') timelineView(content, signal, parts[1], parts[3]);
    else actorView(content, signal, parts[1]);
  } else if (view === 'letters') lettersView(content, signal);
  else if (view === 'denials') denialsView(content, signal);
  else if (view === 'followers') followersView(content, signal);
  else if (view === 'chains') chainsView(content, signal);
  else treeView(content, signal);
}

/** Asks for the token, once at a time. */
function ask() {
  if (isAsking) return;
  isAsking = true;
  current.abort();
  const wasWrong = token.get() !== '';
  token.clear();
  const input = el('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: '' });
  fill(content, el('form', {
    class: 'card token',
    onsubmit: (event) => {
      event.preventDefault();
      token.set(input.value.trim());
      show();
    },
  }, el('h1', {}, 'Token'), wasWrong && el('p', { class: 'bad', role: 'alert' }, 'The node does not know this token.'),
  el('p', {}, 'The node asks for a token. It stays in this tab until you close it. Make one with ',
    el('code', {}, 'theater token create browser --scope message'), '.'),
  el('label', { for: 'token' }, 'Token'), el('div', { class: 'row' }, input, el('button', { class: 'primary' }, 'Enter'))));
  input.focus();
}

const themes = ['auto', 'dark', 'light'];
function setTheme(name) {
  localStorage.setItem('theater.theme', name);
  document.documentElement.dataset.theme = name;
  document.getElementById('theme').textContent = { auto: '◐ Auto', dark: '● Dark', light: '○ Light' }[name];
}
document.getElementById('theme').addEventListener('click', () => {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
});
const kept = localStorage.getItem('theater.theme');
setTheme(themes.includes(kept) ? kept : 'auto');

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  content.focus();
});
window.addEventListener('theater-credential', ask);
window.addEventListener('hashchange', show);
show();

const node = document.getElementById('node');
repeat(new AbortController().signal, 5000, async () => {
  if (isAsking) return fill(node);
  const about = await get('/v1/node');
  return fill(node, `v${about.version} · ${about.actors} actors`);
}, () => fill(node, isAsking ? '' : el('span', { class: 'bad' }, 'not reached')));
