/** Sums and counts for the home page, over all homes or for one merchant. A merchant in the filter is part of the SQL (T021). */
import { firstIdSince } from '../core/ids.ts';
import type { Instant } from '../core/world.ts';
import { type Query, type Sql, sql } from './database.ts';

export interface Span {
  /** null = every merchant. */
  readonly merchantId: bigint | null;
  /** Where to look. */
  readonly homes: readonly number[];
  readonly from: Instant;
  readonly to: Instant;
}

/** Orders are made a moment after their identifier. */
const slackMs = 60_000;

/** Rows of a table with time-ordered keys that were made in the span: by the key, so that old ones are not even looked at. */
function made({ merchantId, homes, from, to }: Span): Sql {
  return sql`t.home = any(${[...homes]}::smallint[]) and t.id >= ${firstIdSince(from - slackMs)}
    and t.created_at >= ${from} and t.created_at < ${to} and (${merchantId}::bigint is null or t.merchant_id = ${merchantId})`;
}

export interface Totals {
  readonly currency: string;
  readonly orders: number;
  /** Payments whose outcome is known. */
  readonly finished: number;
  readonly paidCount: number;
  readonly paid: bigint;
  /** Of payments and payouts. */
  readonly fees: bigint;
  /** Refunds that succeeded, whenever their payment was made. */
  readonly refunded: bigint;
  readonly paidOut: bigint;
}

export function totalsOf(query: Query, span: Span): Promise<Totals[]> {
  return query.run<Totals>(sql`
    with taken as (
      select currency, count(*)::int as orders, count(*) filter (where state in ('paid', 'failed', 'closed', 'reversed'))::int as finished,
        count(*) filter (where state = 'paid')::int as paid_count, sum(paid)::bigint as paid,
        sum(fee) filter (where state = 'paid')::bigint as fees
      from payments t where ${made(span)} group by currency),
    given as (
      select currency, sum(amount)::bigint as refunded from refunds t where state = 'succeeded' and ${made(span)} group by currency),
    sent as (
      select currency, sum(amount)::bigint as paid_out, sum(fee)::bigint as fees
      from payouts t where state = 'succeeded' and ${made(span)} group by currency),
    used as (select currency from taken union select currency from given union select currency from sent)
    select u.currency, coalesce(orders, 0) as orders, coalesce(finished, 0) as finished, coalesce(paid_count, 0) as "paidCount",
      coalesce(paid, 0)::bigint as paid, (coalesce(taken.fees, 0) + coalesce(sent.fees, 0))::bigint as fees,
      coalesce(refunded, 0)::bigint as refunded, coalesce(paid_out, 0)::bigint as "paidOut"
    from used u left join taken on taken.currency = u.currency left join given on given.currency = u.currency
      left join sent on sent.currency = u.currency
    order by coalesce(orders, 0) desc, u.currency`);
}

export interface Bucket {
  readonly currency: string;
  /** Which piece of the span, from 0. */
  readonly no: number;
  readonly count: number;
  readonly paid: bigint;
}

/** What was paid, piece by piece; pieces without payments are absent. */
export function trendOf(query: Query, span: Span, bucketMs: number): Promise<Bucket[]> {
  return query.run<Bucket>(sql`
    select currency, ((created_at - ${span.from}) / ${bucketMs})::int as no, count(*)::int as count, sum(paid)::bigint as paid
    from payments t where state = 'paid' and ${made(span)} group by 1, 2 order by 1, 2`);
}

export interface Share {
  readonly what: string;
  readonly count: number;
}

export function methodShares(query: Query, span: Span): Promise<Share[]> {
  return query.run<Share>(sql`
    select method as what, count(*)::int as count from payments t where state = 'paid' and ${made(span)}
    group by 1 order by 2 desc limit 8`);
}

export function channelShares(query: Query, span: Span): Promise<Share[]> {
  return query.run<Share>(sql`
    select coalesce(channel_id, 0)::text as what, count(*)::int as count from payments t where state = 'paid' and ${made(span)}
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
export function channelHealth(query: Query, homes: readonly number[], from: Instant): Promise<ChannelHealth[]> {
  return query.run<ChannelHealth>(sql`
    select channel_id as "channelId", count(*)::int as attempts,
      count(*) filter (where state in ('unknown', 'not-sent'))::int as unclear,
      percentile_cont(0.5) within group (order by (answered_at - created_at)::float8) as median,
      percentile_cont(0.95) within group (order by (answered_at - created_at)::float8) as slow
    from attempts t where t.home = any(${[...homes]}::smallint[]) and t.id >= ${firstIdSince(from - slackMs)} and created_at >= ${from}
    group by 1 order by 2 desc`);
}

export interface Needs {
  readonly reviews: number;
  readonly approvals: number;
  readonly lostNotices: number;
  readonly unknownPayments: number;
  readonly unknownPayouts: number;
  readonly unknownRefunds: number;
  /** Payouts that wait for two persons. */
  readonly held: number;
}

/** What waits for a person. Orders that nobody knows the outcome of are those the chase still has on its table. */
export async function needsOf(query: Query, { merchantId, homes, from }: Omit<Span, 'to'>): Promise<Needs> {
  const mine = sql`t.home = any(${[...homes]}::smallint[]) and (${merchantId}::bigint is null or t.merchant_id = ${merchantId})`;
  const chased = sql`join work w on w.home = t.home and w.object_id = t.id`;
  const [row] = await query.run<Needs>(sql`
    select (select count(*) from reviews where state = 'open' and ${merchantId}::bigint is null)::int as reviews,
      (select count(*) from approvals where state = 'open' and ${merchantId}::bigint is null)::int as approvals,
      (select count(*) from notices t where state = 'exhausted' and t.id >= ${firstIdSince(from - slackMs)} and ${mine})::int as "lostNotices",
      (select count(*) from payouts t where state = 'requested' and ${mine})::int as held,
      (select count(*) from payments t ${chased} where t.state = 'unknown' and ${mine})::int as "unknownPayments",
      (select count(*) from payouts t ${chased} where t.state = 'unknown' and ${mine})::int as "unknownPayouts",
      (select count(*) from refunds t ${chased} where t.state = 'unknown' and ${mine})::int as "unknownRefunds"`);
  if (!row) throw new Error('a count is a row');
  return row;
}
