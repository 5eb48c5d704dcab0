/** Usual mistakes of signatures that are a hash over a text and a key: what was hashed instead, with which digest and key. */
import { createHash, createHmac } from 'node:crypto';
import type { Mistake } from '../core/mistakes.ts';
import type { Moment } from './finding.ts';
import { joinedPairs, rewritten } from './rewritten.ts';

/** What stood around the key when it was hashed. `withKey: false` = the key was forgotten. */
export interface Trial {
  /** null = the right text. */
  readonly mistake: Mistake | null;
  readonly before: Uint8Array | string;
  readonly after?: Uint8Array | string;
  readonly withKey?: false;
}

export interface Found {
  readonly mistakes: readonly Mistake[];
  /** null = the right text was signed. */
  readonly theirText: string | null;
}

function hashed(digest: string, text: Uint8Array): Buffer {
  return createHash(digest).update(text).digest();
}

function md5(text: Uint8Array): string {
  return hashed('md5', text).toString('hex');
}

type Digest = (text: Uint8Array, trial: Trial, key: string) => string;

function other(digest: string, name: string): readonly [Mistake, Digest] {
  return [
    { key: 'digest-other', fill: { digest: name, right: 'MD5' } },
    (text) => hashed(digest, text).toString('hex'),
  ];
}

function hmac(digest: string, name: string): readonly [Mistake, Digest] {
  return [
    { key: 'hmac', fill: { digest: name, right: 'MD5' } },
    (_, { before, after = '' }, key) => createHmac(digest, key).update(before).update(after).digest('hex'),
  ];
}

/** Digests that are taken for MD5(text with key); MD5 itself first. */
const digests: readonly (readonly [Mistake | null, Digest])[] = [
  [null, (text) => md5(text)],
  [{ key: 'digest-base64' }, (text) => hashed('md5', text).toString('base64')],
  [{ key: 'digest-half' }, (text) => md5(text).slice(8, 24)],
  [{ key: 'digest-twice' }, (text) => md5(Buffer.from(md5(text)))],
  [{ key: 'digest-twice' }, (text) => md5(Buffer.from(md5(text).toUpperCase()))],
  other('sha256', 'SHA-256'),
  other('sha1', 'SHA-1'),
  other('sha512', 'SHA-512'),
  hmac('md5', 'HMAC-MD5'),
  hmac('sha1', 'HMAC-SHA1'),
  hmac('sha256', 'HMAC-SHA256'),
];

function bytesOf(trial: Trial, key: string | Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(trial.before),
    Buffer.from(trial.withKey === false ? '' : key),
    Buffer.from(trial.after ?? ''),
  ]);
}

/** The text of a trial with the key as ***. */
export function shownText(trial: Trial): string {
  const key = trial.withKey === false ? '' : '***';
  return `${Buffer.from(trial.before).toString('utf8')}${key}${Buffer.from(trial.after ?? '').toString('utf8')}`;
}

/** The key itself mangled. */
function mangledKeys(key: string): readonly (readonly [Mistake, string | Uint8Array])[] {
  const all: readonly (readonly [Mistake, string | Uint8Array])[] = [
    [{ key: 'key-newline' }, `${key}\n`],
    [{ key: 'key-crlf' }, `${key}\r\n`],
    [{ key: 'key-blank' }, `${key} `],
    [{ key: 'key-blank' }, ` ${key}`],
    [{ key: 'key-quoted' }, `"${key}"`],
    [{ key: 'key-upper' }, key.toUpperCase()],
    [{ key: 'key-lower' }, key.toLowerCase()],
    [{ key: 'key-decoded', fill: { form: 'Base64' } }, Buffer.from(key, 'base64')],
    [{ key: 'key-decoded', fill: { form: 'hex' } }, Buffer.from(key, 'hex')],
  ];
  return all.filter(([, mangled]) => mangled !== key && mangled.length > 0);
}

/** The first way that yields what was received, in whatever letter case: a wrong text, a wrong digest, a mangled key. Null: none does. */
export function mistakesIn(
  received: string,
  right: Trial,
  wrong: readonly Trial[],
  keys: readonly string[],
  { isOver }: Pick<Moment, 'isOver'>,
): Found | null {
  // Base64 knows letter cases; two that differ in nothing else are not made by chance.
  const wanted = received.trim().toLowerCase();
  for (const key of keys) {
    for (const trial of [right, ...wrong]) {
      if (isOver()) return null;
      const text = bytesOf(trial, key);
      const digest = digests.find(([, of]) => of(text, trial, key).toLowerCase() === wanted);
      if (digest) return found(trial, digest[0]);
    }
    const mangled = mangledKeys(key).find(([, one]) => md5(bytesOf(right, one)) === wanted);
    if (mangled) return { mistakes: [mangled[0]], theirText: null };
  }
  return null;
}

function found({ mistake, ...text }: Trial, digest: Mistake | null): Found {
  const mistakes = [mistake, digest].filter((one) => one !== null);
  return { mistakes, theirText: mistake === null ? null : shownText({ mistake, ...text }) };
}

/** A body that was written anew, or signed as pairs, wherever the key stands. */
export function bodyTrials(body: Uint8Array, around: (text: Uint8Array, mistake: Mistake) => Trial): readonly Trial[] {
  return [...rewritten(body, 'body'), ...joinedPairs(body)].map(({ text, mistake }) => around(text, mistake));
}
