/**
 * What operators list. Every query takes the same filter; a merchant in it is part of the SQL, never a check afterwards (T021).
 * Pages by key, newest first: identifiers are time-ordered.
 */
import type { Kind, Order } from '../core/order.ts';
import { type Query, type Sql, joinSql, sql } from './database.ts';
import { paymentOf, type PaymentRow, payoutOf, type PayoutRow, refundOf, type RefundRow } from './orders.ts';

export interface ListFilter {
  /** null = every merchant. */
  readonly merchantId: bigint | null;
  readonly state: string | null;
  /** An id, or any number the order is known by: merchant's, ours, the upstream reference, the upstream's own. */
  readonly number: string | null;
}

/** Of lists whose tables are read home by home. */
export interface HomeFilter extends ListFilter {
  /** Where to look: the homes of the merchants in question, and home 0, where what belongs to nobody lies. */
  readonly homes: readonly number[];
}

/** Rows with smaller ids than `before`, at most `limit`. */
export interface Page {
  readonly before: bigint | null;
  readonly limit: number;
}

const orderTables: Readonly<Record<Kind, { readonly from: Sql; readonly of: (row: unknown) => Order }>> = {
  payment: { from: sql`select t.* from payments t`, of: (row) => paymentOf(row as PaymentRow) },
  payout: { from: sql`select t.* from payouts t`, of: (row) => payoutOf(row as PayoutRow) },
  refund: { from: sql`select t.* from refunds t`, of: (row) => refundOf(row as RefundRow) },
};

/** Is it the text of an id? Then it may also be one. */
function idOf(number: string): bigint | null {
  return /^[0-9]{1,18}$/.test(number) ? BigInt(number) : null;
}

/** `merchant`, `state` and the numbers as the list at hand calls them. */
interface Columns {
  readonly merchant: Sql;
  readonly state: Sql;
  readonly numbers: readonly Sql[];
  readonly ids: readonly Sql[];
}

function conditions(filter: ListFilter, page: Page, columns: Columns): Sql {
  const { number } = filter;
  const all: Sql[] = [sql`true`];
  if (filter.merchantId !== null) all.push(sql`${columns.merchant} = ${filter.merchantId}`);
  if (filter.state !== null) all.push(sql`${columns.state} = ${filter.state}`);
  if (page.before !== null) all.push(sql`t.id < ${page.before}`);
  if (number !== null) {
    const id = idOf(number);
    const ids = id === null ? [] : columns.ids.map((column) => sql`${column} = ${id}`);
    all.push(sql`(${joinSql([...columns.numbers.map((column) => sql`${column} = ${number}`), ...ids], ' or ')})`);
  }
  return sql`${joinSql(all, ' and ')} order by t.id desc limit ${page.limit}`;
}

/**
 * The newest rows of each home by its own key, and of those the newest: a page costs the same however many rows there are.
 * `join` reaches what the conditions speak of.
 */
function newest(table: Sql, join: Sql, filter: HomeFilter, page: Page, columns: Columns): Sql {
  return sql`from (
    select t.* from unnest(${[...filter.homes]}::smallint[]) as h (home) cross join lateral (
      select t.* from ${table} t ${join} where t.home = h.home and ${conditions(filter, page, columns)}) t
    order by t.id desc limit ${page.limit}) t`;
}

export async function listOrders(query: Query, kind: Kind, filter: ListFilter, page: Page): Promise<Order[]> {
  const rest = conditions(filter, page, {
    merchant: sql`t.merchant_id`,
    state: sql`t.state`,
    numbers: [sql`t.order_no`, sql`t.platform_no`, sql`t.reference`, sql`t.upstream_no`],
    ids: [sql`t.id`],
  });
  const rows = await query.run<unknown>(sql`${orderTables[kind].from} where ${rest}`);
  return rows.map(orderTables[kind].of);
}

/** The order a row of another table speaks of. */
export interface Subject {
  readonly merchantId: bigint | null;
  readonly protocol: string | null;
  readonly kind: Kind | null;
  readonly objectId: bigint | null;
  readonly orderNo: string | null;
  readonly platformNo: string | null;
  readonly orderReference: string | null;
  readonly amount: bigint | null;
  readonly currency: string | null;
}

const subjectColumns = sql`o.merchant_id as "merchantId", o.protocol, o.order_no as "orderNo", o.platform_no as "platformNo",
  o.reference as "orderReference", o.amount, o.currency`;
const ofOrder = sql`o.home = t.home and o.id = t.object_id`;
/** Identifiers are unique over all kinds, so at most one of the three finds a row. */
const subjectJoin = sql`left join lateral (
    select merchant_id, protocol, order_no, platform_no, reference, upstream_no, amount, currency from payments o where ${ofOrder}
    union all select merchant_id, protocol, order_no, platform_no, reference, upstream_no, amount, currency from payouts o where ${ofOrder}
    union all select merchant_id, protocol, order_no, platform_no, reference, upstream_no, amount, currency from refunds o where ${ofOrder}
  ) o on true`;

interface About {
  readonly state: Sql;
  readonly merchant?: Sql;
  readonly numbers?: readonly Sql[];
}

/** The newest rows of a table that speaks of orders. They are looked up before the page is cut only if the filter asks about them. */
function newestAbout(table: Sql, filter: HomeFilter, page: Page, { state, merchant, numbers = [] }: About): Sql {
  const needsOrder = filter.number !== null || (filter.merchantId !== null && merchant === undefined);
  return newest(table, needsOrder ? subjectJoin : sql``, filter, page, {
    merchant: merchant ?? sql`o.merchant_id`,
    state,
    numbers: [sql`o.order_no`, sql`o.platform_no`, sql`o.reference`, sql`o.upstream_no`, ...numbers],
    ids: [sql`t.id`, sql`t.object_id`],
  });
}

export interface ListedAttempt extends Subject {
  readonly id: bigint;
  readonly channelId: bigint;
  readonly reference: string;
  readonly state: string;
  readonly createdAt: bigint;
  readonly answeredAt: bigint | null;
  readonly notFound: number;
}

export function listAttempts(query: Query, filter: HomeFilter, page: Page): Promise<ListedAttempt[]> {
  const rows = newestAbout(sql`attempts`, filter, page, { state: sql`t.state`, numbers: [sql`t.reference`] });
  return query.run<ListedAttempt>(sql`
    select t.id, t.kind, t.object_id as "objectId", t.channel_id as "channelId", t.reference, t.state, t.created_at as "createdAt",
      t.answered_at as "answeredAt", t.not_found as "notFound", ${subjectColumns}
    ${rows} ${subjectJoin} order by t.id desc`);
}

export interface ListedAgreement {
  readonly id: bigint;
  readonly merchantId: bigint;
  readonly protocol: string;
  readonly orderNo: string;
  readonly agreementNo: string;
  readonly userId: string;
  readonly cardLast4: string;
  readonly scope: string;
  readonly state: string;
  readonly channelId: bigint;
  readonly reference: string;
  readonly createdAt: bigint;
}

export function listAgreements(query: Query, filter: HomeFilter, page: Page): Promise<ListedAgreement[]> {
  const rows = newest(sql`agreements`, sql``, filter, page, {
    merchant: sql`t.merchant_id`,
    state: sql`t.state`,
    numbers: [sql`t.order_no`, sql`t.agreement_no`, sql`t.reference`, sql`t.upstream_no`, sql`t.user_id`],
    ids: [sql`t.id`],
  });
  return query.run<ListedAgreement>(sql`
    select t.id, t.merchant_id as "merchantId", t.protocol, t.order_no as "orderNo", t.agreement_no as "agreementNo",
      t.user_id as "userId", t.card_last4 as "cardLast4", t.scope, t.state, t.channel_id as "channelId", t.reference,
      t.created_at as "createdAt"
    ${rows} order by t.id desc`);
}

export interface ListedNotice extends Subject {
  readonly id: bigint;
  readonly event: string;
  readonly targetKind: string;
  readonly targetUrl: string;
  readonly state: string;
  readonly createdAt: bigint;
  readonly attempts: number;
  readonly lastAt: bigint | null;
  readonly lastOutcome: string | null;
  readonly lastStatus: number | null;
  readonly lastAnswer: string | null;
  /** When it is due next; null = not on the work table. */
  readonly dueAt: bigint | null;
}

export function listNotices(query: Query, filter: HomeFilter, page: Page): Promise<ListedNotice[]> {
  const rows = newestAbout(sql`notices`, filter, page, { state: sql`t.state`, merchant: sql`t.merchant_id` });
  return query.run<ListedNotice>(sql`
    select t.id, t.object_kind as kind, t.object_id as "objectId", t.event, t.target_kind as "targetKind", t.target_url as "targetUrl",
      t.state, t.created_at as "createdAt", coalesce(a.attempts, 0) as attempts, l.at as "lastAt", l.outcome as "lastOutcome",
      l.status as "lastStatus", l.answer as "lastAnswer", d.due_at as "dueAt", ${subjectColumns}
    ${rows} ${subjectJoin}
    left join notices_due d on d.home = t.home and d.id = t.id
    left join lateral (select count(*)::int as attempts from notice_attempts where home = t.home and notice_id = t.id) a on true
    left join lateral (select at, outcome, status, answer from notice_attempts where home = t.home and notice_id = t.id
      order by at desc, no desc limit 1) l on true
    order by t.id desc`);
}

export interface ListedCallback extends Subject {
  readonly id: bigint;
  readonly channelId: bigint;
  readonly verdict: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly receivedAt: bigint;
}

/** A callback that fits no order belongs to no merchant. */
export function listCallbacks(query: Query, filter: HomeFilter, page: Page): Promise<ListedCallback[]> {
  const rows = newestAbout(sql`callbacks`, filter, page, { state: sql`t.verdict` });
  return query.run<ListedCallback>(sql`
    select t.id, t.object_kind as kind, t.object_id as "objectId", t.channel_id as "channelId", t.verdict, t.method, t.target, t.body,
      t.received_at as "receivedAt", ${subjectColumns}
    ${rows} ${subjectJoin} order by t.id desc`);
}

export interface ListedReview extends Subject {
  readonly id: bigint;
  readonly channelId: bigint | null;
  readonly reason: string;
  readonly detail: unknown;
  readonly state: string;
  readonly openedAt: bigint;
  readonly closedAt: bigint | null;
  readonly decision: unknown;
}

export function listReviews(query: Query, filter: HomeFilter, page: Page): Promise<ListedReview[]> {
  const rows = newestAbout(sql`reviews`, filter, page, { state: sql`t.state` });
  return query.run<ListedReview>(sql`
    select t.id, t.object_kind as kind, t.object_id as "objectId", t.channel_id as "channelId", t.reason, t.detail, t.state,
      t.opened_at as "openedAt", t.closed_at as "closedAt", t.decision, ${subjectColumns}
    ${rows} ${subjectJoin} order by t.id desc`);
}

const allHomes: readonly number[] = Array.from({ length: 256 }, (_, home) => home);

/** By the key, home by home: a page about one order costs the same however many there are. */
async function orderById(query: Query, id: bigint, merchantId: bigint | null): Promise<Order[]> {
  for (const kind of ['payment', 'payout', 'refund'] as const) {
    const { from, of } = orderTables[kind];
    const rows = await query.run<unknown>(sql`
      select t.* from unnest(${[...allHomes]}::smallint[]) as h (home)
      cross join lateral (${from} where t.home = h.home and t.id = ${id}
        and (${merchantId}::bigint is null or t.merchant_id = ${merchantId})) t`);
    if (rows.length > 0) return rows.map(of);
  }
  return [];
}

/** The orders a text may mean: an id, or one of their numbers. Of that merchant only, if one is named. At most three: more than one is ambiguous. */
export async function findOrders(query: Query, number: string, merchantId: bigint | null): Promise<Order[]> {
  const id = idOf(number);
  const exact = id === null ? [] : await orderById(query, id, merchantId);
  if (exact.length > 0) return exact;
  const filter = { merchantId, state: null, number };
  const found: Order[] = [];
  for (const kind of ['payment', 'payout', 'refund'] as const)
    found.push(...(await listOrders(query, kind, filter, { before: null, limit: 2 })));
  return found;
}

/** Our number first: it names one order, whoever else uses the same text for theirs. */
export function mostSpecific(orders: readonly Order[], number: string): readonly Order[] {
  const ours = orders.filter((order) => order.platformNo === number || order.reference === number);
  return ours.length > 0 ? ours : orders;
}
