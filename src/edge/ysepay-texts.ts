/** Texts that are signed by mistake instead of ysepay's canonical form, as data: what was left out, rewritten or joined otherwise. */
import { createHash } from 'node:crypto';
import type { Mistake } from '../core/mistakes.ts';
import { type Charset, decodeText, encodeText } from '../protocols/ysepay/charset.ts';
import type { Param } from '../protocols/ysepay/form.ts';
import { rewritten } from './rewritten.ts';
import type { SignedText } from './rsa-mistakes.ts';

type Params = readonly Param[];
type Change<From, To = From> = readonly [mistake: Mistake, change: (from: From) => To];

/** What has been received: the form's members, how they stood in the body, and the charset that it declares. */
export interface ReceivedForm {
  readonly form: Params;
  readonly body: Uint8Array;
  readonly charset: Charset;
}

/** Nearest first: the right text, all with one mistake, all with two. */
export function* signedTexts(received: ReceivedForm, most: 1 | 2): Generator<SignedText> {
  const { form } = received;
  const choices: readonly Change<Params>[] = [...selections(form, usual), [emptyKept, allButSign]];
  const wholes = joinings(form);
  const written = rewritings(received).map(([mistake, write]) => [mistake, write(form)] as const);
  const one = (mistake: Mistake, text: Uint8Array): SignedText => ({ mistakes: [mistake], text });
  yield { mistakes: [], text: joined(usual(form)) };
  for (const [mistake, select] of choices) yield one(mistake, joined(select(form)));
  for (const [mistake, values] of written) yield one(mistake, joined(usual(values)));
  for (const [mistake, join] of wholes) yield one(mistake, join(usual(form)));
  if (most === 1) return;
  const two = (first: Mistake, second: Mistake, text: Uint8Array): SignedText => ({ mistakes: [first, second], text });
  for (const [first, select] of selections(form, allButSign)) yield two(first, emptyKept, joined(select(form)));
  for (const [first, select] of choices) {
    for (const [second, values] of written) yield two(first, second, joined(select(values)));
    for (const [second, join] of wholes) yield two(first, second, join(select(form)));
  }
  for (const [first, values] of written)
    for (const [second, join] of wholes) yield two(first, second, join(usual(values)));
}

const emptyKept: Mistake = { key: 'members-empty-kept' };

// ── which members ─────────────────────────────────────────────────────────────────────────────────────────────────────

function isSign({ name }: Param): boolean {
  return name.toLowerCase() === 'sign';
}

function isBlank({ value }: Param): boolean {
  return value.every((byte) => byte <= 0x20);
}

/** All but sign, blank ones dropped: what is signed. */
function usual(all: Params): Params {
  return all.filter((param) => !isSign(param) && !isBlank(param));
}

/** Nobody's form has more members, and a hostile one must not cost an operator's page seconds. */
const mostLeftOut = 24;

function allButSign(all: Params): Params {
  return all.filter((param) => !isSign(param));
}

/** `base` picks what would have been signed without the mistake. */
function selections(form: Params, base: (all: Params) => Params): readonly Change<Params>[] {
  const names = usual(form).map(({ name }) => name);
  // The likeliest first: it describes the signature and looks as if it were no part of it.
  const likeliest = (a: string, b: string) => Number(b === 'sign_type') - Number(a === 'sign_type');
  const leftOut = names.toSorted(likeliest).slice(0, mostLeftOut);
  const empty: Param = { name: 'sign', value: new Uint8Array(0) };
  const isZero = ({ value }: Param) => Buffer.from(value).toString('latin1') === '0';
  return [
    ...leftOut.map(
      (left): Change<Params> => [
        { key: 'member-left-out', fill: { name: left } },
        (all) => base(all).filter(({ name }) => name !== left),
      ],
    ),
    [{ key: 'members-sign-kept' }, (all) => [...base(all), empty]],
    [{ key: 'members-zero-dropped' }, (all) => base(all).filter((one) => !isZero(one))],
    [{ key: 'biz-alone' }, (all) => all.filter(({ name }) => name === 'biz_content')],
  ];
}

// ── how the values are written ────────────────────────────────────────────────────────────────────────────────────────

function rewritings({ form, body, charset }: ReceivedForm): readonly Change<Params>[] {
  const raw = rawValues(body);
  const every = (mistake: Mistake, write: (value: Uint8Array, name: string) => Uint8Array | null): Change<Params> => [
    mistake,
    (all) => all.map(({ name, value }) => ({ name, value: write(value, name) ?? value })),
  ];
  const recoded = (write: (text: string) => Uint8Array | null) => (value: Uint8Array) => {
    const text = decodeText(value, charset);
    return text === null ? null : write(text);
  };
  const other: Charset = charset === 'GBK' ? 'UTF-8' : 'GBK';
  const part = { part: charset };
  const encoded: Mistake = { key: 'values-encoded' };
  return [
    every(
      { key: 'charset-other', fill: { other, charset } },
      recoded((text) => encodeText(text, other)),
    ),
    every({ key: 'text-latin1', fill: part }, recoded(inLatin1)),
    every({ key: 'text-utf8-twice', fill: part }, (value) =>
      Buffer.from(Buffer.from(value).toString('latin1'), 'utf8'),
    ),
    every({ key: 'values-plus' }, (_, name) => {
      const found = raw.get(name);
      return found === undefined ? null : unescapedKeepingPlus(found);
    }),
    every({ key: 'values-as-in-body' }, (_, name) => raw.get(name) ?? null),
    ...[true, false].flatMap((isUpper) => [
      every(encoded, (value) => percent(value, { isUpper, blank: '%20' })),
      every(encoded, (value) => percent(value, { isUpper, blank: '+' })),
    ]),
    every({ key: 'values-trimmed', fill: { part: 'body' } }, (value) =>
      Buffer.from(Buffer.from(value).toString('latin1').trim(), 'latin1'),
    ),
    every(
      { key: 'text-quotes-escaped', fill: { part: 'body' } },
      recoded((text) => encodeText(text.replaceAll('"', '&quot;'), charset)),
    ),
    ...bizForms(form, charset),
  ];
}

/** biz_content is the very text that is sent; libraries like to write it anew in between. */
function bizForms(form: Params, charset: Charset): readonly Change<Params>[] {
  const biz = form.find(({ name }) => name === 'biz_content');
  const text = biz === undefined ? null : decodeText(biz.value, charset);
  if (text === null) return [];
  return rewritten(Buffer.from(text), 'biz_content').map(({ mistake, text: written }) => {
    const value = encodeText(written.toString('utf8'), charset);
    return [
      mistake,
      (all) => all.map((one) => (one.name === 'biz_content' ? { ...one, value: value ?? one.value } : one)),
    ];
  });
}

function inLatin1(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(/[\u0100-\u{10ffff}]/gu, '?'), 'latin1');
}

/** Values as they stood in the body, by name. */
function rawValues(body: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const parts = Buffer.from(body).toString('latin1').split('&');
  return new Map(
    parts.map((part) => {
      const at = part.indexOf('=');
      return [at < 0 ? part : part.slice(0, at), Buffer.from(at < 0 ? '' : part.slice(at + 1), 'latin1')];
    }),
  );
}

function unescapedKeepingPlus(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw).toString('latin1');
  const unescaped = text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    Buffer.from(hex, 'hex').toString('latin1'),
  );
  return Buffer.from(unescaped, 'latin1');
}

function percent(value: Uint8Array, { isUpper, blank }: { isUpper: boolean; blank: '%20' | '+' }): Uint8Array {
  const unreserved = blank === '+' ? /[A-Za-z0-9_.*-]/ : /[A-Za-z0-9_.~-]/;
  const parts = Array.from(value, (byte) => {
    const char = String.fromCharCode(byte);
    if (char === ' ') return blank;
    if (unreserved.test(char)) return char;
    const hex = byte.toString(16).padStart(2, '0');
    return `%${isUpper ? hex.toUpperCase() : hex}`;
  });
  return Buffer.from(parts.join(''), 'latin1');
}

// ── how it is joined ──────────────────────────────────────────────────────────────────────────────────────────────────

const nothing = new Uint8Array(0);

function glued(all: Params, separator: string): Uint8Array {
  return Buffer.concat(
    all.flatMap(({ name, value }, index) => [Buffer.from(`${index === 0 ? '' : separator}${name}=`, 'latin1'), value]),
  );
}

function sorted(all: Params): Params {
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function joined(all: Params): Uint8Array {
  return glued(sorted(all), '&');
}

function around(before: string, after: string): (all: Params) => Uint8Array {
  return (all) => Buffer.concat([Buffer.from(before), joined(all), Buffer.from(after)]);
}

function digested(digest: string): (all: Params) => Uint8Array {
  return (all) => Buffer.from(createHash(digest).update(joined(all)).digest('hex'));
}

function joinings(form: Params): readonly Change<Params, Uint8Array>[] {
  const place = new Map(form.map(({ name }, index) => [name, index]));
  const bySender = (all: Params) => all.toSorted((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
  return [
    [{ key: 'members-unsorted' }, (all) => glued(bySender(all), '&')],
    [{ key: 'members-backwards' }, (all) => glued(sorted(all).toReversed(), '&')],
    [{ key: 'biz-text-alone' }, (all) => all.find(({ name }) => name === 'biz_content')?.value ?? nothing],
    [{ key: 'joined-and-behind' }, around('', '&')],
    [{ key: 'joined-and-before' }, around('&', '')],
    [{ key: 'joined-newline-behind' }, around('', '\n')],
    [{ key: 'joined-without-and' }, (all) => glued(sorted(all), '')],
    [{ key: 'joined-values-alone' }, (all) => Buffer.concat(sorted(all).map(({ value }) => value))],
    ...['sha1', 'md5', 'sha256'].map(
      (digest): Change<Params, Uint8Array> => [
        { key: 'digest-of-text', fill: { digest: digest.toUpperCase() } },
        digested(digest),
      ],
    ),
  ];
}
