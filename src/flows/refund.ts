/**
 * Giving money back: the amount is taken off the payment's remainder and off the merchant's balance before the channel hears of it.
 * A time-out frees neither; nothing expires a refund.
 */
import type { RefundAsk, RefundReport } from '../core/commands.ts';
import { movesOf } from '../core/ledger.ts';
import type { Payment, Refund } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport, refundReport } from '../core/report.ts';
import { createRefund, type Made, type NewOrder } from '../store/create.ts';
import type { ChannelRow } from '../store/directory.ts';
import { asRefusal } from '../store/ledger.ts';
import { evidenceOfCall, learnAbout, makeOrder } from './attempt.ts';
import type { Caller, Gate } from './gate.ts';
import { afterIntent } from './pay.ts';
import { findOwn } from './query.ts';
import { orderOfRepeat, whenCalled } from './repeat.ts';
import { checkNotifyTarget } from './route.ts';

export async function refund(
  gate: Gate,
  caller: Caller,
  ask: RefundAsk,
  fingerprint: Uint8Array,
): Promise<RefundReport> {
  checkNotifyTarget(gate, ask);
  const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(caller.credential.protocol, 'refund');
  const payment = await findOwn(gate, caller, 'payment', { ...ask, refundNo: null });
  if (payment?.kind !== 'payment') throw new Refusal('not-found', { text: 'no such payment' });
  const channel = checkRefundable(gate, payment, ask);
  const one = newRefund(gate, caller, ask, payment, channel, fingerprint);
  const made = await makeOrder(gate, { add: (news) => storeRefund(gate, news) }, one);
  try {
    if (made.kind === 'taken') {
      const first = await orderOfRepeat(gate, 'refund', payment.home, made.by, fingerprint, 'refundNo');
      return answer((await whenCalled(gate, first, deadline)) as Refund);
    }
    const outcome = await gate.call(channel, 'refund', {
      ...ask,
      refundNo: one.order.reference ?? '',
      orderNo: payment.reference,
      platformNo: payment.upstreamNo,
      notify: { kind: 'http', url: gate.facts.callbackUrl(channel) },
      extras: {},
    });
    return answer((await learnAbout(gate, one.order, evidenceOfCall(gate, one.order, outcome))) as Refund);
  } catch (error) {
    throw afterIntent(error, gate, one.order);
  }
}

function checkRefundable(gate: Gate, payment: Payment, ask: RefundAsk): ChannelRow {
  if (payment.state !== 'paid') {
    const report = paymentReport(payment, null);
    throw new Refusal('conflict', { why: 'not-paid', text: 'the payment is not paid', report });
  }
  if (ask.amount.currency !== payment.amount.currency)
    throw new Refusal('invalid-request', {
      field: 'currency',
      why: 'currency',
      text: 'another currency than the payment',
    });
  const channel = payment.channelId === null ? undefined : gate.directory().channels.get(payment.channelId);
  const why = channel ? gate.facts.unable(channel, 'refund', ask) : 'its channel is gone';
  if (!channel || why !== null)
    throw new Refusal('channel-unavailable', { why: 'no-refund', text: `the channel cannot refund: ${why}` });
  return channel;
}

/** The payment's check constraint is the last word on the remainder; its violation is the caller's mistake, not ours. */
async function storeRefund(gate: Gate, one: NewOrder<Refund>): Promise<Made> {
  try {
    return await gate.db.transaction((query) => createRefund(query, one));
  } catch (error) {
    const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
    if (code === '23514' && constraint === 'payments_refunds_within_paid')
      throw new Refusal('limit-exceeded', {
        field: 'refundAmount',
        why: 'refund-remainder',
        text: 'more than is left of the payment',
      });
    throw asRefusal(error);
  }
}

function newRefund(
  gate: Gate,
  { merchant, credential }: Caller,
  ask: RefundAsk,
  payment: Payment,
  channel: ChannelRow,
  fingerprint: Uint8Array,
): NewOrder<Refund> {
  const { home } = payment;
  const now = gate.world.now();
  const order: Refund = {
    kind: 'refund',
    home,
    id: gate.world.newId(),
    paymentId: payment.id,
    merchantId: merchant.id,
    credentialId: credential.id,
    protocol: credential.protocol,
    orderNo: ask.refundNo,
    platformNo: gate.facts.platformNo(credential.protocol, 'refund', home),
    state: 'sending',
    amount: ask.amount,
    fee: 0n,
    channelId: channel.id,
    reference: gate.facts.reference(channel, 'refund', home),
    upstreamNo: null,
    reason: null,
    createdAt: now,
    finishedAt: null,
    detail: {
      paymentOrderNo: payment.orderNo,
      paymentPlatformNo: payment.platformNo,
      paymentAmount: String(payment.amount.minor),
      paymentOption: payment.option,
      // The payment's whole; what this refund's part of it is, is settled under the payment's lock.
      exchange: payment.detail.exchange ?? null,
      reason: ask.reason,
      notify: ask.notify,
      extras: ask.extras,
    },
    channelExtras: {},
  };
  return {
    order,
    space: gate.facts.numberSpace(credential.protocol, 'refund'),
    fingerprint,
    attemptId: gate.world.newId(),
    dueAt: now + 2 * gate.facts.answerTimeMs(credential.protocol, 'refund'),
    moves: movesOf('refund-hold', order, now),
  };
}

function answer(order: Refund): RefundReport {
  const report = refundReport(order);
  if (order.state === 'failed' && order.reason)
    throw new Refusal(order.reason.code === 'not-sent' ? 'channel-unavailable' : 'channel-declined', {
      channelCode: order.reason.code,
      text: order.reason.text,
      report,
    });
  return report;
}
