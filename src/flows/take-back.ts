/**
 * A statement's line had no place in the books, and its sum was brought into suspense for a person. Since then the channel has told of that
 * very movement itself, so that it lies where it belongs: what was brought in beside leaves again, or it would be there twice. If a merchant
 * has been given it meanwhile, a person looks.
 */
import { type Compared, markOf } from '../core/reconciliation.ts';
import type { Key } from '../core/order.ts';
import { book, unsettledSuspense } from '../store/ledger.ts';
import { closeLearnt, entriesOf, isMerchants, lockReview } from '../store/reconciliations.ts';
import { insertReviews } from '../store/settle.ts';
import type { Gate } from './gate.ts';
import { backwards } from './settle-statement.ts';

type Match = Compared['matched'][number];

/** Only by a statement that may teach: a file that nobody has agreed to proves nothing. */
export async function takeBack(gate: Gate, channelId: bigint, { differences, matched }: Compared): Promise<void> {
  const entries = await entriesOf(gate.db, channelId);
  if (entries.length === 0) return;
  const open = new Set(differences.map(markOf));
  const found = new Map(matched.flatMap((match) => marksOf(match).map((mark) => [mark, match] as const)));
  for (const { review, mark, isOpen } of entries) {
    const match = open.has(mark) ? undefined : found.get(mark);
    if (match === undefined) continue;
    if (isOpen) await leave(gate, review);
    else if (await isMerchants(gate.db, review)) await warn(gate, channelId, review, match);
  }
}

async function leave(gate: Gate, review: Key): Promise<void> {
  const at = gate.world.now();
  await gate.db.transaction(async (query) => {
    await lockReview(query, review);
    const sums = await unsettledSuspense(query, review.home, review.id);
    // A person has settled it a moment ago: the next comparison looks whose it became.
    if (sums.length === 0) return;
    await book(
      query,
      sums.map((sum) => backwards(sum, at)),
    );
    await closeLearnt(query, review, 'the channel has told of it since, and it is in the books', at);
  });
}

/** Once for each sum, decided or not. */
async function warn(gate: Gate, channelId: bigint, { id }: Key, [line, booked]: Match): Promise<void> {
  const { world, db } = gate;
  const detail = {
    review: String(id),
    reported: `${line.money.minor} ${line.money.currency}`,
    reference: line.reference ?? booked.reference,
    upstreamNo: line.upstreamNo ?? booked.upstreamNo,
    mark: `settled-and-told/${id}`,
  };
  const review = { reason: 'settled-and-told', detail };
  const about = { objectKind: booked.kind, objectId: booked.id, channelId, at: world.now() };
  const opened = await db.transaction((query) =>
    insertReviews(query, [{ home: booked.home, id: world.newId(), review, ...about }]),
  );
  if (opened > 0) world.log.warn('review-opened', { reason: review.reason, kind: booked.kind, id: String(booked.id) });
}

/** As what the line was found when the books did not have it. The second of two equal lines is told apart by what it takes only. */
function marksOf([line, booked, takes]: Match): string[] {
  const { kind, money } = line;
  const about = { kind, line, money, isMoney: true, gap: null } as const;
  return [
    markOf({ ...about, type: 'unknown-here', booked: null }),
    markOf({ ...about, type: 'unknown-here', booked }),
    ...(takes === 'aside' ? [markOf({ ...about, type: 'line-twice', booked })] : []),
  ];
}
