/** The books: moves are inserted, balances are kept beside them in the same transaction, in key order. */
import { type BalanceChange, type Move, balanceChanges } from '../core/ledger.ts';
import { Refusal } from '../core/refusal.ts';
import { type Query, named, sql } from './database.ts';

/** Books the moves. Throws a unique violation when one of them is in the books already. */
export async function book(query: Query, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const changes = balanceChanges(moves);
  const [, present] = await Promise.all([insertMoves(query, moves), changeBalances(query, changes)]);
  const absent = changes.filter((change) => !present.has(balanceKey(change)));
  if (absent.length === 0) return;
  await openBalances(query, absent);
  await changeBalances(query, absent);
}

async function insertMoves(query: Query, moves: readonly Move[]): Promise<void> {
  await query.run(
    named(
      'moves-insert',
      sql`insert into moves (home, object_id, reason, object_kind, from_account, to_account, amount, currency, at)
          select * from unnest(
            ${moves.map((m) => m.home)}::smallint[], ${moves.map((m) => m.objectId)}::bigint[], ${moves.map((m) => m.reason)}::text[],
            ${moves.map((m) => m.objectKind)}::text[], ${moves.map((m) => m.from)}::text[], ${moves.map((m) => m.to)}::text[],
            ${moves.map((m) => m.amount)}::bigint[], ${moves.map((m) => m.currency)}::text[], ${moves.map((m) => m.at)}::bigint[])`,
    ),
  );
}

function balanceKey(row: { readonly home: number; readonly account: string; readonly currency: string }): string {
  return `${row.home}/${row.account}/${row.currency}`;
}

/** Locks in key order, then changes; returns the keys of the accounts that exist. An upsert would check the floor against the bare change. */
async function changeBalances(query: Query, changes: readonly BalanceChange[]): Promise<ReadonlySet<string>> {
  const rows = await query.run<{ home: number; account: string; currency: string }>(
    named(
      'balances-change',
      sql`with change as (select * from unnest(
            ${changes.map((c) => c.home)}::smallint[], ${changes.map((c) => c.account)}::text[], ${changes.map((c) => c.currency)}::text[],
            ${changes.map((c) => c.change)}::bigint[]) as c (home, account, currency, change)),
          locked as materialized (select b.home, b.account, b.currency, c.change from balances b join change c using (home, account, currency)
            order by b.home, b.account, b.currency for no key update of b)
          update balances b set available = b.available + l.change from locked l
          where b.home = l.home and b.account = l.account and b.currency = l.currency
          returning b.home, b.account, b.currency`,
    ),
  );
  return new Set(rows.map(balanceKey));
}

async function openBalances(query: Query, changes: readonly BalanceChange[]): Promise<void> {
  await query.run(sql`insert into balances (home, account, currency, available, floor)
    select home, account, currency, 0, floor from unnest(
      ${changes.map((c) => c.home)}::smallint[], ${changes.map((c) => c.account)}::text[], ${changes.map((c) => c.currency)}::text[],
      ${changes.map((c) => c.floor)}::bigint[]) as c (home, account, currency, floor)
    order by 1, 2, 3 on conflict do nothing`);
}

/**
 * Sums of an order that lie in suspense (or are missing from it), that nobody has settled yet, and that do not go back to the payer by
 * themselves. A refund of late money is stored with the posting it is about: the same instant, the same sum.
 */
export async function unsettledSuspense(query: Query, home: number, objectId: bigint): Promise<Move[]> {
  const rows = await query.run<{
    reason: string;
    object_kind: Move['objectKind'];
    from_account: string;
    to_account: string;
    amount: bigint;
    currency: Move['currency'];
    at: bigint;
  }>(sql`
    select m.reason, m.object_kind, m.from_account, m.to_account, m.amount, m.currency, m.at from moves m
    where m.home = ${home} and m.object_id = ${objectId} and m.reason ~ '^suspense-(in|out)'
      and not exists (select from moves s where s.home = m.home and s.object_id = m.object_id and s.reason = 'settled/' || m.reason)
      and not exists (select from refunds r where r.home = m.home and r.payment_id = m.object_id and r.detail ? 'isLate'
        and r.state not in ('failed', 'cancelled') and r.amount = m.amount and r.created_at = m.at)
    order by m.reason`);
  return rows.map((row) => ({
    home,
    objectKind: row.object_kind,
    objectId,
    reason: row.reason,
    from: row.from_account,
    to: row.to_account,
    amount: row.amount,
    currency: row.currency,
    at: Number(row.at),
  }));
}

/** Was late money of a payment, in this amount, settled by hand instead of being refunded? */
export async function wasSettledByHand(
  query: Query,
  home: number,
  paymentId: bigint,
  amount: bigint,
): Promise<boolean> {
  const rows = await query.run(sql`
    select reason from moves where home = ${home} and object_id = ${paymentId} and reason like 'settled/suspense-in%' and amount = ${amount}`);
  return rows.length > 0;
}

/** Does money of this payment that came too late go back by itself, or has it? */
export async function hasLateRefund(query: Query, home: number, paymentId: bigint): Promise<boolean> {
  const rows = await query.run(sql`
    select id from refunds where home = ${home} and payment_id = ${paymentId} and detail ? 'isLate' and state not in ('failed', 'cancelled')`);
  return rows.length > 0;
}

/** An overdrawn merchant account as the refusal it is; every other error as it was. */
export function asRefusal(error: unknown): unknown {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23514' && constraint === 'balances_not_overdrawn'
    ? new Refusal('insufficient-funds', { text: 'the available balance is too small' })
    : error;
}

export interface BalanceRow {
  readonly account: string;
  readonly currency: string;
  readonly available: bigint;
}

export function balancesOf(query: Query, home: number, merchantId: bigint): Promise<BalanceRow[]> {
  return query.run<BalanceRow>(sql`
    select account, currency, available from balances
    where home = ${home} and account in (${`merchant/${merchantId}/available`}, ${`merchant/${merchantId}/held`})`);
}

export interface TrialBalance {
  readonly balanced: boolean;
  readonly currencies: readonly { readonly currency: string; readonly debit: bigint; readonly credit: bigint }[];
  readonly accounts: readonly {
    readonly account: string;
    readonly currency: string;
    readonly debit: bigint;
    readonly credit: bigint;
    readonly balance: bigint;
  }[];
  /** What is off, in words; empty when balanced. */
  readonly findings: readonly string[];
}

/**
 * Adds up every move and compares with the balances kept beside. A move debits the account it leaves and credits the one
 * it reaches; `balance` = credit − debit. One snapshot, so that it may run beside traffic.
 */
export async function trialBalance(query: Query): Promise<TrialBalance> {
  const rows = await query.run<{
    account: string;
    currency: string;
    debit: bigint;
    credit: bigint;
    kept: bigint;
    floor_broken: boolean;
  }>(sql`
    with sides as (
      select home, from_account as account, currency, amount as debit, 0::bigint as credit from moves
      union all select home, to_account, currency, 0, amount from moves),
    summed as (
      select home, account, currency, sum(debit)::bigint as debit, sum(credit)::bigint as credit from sides group by 1, 2, 3)
    select coalesce(s.account, b.account) as account, coalesce(s.currency, b.currency) as currency,
      coalesce(sum(s.debit), 0)::bigint as debit, coalesce(sum(s.credit), 0)::bigint as credit,
      coalesce(sum(b.available), 0)::bigint as kept,
      bool_or(coalesce(s.credit, 0) - coalesce(s.debit, 0) <> coalesce(b.available, 0)
        or (b.floor is not null and b.available < b.floor)) as floor_broken
    from summed s full join balances b using (home, account, currency)
    group by 1, 2 order by 1, 2`);
  const findings = rows
    .filter((row) => row.floor_broken)
    .map(
      (row) => `${row.account} ${row.currency}: moves say ${row.credit - row.debit}, the balance kept says ${row.kept}`,
    );
  const currencies = new Map<string, { currency: string; debit: bigint; credit: bigint }>();
  for (const row of rows) {
    const sum = currencies.get(row.currency) ?? { currency: row.currency, debit: 0n, credit: 0n };
    currencies.set(row.currency, { ...sum, debit: sum.debit + row.debit, credit: sum.credit + row.credit });
  }
  for (const sum of currencies.values())
    if (sum.debit !== sum.credit) findings.push(`${sum.currency}: debits ${sum.debit}, credits ${sum.credit}`);
  findings.push(...(await orderFindings(query)));
  return {
    balanced: findings.length === 0,
    currencies: [...currencies.values()],
    accounts: rows.map(({ account, currency, debit, credit }) => ({
      account,
      currency,
      debit,
      credit,
      balance: credit - debit,
    })),
    findings,
  };
}

/** Orders and books must tell the same story: paid ↔ received, undecided payout ↔ held, and so on. */
async function orderFindings(query: Query): Promise<string[]> {
  const rows = await query.run<{ kind: string; id: bigint; state: string; what: string }>(sql`
    select 'payment' as kind, p.id, p.state, 'paid without a posting, or the other way round' as what from payments p
    where (p.state = 'paid') <> exists (select from moves m where m.home = p.home and m.object_id = p.id and m.reason = 'receive')
    union all
    select 'payout', p.id, p.state, 'held, paid and released do not fit the state' from payouts p
    where not exists (select from moves m where m.home = p.home and m.object_id = p.id and m.reason = 'hold')
      or (p.state = 'failed') <> exists (select from moves m where m.home = p.home and m.object_id = p.id and m.reason = 'release')
         and p.state <> 'returned'
      or (p.state in ('succeeded')) and not exists (select from moves m where m.home = p.home and m.object_id = p.id and m.reason = 'pay')
    union all
    select 'refund', r.id, r.state, 'held, paid and released do not fit the state' from refunds r
    cross join lateral (
      select count(*) filter (where split_part(m.reason, '/', 1) = 'hold') as held,
        count(*) filter (where split_part(m.reason, '/', 1) = 'release') as released,
        count(*) filter (where split_part(m.reason, '/', 1) = 'pay') as paid, count(*) filter (where m.reason = 'suspense-out') as given
      from moves m where m.home = r.home and m.object_id = r.id) b
    where case when r.detail ? 'isLate' then b.held > 0 or b.given <> (r.state = 'succeeded')::int
      else b.paid <> (r.state = 'succeeded')::int
        or b.held - b.released - b.paid <> (r.state not in ('succeeded', 'failed', 'cancelled'))::int end
    limit 20`);
  return rows.map((row) => `${row.kind} ${row.id} (${row.state}): ${row.what}`);
}
