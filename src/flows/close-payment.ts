/** Closing an unpaid payment: the channel closes it first; what it says goes through the door, and money on its way wins (T035). */
import type { Find, PaymentReport } from '../core/commands.ts';
import { isFinal, type Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport } from '../core/report.ts';
import type { ChannelRow } from '../store/directory.ts';
import { bareEvidence, isAbout, learnAbout, reportEvidence } from './attempt.ts';
import { queryUpstream } from './chase.ts';
import type { Caller, Gate } from './gate.ts';
import { findOwn } from './query.ts';

export async function closePayment(gate: Gate, caller: Caller, find: Find): Promise<PaymentReport> {
  const payment = await findOwn(gate, caller, 'payment', find);
  if (payment?.kind !== 'payment') throw new Refusal('not-found', { text: 'no such payment' });
  const cancelled = gate.facts.conduct(caller.credential.protocol).cancel?.methods ?? [];
  if (cancelled.includes(payment.method) && find.extras['endsAny'] !== 'true')
    throw new Refusal('invalid-request', { why: 'other-kind', text: 'this one is cancelled, not closed' });
  const present = isFinal(payment) ? payment : await endUnpaid(gate, payment);
  if (present.state === 'paid') throw new Refusal('conflict', { why: 'paid', text: 'the payment is paid' });
  const report = paymentReport(present, gate.deskUrl(present));
  if (!isFinal(present)) throw new Refusal('outcome-unknown', { report });
  return report;
}

/** For an operator as for a merchant. Throws Refusal `channel-unavailable` when the channel has no such thing. */
export async function endUnpaid(gate: Gate, payment: Payment): Promise<Payment> {
  const about = { kind: payment.kind, channelId: payment.channelId, reference: payment.reference };
  const at = gate.world.now();
  if (payment.state === 'new')
    return (await learnAbout(gate, payment, bareEvidence(about, 'operator', 'closed', at))) as Payment;
  const report = await closeUpstream(gate, payment);
  // Only a channel that says "closed" closes; anything else is what a query says now.
  if (report === null) return (await queryUpstream(gate, payment)) as Payment;
  const evidence = reportEvidence(about, 'reply', report, gate.world.now());
  return (await learnAbout(gate, payment, evidence)) as Payment;
}

function askOf({ reference, upstreamNo }: Payment): Find {
  return { orderNo: reference, platformNo: upstreamNo, refundNo: null, extras: {} };
}

/** Null when the payment has no channel, or one that knows no closing. */
export function channelThatCloses(gate: Gate, payment: Payment): ChannelRow | null {
  const channel = payment.channelId === null ? undefined : gate.directory().channels.get(payment.channelId);
  return channel && gate.facts.unable(channel, 'close-payment', askOf(payment)) === null ? channel : null;
}

/** What the channel says when it has closed the payment; null = it has not, or nobody knows. Throws Refusal `channel-unavailable`. */
export async function closeUpstream(gate: Gate, payment: Payment): Promise<PaymentReport | null> {
  const channel = channelThatCloses(gate, payment);
  if (!channel) throw new Refusal('channel-unavailable', { why: 'unsupported', text: 'its channel closes nothing' });
  const outcome = await gate.call(channel, 'close-payment', askOf(payment));
  if (outcome.kind !== 'answered' || !isAbout(payment, outcome.answer)) return null;
  return outcome.answer.state === 'closed' ? outcome.answer : null;
}
