/**
 * BluePay's signatures: MD5 over query text with the product's key behind it, and the encrypted `data` of a disbursement.
 * Page, sections 6.1 to 6.3. Each string to sign is built by one pure function.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Refusal } from '../../core/refusal.ts';
import { type Keys, secret } from '../protocol.ts';
import { md5Hex, sameText } from '../signing.ts';

/** Members of a raw query, undecoded, in the order received. */
export type RawQuery = readonly (readonly [name: string, raw: string])[];

function refuse(text: string): Refusal {
  return new Refusal('unauthenticated', { text });
}

/** Splits a raw query without decoding. Repeated and nameless members are refused (T008): two parsers could differ on them. */
export function splitQuery(query: string): RawQuery {
  if (query === '') return [];
  const members = query.split('&').map((part) => {
    const at = part.indexOf('=');
    const name = at < 0 ? '' : part.slice(0, at);
    if (!/^[A-Za-z0-9_]{1,64}$/.test(name))
      throw new Refusal('invalid-request', { text: 'the query is not name=value' });
    return [name, part.slice(at + 1)] as const;
  });
  const repeated = members.find(([name], i) => members.findIndex(([other]) => other === name) !== i);
  if (repeated) throw new Refusal('invalid-request', { field: repeated[0], text: `${repeated[0]} is given twice` });
  return members;
}

/** Decodes once, as Java's URLDecoder: `+` is a blank, percent sequences are UTF-8. Anything else is refused. */
export function decodeOnce(raw: string, name: string): string {
  try {
    const text = decodeURIComponent(raw.replaceAll('+', ' '));
    if (text.includes('\0')) throw new URIError('NUL');
    return text;
  } catch {
    throw new Refusal('invalid-request', { field: name, text: `${name} is not percent-encoded UTF-8` });
  }
}

/** The product's keys that may verify: an empty one never does (T009). */
function verifyingKeys(keys: Keys): readonly string[] {
  return keys.secrets('key').filter((key) => key !== '');
}

/** Is `given` the MD5 of the text and one of the product's keys? Looks at all keys, in constant time each. */
export function isSignedBy(keys: Keys, text: string, given: string): boolean {
  if (!/^[0-9a-f]{32}$/.test(given)) return false;
  return verifyingKeys(keys).reduce((found, key) => sameText(md5Hex(text, key), given) || found, false);
}

export function sign(keys: Keys, text: string): string {
  return md5Hex(text, secret(keys, 'key'));
}

/** What a callback's signature covers: the raw members in the order received, with `operator` alone decoded. */
export function callbackText(members: RawQuery): string {
  return members.map(([name, raw]) => `${name}=${name === 'operator' ? operatorOf(raw) : raw}`).join('&');
}

/**
 * The bank or shop channel, decoded. A decoded text that looks like further members is refused: it would let somebody move
 * signed members into it under the same signature (T014).
 */
function operatorOf(raw: string): string {
  const text = decodeOnce(raw, 'operator');
  if (/&[^&=]*=/.test(text)) throw refuse('operator contains members');
  return text;
}

/** What came before `encrypt`, the signature, and the names behind it (they are not signed and are never read). */
export interface SplitCallback {
  readonly signed: RawQuery;
  readonly encrypt: string;
  readonly ignored: readonly string[];
}

export function splitCallback(query: string): SplitCallback {
  const members = splitQuery(query);
  const at = members.findIndex(([name]) => name === 'encrypt');
  if (at < 1) throw refuse('no signed members before encrypt');
  return {
    signed: members.slice(0, at),
    encrypt: members[at]?.[1] ?? '',
    ignored: members.slice(at + 1).map(([name]) => name),
  };
}

/** Checks a raw callback query and gives its members, `operator` decoded. Throws Refusal `unauthenticated`. */
export function openCallback(query: string, keys: Keys): SplitCallback {
  const split = splitCallback(query);
  if (!isSignedBy(keys, callbackText(split.signed), split.encrypt)) throw refuse('encrypt does not fit');
  return {
    ...split,
    signed: split.signed.map(([name, raw]) => [name, name === 'operator' ? operatorOf(raw) : raw]),
  };
}

/** What the signature of a disbursement covers; `data` as it stands in the URL. */
export function transferText(productId: string, encodedData: string): string {
  return `productId=${productId}&data=${encodedData}`;
}

/** What the signature of a query covers: the documented form, or that of an older demo of the vendor (`querySign`). */
export function queryText(keys: Keys, operatorId: string, productId: string, transactionId: string): string {
  return keys.setting('querySign') === 'product'
    ? `productId=${productId}&transactionId=${transactionId}`
    : `operatorId=${operatorId}&productid=${productId}&t_id=${transactionId}`;
}

/** AES-128 takes 16 bytes: the product's key is cut, or filled with the digit 0. */
function cipherKey(key: string): Buffer {
  return Buffer.from(key.slice(0, 16).padEnd(16, '0'), 'latin1');
}

function cipherIv(keys: Keys): Buffer {
  const iv = Buffer.from(secret(keys, 'iv'), 'latin1');
  if (iv.length !== 16) throw new Error(`${keys.sender}: iv must have 16 characters`);
  return iv;
}

/** Plain text → AES-128-CBC → upper-case hex → Base64 of that text → percent-encoded: the `data` member. */
export function sealData(plain: string, keys: Keys): string {
  const cipher = createCipheriv('aes-128-cbc', cipherKey(secret(keys, 'key')), cipherIv(keys));
  const hex = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
    .toString('hex')
    .toUpperCase();
  return encodeURIComponent(Buffer.from(hex, 'latin1').toString('base64'));
}

/** Reads `data` with one of the product's keys. Only canonical Base64 and upper-case hex are taken (T069). */
export function openData(encoded: string, keys: Keys): string {
  const base64 = decodeOnce(encoded, 'data');
  const hex = Buffer.from(base64, 'base64').toString('latin1');
  const canonical = encodeURIComponent(Buffer.from(hex, 'latin1').toString('base64')) === encoded;
  if (!canonical || !/^(?:[0-9A-F]{32})+$/.test(hex)) throw refuse('data is not encrypted as documented');
  for (const key of verifyingKeys(keys)) {
    const plain = decipher(Buffer.from(hex, 'hex'), key, cipherIv(keys));
    if (plain !== null) return plain;
  }
  throw refuse('data cannot be decrypted');
}

function decipher(bytes: Buffer, key: string, iv: Buffer): string | null {
  try {
    const machine = createDecipheriv('aes-128-cbc', cipherKey(key), iv);
    const plain = Buffer.concat([machine.update(bytes), machine.final()]);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return null;
  }
}

/** Members inside `data`, in the documented order. */
export const dataMembers = [
  'transactionId',
  'promotionId',
  'payeeCountry',
  'payeeBankName',
  'payeeName',
  'payeeAccount',
  'payeeMsisdn',
  'payeeType',
  'amount',
  'currency',
] as const;
export type DataMember = (typeof dataMembers)[number];

const nextMember = new RegExp(`&(?:${dataMembers.join('|')})=`);

/** The text inside `data`: not percent-encoded, so a value that looks like a further member is refused (T014). */
export function dataText(values: Readonly<Record<DataMember, string>>): string {
  return dataMembers
    .map((name) => {
      if (nextMember.test(values[name]))
        throw new Refusal('invalid-request', { field: name, text: `${name} contains members` });
      return `${name}=${values[name]}`;
    })
    .join('&');
}

/** Reads the text inside `data`: exactly the documented members in their order, each starting at its first possible place. */
export function readDataText(plain: string): Readonly<Record<DataMember, string>> {
  const values: Partial<Record<DataMember, string>> = {};
  let at = 0;
  for (const [i, name] of dataMembers.entries()) {
    if (!plain.startsWith(`${name}=`, at)) throw strange();
    const start = at + name.length + 1;
    const next = dataMembers[i + 1];
    const end = next === undefined ? plain.length : plain.indexOf(`&${next}=`, start);
    if (end < 0) throw strange();
    values[name] = plain.slice(start, end);
    at = end + 1;
  }
  const all = values as Record<DataMember, string>;
  // A member hidden in a value would make two readings of one text.
  dataText(all);
  return all;
}

function strange(): Refusal {
  return new Refusal('invalid-request', { field: 'data', text: 'data has not the documented members' });
}
