/**
 * What the unified API signs. The document has no authentication, so the credential is ours: a key in `x-api-key`,
 * optionally an HMAC over the raw request, and the same HMAC on notices (row 24). `encrypt` of a notice is BluePay's
 * MD5 over the callback's members in the order that reproduces the document's samples (section 6.2).
 */
import { createHmac } from 'node:crypto';
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { header, type Headers, type Keys } from '../protocol.ts';
import { md5Hex, sameText } from '../signing.ts';

/** How far a signed time stamp may be off, in milliseconds. */
const windowMs = 300_000;

export function unauthorized(): Refusal {
  return new Refusal('unauthenticated', { text: 'unauthorized' });
}

export interface ApiKey {
  readonly keyId: string;
  readonly secret: string;
}

/** `<keyId>.<secret>`; null when there is no such header. Two headers, or another form, are refused: never open mode. */
export function apiKeyOf(headers: Headers): ApiKey | null {
  if (!headers.some(([name]) => name === 'x-api-key')) return null;
  const match = /^([a-z0-9]{8,32})\.([\x21-\x7e]{1,256})$/.exec(header({ headers }, 'x-api-key') ?? '');
  if (!match) throw unauthorized();
  return { keyId: match[1] ?? '', secret: match[2] ?? '' };
}

/** Is it one of the credential's secrets? Looks at all of them, each in constant time; an empty one never fits. */
export function isSecretOf(keys: Keys, given: string): boolean {
  return keys
    .secrets('apiKey')
    .filter((known) => known !== '')
    .reduce((found, known) => sameText(known, given) || found, false);
}

/** The text under an HMAC: seconds, method, path with query, and the raw body, joined with dots. */
export function hmacText(timestamp: string, method: string, path: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}.${method}.${path}.`, 'utf8'), body]);
}

export function hmacHex(key: string, text: Uint8Array): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

export interface SignedParts {
  readonly headers: Headers;
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: Uint8Array;
}

/** Checks `x-timestamp` and `x-signature` with any of the keys. Throws Refusal `unauthenticated`. */
export function verifyHmac(parts: SignedParts, keys: readonly string[], moment: Instant): void {
  const timestamp = header(parts, 'x-timestamp') ?? '';
  const given = header(parts, 'x-signature') ?? '';
  if (!/^[0-9]{10}$/.test(timestamp) || !/^[0-9a-f]{64}$/.test(given)) throw unauthorized();
  if (Math.abs(moment - Number(timestamp) * 1000) > windowMs) throw unauthorized();
  const text = hmacText(timestamp, parts.method, parts.path, parts.body);
  const fits = keys
    .filter((key) => key !== '')
    .reduce((found, key) => sameText(hmacHex(key, text), given) || found, false);
  if (!fits) throw unauthorized();
}

/** Headers that `verifyHmac` accepts. */
export function hmacHeaders(parts: Omit<SignedParts, 'headers'>, key: string, moment: Instant): Headers {
  const timestamp = String(Math.floor(moment / 1000));
  return [
    ['x-timestamp', timestamp],
    ['x-signature', hmacHex(key, hmacText(timestamp, parts.method, parts.path, parts.body))],
  ];
}

export function hasHmacHeaders(headers: Headers): boolean {
  return headers.some(([name]) => name === 'x-signature' || name === 'x-timestamp');
}

/** Keys that sign notices: the HMAC key, without one the API key's secret. Empty for a credential without either. */
export function noticeKeys(keys: Keys): readonly string[] {
  const own = keys.secrets('hmacKey');
  return (own.length > 0 ? own : keys.secrets('apiKey')).filter((key) => key !== '');
}

/** The members of a callback that its `encrypt` covers, in order. */
export const signedMembers = [
  'cmd',
  'bt_id',
  'msisdn',
  'operator',
  'paytype',
  'price',
  'productid',
  'status',
  't_id',
  'currency',
  'interfacetype',
] as const;
export type SignedMember = (typeof signedMembers)[number];

/** The text under `encrypt`, before the key. */
function encryptText(values: Readonly<Record<SignedMember, string>>): string {
  return signedMembers.map((name) => `${name}=${values[name]}`).join('&');
}

/** The key of `encrypt`: the product key where the credential has one, else the API key's secret. Null without either. */
export function encryptKey(keys: Keys): string | null {
  const [key = ''] = keys.secrets('productKey').length > 0 ? keys.secrets('productKey') : keys.secrets('apiKey');
  return key === '' ? null : key;
}

export function encryptOf(values: Readonly<Record<SignedMember, string>>, key: string): string {
  return md5Hex(encryptText(values), key);
}
