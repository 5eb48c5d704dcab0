/** Orders as the core sees them: payments, payouts and refunds share numbers, money and the way outcomes are learnt. */
import type { Extras, Instruction, Method, NotifyTarget, Party, PayOut } from './commands.ts';
import type { Exchange } from './exchange.ts';
import type { Money } from './money.ts';
import type { Instant } from './world.ts';

export type Kind = 'payment' | 'payout' | 'refund';

export type PaymentState = 'new' | 'sending' | 'pending' | 'unknown' | 'paid' | 'failed' | 'closed' | 'reversed';
export type PayoutState =
  | 'requested'
  | 'approved'
  | 'sending'
  | 'pending'
  | 'unknown'
  | 'succeeded'
  | 'failed'
  | 'returned';
export type RefundState = 'requested' | 'sending' | 'pending' | 'unknown' | 'succeeded' | 'failed' | 'cancelled';

/** Shard and identifier: together they name an order everywhere. */
export interface Key {
  readonly home: number;
  readonly id: bigint;
}

export interface Reason {
  readonly code: string;
  readonly text: string;
}

interface Shared extends Key {
  readonly merchantId: bigint;
  readonly credentialId: bigint;
  readonly protocol: string;
  readonly orderNo: string;
  readonly platformNo: string;
  readonly amount: Money;
  /** What the merchant pays for it, minor units, as quoted when the order was made. */
  readonly fee: bigint;
  readonly channelId: bigint | null;
  /** What the latest attempt sent upstream. */
  readonly reference: string | null;
  readonly upstreamNo: string | null;
  readonly reason: Reason | null;
  readonly createdAt: Instant;
  readonly finishedAt: Instant | null;
  readonly channelExtras: Extras;
}

export interface PaymentDetail {
  readonly subject: string | null;
  readonly payer: Party;
  readonly notify: NotifyTarget | null;
  readonly returnUrl: string | null;
  readonly exchange?: Exchange | null;
  /** The payer chooses how to pay, within what the merchant left open. Absent = the merchant chose. */
  readonly desk?: { readonly option: string | null };
  readonly extras: Extras;
}
export interface PayoutDetail {
  readonly payee: PayOut['payee'];
  readonly subject: string | null;
  readonly notify: NotifyTarget | null;
  readonly extras: Extras;
}
export interface RefundDetail {
  readonly paymentOrderNo: string;
  /** The payment as its channel knows it: our reference, its number. */
  readonly upstreamPayment?: { readonly reference: string | null; readonly upstreamNo: string | null };
  /** Gives back money that had no place in its payment. Of the suspense account, not of the merchant, who does not hear of it. */
  readonly isLate?: true;
  /** How often it was begun; absent = once. A failed one that is asked for again is begun again. */
  readonly drives?: number;
  readonly paymentPlatformNo: string;
  readonly paymentAmount: string;
  readonly paymentOption?: string | null;
  readonly exchange?: Exchange | null;
  readonly reason: string | null;
  readonly notify: NotifyTarget | null;
  readonly extras: Extras;
}

export interface Payment extends Shared {
  readonly kind: 'payment';
  readonly state: PaymentState;
  readonly method: Method | 'any';
  readonly option: string | null;
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly refundPending: bigint;
  readonly instruction: Omit<Instruction, 'deskUrl'>;
  readonly expiresAt: Instant | null;
  readonly detail: PaymentDetail;
}

export interface Payout extends Shared {
  readonly kind: 'payout';
  readonly state: PayoutState;
  readonly detail: PayoutDetail;
}

export interface Refund extends Shared {
  readonly kind: 'refund';
  readonly state: RefundState;
  readonly paymentId: bigint;
  readonly detail: RefundDetail;
}

export type Order = Payment | Payout | Refund;

/** States that nothing but late or contradicting evidence can end. */
const finalStates: Readonly<Record<Kind, ReadonlySet<string>>> = {
  payment: new Set(['paid', 'failed', 'closed', 'reversed']),
  payout: new Set(['succeeded', 'failed', 'returned']),
  refund: new Set(['succeeded', 'failed', 'cancelled']),
};

export function isFinal(order: Pick<Order, 'kind' | 'state'>): boolean {
  return finalStates[order.kind].has(order.state);
}
