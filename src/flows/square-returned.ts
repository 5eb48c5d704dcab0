/**
 * A payout left although it had been told as failed (or through a channel that had been turned away from), and lies in suspense as missing.
 * When the channel says that the very same sum came back, under the very same reference, everything is square: the sum leaves suspense by
 * that word, and no person need look. Where anything does not agree exactly, it stays where it is.
 */
import type { Evidence } from '../core/evidence.ts';
import { accounts, type Move } from '../core/ledger.ts';
import { sameMoney } from '../core/money.ts';
import { differs } from '../core/movement.ts';
import type { Order } from '../core/order.ts';
import type { Query } from '../store/database.ts';
import { book, unsettledSuspense } from '../store/ledger.ts';
import { movementsInSuspense } from '../store/movements.ts';
import { closeReviews, insertEvents } from '../store/settle.ts';

/** Could this word, which has changed nothing, be that of a sum that came back? */
export function tellsOfReturn(before: Order, after: Order, { event, money, reference, channelId }: Evidence): boolean {
  const isComplete = money !== null && reference !== null && channelId !== null;
  return after.kind === 'payout' && event === 'returned' && before.state === after.state && isComplete;
}

/** Its order is locked, and everything else that came with the word is stored. */
export async function squareReturned(query: Query, order: Order, evidence: Evidence, eventId: bigint): Promise<void> {
  const sum = await sumThatCameBack(query, order, evidence);
  if (sum === null) return;
  const { home, id } = order;
  const reason = `settled/${sum.reason}`;
  await book(query, [{ ...sum, reason, from: sum.to, to: sum.from, at: evidence.at }]);
  await closeReviews(query, order, ['late-payout', 'second-success'], 'the very same sum came back', evidence.at);
  const detail = {
    source: evidence.source,
    event: evidence.event,
    from: order.state,
    to: order.state,
    channel: String(evidence.channelId),
    reference: evidence.reference,
    upstreamNo: evidence.upstreamNo,
    amount: { minor: String(sum.amount), currency: sum.currency },
    posting: reason,
  };
  await insertEvents(query, [{ home, objectId: id, id: eventId, at: evidence.at, what: 'squared', detail }]);
}

/** The only sum of the order in suspense, if it agrees with the word in all that is known of both. */
async function sumThatCameBack(query: Query, { home, id }: Order, evidence: Evidence): Promise<Move | null> {
  const { channelId, reference, money, upstreamNo } = evidence;
  if (channelId === null || money === null) return null;
  const [sum, ...others] = await unsettledSuspense(query, home, id);
  if (!sum || others.length > 0 || sum.from !== accounts.suspense(channelId)) return null;
  const movements = (await movementsInSuspense(query, [{ home, id }])).get(`${home}/${id}`) ?? [];
  const left = movements.find(({ posting }) => posting === sum.reason);
  const isSame = left?.reference === reference && !differs(left?.upstreamNo, upstreamNo);
  return isSame && sameMoney(money, { minor: sum.amount, currency: sum.currency }) ? sum : null;
}
