/** Identifiers are time-ordered: 41 bits of milliseconds, 10 of process, 12 of counter. */
import type { Instant } from './world.ts';

export const idEpoch = Date.UTC(2025, 0, 1);
export const idTimeShift = 22n;

/** Whatever was made since then has a larger one; a clock that steps back makes them larger still. */
export function firstIdSince(at: Instant): bigint {
  return BigInt(Math.max(0, Math.floor(at) - idEpoch)) << idTimeShift;
}
