/** RSA (SHA-1, PKCS#1 v1.5) or SM2 over bytes; Base64 in one spelling only. Which key there is decides what may be used (T016). */
import { type KeyObject, sign as rsaSign, verify as rsaVerify } from 'node:crypto';
import type { CostlyCheck, Keys, Proof, Scene } from '../protocol.ts';
import { isSm2Signature, signSm2, verifySm2 } from '../sm2.ts';
import { sm2PointOf } from '../sm2-curve.ts';
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
export function verifies(
  signed: Uint8Array,
  sign: string,
  signType: SignType,
  { keys, proofs = [] }: Pick<Scene, 'keys' | 'proofs'>,
): boolean {
  const signature = decoded(sign);
  if (signature === null) return false;
  if (signType === 'RSA')
    return keys.keyObjects(keyNames.RSA.theirs).some((key) => rsaVerify('RSA-SHA1', signed, key, signature));
  return keys
    .keyObjects(keyNames.SM.theirs)
    .some((key) => provenIn(proofs, checkOf(key, signed, signature)) ?? verifySm2(key, signed, signature));
}

/** The SM2 checks that `verifies` will come to. */
export function costlyChecks(signed: Uint8Array, sign: string, keys: Keys): readonly CostlyCheck[] {
  const signature = decoded(sign);
  if (signature === null || !isSm2Signature(signature)) return [];
  return keys.keyObjects(keyNames.SM.theirs).map((key) => checkOf(key, signed, signature));
}

function checkOf(key: KeyObject, message: Uint8Array, signature: Uint8Array): CostlyCheck {
  return { point: sm2PointOf(key), message, signature };
}

/** Only a proof about these very bytes counts. */
function provenIn(proofs: readonly Proof[], { point, message, signature }: CostlyCheck): boolean | null {
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(b);
  const found = proofs.find(
    ({ check }) => same(check.point, point) && same(check.signature, signature) && same(check.message, message),
  );
  return found?.holds ?? null;
}

const remembered = new WeakMap<KeyObject, Map<string, string>>();
const mostRemembered = 200;

/**
 * As `signatureOf`, remembered: what whoever cannot sign is answered is the same each time, and must not cost us a signature
 * each time.
 */
export function rememberedSignature(
  signed: Uint8Array,
  signType: SignType,
  scene: Pick<Scene, 'keys' | 'nonce'>,
): string {
  const [key] = scene.keys.keyObjects(keyNames[signType].ours);
  if (!key) return '';
  const known = remembered.get(key) ?? new Map<string, string>();
  remembered.set(key, known);
  const text = Buffer.from(signed).toString('latin1');
  const made = known.get(text) ?? signatureOf(signed, signType, scene);
  if (known.size >= mostRemembered) known.clear();
  known.set(text, made);
  return made;
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
