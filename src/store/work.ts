/** Leases of homes, and the work found in them. A worker looks only at homes it holds, one home per statement. */
import type { Kind } from '../core/order.ts';
import type { Instant } from '../core/world.ts';
import { type Query, named, sql } from './database.ts';

export interface Lease {
  readonly home: number;
  readonly fence: bigint;
}

/**
 * Keeps our leases and takes over those that are free, at most `most` in all. Time is the caller's: all workers of one
 * database must agree on it to well under a lease's length.
 */
export async function leaseHomes(
  query: Query,
  owner: string,
  now: Instant,
  until: Instant,
  most: number,
): Promise<Lease[]> {
  return query.run<Lease>(
    named(
      'homes-lease',
      sql`with candidates as (
            select h.home from generate_series(0, 255) as h (home) left join home_leases l on l.home = h.home
            where l.home is null or l.owner = ${owner} or l.until <= ${now}
            order by (l.owner = ${owner}) desc nulls last, h.home limit ${most})
          insert into home_leases as l (home, owner, until, fence)
          select home, ${owner}, ${until}, 1 from candidates order by home
          on conflict (home) do update set owner = excluded.owner, until = excluded.until,
            fence = l.fence + (l.owner <> excluded.owner)::int
          where l.owner = excluded.owner or l.until <= ${now}
          returning home, fence`,
    ),
  );
}

/** Gives leases back, so that another process need not wait for them to lapse. */
export async function releaseHomes(query: Query, owner: string): Promise<void> {
  await query.run(sql`with left_over as (delete from workers where owner = ${owner})
    update home_leases set until = 0 where owner = ${owner}`);
}

/**
 * Says that `owner` works until then, and returns everybody who does: among so many the homes are shared. A newcomer that holds
 * none yet is among them, or whoever came first would keep all.
 */
export async function announceWorker(query: Query, owner: string, now: Instant, until: Instant): Promise<string[]> {
  const rows = await query.run<{ owner: string }>(
    named(
      'worker-announce',
      sql`with gone as (delete from workers where until <= ${now} and owner <> ${owner}),
            here as (insert into workers (owner, until) values (${owner}, ${until})
              on conflict (owner) do update set until = excluded.until returning owner)
          select owner from here union select owner from workers where until > ${now}`,
    ),
  );
  return rows.map((row) => row.owner);
}

export interface DueWork {
  readonly home: number;
  readonly objectId: bigint;
  readonly kind: Kind;
  readonly tries: number;
}

export async function homesWithWork(query: Query, homes: readonly number[], now: Instant): Promise<number[]> {
  const rows = await query.run<{ home: number }>(
    named(
      'work-homes',
      sql`select h.home from unnest(${homes}::smallint[]) as h (home)
          where exists (select from work w where w.home = h.home and w.due_at <= ${now})`,
    ),
  );
  return rows.map((row) => row.home);
}

/** Takes due work of one home and moves it to `leaseUntil`, so that it comes back if we die. `tries` counts this time. */
export async function claimWork(
  query: Query,
  home: number,
  now: Instant,
  leaseUntil: Instant,
  limit: number,
): Promise<DueWork[]> {
  return query.run<DueWork>(
    named(
      'work-claim',
      sql`with oldest as (select home, object_id from work where home = ${home} and due_at <= ${now}
            order by due_at limit ${limit} for update skip locked)
          update work w set due_at = ${leaseUntil}, tries = w.tries + 1 from oldest o
          where w.home = ${home} and w.home = o.home and w.object_id = o.object_id
          returning w.home, w.object_id as "objectId", w.kind, w.tries`,
    ),
  );
}

export async function reschedule(query: Query, home: number, objectId: bigint, dueAt: Instant): Promise<void> {
  await query.run(
    named('work-reschedule', sql`update work set due_at = ${dueAt} where home = ${home} and object_id = ${objectId}`),
  );
}

/** Nothing more to look at. */
export async function finishWork(query: Query, home: number, objectId: bigint): Promise<void> {
  await query.run(sql`delete from work where home = ${home} and object_id = ${objectId}`);
}
