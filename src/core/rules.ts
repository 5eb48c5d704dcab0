/**
 * The state rules: data, one row per state and event. A repetition is a row (`to` is the same state), an absent pair is a
 * contradiction: nothing changes and a person looks. `docs/generated/states.md` is made from these tables.
 */
import type { PaymentState, PayoutState, RefundState } from './order.ts';
import type { PostingName } from './ledger.ts';

/** What evidence says, in words shared by all kinds of order. */
export const events = [
  /** An attempt was begun (its row is committed before the call). */
  'begun',
  /** The channel has it; not decided. */
  'accepted',
  /** No usable answer. */
  'unknown',
  /** A clear no to the request itself: nothing was executed. */
  'declined',
  /** Nothing left us. */
  'not-sent',
  /** The channel certainly did nothing, and another is asked: a new attempt takes the place of this one. */
  'rerouted',
  /** The channel does not know it, and has promised that a repeated reference moves nothing twice: sent once more under its own. */
  'resent',
  /** A clear no to what the payer chose at the desk: nothing was executed, the choice is open again. */
  'released',
  /** What the payer chose at the desk has failed for good, and there is time left: the choice is open again. */
  'reopened',
  'succeeded',
  'failed',
  /** Ended unpaid: by time, by the merchant, by the channel. */
  'closed',
  'reversed',
  /** A payout came back after success. */
  'returned',
  'cancelled',
] as const;
export type Event = (typeof events)[number];

export interface Rule<S extends string> {
  readonly to: S;
  /** Which postings the change makes. */
  readonly post?: PostingName;
  /** Tell the merchant. */
  readonly tell?: true;
  /** Open a task for a person. */
  readonly review?: string;
  /** Money that came (or went) after the order was over; the channel's policy decides whether the row is taken. */
  readonly late?: true;
}
export type Rules<S extends string> = Readonly<Record<S, Readonly<Partial<Record<Event, Rule<S>>>>>>;

const paid: Rule<PaymentState> = { to: 'paid', post: 'receive', tell: true };
const latePaid: Rule<PaymentState> = { to: 'paid', post: 'receive', tell: true, review: 'late-money', late: true };

export const paymentRules: Rules<PaymentState> = {
  new: {
    begun: { to: 'sending' },
    released: { to: 'new' },
    closed: { to: 'closed', tell: true },
    // A channel that had said no took the money all the same.
    succeeded: { ...paid, review: 'declined-then-paid' },
  },
  sending: {
    rerouted: { to: 'sending' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    // Refused while the merchant waits: the reply says so, no notice.
    declined: { to: 'failed' },
    'not-sent': { to: 'failed' },
    released: { to: 'new' },
    reopened: { to: 'new' },
    succeeded: paid,
    failed: { to: 'failed', tell: true },
    closed: { to: 'closed', tell: true },
    reversed: { to: 'reversed', tell: true },
  },
  pending: {
    accepted: { to: 'pending' },
    released: { to: 'pending' },
    reopened: { to: 'new' },
    // A lost query, or the create's own answer arriving after a callback: no news.
    unknown: { to: 'pending' },
    declined: { to: 'pending' },
    'not-sent': { to: 'pending' },
    succeeded: paid,
    failed: { to: 'failed', tell: true },
    closed: { to: 'closed', tell: true },
    reversed: { to: 'reversed', tell: true },
  },
  unknown: {
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: { to: 'failed', tell: true },
    'not-sent': { to: 'unknown' },
    // Something else was heard meanwhile; the next query says more.
    released: { to: 'unknown' },
    reopened: { to: 'new' },
    succeeded: paid,
    failed: { to: 'failed', tell: true },
    closed: { to: 'closed', tell: true },
    reversed: { to: 'reversed', tell: true },
  },
  paid: {
    accepted: { to: 'paid' },
    unknown: { to: 'paid' },
    'not-sent': { to: 'paid' },
    succeeded: { to: 'paid' },
  },
  failed: {
    accepted: { to: 'failed' },
    unknown: { to: 'failed' },
    declined: { to: 'failed' },
    'not-sent': { to: 'failed' },
    released: { to: 'failed' },
    failed: { to: 'failed' },
    closed: { to: 'failed' },
    reversed: { to: 'failed' },
    succeeded: latePaid,
  },
  closed: {
    accepted: { to: 'closed' },
    unknown: { to: 'closed' },
    declined: { to: 'closed' },
    'not-sent': { to: 'closed' },
    released: { to: 'closed' },
    failed: { to: 'closed' },
    closed: { to: 'closed' },
    reversed: { to: 'closed' },
    succeeded: latePaid,
  },
  reversed: {
    accepted: { to: 'reversed' },
    unknown: { to: 'reversed' },
    declined: { to: 'reversed' },
    'not-sent': { to: 'reversed' },
    released: { to: 'reversed' },
    failed: { to: 'reversed' },
    closed: { to: 'reversed' },
    reversed: { to: 'reversed' },
    succeeded: latePaid,
  },
};

const out: Rule<PayoutState> = { to: 'succeeded', post: 'pay', tell: true };
const outFailed: Rule<PayoutState> = { to: 'failed', post: 'release', tell: true };
/** Told before (or without) its success: the money went and came back, the hold is over. */
const outReturned: Rule<PayoutState> = { to: 'returned', post: 'release', tell: true };

/** Held for a second person, and refused: the merchant was told that it is under way. */
const notLetGo: Rule<PayoutState> = { to: 'failed', post: 'release', tell: true };

export const payoutRules: Rules<PayoutState> = {
  requested: { begun: { to: 'sending' }, cancelled: notLetGo },
  approved: { begun: { to: 'sending' }, cancelled: notLetGo },
  sending: {
    rerouted: { to: 'sending' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: { to: 'failed', post: 'release' },
    'not-sent': { to: 'failed', post: 'release' },
    succeeded: out,
    failed: outFailed,
    returned: outReturned,
  },
  pending: {
    resent: { to: 'pending' },
    accepted: { to: 'pending' },
    unknown: { to: 'pending' },
    declined: { to: 'pending' },
    'not-sent': { to: 'pending' },
    succeeded: out,
    failed: outFailed,
    returned: outReturned,
  },
  unknown: {
    resent: { to: 'unknown' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: outFailed,
    'not-sent': { to: 'unknown' },
    succeeded: out,
    failed: outFailed,
    returned: outReturned,
  },
  succeeded: {
    resent: { to: 'succeeded' },
    accepted: { to: 'succeeded' },
    unknown: { to: 'succeeded' },
    'not-sent': { to: 'succeeded' },
    succeeded: { to: 'succeeded' },
    returned: { to: 'returned', post: 'return', tell: true },
  },
  failed: {
    resent: { to: 'failed' },
    accepted: { to: 'failed' },
    unknown: { to: 'failed' },
    declined: { to: 'failed' },
    'not-sent': { to: 'failed' },
    failed: { to: 'failed' },
    returned: { to: 'failed' },
    // The merchant was told no and has its money back; what left now is ours to explain (T026).
    succeeded: { to: 'failed', post: 'suspense-out', review: 'late-payout', late: true },
  },
  returned: {
    resent: { to: 'returned' },
    accepted: { to: 'returned' },
    unknown: { to: 'returned' },
    'not-sent': { to: 'returned' },
    succeeded: { to: 'returned' },
    failed: { to: 'returned' },
    returned: { to: 'returned' },
  },
};

const refundDone: Rule<RefundState> = { to: 'succeeded', post: 'refund-pay', tell: true };
const refundFailed: Rule<RefundState> = { to: 'failed', post: 'refund-release', tell: true };

export const refundRules: Rules<RefundState> = {
  requested: { begun: { to: 'sending' }, cancelled: { to: 'cancelled', post: 'refund-release' } },
  sending: {
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: { to: 'failed', post: 'refund-release' },
    'not-sent': { to: 'failed', post: 'refund-release' },
    succeeded: refundDone,
    failed: refundFailed,
  },
  pending: {
    resent: { to: 'pending' },
    accepted: { to: 'pending' },
    unknown: { to: 'pending' },
    declined: { to: 'pending' },
    'not-sent': { to: 'pending' },
    succeeded: refundDone,
    failed: refundFailed,
  },
  unknown: {
    resent: { to: 'unknown' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: refundFailed,
    'not-sent': { to: 'unknown' },
    succeeded: refundDone,
    failed: refundFailed,
  },
  succeeded: {
    resent: { to: 'succeeded' },
    accepted: { to: 'succeeded' },
    unknown: { to: 'succeeded' },
    'not-sent': { to: 'succeeded' },
    succeeded: { to: 'succeeded' },
  },
  failed: {
    resent: { to: 'failed' },
    // Asked for again under its own number, where the merchant's protocol has that: taken from the merchant anew.
    begun: { to: 'sending', post: 'refund-hold' },
    accepted: { to: 'failed' },
    unknown: { to: 'failed' },
    declined: { to: 'failed' },
    'not-sent': { to: 'failed' },
    failed: { to: 'failed' },
    succeeded: { to: 'failed', post: 'suspense-out', review: 'late-refund', late: true },
  },
  cancelled: { cancelled: { to: 'cancelled' } },
};

const givenBack: Rule<RefundState> = { to: 'succeeded', post: 'suspense-out' };
/** The money stays in suspense, and a person looks. */
const notGivenBack: Rule<RefundState> = { to: 'failed', review: 'late-refund-failed' };

/** Refunds of late money: nothing is held, nothing is told. What never left us is simply begun again; whoever comes second begins nothing. */
export const lateRefundRules: Rules<RefundState> = {
  requested: { begun: { to: 'sending' } },
  sending: {
    begun: { to: 'sending' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: notGivenBack,
    'not-sent': { to: 'requested' },
    succeeded: givenBack,
    failed: notGivenBack,
  },
  pending: {
    resent: { to: 'pending' },
    begun: { to: 'pending' },
    accepted: { to: 'pending' },
    unknown: { to: 'pending' },
    declined: { to: 'pending' },
    'not-sent': { to: 'pending' },
    succeeded: givenBack,
    failed: notGivenBack,
  },
  unknown: {
    resent: { to: 'unknown' },
    begun: { to: 'unknown' },
    accepted: { to: 'pending' },
    unknown: { to: 'unknown' },
    declined: notGivenBack,
    'not-sent': { to: 'unknown' },
    succeeded: givenBack,
    failed: notGivenBack,
  },
  succeeded: {
    resent: { to: 'succeeded' },
    begun: { to: 'succeeded' },
    accepted: { to: 'succeeded' },
    unknown: { to: 'succeeded' },
    'not-sent': { to: 'succeeded' },
    succeeded: { to: 'succeeded' },
  },
  failed: {
    resent: { to: 'failed' },
    begun: { to: 'failed' },
    accepted: { to: 'failed' },
    unknown: { to: 'failed' },
    declined: { to: 'failed' },
    'not-sent': { to: 'failed' },
    failed: { to: 'failed' },
    // It went back after all: the books must say so.
    succeeded: givenBack,
  },
  cancelled: {},
};
