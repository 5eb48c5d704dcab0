/** What one person asked for and another one decides; the database refuses one person in both places. */
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export interface ApprovalRow {
  readonly id: bigint;
  readonly action: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly askedBy: bigint;
  readonly askedName: string;
  readonly askedAt: bigint;
  readonly state: 'open' | 'approved' | 'refused';
  readonly decidedName: string | null;
  readonly decidedAt: bigint | null;
  readonly result: string | null;
}

export async function insertApproval(
  query: Query,
  row: Pick<ApprovalRow, 'id' | 'action' | 'detail' | 'reason' | 'askedBy'>,
  at: Instant,
): Promise<void> {
  await query.run(sql`
    insert into approvals (id, action, detail, reason, asked_by, asked_at)
    values (${row.id}, ${row.action}, ${JSON.stringify(row.detail)}::jsonb, ${row.reason}, ${row.askedBy}, ${at})`);
}

/** How many requests of a merchant's own user are still open; 0 for an operator. */
export async function openOfMerchantUser(query: Query, userId: bigint): Promise<number> {
  const rows = await query.run(sql`
    select 1 from approvals a join console_users u on u.id = a.asked_by
    where a.asked_by = ${userId} and a.state = 'open' and u.merchant_id is not null`);
  return rows.length;
}

export function listApprovals(query: Query, limit: number): Promise<ApprovalRow[]> {
  return query.run<ApprovalRow>(sql`
    select a.id, a.action, a.detail, a.reason, a.asked_by as "askedBy", u.name as "askedName", a.asked_at as "askedAt", a.state,
      d.name as "decidedName", a.decided_at as "decidedAt", a.result
    from approvals a join console_users u on u.id = a.asked_by left join console_users d on d.id = a.decided_by
    order by (a.state = 'open') desc, a.id desc limit ${limit}`);
}

/** Takes the decision: → what was asked, or null when it is decided already. Throws a check violation for the asker. */
export async function decideApproval(
  query: Query,
  id: bigint,
  decision: { readonly state: 'approved' | 'refused'; readonly by: bigint },
  at: Instant,
): Promise<Pick<ApprovalRow, 'action' | 'detail' | 'askedBy'> | null> {
  const [row] = await query.run<Pick<ApprovalRow, 'action' | 'detail' | 'askedBy'>>(sql`
    update approvals set state = ${decision.state}, decided_by = ${decision.by}, decided_at = ${at}
    where id = ${id} and state = 'open' returning action, detail, asked_by as "askedBy"`);
  return row ?? null;
}

/** What came of it, in words. */
export async function noteResult(query: Query, id: bigint, result: string): Promise<void> {
  await query.run(sql`update approvals set result = ${result} where id = ${id}`);
}
