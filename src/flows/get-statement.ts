/** A merchant's list for a day: an address that whoever holds it may read for a while, and nobody can guess. */
import type { Ask } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { Caller, Gate } from './gate.ts';

const dayMs = 86_400_000;
/** Protocols that have statements count their days in China. */
const zoneMs = 8 * 3_600_000;
/** How long the address is good; never scaled, a person reads it. */
const goodForMs = 3_600_000;

/** Start of a day, yyyy-MM-dd, on the merchant's clock. */
export function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - zoneMs;
}

export function dayEnd(day: string): number {
  return dayStart(day) + dayMs;
}

/** Throws Refusal `invalid-request` for a day that has not begun. */
export function getStatement(
  gate: Gate,
  { credential }: Caller,
  { day }: Ask<'get-statement'>,
): Promise<{ readonly url: string }> {
  const now = gate.world.now();
  const start = dayStart(day);
  if (Number.isNaN(start) || start > now)
    throw new Refusal('invalid-request', { field: 'account_date', text: 'no such day yet' });
  const until = String(now + goodForMs);
  const mark = statementMark(gate, String(credential.id), day, until);
  return Promise.resolve({ url: `${gate.facts.publicUrl()}/statements/${credential.id}/${day}/${until}/${mark}` });
}

/** What an address must end with: 43 characters that only we can make. */
export function statementMark(gate: Gate, credentialId: string, day: string, until: string): string {
  return Buffer.from(gate.mark('statement', `${credentialId}/${day}/${until}`)).toString('base64url');
}
