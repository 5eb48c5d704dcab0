/**
 * Evidence: everything that says something about an outcome, and the one pure function that decides what it means.
 * Nothing else changes a state. A mismatch changes nothing and opens a review.
 */
import type { Extras, Report } from './commands.ts';
import { type Move, movesOf } from './ledger.ts';
import { type Money, sameMoney } from './money.ts';
import { differs, movementMember, orderNoIn } from './movement.ts';
import { type Kind, type Order, type Payment, type Reason, isFinal } from './order.ts';
import { type Event, lateRefundRules, type Rule, paymentRules, payoutRules, refundRules } from './rules.ts';
import type { Instant } from './world.ts';

export type Source = 'reply' | 'callback' | 'query' | 'statement' | 'operator' | 'payer' | 'clock';

export interface Evidence {
  readonly source: Source;
  readonly kind: Kind;
  /** Which channel speaks, and about which of our references; null for the clock and for operators. */
  readonly channelId: bigint | null;
  readonly reference: string | null;
  readonly event: Event;
  /** The amount the evidence speaks of; null when it carries none. */
  readonly money: Money | null;
  /** The channel's own number. */
  readonly upstreamNo: string | null;
  /** That is the bank's number of the movement: the message had none of the order's. */
  readonly isMovementNo?: true;
  readonly instruction: {
    readonly payCode: string | null;
    readonly payUrl: string | null;
    readonly confirmNo: string | null;
  } | null;
  readonly reason: Reason | null;
  readonly extras: Extras;
  readonly at: Instant;
  /** When it happened, by the channel's own clock. */
  readonly happenedAt: Instant | null;
}

export interface Review {
  readonly reason: string;
  readonly detail: Readonly<Record<string, string | null>>;
}

export interface Decision<O extends Order = Order> {
  readonly outcome: 'changed' | 'repeated' | 'contradiction' | 'mismatch' | 'second-success';
  /** The order as it is now; the same object when nothing changed. */
  readonly order: O;
  readonly moves: readonly Move[];
  /** Moves that repeated evidence may ask for again; only those not yet in the books are made. */
  readonly suspenseMoves: readonly Move[];
  /** What is in suspense goes back to whoever paid it, once, by itself. */
  readonly givesBack?: true;
  /** The event to tell, "payment.paid". */
  readonly tell: string | null;
  readonly review: Review | null;
}

/**
 * What an order's channel does with late money, and with a second payment: `revive` (the first late payment counts after all;
 * bluepay and payin cannot refund), `refund` (it goes back by itself), `suspense` (a person decides). Rulings, "Money that does not fit".
 */
export type LatePolicy = 'revive' | 'refund' | 'suspense';

/** What these say about the amount is what was ordered, or nothing: they cannot refute authentic word of another sum. */
const amountless: ReadonlySet<Source> = new Set(['query', 'clock']);

/** What the payer had chosen with one attempt. */
export type Chosen = Pick<Payment, 'method' | 'option' | 'fee'>;

/**
 * `isHeld`: authentic word of another sum is under review, so that only a matching callback or a person settles the order.
 * `chosen`: what belongs to the attempt that the evidence speaks of; null = not known.
 */
export function decide<O extends Order>(
  order: O,
  evidence: Evidence,
  late: LatePolicy,
  isHeld = false,
  chosen: Chosen | null = null,
): Decision<O> {
  if (evidence.money && !sameMoney(evidence.money, order.amount)) return mismatch(order, evidence);
  // "Unknown" settles nothing, and an order whose call is over must not look as if it were under way.
  if (isHeld && amountless.has(evidence.source) && evidence.event !== 'unknown') return noNews(order);
  if (isOfNoAttempt(order, evidence)) return noNews(order);
  if (isSecondSuccess(order, evidence)) return secondSuccess(order, evidence, late);
  if (isOfFormerAttempt(order, evidence)) {
    if (evidence.event !== 'succeeded') return noNews(order);
    // Money that left through a channel we had turned away from: the attempt that counts may pay it out as well.
    if (order.kind === 'payout') return secondSuccess(order, evidence, 'suspense');
  }
  const rule = ruleFor(order, mayChooseAgain(order, evidence) ? 'reopened' : evidence.event);
  if (!rule) return contradiction(order, evidence);
  if (rule.late) return lateSuccess(order, evidence, rule, late, chosen);
  if (rule.to === order.state && !rule.post) return repeated(order, evidence);
  return changed(order, evidence, rule, chosen);
}

function ruleFor(order: Order, event: Event): Rule<string> | undefined {
  switch (order.kind) {
    case 'payment':
      return paymentRules[order.state][event];
    case 'payout':
      return payoutRules[order.state][event];
    case 'refund':
      return (order.detail.isLate ? lateRefundRules : refundRules)[order.state][event];
  }
}

const undecided: ReadonlySet<Order['state']> = new Set(['sending', 'pending', 'unknown']);

/** Reason of a payment that is open again because its payer wanted so: no try of theirs went wrong. */
export const leftReason: Reason = { code: 'left', text: '' };
/** Reason of a payment whose payer has asked for the present choice to be closed, and no answer has come yet. */
export const leavingCode = 'leaving';

/** The channel has ended what a payer chose, and the payer has time left: it was one try of theirs, not the end of the order. */
function mayChooseAgain(order: Order, evidence: Evidence): boolean {
  if (order.kind !== 'payment' || order.detail.desk === undefined || !undecided.has(order.state)) return false;
  const { event, at } = evidence;
  const isOver = order.expiresAt !== null && order.expiresAt <= at;
  return (
    !isOver && (event === 'failed' || (event === 'declined' && order.state === 'unknown') || isLeft(order, evidence))
  );
}

/** The callback about what the payer asked to be closed has overtaken the reply. A "closed" that nobody asked for is no such thing. */
function isLeft({ reason }: Order, { event, source }: Evidence): boolean {
  return event === 'closed' && source === 'callback' && reason?.code === leavingCode;
}

/** A payment that is paid already, paid again through another attempt or another movement at the channel (T034). */
function isSecondSuccess(order: Order, evidence: Evidence): boolean {
  if (order.kind !== 'payment' || order.state !== 'paid' || evidence.event !== 'succeeded') return false;
  if (evidence.reference !== null && evidence.reference !== order.reference) return true;
  const told = evidence.extras[movementMember];
  const known = order.channelExtras[movementMember];
  // Of one attempt, the bank's number decides where both know it.
  if (told !== undefined && known !== undefined) return told !== known;
  return differs(orderNoIn(evidence), order.upstreamNo);
}

/** About an attempt that another has taken the place of: money counts wherever it moved, anything else no longer matters. */
function isOfFormerAttempt(order: Order, evidence: Evidence): boolean {
  return order.kind !== 'refund' && evidence.reference !== null && evidence.reference !== order.reference;
}

/** An end without a channel (nobody had been asked yet), of a payment that has been bound to one meanwhile: that one is asked first. */
function isOfNoAttempt(order: Order, { event, channelId, reference }: Evidence): boolean {
  const namesNobody = channelId === null && reference === null;
  return order.kind === 'payment' && event === 'closed' && namesNobody && order.reference !== null;
}

function noNews<O extends Order>(order: O): Decision<O> {
  return { outcome: 'repeated', order, moves: [], suspenseMoves: [], tell: null, review: null };
}

function mismatch<O extends Order>(order: O, evidence: Evidence): Decision<O> {
  return {
    outcome: 'mismatch',
    order,
    moves: [],
    suspenseMoves: evidence.event === 'succeeded' ? suspense(order, evidence) : [],
    tell: null,
    review: review('amount-mismatch', order, evidence),
  };
}

function secondSuccess<O extends Order>(order: O, evidence: Evidence, late: LatePolicy): Decision<O> {
  const suspenseMoves = suspense(order, evidence);
  const noted = review('second-success', order, evidence);
  return {
    outcome: 'second-success',
    order,
    moves: [],
    suspenseMoves,
    tell: null,
    ...asideOf(suspenseMoves, late, noted),
  };
}

/** Money beside an order goes back by itself where the channel is set so; else a person looks. */
function asideOf(
  suspenseMoves: readonly Move[],
  late: LatePolicy,
  noted: Review,
): Pick<Decision, 'review' | 'givesBack'> {
  return late === 'refund' && suspenseMoves.length > 0 ? { review: null, givesBack: true } : { review: noted };
}

function contradiction<O extends Order>(order: O, evidence: Evidence): Decision<O> {
  return {
    outcome: 'contradiction',
    order,
    moves: [],
    suspenseMoves: [],
    tell: null,
    review: review('contradiction', order, evidence),
  };
}

function lateSuccess<O extends Order>(
  order: O,
  evidence: Evidence,
  rule: Rule<string>,
  late: LatePolicy,
  chosen: Chosen | null,
): Decision<O> {
  const noted = review(rule.review ?? 'late-money', order, evidence);
  if (order.kind === 'payment' && late === 'revive')
    return { ...changed(order, evidence, rule, chosen), review: noted };
  if (order.kind !== 'payment')
    return {
      outcome: 'changed',
      order,
      moves: [],
      suspenseMoves: suspense(order, evidence),
      tell: null,
      review: noted,
    };
  const suspenseMoves = suspense(order, evidence, lateName(order, evidence));
  const known = {
    ...order,
    upstreamNo: order.upstreamNo ?? evidence.upstreamNo,
    channelExtras: { ...movementIn(evidence), ...order.channelExtras },
  };
  return {
    outcome: 'changed',
    order: known,
    moves: [],
    suspenseMoves,
    tell: null,
    ...asideOf(suspenseMoves, late, noted),
  };
}

/**
 * What tells late movements of one payment apart. A query may tell of the money without the channel's number and a callback with
 * it: that is one movement. Only a number that contradicts the known one makes another.
 */
function lateName(order: Order, { upstreamNo, reference, extras }: Evidence): string | null {
  const movement = extras[movementMember];
  if (differs(movement, order.channelExtras[movementMember])) return movement ?? null;
  return differs(upstreamNo, order.upstreamNo) ? upstreamNo : reference;
}

function movementNameOf({ extras, upstreamNo }: Evidence): string | null {
  return extras[movementMember] ?? upstreamNo;
}

function movementIn({ extras }: Evidence): Extras {
  const movement = extras[movementMember];
  return movement === undefined ? {} : { [movementMember]: movement };
}

/** Money that came in (payment) or went out (payout, refund) without a place in the order. */
function suspense(order: Order, evidence: Evidence, name: string | null = movementNameOf(evidence)): Move[] {
  const channelId = evidence.channelId ?? order.channelId;
  if (channelId === null) return [];
  const tag = name ?? evidence.reference ?? 'unnamed';
  const reported = evidence.money ?? order.amount;
  return movesOf(order.kind === 'payment' ? 'suspense-in' : 'suspense-out', order, evidence.at, {
    channelId,
    reported,
    tag: `${tag}/${reported.minor}`,
  });
}

/** No change of state; what the evidence adds to our knowledge (a pay code, the channel's number) is kept while undecided. */
function repeated<O extends Order>(order: O, evidence: Evidence): Decision<O> {
  return noNews(isFinal(order) ? withNumbers(withLateCode(order, evidence), evidence) : learnt(order, evidence));
}

/** Paid on a word without the bank's number, and told again with it: kept, so that another number is seen to be another payment. */
function withNumbers<O extends Order>(order: O, evidence: Evidence): O {
  if (order.state !== 'paid' || evidence.event !== 'succeeded') return order;
  const upstreamNo = order.upstreamNo ?? evidence.upstreamNo;
  const known = order.channelExtras[movementMember];
  if (upstreamNo === order.upstreamNo && (known ?? evidence.extras[movementMember]) === known) return order;
  return { ...order, upstreamNo, channelExtras: { ...movementIn(evidence), ...order.channelExtras } };
}

/** The callback overtook the reply: what the payer was given to pay with is still part of the answer to the create. */
function withLateCode<O extends Order>(order: O, { source, instruction }: Evidence): O {
  if (order.kind !== 'payment' || source !== 'reply' || instruction === null) return order;
  const known = (order as Payment).instruction;
  if (known.payCode !== null || known.payUrl !== null) return order;
  return { ...order, instruction };
}

function changed<O extends Order>(
  order: O,
  evidence: Evidence,
  rule: Rule<string>,
  chosen: Chosen | null,
): Decision<O> {
  const known = learnt(order, evidence);
  const moved = { ...known, ...binding(order, evidence, rule, chosen), state: rule.to } as O;
  const next: O = {
    ...moved,
    // The channel's clock may be behind ours, or tell full minutes: nothing ends before it began.
    finishedAt: isFinal(moved) ? Math.max(evidence.happenedAt ?? evidence.at, order.createdAt) : null,
    ...(moved.kind === 'payment' && rule.to === 'paid' ? { paid: order.amount.minor } : {}),
  };
  return {
    outcome: 'changed',
    order: next,
    moves: rule.post ? movesOf(rule.post, next, evidence.at) : [],
    suspenseMoves: [],
    tell: rule.tell ? `${order.kind}.${rule.to}` : null,
    review: rule.review ? review(rule.review, order, evidence) : null,
  };
}

const noWayToPay: Payment['instruction'] = { payCode: null, payUrl: null, confirmNo: null };

/** Which attempt the payment now stands for: none once a choice is released; the one that was really paid. */
function binding(order: Order, evidence: Evidence, rule: Rule<string>, chosen: Chosen | null): Partial<Payment> {
  if (order.kind !== 'payment') return {};
  if (rule.to === 'new')
    return {
      channelId: null,
      reference: null,
      upstreamNo: null,
      channelExtras: {},
      method: 'any',
      option: order.detail.desk?.option ?? null,
      // Tells the payer who comes back that there was a try.
      reason: isLeft(order, evidence) ? leftReason : (evidence.reason ?? { code: evidence.event, text: '' }),
      instruction: noWayToPay,
    };
  if (rule.to === 'paid' && isOfFormerAttempt(order, evidence))
    return {
      ...chosen,
      channelId: evidence.channelId,
      reference: evidence.reference,
      upstreamNo: evidence.upstreamNo,
      channelExtras: evidence.extras,
      reason: evidence.reason,
      instruction: evidence.instruction ?? noWayToPay,
    };
  return {};
}

function learnt<O extends Order>(order: O, evidence: Evidence): O {
  const channelExtras = Object.keys(evidence.extras).length > 0 ? evidence.extras : order.channelExtras;
  const next: O = {
    ...order,
    upstreamNo: evidence.upstreamNo ?? order.upstreamNo,
    reason: evidence.reason ?? order.reason,
    channelExtras,
  };
  if (next.kind !== 'payment' || evidence.instruction === null) return next;
  const { instruction } = next as Payment;
  return {
    ...next,
    instruction: {
      payCode: evidence.instruction.payCode ?? instruction.payCode,
      payUrl: evidence.instruction.payUrl ?? instruction.payUrl,
      confirmNo: evidence.instruction.confirmNo ?? instruction.confirmNo,
    },
  };
}

function review(reason: string, order: Order, evidence: Evidence): Review {
  return {
    reason,
    detail: {
      state: order.state,
      event: evidence.event,
      source: evidence.source,
      ordered: `${order.amount.minor} ${order.amount.currency}`,
      reported: evidence.money ? `${evidence.money.minor} ${evidence.money.currency}` : null,
      reference: evidence.reference,
      upstreamNo: evidence.upstreamNo,
      knownUpstreamNo: order.upstreamNo,
      code: evidence.reason?.code ?? null,
    },
  };
}

/** The event a channel's report amounts to. */
export function eventOf(report: Report): Event {
  switch (report.state) {
    case 'pending':
      return 'accepted';
    case 'unknown':
      return 'unknown';
    case 'paid':
      return 'succeeded';
    case 'failed':
      return 'failed';
    case 'closed':
      return report.kind === 'payment' ? 'closed' : 'failed';
    case 'reversed':
      return report.kind === 'payment' ? 'reversed' : 'failed';
    case 'returned':
      return report.kind === 'payout' ? 'returned' : 'failed';
  }
}

/** The amount a report speaks of: what was paid for a paid payment, else what was ordered. */
export function moneyOf(report: Report): Money | null {
  return report.kind === 'payment' && report.state === 'paid' ? (report.paid ?? report.amount) : report.amount;
}

/** Chasing: seconds, then minutes, then hours. `tries` counts the queries made already; the last gap repeats. */
const gapsMs: Readonly<Record<'undecided' | 'waiting' | 'counter', readonly number[]>> = {
  /** We do not know what became of our request. */
  undecided: [5_000, 15_000, 60_000, 180_000, 600_000, 1_800_000, 3_600_000, 7_200_000],
  /** The channel has it and the payer takes their time; only a lost callback makes this query worth anything. */
  waiting: [60_000, 300_000, 900_000, 1_800_000, 3_600_000, 7_200_000],
  /** Payer and cashier stand at the till: every five seconds for the first minute, then every thirty. */
  counter: [...Array.from({ length: 12 }, () => 5_000), 30_000],
};

/** Only payers and banks take their time: many channels say nothing about refunds, so those are asked about soon. */
export function chaseGapMs(
  state: Order['state'],
  tries: number,
  kind: Kind = 'payment',
  method: Payment['method'] | null = null,
): number {
  const waiting = method === 'barcode' ? gapsMs.counter : gapsMs.waiting;
  const ladder = state === 'pending' && kind !== 'refund' ? waiting : gapsMs.undecided;
  return ladder[Math.min(tries, ladder.length - 1)] ?? 7_200_000;
}

/** When a barcode that was taken back is asked about once more: nobody calls back about those, and money may have crossed the reversal. */
const watchMs: readonly number[] = [30_000, 300_000, 3_600_000];

/** Milliseconds to the next look at an order that is over; null = none is due. */
export function watchGapMs(order: Order, tries: number): number | null {
  const isWatched = order.kind === 'payment' && order.method === 'barcode' && order.state === 'reversed';
  return isWatched ? (watchMs[tries] ?? null) : null;
}

/** When an order of unknown outcome becomes a person's task, unless the channel's setting says otherwise. Asking goes on beside. */
export const unknownHorizonMs = 86_400_000;

/** How many "unknown order" answers, over how long, count as proof that a payment was never created (rulings). */
export const notFoundProof = { answers: 3, windowMs: 600_000 } as const;
