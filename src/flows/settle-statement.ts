/**
 * What a comparison with a statement has put into suspense leaves it by a person's word: it turned out to be the channel's (its mistake, or
 * given back there), or a merchant's. Once.
 */
import { accounts, type Move } from '../core/ledger.ts';
import { type Money, money } from '../core/money.ts';
import type { Key } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { MerchantRow } from '../store/directory.ts';
import { book, unsettledSuspense } from '../store/ledger.ts';
import { lockReview, statementReview } from '../store/reconciliations.ts';
import { change, type Office } from './administer.ts';
import type { Gate } from './gate.ts';

/** By its id. Throws `not-found` when no comparison has opened it. */
export async function reviewNamed({ db }: Pick<Gate, 'db'>, id: bigint): Promise<Key> {
  const review = await statementReview(db, id);
  if (!review) throw new Refusal('not-found', { text: 'no such review of a statement' });
  return review;
}

/** `merchant`: whose it is; null = the channel's. → what left suspense. Throws `conflict` when nothing of the review lies there. */
export function settleStatement(
  office: Pick<Office, 'gate'>,
  actor: string,
  { home, id }: Key,
  merchant: MerchantRow | null,
  reason: string,
): Promise<Money[]> {
  const at = office.gate.world.now();
  const detail = { review: id, merchant: merchant?.id ?? null, reason };
  return change(office, actor, 'statement.settle', detail, async (query) => {
    await lockReview(query, { home, id });
    const sums = await unsettledSuspense(query, home, id);
    if (sums.length === 0) throw new Refusal('conflict', { text: 'nothing of this review lies in suspense' });
    await book(
      query,
      sums.flatMap((sum) => [backwards(sum, at), ...(merchant ? [forMerchant(sum, merchant, at)] : [])]),
    );
    return sums.map(({ amount, currency }) => money(amount, currency));
  });
}

/** Out of suspense, the way it came. */
export function backwards(sum: Move, at: number): Move {
  return { ...sum, reason: `settled/${sum.reason}`, from: sum.to, to: sum.from, at };
}

/** In the merchant's home, where its balance lies: what came in is credited to it, what is missing is taken from it. */
function forMerchant(sum: Move, { id, home }: MerchantRow, at: number): Move {
  const isIn = sum.reason.startsWith('suspense-in');
  const clearing = isIn ? sum.from : sum.to;
  const available = accounts.available(id);
  const [from, to] = isIn ? [clearing, available] : [available, clearing];
  return { ...sum, home, reason: `merchant/${sum.reason}`, from, to, at };
}
