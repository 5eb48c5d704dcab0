/** One order as a twin keeps it, and the rules of what may become of it. Pure: nothing here reads a clock or a store. */
import type {
  AgreementReport,
  Extras,
  Instruction,
  Method,
  PaymentReport,
  PayoutReport,
  RefundReport,
  Report,
} from '../core/commands.ts';
import type { Currency, Money } from '../core/money.ts';
import { money } from '../core/money.ts';
import type { Instant } from '../core/world.ts';
import type { CallbackFault } from './faults.ts';

export type OrderKind = 'payment' | 'payout' | 'refund' | 'agreement';

/** What became of an order; the words of `_twin/pay` and `_twin/executions`. An agreement that is `paid` is active. */
const outcomes = ['pending', 'paid', 'declined', 'cancelled', 'closed', 'reversed', 'returned'] as const;
export type Outcome = (typeof outcomes)[number];

export function isOutcome(text: string): text is Outcome {
  return (outcomes as readonly string[]).includes(text);
}

export interface TwinOrder {
  readonly kind: OrderKind;
  readonly operation: 'pay' | 'pay-out' | 'refund' | 'sign-agreement';
  /** References are unique inside a space only (protocol.numberSpace). */
  readonly space: string;
  /** The caller's number: what the gateway calls its reference. */
  readonly reference: string;
  /** The twin's own number. */
  readonly upstreamNo: string;
  /** SHA-256 of the ask's content, hex: tells a repeat from a conflict. */
  readonly fingerprint: string;
  readonly outcome: Outcome;
  readonly amount: Money;
  /** What the payer really paid, minor units; 0 before. */
  readonly paid: bigint;
  /** How often the reference was executed: 1, and more only after `_twin/pay` with `again`. */
  readonly count: number;
  /** Payments: refunded or being refunded, minor units. */
  readonly refunded: bigint;
  readonly fee: bigint;
  readonly payCode: string | null;
  /** What an SMS code confirms, or the payment code that was read; and the SMS code. */
  readonly confirmNo: string | null;
  readonly smsCode: string | null;
  /** Until when the code is good, how often a wrong one was given, and when the right one was. */
  readonly smsUntil: Instant | null;
  readonly smsTries: number;
  readonly confirmedAt: Instant | null;
  /** Refunds: reference of the payment. */
  readonly paymentReference: string | null;
  readonly method: Method | 'any' | null;
  readonly option: string | null;
  readonly subject: string | null;
  readonly returnUrl: string | null;
  /** Where the callback goes: null = the twin's configured address, `/…` = below its origin, else as the ask said. */
  readonly notifyUrl: string | null;
  readonly extras: Extras;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly createdAt: Instant;
  readonly finishedAt: Instant | null;
  /** What happens by itself, and when. */
  readonly next: { readonly at: Instant; readonly outcome: Outcome } | null;
  /** Until then queries do not know the order. */
  readonly hiddenUntil: Instant;
  /** Until then queries and callbacks keep the result back. */
  readonly pendingUntil: Instant;
  /** How the callback of the result deviates. */
  readonly callbackFaults: readonly CallbackFault[];
  /** Payouts: milliseconds after success at which the money comes back; null = it stays. */
  readonly returnAfterMs: number | null;
}

/** Which outcome may follow which. Money that comes late is allowed: what the gateway makes of it is what twins are for. */
const transitions: Readonly<Record<OrderKind, Readonly<Partial<Record<Outcome, readonly Outcome[]>>>>> = {
  payment: {
    pending: ['paid', 'declined', 'cancelled', 'closed', 'reversed'],
    paid: ['reversed'],
    declined: ['paid'],
    cancelled: ['paid'],
    closed: ['paid'],
    reversed: ['paid'],
  },
  payout: {
    pending: ['paid', 'declined', 'cancelled', 'returned'],
    paid: ['returned'],
    declined: ['paid'],
    cancelled: ['paid'],
  },
  refund: { pending: ['paid', 'declined', 'cancelled'] },
  agreement: { pending: ['paid', 'declined', 'cancelled'], paid: ['cancelled'] },
};

export function mayBecome(order: TwinOrder, outcome: Outcome): boolean {
  return transitions[order.kind][order.outcome]?.includes(outcome) ?? false;
}

export interface Settlement {
  readonly outcome: Outcome;
  readonly at: Instant;
  /** What moved, minor units, when it is not the ordered amount. */
  readonly amount?: bigint;
  readonly reason?: { readonly code: string; readonly text: string };
}

/** The order after the settlement. The caller has asked `mayBecome`, or means a second payment (`payAgain`). */
export function settle(order: TwinOrder, { outcome, at, amount, reason }: Settlement): TwinOrder {
  const comesBack = outcome === 'paid' && order.returnAfterMs !== null;
  return {
    ...order,
    outcome,
    paid: outcome === 'paid' ? (amount ?? order.amount.minor) : order.paid,
    reason: reason ?? (outcome === 'paid' ? null : order.reason),
    finishedAt: at,
    next: comesBack ? { at: at + (order.returnAfterMs ?? 0), outcome: 'returned' } : null,
  };
}

/** A second payment of a paid order (T034). */
export function payAgain(order: TwinOrder, at: Instant, amount?: bigint): TwinOrder {
  return {
    ...settle(order, { outcome: 'paid', at, ...(amount === undefined ? {} : { amount }) }),
    count: order.count + 1,
  };
}

/** One line of what really moved. `amount` is minor units as text. */
export interface Execution {
  readonly reference: string;
  readonly operation: string;
  readonly amount: string;
  readonly currency: Currency;
  readonly count: number;
  readonly outcome: Outcome;
}

export function executionOf(order: TwinOrder): Execution {
  return {
    reference: order.reference,
    operation: order.operation,
    amount: (order.paid > 0n ? order.paid : order.amount.minor).toString(),
    currency: order.amount.currency,
    count: order.count,
    outcome: order.outcome,
  };
}

const words: Readonly<Record<Outcome, Report['state']>> = {
  pending: 'pending',
  paid: 'paid',
  declined: 'failed',
  cancelled: 'closed',
  closed: 'closed',
  reversed: 'reversed',
  returned: 'returned',
};

/** What the twin tells about an order at a moment. `payPage` gives the address of its payer page. */
export interface View {
  readonly now: Instant;
  payPage(order: TwinOrder): string;
}

export function reportOf(order: TwinOrder, view: View): Report {
  if (order.kind === 'payout') return payoutReport(order, view);
  return order.kind === 'refund' ? refundReport(order, null, view) : paymentReport(order, view);
}

function shown(order: TwinOrder, view: View) {
  const isKeptBack = view.now < order.pendingUntil;
  const outcome = isKeptBack ? 'pending' : order.outcome;
  const { extras, createdAt, amount } = order;
  return {
    outcome,
    facts: {
      amount,
      createdAt,
      extras,
      finishedAt: outcome === 'pending' ? null : order.finishedAt,
      reason: outcome === 'pending' ? whyPending(order) : order.reason,
      channelExtras: {},
    },
  };
}

/** What is in somebody's hands: a code that was given, a refund that a plan holds back. */
function whyPending({ kind, confirmedAt, next, reason }: TwinOrder): TwinOrder['reason'] {
  if (confirmedAt !== null) return { code: 'confirming', text: '' };
  return kind === 'refund' && next === null ? reason : null;
}

/** Methods that send the payer to a page. */
const pageMethods: ReadonlySet<Method | 'any'> = new Set(['wallet', 'in-app', 'any']);

/** Chinese and Thai codes are addresses, so whoever scanned one can be sent to the page as well. */
function hasPage({ method, amount }: TwinOrder): boolean {
  return method !== null && (pageMethods.has(method) || (method === 'qr' && amount.currency !== 'IDR'));
}

function instructionOf(order: TwinOrder, view: View): Instruction {
  const page = view.payPage(order);
  return {
    payCode: order.payCode,
    payUrl: hasPage(order) ? page : null,
    deskUrl: page,
    confirmNo: order.confirmNo,
  };
}

export function paymentReport(order: TwinOrder, view: View): PaymentReport {
  const { outcome, facts } = shown(order, view);
  const isPaid = outcome === 'paid' || outcome === 'reversed';
  return {
    ...facts,
    kind: 'payment',
    orderNo: order.reference,
    platformNo: numberOfPayment(order),
    channelNo: isPaid ? numberOfPayment(order) : null,
    state: words[outcome],
    method: order.method,
    option: order.option,
    paid: isPaid && order.paid > 0n ? money(order.paid, order.amount.currency) : null,
    fee: money(order.fee, order.amount.currency),
    instruction: instructionOf(order, view),
    expiresAt: null,
    refunds: { done: order.refunded, pending: 0n, lastFailed: false },
  };
}

/** Of the twin, and of the bank or wallet behind it: one per payment, so that a second payment is another one in every protocol. */
function numberOfPayment({ upstreamNo, count }: TwinOrder): string {
  return turned(upstreamNo, count - 1);
}

/** Numbers of all payments of an order, the first first. */
export function paymentNumbers({ upstreamNo, count }: Pick<TwinOrder, 'upstreamNo' | 'count'>): string[] {
  return Array.from({ length: count }, (_, place) => turned(upstreamNo, place));
}

const alphabets = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Its last letter moved on: as long and of the same letters, since some wires take nothing else. */
function turned(number: string, by: number): string {
  const letter = number.slice(-1);
  const alphabet = alphabets.find((one) => letter !== '' && one.includes(letter));
  if (alphabet === undefined) return number;
  const place = (alphabet.indexOf(letter) + by + alphabet.length) % alphabet.length;
  return `${number.slice(0, -1)}${alphabet[place] ?? ''}`;
}

/** More payments of one order than this have the same numbers again. */
const mostPayments = 10;

/** The order's own numbers that this may be a payment's number of; `count` that order must have been paid at least so often. */
export function ownNumbers(number: string): readonly { readonly upstreamNo: string; readonly count: number }[] {
  return Array.from({ length: mostPayments }, (_, place) => ({
    upstreamNo: turned(number, -place),
    count: place + 1,
  }));
}

export function payoutReport(order: TwinOrder, view: View): PayoutReport {
  const { outcome, facts } = shown(order, view);
  return {
    ...facts,
    kind: 'payout',
    orderNo: order.reference,
    platformNo: order.upstreamNo,
    channelNo: null,
    state: outcome === 'cancelled' ? 'failed' : words[outcome],
    fee: money(order.fee, order.amount.currency),
  };
}

export function refundReport(order: TwinOrder, payment: TwinOrder | null, view: View): RefundReport {
  const { outcome, facts } = shown(order, view);
  return {
    ...facts,
    kind: 'refund',
    refundNo: order.reference,
    orderNo: order.paymentReference,
    platformNo: payment?.upstreamNo ?? null,
    platformRefundNo: order.upstreamNo,
    state: outcome === 'cancelled' ? 'failed' : words[outcome],
    paymentAmount: payment?.amount ?? null,
  };
}

const agreementStates = { pending: 'wait-confirm', paid: 'active', cancelled: 'cancelled' } as const;

export function agreementReport(order: TwinOrder): AgreementReport {
  const state = Object.hasOwn(agreementStates, order.outcome)
    ? agreementStates[order.outcome as keyof typeof agreementStates]
    : 'failed';
  return { kind: 'agreement', orderNo: order.reference, agreementNo: order.upstreamNo, state, extras: order.extras };
}
