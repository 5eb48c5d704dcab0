/**
 * Chasing: asking the channel by our reference until it says how an undecided order ended, on its own and whenever somebody
 * asks. Expiry is part of it: the channel is asked once more after the time, and only then the order is closed.
 */
import type { CallOutcome, CommandName, Find } from '../core/commands.ts';
import { chaseGapMs, notFoundProof, type Review, unknownHorizonMs, watchGapMs } from '../core/evidence.ts';
import { type Kind, type Order, type Payment, type Reason, isFinal } from '../core/order.ts';
import type { ChannelRow } from '../store/directory.ts';
import { countNotFound, orderByKey } from '../store/orders.ts';
import { insertReviews } from '../store/settle.ts';
import { type DueWork, finishWork, reschedule } from '../store/work.ts';
import { type About, bareEvidence, isAbout, learnAbout, reportEvidence } from './attempt.ts';
import type { Gate } from './gate.ts';
import { sendLateRefund } from './refund-late.ts';
import { sendAgain } from './send-again.ts';

const queryCommands = { payment: 'query-payment', payout: 'query-payout', refund: 'query-refund' } as const;

/** What the channel says now, learnt. The order as it is afterwards; unchanged when the channel could not be asked. */
export async function queryUpstream(gate: Gate, order: Order): Promise<Order> {
  return (await ask(gate, order)).order;
}

/**
 * Asks about an order whose present state may be older than the truth: after a restore. One that was never sent, as far as we know,
 * is asked about too; if the channel has it, it was.
 */
export async function compareUpstream(gate: Gate, order: Order): Promise<Asked> {
  if (order.state !== 'requested') return ask(gate, order);
  const channel = order.channelId === null ? undefined : gate.directory().channels.get(order.channelId);
  if (!channel || order.reference === null) return { order, heard: false };
  const outcome = await gate.call(channel, queryCommands[order.kind], findOf(order));
  if (outcome.kind !== 'answered') return { order, heard: false, isUnknownThere: outcome.kind === 'not-found' };
  const nobody = { kind: order.kind, channelId: null, reference: null };
  const begun = await learnAbout(gate, order, bareEvidence(nobody, 'query', 'begun', gate.world.now()));
  return learnQuery(gate, begun, channel, order.reference, outcome, null);
}

export interface Asked {
  readonly order: Order;
  /** Did the channel answer about this order at all? */
  readonly heard: boolean;
  /** It answered that it does not know the order. */
  readonly isUnknownThere?: boolean;
}

/** `endedBy`: what an end that the channel tells of is due to, when we know it better than the channel. */
async function ask(gate: Gate, order: Order, endedBy: Reason | null = null): Promise<Asked> {
  const channel = order.channelId === null ? undefined : gate.directory().channels.get(order.channelId);
  // What was never sent is unknown to the channel, and its word about it would be no news.
  if (!channel || order.reference === null || order.state === 'requested') return { order, heard: false };
  // What we have just ended ourselves is closed, whatever else the channel's word for it could mean.
  const { method, ...find } = findOf(order);
  const known = endedBy === null && method !== undefined ? { ...find, method } : find;
  const outcome = await gate.call(channel, queryCommands[order.kind], known);
  const asked = await learnQuery(gate, order, channel, order.reference, outcome, endedBy);
  const how = isFinal(asked.order)
    ? 'settled'
    : asked.heard
      ? 'still-unknown'
      : outcome.kind === 'not-found'
        ? 'not-found'
        : 'failed';
  gate.chased(channel.protocol, how);
  return asked;
}

function findOf(order: Order): Find {
  return {
    orderNo: order.kind === 'refund' ? (order.detail.upstreamPayment?.reference ?? null) : order.reference,
    platformNo: null,
    refundNo: order.kind === 'refund' ? order.reference : null,
    orderedAt: order.createdAt,
    ...(order.kind === 'payment' ? { method: order.method } : {}),
    extras: {},
  };
}

async function learnQuery(
  gate: Gate,
  order: Order,
  channel: ChannelRow,
  reference: string,
  outcome: CallOutcome<Extract<CommandName, `query-${Kind}`>>,
  endedBy: Reason | null,
): Promise<Asked> {
  const about: About = { kind: order.kind, channelId: channel.id, reference };
  switch (outcome.kind) {
    case 'answered': {
      const { answer } = outcome;
      const named = answer.kind === 'refund' ? answer.refundNo : answer.orderNo;
      if (answer.kind !== order.kind || (named !== null && named !== reference)) return { order, heard: false };
      const heard = reportEvidence(about, 'query', answer, gate.world.now());
      const evidence = heard.event === 'closed' && endedBy ? { ...heard, reason: endedBy } : heard;
      return { order: await learnAbout(gate, order, evidence), heard: true };
    }
    case 'not-found':
      return { order: await learnNotFound(gate, order, about, outcome), heard: false, isUnknownThere: true };
    case 'not-sent':
    case 'unknown':
    case 'declined':
      return { order, heard: false };
  }
}

/**
 * "Unknown order" is no proof by itself, and says nothing about what is settled (a comparison asks about that as well): a payment counts as never created when that was the answer at least three times over
 * the channel's settle window. A payout or refund is never failed by it: a person decides (rulings), unless the channel's promise
 * about repeated references lets it be sent once more.
 */
async function learnNotFound(
  gate: Gate,
  order: Order,
  about: About,
  said: { readonly code: string; readonly text: string },
): Promise<Order> {
  const now = gate.world.now();
  if (about.channelId === null || about.reference === null || isFinal(order)) return order;
  const counted = await countNotFound(gate.db, order.home, about.channelId, about.reference, now);
  const channel = gate.directory().channels.get(about.channelId);
  const windowMs = gate.world.scaled(Number(channel?.settings['settleWindowMs'] ?? notFoundProof.windowMs));
  if (!counted || counted.answers < notFoundProof.answers || now - counted.since < windowMs) return order;
  if (order.kind === 'payment')
    return learnAbout(
      gate,
      order,
      bareEvidence(about, 'query', 'failed', now, { code: 'not-created', text: said.text }),
    );
  const again = await sendAgain(gate, order);
  if (again) return again;
  const present = await orderByKey(gate.db, order.kind, order);
  if (!present || isFinal(present)) return present ?? order;
  const detail = { state: order.state, answers: String(counted.answers), code: said.code, reference: about.reference };
  await openReview(gate, order, { reason: `${order.kind}-not-found`, detail }, now);
  return order;
}

/** One piece of due work: chase or expire, then make the next appointment. */
export async function lookAgain(gate: Gate, due: DueWork): Promise<void> {
  const order = await orderByKey(gate.db, due.kind, { home: due.home, id: due.objectId });
  if (!order || isFinal(order)) return watchOver(gate, order, due);
  const now = gate.world.now();
  const isOver = isExpired(order, now);
  const asked = isOver ? await expire(gate, order) : await nextStep(gate, order);
  const after = await leaveSending(gate, asked);
  if (isFinal(after)) return;
  await reportOld(gate, after, now);
  // A barcode that could not be taken back yet is as urgent as an answer that never came.
  const urgency = isOver && isHeldBarcode(gate, after) ? 'unknown' : after.state;
  const gap = gate.world.scaled(
    chaseGapMs(urgency, due.tries, after.kind, after.kind === 'payment' ? after.method : null),
  );
  await reschedule(gate.db, due.home, due.objectId, nextLook(after, gate.world.now(), gap));
}

/** Nobody has said for so long how it ended that a person must find out; one open task each. */
async function reportOld(gate: Gate, order: Order, now: number): Promise<void> {
  const channel = order.channelId === null ? undefined : gate.directory().channels.get(order.channelId);
  const horizonMs = gate.world.scaled(Number(channel?.settings['unknownHorizonMs'] ?? unknownHorizonMs));
  if (order.state !== 'unknown' || now - order.createdAt < horizonMs) return;
  const review = { reason: 'unknown-too-long', detail: { state: order.state, reference: order.reference } };
  await openReview(gate, order, review, now);
}

async function openReview(gate: Gate, order: Order, review: Review, at: number): Promise<void> {
  const { home, kind: objectKind, id: objectId, channelId } = order;
  await insertReviews(gate.db, [{ home, id: gate.world.newId(), review, objectKind, objectId, channelId, at }]);
}

/** What is over is asked about a few more times where nobody would tell us of late money; then its appointment goes. */
async function watchOver(gate: Gate, order: Order | null, due: DueWork): Promise<void> {
  if (order && watchGapMs(order, 0) !== null) await queryUpstream(gate, order);
  const gap = order && watchGapMs(order, due.tries);
  if (gap === null) await finishWork(gate.db, due.home, due.objectId);
  else await reschedule(gate.db, due.home, due.objectId, gate.world.now() + gate.world.scaled(gap));
}

/** A refund of late money is begun by us; everything else is asked about. */
function nextStep(gate: Gate, order: Order): Promise<Order> {
  const isToBeSent = order.kind === 'refund' && order.detail.isLate && order.state === 'requested';
  return isToBeSent ? sendLateRefund(gate, order) : queryUpstream(gate, order);
}

/** Whoever made the call is gone by the time a worker looks: what it came to is unknown, and must not look as if it were under way. */
async function leaveSending(gate: Gate, order: Order): Promise<Order> {
  if (order.state !== 'sending') return order;
  const about = { kind: order.kind, channelId: order.channelId, reference: order.reference };
  return learnAbout(gate, order, bareEvidence(about, 'clock', 'unknown', gate.world.now()));
}

function isExpired(order: Order, now: number): boolean {
  return order.kind === 'payment' && order.expiresAt !== null && order.expiresAt <= now;
}

/** The next chase, or the expiry when that comes first. */
function nextLook(order: Order, now: number, gap: number): number {
  const expiry = order.kind === 'payment' ? order.expiresAt : null;
  // Nobody is collecting yet: there is nothing to ask before the time is over.
  if (order.state === 'new' && expiry !== null) return expiry;
  return expiry !== null && expiry > now && expiry < now + gap ? expiry : now + gap;
}

/** Nobody was ever asked to collect: just closed. Else close upstream where that exists, query, and only then closed. */
async function expire(gate: Gate, order: Order): Promise<Order> {
  if (order.kind === 'payment' && isHeldBarcode(gate, order)) return reverse(gate, order);
  const about = { kind: order.kind, channelId: order.channelId, reference: order.reference };
  const expired = { code: 'expired', text: 'not paid in time' };
  const closed = () => bareEvidence(about, 'clock', 'closed', gate.world.now(), expired);
  if (order.state === 'new') return learnAbout(gate, order, closed());
  const channel = order.channelId === null ? undefined : gate.directory().channels.get(order.channelId);
  if (channel && gate.facts.unable(channel, 'close-payment', findOf(order)) === null)
    await gate.call(channel, 'close-payment', findOf(order));
  const asked = await ask(gate, order, expired);
  // Only a channel that has just said "still unpaid" lets us close; silence keeps the order open.
  return asked.heard && !isFinal(asked.order) ? learnAbout(gate, asked.order, closed()) : asked.order;
}

/** Is it a payment whose merchant waits for the end, and was promised a reversal when there is none in time? */
function isHeldBarcode(gate: Gate, order: Order): boolean {
  return (
    order.kind === 'payment' && order.method === 'barcode' && gate.facts.conduct(order.protocol).barcodeMs !== null
  );
}

/**
 * Takes an undecided barcode payment back. The channel is asked once more, so that money on its way wins; then it reverses,
 * or closes where it knows no reversal (rulings: CLOSE counts as reversed). Undecided afterwards = still unclear: the
 * caller, or a worker, does it again; repeating is safe. Money that comes later is late money (T035).
 */
export async function reverse(gate: Gate, payment: Payment): Promise<Payment> {
  const present = (await queryUpstream(gate, payment)) as Payment;
  const channel = present.channelId === null ? undefined : gate.directory().channels.get(present.channelId);
  if (isFinal(present) || !channel || present.reference === null) return present;
  const command = (['cancel-payment', 'close-payment'] as const).find(
    (one) => gate.facts.unable(channel, one, findOf(present)) === null,
  );
  if (!command) return present;
  const outcome = await gate.call(channel, command, findOf(present));
  const isOurs = outcome.kind === 'answered' && isAbout(present, outcome.answer);
  const isTaken = isOurs && ['reversed', 'closed'].includes(outcome.answer.state);
  // A refusal usually means that it was paid meanwhile: the query says.
  if (!isTaken) return outcome.kind === 'declined' ? ((await queryUpstream(gate, present)) as Payment) : present;
  const about: About = { kind: 'payment', channelId: channel.id, reference: present.reference };
  const taken = { code: 'reversed', text: 'not paid in time' };
  return (await learnAbout(
    gate,
    present,
    bareEvidence(about, 'reply', 'reversed', gate.world.now(), taken),
  )) as Payment;
}
