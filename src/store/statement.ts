/** What was decided for one credential in a span of time: the lines of a merchant's statement, page by page. */
import type { Instant } from '../core/world.ts';
import { named, type Query, sql } from './database.ts';

export interface StatementLine {
  readonly id: bigint;
  readonly kind: 'payment' | 'payout' | 'refund';
  readonly orderNo: string;
  readonly platformNo: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly fee: bigint;
  readonly state: string;
  readonly finishedAt: bigint;
}

/** Lines of money that moved, by identifier; `after` = the last one of the page before. */
export function statementLines(
  query: Query,
  of: { readonly home: number; readonly merchantId: bigint; readonly credentialId: bigint },
  span: { readonly from: Instant; readonly to: Instant },
  page: { readonly after: bigint; readonly limit: number },
): Promise<StatementLine[]> {
  const { home, merchantId, credentialId } = of;
  return query.run<StatementLine>(
    named(
      'statement-lines',
      sql`select id, kind, order_no as "orderNo", platform_no as "platformNo", amount, currency, fee, state, finished_at as "finishedAt" from (
            select id, 'payment' as kind, order_no, platform_no, paid as amount, currency, fee, state, finished_at from payments
              where home = ${home} and merchant_id = ${merchantId} and credential_id = ${credentialId} and state = 'paid'
                and finished_at >= ${span.from} and finished_at < ${span.to} and id > ${page.after}
            union all
            select id, 'payout', order_no, platform_no, amount, currency, fee, state, finished_at from payouts
              where home = ${home} and merchant_id = ${merchantId} and credential_id = ${credentialId} and state in ('succeeded', 'returned')
                and finished_at >= ${span.from} and finished_at < ${span.to} and id > ${page.after}
            union all
            select id, 'refund', order_no, platform_no, amount, currency, fee, state, finished_at from refunds
              where home = ${home} and merchant_id = ${merchantId} and credential_id = ${credentialId} and state = 'succeeded'
                and finished_at >= ${span.from} and finished_at < ${span.to} and id > ${page.after}
          ) as lines order by id limit ${page.limit}`,
    ),
  );
}
