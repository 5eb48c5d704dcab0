/**
 * A statement's line had no place in the books, and its sum was brought into suspense for a person. Since then the channel has told of that
 * very movement itself, so that it lies where it belongs: what was brought in beside leaves again, or it would be there twice.
 */
import { type Compared, markOf } from '../core/reconciliation.ts';
import { book, unsettledSuspense } from '../store/ledger.ts';
import { closeLearnt, openEntries } from '../store/reconciliations.ts';
import type { Gate } from './gate.ts';
import { backwards } from './settle-statement.ts';

/** Only by a statement that may teach: a file that nobody has agreed to proves nothing. */
export async function takeBack(gate: Gate, channelId: bigint, { differences, matched }: Compared): Promise<void> {
  const entries = await openEntries(gate.db, channelId);
  if (entries.length === 0) return;
  const open = new Set(differences.map(markOf));
  const found = new Set(matched.flatMap(marksOf).filter((mark) => !open.has(mark)));
  for (const { review } of entries.filter(({ mark }) => found.has(mark)))
    await gate.db.transaction(async (query) => {
      const at = gate.world.now();
      const sums = await unsettledSuspense(query, review.home, review.id);
      await book(
        query,
        sums.map((sum) => backwards(sum, at)),
      );
      await closeLearnt(query, review, 'the channel has told of it since, and it is in the books', at);
    });
}

/** As what the line was found when the books did not have it. The second of two equal lines is told apart by what it takes only. */
function marksOf([line, booked, takes]: Compared['matched'][number]): string[] {
  const { kind, money } = line;
  const about = { kind, line, money, isMoney: true } as const;
  return [
    markOf({ ...about, type: 'unknown-here', booked: null }),
    markOf({ ...about, type: 'unknown-here', booked }),
    ...(takes === 'aside' ? [markOf({ ...about, type: 'line-twice', booked })] : []),
  ];
}
