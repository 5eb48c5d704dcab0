/**
 * The payer wants another way than the one they chose. Only a channel that closes what it was asked to collect makes that safe:
 * when it says so, the choice is open again; money on its way wins, and silence leaves everything as it is.
 */
import { leavingCode, leftReason } from '../core/evidence.ts';
import type { Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { bareEvidence, learnAbout, reportEvidence } from './attempt.ts';
import { queryUpstream } from './chase.ts';
import { channelThatCloses, closeUpstream } from './close-payment.ts';
import type { Gate } from './gate.ts';

/** Can it be asked for: did the payer choose, is there time, and does the channel close? */
export function mayLeave(gate: Gate, payment: Payment): boolean {
  const { detail, state, expiresAt } = payment;
  const isOver = expiresAt !== null && expiresAt <= gate.world.now();
  return detail.desk !== undefined && state === 'pending' && !isOver && channelThatCloses(gate, payment) !== null;
}

/** Throws Refusal `conflict` when it cannot be left, `busy` when the channel did not close it (nothing has changed then). */
export async function leaveChoice(gate: Gate, payment: Payment): Promise<void> {
  if (payment.state === 'new') return;
  if (!mayLeave(gate, payment)) throw new Refusal('conflict', { why: 'not-to-be-left', text: 'it cannot be left' });
  // On record before the channel hears of it: its callback may overtake its reply.
  if (!(await markLeaving(gate, payment))) return;
  const report = await closeUpstream(gate, payment);
  if (report === null) {
    const present = await queryUpstream(gate, payment);
    if (present.state !== 'pending') return;
    throw new Refusal('busy', { text: 'the channel has not closed it' });
  }
  const evidence = reportEvidence(aboutOf(payment), 'reply', report, gate.world.now());
  await learnAbout(gate, payment, { ...evidence, event: 'reopened', reason: leftReason });
}

function aboutOf({ kind, channelId, reference }: Payment) {
  return { kind, channelId, reference };
}

/** False when another window, or the channel, was faster. A code that is under way stays what it is: nobody knows what becomes of it. */
async function markLeaving(gate: Gate, payment: Payment): Promise<boolean> {
  if (payment.reason?.code === 'confirming') return true;
  const reason = { code: leavingCode, text: 'another way was asked for' };
  const present = await learnAbout(
    gate,
    payment,
    bareEvidence(aboutOf(payment), 'payer', 'accepted', gate.world.now(), reason),
  );
  return present.state === 'pending' && present.reference === payment.reference;
}
