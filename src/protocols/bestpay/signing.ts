/**
 * The signed text of Bestpay and the signature over it, as small pure functions (page, section 3).
 * Every member but `sign`, sorted by code unit, `name=value` joined with `&`; nulls and empties count; nested values are compact
 * JSON with sorted members, as fastjson 1.x writes it.
 */
import { type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { type Json, Num, Obj, Raw, writeJson } from '../json.ts';

export const signName = 'sign';
export type Digest = 'sha1' | 'sha256';

/** Code units, never a language's order: `disCountAmt` before `discountAmt`, `tradeStatus` before `tradeprodNo` (T067). */
function byCodeUnit([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Members as they are signed: in order, without the signature. */
function signedMembers(members: Obj): (readonly [string, Json])[] {
  return [...members].filter(([name]) => name !== signName).sort(byCodeUnit);
}

/** The text that is signed; its UTF-8 bytes are what RSA sees. Values are the tokens that travel, never re-typed ones. */
export function signedText(members: Obj): string {
  return signedMembers(members)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join('&');
}

/** What clients sign that leave null and empty members out (page, 3.5); behind `signCompat=lenient`. */
export function lenientText(members: Obj): string {
  return signedText(new Obj([...members].filter(([, value]) => value !== null && value !== '')));
}

function valueText(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof Num) return value.raw;
  return nestedText(value);
}

/** fastjson 1.x with sorted fields and nulls kept. Numbers as they came. */
export function nestedText(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Raw) return value.text;
  if (value instanceof Obj)
    return `{${[...value]
      .sort(byCodeUnit)
      .map(([name, member]) => `${quoted(name)}:${nestedText(member)}`)
      .join(',')}}`;
  if (Array.isArray(value)) return `[${value.map((item: Json) => nestedText(item)).join(',')}]`;
  return writeJson(value);
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Categories Cc (controls), Zl and Zp (the two separators) are what fastjson writes as escapes, with quote and backslash. */
const escaped = /["\\\p{Cc}\p{Zl}\p{Zp}]/gu;

/** As JSON, but fastjson also escapes U+007F to U+009F and the line separators, and writes hex in upper case. */
function quoted(text: string): string {
  return `"${text.replaceAll(escaped, escapeOf)}"`;
}

function escapeOf(char: string): string {
  return shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The bytes of a signature, or null: only the one canonical Base64 text of them counts (T008, T069). */
export function signatureBytes(value: Json | undefined): Buffer | null {
  if (typeof value !== 'string' || value.length > 2_048 || !base64.test(value)) return null;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === value ? bytes : null;
}

/** PKCS#1 v1.5. */
export function verifies(text: string, signature: Uint8Array, digest: Digest, keys: readonly KeyObject[]): boolean {
  const bytes = Buffer.from(text);
  return keys.some((key) => key.asymmetricKeyType === 'rsa' && verifyBytes(digest, bytes, key, signature));
}

/** Standard Base64 of the signature. About 0.4 ms for 2048 bits, on the calling thread. */
export function signText(text: string, digest: Digest, key: KeyObject): string {
  return signBytes(digest, Buffer.from(text), key).toString('base64');
}

/** Names that members may have; the Cyrillic letters are those of the document's `ссу` (row 1). */
const memberName = /^[A-Za-z_с][A-Za-z0-9_су]{0,63}$/;
const boundary = /&([A-Za-z_с][A-Za-z0-9_су]{0,63})=/g;

/** What is known about the members of a message. */
export interface Grammar {
  readonly documented: ReadonlySet<string>;
  /** Documented members whose value may hold any text, addresses too. */
  readonly free: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
}

/**
 * The member at which the signed text could be read as another message, or null (T014, T019). Such a message is refused although
 * its signature is good:
 * - a text that holds `&name=` of another documented member (addresses are exempt as long as they are one URL);
 * - a member that the document does not know and that stands behind free text, which may have held it.
 * Elsewhere unknown members are legal: they are signed, and nobody reads them.
 */
export function ambiguousMember(members: Obj, { documented, free, addresses }: Grammar): string | null {
  let before: string | null = null;
  for (const [name, value] of signedMembers(members)) {
    if (!memberName.test(name)) return name;
    if (documented.has(name)) before = name;
    else if (before !== null && free.has(before)) return name;
    const isExempt = typeof value !== 'string' || (addresses.has(name) && isOneUrl(value));
    if (!isExempt && names(value).some((other) => documented.has(other) && other !== name)) return name;
  }
  return null;
}

/** Every `&name=` in a text; one may begin inside another. */
function names(text: string): string[] {
  return [...text.matchAll(boundary)].map(([, name = '']) => name);
}

function isOneUrl(text: string): boolean {
  return /^https?:\/\/[^\s]+$/i.test(text) && URL.canParse(text);
}
