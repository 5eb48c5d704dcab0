/** One call to a channel, and what it says about the order: the outcome of a call becomes evidence, whatever it was. */
import type { CallOutcome, Extras, PaymentReport, PayoutReport, RefundReport, Report } from '../core/commands.ts';
import { type Evidence, type Source, eventOf, moneyOf } from '../core/evidence.ts';
import { movementMember } from '../core/movement.ts';
import type { Kind, Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { Event } from '../core/rules.ts';
import type { Instant } from '../core/world.ts';
import type { NewOrder } from '../store/create.ts';
import { CommitUnknown, DatabaseAway } from '../store/database.ts';
import { numberOf } from '../store/orders.ts';
import type { Made } from '../store/create.ts';
import type { Gate, Learning } from './gate.ts';
import { learnOutcome } from './learn-outcome.ts';

/** What the evidence is about. */
export interface About {
  readonly kind: Kind;
  readonly channelId: bigint | null;
  readonly reference: string | null;
}

const silent = {
  money: null,
  upstreamNo: null,
  instruction: null,
  reason: null,
  extras: {},
  happenedAt: null,
} as const;

/** Evidence without a report: a time-out, a refusal, the clock. */
export function bareEvidence(
  about: About,
  source: Source,
  event: Event,
  at: Instant,
  reason: { readonly code: string; readonly text: string } | null = null,
): Evidence {
  return { ...silent, ...about, source, event, at, reason };
}

/** A channel's report as evidence. */
export function reportEvidence(about: About, source: Source, report: Report, at: Instant): Evidence {
  return {
    ...about,
    source,
    event: eventOf(report),
    money: moneyOf(report),
    upstreamNo: upstreamNoOf(report),
    ...(report.kind === 'payment' && report.platformNo === null ? { isMovementNo: true } : {}),
    instruction: report.kind === 'payment' ? report.instruction : null,
    reason: report.reason,
    // Raw members come named `<protocol>.<member>`: whoever shows them later knows whose they are.
    extras: { ...report.extras, ...movementOf(report) },
    at,
    happenedAt: report.finishedAt,
  };
}

function movementOf(report: Report): Extras {
  const isPaid = report.kind === 'payment' && report.state === 'paid';
  return isPaid && report.channelNo !== null ? { [movementMember]: report.channelNo } : {};
}

function upstreamNoOf(report: Report): string | null {
  return report.kind === 'refund' ? report.platformRefundNo : (report.platformNo ?? report.channelNo);
}

type OrderReport = PaymentReport | PayoutReport | RefundReport;

/** What a call told us about the order it was made for. */
export function evidenceOfCall(gate: Gate, order: Order, outcome: CallOutcome<'pay' | 'pay-out' | 'refund'>): Evidence {
  const at = gate.world.now();
  const about = { kind: order.kind, channelId: order.channelId, reference: order.reference };
  switch (outcome.kind) {
    case 'not-sent':
      return bareEvidence(about, 'reply', 'not-sent', at, { code: 'not-sent', text: outcome.why });
    case 'unknown':
    case 'not-found':
      return bareEvidence(about, 'reply', 'unknown', at);
    case 'declined':
      return bareEvidence(about, 'reply', 'declined', at, { code: outcome.code, text: outcome.text });
    case 'answered':
      return answeredEvidence(order, about, outcome.answer, at);
  }
}

/** Does a payment's answer speak of this order? One about another reference says nothing (T031). */
export function isAbout({ reference }: Order, { orderNo }: PaymentReport): boolean {
  return orderNo === null || orderNo === reference;
}

/** An answer about another reference than ours (mixed-up connections, replayed bodies) says nothing about this order (T031). */
function answeredEvidence(order: Order, about: About, answer: OrderReport, at: Instant): Evidence {
  const named = answer.kind === 'refund' ? answer.refundNo : answer.orderNo;
  if (named !== null && named !== order.reference) return bareEvidence(about, 'reply', 'unknown', at);
  return reportEvidence(about, 'reply', answer, at);
}

/** Through the door, and once more when nobody can say whether the first time was stored: evidence may be given twice. */
export async function learnAbout(
  gate: Gate,
  order: Order,
  evidence: Evidence,
  lookAgainAt: number | null = null,
): Promise<Order> {
  const learning: Learning = { key: order, evidence, callback: null, lookAgainAt };
  const learnt = await learnOutcome(gate, learning).catch((error: unknown) => {
    if (error instanceof CommitUnknown) return learnOutcome(gate, learning);
    throw error;
  });
  return learnt.kind === 'learnt' ? learnt.order : order;
}

/** Short numbers of ours may meet: then the order takes another one, a few times. Its object is changed, as nobody has seen it yet. */
async function addWithNumber<O extends Order>(
  gate: Gate,
  batcher: { add(one: NewOrder<O>): Promise<Made> },
  one: NewOrder<O>,
): Promise<Made> {
  for (let left = 3; ; left -= 1) {
    try {
      return await batcher.add(one);
    } catch (error) {
      const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
      const isTaken = code === '23505' && typeof constraint === 'string' && constraint.endsWith('_platform_no');
      if (!isTaken || left === 0) throw error;
      const { protocol, kind, home } = one.order;
      Object.assign(one.order, { platformNo: gate.facts.platformNo(protocol, kind, home) });
    }
  }
}

/** Makes the order, and finds out by its number what happened when the commit's fate is unknown (T047). */
export async function makeOrder<O extends Order>(
  gate: Gate,
  batcher: { add(one: NewOrder<O>): Promise<Made> },
  one: NewOrder<O>,
): Promise<Made> {
  try {
    return await addWithNumber(gate, batcher, one);
  } catch (error) {
    // Nothing was stored and nothing was sent: the caller may simply come again (T111, T114).
    if (error instanceof DatabaseAway) throw new Refusal('busy', { text: 'the database is away' });
    if (!(error instanceof CommitUnknown)) throw error;
    const { home, merchantId, orderNo, id } = one.order;
    const by = await numberOf(gate.db, home, merchantId, one.space, orderNo);
    if (!by) throw new Refusal('busy', { text: 'the order was not stored' });
    return by.objectId === id ? { kind: 'made' } : { kind: 'taken', by };
  }
}
