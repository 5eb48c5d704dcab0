/**
 * Collecting money. Transaction 1 stores the payment, its number and the attempt; then the channel is called with no database
 * connection held; transaction 2 is the door. If we die in between, the attempt is there and `chase.ts` picks it up.
 */
import type { Pay, PaymentReport } from '../core/commands.ts';
import type { Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport } from '../core/report.ts';
import { walletOf } from '../core/wallet-codes.ts';
import type { Made, NewOrder } from '../store/create.ts';
import type { ChannelRow } from '../store/directory.ts';
import { type Charge, chargeOf } from './agreement.ts';
import { learnAbout, makeOrder } from './attempt.ts';
import { queryUpstream } from './chase.ts';
import { callOrNext, makeThrough } from './failover.ts';
import type { Caller, Gate } from './gate.ts';
import { exchangeFor } from './exchange.ts';
import { holdBarcode } from './hold-barcode.ts';
import { checkPayable } from './payable.ts';
import { needsCode, orderOfRepeat, whenCalled, whileCalling } from './repeat.ts';
import { capOf, checkNotifyTarget, chooseChannels, feeFor } from './route.ts';

/** A page may wait for the payer that long when neither ask nor channel say (unified names no expiry: rulings suggest 24 h). */
const defaultExpiryS = 86_400;
/** Between the queries of a create that waits for its pay code. */
const codeQueryGapMs = 1_500;

/** The state of the payment after the call, as the caller may see it. Throws Refusals; `outcome-unknown` only after the order exists. */
export async function pay(gate: Gate, caller: Caller, asked: Pay, fingerprint: Uint8Array): Promise<PaymentReport> {
  const ask = withWallet(asked);
  checkNotifyTarget(gate, ask);
  const conduct = gate.facts.conduct(caller.credential.protocol);
  const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(caller.credential.protocol, 'pay');
  const charge = ask.agreementNo === null ? null : await chargeOf(gate, caller, ask, ask.agreementNo);
  const { one, made, channel, others } = await makePayment(gate, caller, ask, charge, fingerprint);
  try {
    if (made.kind === 'taken') {
      if (conduct.repeats === 'refused')
        throw new Refusal('conflict', { field: 'orderNo', why: 'number-used', text: 'the number was used before' });
      const first = await orderOfRepeat(gate, 'payment', one.order.home, made.by, fingerprint, 'orderNo');
      return answer(gate, (await whenCalled(gate, first, deadline)) as Payment);
    }
    if (!channel) return paymentReport(one.order, gate.deskUrl(one.order));
    const isHeld = ask.method === 'barcode' && conduct.barcodeMs !== null;
    const upstream = isHeld ? endingInTime(gate, channel, ask) : (charge?.ask ?? ask);
    const waits = { deadline: isHeld ? 0 : deadline, others };
    const called = await whileCalling(gate, one.order, () => callForPayment(gate, channel, one.order, upstream, waits));
    return answer(gate, isHeld ? await holdBarcode(gate, called) : called);
  } catch (error) {
    throw afterIntent(error, gate, one.order);
  }
}

/** A channel that can neither cancel nor close must end a barcode by itself, before its merchant's time is over (rulings). */
function endingInTime(gate: Gate, channel: ChannelRow, ask: Pay): Pay {
  const find = { orderNo: '0', platformNo: null, refundNo: null, extras: {} };
  const commands = ['cancel-payment', 'close-payment'] as const;
  const canEnd = commands.some((command) => gate.facts.unable(channel, command, find) === null);
  return canEnd || ask.expiresInS === null ? ask : { ...ask, expiresInS: Math.floor((ask.expiresInS * 3) / 4) };
}

/** The wallet of a payment code, where the merchant left that to us. Throws `invalid-request` for a text that is no payment code. */
export function withWallet(ask: Pay): Pay {
  if (ask.method !== 'barcode' || ask.authCode === null || ask.option !== null) return ask;
  const option = walletOf(ask.authCode);
  if (option === null)
    throw new Refusal('invalid-request', { field: 'authCode', why: 'payment-code', text: 'not a payment code' });
  return { ...ask, option };
}

interface MadePayment {
  readonly one: NewOrder<Payment>;
  readonly made: Made;
  /** Whom to call; null when nobody is. */
  readonly channel: ChannelRow | null;
  /** Whom to call next, should that one certainly have done nothing. */
  readonly others: readonly ChannelRow[];
}

async function makePayment(
  gate: Gate,
  caller: Caller,
  ask: Pay,
  charge: Charge | null,
  fingerprint: Uint8Array,
): Promise<MadePayment> {
  if (charge || ask.method === 'any') {
    // An agreement belongs to its channel; "any" is chosen by the payer.
    const channel = charge?.channel ?? null;
    if (!charge) checkPayable(gate, caller, ask);
    const one = newPayment(gate, caller, ask, channel, fingerprint);
    return { one, made: await makeOrder(gate, gate.batches.payments, one), channel, others: [] };
  }
  const takens = chooseChannels(gate, caller, 'pay', ask.method, ask);
  const { made, channel, others } = await makeThrough(takens, async (taken) => {
    const one = { ...newPayment(gate, caller, ask, taken.channel, fingerprint), ...capOf(gate, taken) };
    return { one, made: await makeOrder(gate, gate.batches.payments, one) };
  });
  return { ...made, channel, others };
}

/** From here on the order exists: whatever goes wrong on our side, its outcome is unknown to the caller (T111). */
export function afterIntent(error: unknown, gate: Gate, order: { readonly id: bigint }): unknown {
  if (error instanceof Refusal) return error;
  gate.world.log.error('flow-broken', { id: String(order.id), error: String(error) });
  return new Refusal('outcome-unknown');
}

function newPayment(
  gate: Gate,
  { merchant, credential }: Caller,
  ask: Pay,
  channel: ChannelRow | null,
  fingerprint: Uint8Array,
): NewOrder<Payment> {
  const { home } = merchant;
  const now = gate.world.now();
  const fee = feeFor(gate, merchant.id, ask.method, ask.amount);
  if (fee > ask.amount.minor)
    throw new Refusal('limit-exceeded', { why: 'amount', field: 'amount', text: 'the amount does not cover its fee' });
  const expiresAt = now + gate.world.scaled(expirySeconds(ask, channel) * 1000);
  const order: Payment = {
    kind: 'payment',
    home,
    id: gate.world.newId(),
    merchantId: merchant.id,
    credentialId: credential.id,
    protocol: credential.protocol,
    orderNo: ask.orderNo,
    platformNo: gate.facts.platformNo(credential.protocol, channel ? 'payment' : 'desk', home),
    state: channel ? 'sending' : 'new',
    amount: ask.amount,
    fee,
    method: ask.method,
    option: ask.option,
    paid: 0n,
    refunded: 0n,
    refundPending: 0n,
    channelId: channel?.id ?? null,
    reference: channel ? gate.facts.reference(channel, 'payment', home) : null,
    upstreamNo: null,
    instruction: { payCode: null, payUrl: null, confirmNo: null },
    reason: null,
    createdAt: now,
    expiresAt,
    finishedAt: null,
    detail: {
      subject: ask.subject,
      payer: ask.payer,
      notify: ask.notify,
      returnUrl: ask.returnUrl,
      exchange: exchangeFor(gate, credential.protocol, ask.amount),
      ...(ask.method === 'any' ? { desk: { option: ask.option } } : {}),
      extras: ask.extras,
    },
    channelExtras: {},
  };
  // A call that never came back must be looked at; its own time is never scaled.
  const callOver = now + 2 * gate.facts.answerTimeMs(credential.protocol, 'pay');
  return {
    order,
    space: gate.facts.numberSpace(credential.protocol, 'pay', ask.extras),
    fingerprint,
    attemptId: channel ? gate.world.newId() : null,
    dueAt: channel ? callOver : expiresAt,
    moves: [],
  };
}

function expirySeconds(ask: Pay, channel: ChannelRow | null): number {
  return ask.expiresInS ?? (Number(channel?.settings['expiresInS'] ?? '') || defaultExpiryS);
}

export interface CallPlan {
  /** Monotonic milliseconds until which the caller waits for a pay code. */
  readonly deadline: number;
  /** What a clear no means: the end (a merchant's order), or that the payer may choose again (the desk). */
  readonly onNo?: 'declined' | 'released';
  /** Channels to try next while it is certain that nothing was carried out. */
  readonly others?: readonly ChannelRow[];
}

/** Calls the channel for a payment whose attempt is committed, learns the outcome, and waits for the pay code if need be. */
export async function callForPayment(
  gate: Gate,
  channel: ChannelRow,
  payment: Payment,
  ask: Pay,
  { deadline, onNo = 'declined', others = [] }: CallPlan,
): Promise<Payment> {
  const last = await callOrNext(gate, 'pay', { order: payment, channel }, others, (order, at) =>
    upstreamAsk(gate, at, order, ask),
  );
  const isNo = last.evidence.event === 'declined' || last.evidence.event === 'not-sent';
  const evidence = isNo && onNo === 'released' ? { ...last.evidence, event: onNo } : last.evidence;
  let present = (await learnAbout(gate, last.order, evidence)) as Payment;
  while (present.state === 'unknown' && gate.world.monotonic() + codeQueryGapMs < deadline) {
    await gate.world.sleep(codeQueryGapMs);
    present = (await queryUpstream(gate, present)) as Payment;
  }
  return present;
}

/** The merchant's ask in the words of the channel call: our reference for its number, our address for its notices. */
function upstreamAsk(gate: Gate, channel: ChannelRow, payment: Payment, ask: Pay): Pay {
  return {
    ...ask,
    orderNo: payment.reference ?? '',
    payer: { ...ask.payer, phone: ask.payer.phone ?? channel.settings['defaultPhone'] ?? null },
    notify: { kind: 'http', url: gate.facts.callbackUrl(channel) },
    // Channel and we let go of it at the same time.
    expiresInS: expirySeconds(ask, channel),
    extras: {},
  };
}

function answer(gate: Gate, payment: Payment): PaymentReport {
  const report = paymentReport(payment, gate.deskUrl(payment));
  // A create that was accepted stays accepted, whatever became of the payment: a repeat is answered as the first time.
  const { payCode, payUrl, confirmNo } = payment.instruction;
  const wasAccepted = payCode !== null || payUrl !== null || confirmNo !== null;
  if (payment.state === 'failed' && payment.reason && !wasAccepted)
    throw new Refusal(payment.reason.code === 'not-sent' ? 'channel-unavailable' : 'channel-declined', {
      channelCode: payment.reason.code,
      text: payment.reason.text,
      report,
    });
  const undecided = payment.state === 'sending' || payment.state === 'unknown';
  const noWayToPay = payment.instruction.payCode === null && payment.instruction.payUrl === null;
  if (undecided && noWayToPay && needsCode.has(payment.method)) throw new Refusal('outcome-unknown', { report });
  return report;
}
