/** RSA (SHA-1, PKCS#1 v1.5) or SM2 over bytes; Base64 in one spelling only. Which key there is decides what may be used (T016). */
import { sign as rsaSign, verify as rsaVerify } from 'node:crypto';
import type { Keys, Scene } from '../protocol.ts';
import { signSm2, verifySm2 } from '../sm2.ts';
import { keyNames, type SignType } from './settings.ts';

export function isSignType(word: string): word is SignType {
  return word === 'RSA' || word === 'SM';
}

/** Base64 whose canonical spelling it is (T069), else null. */
function decoded(sign: string): Uint8Array | null {
  if (sign.length > 2_048) return null;
  const bytes = Buffer.from(sign, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === sign ? bytes : null;
}

/** Does any key that we hold of this party for that algorithm verify it? */
export function verifies(signed: Uint8Array, sign: string, signType: SignType, keys: Keys): boolean {
  const signature = decoded(sign);
  if (signature === null) return false;
  return keys
    .keyObjects(keyNames[signType].theirs)
    .some((key) =>
      signType === 'SM' ? verifySm2(key, signed, signature) : rsaVerify('RSA-SHA1', signed, key, signature),
    );
}

/** Base64; '' when we hold no such key: then nothing we say is to be believed. */
export function signatureOf(
  signed: Uint8Array,
  signType: SignType,
  { keys, nonce }: Pick<Scene, 'keys' | 'nonce'>,
): string {
  const [key] = keys.keyObjects(keyNames[signType].ours);
  if (!key) return '';
  const signature = signType === 'SM' ? signSm2(key, signed, nonce) : rsaSign('RSA-SHA1', signed, key);
  return Buffer.from(signature).toString('base64');
}
