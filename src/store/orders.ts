/** Payments, payouts and refunds as rows. Every look-up that a merchant causes names its merchant (T021). */
import type { Extras, Method } from '../core/commands.ts';
import { type Currency, money } from '../core/money.ts';
import type { Key, Kind, Order, Payment, Payout, Refund } from '../core/order.ts';
import { type Query, type Sql, named, sql } from './database.ts';

interface SharedRow {
  home: number;
  id: bigint;
  merchant_id: bigint;
  credential_id: bigint;
  protocol: string;
  order_no: string;
  platform_no: string;
  state: string;
  amount: bigint;
  currency: string;
  fee: bigint;
  channel_id: bigint | null;
  reference: string | null;
  upstream_no: string | null;
  reason_code: string | null;
  reason_text: string | null;
  created_at: bigint;
  finished_at: bigint | null;
  detail: unknown;
  channel_extras: Extras | null;
}

export interface PaymentRow extends SharedRow {
  method: string;
  option: string | null;
  paid: bigint;
  refunded: bigint;
  refund_pending: bigint;
  pay_code: string | null;
  pay_url: string | null;
  confirm_no: string | null;
  expires_at: bigint | null;
}

export type PayoutRow = SharedRow;
export interface RefundRow extends SharedRow {
  payment_id: bigint;
}

function shared(row: SharedRow) {
  return {
    home: row.home,
    id: row.id,
    merchantId: row.merchant_id,
    credentialId: row.credential_id,
    protocol: row.protocol,
    orderNo: row.order_no,
    platformNo: row.platform_no,
    amount: money(row.amount, row.currency as Currency),
    fee: row.fee,
    channelId: row.channel_id,
    reference: row.reference,
    upstreamNo: row.upstream_no,
    reason: row.reason_code === null ? null : { code: row.reason_code, text: row.reason_text ?? '' },
    createdAt: Number(row.created_at),
    // Rows from before may say that it ended before it began.
    finishedAt: row.finished_at === null ? null : Math.max(Number(row.finished_at), Number(row.created_at)),
    channelExtras: row.channel_extras ?? {},
  };
}

export function paymentOf(row: PaymentRow): Payment {
  return {
    kind: 'payment',
    ...shared(row),
    state: row.state as Payment['state'],
    method: row.method as Method | 'any',
    option: row.option,
    paid: row.paid,
    refunded: row.refunded,
    refundPending: row.refund_pending,
    instruction: { payCode: row.pay_code, payUrl: row.pay_url, confirmNo: row.confirm_no },
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    detail: row.detail as Payment['detail'],
  };
}

export function payoutOf(row: PayoutRow): Payout {
  return {
    kind: 'payout',
    ...shared(row),
    state: row.state as Payout['state'],
    detail: row.detail as Payout['detail'],
  };
}

export function refundOf(row: RefundRow): Refund {
  return {
    kind: 'refund',
    ...shared(row),
    state: row.state as Refund['state'],
    paymentId: row.payment_id,
    detail: row.detail as Refund['detail'],
  };
}

/** Which table a kind lives in, and how its rows become orders. */
const tables: Readonly<Record<Kind, { readonly all: Sql; readonly of: (row: unknown) => Order }>> = {
  payment: { all: sql`select * from payments`, of: (row) => paymentOf(row as PaymentRow) },
  payout: { all: sql`select * from payouts`, of: (row) => payoutOf(row as PayoutRow) },
  refund: { all: sql`select * from refunds`, of: (row) => refundOf(row as RefundRow) },
};

async function selectOrders(query: Query, kind: Kind, rest: Sql, name: string): Promise<Order[]> {
  const rows = await query.run<unknown>(named(`${kind}-${name}`, sql`${tables[kind].all} ${rest}`));
  return rows.map(tables[kind].of);
}

async function one(found: Promise<Order[]>): Promise<Order | null> {
  return (await found)[0] ?? null;
}

/** The refunds a merchant asked for of a payment, oldest first; late money that went back by itself is none of them. */
export async function refundsOf(query: Query, { home, id }: Key): Promise<Refund[]> {
  const rest = sql`where home = ${home} and payment_id = ${id} order by created_at, id`;
  const all = await selectOrders(query, 'refund', rest, 'of-payment');
  return all.filter((order) => order.kind === 'refund' && order.detail.isLate !== true) as Refund[];
}

/** For workers and operators, which have the key from a row of ours. */
export function orderByKey(query: Query, kind: Kind, key: Key): Promise<Order | null> {
  return one(selectOrders(query, kind, sql`where home = ${key.home} and id = ${key.id}`, 'by-key'));
}

/** Those payments that exist, in any order, as they are now: one statement however many are asked for. */
export async function paymentsByKeys(query: Query, keys: readonly Key[]): Promise<Payment[]> {
  const rows = await query.run<PaymentRow>(
    named(
      'payments-by-keys',
      sql`select p.* from unnest(${keys.map((k) => k.home)}::smallint[], ${keys.map((k) => k.id)}::bigint[]) as k (home, id)
          join payments p using (home, id)`,
    ),
  );
  return rows.map(paymentOf);
}

/** The merchant's order by our number. */
export function orderByPlatformNo(
  query: Query,
  kind: Kind,
  home: number,
  merchantId: bigint,
  platformNo: string,
): Promise<Order | null> {
  return one(
    selectOrders(
      query,
      kind,
      sql`where home = ${home} and platform_no = ${platformNo} and merchant_id = ${merchantId}`,
      'by-platform-no',
    ),
  );
}

export interface NumberRow {
  readonly kind: Kind;
  readonly objectId: bigint;
  readonly fingerprint: Uint8Array;
}

export interface NumberKey {
  readonly home: number;
  readonly merchantId: bigint;
  readonly space: string;
  readonly number: string;
}

/** What merchants have used numbers for; null = that one is free. */
export async function numbersOf(query: Query, keys: readonly NumberKey[]): Promise<(NumberRow | null)[]> {
  if (keys.length === 0) return [];
  const rows = await query.run<{ place: number; kind: Kind; object_id: bigint; fingerprint: Buffer }>(
    named(
      'numbers-of',
      sql`select k.place::int as place, n.kind, n.object_id, n.fingerprint from numbers n
          join unnest(${keys.map((k) => k.home)}::smallint[], ${keys.map((k) => k.merchantId)}::bigint[], ${keys.map((k) => k.space)}::text[],
            ${keys.map((k) => k.number)}::text[]) with ordinality as k (home, merchant_id, space, number, place)
          using (home, merchant_id, space, number)`,
    ),
  );
  const found = new Map(rows.map((row) => [row.place, row]));
  return keys.map((_, index) => {
    const row = found.get(index + 1);
    return row ? { kind: row.kind, objectId: row.object_id, fingerprint: row.fingerprint } : null;
  });
}

/** What a merchant has used a number for; null = it is free. */
export async function numberOf(
  query: Query,
  home: number,
  merchantId: bigint,
  space: string,
  number: string,
): Promise<NumberRow | null> {
  const [row = null] = await numbersOf(query, [{ home, merchantId, space, number }]);
  return row;
}

/** Locks orders in key order and returns them as they are now; payments before payouts before refunds, always. */
export async function lockOrders(query: Query, keys: readonly (Key & { readonly kind: Kind })[]): Promise<Order[]> {
  const locked = (['payment', 'payout', 'refund'] as const).map(async (kind): Promise<Order[]> => {
    const wanted = keys.filter((key) => key.kind === kind);
    if (wanted.length === 0) return [];
    const rest = sql`where (home, id) in (select * from unnest(${wanted.map((k) => k.home)}::smallint[], ${wanted.map((k) => k.id)}::bigint[]))
      order by home, id for no key update`;
    return selectOrders(query, kind, rest, 'lock');
  });
  return (await Promise.all(locked)).flat();
}

export interface AttemptRow extends Key {
  readonly kind: Kind;
  readonly objectId: bigint;
  readonly channelId: bigint;
  readonly reference: string;
  readonly state: string;
  readonly notFound: number;
  readonly notFoundSince: number | null;
  /** What a payment's attempt was to be paid by, and for which fee; null = not of a payment, or not known. */
  readonly chosen: Pick<Payment, 'method' | 'option' | 'fee'> | null;
}

/** Attempts by what the channel calls them. The pair (channel, reference) is unique; the reference carries its home. */
export async function attemptsByReference(
  query: Query,
  wanted: readonly { readonly home: number; readonly channelId: bigint; readonly reference: string }[],
): Promise<AttemptRow[]> {
  const rows = await query.run<{
    home: number;
    id: bigint;
    kind: Kind;
    object_id: bigint;
    channel_id: bigint;
    reference: string;
    state: string;
    not_found: number;
    not_found_since: bigint | null;
    method: Payment['method'] | null;
    option: string | null;
    fee: bigint | null;
  }>(
    named(
      'attempts-by-reference',
      sql`select a.home, a.id, a.kind, a.object_id, a.channel_id, a.reference, a.state, a.not_found, a.not_found_since, a.method, a.option, a.fee
          from unnest(${wanted.map((w) => w.home)}::smallint[], ${wanted.map((w) => w.channelId)}::bigint[], ${wanted.map((w) => w.reference)}::text[])
            as w (home, channel_id, reference)
          join attempts a using (home, channel_id, reference)`,
    ),
  );
  return rows.map((row) => ({
    home: row.home,
    id: row.id,
    kind: row.kind,
    objectId: row.object_id,
    channelId: row.channel_id,
    reference: row.reference,
    state: row.state,
    notFound: row.not_found,
    notFoundSince: row.not_found_since === null ? null : Number(row.not_found_since),
    chosen: row.method === null || row.fee === null ? null : { method: row.method, option: row.option, fee: row.fee },
  }));
}

/** Counts one "unknown order" answer and returns how often and since when that was said. */
export async function countNotFound(
  query: Query,
  home: number,
  channelId: bigint,
  reference: string,
  now: number,
): Promise<{ answers: number; since: number } | null> {
  const [row] = await query.run<{ not_found: number; not_found_since: bigint }>(sql`
    update attempts set not_found = not_found + 1, not_found_since = coalesce(not_found_since, ${now})
    where home = ${home} and channel_id = ${channelId} and reference = ${reference}
    returning not_found, not_found_since`);
  return row ? { answers: row.not_found, since: Number(row.not_found_since) } : null;
}

/** It was sent again: what the channel did not know before says nothing any more. */
export async function forgetNotFound(query: Query, home: number, channelId: bigint, reference: string): Promise<void> {
  await query.run(sql`
    update attempts set not_found = 0, not_found_since = null
    where home = ${home} and channel_id = ${channelId} and reference = ${reference}`);
}

/** The time to pay is over now, and a worker looks at it at `lookAt`. Nothing else changes, and never what is decided. */
export async function endTimeToPay(query: Query, { home, id }: Key, now: number, lookAt: number): Promise<void> {
  await query.run(sql`
    with ended as (update payments set expires_at = ${now}
        where home = ${home} and id = ${id} and state in ('sending', 'pending', 'unknown') and expires_at > ${now} returning home, id)
    update work w set due_at = ${lookAt}, tries = 0 from ended e where w.home = ${home} and w.home = e.home and w.object_id = e.id`);
}
