/** How SM2 signatures go wrong, for the signature doctor alone: nothing here may ever decide whether somebody is believed. */
import { createHash, type KeyObject } from 'node:crypto';
import type { Mistake } from '../core/mistakes.ts';
import { DerError, DerReader, derPair } from './der.ts';
import { verifySm2At } from './sm2.ts';
import { base, curve, numberOf, Sm2Point, type Sm2PublicKey, sm2Public, zOf } from './sm2-curve.ts';

interface Way {
  /** null = the right way. */
  readonly mistake: Mistake | null;
  readonly holds: (key: Sm2PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;
}

const rightWay: Way = { mistake: null, holds: verifySm2At };

/** What libraries do instead of SM2 with SM3 and the usual id. */
const wrongWays: readonly Way[] = [
  {
    mistake: { key: 'sm2-empty-id' },
    holds: ({ point }, message, signature) => verifySm2At({ point, z: zOf(point, '') }, message, signature),
  },
  {
    mistake: { key: 'sm2-no-id' },
    holds: ({ point }, message, signature) => verifySm2At({ point, z: new Uint8Array(0) }, message, signature),
  },
  { mistake: { key: 'sm2-ecdsa', fill: { digest: 'SM3' } }, holds: ecdsaBy('sm3') },
  { mistake: { key: 'sm2-ecdsa', fill: { digest: 'SHA-256' } }, holds: ecdsaBy('sha256') },
];

/** Does the signature hold in the right way over that text? */
export function holdsRight(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return rightWay.holds(sm2Public(key), message, signature);
}

/** The wrong way in which it was signed; null when it is none of those. */
export function wrongWayOf(key: KeyObject, message: Uint8Array, signature: Uint8Array): Mistake | null {
  return wrongWays.find(({ holds }) => holds(sm2Public(key), message, signature))?.mistake ?? null;
}

/** The same two numbers written as they should be, with how they were written; the bytes themselves, without a mistake, first. */
export function spellings(
  signature: Uint8Array,
): readonly { readonly mistakes: readonly Mistake[]; readonly signature: Uint8Array }[] {
  const swapped = Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]);
  const loose = looseDer(signature);
  return [
    { mistakes: [], signature },
    ...(signature.length === 64 ? [{ mistakes: [{ key: 'sm2-swapped' } as const], signature: swapped }] : []),
    ...(loose === null ? [] : [{ mistakes: [{ key: 'sm2-loose-der' } as const], signature: loose }]),
  ];
}

/** DER whose integers were written as 32 unsigned bytes each. */
function looseDer(signature: Uint8Array): Uint8Array | null {
  try {
    const sequence = new DerReader(signature).enter(0x30);
    const [r, s] = [numberOf(sequence.take(0x02)), numberOf(sequence.take(0x02))];
    if (r >= curve.n || s >= curve.n) return null;
    const strict = derPair(r, s);
    return Buffer.from(strict).equals(signature) ? null : strict;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function pairIn(signature: Uint8Array): readonly [r: bigint, s: bigint] | null {
  if (signature.length === 64) return [numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32))];
  try {
    const sequence = new DerReader(signature).enter(0x30);
    return [sequence.integer(), sequence.integer()];
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function ecdsaBy(digest: 'sm3' | 'sha256'): Way['holds'] {
  return ({ point }, message, signature) => {
    const { n } = curve;
    const [r, s] = pairIn(signature) ?? [0n, 0n];
    if (r < 1n || r >= n || s < 1n || s >= n) return false;
    const e = numberOf(createHash(digest).update(message).digest()) % n;
    const w = Sm2Point.Fn.inv(s);
    const sum = base()
      .multiplyUnsafe((e * w) % n)
      .add(point.multiplyUnsafe((r * w) % n));
    return !sum.is0() && sum.toAffine().x % n === r;
  };
}
