/** bluepay: MD5 over parts of the query as they stand in the URL, with the product key behind them; `encrypt` holds it. */
import type { Keys } from '../protocols/protocol.ts';
import { callbackText, isSignedBy, queryText, splitQuery, transferText } from '../protocols/bluepay/signing.ts';
import { md5Hex } from '../protocols/signing.ts';
import { elsewhere, type Explainer, finding, ofOther, say } from './finding.ts';
import { mistakesIn, shownText, type Trial } from './mistakes.ts';

type Members = readonly (readonly [string, string])[];

const rule = say('rule-query-and-key');

export const explainBluepay: Explainer = (message, { keys }, others, moment) => {
  const path = message.target.split('?', 1)[0] ?? '';
  const members = membersOf(message.target);
  if (members === null) return finding('differs', { advice: [say('not-query'), rule] });
  if (/\/(?:offline\.php|gather\/mo)$/.test(path)) return finding('unsigned', { advice: [say('unsigned-here')] });
  const text = textOf(path, members, keys);
  const right: Trial = { mistake: null, before: text };
  const received = valueOf(members, 'encrypt');
  const [key = ''] = keys.secrets('key');
  const about = {
    signedText: shownText(right),
    expected: md5Hex(text, key),
    received: received === '' ? null : received,
  };
  if (received === '') {
    const mistakes = elsewhere(message, 'encrypt=', /^(?:x-)?(?:sign(?:ature)?|encrypt)$/i);
    return finding('missing', { ...about, mistakes, advice: [rule] });
  }
  if (isSignedBy(keys, text, received)) return finding('fits', { ...about, advice: [say('fits')] });
  if (isSignedBy(keys, text, received.toLowerCase()))
    return finding('differs', { ...about, mistakes: [{ key: 'digest-upper' }], advice: [rule] });
  const stranger = others.find((other) => isSignedBy(other.keys, text, received.toLowerCase()));
  const found = stranger
    ? { mistakes: [ofOther(stranger)] }
    : mistakesIn(decoded(received), right, trials(path, members, text, keys), keys.secrets('key'), moment);
  return finding('differs', { ...about, ...found, advice: [rule] });
};

function membersOf(target: string): Members | null {
  const at = target.indexOf('?');
  try {
    return splitQuery(at < 0 ? '' : target.slice(at + 1));
  } catch {
    return null;
  }
}

function valueOf(members: Members, name: string): string {
  return members.find(([other]) => other === name)?.[1] ?? '';
}

/** Which text is signed depends on the endpoint; what is none of them is a callback. */
function textOf(path: string, members: Members, keys: Keys): string {
  const value = (name: string) => decoded(valueOf(members, name));
  if (path.endsWith('/transferBalance')) return transferText(value('productId'), valueOf(members, 'data'));
  if (/\/query(?:Transfer|TransDetail)$/.test(path))
    return queryText(keys, value('operatorId'), value('productid'), value('t_id'));
  return callbackText(beforeEncrypt(members));
}

function beforeEncrypt(members: Members): Members {
  const at = members.findIndex(([name]) => name === 'encrypt');
  return at < 0 ? members : members.slice(0, at);
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return raw;
  }
}

function joined(members: Members, value: (raw: string) => string): string {
  return members.map(([name, raw]) => `${name}=${value(raw)}`).join('&');
}

function trials(path: string, members: Members, right: string, keys: Keys): readonly Trial[] {
  const signed = beforeEncrypt(members);
  const sorted = signed.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const raw = (text: string) => text;
  const all = members.filter(([name]) => name !== 'encrypt');
  return [
    { mistake: { key: 'key-forgotten' }, before: right, withKey: false },
    { mistake: { key: 'key-before' }, before: '', after: right },
    { mistake: { key: 'key-as-member' }, before: `${right}&key=` },
    { mistake: { key: 'key-newline-between' }, before: `${right}\n` },
    { mistake: { key: 'operator-not-decoded' }, before: joined(signed, raw) },
    { mistake: { key: 'values-decoded' }, before: joined(signed, decoded) },
    { mistake: { key: 'values-encoded' }, before: joined(signed, encodeURIComponent) },
    { mistake: { key: 'members-sorted' }, before: joined(sorted, raw) },
    { mistake: { key: 'members-sorted' }, before: joined(sorted, decoded) },
    { mistake: { key: 'joined-values-alone' }, before: signed.map(([, value]) => decoded(value)).join('') },
    { mistake: { key: 'members-behind-sign' }, before: joined(all, raw) },
    ...queryTrials(path, members, keys),
  ];
}

/** A query's signature in the form that this product does not use. */
function queryTrials(path: string, members: Members, keys: Keys): readonly Trial[] {
  if (!/\/query(?:Transfer|TransDetail)$/.test(path)) return [];
  const value = (name: string) => decoded(valueOf(members, name));
  const isShort = keys.setting('querySign') === 'product';
  const other: Keys = { ...keys, setting: (name) => (name === 'querySign' && !isShort ? 'product' : null) };
  const before = queryText(other, value('operatorId'), value('productid'), value('t_id'));
  return [{ mistake: { key: 'query-other-form' }, before }];
}
