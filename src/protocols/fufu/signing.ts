/**
 * `sign = MD5(timestamp + key + body without blanks and line breaks) : timestamp`, in the query of the URL (section 1.2).
 * Checked over the received bytes. Blanks are taken out of the hashed text only, so the readers of members must refuse them
 * wherever they could change a meaning (T011).
 */
import { md5Hex, sameText } from '../signing.ts';

const tab = 0x09;
/** Blank, line feed, vertical tab, form feed, carriage return; the tab stands apart. */
const blanks: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0b, 0x0c, 0x0d]);

/** The bytes without blanks and line breaks; with `keepTabs` tabs stay. */
export function stripped(body: Uint8Array, keepTabs = false): Uint8Array {
  return body.filter((byte) => !blanks.has(byte) && (keepTabs || byte !== tab));
}

/** Lower-case hex, without the time stamp behind it. */
export function digestOf(timestamp: string, key: string, body: Uint8Array): string {
  return md5Hex(timestamp, key, stripped(body));
}

/** The whole value of `sign`. `moment` in milliseconds: 13 digits until the year 2286. */
export function signOf(moment: number, key: string, body: Uint8Array): string {
  const timestamp = String(moment);
  return `${digestOf(timestamp, key, body)}:${timestamp}`;
}

export interface Sign {
  /** Lower case. */
  readonly digest: string;
  readonly timestamp: string;
}

/** Exactly 13 digits: with a fixed length nobody can move the border between time stamp and key (T012). */
const grammar = /^([0-9a-fA-F]{32}):([0-9]{13})$/;

/** Null for anything but 32 hex digits, a colon and 13 digits. */
export function parseSign(text: string): Sign | null {
  const match = grammar.exec(text);
  return match ? { digest: (match[1] ?? '').toLowerCase(), timestamp: match[2] ?? '' } : null;
}

/** The document speaks of blanks and line breaks: a sender may have left tabs in or out. An empty key never verifies (T009). */
export function verifies({ digest, timestamp }: Sign, body: Uint8Array, keys: readonly string[]): boolean {
  const readings = body.includes(tab) ? [stripped(body), stripped(body, true)] : [stripped(body)];
  let found = false;
  // Everything is tried whatever the first ones say: time must not tell which key fits.
  for (const key of keys)
    for (const reading of readings) if (key !== '' && sameText(digest, md5Hex(timestamp, key, reading))) found = true;
  return found;
}

/** The one `sign` of a raw target's query; null when there is none, or more than one (T008). */
export function signIn(target: string): string | null {
  const question = target.indexOf('?');
  if (question < 0) return null;
  const found = target
    .slice(question + 1)
    .split('&')
    .map((part) => part.split('=', 2))
    .filter(([name = '']) => decoded(name) === 'sign');
  const [one] = found;
  return found.length === 1 && one !== undefined ? decoded(one[1] ?? '') : null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The URL with a sign behind whatever query it has already (section 2.3). */
export function withSign(url: string, sign: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}sign=${sign}`;
}

/** Can a sign be added to that address so that its owner finds it? No fragment, and no `sign` of its own (T054). */
export function canBeSigned(url: string): boolean {
  const question = url.indexOf('?');
  const names =
    question < 0
      ? []
      : url
          .slice(question + 1)
          .split('&')
          .map((part) => decoded(part.split('=', 1)[0] ?? ''));
  return !url.includes('#') && !names.some((name) => name === null || name === 'sign');
}
