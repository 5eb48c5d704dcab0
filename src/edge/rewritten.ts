/** A text as libraries write it anew, before or after it is signed: each with the mistake that it is. As data. */
import type { Mistake } from '../core/mistakes.ts';
import { encodeText } from '../protocols/ysepay/charset.ts';

export interface Rewritten {
  readonly mistake: Mistake;
  readonly text: Buffer;
}

type Form = readonly [key: Mistake['key'], text: string | Uint8Array];

/** `part`: what the text is called, body or biz_content. What comes out as it went in is left out. */
export function rewritten(bytes: Uint8Array, part: string): readonly Rewritten[] {
  const text = Buffer.from(bytes).toString('utf8');
  const forms = [...edges(text), ...charsets(bytes, text), ...jsonForms(text)];
  return forms
    .map(([key, form]) => ({ mistake: { key, fill: { part } }, text: Buffer.from(form) }))
    .filter((one) => !one.text.equals(bytes));
}

function edges(text: string): Form[] {
  return [
    ['text-trimmed', text.trim()],
    ['text-newline-behind', `${text}\n`],
    ['text-crlf-behind', `${text}\r\n`],
    ['text-unix-lines', text.replaceAll('\r\n', '\n')],
    ['text-windows-lines', text.replaceAll(/\r?\n/g, '\r\n')],
    ['text-mark-before', `\ufeff${text}`],
  ];
}

function charsets(bytes: Uint8Array, text: string): Form[] {
  const gbk = encodeText(text, 'GBK');
  return [
    ...(gbk === null ? [] : [['text-other-charset', gbk] as const]),
    ['text-latin1', Buffer.from(text.replaceAll(/[\u0100-\u{10ffff}]/gu, '?'), 'latin1')],
    ['text-utf8-twice', Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8')],
  ];
}

/** Whoever signs JSON text that a library wrote, and sends what another one wrote. */
function jsonForms(text: string): Form[] {
  const value = parsed(text);
  if (value === undefined) return [];
  const compact = JSON.stringify(value);
  return [
    ['text-compact', compact],
    ['text-sorted', JSON.stringify(sorted(value))],
    ['text-spaced', spaced(value)],
    ['text-sorted-spaced', spaced(sorted(value))],
    ...[2, 4, '\t'].map((indent): Form => ['text-indented', JSON.stringify(value, null, indent)]),
    ['text-slashes-escaped', compact.replaceAll('/', '\\/')],
    ['text-non-ascii-escaped', escaped(compact, /[^\x20-\x7e]/g)],
    ['text-non-ascii-escaped', escaped(compact, /[^\x20-\x7e]/g).replaceAll('/', '\\/')],
    ['text-non-ascii-escaped-spaced', escaped(spaced(value), /[^\x20-\x7e]/g)],
    ['text-html-escaped', escaped(compact, /[<>&]/g)],
    ['text-html-escaped', escaped(compact, /[<>&=']/g)],
    ['text-numbers-quoted', JSON.stringify(mapped(value, (one) => (typeof one === 'number' ? String(one) : one)))],
    ['text-numbers-quoted', compact.replaceAll(/"(0|[1-9][0-9]{0,17})"(?=[,}\]])/g, '$1')],
    ['text-empty-dropped', JSON.stringify(withoutEmpty(value))],
  ];
}

/** Undefined when it is no JSON, or nested so deep that writing it with indents would fill the memory. */
function parsed(text: string): unknown {
  const deepest = 64;
  let depth = 0;
  for (const char of text) {
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    if (depth > deepest) return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapped(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => mapped(one, change));
  if (!isObject(value)) return change(value);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapped(member, change)]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

function withoutEmpty(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== ''));
}

/** As Python writes it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`)
    .join(', ')}}`;
}

function escaped(text: string, which: RegExp): string {
  return text.replaceAll(which, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Members of a JSON object as `name=value` pairs, as other platforms sign them; empty for anything but an object. */
export function joinedPairs(text: Uint8Array): readonly Rewritten[] {
  const value = parsed(Buffer.from(text).toString('utf8'));
  if (!isObject(value)) return [];
  const pairs = Object.entries(value).filter(([, member]) => typeof member !== 'object' || member === null);
  const inOrder = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const filled = inOrder.filter(([, member]) => member !== '' && member !== null);
  const join = (list: readonly (readonly [string, unknown])[], behind = '') =>
    Buffer.from(list.map(([name, member]) => `${name}=${String(member)}`).join('&') + behind);
  return [
    { mistake: { key: 'pairs-sorted' }, text: join(inOrder) },
    { mistake: { key: 'pairs-sorted-key' }, text: join(inOrder, '&key=') },
    { mistake: { key: 'pairs-sorted-key' }, text: join(filled, '&key=') },
    { mistake: { key: 'pairs-sorted-filled' }, text: join(filled) },
    { mistake: { key: 'pairs' }, text: join(pairs) },
  ];
}
