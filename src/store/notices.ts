/** The outbox's work table: lease, mark, resend. The notice row with its frozen body stays; the due row goes when it is done. */
import type { Key } from '../core/order.ts';
import type { Instant } from '../core/world.ts';
import { type Query, named, sql } from './database.ts';

export interface DueNotice extends Key {
  readonly merchantId: bigint;
  readonly credentialId: bigint;
  readonly protocol: string;
  readonly event: string;
  readonly targetKind: 'http' | 'sqs';
  readonly targetUrl: string;
  readonly host: string;
  readonly body: string;
  readonly objectId: bigint;
  readonly createdAt: Instant;
  /** Attempts begun, this one included: counted before sending, so that a crash does not give a free try. */
  readonly tries: number;
  readonly manual: boolean;
}

/** Attempts under way at one receiving host. */
export interface BusyHost {
  readonly host: string;
  readonly count: number;
}

/** However many homes have something due, each gives as many at a time as this, if it has them. */
const fewestPerHome = 4;

/**
 * Takes up to `limit` due notices of these homes, oldest first, no more of one host than its cap leaves room for, and moves
 * their due time to `leaseUntil`: if we die, they come back by themselves. A lease that another worker takes meanwhile is
 * noticed by the second look at `due_at`, so that nothing need be locked first.
 */
export async function claimNotices(
  query: Query,
  homes: readonly number[],
  now: Instant,
  leaseUntil: Instant,
  limit: number,
  perHost: number,
  busy: readonly BusyHost[],
): Promise<DueNotice[]> {
  const full = busy.filter(({ count }) => count >= perHost).map(({ host }) => host);
  const rows = await query.run<Omit<DueNotice, 'createdAt'> & { createdAt: bigint }>(
    named(
      'notices-claim',
      sql`with busy_homes as materialized (select h.home from unnest(${homes}::smallint[]) as h (home)
            where exists (select from notices_due d where d.home = h.home and d.due_at <= ${now})),
          oldest as (
            select d.* from busy_homes h cross join lateral (
              select home, id, host, due_at from notices_due
              where home = h.home and due_at <= ${now} and host <> all (${full}::text[]) order by due_at
              limit greatest(${fewestPerHome}, 4 * ${limit} / (select count(*) from busy_homes))) d
            order by d.due_at limit 2 * ${limit}),
          busy as (select * from unnest(${busy.map((b) => b.host)}::text[], ${busy.map((b) => b.count)}::int[]) as b (host, under_way)),
          ranked as (select o.home, o.id, coalesce(b.under_way, 0) + row_number() over (partition by o.host order by o.due_at) as place
            from oldest o left join busy b using (host)),
          -- Hosts take turns, so that a thousand notices of one do not fill our hands.
          chosen as (select home, id from ranked where place <= ${perHost} order by place limit ${limit}),
          leased as (update notices_due d set due_at = ${leaseUntil}, tries = d.tries + 1
            from chosen c where d.home = c.home and d.id = c.id and d.due_at <= ${now}
            returning d.home, d.id, d.host, d.tries, d.manual)
          select n.home, n.id, n.merchant_id as "merchantId", n.credential_id as "credentialId", n.protocol, n.event, n.target_kind as "targetKind",
            n.target_url as "targetUrl", l.host, n.body, n.object_id as "objectId", n.created_at as "createdAt", l.tries, l.manual
          from leased l join notices n on n.home = l.home and n.id = l.id`,
    ),
  );
  return rows.map((row) => ({ ...row, createdAt: Number(row.createdAt) }));
}

export interface NoticeResult extends Key {
  readonly no: number;
  readonly at: Instant;
  readonly tookMs: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly answer: string | null;
  /** What becomes of it: delivered, given up, or due again at an instant. */
  readonly next: 'done' | 'exhausted' | Instant;
}

/** Keeps the attempts and says what becomes of each notice; one round trip. */
export async function markNotices(query: Query, results: readonly NoticeResult[]): Promise<void> {
  await Promise.all([
    keepAttempts(query, results),
    endNotices(
      query,
      results.filter((r) => typeof r.next === 'string'),
    ),
    appointNotices(
      query,
      results.filter((r) => typeof r.next === 'number'),
    ),
  ]);
}

async function keepAttempts(query: Query, results: readonly NoticeResult[]): Promise<void> {
  const of = <T>(pick: (result: NoticeResult) => T) => results.map(pick);
  await query.run(
    named(
      'notices-tried',
      sql`insert into notice_attempts (home, notice_id, no, at, took_ms, outcome, status, answer)
          select * from unnest(${of((r) => r.home)}::smallint[], ${of((r) => r.id)}::bigint[], ${of((r) => r.no)}::int[], ${of((r) => r.at)}::bigint[],
            ${of((r) => r.tookMs)}::int[], ${of((r) => r.outcome)}::text[], ${of((r) => r.status)}::int[], ${of((r) => r.answer)}::text[])
          on conflict do nothing`,
    ),
  );
}

async function endNotices(query: Query, over: readonly NoticeResult[]): Promise<void> {
  if (over.length === 0) return;
  await query.run(
    named(
      'notices-over',
      sql`with over as (select * from unnest(${over.map((r) => r.home)}::smallint[], ${over.map((r) => r.id)}::bigint[], ${over.map((r) => String(r.next))}::text[]) as o (home, id, state)),
          gone as (delete from notices_due d using over o where d.home = o.home and d.id = o.id)
          update notices n set state = o.state from over o where n.home = o.home and n.id = o.id and (n.state <> 'done' or o.state = 'done')`,
    ),
  );
}

async function appointNotices(query: Query, again: readonly NoticeResult[]): Promise<void> {
  if (again.length === 0) return;
  await query.run(
    named(
      'notices-again',
      sql`update notices_due d set due_at = a.due_at
          from unnest(${again.map((r) => r.home)}::smallint[], ${again.map((r) => r.id)}::bigint[], ${again.map((r) => Number(r.next))}::bigint[]) as a (home, id, due_at)
          where d.home = a.home and d.id = a.id`,
    ),
  );
}

/** Puts a notice back on the work table for one more try. Returns false when there is no such notice (of that merchant, if one is named). */
export async function resendNotice(
  query: Query,
  id: bigint,
  merchantId: bigint | null,
  now: Instant,
): Promise<boolean> {
  const rows = await query.run<{ id: bigint }>(sql`
    with wanted as (select home, id, merchant_id, target_url, target_kind from notices
      where id = ${id} and (${merchantId}::bigint is null or merchant_id = ${merchantId}))
    insert into notices_due (home, id, merchant_id, host, due_at, manual)
    select home, id, merchant_id, case target_kind when 'sqs' then 'sqs' else coalesce(substring(target_url from '^[a-z]+://([^/?#]+)'), target_url) end, ${now}, true from wanted
    on conflict (home, id) do update set due_at = excluded.due_at, manual = notices_due.manual
    returning id`);
  return rows.length > 0;
}
