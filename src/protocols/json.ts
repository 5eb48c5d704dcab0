/**
 * JSON as money needs it: numbers stay text, every object knows its exact source, and what two parsers could read
 * differently is refused (duplicate names, `__proto__`, lone surrogates, NUL, anything behind the end).
 * Threats T013, T033, T072, T073, T104, T105.
 */

/** A number exactly as it stood on the wire. */
export class Num {
  readonly raw: string;
  constructor(raw: string | bigint) {
    this.raw = raw.toString();
  }
}

/** Text that is written into the output verbatim (a merchant's own JSON, given back as it came). Must be valid JSON. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An object: ordered, without a prototype; `source` is its exact text when it was parsed, null when it was made. */
export class Obj extends Map<string, Json> {
  source: string | null = null;
}

export type Json = string | boolean | null | Num | Raw | Obj | readonly Json[];

/** Ordered members of one message: what a leg opens to and seals from. */
export type Fields = Obj;

export function obj(members: Iterable<readonly [string, Json | undefined]>): Obj {
  const made = new Obj();
  for (const [name, value] of members) if (value !== undefined) made.set(name, value);
  return made;
}

/** Members of a literal, in its order; undefined ones are left out. Names must not look like integers. */
export function fields(members: Readonly<Record<string, Json | undefined>>): Obj {
  return obj(Object.entries(members));
}

export interface JsonLimits {
  readonly depth: number;
  readonly names: number;
  readonly tokens: number;
}
const wireLimits: JsonLimits = { depth: 8, names: 200, tokens: 5000 };

export class JsonError extends Error {
  readonly at: number;
  constructor(what: string, at: number) {
    super(`${what} at offset ${at}`);
    this.name = 'JsonError';
    this.at = at;
  }
}

const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const numberGrammar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** No quote, no backslash, no control character. */
const plainRun = new RegExp(String.raw`[^"\\\u0000-\u001f]*`, 'y');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes to text; anything that is not UTF-8 throws JsonError (no replacement characters, no BOM). */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonError('not UTF-8', 0);
  }
}

/** Parses one complete JSON text. Throws JsonError and nothing else. */
export function parseJson(text: string, limits: JsonLimits = wireLimits): Json {
  const state: Reader = { text, at: 0, names: 0, tokens: 0, limits };
  skipBlanks(state);
  const value = readValue(state, 1);
  skipBlanks(state);
  if (state.at !== text.length) throw new JsonError('text behind the end', state.at);
  return value;
}

/** Parses a JSON object from bytes; null when it is any other value. */
export function parseObject(bytes: Uint8Array, limits: JsonLimits = wireLimits): Obj | null {
  const value = parseJson(decodeUtf8(bytes), limits);
  return value instanceof Obj ? value : null;
}

interface Reader {
  readonly text: string;
  at: number;
  names: number;
  tokens: number;
  readonly limits: JsonLimits;
}

function skipBlanks(r: Reader): void {
  for (;;) {
    const c = r.text.charCodeAt(r.at);
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
    r.at += 1;
  }
}

function readValue(r: Reader, depth: number): Json {
  r.tokens += 1;
  if (r.tokens > r.limits.tokens) throw new JsonError('too many values', r.at);
  switch (r.text.charAt(r.at)) {
    case '{':
      return readObject(r, depth);
    case '[':
      return readArray(r, depth);
    case '"':
      return readString(r);
    case 't':
      return readWord(r, 'true', true);
    case 'f':
      return readWord(r, 'false', false);
    case 'n':
      return readWord(r, 'null', null);
    default:
      return readNumber(r);
  }
}

function readWord<T>(r: Reader, word: string, value: T): T {
  if (!r.text.startsWith(word, r.at)) throw new JsonError('unknown word', r.at);
  r.at += word.length;
  return value;
}

function readNumber(r: Reader): Num {
  numberGrammar.lastIndex = r.at;
  const match = numberGrammar.exec(r.text);
  if (!match) throw new JsonError('no value', r.at);
  r.at += match[0].length;
  return new Num(match[0]);
}

function readObject(r: Reader, depth: number): Obj {
  if (depth > r.limits.depth) throw new JsonError('nested too deeply', r.at);
  const start = r.at;
  const members = new Obj();
  r.at += 1;
  skipBlanks(r);
  if (r.text[r.at] === '}') r.at += 1;
  else {
    for (;;) {
      skipBlanks(r);
      if (r.text[r.at] !== '"') throw new JsonError('no member name', r.at);
      const name = readString(r);
      checkName(r, members, name);
      skipBlanks(r);
      expect(r, ':');
      skipBlanks(r);
      members.set(name, readValue(r, depth + 1));
      skipBlanks(r);
      if (r.text[r.at] === '}') break;
      expect(r, ',');
    }
    r.at += 1;
  }
  members.source = r.text.slice(start, r.at);
  return members;
}

function checkName(r: Reader, members: Obj, name: string): void {
  r.names += 1;
  if (r.names > r.limits.names) throw new JsonError('too many members', r.at);
  if (members.has(name)) throw new JsonError('member given twice', r.at);
  if (forbiddenNames.has(name)) throw new JsonError('forbidden member name', r.at);
}

function expect(r: Reader, char: string): void {
  if (r.text[r.at] !== char) throw new JsonError(`no "${char}"`, r.at);
  r.at += 1;
}

function readArray(r: Reader, depth: number): Json[] {
  if (depth > r.limits.depth) throw new JsonError('nested too deeply', r.at);
  const items: Json[] = [];
  r.at += 1;
  skipBlanks(r);
  if (r.text[r.at] === ']') {
    r.at += 1;
    return items;
  }
  for (;;) {
    skipBlanks(r);
    items.push(readValue(r, depth + 1));
    skipBlanks(r);
    if (r.text[r.at] === ']') break;
    expect(r, ',');
  }
  r.at += 1;
  return items;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function readString(r: Reader): string {
  const start = r.at;
  r.at += 1;
  let out = '';
  for (;;) {
    plainRun.lastIndex = r.at;
    const run = plainRun.exec(r.text)?.[0] ?? '';
    out += run;
    r.at += run.length;
    const c = r.text[r.at];
    if (c === '"') break;
    if (c !== '\\') throw new JsonError('string without end or with a control character', r.at);
    out += readEscape(r);
  }
  r.at += 1;
  if (!out.isWellFormed()) throw new JsonError('lone surrogate', start);
  if (out.includes('\0')) throw new JsonError('NUL character', start);
  return out;
}

function readEscape(r: Reader): string {
  const letter = r.text[r.at + 1] ?? '';
  if (letter === 'u') {
    const hex = r.text.slice(r.at + 2, r.at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new JsonError('bad escape', r.at);
    r.at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }
  const plain = escapes[letter];
  if (plain === undefined) throw new JsonError('bad escape', r.at);
  r.at += 2;
  return plain;
}

/** Writes compact JSON, members in their order, `/` and non-ASCII characters as they are. */
export function writeJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof Num) return value.raw;
  if (value instanceof Raw) return value.text;
  if (value instanceof Obj) {
    let out = '';
    for (const [name, member] of value) out += `${out === '' ? '' : ','}${JSON.stringify(name)}:${writeJson(member)}`;
    return `{${out}}`;
  }
  return `[${value.map(writeJson).join(',')}]`;
}

/**
 * One text for all spellings of the same content: members sorted, no blanks, number and string tokens as they came.
 * `without` names top-level members that do not count. Used for fingerprints, never for signatures.
 */
export function canonicalJson(value: Json, without: ReadonlySet<string> = new Set()): string {
  if (value instanceof Obj) {
    const kept = [...value].filter(([name]) => !without.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${kept.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  return writeJson(value);
}
