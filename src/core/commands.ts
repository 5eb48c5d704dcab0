/**
 * The vocabulary of the core: what a caller may ask for and what it is told. Wire languages are translated into these
 * shapes at the edge; nothing here knows a protocol. The same shapes serve in both directions: a merchant asks us,
 * we ask a channel, a twin is asked.
 */
import type { Exchange } from './exchange.ts';
import type { Currency, Money } from './money.ts';
import type { Instant } from './world.ts';

export const methods = [
  'virtual-account',
  'store-code',
  'qr',
  'wallet',
  'wallet-push',
  'barcode',
  'in-app',
  'quick-pay',
  'bank-transfer',
] as const;
export type Method = (typeof methods)[number];

/** Wire members that only the caller's own protocol understands and wants back (pass-through texts, echoes). Values are raw text. */
export type Extras = Readonly<Record<string, string>>;

export interface NotifyTarget {
  readonly kind: 'http' | 'sqs';
  /** As the merchant gave it; ysepay allows several, joined with a comma. */
  readonly url: string;
}

export interface Party {
  readonly name: string | null;
  /** With the country code's digits, no plus: "6282197662283". */
  readonly phone: string | null;
  readonly email: string | null;
  /** ISO 3166 alpha-2. */
  readonly country: string | null;
  /** Who the payer is to the wallet (openid, or the code to be exchanged for it), where an order must name that. */
  readonly walletUser?: string;
}

/** Asks to collect money. `method: 'any'` leaves the choice to the payer (cashier, one-code page). */
export interface Pay {
  /** The caller's number: unique for the caller. */
  readonly orderNo: string;
  readonly amount: Money;
  readonly method: Method | 'any';
  /** Which bank, store or wallet, in core codes ("BNI", "ALFAMART", "DANA"); null when the method has no choice. */
  readonly option: string | null;
  readonly subject: string | null;
  readonly payer: Party;
  readonly notify: NotifyTarget | null;
  readonly returnUrl: string | null;
  /** Seconds until an unpaid order may be closed; null = the default of method and channel. */
  readonly expiresInS: number | null;
  /** Payment code read from the payer's phone (barcode only). Never logged whole. */
  readonly authCode: string | null;
  /** Agreement to charge (quick-pay only). */
  readonly agreementNo: string | null;
  /** What charging that agreement needs beside its number. */
  readonly agreementUse?: AgreementUse;
  /** In-app only: who the payer is to the wallet that the page runs in. */
  readonly walletUser?: WalletUser | null;
  readonly extras: Extras;
}

export interface WalletUser {
  /** Alipay user_id, WeChat openid … */
  readonly userId: string;
  /** The app under which the wallet gave that name (WeChat). */
  readonly appId: string | null;
}

/** `expiry` (MMYY) and `cvv` travel from the ask to the channel's call and are kept nowhere. */
export interface AgreementUse {
  /** The customer, in the caller's numbering: the one who signed. */
  readonly userId: string;
  readonly payeeNo: string;
  readonly expiry: string | null;
  readonly cvv: string | null;
  readonly instalments: number | null;
}

/** Asks to pay money out to a bank account or wallet. */
export interface PayOut {
  readonly orderNo: string;
  readonly amount: Money;
  readonly payee: Party & {
    /** Core bank code ("BCA"), or the caller's own word when it is not in the table. */
    readonly bank: string;
    readonly account: string;
    readonly accountName: string;
    readonly kind: 'person' | 'company';
    readonly accountKind: 'bank-account' | 'virtual-account';
  };
  readonly subject: string | null;
  readonly notify: NotifyTarget | null;
  readonly extras: Extras;
}

export interface RefundAsk {
  /** The refund's own number, unique for the caller. */
  readonly refundNo: string;
  /** The payment: by the caller's number, by the answerer's number, or both (the latter wins). */
  readonly orderNo: string | null;
  readonly platformNo: string | null;
  readonly amount: Money;
  readonly reason: string | null;
  readonly notify: NotifyTarget | null;
  readonly extras: Extras;
}

/** Names one order: by the caller's number, the answerer's number, or both (the latter wins). */
export interface Find {
  readonly orderNo: string | null;
  readonly platformNo: string | null;
  /** For refund queries: the refund's number. */
  readonly refundNo: string | null;
  /** When the order was made, for answerers that search by day. */
  readonly orderedAt?: Instant;
  /** How a payment was to be paid, where the asker knows: to some answerers it says how their words are meant. */
  readonly method?: Method | 'any';
  readonly extras: Extras;
}

/** Confirms a quick-pay payment or an agreement with the SMS code. */
export interface Confirm {
  readonly orderNo: string | null;
  /** What the answerer gave out to be confirmed (ysepay `paysn`). */
  readonly confirmNo: string | null;
  readonly code: string;
  /** Credit cards may be asked for these once more; kept nowhere. */
  readonly card?: { readonly expiry: string | null; readonly cvv: string | null };
  readonly extras: Extras;
}

/** Asks for a standing permission to charge a card. Card members are secret; `extras` must not hold them. */
export interface SignAgreement {
  readonly orderNo: string;
  readonly userId: string;
  readonly payer: Party;
  readonly card: {
    readonly number: string;
    readonly idNumber: string;
    readonly expiry: string | null;
    readonly cvv: string | null;
  };
  readonly payeeNo: string;
  /** Whom it may pay: the payee named here, or anyone the caller names later. */
  readonly scope: AgreementScope;
  readonly extras: Extras;
}

export type AgreementScope = 'one-payee' | 'any-payee';

export type ReportedState =
  /** Exists, not decided. */
  | 'pending'
  /** The answerer cannot say. Always shown with the protocol's pending word. */
  | 'unknown'
  | 'paid'
  | 'failed'
  | 'closed'
  | 'reversed'
  /** Payout that came back after success. */
  | 'returned';

/** What the payer needs in order to pay. */
export interface Instruction {
  /** VA number, store code, QR payload; in-app: what the wallet's bridge is called with (a trade number, or JSON text). */
  readonly payCode: string | null;
  /** Where to send the payer (wallet landing page, QR picture). */
  readonly payUrl: string | null;
  /** Hosted cashier page. */
  readonly deskUrl: string | null;
  /** To be confirmed by SMS code (ysepay `paysn`). */
  readonly confirmNo: string | null;
}

export const noInstruction: Instruction = { payCode: null, payUrl: null, deskUrl: null, confirmNo: null };

/** What is known about a payment, in either direction. */
export interface PaymentReport {
  readonly kind: 'payment';
  /** The caller's number. Null when a channel's message did not carry it. */
  readonly orderNo: string | null;
  /** The answerer's number. */
  readonly platformNo: string | null;
  /** The number of whoever stands behind the answerer (wallet, bank), when known. */
  readonly channelNo: string | null;
  readonly state: ReportedState;
  readonly method: Method | 'any' | null;
  readonly option: string | null;
  /** Ordered amount; null when the message does not carry it. */
  readonly amount: Money | null;
  /** Amount really paid; null when unpaid or not carried. */
  readonly paid: Money | null;
  readonly fee: Money | null;
  readonly instruction: Instruction;
  readonly createdAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** When the final state was reached. */
  readonly finishedAt: Instant | null;
  /** The channel's own word for the state, shown raw. */
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly refunds: {
    readonly done: bigint;
    readonly pending: bigint;
    readonly lastFailed: boolean;
    /** Of a foreign order: what was given back in the currency the payer was charged in. */
    readonly converted?: bigint;
  } | null;
  /** Foreign orders: the rate of the day, and the amount in the currency the payer is charged in. */
  readonly exchange?: Exchange | null;
  /** Serving: what the ask left in `extras`. Calling: raw members of the channel's message worth keeping. */
  readonly extras: Extras;
  /** Serving: raw members of the channel's last message (`<protocol>.<member>`), so that pass-through protocols can show them. */
  readonly channelExtras: Extras;
}

export interface PayoutReport {
  readonly kind: 'payout';
  readonly orderNo: string | null;
  readonly platformNo: string | null;
  readonly channelNo: string | null;
  readonly state: ReportedState;
  readonly amount: Money | null;
  readonly fee: Money | null;
  readonly createdAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly extras: Extras;
  readonly channelExtras: Extras;
}

export interface RefundReport {
  readonly kind: 'refund';
  readonly refundNo: string | null;
  /** The payment's numbers. */
  readonly orderNo: string | null;
  readonly platformNo: string | null;
  /** The answerer's number of the refund. */
  readonly platformRefundNo: string | null;
  readonly state: ReportedState;
  readonly amount: Money | null;
  /** The payment's amount. */
  readonly paymentAmount: Money | null;
  /** How the payment was paid, in core option codes. */
  readonly paymentOption?: string | null;
  /** The payment's rate, and this refund's part of the converted amount. */
  readonly exchange?: Exchange | null;
  readonly createdAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly extras: Extras;
  readonly channelExtras: Extras;
}

export interface AgreementReport {
  readonly kind: 'agreement';
  readonly orderNo: string | null;
  readonly agreementNo: string | null;
  readonly state: 'wait-confirm' | 'active' | 'cancelled' | 'failed' | 'unknown';
  readonly extras: Extras;
}

export type Report = PaymentReport | PayoutReport | RefundReport;

export interface Balance {
  readonly available: Money;
  readonly held: Money;
}

export interface Bank {
  /** The answerer's own number or code for it, as its protocol shows it. */
  readonly id: string;
  readonly code: string;
  readonly name: string;
}

/** Every command: what is asked, what is answered. Names are those of the twin's control API. */
export interface Commands {
  pay: { ask: Pay; answer: PaymentReport };
  'confirm-payment': { ask: Confirm; answer: PaymentReport };
  'resend-code': { ask: Confirm; answer: PaymentReport };
  'query-payment': { ask: Find; answer: PaymentReport };
  'close-payment': { ask: Find; answer: PaymentReport };
  'cancel-payment': { ask: Find; answer: PaymentReport };
  'pay-out': { ask: PayOut; answer: PayoutReport };
  'query-payout': { ask: Find; answer: PayoutReport };
  /** One number, payment or payout: whichever it names (unified). */
  'query-order': { ask: Find; answer: PaymentReport | PayoutReport };
  refund: { ask: RefundAsk; answer: RefundReport };
  'query-refund': { ask: Find; answer: RefundReport };
  'sign-agreement': { ask: SignAgreement; answer: AgreementReport };
  'confirm-agreement': { ask: Confirm; answer: AgreementReport };
  'query-agreement': { ask: Find; answer: AgreementReport };
  'cancel-agreement': { ask: Find; answer: AgreementReport };
  'query-balance': { ask: { readonly currency: Currency | null }; answer: Balance };
  'list-banks': { ask: { readonly purpose: 'pay' | 'pay-out' }; answer: readonly Bank[] };
  'get-statement': { ask: { readonly day: string }; answer: { readonly url: string } };
}
export type CommandName = keyof Commands;
export type Ask<C extends CommandName = CommandName> = Commands[C]['ask'];
export type Answer<C extends CommandName = CommandName> = Commands[C]['answer'];

/** What became of a command sent to a channel. There is no "failed" in it: a time-out is not a failure. */
export type CallOutcome<C extends CommandName> =
  /** Nothing left us: the channel cannot have done anything. */
  | { readonly kind: 'not-sent'; readonly why: string }
  /** Something may have left, or the answer cannot be believed. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'declined'; readonly code: string; readonly text: string }
  | { readonly kind: 'not-found'; readonly code: string; readonly text: string }
  | { readonly kind: 'answered'; readonly answer: Answer<C> };

/** The numbers an ask names, the caller's own first. */
export function numbersIn(ask: Ask): string[] {
  const numbers = [
    'refundNo' in ask ? ask.refundNo : null,
    'orderNo' in ask ? ask.orderNo : null,
    'platformNo' in ask ? ask.platformNo : null,
    'confirmNo' in ask ? ask.confirmNo : null,
  ];
  return numbers.filter((number) => number !== null);
}
