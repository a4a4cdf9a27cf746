// SPDX-License-Identifier: Apache-2.0
// Builds the page. Text enters it in one way only: as the text of a node, after `inert`.

// Control and format characters, separators that break lines, and halves of pairs: none of them may act.
const acting = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** The text with every character that acts instead of showing spelled out, as `\u{1b}`. */
export function inert(text, keepLines = false) {
  return String(text).replace(acting, (c) =>
    keepLines && (c === '\n' || c === '\t') ? c : `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** An element with attributes, `on…` handlers, and children: nodes, or texts that are made inert. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, inert(value));
  }
  put(node, children, tag === 'pre');
  return node;
}

function put(node, children, keepLines) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(inert(child, keepLines)));
  }
}

/** Replaces the children of an element. */
export function fill(node, ...children) {
  node.replaceChildren();
  put(node, children, node.tagName === 'PRE');
}

/** Data that others have chosen: shown in its own direction, whatever stands around it. */
export const data = (text, kind = '') => el('bdi', { class: `data ${kind}` }, text);

const svgName = 'http://www.w3.org/2000/svg';
/** A small chart of the newest values. */
export function spark(values, label) {
  const [width, height] = [160, 36];
  const svg = document.createElementNS(svgName, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('class', 'spark');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const top = Math.max(...values, 1e-9);
  const step = width / Math.max(values.length - 1, 1);
  const points = values.map((v, i) => `${(i * step).toFixed(1)},${(height - 2 - (v / top) * (height - 4)).toFixed(1)}`);
  const line = document.createElementNS(svgName, 'polyline');
  line.setAttribute('points', points.length === 1 ? `${points[0]} ${width},${points[0].split(',')[1]}` : points.join(' '));
  svg.append(line);
  return svg;
}

/** A number of bytes, as people read it. */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < 3) { bytes /= 1024; unit += 1; }
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

/** The time of day of an event. */
export const clock = (time) => String(time).replace(/^.*T/, '').replace(/(\.\d{3})\d*/, '$1').replace('Z', '');

export const count = (number) => Number(number).toLocaleString('en');
