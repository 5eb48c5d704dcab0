/** The SM2 curve (sm2p256v1, OID 1.2.156.10197.1.301): parameters, keys as points, tables that make multiplication fast. */
import { createHash, type KeyObject } from 'node:crypto';
import { type WeierstrassPoint, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { DerReader } from './der.ts';

export const curve = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
} as const;

export type Point = WeierstrassPoint<bigint>;

export const Sm2Point = weierstrass(curve);

/** The id every party uses unless told otherwise; the platform's is not public (page, section 2.7). */
const userId = '1234567812345678';

/** Windows of the precomputed tables: the generator's is built once, a key's when the key is first used (14 ms). */
const generatorWindow = 8;
const keyWindow = 5;

let generator: Point | null = null;

/** The generator with its table. */
export function base(): Point {
  generator ??= Sm2Point.BASE.precompute(generatorWindow, false);
  return generator;
}

export interface Sm2PublicKey {
  readonly point: Point;
  /** Z of GM/T 0003.2, section 5.5: 32 bytes. */
  readonly z: Uint8Array;
}

export function bytesOf(number: bigint): Uint8Array {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** `point`: 04 x y or 02/03 x. Throws when it is not on the curve. */
export function publicKeyOf(point: Uint8Array): Sm2PublicKey {
  const parsed = Sm2Point.fromBytes(point);
  parsed.assertValidity();
  return { point: parsed.precompute(keyWindow, false), z: zOf(parsed) };
}

/** Z of section 5.5; another id only where somebody's mistake is looked for. */
export function zOf(point: Point, id: string = userId): Uint8Array {
  const { x, y } = point.toAffine();
  const bits = Buffer.alloc(2);
  bits.writeUInt16BE(id.length * 8);
  const hash = createHash('sm3').update(bits).update(id);
  for (const part of [curve.a, curve.b, curve.Gx, curve.Gy, x, y]) hash.update(bytesOf(part));
  return hash.digest();
}

const publicKeys = new WeakMap<KeyObject, Sm2PublicKey>();
const privateKeys = new WeakMap<KeyObject, bigint>();

/** A public or private key object on the SM2 curve; parsed and tabulated once. Throws for any other key. */
export function sm2Public(key: KeyObject): Sm2PublicKey {
  const known = publicKeys.get(key);
  if (known) return known;
  const made = key.type === 'private' ? publicKeyOf(pointOfPrivate(key)) : publicKeyOf(pointOfSpki(key));
  publicKeys.set(key, made);
  return made;
}

const points = new WeakMap<KeyObject, Uint8Array>();

/** The point of a public key object as it stands in the key, unchecked and without a table: for checks made elsewhere. */
export function sm2PointOf(key: KeyObject): Uint8Array {
  const known = points.get(key);
  if (known) return known;
  const point = pointOfSpki(key);
  points.set(key, point);
  return point;
}

/** The secret number of a private key object on the SM2 curve. Throws for any other key. */
export function sm2Private(key: KeyObject): bigint {
  const known = privateKeys.get(key);
  if (known !== undefined) return known;
  const bytes = coded(key, 'private');
  if (!bytes) throw new Error('not a private key on the SM2 curve');
  const info = new DerReader(bytes).enter(0x30);
  info.take(0x02);
  info.take(0x30);
  const inner = info.enter(0x04).enter(0x30);
  inner.take(0x02);
  const d = numberOf(inner.take(0x04));
  if (d < 1n || d >= curve.n - 1n) throw new Error('the SM2 private key is outside its range');
  privateKeys.set(key, d);
  return d;
}

/** Is it a key on the SM2 curve? Never throws. */
export function isSm2Key(key: KeyObject): boolean {
  return coded(key, 'public') !== null || coded(key, 'private') !== null;
}

/** id-ecPublicKey with the curve's own OID, as an AlgorithmIdentifier. */
const algorithm = Buffer.from('301306072a8648ce3d020106082a811ccf5501822d', 'hex');

/**
 * SPKI or PKCS#8 of an SM2 key. Node names neither type nor curve of a key it has read from PEM (only of one it has made), and
 * aborts the whole process when asked for its SEC 1 form: so the curve is looked for in the two forms that are safe.
 */
function coded(key: KeyObject, half: 'public' | 'private'): Uint8Array | null {
  const type = key.asymmetricKeyType;
  if (key.type !== half || (type !== undefined && type !== 'ec')) return null;
  const bytes =
    half === 'public' ? key.export({ type: 'spki', format: 'der' }) : key.export({ type: 'pkcs8', format: 'der' });
  const at = bytes.indexOf(algorithm);
  return at >= 0 && at < 12 ? bytes : null;
}

function pointOfPrivate(key: KeyObject): Uint8Array {
  return base().multiply(sm2Private(key)).toBytes(false);
}

function pointOfSpki(key: KeyObject): Uint8Array {
  const bytes = coded(key, 'public');
  if (!bytes) throw new Error('not a public key on the SM2 curve');
  const sequence = new DerReader(bytes).enter(0x30);
  sequence.take(0x30);
  // The first byte of a bit string counts unused bits.
  return sequence.take(0x03).subarray(1);
}
