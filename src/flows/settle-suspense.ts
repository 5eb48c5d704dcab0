/**
 * Money without a place in its order leaves suspense only by a person's word: to the merchant, or because it was given back (or
 * claimed) at the channel, outside of us. Each sum once; the order's state is not touched by it.
 */
import { accounts, type Move } from '../core/ledger.ts';
import { type Money, money } from '../core/money.ts';
import { isFinal, type Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { book, hasLateRefund, unsettledSuspense, wasSettledByHand } from '../store/ledger.ts';
import type { Query } from '../store/database.ts';
import { lockOrders } from '../store/orders.ts';
import { change, type Office } from './administer.ts';

/** Whose it turned out to be. */
export const settleTo = ['merchant', 'channel'] as const;
type SettleTo = (typeof settleTo)[number];

/** The sums that were settled, of those in `only` when that was agreed. Throws `conflict` when there is nothing, or it goes back to the payer by itself. */
export function settleSuspense(
  office: Pick<Office, 'gate'>,
  actor: string,
  order: Order,
  to: SettleTo,
  reason: string,
  only: readonly string[] | null = null,
): Promise<Money[]> {
  const at = office.gate.world.now();
  return change(office, actor, 'suspense.settle', { order: order.id, to, reason }, async (query) => {
    const [present] = await lockOrders(query, [order]);
    // The same movement may yet be told in its true amount, and would then be credited a second time.
    if (to === 'merchant' && (!present || !isFinal(present)))
      throw new Refusal('conflict', { text: 'the order is not decided yet: decide it first' });
    if (await isHalfOfLateMoney(query, order))
      throw new Refusal('conflict', { text: 'it gave back what came too late: nothing of it is open' });
    const lying = await unsettledSuspense(query, order.home, order.id);
    const sums = lying.filter((sum) => only === null || only.includes(sum.reason));
    if (sums.length === 0) throw new Refusal('conflict', { text: await whyNothing(query, order) });
    await book(
      query,
      sums.map((sum) => settlement(sum, order, to, at)),
    );
    return sums.map(({ amount, currency }) => money(amount, currency));
  });
}

/** The way out of what its payment has in suspense: settled alone, it would leave the way in behind. */
async function isHalfOfLateMoney(query: Query, order: Order): Promise<boolean> {
  if (order.kind !== 'refund' || !order.detail.isLate) return false;
  return !(await wasSettledByHand(query, order.home, order.paymentId, order.amount.minor));
}

async function whyNothing(query: Query, order: Order): Promise<string> {
  return (await hasLateRefund(query, order.home, order.id))
    ? 'it goes back to the payer by itself'
    : 'nothing of this order lies in suspense';
}

/** Backwards through suspense: what came in goes out, what is missing is made good. */
function settlement(sum: Move, order: Order, to: SettleTo, at: number): Move {
  const cameIn = sum.reason.startsWith('suspense-in');
  const suspense = cameIn ? sum.to : sum.from;
  const other = to === 'merchant' ? accounts.available(order.merchantId) : cameIn ? sum.from : sum.to;
  return {
    ...sum,
    reason: `settled/${sum.reason}`,
    from: cameIn ? suspense : other,
    to: cameIn ? other : suspense,
    at,
  };
}
