/** Texts that are signed by mistake instead of bestpay's sorted members, as data: other members, other values, joined otherwise. */
import { createHash } from 'node:crypto';
import type { Mistake } from '../core/mistakes.ts';
import { signedText, signName } from '../protocols/bestpay/signing.ts';
import { type Json, Obj, writeJson } from '../protocols/json.ts';
import { encodeText } from '../protocols/ysepay/charset.ts';
import type { SignedText } from './rsa-mistakes.ts';

type Pair = readonly [name: string, value: string];
type Pairs = readonly Pair[];
type Change = readonly [mistake: Mistake, pairs: Pairs];
type Join = readonly [mistake: Mistake, join: (pairs: Pairs) => string | Uint8Array];

/** Nearest first: all with one mistake, then members and joining both wrong. */
export function* bestpayTexts(members: Obj, body: Buffer): Generator<SignedText> {
  const own = [...members].filter(([name]) => name !== signName);
  const usual = sorted(own.map(pairOf));
  const changes = [...choices(own), ...writings(usual, own)];
  const joins = joinings(own.map(([name]) => name));
  const bytes = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text);
  for (const [mistake, pairs] of changes) yield { mistakes: [mistake], text: bytes(joined(pairs)) };
  for (const [mistake, join] of joins) yield { mistakes: [mistake], text: bytes(join(usual)) };
  for (const [mistake, text] of wholes(own, usual, body)) yield { mistakes: [mistake], text: bytes(text) };
  for (const [first, pairs] of changes)
    for (const [second, join] of joins) yield { mistakes: [first, second], text: bytes(join(pairs)) };
}

/** As it is signed: the text behind `name=`. */
function pairOf([name, value]: readonly [string, Json]): Pair {
  return [name, signedText(new Obj([[name, value]])).slice(name.length + 1)];
}

function sorted(pairs: Pairs): Pairs {
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function joined(pairs: Pairs): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Nobody's message has more members. */
const mostLeftOut = 24;

function choices(own: readonly (readonly [string, Json])[]): readonly Change[] {
  const isEmpty = ([, value]: readonly [string, Json]) => value === '';
  const isNull = ([, value]: readonly [string, Json]) => value === null;
  const pairs = (list: readonly (readonly [string, Json])[]) => sorted(list.map(pairOf));
  const has = own.some((one) => isEmpty(one) || isNull(one));
  return [
    ...(has
      ? ([
          [{ key: 'members-empty-dropped' }, pairs(own.filter((one) => !isEmpty(one) && !isNull(one)))],
          [{ key: 'members-null-dropped' }, pairs(own.filter((one) => !isNull(one)))],
          [{ key: 'members-null-empty' }, pairs(own.map(([name, value]) => [name, value ?? '']))],
        ] as const)
      : []),
    [{ key: 'members-sign-kept' }, pairs([...own, [signName, '']])],
    ...own
      .slice(0, mostLeftOut)
      .map(
        ([left]): Change => [
          { key: 'member-left-out', fill: { name: left } },
          pairs(own.filter(([name]) => name !== left)),
        ],
      ),
  ];
}

function writings(usual: Pairs, own: readonly (readonly [string, Json])[]): readonly Change[] {
  const every = (mistake: Mistake, write: (value: string) => string): Change => [
    mistake,
    usual.map(([name, value]) => [name, write(value)]),
  ];
  const isNested = new Set(
    own.filter(([, value]) => typeof value === 'object' && value !== null).map(([name]) => name),
  );
  const raw = new Map(
    own.map(([name, value]) => [name, value instanceof Obj ? (value.source ?? '') : writeJson(value)]),
  );
  const nested = (mistake: Mistake, write: (text: string) => string): readonly Change[] =>
    isNested.size === 0
      ? []
      : [[mistake, usual.map(([name, value]) => [name, isNested.has(name) ? write(raw.get(name) ?? value) : value])]];
  return [
    every({ key: 'values-encoded' }, encodeURIComponent),
    every({ key: 'values-encoded' }, (value) => encodeURIComponent(value).replaceAll('%20', '+')),
    every({ key: 'values-encoded' }, (value) =>
      encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    ),
    every({ key: 'values-trimmed', fill: { part: 'body' } }, (value) => value.trim()),
    ...nested({ key: 'nested-unsorted' }, (text) => text),
    ...nested({ key: 'nested-spaced' }, (text) => text.replaceAll('":', '": ').replaceAll(',"', ', "')),
  ];
}

function joinings(asSent: readonly string[]): readonly Join[] {
  const place = new Map(asSent.map((name, index) => [name, index]));
  const byPlace = (pairs: Pairs) => pairs.toSorted(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const byLetter = (pairs: Pairs) => pairs.toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return [
    [{ key: 'members-unsorted' }, (pairs) => joined(byPlace(pairs))],
    [{ key: 'members-sorted-by-letter' }, (pairs) => joined(byLetter(pairs))],
    [{ key: 'members-backwards' }, (pairs) => joined(pairs.toReversed())],
    [{ key: 'joined-and-behind' }, (pairs) => `${joined(pairs)}&`],
    [{ key: 'joined-newline-behind' }, (pairs) => `${joined(pairs)}\n`],
    [{ key: 'joined-without-and' }, (pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('')],
    [{ key: 'joined-values-alone' }, (pairs) => pairs.map(([, value]) => value).join('')],
    [{ key: 'joined-quoted' }, (pairs) => pairs.map(([name, value]) => `${name}="${value}"`).join('&')],
    [{ key: 'text-other-charset', fill: { part: 'UTF-8' } }, (pairs) => encodeText(joined(pairs), 'GBK') ?? ''],
    [
      { key: 'text-latin1', fill: { part: 'UTF-8' } },
      (pairs) => Buffer.from(joined(pairs).replaceAll(/[\u0100-\u{10ffff}]/gu, '?'), 'latin1'),
    ],
    ...['md5', 'sha1', 'sha256'].map(
      (digest): Join => [
        { key: 'digest-of-text', fill: { digest: digest.toUpperCase() } },
        (pairs) => createHash(digest).update(joined(pairs)).digest('hex'),
      ],
    ),
  ];
}

/** The JSON itself, which looks like something to sign. */
function wholes(
  own: readonly (readonly [string, Json])[],
  usual: Pairs,
  body: Buffer,
): readonly (readonly [Mistake, string | Uint8Array])[] {
  const mistake: Mistake = { key: 'body-instead-of-pairs' };
  const inOrder = own.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    [mistake, writeJson(new Obj(own))],
    [mistake, writeJson(new Obj(inOrder))],
    [mistake, JSON.stringify(Object.fromEntries(usual))],
    [mistake, body],
  ];
}
