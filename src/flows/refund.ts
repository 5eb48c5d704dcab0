/**
 * Giving money back: the amount is taken off the payment's remainder and off the merchant's balance before the channel hears of it.
 * A time-out frees neither; nothing expires a refund.
 */
import type { Extras, RefundAsk, RefundReport } from '../core/commands.ts';
import { movesOf } from '../core/ledger.ts';
import type { Payment, Refund } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport, refundReport } from '../core/report.ts';
import { createRefund, type NewOrder } from '../store/create.ts';
import type { ChannelRow } from '../store/directory.ts';
import { asRefusal } from '../store/ledger.ts';
import { orderByKey } from '../store/orders.ts';
import { evidenceOfCall, learnAbout, makeOrder } from './attempt.ts';
import type { Caller, Gate } from './gate.ts';
import { upstreamRefund } from './late-refund.ts';
import { beginRefundAgain } from './learn-outcome.ts';
import { afterIntent } from './pay.ts';
import { repeatInQuarantine } from './hold-back.ts';
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
  if (gate.directory().quarantine) {
    const asked = { orderNo: ask.refundNo, command: 'refund', extras: ask.extras } as const;
    return answer((await repeatInQuarantine(gate, caller, 'refund', asked, fingerprint)) as Refund);
  }
  checkPeriod(gate, caller, payment);
  const channel = checkRefundable(gate, payment, ask);
  const one = newRefund(gate, caller, ask, payment, channel, fingerprint);
  const made = await makeOrder(
    gate,
    { add: (news) => storing(gate, payment, () => gate.db.transaction((query) => createRefund(query, news))) },
    one,
  );
  try {
    if (made.kind === 'taken') {
      const first = await orderOfRepeat(gate, 'refund', payment.home, made.by, fingerprint, 'refundNo');
      const present = (await whenCalled(gate, first, deadline)) as Refund;
      const again = isBegunAgain(gate, present)
        ? await storing(gate, payment, () => beginRefundAgain(gate, present))
        : null;
      return answer(again ? await callForRefund(gate, channel, again) : present);
    }
    return answer(await callForRefund(gate, channel, one.order));
  } catch (error) {
    throw afterIntent(error, gate, one.order);
  }
}

async function callForRefund(gate: Gate, channel: ChannelRow, order: Refund): Promise<Refund> {
  const outcome = await gate.call(channel, 'refund', upstreamRefund(gate, channel, order));
  return (await learnAbout(gate, order, evidenceOfCall(gate, order, outcome))) as Refund;
}

function isBegunAgain(gate: Gate, { state, protocol }: Refund): boolean {
  return state === 'failed' && gate.facts.conduct(protocol).failedRefunds === 'begun-again';
}

const dayMs = 86_400_000;

/** A setting of the merchant, where its protocol has one. */
function checkPeriod(gate: Gate, { credential }: Caller, { finishedAt }: Payment): void {
  const days = Number(gate.facts.setting(credential, 'refundPeriodDays') ?? '0');
  if (days > 0 && finishedAt !== null && gate.world.now() - finishedAt > days * dayMs)
    throw new Refusal('limit-exceeded', { why: 'refund-period', text: `a refund is possible for ${days} days` });
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
async function storing<T>(gate: Gate, payment: Payment, store: () => Promise<T>): Promise<T> {
  try {
    return await store();
  } catch (error) {
    const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
    if (code === '23514' && constraint === 'payments_refunds_within_paid')
      throw new Refusal('limit-exceeded', {
        field: 'refundAmount',
        why: await whyTooMuch(gate, payment),
        text: 'more than is left of the payment',
      });
    throw asRefusal(error);
  }
}

/** Nothing is left at all, or less than was asked for. */
async function whyTooMuch(gate: Gate, payment: Payment): Promise<'refunded' | 'refund-remainder'> {
  const present = await orderByKey(gate.db, 'payment', payment);
  return present?.kind === 'payment' && present.refunded >= present.paid ? 'refunded' : 'refund-remainder';
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
      upstreamPayment: { reference: payment.reference, upstreamNo: payment.upstreamNo },
      // The payment's whole; what this refund's part of it is, is settled under the payment's lock.
      exchange: payment.detail.exchange ?? null,
      reason: ask.reason,
      notify: ask.notify,
      extras: { ...extrasOf(payment), ...ask.extras },
    },
    channelExtras: {},
  };
  return {
    order,
    space: gate.facts.numberSpace(credential.protocol, 'refund', ask.extras),
    fingerprint,
    attemptId: gate.world.newId(),
    dueAt: now + 2 * gate.facts.answerTimeMs(credential.protocol, 'refund'),
    moves: movesOf('refund-hold', order, now),
  };
}

/** What the payment's ask left, as `payment.<name>`: some notices of refunds repeat it. */
function extrasOf({ detail }: Payment): Extras {
  return Object.fromEntries(Object.entries(detail.extras).map(([name, value]) => [`payment.${name}`, value]));
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
