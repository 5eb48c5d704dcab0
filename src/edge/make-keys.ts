/** Keys that we make: texts and pairs, and how they are written down. */
import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const alphabet = `${letters}0123456789`;

/** Every character equally likely: bytes beyond the last whole multiple are thrown away. */
export function randomText(length: number, nonce: (bytes: number) => Uint8Array): string {
  let text = '';
  while (text.length < length) {
    const from = text === '' ? letters : alphabet;
    const [byte = 255] = nonce(1);
    if (byte < 256 - (256 % from.length)) text += from[byte % from.length];
  }
  return text;
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa = { modulusLength: 2048, publicExponent: 65_537 } as const;

/** RSA-2048 with 65537, or SM2. */
export function makePair(ofSm2: boolean): KeyPair {
  return ofSm2 ? generateKeyPairSync('ec', { namedCurve: 'SM2' }) : generateKeyPairSync('rsa', rsa);
}

/** RSA-2048 on another thread: finding the primes takes a tenth of a second. */
export function findRsaPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', rsa);
}

export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
