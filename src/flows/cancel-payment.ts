/**
 * A merchant cancels a barcode payment whose end it does not know. Looked at in this order (rulings): does it exist, its state,
 * its age, the hour; then the channel takes it back. A paid one is refused: that is what refunds are for.
 */
import type { Find, PaymentReport } from '../core/commands.ts';
import { isWithinHours } from '../core/conduct.ts';
import { isFinal, type Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport } from '../core/report.ts';
import { endTimeToPay } from '../store/orders.ts';
import { queryUpstream, reverse } from './chase.ts';
import type { Caller, Gate } from './gate.ts';
import { workerMs } from './hold-barcode.ts';
import { findOwn } from './query.ts';

export async function cancelPayment(gate: Gate, caller: Caller, find: Find): Promise<PaymentReport> {
  const rule = gate.facts.conduct(caller.credential.protocol).cancel;
  if (!rule) throw new Refusal('invalid-request', { why: 'unsupported', text: 'nothing is cancelled here' });
  const payment = await findOwn(gate, caller, 'payment', find);
  if (payment?.kind !== 'payment') throw new Refusal('not-found', { text: 'no such payment' });
  if (!rule.methods.includes(payment.method) && find.extras['endsAny'] !== 'true')
    throw new Refusal('invalid-request', { why: 'other-kind', text: 'only barcode payments are cancelled' });
  const present = isFinal(payment) ? payment : ((await queryUpstream(gate, payment)) as Payment);
  refuseEnded(present);
  const now = gate.world.now();
  if (now - present.createdAt < gate.world.scaled(rule.minAgeMs))
    throw new Refusal('invalid-request', { why: 'too-early', text: 'too early to cancel' });
  if (!isWithinHours(now, caller.credential.settings['cancelHours'] ?? rule.hours, rule.zone))
    throw new Refusal('channel-unavailable', { why: 'hours', text: 'outside the hours for cancelling' });
  return cancelled(gate, present, now);
}

async function cancelled(gate: Gate, payment: Payment, now: number): Promise<PaymentReport> {
  // From here on it is being revoked, whatever becomes of the call: a worker goes on where we stop.
  await endTimeToPay(gate.db, payment, now, now + gate.world.scaled(workerMs));
  const after = await reverse(gate, { ...payment, expiresAt: now });
  if (after.state === 'reversed' || after.state === 'closed') return paymentReport(after, gate.deskUrl(after));
  refuseEnded(after);
  throw new Refusal('outcome-unknown', { report: paymentReport(after, null) });
}

function refuseEnded({ state }: Payment): void {
  if (isFinal({ kind: 'payment', state }))
    throw new Refusal('conflict', { why: state, text: `the payment is ${state}` });
}
