/**
 * Cutting the signed member out of a reply: what is signed is the exact text of one member of the top-level object (page,
 * section 2.2). Searching for its name would find it inside a string, too (T066); so the bytes are walked over.
 */
import { type Charset, widthAt } from './charset.ts';

const quote = 0x22;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const closers: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The bytes of that member's value, from the first to the last; null when there is none. Of JSON that a parser has accepted. */
export function cutNode(body: Uint8Array, name: string, charset: Charset): Uint8Array | null {
  const wanted = Buffer.from(JSON.stringify(name), 'latin1');
  let at = skipBlanks(body, 0) + 1;
  while (at < body.length) {
    const nameFrom = skipBlanks(body, at);
    if (body[nameFrom] !== quote) return null;
    const nameTo = endOfString(body, nameFrom, charset);
    const from = skipBlanks(body, skipBlanks(body, nameTo) + 1);
    const to = endOfValue(body, from, charset);
    if (wanted.equals(body.subarray(nameFrom, nameTo))) return body.subarray(from, to);
    at = skipBlanks(body, to) + 1;
  }
  return null;
}

function skipBlanks(body: Uint8Array, from: number): number {
  let at = from;
  while (blanks.has(body[at] ?? -1)) at += 1;
  return at;
}

/** Behind the closing quote. */
function endOfString(body: Uint8Array, from: number, charset: Charset): number {
  let at = from + 1;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : widthAt(body, at, charset);
  return Math.min(at + 1, body.length);
}

function endOfValue(body: Uint8Array, from: number, charset: Charset): number {
  let depth = 0;
  let at = from;
  while (at < body.length) {
    const byte = body[at] ?? 0;
    if (byte === quote) at = endOfString(body, at, charset);
    else if (openers.has(byte)) {
      depth += 1;
      at += 1;
    } else if (closers.has(byte)) {
      if (depth === 0) return at;
      depth -= 1;
      at += 1;
    } else if (depth === 0 && (byte === 0x2c || blanks.has(byte))) return at;
    else at += widthAt(body, at, charset);
    if (depth === 0 && closers.has(byte)) return at;
    if (depth === 0 && byte === quote) return at;
  }
  return at;
}
