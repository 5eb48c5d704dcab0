/** A new code for a payment; the old one ends with it. */
import type { Confirm, PaymentReport } from '../core/commands.ts';
import { isFinal, type Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport } from '../core/report.ts';
import type { Query } from '../store/database.ts';
import { takeResendTurn } from './codes.ts';
import { ownConfirmable } from './confirm-payment.ts';
import type { Caller, Gate } from './gate.ts';

export async function resendCode(gate: Gate, caller: Caller, ask: Confirm): Promise<PaymentReport> {
  return sendCode(gate, await ownConfirmable(gate, caller, ask));
}

/** `besides`: what else is counted with the sending; what it throws, this throws, and nothing is sent or counted. */
export async function sendCode(
  gate: Gate,
  payment: Payment,
  besides?: (query: Query) => Promise<void>,
): Promise<PaymentReport> {
  if (isFinal(payment)) throw new Refusal('conflict', { why: payment.state === 'paid' ? 'paid' : 'closed' });
  const channel = payment.channelId === null ? undefined : gate.directory().channels.get(payment.channelId);
  const confirmNo = payment.instruction.confirmNo;
  if (!channel || confirmNo === null) throw new Refusal('busy', { text: 'the channel has not answered yet' });
  // Counted before it is sent: a channel that does not answer must not make us a flood (T061).
  await takeResendTurn(gate, payment, besides);
  const outcome = await gate.call(channel, 'resend-code', {
    orderNo: payment.reference,
    confirmNo,
    code: '',
    extras: {},
  });
  if (outcome.kind === 'declined')
    throw new Refusal('channel-declined', { channelCode: outcome.code, text: outcome.text });
  if (outcome.kind !== 'answered') throw new Refusal('busy', { text: 'nobody knows whether a code was sent' });
  return paymentReport(payment, gate.deskUrl(payment));
}
