/** The postings of one account, as a statement of it: newest first. */
import { type Query, sql } from './database.ts';

export interface AccountMove {
  readonly at: bigint;
  readonly objectId: bigint;
  readonly objectKind: string;
  readonly reason: string;
  /** The account on the other side. */
  readonly other: string;
  /** Positive: it came in. */
  readonly change: bigint;
}

/** Over all homes: the accounts of channels and fees lie in every one. `before` = a time; what happened then is not repeated. */
export function movesOfAccount(
  query: Query,
  account: string,
  currency: string,
  before: bigint | null,
  limit: number,
): Promise<AccountMove[]> {
  return query.run<AccountMove>(sql`
    select at, object_id as "objectId", object_kind as "objectKind", reason,
      case when to_account = ${account} then from_account else to_account end as other,
      case when to_account = ${account} then amount else -amount end as change
    from moves where (from_account = ${account} or to_account = ${account}) and currency = ${currency}
      and (${before}::bigint is null or at < ${before})
    order by at desc, object_id desc, reason limit ${limit}`);
}
