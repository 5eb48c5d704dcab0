/**
 * SM2 signatures with SM3 (GM/T 0003.2, id 1234567812345678), which Node's own `crypto.sign` cannot make: there the id is
 * empty, or the result plain ECDSA (T017). Tried in both directions against the OpenSSL command line.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { DerError, DerReader, derPair } from './der.ts';
import { base, bytesOf, curve, numberOf, Sm2Point, type Sm2PublicKey, sm2Private, sm2Public } from './sm2-curve.ts';

const { n, p } = curve;

interface Pair {
  readonly r: bigint;
  readonly s: bigint;
}

function modN(value: bigint): bigint {
  const rest = value % n;
  return rest < 0n ? rest + n : rest;
}

/** e of section 6.1: SM3 over Z and the message. */
export function digestOf(key: Pick<Sm2PublicKey, 'z'>, message: Uint8Array): bigint {
  return numberOf(createHash('sm3').update(key.z).update(message).digest());
}

/** One try of section 6.1 with the given k; null when k must not be used. */
export function signWith(d: bigint, e: bigint, k: bigint): Pair | null {
  const { x } = base().multiply(k).toAffine();
  const r = modN(e + x);
  if (r === 0n || r + k === n) return null;
  const s = modN(Sm2Point.Fn.inv(modN(1n + d)) * modN(k - r * d));
  return s === 0n ? null : { r, s };
}

/** DER. `nonce` gives random bytes; key and message are mixed in, so that even a broken source never gives two messages one k. */
export function signSm2(key: KeyObject, message: Uint8Array, nonce: (bytes: number) => Uint8Array): Uint8Array {
  const d = sm2Private(key);
  const e = digestOf(sm2Public(key), message);
  for (let round = 0; ; round += 1) {
    const seed = createHash('sha512')
      .update(bytesOf(d))
      .update(bytesOf(e))
      .update(nonce(32))
      .update(String(round))
      .digest();
    const made = signWith(d, e, (numberOf(seed) % (n - 1n)) + 1n);
    if (made) return derPair(made.r, made.s);
  }
}

/** Takes DER, or the 64 bytes r‖s. Never throws for a signature; throws for a key that is not an SM2 key. */
export function verifySm2(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verifySm2At(sm2Public(key), message, signature);
}

export function verifySm2At(key: Sm2PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const pair = pairOf(signature);
  return pair !== null && verifyPair(key, digestOf(key, message), pair);
}

/** Has it the form of a signature at all? Cheap, and says no to most rubbish. */
export function isSm2Signature(signature: Uint8Array): boolean {
  return pairOf(signature) !== null;
}

function verifyPair({ point }: Sm2PublicKey, e: bigint, { r, s }: Pair): boolean {
  const t = modN(r + s);
  if (t === 0n) return false;
  const sum = base().multiplyUnsafe(s).add(point.multiplyUnsafe(t));
  if (sum.is0()) return false;
  // x = X/Z, and r = e + x mod n: compared without the costly division.
  const x = modN(r - e);
  return [x, x + n].some((candidate) => candidate < p && (candidate * sum.Z) % p === sum.X);
}

function pairOf(signature: Uint8Array): Pair | null {
  try {
    const pair = signature.length === 64 ? rawPair(signature) : derPairOf(signature);
    return inRange(pair.r) && inRange(pair.s) ? pair : null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function rawPair(signature: Uint8Array): Pair {
  return { r: numberOf(signature.subarray(0, 32)), s: numberOf(signature.subarray(32)) };
}

function derPairOf(signature: Uint8Array): Pair {
  const outer = new DerReader(signature);
  const sequence = outer.enter(0x30);
  outer.end();
  const pair = { r: sequence.integer(), s: sequence.integer() };
  sequence.end();
  return pair;
}

function inRange(value: bigint): boolean {
  return value >= 1n && value < n;
}
