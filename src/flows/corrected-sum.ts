/**
 * A channel told of a movement in another sum than ordered, and tells of the same movement, by its bank's number, in the ordered one: then
 * there was one movement, and what the first word brought into suspense was never there. It leaves it in the transaction that pays the
 * order, and nobody need look any more.
 */
import type { Evidence } from '../core/evidence.ts';
import { accounts, type Move } from '../core/ledger.ts';
import { type Movement, movementMember } from '../core/movement.ts';
import type { Order } from '../core/order.ts';
import type { Query } from '../store/database.ts';
import { unsettledSuspense } from '../store/ledger.ts';
import { movementsInSuspense } from '../store/movements.ts';
import { closeReviews } from '../store/settle.ts';

/** The moves out of suspense. Its order is locked, and under review for another sum. */
export async function correctSum(query: Query, { home, id }: Order, evidence: Evidence): Promise<Move[]> {
  // Not the channel's number of the order: two payments may stand under that.
  const name = evidence.extras[movementMember];
  if (name === undefined || evidence.channelId === null) return [];
  const suspense = accounts.suspense(evidence.channelId);
  const sums = await unsettledSuspense(query, home, id);
  const movements = (await movementsInSuspense(query, [{ home, id }])).get(`${home}/${id}`) ?? [];
  const numbered = new Set(movements.filter((one) => isNumbered(one, name)).map(({ posting }) => posting));
  const same = sums.filter(({ reason, to }) => numbered.has(reason) && to === suspense);
  if (same.length > 0 && same.length === sums.length)
    await closeReviews(query, { home, id }, ['amount-mismatch'], `told again in the ordered sum: ${name}`, evidence.at);
  return same.map((sum) => ({
    ...sum,
    reason: `settled/${sum.reason}`,
    from: sum.to,
    to: sum.from,
    at: evidence.at,
  }));
}

function isNumbered({ movementNo, posting }: Movement, name: string): boolean {
  return movementNo === name || posting.startsWith(`suspense-in/${name}/`);
}
