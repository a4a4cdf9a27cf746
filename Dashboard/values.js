// SPDX-License-Identifier: Apache-2.0
// Reads values of the guest ABI (CGRF) and shows them as text.

const utf8 = new TextDecoder('utf-8', { fatal: true });
const scalar = (name, size, read) => ({ name, size, read });
// By their kinds in the encoding.
const scalars = {
  0x01: scalar('bool', 1, (v, p) => v.getUint8(p) !== 0),
  0x02: scalar('s32', 4, (v, p) => v.getInt32(p, true)),
  0x03: scalar('s64', 8, (v, p) => v.getBigInt64(p, true)),
  0x04: scalar('f32', 4, (v, p) => v.getFloat32(p, true)),
  0x05: scalar('f64', 8, (v, p) => v.getFloat64(p, true)),
  0x0c: scalar('u8', 1, (v, p) => v.getUint8(p)),
  0x0d: scalar('u16', 2, (v, p) => v.getUint16(p, true)),
  0x0e: scalar('u32', 4, (v, p) => v.getUint32(p, true)),
  0x0f: scalar('u64', 8, (v, p) => v.getBigUint64(p, true)),
  0x10: scalar('s8', 1, (v, p) => v.getInt8(p)),
  0x11: scalar('s16', 2, (v, p) => v.getInt16(p, true)),
  0x12: scalar('char', 4, (v, p) => String.fromCodePoint(v.getUint32(p, true))),
  0x13: scalar('flags', 8, (v, p) => v.getBigUint64(p, true)),
};
const depthMax = 128;

/** Reads bytes; throws what is wrong with them. A value is `{kind, …}`. */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 16 || view.getUint32(0, true) !== 0x46524743 || view.getUint16(4, true) !== 2) {
    throw new Error('these bytes are no value');
  }
  const total = view.getUint32(8, true);
  const starts = [];
  let at = 16;
  for (let index = 0; index < total; index += 1) {
    if (at + 8 > bytes.length) throw new Error('the value is cut off');
    starts.push(at);
    at += 8 + view.getUint32(at + 4, true);
  }
  if (at !== bytes.length) throw new Error('the value is cut off or followed by other bytes');
  let budget = total * 4 + 1024;
  const text = (from, length) => utf8.decode(bytes.subarray(from, from + length));

  function node(index, depth) {
    budget -= 1;
    if (index >= total || depth > depthMax || budget < 0) throw new Error('the value is nested too deeply or damaged');
    const kind = bytes[starts[index]];
    let p = starts[index] + 8;
    const word = () => { p += 4; return view.getUint32(p - 4, true); };
    const byte = () => { p += 1; return view.getUint8(p - 1); };
    const name = () => { const length = word(); p += length; return text(p - length, length); };
    const children = (number) => Array.from({ length: bounded(number) }, () => node(word(), depth + 1));
    const bounded = (number) => { if (number > bytes.length) throw new Error('a count is too large'); return number; };
    const type = (level = 0) => {
      if (level > depthMax) throw new Error('a type is nested too deeply');
      const tag = byte();
      if (tag === 0x07 || tag === 0x0a) type(level + 1);
      else if (tag === 0x14) { type(level + 1); type(level + 1); }
      else if (tag === 0x09 || tag === 0x08) name();
      else if (tag === 0x0b) { const number = bounded(word()); for (let i = 0; i < number; i += 1) type(level + 1); }
    };
    if (scalars[kind]) return { kind: scalars[kind].name, value: scalars[kind].read(view, p) };
    switch (kind) {
      case 0x06: return { kind: 'string', value: name() };
      case 0x07: type(); return { kind: 'list', items: children(word()) };
      case 0x0b: return { kind: 'tuple', items: children(word()) };
      case 0x0a: type(); return { kind: 'option', items: children(byte() === 1 ? 1 : 0) };
      case 0x14: {
        type(); type();
        const isOk = word() === 0;
        byte();
        return { kind: isOk ? 'ok' : 'err', items: children(1) };
      }
      case 0x09: {
        const title = name();
        const names = Array.from({ length: bounded(word()) }, name);
        return { kind: 'record', name: title, names, items: children(names.length) };
      }
      case 0x08: {
        name();
        const label = name();
        word();
        return { kind: 'variant', name: label, items: children(word()) };
      }
      case 0x15: {
        const element = scalars[byte()];
        const number = bounded(word());
        if (!element) throw new Error('a list is damaged');
        if (element.name === 'u8') return { kind: 'bytes', value: bytes.subarray(p, p + number) };
        return {
          kind: 'list',
          items: Array.from({ length: number }, (_, i) => ({
            kind: element.name, value: element.read(view, p + i * element.size),
          })),
        };
      }
      default: throw new Error(`no value is of kind ${kind}`);
    }
  }
  return node(view.getUint32(12, true), 1);
}

const textMax = 20_000;
/** A value as indented text. */
export function print(value, depth = 0) {
  const text = printed(value, depth);
  return text.length > textMax ? `${text.slice(0, textMax)} … (${text.length} characters)` : text;
}

function printed(value, depth) {
  const pad = '  '.repeat(depth + 1);
  const group = (open, lines, close) => {
    const flat = open + lines.join(', ') + close;
    if (flat.length <= 72 && !flat.includes('\n')) return flat;
    return `${open}\n${lines.map((line) => pad + line).join(',\n')}\n${'  '.repeat(depth)}${close}`;
  };
  const inner = () => value.items.slice(0, 1000).map((item) => printed(item, depth + 1));
  switch (value.kind) {
    case 'string': case 'char': return JSON.stringify(value.value);
    case 'bytes': return bytesText(value.value);
    case 'list': return group('[', inner(), ']');
    case 'tuple': return group('(', inner(), ')');
    case 'option': return value.items.length ? `some(${printed(value.items[0], depth)})` : 'none';
    case 'ok': case 'err': return `${value.kind}(${printed(value.items[0], depth)})`;
    case 'record': return group('{', inner().map((item, i) => `${value.names[i]}: ${item}`), '}');
    case 'variant': return value.items.length ? group(`${value.name}(`, inner(), ')') : value.name;
    default: return String(value.value);
  }
}

/** Bytes as text when they are text, else as hexadecimal digits. */
export function bytesText(bytes) {
  if (bytes.length) {
    try { return `b${JSON.stringify(utf8.decode(bytes))}`; } catch { /* No text. */ }
  }
  return `0x${hex(bytes.subarray(0, 512))}${bytes.length > 512 ? `… (${bytes.length} bytes)` : ''}`;
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The lines that differ between two texts: `[' ' | '-' | '+', line]`. */
export function difference(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [mine, yours] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = (lines) => lines.map((line) => [' ', line]);
  return [...same(a.slice(Math.max(0, start - 3), start)), ...middle(mine, yours), ...same(a.slice(a.length - end, a.length - end + 3))];
}

/** The longest common lines of two short lists; of long ones, all out and all in. */
function middle(a, b) {
  const out = [];
  if (a.length * b.length > 250_000) return [...a.map((l) => ['-', l]), ...b.map((l) => ['+', l])];
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push([' ', a[i]]); i += 1; j += 1; }
    else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) { out.push(['-', a[i]]); i += 1; }
    else { out.push(['+', b[j]]); j += 1; }
  }
  return out;
}
