/**
 * What an RSA signature (PKCS#1 v1.5) holds, opened with public keys only: the digest that was signed, and which. So the text can be
 * looked for without asking a key each time. Private keys take no part: an answer that depends on them would be an oracle.
 */
import { constants, createHash, type KeyObject, publicDecrypt, verify } from 'node:crypto';

export interface Held {
  /** Name of the digest as node:crypto knows it. */
  readonly digest: string;
  readonly value: Uint8Array;
  /** How it was put in, if not as it should be. */
  readonly words: string;
}

/** DigestInfo of PKCS#1, section 9.2, up to the digest itself. */
const digestInfos: readonly (readonly [digest: string, prefix: string])[] = [
  ['sha1', '3021300906052b0e03021a05000414'],
  ['sha256', '3031300d060960864801650304020105000420'],
  ['md5', '3020300c06082a864886f70d020505000410'],
  ['sha512', '3051300d060960864801650304020305000440'],
  ['sha384', '3041300d060960864801650304020205000430'],
];

const byLength: ReadonlyMap<number, string> = new Map([
  [16, 'md5'],
  [20, 'sha1'],
  [32, 'sha256'],
]);

/** null: it was not made with the private half of this key, or not in this way. */
export function heldIn(signature: Uint8Array, key: KeyObject): Held | null {
  const content = openedWith(signature, key);
  if (content === null) return null;
  const hex = content.toString('hex');
  const named = digestInfos.find(([, prefix]) => hex.startsWith(prefix));
  if (named) return { digest: named[0], value: content.subarray(named[1].length / 2), words: '' };
  const bare = byLength.get(content.length);
  if (bare !== undefined)
    return { digest: bare, value: content, words: 'the bare digest was signed, without its name' };
  const text = content.toString('latin1');
  const written = /^[0-9a-fA-F]+$/.test(text) ? byLength.get(text.length / 2) : undefined;
  const words = 'the hex text of the digest was encrypted with the private key';
  return written === undefined
    ? { digest: '', value: content, words: '' }
    : { digest: written, value: Buffer.from(text, 'hex'), words };
}

function openedWith(signature: Uint8Array, key: KeyObject): Buffer | null {
  if (key.asymmetricKeyType !== 'rsa') return null;
  try {
    return publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    // Another length, or no padding: another key.
    return null;
  }
}

export function holds({ digest, value }: Held, text: Uint8Array): boolean {
  return digest !== '' && createHash(digest).update(text).digest().equals(value);
}

/** The other padding of RSA, with any usual digest. */
export function isPss(text: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = constants;
  return (
    key.asymmetricKeyType === 'rsa' &&
    ['sha1', 'sha256'].some((digest) => verify(digest, text, { key, padding, saltLength }, signature))
  );
}
