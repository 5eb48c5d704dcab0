/** The latest refused requests per merchant, in a ring of slots: however many are refused, the table does not grow. */
import { type Query, sql } from './database.ts';

export const slots = 50;

export interface RefusedRequest {
  readonly id: bigint;
  /** null = nobody we know. */
  readonly merchantId: bigint | null;
  readonly at: bigint;
  readonly protocol: string;
  readonly why: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly remote: string;
}

export async function keepRefused(query: Query, slot: number, row: RefusedRequest): Promise<void> {
  await query.run(sql`
    insert into refused_requests (merchant_id, slot, id, at, protocol, why, method, target, headers, body, remote)
    values (${row.merchantId ?? 0n}, ${slot}, ${row.id}, ${row.at}, ${row.protocol}, ${row.why}, ${row.method}, ${row.target},
      ${JSON.stringify(row.headers)}::jsonb, ${row.body}, ${row.remote})
    on conflict (merchant_id, slot) do update set id = excluded.id, at = excluded.at, protocol = excluded.protocol, why = excluded.why,
      method = excluded.method, target = excluded.target, headers = excluded.headers, body = excluded.body, remote = excluded.remote`);
}

export interface RefusedFilter {
  /** null = all. */
  readonly merchantId: bigint | null;
  readonly protocol: string | null;
}

/** Newest first; of one merchant and in one protocol, where they are named. */
export async function listRefused(
  query: Query,
  { merchantId, protocol }: RefusedFilter,
  limit: number,
): Promise<RefusedRequest[]> {
  return query.run<RefusedRequest>(sql`
    select id, nullif(merchant_id, 0) as "merchantId", at, protocol, why, method, target, headers, body, remote from refused_requests
    where (${merchantId}::bigint is null or merchant_id = ${merchantId}) and (${protocol}::text is null or protocol = ${protocol})
    order by id desc limit ${limit}`);
}

export async function refusedById(query: Query, id: bigint, merchantId: bigint | null): Promise<RefusedRequest | null> {
  const [row] = await query.run<RefusedRequest>(sql`
    select id, nullif(merchant_id, 0) as "merchantId", at, protocol, why, method, target, headers, body, remote from refused_requests
    where id = ${id} and (${merchantId}::bigint is null or merchant_id = ${merchantId})`);
  return row ?? null;
}
