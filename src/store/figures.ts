/** Sums and counts for the home page, over all homes or for one merchant. A merchant in the filter is part of the SQL (T021). */
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export interface Span {
  /** null = every merchant. */
  readonly merchantId: bigint | null;
  readonly from: Instant;
  readonly to: Instant;
}

export interface Totals {
  readonly currency: string;
  readonly orders: number;
  /** Orders whose outcome is known. */
  readonly finished: number;
  readonly paidCount: number;
  readonly paid: bigint;
  readonly fees: bigint;
  /** Refunds that succeeded in the span, whenever their payment was made. */
  readonly refunded: bigint;
}

export function totalsOf(query: Query, { merchantId, from, to }: Span): Promise<Totals[]> {
  return query.run<Totals>(sql`
    with made as (
      select currency, count(*)::int as orders, count(*) filter (where state in ('paid', 'failed', 'closed', 'reversed'))::int as finished,
        count(*) filter (where state = 'paid')::int as "paidCount", coalesce(sum(paid), 0)::bigint as paid,
        coalesce(sum(fee) filter (where state = 'paid'), 0)::bigint as fees
      from payments where created_at >= ${from} and created_at < ${to} and (${merchantId}::bigint is null or merchant_id = ${merchantId})
      group by currency),
    given as (
      select currency, coalesce(sum(amount), 0)::bigint as refunded from refunds
      where state = 'succeeded' and created_at >= ${from} and created_at < ${to} and (${merchantId}::bigint is null or merchant_id = ${merchantId})
      group by currency)
    select coalesce(m.currency, g.currency) as currency, coalesce(orders, 0) as orders, coalesce(finished, 0) as finished,
      coalesce("paidCount", 0) as "paidCount", coalesce(paid, 0)::bigint as paid, coalesce(fees, 0)::bigint as fees,
      coalesce(refunded, 0)::bigint as refunded
    from made m full join given g on g.currency = m.currency order by coalesce(orders, 0) desc`);
}

export interface Bucket {
  readonly currency: string;
  /** Which piece of the span, from 0. */
  readonly no: number;
  readonly count: number;
  readonly paid: bigint;
}

/** What was paid, piece by piece; pieces without payments are absent. */
export function trendOf(query: Query, { merchantId, from, to }: Span, bucketMs: number): Promise<Bucket[]> {
  return query.run<Bucket>(sql`
    select currency, ((created_at - ${from}) / ${bucketMs})::int as no, count(*)::int as count, sum(paid)::bigint as paid
    from payments where state = 'paid' and created_at >= ${from} and created_at < ${to}
      and (${merchantId}::bigint is null or merchant_id = ${merchantId})
    group by 1, 2 order by 1, 2`);
}

export interface Share {
  readonly what: string;
  readonly count: number;
}

export function methodShares(query: Query, { merchantId, from, to }: Span): Promise<Share[]> {
  return query.run<Share>(sql`
    select method as what, count(*)::int as count from payments
    where state = 'paid' and created_at >= ${from} and created_at < ${to} and (${merchantId}::bigint is null or merchant_id = ${merchantId})
    group by 1 order by 2 desc limit 8`);
}

export function channelShares(query: Query, { merchantId, from, to }: Span): Promise<Share[]> {
  return query.run<Share>(sql`
    select coalesce(channel_id, 0)::text as what, count(*)::int as count from payments
    where state = 'paid' and created_at >= ${from} and created_at < ${to} and (${merchantId}::bigint is null or merchant_id = ${merchantId})
    group by 1 order by 2 desc limit 8`);
}

export interface ChannelHealth {
  readonly channelId: bigint;
  readonly attempts: number;
  readonly unclear: number;
  /** Milliseconds; null while nothing was answered. */
  readonly median: number | null;
  readonly slow: number | null;
}

/** Attempts since then, per channel: how many had no clear answer, and how long answers took. */
export function channelHealth(query: Query, from: Instant): Promise<ChannelHealth[]> {
  return query.run<ChannelHealth>(sql`
    select channel_id as "channelId", count(*)::int as attempts,
      count(*) filter (where state in ('unknown', 'not-sent'))::int as unclear,
      percentile_cont(0.5) within group (order by (answered_at - created_at)::float8) as median,
      percentile_cont(0.95) within group (order by (answered_at - created_at)::float8) as slow
    from attempts where created_at >= ${from} group by 1 order by 2 desc`);
}

export interface Needs {
  readonly reviews: number;
  readonly approvals: number;
  readonly lostNotices: number;
  readonly unknown: number;
  /** Payouts that wait for two persons. */
  readonly held: number;
}

/** What waits for a person. */
export async function needsOf(query: Query, merchantId: bigint | null, since: Instant): Promise<Needs> {
  const [row] = await query.run<Needs>(sql`
    select (select count(*) from reviews where state = 'open' and ${merchantId}::bigint is null)::int as reviews,
      (select count(*) from approvals where state = 'open' and ${merchantId}::bigint is null)::int as approvals,
      (select count(*) from notices where state = 'exhausted' and created_at >= ${since}
        and (${merchantId}::bigint is null or merchant_id = ${merchantId}))::int as "lostNotices",
      (select count(*) from payouts where state = 'requested' and (${merchantId}::bigint is null or merchant_id = ${merchantId}))::int as held,
      ((select count(*) from payments where state = 'unknown' and (${merchantId}::bigint is null or merchant_id = ${merchantId}))
        + (select count(*) from payouts where state = 'unknown' and (${merchantId}::bigint is null or merchant_id = ${merchantId})))::int as unknown`);
  return row ?? { reviews: 0, approvals: 0, lostNotices: 0, unknown: 0, held: 0 };
}
