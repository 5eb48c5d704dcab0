/** What the books know of orders at one channel, as a comparison with its statement needs it. */
import { firstIdSince } from '../core/ids.ts';
import { accounts } from '../core/ledger.ts';
import { type Currency, money } from '../core/money.ts';
import type { Key, Kind, Order } from '../core/order.ts';
import type { Aside, Booked } from '../core/reconciliation.ts';
import type { Instant } from '../core/world.ts';
import { type Query, type Sql, sql } from './database.ts';

const tables: Readonly<Record<Kind, Sql>> = { payment: sql`payments`, payout: sql`payouts`, refund: sql`refunds` };

/** Orders older than that are found by the references of lines only. */
const lookBackMs = 31 * 86_400_000;

export type KindKey = Key & { readonly kind: Kind };

/**
 * Orders of one home and kind that were decided (or, undecided, made) in the span, or that have money aside since then, whatever became of
 * them; by id, behind `after`.
 */
export async function ordersOfChannel(
  query: Query,
  kind: Kind,
  home: number,
  channelId: bigint,
  span: { readonly from: Instant; readonly to: Instant },
  page: { readonly after: bigint; readonly limit: number },
): Promise<bigint[]> {
  const first = firstIdSince(span.from - lookBackMs);
  const after = page.after > first ? page.after : first;
  const rows = await query.run<{ id: bigint }>(sql`
    select id from ${tables[kind]} t where home = ${home} and id > ${after} and id < ${firstIdSince(span.to)} and channel_id = ${channelId}
      and reference is not null and (coalesce(finished_at, created_at) between ${span.from} and ${span.to}
        or exists (select from moves m where m.home = t.home and m.object_id = t.id and m.at between ${span.from} and ${span.to}
          and m.reason ~ '^suspense-(in|out)/'))
    order by id limit ${page.limit}`);
  return rows.map(({ id }) => id);
}

interface BookedRow {
  home: number;
  id: bigint;
  state: string;
  reference: string | null;
  channel_id: bigint | null;
  upstream_no: string | null;
  amount: bigint;
  currency: Currency;
  at: bigint;
  tried: string[] | null;
}

/** As they are now, in any order. */
export async function bookedAt(query: Query, channelId: bigint, keys: readonly KindKey[]): Promise<Booked[]> {
  const found = await Promise.all(
    (['payment', 'payout', 'refund'] as const).map(async (kind) => {
      const wanted = keys.filter((key) => key.kind === kind);
      if (wanted.length === 0) return [];
      const of = sql`unnest(${wanted.map((k) => k.home)}::smallint[], ${wanted.map((k) => k.id)}::bigint[]) as k (home, id)`;
      const rows = await query.run<BookedRow>(sql`
        select t.home, t.id, t.state, t.reference, t.channel_id, t.upstream_no, t.amount, t.currency,
          coalesce(t.finished_at, t.created_at) as at, (select array_agg(a.reference) from attempts a
            where a.home = t.home and a.object_id = t.id and a.channel_id = ${channelId}) as tried
        from ${of} join ${tables[kind]} t using (home, id)`);
      const asides = await asidesOf(query, channelId, kind, wanted);
      return rows.map((row) => bookedOf(kind, channelId, row, asides.get(row.id) ?? []));
    }),
  );
  return found.flat();
}

function bookedOf(kind: Kind, channelId: bigint, row: BookedRow, aside: readonly Aside[]): Booked {
  const reference = row.channel_id === channelId ? row.reference : null;
  return {
    home: row.home,
    id: row.id,
    kind,
    state: row.state as Order['state'],
    reference,
    formerReferences: (row.tried ?? []).filter((one) => one !== reference),
    upstreamNo: reference === null ? null : row.upstream_no,
    amount: money(row.amount, row.currency),
    aside,
    at: Number(row.at),
  };
}

/** Money beside orders that the channel has told of. What a comparison has put into suspense is its review's, and explains nothing. */
async function asidesOf(
  query: Query,
  channelId: bigint,
  kind: Kind,
  keys: readonly Key[],
): Promise<ReadonlyMap<bigint, readonly Aside[]>> {
  const suspense = accounts.suspense(channelId);
  const way =
    kind === 'payment'
      ? sql`m.reason ~ '^suspense-in/' and m.to_account = ${suspense}`
      : sql`m.reason ~ '^suspense-out/' and m.from_account = ${suspense}`;
  const rows = await query.run<{ id: bigint; amount: bigint; currency: Currency; at: bigint; is_open: boolean }>(sql`
    select m.object_id as id, m.amount, m.currency, m.at, not exists (select from moves s
        where s.home = m.home and s.object_id = m.object_id and s.reason = 'settled/' || m.reason) as is_open
    from unnest(${keys.map((k) => k.home)}::smallint[], ${keys.map((k) => k.id)}::bigint[]) as k (home, object_id)
    join moves m using (home, object_id) where ${way}
    order by m.at, m.reason`);
  const found = new Map<bigint, Aside[]>();
  for (const row of rows)
    found.set(row.id, [
      ...(found.get(row.id) ?? []),
      { money: money(row.amount, row.currency), at: Number(row.at), isOpen: row.is_open },
    ]);
  return found;
}
