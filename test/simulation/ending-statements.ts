/** In the end each bank's statement of everything and the books differ in nothing but what a person was told of (T062). */
import { compare } from '../../src/core/reconciliation.ts';
import { bookedAt, type KindKey } from '../../src/store/booked.ts';
import { sql } from '../../src/store/database.ts';
import { statementLinesOf } from '../../src/twin/bill.ts';
import type { Scene } from './scene.ts';
import type { Upstream } from './upstream.ts';

export async function checkStatements(scene: Scene): Promise<void> {
  const rows = await scene.books.owner.run<{ id: bigint }>(
    sql`select distinct object_id as id from reviews where object_id is not null`,
  );
  const reviewed = new Set(rows.map(({ id }) => id));
  for (const upstream of scene.upstreams) await checkStatement(scene, upstream, reviewed);
}

async function checkStatement(scene: Scene, upstream: Upstream, reviewed: ReadonlySet<bigint>): Promise<void> {
  const { owner } = scene.books;
  const { channelId, protocol } = upstream;
  const keys = await owner.run<KindKey>(sql`
    select distinct kind, home, object_id as id from attempts where channel_id = ${channelId} and kind in ('payment', 'payout', 'refund')`);
  const lines = [...upstream.orders.values()]
    .flatMap(statementLinesOf)
    .map((line, index) => ({ ...line, no: index + 2 }));
  const { differences, matched } = compare({
    lines,
    books: await bookedAt(owner, channelId, keys),
    span: { from: 0, to: Number.MAX_SAFE_INTEGER },
    marginMs: 0,
    elsewhere: new Set(),
    hasBefore: true,
    hasAfter: true,
  });
  for (let i = 0; i < matched.length; i += 1) scene.journal.count('end: a line of a statement is in the books');
  for (const { type, kind, line, booked } of differences) {
    // The bank never calls, or gave up, and we had asked for the last time before: that is what statements are for.
    if (booked !== null && isSilent(upstream, line?.reference ?? ''))
      scene.journal.count(`end: the statement alone tells of it: ${type}`);
    else if (booked !== null && reviewed.has(booked.id)) scene.journal.count(`end: statement, under review: ${type}`);
    else
      scene.fail(
        `the statement of ${protocol}: ${type}, ${kind} ${line?.reference ?? booked?.reference ?? '?'} ${line?.state ?? 'absent'} there, ${booked?.state ?? 'absent'} here`,
      );
  }
}

function isSilent({ tiredOf, orders }: Upstream, reference: string): boolean {
  return tiredOf.has(reference) || (orders.get(reference)?.callbackFaults.some(({ times }) => times === 0) ?? false);
}
