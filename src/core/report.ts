/** Orders as reports: what a caller is told, in core words. Protocols write them in their own. */
import type { Instruction, PaymentReport, PayoutReport, RefundReport, Report, ReportedState } from './commands.ts';
import { isCurrency, money } from './money.ts';
import type { Order, Payment, PaymentState, Payout, PayoutState, Refund, RefundState } from './order.ts';

const paymentWords: Readonly<Record<PaymentState, ReportedState>> = {
  new: 'pending',
  sending: 'unknown',
  pending: 'pending',
  unknown: 'unknown',
  paid: 'paid',
  failed: 'failed',
  closed: 'closed',
  reversed: 'reversed',
};
const payoutWords: Readonly<Record<PayoutState, ReportedState>> = {
  requested: 'pending',
  approved: 'pending',
  sending: 'unknown',
  pending: 'pending',
  unknown: 'unknown',
  succeeded: 'paid',
  failed: 'failed',
  returned: 'returned',
};
const refundWords: Readonly<Record<RefundState, ReportedState>> = {
  requested: 'pending',
  sending: 'unknown',
  pending: 'pending',
  unknown: 'unknown',
  succeeded: 'paid',
  failed: 'failed',
  cancelled: 'failed',
};

/** `deskUrl` is the hosted page of a payment, made from our present base URL: it is never stored. */
export function reportOf(order: Order, deskUrl: string | null): Report {
  switch (order.kind) {
    case 'payment':
      return paymentReport(order, deskUrl);
    case 'payout':
      return payoutReport(order);
    case 'refund':
      return refundReport(order);
  }
}

export function paymentReport(payment: Payment, deskUrl: string | null): PaymentReport {
  const instruction: Instruction = { ...payment.instruction, deskUrl };
  return {
    kind: 'payment',
    orderNo: payment.orderNo,
    platformNo: payment.platformNo,
    channelNo: payment.upstreamNo,
    state: paymentWords[payment.state],
    method: payment.method,
    option: payment.option,
    amount: payment.amount,
    paid: payment.paid > 0n ? money(payment.paid, payment.amount.currency) : null,
    fee: money(payment.fee, payment.amount.currency),
    instruction,
    createdAt: payment.createdAt,
    expiresAt: payment.expiresAt,
    finishedAt: payment.finishedAt,
    reason: payment.reason,
    refunds: { done: payment.refunded, pending: payment.refundPending, lastFailed: false },
    exchange: payment.detail.exchange ?? null,
    extras: payment.detail.extras,
    channelExtras: payment.channelExtras,
  };
}

export function payoutReport(payout: Payout): PayoutReport {
  return {
    kind: 'payout',
    orderNo: payout.orderNo,
    platformNo: payout.platformNo,
    channelNo: payout.upstreamNo,
    state: payoutWords[payout.state],
    amount: payout.amount,
    fee: money(payout.fee, payout.amount.currency),
    createdAt: payout.createdAt,
    finishedAt: payout.finishedAt,
    reason: payout.reason,
    extras: payout.detail.extras,
    channelExtras: payout.channelExtras,
  };
}

export function refundReport(refund: Refund): RefundReport {
  const { currency } = refund.amount;
  return {
    kind: 'refund',
    refundNo: refund.orderNo,
    orderNo: refund.detail.paymentOrderNo,
    platformNo: refund.detail.paymentPlatformNo,
    platformRefundNo: refund.platformNo,
    state: refundWords[refund.state],
    amount: refund.amount,
    paymentAmount: isCurrency(currency) ? money(BigInt(refund.detail.paymentAmount), currency) : null,
    paymentOption: refund.detail.paymentOption ?? null,
    exchange: refund.detail.exchange ?? null,
    createdAt: refund.createdAt,
    finishedAt: refund.finishedAt,
    reason: refund.reason,
    extras: refund.detail.extras,
    channelExtras: refund.channelExtras,
  };
}
