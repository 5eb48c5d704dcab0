/** What must hold always: looked at after everything that was stored, with the database owner's eyes. */
import type { OutboundRequest } from '../../src/core/world.ts';
import { rawSql, sql } from '../../src/store/database.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import type { Books } from './books.ts';
import { inbound } from './network.ts';

export interface OrderRow {
  readonly kind: 'payment' | 'payout' | 'refund';
  readonly id: bigint;
  readonly merchantId: bigint;
  readonly orderNo: string;
  readonly state: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly reference: string | null;
  readonly channelId: bigint | null;
  /** Refunds: of which payment. */
  readonly paymentId: bigint | null;
  /** Payments: what was paid, and what was or is being refunded. */
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly refunding: bigint;
  /** Refunds: of money that came too late, by ourselves. */
  readonly isLate: boolean;
  /** … how often it was begun. */
  readonly drives: number;
}

/** A bank, as far as it is audited. */
interface Channel {
  readonly protocol: string;
  readonly channelId: bigint;
}

const select = rawSql(`
  select 'payment' as kind, id, merchant_id as "merchantId", order_no as "orderNo", state, amount, fee, reference, channel_id as "channelId",
    null::bigint as "paymentId", paid, refunded, refund_pending as refunding, false as "isLate", 1 as drives from kanal.payments
  union all
  select 'payout', id, merchant_id, order_no, state, amount, fee, reference, channel_id, null, 0, 0, 0, false, 1 from kanal.payouts
  union all
  select 'refund', id, merchant_id, order_no, state, amount, fee, reference, channel_id, payment_id, 0, 0, 0, detail ? 'isLate', coalesce((detail ->> 'drives')::int, 1) from kanal.refunds
  order by id`);

/** What may follow what. Written from threats.md section 1, not from the rules table. */
const ways: Readonly<Record<OrderRow['kind'], Readonly<Record<string, string>>>> = {
  payment: {
    new: 'sending closed paid!',
    sending: 'new pending unknown paid failed closed reversed',
    pending: 'new paid failed closed reversed',
    unknown: 'new pending paid failed closed reversed',
    paid: '',
    failed: 'paid!',
    closed: 'paid!',
    reversed: 'paid!',
  },
  payout: {
    // Above the limit: two persons let it go, or not.
    requested: 'sending failed',
    sending: 'pending unknown succeeded failed returned',
    pending: 'succeeded failed returned',
    unknown: 'pending succeeded failed returned',
    succeeded: 'returned',
    failed: '',
    returned: '',
  },
  refund: {
    requested: 'sending cancelled',
    // What never left us is begun again.
    sending: 'requested pending unknown succeeded failed',
    pending: 'succeeded failed',
    unknown: 'pending succeeded failed',
    succeeded: '',
    // Asked for once more under its own number; or the money went after all.
    failed: 'sending succeeded!',
    cancelled: '',
  },
};

/** Statements whose transaction may have changed an order, or the books. */
const telling = /^(payments|payouts|refunds)-(insert|settle)|^moves-/;

export class Auditor {
  readonly #books: Books;
  readonly #fail: (what: string) => void;
  #known = new Map<bigint, OrderRow>();
  #looks = 0;

  constructor(books: Books, fail: (what: string) => void) {
    this.#books = books;
    this.#fail = fail;
  }

  async onStored(names: ReadonlySet<string>): Promise<void> {
    if (![...names].some((name) => telling.test(name))) return;
    await this.#lookAtStates();
    this.#looks += 1;
    if (this.#looks % 12 === 0) await this.lookAtBooks();
  }

  orders(): Promise<OrderRow[]> {
    return this.#books.owner.run<OrderRow>({ ...select, name: 'simulation-orders' });
  }

  async lookAtBooks(): Promise<void> {
    const { findings } = await trialBalance(this.#books.owner);
    if (findings.length > 0) this.#fail(`the books: ${findings.join('; ')}`);
  }

  async #lookAtStates(): Promise<void> {
    for (const row of await this.orders()) {
      const before = this.#known.get(row.id);
      this.#known.set(row.id, row);
      if (row.refunded + row.refunding > row.paid && row.kind === 'payment')
        this.#fail(`${row.orderNo}: ${row.refunded} and ${row.refunding} of ${row.paid} are refunded`);
      if (before && before.state !== row.state) await this.#judge(before, row);
    }
  }

  async #judge(before: OrderRow, after: OrderRow): Promise<void> {
    const allowed = (ways[before.kind][before.state] ?? '').split(' ');
    if (allowed.includes(after.state)) return;
    if (!allowed.includes(`${after.state}!`))
      this.#fail(`${before.kind} ${before.orderNo} went from ${before.state} to ${after.state}`);
    else if (!(await this.hasReview(after.id)))
      this.#fail(`${before.kind} ${before.orderNo} went from ${before.state} to ${after.state} without a review`);
  }

  async hasReview(id: bigint): Promise<boolean> {
    const rows = await this.#books.owner.run(sql`select id from kanal.reviews where object_id = ${id}`);
    return rows.length > 0;
  }

  /** A channel sees a reference for the first time: its attempt must be committed, or nobody would ever look for it. */
  async mustBeAttempt(upstream: Channel, reference: string): Promise<void> {
    const rows = await this.#books.owner.run(
      sql`select id from kanal.attempts where channel_id = ${upstream.channelId} and reference = ${reference}`,
    );
    if (rows.length !== 1) this.#fail(`${upstream.protocol} got ${reference} without a committed attempt`);
  }

  async mustExist(
    order: { readonly no: string; readonly merchant: { readonly id: bigint } },
    no = order.no,
  ): Promise<void> {
    const rows = await this.#books.owner.run(
      sql`select number from kanal.numbers where merchant_id = ${order.merchant.id} and number = ${no}`,
    );
    if (rows.length !== 1) this.#fail(`${no} was acknowledged and is not stored`);
  }

  /** A callback was acknowledged: what it said must have been stored. */
  async mustBeHeard(upstream: Channel, request: OutboundRequest): Promise<void> {
    const { target, body } = inbound(request);
    const rows = await this.#books.owner.run(
      sql`select id from kanal.callbacks where channel_id = ${upstream.channelId} and target = ${target} and body = ${Buffer.from(body).toString()}`,
    );
    if (rows.length === 0) this.#fail(`${upstream.protocol}: a callback was acknowledged and not stored: ${target}`);
  }
}
