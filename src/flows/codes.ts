/**
 * Tries of a code. The code is the channel's and is only passed on; but how often somebody may guess is counted here, before
 * anything leaves us, and every way of being wrong is answered alike (T061).
 */
import { codeRules } from '../core/agreement.ts';
import type { Key } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import {
  type Confirmation,
  confirmationOf,
  type ResendRule,
  reopen,
  takeResend,
  takeTry,
} from '../store/agreements.ts';
import type { Query } from '../store/database.ts';
import type { Gate } from './gate.ts';

/** Wrong, too old, used up: one answer. `channelCode`: the channel's word, where it is about something else. */
export function codeRefused(channelCode?: string): Refusal {
  return new Refusal('invalid-request', {
    field: 'mobile_verify_code',
    why: 'code',
    text: 'the code is wrong or no longer valid',
    ...(channelCode === undefined ? {} : { channelCode }),
  });
}

/** Longer than any call takes: after it, whoever asked has died or given up. Never scaled. */
const callMs = 45_000;

export type Turn =
  /** One try was taken: forward the code. */
  | 'forward'
  /** Accepted before, by this very request or another. */
  | 'repeat'
  | 'accepted-before'
  /** Another request is under way, or nobody knows what became of it: look, do not ask again. */
  | 'under-way';

/** Takes a try. Throws the one refusal when there is none left. */
export async function takeTurn(
  gate: Gate,
  key: Key & { readonly createdAt: number },
  fingerprint: Uint8Array,
): Promise<Turn> {
  const known = await confirmationOf(gate.db, key, key.createdAt);
  if (known.state === 'done') return isSame(known, fingerprint) ? 'repeat' : 'accepted-before';
  const now = gate.world.now();
  const sentAfter = now - gate.world.scaled(codeRules.lifeMs);
  if (await takeTry(gate.db, key, now, { sentAfter, tries: codeRules.tries })) return 'forward';
  const present = await confirmationOf(gate.db, key, key.createdAt);
  if (present.state === 'done') return isSame(present, fingerprint) ? 'repeat' : 'accepted-before';
  if (present.state === 'asked') return 'under-way';
  throw codeRefused();
}

function isSame({ accepted }: Confirmation, fingerprint: Uint8Array): boolean {
  return accepted !== null && Buffer.from(accepted).equals(fingerprint);
}

/** May a code be tried again although one is under way? Only when whoever asked must have ended by now. */
export async function takeAbandoned(gate: Gate, key: Key & { readonly createdAt: number }): Promise<boolean> {
  const { state, askedAt } = await confirmationOf(gate.db, key, key.createdAt);
  if (state !== 'asked' || askedAt === null || gate.world.now() - askedAt < callMs) return false;
  await reopen(gate.db, key, false);
  return true;
}

const dayMs = 86_400_000;
const chinaMs = 8 * 3_600_000;

/** When another code may be sent: one a minute, five a day (China's), none once the tries are used up. */
export function resendRule(gate: Gate, now: number): ResendRule {
  return {
    sentBefore: now - gate.world.scaled(codeRules.resendGapMs),
    tries: codeRules.tries,
    perDay: codeRules.resendsPerDay,
    day: String(Math.floor((now + chinaMs) / dayMs)),
  };
}

/** Takes a resend, and what `besides` counts with it, or neither. Throws when there is none to take. */
export async function takeResendTurn(
  gate: Gate,
  key: Key & { readonly createdAt: number },
  besides?: (query: Query) => Promise<void>,
): Promise<void> {
  await confirmationOf(gate.db, key, key.createdAt);
  const now = gate.world.now();
  const isTaken = await gate.db.transaction(async (query) => {
    const taken = await takeResend(query, key, now, resendRule(gate, now));
    if (taken) await besides?.(query);
    return taken;
  });
  if (isTaken) return;
  throw new Refusal('invalid-request', { field: 'paysn', why: 'too-soon', text: 'a new code cannot be sent now' });
}
