/** New orders out of asks: numbers, pay codes, fees, and what happens to them by themselves. Chance comes in as `nonce`. */
import type { Pay, PayOut, RefundAsk, SignAgreement } from '../core/commands.ts';
import { type FeeRule, quoteFee } from '../core/fees.ts';
import { type Currency, type Money, money } from '../core/money.ts';
import type { Instant } from '../core/world.ts';
import type { NumberKind, Numbers } from '../protocols/protocol.ts';
import type { TwinOrder } from './order.ts';
import { digits, type Nonce, payCodeFor } from './pay-codes.ts';

/** An order without its name. */
export type Made = Omit<TwinOrder, 'space' | 'reference' | 'fingerprint'>;

export interface Making {
  readonly now: Instant;
  readonly nonce: Nonce;
  readonly numbers: Numbers;
  /** How long an SMS code is good, already scaled. */
  readonly codeMs: number;
  /** How an ask's callback address is kept. */
  keptUrl(asked: string | null): string | null;
}

const collecting: FeeRule = { fixed: 0n, percentPpm: 7_000n, min: 0n, max: null };
const paying: FeeRule = { fixed: 0n, percentPpm: 1_000n, min: 0n, max: null };

function blank({ now, nonce, numbers }: Making, numberKind: NumberKind, amount: Money) {
  return {
    upstreamNo: numbers.platformNo(numberKind, nonce(1)[0] ?? 0, nonce, now),
    outcome: 'pending',
    amount,
    paid: 0n,
    count: 1,
    refunded: 0n,
    fee: 0n,
    payCode: null,
    confirmNo: null,
    smsCode: null,
    smsUntil: null,
    smsTries: 0,
    confirmedAt: null,
    paymentReference: null,
    method: null,
    option: null,
    subject: null,
    returnUrl: null,
    notifyUrl: null,
    reason: null,
    createdAt: now,
    finishedAt: null,
    next: null,
    hiddenUntil: 0,
    pendingUntil: 0,
    callbackFaults: [],
    returnAfterMs: null,
  } as const;
}

/** A code as it is sent to the payer; the one before is worth nothing any more. */
export function newCode({ nonce, now, codeMs }: Pick<Making, 'nonce' | 'now' | 'codeMs'>) {
  return { smsCode: digits(6, nonce), smsUntil: now + codeMs };
}

/** A barcode is paid when it is read; quick pay waits for the SMS code; everything else waits for the payer. */
export function newPayment(ask: Pay, making: Making): Made {
  const { nonce, now } = making;
  const isPaid = ask.method === 'barcode';
  const confirms = ask.method === 'quick-pay';
  return {
    ...blank(making, ask.method === 'any' ? 'desk' : 'payment', ask.amount),
    kind: 'payment',
    operation: 'pay',
    outcome: isPaid ? 'paid' : 'pending',
    paid: isPaid ? ask.amount.minor : 0n,
    finishedAt: isPaid ? now : null,
    fee: quoteFee(collecting, ask.amount.minor),
    payCode: payCodeFor(ask.method, ask.option, ask.amount, nonce),
    confirmNo: confirms ? digits(18, nonce) : ask.authCode,
    ...(confirms ? newCode(making) : {}),
    method: ask.method,
    option: ask.option,
    subject: ask.subject,
    returnUrl: ask.returnUrl,
    notifyUrl: making.keptUrl(ask.notify?.url ?? null),
    extras: ask.extras,
  };
}

/** Succeeds by itself after `waitMs`. */
export function newPayout(ask: PayOut, making: Making, waitMs: number): Made {
  return {
    ...blank(making, 'payout', ask.amount),
    kind: 'payout',
    operation: 'pay-out',
    fee: quoteFee(paying, ask.amount.minor),
    subject: ask.subject,
    notifyUrl: making.keptUrl(ask.notify?.url ?? null),
    extras: ask.extras,
    next: { at: making.now + waitMs, outcome: 'paid' },
  };
}

export function newRefund(ask: RefundAsk, payment: TwinOrder, making: Making): Made {
  return {
    ...blank(making, 'refund', ask.amount),
    kind: 'refund',
    operation: 'refund',
    outcome: 'paid',
    paid: ask.amount.minor,
    finishedAt: making.now,
    paymentReference: payment.reference,
    notifyUrl: making.keptUrl(ask.notify?.url ?? null),
    extras: ask.extras,
  };
}

/** Agreements move nothing: the amount only fills its place. */
export function newAgreement(ask: SignAgreement, currency: Currency, making: Making): Made {
  return {
    ...blank(making, 'agreement', money(0n, currency)),
    kind: 'agreement',
    operation: 'sign-agreement',
    confirmNo: digits(18, making.nonce),
    ...newCode(making),
    extras: ask.extras,
  };
}
