/** The quarantine after a restore: its row, and the orders that have to be compared with the channels. */
import type { Kind } from '../core/order.ts';
import type { Instant } from '../core/world.ts';
import { type Query, type Sql, sql } from './database.ts';

/** What a comparison with the channels found, in orders. */
export interface Comparison {
  readonly asked: number;
  /** The channel told a state. */
  readonly answered: number;
  /** Of those: orders whose state here is another one now. */
  readonly changed: number;
  /** The channel does not know the reference. */
  readonly notKnown: number;
  /** Nothing usable came back: they have to be asked again. */
  readonly unanswered: number;
}

export interface Quarantine {
  readonly id: bigint;
  readonly begunAt: Instant;
  /** Until when the database surely knows what happened. */
  readonly backupAt: Instant;
  readonly cause: string;
  readonly comparedAt: Instant | null;
  readonly compared: Comparison | null;
}

interface Row extends Omit<Quarantine, 'begunAt' | 'backupAt' | 'comparedAt'> {
  readonly begunAt: bigint;
  readonly backupAt: bigint;
  readonly comparedAt: bigint | null;
}

/** The one that is not lifted; null = money may leave. */
export async function presentQuarantine(query: Query): Promise<Quarantine | null> {
  const [row] = await query.run<Row>(sql`
    select id, begun_at as "begunAt", backup_at as "backupAt", cause, compared_at as "comparedAt", compared
    from quarantines where lifted_at is null`);
  if (!row) return null;
  const { comparedAt } = row;
  return {
    ...row,
    begunAt: Number(row.begunAt),
    backupAt: Number(row.backupAt),
    comparedAt: comparedAt === null ? null : Number(comparedAt),
  };
}

/** When the newest one began, over or not; null = there never was one. */
export async function newestQuarantineAt(query: Query): Promise<Instant | null> {
  const [row] = await query.run<{ at: bigint | null }>(sql`select max(begun_at) as at from quarantines`);
  return typeof row?.at === 'bigint' ? Number(row.at) : null;
}

/** A second cause while one is open reaches back as far as either, and what was compared has to be compared again. */
export async function beginQuarantine(
  query: Query,
  { id, begunAt, backupAt, cause }: Pick<Quarantine, 'id' | 'begunAt' | 'backupAt' | 'cause'>,
): Promise<void> {
  await query.run(sql`
    insert into quarantines as q (id, begun_at, backup_at, cause) values (${id}, ${begunAt}, ${backupAt}, ${cause})
    on conflict ((true)) where lifted_at is null do update set backup_at = least(q.backup_at, excluded.backup_at),
      begun_at = excluded.begun_at, compared_at = null, compared = null`);
}

export async function noteComparison(query: Query, id: bigint, at: Instant, found: Comparison): Promise<void> {
  await query.run(
    sql`update quarantines set compared_at = ${at}, compared = ${found} where id = ${id} and lifted_at is null`,
  );
}

/** False when somebody else has lifted it. */
export async function endQuarantine(
  query: Query,
  id: bigint,
  end: { readonly at: Instant; readonly by: string; readonly reason: string },
): Promise<boolean> {
  const rows = await query.run(sql`
    update quarantines set lifted_at = ${end.at}, lifted_by = ${end.by}, reason = ${end.reason}
    where id = ${id} and lifted_at is null returning id`);
  return rows.length > 0;
}

const tables: Readonly<Record<Kind, Sql>> = { payment: sql`payments`, payout: sql`payouts`, refund: sql`refunds` };
const ends = ['paid', 'failed', 'closed', 'reversed', 'succeeded', 'returned', 'cancelled'];

/** Orders of one home that are open, or were made after `since`; by id, behind `after`. Those that no channel ever had are left out. */
export async function ordersToCompare(
  query: Query,
  kind: Kind,
  home: number,
  since: Instant,
  after: bigint,
  limit: number,
): Promise<bigint[]> {
  const rows = await query.run<{ id: bigint }>(sql`
    select id from ${tables[kind]} where home = ${home} and id > ${after} and reference is not null
      and (state <> all(${ends}::text[]) or created_at >= ${since})
    order by id limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** What waits for the end of it: payouts above a limit, and refunds of late money that no channel was asked for yet. */
export async function countHeldBack(query: Query): Promise<{ readonly payouts: number; readonly refunds: number }> {
  const [row] = await query.run<{ payouts: number; refunds: number }>(sql`
    select (select count(*) from payouts where home between 0 and 255 and state = 'requested')::int as payouts,
      (select count(*) from refunds t join work w on w.home = t.home and w.object_id = t.id
        where t.home between 0 and 255 and t.state = 'requested')::int as refunds`);
  if (!row) throw new Error('a count is a row');
  return row;
}

/** References of channels' callbacks that no order here has, since the quarantine began. */
export async function countUnknownReferences(query: Query): Promise<number> {
  const [row] = await query.run<{ count: bigint }>(
    sql`select count(*) as count from reviews where home between 0 and 255 and reason = 'unknown-reference' and state = 'open'`,
  );
  return Number(row?.count ?? 0n);
}
