/**
 * Money that had no place in its payment (late, or a second time) and lies in suspense goes back to whoever paid it. The refund is
 * stored in the transaction that booked the money, once per movement; a worker sends it. It never touches the merchant's balance.
 */
import type { RefundAsk } from '../core/commands.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Move } from '../core/ledger.ts';
import { money } from '../core/money.ts';
import type { Payment, Refund } from '../core/order.ts';
import type { NewOrder } from '../store/create.ts';
import type { ChannelRow } from '../store/directory.ts';
import type { Gate } from './gate.ts';

/** The refund of one movement. `move` is the posting that brought the money into suspense. */
export function lateRefundOf(gate: Gate, payment: Payment, evidence: Evidence, move: Move): NewOrder<Refund> | null {
  const channelId = evidence.channelId ?? payment.channelId;
  const channel = channelId === null ? undefined : gate.directory().channels.get(channelId);
  if (!channel) return null;
  const { home } = payment;
  const reference = gate.facts.reference(channel, 'refund', home);
  // The known number belongs to the attempt that counts: with another one it would name the wrong payment.
  const isOfOrder = evidence.reference === null || evidence.reference === payment.reference;
  const order: Refund = {
    kind: 'refund',
    home,
    id: gate.world.newId(),
    paymentId: payment.id,
    merchantId: payment.merchantId,
    credentialId: payment.credentialId,
    protocol: payment.protocol,
    // No merchant's number: nobody asked for it.
    orderNo: reference,
    platformNo: gate.facts.platformNo(payment.protocol, 'refund', home),
    state: 'requested',
    amount: money(move.amount, move.currency),
    fee: 0n,
    channelId: channel.id,
    reference,
    upstreamNo: null,
    reason: null,
    createdAt: evidence.at,
    finishedAt: null,
    detail: {
      isLate: true,
      paymentOrderNo: payment.orderNo,
      paymentPlatformNo: payment.platformNo,
      paymentAmount: String(payment.amount.minor),
      upstreamPayment: {
        reference: evidence.reference ?? payment.reference,
        upstreamNo: evidence.upstreamNo ?? (isOfOrder ? payment.upstreamNo : null),
      },
      reason: null,
      notify: null,
      extras: {},
    },
    channelExtras: {},
  };
  return {
    order,
    space: '',
    fingerprint: new Uint8Array(),
    attemptId: gate.world.newId(),
    dueAt: evidence.at,
    moves: [],
  };
}

/** What the channel is asked, for this and for every other refund. */
export function upstreamRefund(gate: Gate, channel: ChannelRow, refund: Refund): RefundAsk {
  const { upstreamPayment, reason } = refund.detail;
  return {
    refundNo: refund.reference ?? '',
    orderNo: upstreamPayment?.reference ?? null,
    platformNo: upstreamPayment?.upstreamNo ?? null,
    amount: refund.amount,
    reason,
    notify: { kind: 'http', url: gate.facts.callbackUrl(channel) },
    extras: {},
  };
}
