/** The twins' memory in PostgreSQL, schema `twin` (migrations/0002-twin.sql). Sandbox only: nothing of the gateway reads it. */
import { isCurrency, money } from '../core/money.ts';
import { type Database, named, type Query, rawSql, type Sql, sql } from '../store/database.ts';
import type { Plan } from './faults.ts';
import { isOutcome, type TwinOrder } from './order.ts';
import { type Callback, keptRequests, type OrderFilter, type SeenRequest, type TwinStore } from './store.ts';

/** Members of an order that nothing selects by; kept as JSON. */
type Detail = Pick<
  TwinOrder,
  | 'smsCode'
  | 'smsUntil'
  | 'smsTries'
  | 'confirmedAt'
  | 'paymentReference'
  | 'method'
  | 'option'
  | 'subject'
  | 'returnUrl'
  | 'notifyUrl'
  | 'extras'
  | 'reason'
  | 'hiddenUntil'
  | 'pendingUntil'
  | 'callbackFaults'
  | 'returnAfterMs'
> & { readonly nextOutcome: TwinOrder['outcome'] | null };

interface OrderRow {
  readonly kind: TwinOrder['kind'];
  readonly operation: TwinOrder['operation'];
  readonly space: string;
  readonly reference: string;
  readonly upstreamNo: string;
  readonly fingerprint: string;
  readonly outcome: string;
  readonly minor: bigint;
  readonly currency: string;
  readonly paid: bigint;
  readonly count: number;
  readonly refunded: bigint;
  readonly fee: bigint;
  readonly payCode: string | null;
  readonly confirmNo: string | null;
  readonly nextAt: bigint | null;
  readonly createdAt: bigint;
  readonly finishedAt: bigint | null;
  readonly detail: Detail;
}

const columns =
  rawSql(`kind, operation, space, reference, upstream_no as "upstreamNo", fingerprint, outcome, minor, currency,
  paid_minor as paid, executions as count, refunded_minor as refunded, fee_minor as fee, pay_code as "payCode",
  confirm_no as "confirmNo", next_at as "nextAt", created_at as "createdAt", finished_at as "finishedAt", detail`);

function instant(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

function orderOf({ nextAt, minor, currency, outcome, detail, createdAt, finishedAt, ...row }: OrderRow): TwinOrder {
  if (!isCurrency(currency) || !isOutcome(outcome)) throw new Error(`twin order ${row.reference} is damaged`);
  const { nextOutcome, ...rest } = detail;
  return {
    ...row,
    ...rest,
    outcome,
    amount: money(minor, currency),
    createdAt: Number(createdAt),
    finishedAt: instant(finishedAt),
    next: nextAt === null || nextOutcome === null ? null : { at: Number(nextAt), outcome: nextOutcome },
  };
}

function detailOf(order: TwinOrder): Detail {
  const {
    smsCode,
    smsUntil,
    smsTries,
    confirmedAt,
    paymentReference,
    method,
    option,
    subject,
    returnUrl,
    notifyUrl,
    extras,
    reason,
  } = order;
  const { hiddenUntil, pendingUntil, callbackFaults, returnAfterMs } = order;
  return {
    smsCode,
    smsUntil,
    smsTries,
    confirmedAt,
    paymentReference,
    method,
    option,
    subject,
    returnUrl,
    notifyUrl,
    extras,
    reason,
    hiddenUntil,
    pendingUntil,
    callbackFaults,
    returnAfterMs,
    nextOutcome: order.next?.outcome ?? null,
  };
}

function upsertOrder(twin: string, o: TwinOrder): Sql {
  return named(
    'twin-order-save',
    sql`insert into twin.orders (twin, space, reference, kind, operation, upstream_no, fingerprint, outcome, minor, currency, paid_minor,
          executions, refunded_minor, fee_minor, pay_code, confirm_no, next_at, created_at, finished_at, detail)
        values (${twin}, ${o.space}, ${o.reference}, ${o.kind}, ${o.operation}, ${o.upstreamNo}, ${o.fingerprint}, ${o.outcome},
          ${o.amount.minor}, ${o.amount.currency}, ${o.paid}, ${o.count}, ${o.refunded}, ${o.fee}, ${o.payCode}, ${o.confirmNo},
          ${o.next?.at ?? null}, ${o.createdAt}, ${o.finishedAt}, ${detailOf(o)})
        on conflict (twin, space, reference) do update set outcome = excluded.outcome, paid_minor = excluded.paid_minor,
          executions = excluded.executions, refunded_minor = excluded.refunded_minor, next_at = excluded.next_at,
          finished_at = excluded.finished_at, detail = excluded.detail`,
  );
}

function upsertCallback(twin: string, c: Callback): Sql {
  return named(
    'twin-callback-save',
    sql`insert into twin.callbacks (twin, id, due_at, callback) values (${twin}, ${BigInt(c.id)}, ${c.dueAt}, ${c})
        on conflict (twin, id) do update set due_at = excluded.due_at, callback = excluded.callback`,
  );
}

function selectOrders(twin: string, { finished, limit }: OrderFilter): Sql {
  if (finished === undefined)
    return sql`select ${columns} from twin.orders where twin = ${twin} order by created_at desc, seq desc limit ${limit}`;
  return sql`select ${columns} from twin.orders where twin = ${twin} and finished_at >= ${finished.from} and finished_at < ${finished.to}
             order by finished_at, seq limit ${limit}`;
}

async function readOrders(query: Query, statement: Sql): Promise<TwinOrder[]> {
  return (await query.run<OrderRow>(statement)).map(orderOf);
}

/** One twin of each name per database: turns are kept in its process. */
export function postgresTwinStore(db: Database): TwinStore {
  let requestsUntilTrim = 0;
  return {
    async get(twin, space, reference) {
      const [order] = await readOrders(
        db,
        named(
          'twin-order-get',
          sql`select ${columns} from twin.orders where twin = ${twin} and space = ${space} and reference = ${reference}`,
        ),
      );
      return order ?? null;
    },
    find: (twin, number) =>
      readOrders(
        db,
        sql`select ${columns} from twin.orders where twin = ${twin} and
            (reference = ${number} or upstream_no = ${number} or pay_code = ${number} or confirm_no = ${number})
            order by created_at desc, seq desc limit 20`,
      ),
    list: (twin, filter) => readOrders(db, selectOrders(twin, filter)),
    async save(twin, { orders = [], callbacks = [], doneCallbacks = [] }) {
      const statements = [
        ...orders.map((order) => upsertOrder(twin, order)),
        ...callbacks.map((callback) => upsertCallback(twin, callback)),
        ...(doneCallbacks.length === 0
          ? []
          : [
              sql`delete from twin.callbacks where twin = ${twin} and id = any (${doneCallbacks.map(BigInt)}::bigint[])`,
            ]),
      ];
      const [only] = statements;
      if (statements.length === 1 && only) await db.run(only);
      else
        await db.transaction(async (query) => {
          for (const statement of statements) await query.run(statement);
        });
    },
    dueOrders: (twin, now, limit) =>
      readOrders(
        db,
        sql`select ${columns} from twin.orders where twin = ${twin} and next_at <= ${now} order by next_at limit ${limit}`,
      ),
    async dueCallbacks(twin, now, limit) {
      const rows = await db.run<{ callback: Callback }>(
        sql`select callback from twin.callbacks where twin = ${twin} and due_at <= ${now} order by due_at, id limit ${limit}`,
      );
      return rows.map(({ callback }) => callback);
    },
    async balance(twin, currency) {
      const [row] = await db.run<{ minor: bigint }>(
        sql`select coalesce(sum(case kind when 'payment' then paid_minor - refunded_minor when 'payout' then -paid_minor else 0 end), 0)::bigint as minor
            from twin.orders where twin = ${twin} and outcome = 'paid' and currency = ${currency}`,
      );
      return row?.minor ?? 0n;
    },
    async nextDue(twin) {
      const [row] = await db.run<{ at: bigint | null }>(
        sql`select least((select min(next_at) from twin.orders where twin = ${twin}),
                         (select min(due_at) from twin.callbacks where twin = ${twin})) as at`,
      );
      return instant(row?.at ?? null);
    },
    async plans(twin) {
      const rows = await db.run<{ plan: Plan }>(sql`select plan from twin.plans where twin = ${twin} order by id`);
      return rows.map(({ plan }) => plan);
    },
    async savePlan(twin, plan) {
      await db.run(
        sql`insert into twin.plans (twin, id, plan) values (${twin}, ${BigInt(plan.id)}, ${plan})
            on conflict (twin, id) do update set plan = excluded.plan`,
      );
    },
    async removePlans(twin, id) {
      const one = id === null ? rawSql('') : sql` and id = ${BigInt(id)}`;
      await db.run(sql`delete from twin.plans where twin = ${twin}${one}`);
    },
    async addRequest(twin, request) {
      await db.run(
        named(
          'twin-request-add',
          sql`insert into twin.requests (twin, id, request) values (${twin}, ${BigInt(request.id)}, ${request})`,
        ),
      );
      if (requestsUntilTrim-- > 0) return;
      requestsUntilTrim = 100;
      await db.run(
        sql`delete from twin.requests where twin = ${twin} and id <
            (select min(id) from (select id from twin.requests where twin = ${twin} order by id desc limit ${keptRequests}) as kept)`,
      );
    },
    async requests(twin, limit) {
      const rows = await db.run<{ request: SeenRequest }>(
        sql`select request from twin.requests where twin = ${twin} order by id desc limit ${Math.min(limit, keptRequests)}`,
      );
      return rows.map(({ request }) => request);
    },
  };
}
