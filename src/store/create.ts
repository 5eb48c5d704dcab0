/** New orders: number, order, attempt and work row in one statement per batch. A number that is taken makes nothing. */
import { type Exchange, refundPart } from '../core/exchange.ts';
import type { Move } from '../core/ledger.ts';
import type { Kind, Order, Payment, Payout, Refund } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { Instant } from '../core/world.ts';
import { type Query, named, sql } from './database.ts';
import { book } from './ledger.ts';
import { type NumberRow, numberOf, numbersOf } from './orders.ts';

export interface NewOrder<O extends Order> {
  readonly order: O;
  /** The set of numbers the order's number belongs to. */
  readonly space: string;
  readonly fingerprint: Uint8Array;
  /** The attempt that will be made as soon as this is committed; null when nothing is called. */
  readonly attemptId: bigint | null;
  /** When a worker should look at it, if nobody else has by then. */
  readonly dueAt: Instant | null;
  readonly moves: readonly Move[];
  /** What it takes off its route's daily cap; absent when the route has none. */
  readonly cap?: RouteCap;
}

/** A day's cap of a route, minor units. */
export interface RouteCap {
  readonly routeId: bigint;
  readonly day: string;
  readonly limit: bigint;
}

/** `made`, or what the number stands for already. */
export type Made = { readonly kind: 'made' } | { readonly kind: 'taken'; readonly by: NumberRow };

type News<O extends Order> = readonly NewOrder<O>[];

export function createPayments(query: Query, news: News<Payment>): Promise<Made[]> {
  return createOrders(query, news, insertPayments);
}

export function createPayouts(query: Query, news: News<Payout>): Promise<Made[]> {
  return createOrders(query, news, insertPayouts);
}

async function createOrders<O extends Payment | Payout>(
  query: Query,
  news: News<O>,
  insert: (query: Query, made: News<O>) => Promise<void>,
): Promise<Made[]> {
  const taken = await takeNumbers(query, news);
  const made = news.filter((one) => taken.has(one.order.id));
  if (made.length > 0) {
    await takeFromCaps(query, made);
    await Promise.all([
      insert(query, made),
      insertAttempts(query, made),
      insertWork(query, made),
      book(
        query,
        made.flatMap((one) => one.moves),
      ),
    ]);
  }
  const others = news.filter((one) => !taken.has(one.order.id));
  const holders = new Map(
    (await numbersOf(query, others.map(numberKey))).map((by, index) => [others[index]?.order.id, by] as const),
  );
  return news.map((one): Made => {
    if (taken.has(one.order.id)) return { kind: 'made' };
    const by = holders.get(one.order.id);
    if (!by) throw new Error(`number ${one.order.orderNo} neither free nor taken`);
    return { kind: 'taken', by };
  });
}

function numberKey({ order, space }: NewOrder<Order>) {
  return { home: order.home, merchantId: order.merchantId, space, number: order.orderNo };
}

/** In key order; an order that would go over its route's cap is refused, and with it rolled back. */
async function takeFromCaps(query: Query, news: News<Order>): Promise<void> {
  const capped = news.flatMap(({ order, cap }) => (cap ? [{ ...cap, amount: order.amount.minor }] : []));
  for (const { routeId, day, limit, amount } of capped.sort((a, b) => (a.routeId < b.routeId ? -1 : 1))) {
    const rows = await query.run(sql`
      insert into route_days as d (route_id, day, used) values (${routeId}, ${day}, ${amount})
      on conflict (route_id, day) do update set used = d.used + excluded.used where d.used + excluded.used <= ${limit}
      returning used`);
    if (rows.length === 0)
      throw new Refusal('limit-exceeded', { why: 'daily-cap', text: 'the daily cap of the route is reached' });
  }
}

/** The orders whose number was free. Inserted in key order, so that two batches with the same numbers cannot deadlock. */
async function takeNumbers(query: Query, news: News<Order>): Promise<ReadonlySet<bigint>> {
  const rows = await query.run<{ object_id: bigint }>(
    named(
      'numbers-take',
      sql`insert into numbers (home, merchant_id, space, number, kind, object_id, fingerprint)
          select * from unnest(
            ${news.map((n) => n.order.home)}::smallint[], ${news.map((n) => n.order.merchantId)}::bigint[], ${news.map((n) => n.space)}::text[],
            ${news.map((n) => n.order.orderNo)}::text[], ${news.map((n) => n.order.kind)}::text[], ${news.map((n) => n.order.id)}::bigint[],
            ${news.map((n) => Buffer.from(n.fingerprint))}::bytea[])
          order by 1, 2, 3, 4
          on conflict do nothing returning object_id`,
    ),
  );
  return new Set(rows.map((row) => row.object_id));
}

async function insertPayments(query: Query, news: News<Payment>): Promise<void> {
  const of = <T>(pick: (payment: Payment) => T) => news.map((one) => pick(one.order));
  await query.run(
    named(
      'payments-insert',
      sql`insert into payments (home, id, merchant_id, credential_id, protocol, order_no, platform_no, state, method, option,
            amount, currency, fee, channel_id, reference, created_at, expires_at, detail)
          select * from unnest(
            ${of((p) => p.home)}::smallint[], ${of((p) => p.id)}::bigint[], ${of((p) => p.merchantId)}::bigint[], ${of((p) => p.credentialId)}::bigint[],
            ${of((p) => p.protocol)}::text[], ${of((p) => p.orderNo)}::text[], ${of((p) => p.platformNo)}::text[], ${of((p) => p.state)}::text[],
            ${of((p) => p.method)}::text[], ${of((p) => p.option)}::text[], ${of((p) => p.amount.minor)}::bigint[], ${of((p) => p.amount.currency)}::text[],
            ${of((p) => p.fee)}::bigint[], ${of((p) => p.channelId)}::bigint[], ${of((p) => p.reference)}::text[], ${of((p) => p.createdAt)}::bigint[],
            ${of((p) => p.expiresAt)}::bigint[], ${of((p) => JSON.stringify(p.detail))}::jsonb[])
          order by 1, 2`,
    ),
  );
}

async function insertPayouts(query: Query, news: News<Payout>): Promise<void> {
  const of = <T>(pick: (payout: Payout) => T) => news.map((one) => pick(one.order));
  await query.run(
    named(
      'payouts-insert',
      sql`insert into payouts (home, id, merchant_id, credential_id, protocol, order_no, platform_no, state,
            amount, currency, fee, channel_id, reference, created_at, detail)
          select * from unnest(
            ${of((p) => p.home)}::smallint[], ${of((p) => p.id)}::bigint[], ${of((p) => p.merchantId)}::bigint[], ${of((p) => p.credentialId)}::bigint[],
            ${of((p) => p.protocol)}::text[], ${of((p) => p.orderNo)}::text[], ${of((p) => p.platformNo)}::text[], ${of((p) => p.state)}::text[],
            ${of((p) => p.amount.minor)}::bigint[], ${of((p) => p.amount.currency)}::text[], ${of((p) => p.fee)}::bigint[],
            ${of((p) => p.channelId)}::bigint[], ${of((p) => p.reference)}::text[], ${of((p) => p.createdAt)}::bigint[],
            ${of((p) => JSON.stringify(p.detail))}::jsonb[])
          order by 1, 2`,
    ),
  );
}

/** A refund takes its amount off the payment's remainder under the payment's row lock (T022); the check constraint is the net. */
export async function createRefund(query: Query, one: NewOrder<Refund>): Promise<Made> {
  const taken = await takeNumbers(query, [one]);
  const { order } = one;
  if (!taken.has(order.id)) {
    const by = await numberOf(query, order.home, order.merchantId, one.space, order.orderNo);
    if (!by) throw new Error(`number ${order.orderNo} neither free nor taken`);
    return { kind: 'taken', by };
  }
  await query.run(sql`update payments set refund_pending = refund_pending + ${order.amount.minor}
    where home = ${order.home} and id = ${order.paymentId} and merchant_id = ${order.merchantId}`);
  const whole = order.detail.exchange ?? null;
  const detail = whole ? { ...order.detail, exchange: await partOf(query, order, whole) } : order.detail;
  await insertRefund(query, { ...order, detail });
  await insertAttempts(query, [one]);
  await insertWork(query, [one]);
  await book(query, one.moves);
  return { kind: 'made' };
}

/** Refunds of late money: no merchant's number, nothing off a payment's remainder; the money is in suspense already. */
export async function createLateRefunds(query: Query, news: News<Refund>): Promise<void> {
  for (const { order } of news) await insertRefund(query, order);
  await insertAttempts(query, news);
  await insertWork(query, news);
}

async function insertRefund(query: Query, order: Refund): Promise<void> {
  await query.run(sql`
    insert into refunds (home, id, payment_id, merchant_id, credential_id, protocol, order_no, platform_no, state, amount, currency, fee,
      channel_id, reference, created_at, detail)
    values (${order.home}, ${order.id}, ${order.paymentId}, ${order.merchantId}, ${order.credentialId}, ${order.protocol}, ${order.orderNo},
      ${order.platformNo}, ${order.state}, ${order.amount.minor}, ${order.amount.currency}, 0, ${order.channelId}, ${order.reference},
      ${order.createdAt}, ${JSON.stringify(order.detail)}::jsonb)`);
}

/** This refund's part of a foreign payment's converted amount. The payment is locked, and counts this refund already (T056). */
async function partOf(query: Query, { home, paymentId, amount }: Refund, whole: Exchange): Promise<Exchange> {
  const [row] = await query.run<{ paid: bigint; taken: bigint; given: string }>(sql`
    select p.paid, p.refunded + p.refund_pending as taken,
      (select coalesce(sum((r.detail -> 'exchange' ->> 'minor')::bigint), 0)::text from refunds r
        where r.home = ${home} and r.payment_id = p.id and r.state not in ('failed', 'cancelled')) as given
    from payments p where p.home = ${home} and p.id = ${paymentId}`);
  if (!row) throw new Error(`refund of a payment that is gone: ${paymentId}`);
  const isLast = row.taken >= row.paid;
  const minor = refundPart(BigInt(whole.minor), BigInt(row.given), amount.minor, row.paid, isLast);
  return { ...whole, minor: String(minor) };
}

/** Attempts of orders that are bound to a channel; `createdAt` of the order is that of the attempt. */
export async function insertAttempts(
  query: Query,
  news: readonly Pick<NewOrder<Order>, 'order' | 'attemptId'>[],
): Promise<void> {
  const tried = news.flatMap(({ order, attemptId }) =>
    attemptId === null || order.channelId === null || order.reference === null
      ? []
      : [{ order, attemptId, channelId: order.channelId, reference: order.reference }],
  );
  if (tried.length === 0) return;
  await query.run(
    named(
      'attempts-insert',
      sql`insert into attempts (home, id, kind, object_id, channel_id, reference, state, created_at, method, option, fee)
          select home, id, kind, object_id, channel_id, reference, 'sending', at, method, option, fee from unnest(
            ${tried.map((t) => t.order.home)}::smallint[], ${tried.map((t) => t.attemptId)}::bigint[], ${tried.map((t) => t.order.kind as Kind)}::text[],
            ${tried.map((t) => t.order.id)}::bigint[], ${tried.map((t) => t.channelId)}::bigint[], ${tried.map((t) => t.reference)}::text[],
            ${tried.map((t) => t.order.createdAt)}::bigint[], ${tried.map((t) => chosenIn(t.order)?.method ?? null)}::text[],
            ${tried.map((t) => chosenIn(t.order)?.option ?? null)}::text[], ${tried.map((t) => chosenIn(t.order)?.fee ?? null)}::bigint[])
            as t (home, id, kind, object_id, channel_id, reference, at, method, option, fee)
          order by 1, 2`,
    ),
  );
}

function chosenIn(order: Order): Payment | null {
  return order.kind === 'payment' ? order : null;
}

async function insertWork(query: Query, news: News<Order>): Promise<void> {
  const due = news.flatMap(({ order, dueAt }) => (dueAt === null ? [] : [{ order, dueAt }]));
  if (due.length === 0) return;
  await query.run(
    named(
      'work-insert',
      sql`insert into work (home, object_id, kind, due_at)
          select * from unnest(${due.map((d) => d.order.home)}::smallint[], ${due.map((d) => d.order.id)}::bigint[],
            ${due.map((d) => d.order.kind as Kind)}::text[], ${due.map((d) => d.dueAt)}::bigint[])`,
    ),
  );
}
