/** Asymmetric keys at the door: the right half, a sound RSA key or the SM2 curve, and nothing of them in an error (T018). */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Refusal } from '../core/refusal.ts';
import { isSm2Key } from '../protocols/sm2-curve.ts';

const strongBits = 2048;
const weakestBits = 1024;
const mostBits = 8192;
const leastExponent = 65_537n;

function invalid(field: string, text: string): Refusal {
  return new Refusal('invalid-request', { field, text });
}

/** A public key, SPKI or PKCS#1 PEM or a certificate. Throws Refusal that names the field. */
export function checkPublicKey(field: string, pem: string, allowWeak: boolean): KeyObject {
  if (/PRIVATE KEY/.test(pem)) throw invalid(field, 'this is a private key: keep it, and give the public one');
  return checked(field, () => createPublicKey(pem), allowWeak);
}

export function checkPrivateKey(field: string, pem: string, allowWeak: boolean): KeyObject {
  if (!/PRIVATE KEY/.test(pem)) throw invalid(field, 'a private key in PEM is needed here');
  return checked(field, () => createPrivateKey(pem), allowWeak);
}

function checked(field: string, parse: () => KeyObject, allowWeak: boolean): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch {
    // OpenSSL's words may quote what it read.
    throw invalid(field, 'not a key in PEM that can be read');
  }
  const why = key.asymmetricKeyType === 'rsa' ? weaknessOf(key, allowWeak) : curveProblem(key);
  if (why !== null) throw invalid(field, why);
  return key;
}

function weaknessOf(key: KeyObject, allowWeak: boolean): string | null {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const least = allowWeak ? weakestBits : strongBits;
  if (modulusLength < least) return `an RSA key of at least ${least} bits is needed, this one has ${modulusLength}`;
  if (modulusLength > mostBits) return `an RSA key of more than ${mostBits} bits is not taken`;
  if (publicExponent < leastExponent || publicExponent % 2n === 0n)
    return `the RSA exponent must be odd and at least ${leastExponent}`;
  return null;
}

function curveProblem(key: KeyObject): string | null {
  return isSm2Key(key) ? null : 'an RSA key, or an EC key on the SM2 curve, is needed';
}
