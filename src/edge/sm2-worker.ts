/** A thread that checks SM2 signatures, with the tables of the keys it has seen. Started by verify-pool.ts. */
import { parentPort } from 'node:worker_threads';
import type { CostlyCheck } from '../protocols/protocol.ts';
import { verifySm2At } from '../protocols/sm2.ts';
import { publicKeyOf, type Sm2PublicKey } from '../protocols/sm2-curve.ts';

export interface Job {
  readonly id: number;
  readonly check: CostlyCheck;
}
export interface Result {
  readonly id: number;
  readonly holds: boolean;
}

/** A table takes 200 KB; the oldest goes first. */
const mostKeys = 500;
const keys = new Map<string, Sm2PublicKey>();

function keyAt(point: Uint8Array): Sm2PublicKey {
  const name = Buffer.from(point).toString('latin1');
  const known = keys.get(name);
  if (known) return known;
  const [oldest] = keys.keys();
  if (keys.size >= mostKeys && oldest !== undefined) keys.delete(oldest);
  const made = publicKeyOf(point);
  keys.set(name, made);
  return made;
}

function holds({ point, message, signature }: CostlyCheck): boolean {
  try {
    return verifySm2At(keyAt(point), message, signature);
  } catch {
    // A point off the curve verifies nothing.
    return false;
  }
}

parentPort?.on('message', ({ id, check }: Job) => {
  const result: Result = { id, holds: holds(check) };
  parentPort?.postMessage(result);
});
