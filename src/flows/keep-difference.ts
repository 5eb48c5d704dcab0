/**
 * What becomes of a difference: a review with an owner, a suspense entry where money is concerned, and, where a line speaks of an order of
 * ours, the one door. Each step may be repeated: it is done once.
 */
import type { Evidence } from '../core/evidence.ts';
import { accounts, type Move } from '../core/ledger.ts';
import { money } from '../core/money.ts';
import { isFinal, type Key, type Kind, type Order } from '../core/order.ts';
import { type Difference, lineEvents, markOf, saysMoved } from '../core/reconciliation.ts';
import type { LineState } from '../core/statement.ts';
import type { Query } from '../store/database.ts';
import { book, unsettledSuspense } from '../store/ledger.ts';
import { orderByKey } from '../store/orders.ts';
import {
  closeLearnt,
  type FoundDifference,
  hasEntry,
  keepDifference,
  type NewRun,
  noteOutcome,
  numbersBeside,
  reviewOfMark,
  reviewOfSum,
} from '../store/reconciliations.ts';
import { insertReviews } from '../store/settle.ts';
import { bareEvidence } from './attempt.ts';
import type { Gate } from './gate.ts';
import { learnOutcome } from './learn-outcome.ts';

/** Who is asked about differences; everybody who may see reviews sees them. */
const owner = 'finance';

/** What a difference needs to know of its run. */
export type OfRun = Pick<NewRun, 'home' | 'id' | 'channelId' | 'day'>;

/**
 * Is it about an order of ours that the door may learn of? The same line twice tells nothing new, nor does an order's own movement in
 * another sum: what was told of it stays.
 */
function isToLearn({ type, line, booked, gap }: Difference): boolean {
  return line !== null && booked !== null && type !== 'line-twice' && gap === null;
}

/**
 * Stores it with its review, and its suspense entry unless the door has to be asked first. `present`: what this comparison
 * has found, by mark; what two statements tell of in other words is added.
 */
export async function recordDifference(
  gate: Gate,
  query: Query,
  run: OfRun,
  found: Difference,
  present: Set<string>,
): Promise<void> {
  const { world } = gate;
  const mark = markOf(found);
  const at = world.now();
  const fresh = { home: found.booked?.home ?? 0, id: world.newId() };
  const told = await toldBefore(query, run, found, present);
  const opened =
    told !== null
      ? 0
      : await insertReviews(query, [
          {
            ...fresh,
            review: { reason: `statement-${found.type}`, detail: detailOf(run, mark, found) },
            objectKind: found.booked ? found.kind : null,
            objectId: found.booked?.id ?? null,
            channelId: run.channelId,
            at,
          },
        ]);
  const known = told ?? (opened > 0 ? fresh.id : await reviewOfMark(query, fresh.home, run.channelId, mark));
  if (known === null) throw new Error(`the review of ${mark} is gone`);
  const review = { home: fresh.home, id: known };
  const { type, kind, isMoney, line, booked } = found;
  await keepDifference(query, run, {
    id: world.newId(),
    mark,
    type,
    kind,
    amount: found.money.minor,
    currency: found.money.currency,
    isMoney,
    lineNo: line?.no ?? null,
    order: booked,
    review,
    at,
  });
  if (opened === 0) return;
  world.log.warn('review-opened', { reason: `statement-${type}`, kind, channel: String(run.channelId), day: run.day });
  if (isMoney && !isToLearn(found)) await book(query, suspenseOf(run, { kind, review, ...sumOf(found) }, at));
}

/** What is beside the books: the whole sum, or what an order's own movement has more there, or less. */
function sumOf({ money: sum, line, gap }: Difference): Pick<Entry, 'money' | 'isTheirs'> {
  if (gap === null) return { money: sum, isTheirs: line !== null };
  return { money: money(gap < 0n ? -gap : gap, sum.currency), isTheirs: gap > 0n };
}

/**
 * The review of a movement that is not ours, if another statement has told of it with fewer of its numbers, or with more: it is one movement.
 * Two lines of one statement are two.
 */
async function toldBefore(
  query: Query,
  { channelId }: OfRun,
  found: Difference,
  present: Set<string>,
): Promise<bigint | null> {
  const { type, line, booked, isMoney, money: sum } = found;
  if (type !== 'unknown-here' || line === null || booked !== null || !isMoney) return null;
  const numbers = line.reference === null ? [] : await numbersBeside(query, channelId, line);
  const alike = [
    ...numbers
      .filter((upstreamNo) => upstreamNo === null || line.upstreamNo === null)
      .map((upstreamNo) => ({ ...line, upstreamNo })),
    ...(line.reference !== null && line.upstreamNo !== null ? [{ ...line, reference: null }] : []),
  ];
  const marks = alike.map((one) => markOf({ ...found, line: one })).filter((mark) => !present.has(mark));
  if (marks.length === 0 || (await reviewOfMark(query, 0, channelId, markOf(found))) !== null) return null;
  const known = await reviewOfSum(query, 0, channelId, marks, `${sum.minor} ${sum.currency}`);
  // One line of this statement is that movement; the next one like it is another.
  if (known !== null) for (const mark of marks) present.add(mark);
  return known;
}

function detailOf(
  run: OfRun,
  mark: string,
  { line, booked, money: sum }: Difference,
): Readonly<Record<string, string | null>> {
  return {
    owner,
    day: run.day,
    line: line === null ? null : String(line.no),
    said: line?.state ?? null,
    state: booked?.state ?? null,
    reported: line === null ? null : `${sum.minor} ${sum.currency}`,
    ordered: booked === null ? null : `${booked.amount.minor} ${booked.amount.currency}`,
    reference: line?.reference ?? booked?.reference ?? null,
    upstreamNo: line?.upstreamNo ?? booked?.upstreamNo ?? null,
    mark,
  };
}

interface Entry {
  readonly kind: Kind;
  readonly review: Key;
  readonly money: Difference['money'];
  /** The channel has it, and our books do not; else the other way round. */
  readonly isTheirs: boolean;
}

/**
 * Money the channel has for us and the books do not know comes into suspense; what the channel lacks is missing there. An entry of the
 * review, not of an order: nothing that is told of the order later may be taken for it.
 */
function suspenseOf({ channelId }: OfRun, { kind, review, money: sum, isTheirs }: Entry, at: number): Move[] {
  if (sum.minor === 0n) return [];
  const comesIn = isTheirs === (kind === 'payment');
  const [clearing, suspense] = [accounts.clearing(channelId), accounts.suspense(channelId)];
  return [
    {
      home: review.home,
      objectKind: 'operator',
      objectId: review.id,
      reason: `suspense-${comesIn ? 'in' : 'out'}/statement`,
      from: comesIn ? clearing : suspense,
      to: comesIn ? suspense : clearing,
      amount: sum.minor,
      currency: sum.currency,
      at,
    },
  ];
}

/** Through these outcomes the door has put the money where it belongs, with a review of its own where a person is needed. */
const dealtWith: ReadonlySet<string> = new Set(['changed', 'mismatch', 'second-success']);

/** Lets the door learn what the line of a difference says, and notes what came of it. Once; what was noted stays. */
export async function learnDifference(gate: Gate, run: OfRun, found: FoundDifference): Promise<void> {
  const { order, lineState, type, kind } = found;
  if (found.outcome !== null || order === null || lineState === null || type === 'line-twice') return;
  const present = await orderByKey(gate.db, kind, order);
  if (!present) return;
  const isBooked = type === 'amount-differs' && (await gate.db.transaction((query) => hasEntry(query, found.review)));
  const outcome = isBooked ? 'repeated' : await learn(gate, run, present, found, lineState);
  const after = (await orderByKey(gate.db, kind, order)) ?? present;
  const at = gate.world.now();
  await gate.db.transaction(async (query) => {
    if (!(await noteOutcome(query, run.home, found.id, outcome))) return;
    if (type === 'state-differs' && (agrees(after, lineState) || (await isSquare(query, after, lineState))))
      return closeLearnt(query, found.review, `learnt from the statement: now ${after.state}`, at);
    // What came back is where it was: nothing of it is missing, whether or not the order tells so.
    if (!found.isMoney || lineState === 'returned' || dealtWith.has(outcome)) return;
    // Another statement may have told the same.
    if (await hasEntry(query, found.review)) return;
    const sum = money(found.amount, found.currency);
    const entry = { kind, review: found.review, money: sum, isTheirs: saysMoved(lineState) };
    await book(query, suspenseOf(run, entry, at));
  });
}

async function learn(gate: Gate, run: OfRun, order: Order, found: FoundDifference, state: LineState): Promise<string> {
  const about = { kind: found.kind, channelId: run.channelId, reference: found.reference ?? order.reference };
  const now = gate.world.now();
  const evidence: Evidence = {
    ...bareEvidence(about, 'statement', lineEvents[state], now),
    money: saysMoved(state) ? money(found.amount, found.currency) : null,
    upstreamNo: found.upstreamNo,
    // A day that is not over may be told of with times that are not there yet.
    happenedAt: found.lineAt === null ? null : Math.min(found.lineAt, now),
  };
  const learnt = await learnOutcome(gate, { key: order, evidence, callback: null, lookAgainAt: null });
  return learnt.kind === 'learnt' ? learnt.outcome : 'unmatched';
}

/** It failed here, and came back there: the same, once nothing of it is missing. */
async function isSquare(query: Query, { home, id, state }: Order, said: LineState): Promise<boolean> {
  return said === 'returned' && state === 'failed' && (await unsettledSuspense(query, home, id)).length === 0;
}

/** Does the order say what the line says, by now? */
function agrees({ kind, state }: Order, said: LineState): boolean {
  if (said === 'returned') return state === 'returned';
  if (said === 'paid') return kind === 'payment' ? state === 'paid' : state === 'succeeded' || state === 'returned';
  return isFinal({ kind, state }) && !['paid', 'succeeded'].includes(state);
}
