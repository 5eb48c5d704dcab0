/**
 * Orders as people search them: by any number, state, channel, method and day. A merchant in the filter is part of the SQL (T021).
 * Home by home, each by its own key: the newest page costs the same however many orders there are.
 */
import type { Kind, Order } from '../core/order.ts';
import { joinSql, type Query, type Sql, sql } from './database.ts';
import type { ListFilter, Page } from './lists.ts';
import { paymentOf, type PaymentRow, payoutOf, type PayoutRow, refundOf, type RefundRow } from './orders.ts';

export interface SearchFilter extends ListFilter {
  /** Where to look: the homes of the merchants in question. */
  readonly homes: readonly number[];
  readonly channelId: bigint | null;
  /** Payments only. */
  readonly method: string | null;
  /** Created from then on, and before then. */
  readonly from: number | null;
  readonly to: number | null;
}

const tables: Readonly<Record<Kind, { readonly from: Sql; readonly of: (row: unknown) => Order }>> = {
  payment: { from: sql`select t.* from payments t where t.home = h.home`, of: (row) => paymentOf(row as PaymentRow) },
  payout: { from: sql`select t.* from payouts t where t.home = h.home`, of: (row) => payoutOf(row as PayoutRow) },
  refund: { from: sql`select t.* from refunds t where t.home = h.home`, of: (row) => refundOf(row as RefundRow) },
};

export async function searchOrders(query: Query, kind: Kind, filter: SearchFilter, page: Page): Promise<Order[]> {
  const { from, of } = tables[kind];
  const rows = await query.run<unknown>(sql`
    select t.* from unnest(${[...filter.homes]}::smallint[]) as h (home)
    cross join lateral (${from} and ${joinSql(conditions(kind, filter, page), ' and ')} order by t.id desc limit ${page.limit}) t
    order by t.id desc limit ${page.limit}`);
  return rows.map(of);
}

function conditions(kind: Kind, filter: SearchFilter, page: Page): Sql[] {
  const { merchantId, state, number, channelId, method, from, to } = filter;
  const all: Sql[] = [sql`true`];
  if (merchantId !== null) all.push(sql`t.merchant_id = ${merchantId}`);
  if (state !== null) all.push(sql`t.state = ${state}`);
  if (channelId !== null) all.push(sql`t.channel_id = ${channelId}`);
  if (method !== null && kind === 'payment') all.push(sql`t.method = ${method}`);
  if (from !== null) all.push(sql`t.created_at >= ${from}`);
  if (to !== null) all.push(sql`t.created_at < ${to}`);
  if (page.before !== null) all.push(sql`t.id < ${page.before}`);
  if (number !== null) all.push(numbered(number));
  return all;
}

function numbered(number: string): Sql {
  const id = /^[0-9]{1,18}$/.test(number) ? sql`or t.id = ${BigInt(number)}` : sql``;
  return sql`(t.order_no = ${number} or t.platform_no = ${number} or t.reference = ${number} or t.upstream_no = ${number} ${id})`;
}
