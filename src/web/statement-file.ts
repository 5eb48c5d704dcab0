/**
 * A statement that a person has as a file. Where it may be sent is an address made for whoever is signed in, as nobody else may send us so
 * much. The address lets in bytes only; who may do what with them is asked as everywhere.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../core/refusal.ts';
import { BadStatement, ownStatement, readStatement } from '../core/statement.ts';
import type { Gate } from '../flows/gate.ts';
import type { Statement } from '../flows/reconcile-day.ts';

/** Longest file, bytes. */
export const maxFileBytes = 16 * 1024 * 1024;
/** Never scaled: a person chooses a file. */
const goodForMs = 3_600_000;

type Marker = Pick<Gate, 'mark' | 'world'>;

/** The last two parts of the address: until when it is good, and the mark. */
export function fileAddress(gate: Marker): string {
  const until = String(gate.world.now() + goodForMs);
  return `${until}/${markOf(gate, until)}`;
}

function markOf(gate: Marker, until: string): string {
  return Buffer.from(gate.mark('statement-file', until)).toString('base64url');
}

const place = /^\/(?:admin\/v1|console)\/statement-files\/(\d{1,16})\/([A-Za-z0-9_-]{43})$/;

/** How much may be sent there; null = it is no address of ours, or no longer good. */
export function fileLimit(gate: Marker, path: string): number | null {
  const [, until = '', mark = ''] = place.exec(path) ?? [];
  if (until === '') return null;
  const [expected, given] = [Buffer.from(markOf(gate, until)), Buffer.from(mark)];
  const isGood = given.length === expected.length && timingSafeEqual(given, expected);
  return isGood && Number(until) > gate.world.now() ? maxFileBytes : null;
}

/** Reads a file in our own columns. Throws Refusal `invalid-request` that names the bad lines. */
export function statementOfFile(bytes: Uint8Array): Statement {
  const digest = createHash('sha256').update(bytes).digest();
  try {
    return { source: 'file', digest, lines: readStatement(bytes, ownStatement) };
  } catch (error) {
    if (error instanceof BadStatement) throw new Refusal('invalid-request', { field: 'file', text: error.message });
    throw error;
  }
}
