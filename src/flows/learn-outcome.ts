/**
 * The one door. Everything that says something about an outcome comes in here: the order is found and locked, the evidence is
 * judged by `core/evidence.ts`, and state, postings, timeline, notice and work are stored in one transaction. It takes many
 * pieces of evidence at once; that is all group commit needs.
 */
import {
  type Decision,
  type Evidence,
  type LatePolicy,
  type Review,
  chaseGapMs,
  watchGapMs,
  decide,
} from '../core/evidence.ts';
import { type Key, type Kind, type Order, type Payment, type Payout, type Refund, isFinal } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { reportOf } from '../core/report.ts';
import { createLateRefunds, insertAttempts, type NewOrder } from '../store/create.ts';
import type { Query } from '../store/database.ts';
import type { ChannelRow } from '../store/directory.ts';
import { type AttemptRow, attemptsByReference, lockOrders } from '../store/orders.ts';
import {
  type AttemptState,
  type NewNotice,
  type Settlement,
  holdAgain,
  setFee,
  settle,
  sumsUnderReview,
} from '../store/settle.ts';
import type { Gate, Learning, Learnt } from './gate.ts';
import { correctSum } from './corrected-sum.ts';
import { squareReturned, tellsOfReturn } from './square-returned.ts';
import { lateRefundOf } from './late-refund.ts';
import { type Aside, placeInSuspense, type Placed } from './place-in-suspense.ts';

/** Stores what one piece of evidence means. Throws CommitUnknown when nobody can say whether it was stored; it may then be given again. */
export async function learnOutcome(gate: Gate, learning: Learning): Promise<Learnt> {
  const learnt = await gate.batches.learn.add(learning);
  gate.wakeNotices();
  if (learnt.kind === 'learnt') gate.changes.tell(learnt.order);
  return learnt;
}

/** The door itself, for a batch: run by the batcher in one transaction. */
export function learnTogether(gate: Gate, batch: readonly Learning[]): Promise<Learnt[]> {
  return gate.db.transaction(async (query) => {
    const attempts = await findAttempts(gate, query, batch);
    const keys = batch.map((learning, index) => keyOf(learning, attempts[index] ?? null));
    const known = keys.filter((key) => key !== null);
    const [locked, held] = await Promise.all([lockOrders(query, known), heldAmong(query, batch, keys)]);
    const orders = new Map(locked.map((order) => [orderKey(order), order]));
    const draft = new Draft(gate);
    const confirmed: [Order, Evidence][] = [];
    const withOtherFee: Payment[] = [];
    const cameBack: [Order, Evidence][] = [];
    const outcomes = batch.map((learning, index) => {
      const key = keys[index];
      const order = key ? orders.get(orderKey(key)) : undefined;
      if (!order) return { kind: 'unmatched' } as const;
      const late = latePolicy(gate, learning.evidence, order);
      const attempt = attempts[index] ?? null;
      const decision = decide(order, learning.evidence, late, held.has(order.id), attempt?.chosen ?? null);
      if (decision.order.kind === 'payment' && decision.order.fee !== order.fee) withOtherFee.push(decision.order);
      orders.set(orderKey(order), decision.order);
      draft.add(learning, order, decision, attempt);
      if (tellsOfReturn(order, decision.order, learning.evidence)) cameBack.push([order, learning.evidence]);
      if (held.has(order.id) && decision.moves.length > 0) confirmed.push([order, learning.evidence]);
      return { kind: 'learnt', order: decision.order, outcome: decision.outcome } as const;
    });
    const settlement = await draft.settlement(query);
    for (const payment of withOtherFee) await setFee(query, payment);
    const corrected = await Promise.all(confirmed.map(([order, evidence]) => correctSum(query, order, evidence)));
    await settle(query, { ...settlement, moves: [...settlement.moves, ...corrected.flat()] });
    await createLateRefunds(query, settlement.refunds);
    for (const [order, evidence] of cameBack) await squareReturned(query, order, evidence, gate.world.newId());
    return outcomes;
  });
}

/** What a payer's choice binds a payment to. */
export interface Choice extends Pick<Payment, 'method' | 'option' | 'fee'> {
  readonly channelId: bigint;
  readonly reference: string;
  readonly attemptId: bigint;
  /** When a worker should look at it, if the call never comes back. */
  readonly lookAgainAt: number;
}

/**
 * Puts a further channel in the place of one that has certainly done nothing. Null when the order is no longer waiting for that very
 * attempt: then what was heard meanwhile counts.
 */
export function rerouteAttempt<O extends Payment | Payout>(
  gate: Gate,
  order: O,
  said: Evidence,
  next: ChannelRow,
): Promise<O | null> {
  return gate.db.transaction(async (query) => {
    const [present] = await lockOrders(query, [order]);
    if (!present || present.state !== 'sending' || present.reference !== order.reference) return null;
    const learning: Learning = {
      key: present,
      evidence: { ...said, event: 'rerouted' },
      callback: null,
      lookAgainAt: said.at + 2 * gate.facts.answerTimeMs(order.protocol, order.kind === 'payment' ? 'pay' : 'pay-out'),
    };
    const [attempt = null] = await findAttempts(gate, query, [learning]);
    const decision = decide(present, learning.evidence, 'suspense');
    const reference = gate.facts.reference(next, order.kind, order.home);
    const moved = { ...decision.order, channelId: next.id, reference, upstreamNo: null, reason: null } as O;
    const draft = new Draft(gate);
    draft.add(learning, present, { ...decision, order: moved }, attempt);
    await settle(query, await draft.settlement(query));
    await insertAttempts(query, [{ order: { ...moved, createdAt: said.at }, attemptId: gate.world.newId() }]);
    return moved;
  });
}

/**
 * Binds a `new` payment to a channel, through the same door: of two choices made at once, one is refused (`conflict`), so
 * that a payer who has the page open twice is never asked for the money twice.
 */
export async function beginAttempt(gate: Gate, key: Key, choice: Choice): Promise<Payment> {
  const begun = await gate.db.transaction(async (query) => {
    const [order] = await lockOrders(query, [{ ...key, kind: 'payment' }]);
    if (order?.kind !== 'payment' || order.state !== 'new')
      throw new Refusal('conflict', { why: 'chosen-already', text: 'the payment is no longer open for a choice' });
    const learning: Learning = {
      key: order,
      evidence: beginning(gate, order, 'payer'),
      callback: null,
      lookAgainAt: choice.lookAgainAt,
    };
    const decision = decide<Payment>(order, learning.evidence, 'suspense');
    const { attemptId, lookAgainAt: _, ...bound } = choice;
    const begun: Payment = { ...decision.order, ...bound };
    const draft = new Draft(gate);
    draft.add(learning, order, { ...decision, order: begun }, null);
    await settle(query, await draft.settlement(query));
    if (begun.fee !== order.fee) await setFee(query, begun);
    await insertAttempts(query, [{ order: { ...begun, createdAt: learning.evidence.at }, attemptId }]);
    return begun;
  });
  gate.changes.tell(begun);
  return begun;
}

/**
 * Begins a failed refund again, under its own number and reference: the amount is taken once more, from the payment's remainder and
 * from the merchant. Null when somebody else has begun it meanwhile. Throws what the store throws when there is not enough.
 */
export function beginRefundAgain(gate: Gate, { home, id }: Refund): Promise<Refund | null> {
  return gate.db.transaction(async (query) => {
    // The refund before its payment, as whoever learns of its end: the other way round, ten repeats at once would stop that one for good.
    const [order] = await lockOrders(query, [{ home, id, kind: 'refund' }]);
    if (order?.kind !== 'refund' || order.state !== 'failed') return null;
    const drives = (order.detail.drives ?? 1) + 1;
    const anew: Refund = { ...order, reason: null, detail: { ...order.detail, drives } };
    const evidence = beginning(gate, order, 'operator');
    const lookAgainAt = evidence.at + 2 * gate.facts.answerTimeMs(order.protocol, 'refund');
    const decision = decide<Refund>(anew, evidence, 'suspense');
    const draft = new Draft(gate);
    draft.add({ key: order, evidence, callback: null, lookAgainAt }, order, decision, null);
    await holdAgain(query, decision.order);
    await settle(query, await draft.settlement(query));
    return decision.order;
  });
}

function beginning(gate: Gate, order: Order, source: Evidence['source']): Evidence {
  return {
    source,
    kind: order.kind,
    channelId: null,
    reference: null,
    event: 'begun',
    money: null,
    upstreamNo: null,
    instruction: null,
    reason: null,
    extras: {},
    at: gate.world.now(),
    happenedAt: null,
  };
}

type OrderKey = Key & { readonly kind: Kind };

/** Payments whose sum is under review, among those that a query or the clock is about to decide, or somebody's word of success. */
function heldAmong(
  query: Query,
  batch: readonly Learning[],
  keys: readonly (OrderKey | null)[],
): Promise<ReadonlySet<bigint>> {
  const asked = keys.filter((key, index) => key?.kind === 'payment' && mayTouchReview(batch[index]?.evidence));
  return sumsUnderReview(
    query,
    asked.filter((key) => key !== null),
  );
}

function mayTouchReview(evidence: Evidence | undefined): boolean {
  return evidence?.source === 'query' || evidence?.source === 'clock' || evidence?.event === 'succeeded';
}

function orderKey(key: OrderKey): string {
  return `${key.kind}/${key.home}/${key.id}`;
}

/** The attempt each piece of evidence speaks of, by channel and reference, in the order of the batch. */
async function findAttempts(gate: Gate, query: Query, batch: readonly Learning[]): Promise<(AttemptRow | null)[]> {
  const wanted = batch.map(({ evidence, key }) => {
    if (evidence.channelId === null || evidence.reference === null) return null;
    const channel = gate.directory().channels.get(evidence.channelId);
    const home = key?.home ?? (channel ? gate.facts.homeOf(channel.protocol, evidence.reference) : null);
    return home === null ? null : { home, channelId: evidence.channelId, reference: evidence.reference };
  });
  const asked = wanted.filter((one) => one !== null);
  if (asked.length === 0) return batch.map(() => null);
  const found = new Map(
    (await attemptsByReference(query, asked)).map((row) => [`${row.channelId}/${row.reference}`, row]),
  );
  return wanted.map((one) => (one ? (found.get(`${one.channelId}/${one.reference}`) ?? null) : null));
}

/** Evidence about a reference is about that attempt's order, and only if the kinds agree. */
function keyOf(learning: Learning, attempt: AttemptRow | null): OrderKey | null {
  if (attempt)
    return attempt.kind === learning.evidence.kind
      ? { home: attempt.home, id: attempt.objectId, kind: attempt.kind }
      : null;
  return learning.evidence.reference === null ? learning.key : null;
}

function latePolicy(gate: Gate, evidence: Evidence, order: Order): LatePolicy {
  const channelId = evidence.channelId ?? order.channelId;
  const channel = channelId === null ? undefined : gate.directory().channels.get(channelId);
  const policy = channel ? gate.facts.setting(channel, 'lateMoney') : null;
  if (policy === 'refund') return channel && canRefund(gate, channel, order) ? 'refund' : 'suspense';
  return policy === 'suspense' ? 'suspense' : 'revive';
}

function canRefund(gate: Gate, channel: ChannelRow, order: Order): boolean {
  const ask = {
    refundNo: '',
    orderNo: order.reference,
    platformNo: order.upstreamNo,
    amount: order.amount,
    reason: null,
    notify: null,
    extras: {},
  };
  return gate.facts.unable(channel, 'refund', ask) === null;
}

const attemptWords: Readonly<Partial<Record<Evidence['event'], AttemptState>>> = {
  accepted: 'accepted',
  unknown: 'unknown',
  declined: 'declined',
  'not-sent': 'not-sent',
  released: 'declined',
  rerouted: 'declined',
};

/** Gathers what a batch of decisions has to store. */
class Draft {
  readonly #gate: Gate;
  readonly #orders = new Map<string, Order>();
  /** What has no place in its order, and the event that tells of it. */
  readonly #asides: (Aside & { readonly eventId: bigint })[] = [];
  readonly #parts: Settlement & { [K in keyof Settlement]: Settlement[K][number][] } = {
    orders: [],
    moves: [],
    events: [],
    notices: [],
    reviews: [],
    callbacks: [],
    attempts: [],
    work: [],
  };

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  add(learning: Learning, before: Order, decision: Decision, attempt: AttemptRow | null): void {
    const { evidence } = learning;
    const { order } = decision;
    if (order !== before) this.#orders.set(orderKey(order), order);
    this.#parts.moves.push(...decision.moves);
    const eventId = this.#gate.world.newId();
    const givesBack = decision.givesBack ?? false;
    this.#asides.push(...decision.suspenseMoves.map((move) => ({ order: before, evidence, move, givesBack, eventId })));
    this.#addEvent(eventId, evidence, before, decision);
    this.#addCallback(learning, order, decision);
    this.#addReview(evidence, order, decision.review);
    if (decision.tell) this.#parts.notices.push(...noticesFor(this.#gate, order, decision.tell));
    if (attempt)
      this.#parts.attempts.push({
        home: attempt.home,
        id: attempt.id,
        state: attemptWords[evidence.event] ?? 'done',
        at: evidence.at,
      });
    this.#addWork(learning, before, order);
  }

  #addEvent(id: bigint, evidence: Evidence, before: Order, { order, outcome }: Decision): void {
    // A repetition that brought nothing new would fill the timeline of every order that is waited for, or of an impatient payer.
    if (outcome === 'repeated' && (evidence.source === 'query' || evidence.source === 'payer')) return;
    this.#parts.events.push({
      home: order.home,
      objectId: order.id,
      id,
      at: evidence.at,
      what: outcome,
      detail: {
        source: evidence.source,
        event: evidence.event,
        from: before.state,
        to: order.state,
        channel: evidence.channelId === null ? null : String(evidence.channelId),
        reference: evidence.reference,
        upstreamNo: evidence.upstreamNo,
        amount: evidence.money ? { minor: String(evidence.money.minor), currency: evidence.money.currency } : null,
        reason: evidence.reason,
      },
    });
  }

  #addCallback({ callback }: Learning, order: Order, { outcome }: Decision): void {
    if (callback)
      this.#parts.callbacks.push({
        ...callback,
        home: order.home,
        id: this.#gate.world.newId(),
        verdict: outcome,
        objectKind: order.kind,
        objectId: order.id,
      });
  }

  #addReview(evidence: Evidence, order: Order, review: Review | null): void {
    if (!review) return;
    this.#gate.world.log.warn('review-opened', { reason: review.reason, kind: order.kind, id: String(order.id) });
    this.#parts.reviews.push({
      home: order.home,
      id: this.#gate.world.newId(),
      review,
      objectKind: order.kind,
      objectId: order.id,
      channelId: evidence.channelId,
      at: evidence.at,
    });
  }

  #addWork({ lookAgainAt, evidence }: Learning, before: Order, order: Order): void {
    const { home, id, kind } = order;
    if (isFinal(order)) {
      const watch = watchGapMs(order, 0);
      const dueAt = watch === null ? null : evidence.at + this.#gate.world.scaled(watch);
      if (!isFinal(before)) this.#parts.work.push({ home, id, kind, dueAt });
    } else if (lookAgainAt !== null) this.#parts.work.push({ home, id, kind, dueAt: lookAgainAt });
    else if (order.state !== before.state) {
      const gap = this.#gate.world.scaled(
        chaseGapMs(order.state, 0, kind, order.kind === 'payment' ? order.method : null),
      );
      const due = evidence.at + gap;
      const expiry = order.kind === 'payment' ? order.expiresAt : null;
      this.#parts.work.push({ home, id, kind, dueAt: expiry !== null && expiry < due ? expiry : due });
    }
  }

  /** Money aside may be told of again, in other words: only what is not in the books yet is booked. */
  async settlement(query: Query): Promise<Settlement & { readonly refunds: readonly NewOrder<Refund>[] }> {
    const placed = await placeInSuspense(query, this.#asides);
    const words = new Map(placed.map(({ word }, index) => [this.#asides[index]?.eventId, word]));
    for (const { review, evidence, order } of placed) this.#addReview(evidence, order, review);
    const fresh = placed.filter(({ isFresh }) => isFresh);
    return {
      ...this.#parts,
      orders: [...this.#orders.values()],
      moves: [...this.#parts.moves, ...fresh.map(({ move }) => move)],
      events: this.#parts.events.map((event) => {
        const movement = words.get(event.id);
        return movement ? { ...event, detail: { ...event.detail, movement } } : event;
      }),
      work: lastPerKey(this.#parts.work),
      attempts: lastPerKey(this.#parts.attempts),
      refunds: fresh.filter(({ givesBack }) => givesBack).flatMap((one) => this.#refundOf(one)),
    };
  }

  #refundOf({ order: payment, evidence, move }: Placed): NewOrder<Refund>[] {
    const refund = payment.kind === 'payment' ? lateRefundOf(this.#gate, payment, evidence, move) : null;
    if (!refund) return [];
    const { id, amount } = refund.order;
    this.#gate.world.log.warn('late-money-goes-back', {
      refund: String(id),
      payment: String(payment.id),
      minor: String(amount.minor),
    });
    return [refund];
  }
}

function lastPerKey<T extends Key>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [`${item.home}/${item.id}`, item])).values()];
}

/** One notice per address the order names; the body is frozen here, in the transaction of the change. */
function noticesFor(gate: Gate, order: Order, event: string): NewNotice[] {
  const target = order.detail.notify;
  const credential = gate.directory().credentials.get(order.credentialId);
  if (!target || !credential) return [];
  const deskUrl = order.kind === 'payment' ? gate.deskUrl(order) : null;
  const body = gate.notices.freeze(credential, reportOf(order, deskUrl));
  if (body === null) return [];
  const urls = target.kind === 'sqs' ? [target.url] : gate.notices.targetsOf(target.url);
  return urls.map((url) => ({
    home: order.home,
    id: gate.world.newId(),
    merchantId: order.merchantId,
    credentialId: order.credentialId,
    protocol: order.protocol,
    objectKind: order.kind,
    objectId: order.id,
    event,
    targetKind: target.kind,
    targetUrl: url,
    host: target.kind === 'sqs' ? 'sqs' : hostOf(url),
    body,
    at: gate.world.now(),
  }));
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
