/**
 * The people behind the gateway. They use the operator API with a token, and what takes two persons two of them decide. They find
 * out at the bank what really happened, and act on that: with faults off, nothing may be left open after their round.
 */
import { askSecond, decide, type DeedName } from '../../src/flows/approve.ts';
import { sql } from '../../src/store/database.ts';
import type { Sql } from '../../src/store/database.ts';
import type { OrderRow } from './auditor.ts';
import { operatorToken, staff } from './books.ts';
import type { Chance } from './chance.ts';
import { mayRefund } from './orders.ts';
import type { Scene } from './scene.ts';

const limits = { connectTimeoutMs: 5_000, totalTimeoutMs: 15_000, maxResponseBytes: 65_536, targets: 'any' } as const;

/** Undecided, or with money in suspense that nobody has settled, or with an open review. */
const undecided: ReadonlySet<string> = new Set(['sending', 'pending', 'unknown']);

const suspended = sql`
  select distinct m.object_id as id from kanal.moves m where m.reason ~ '^suspense-(in|out)' and not exists (
    select from kanal.moves s where s.home = m.home and s.object_id = m.object_id and s.reason = 'settled/' || m.reason)
    -- What went back by itself has its two sides in suspense already.
    and not exists (select from kanal.refunds r where r.home = m.home and r.id = m.object_id and r.detail ? 'isLate')
    order by 1`;
const openReviews = sql`select id, object_id as "objectId" from kanal.reviews where state = 'open' order by id`;

export class Operators {
  readonly #scene: Scene;
  readonly #chance: Chance;
  #made = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#chance = scene.chance.fork('operators');
  }

  // ── in the middle of it ───────────────────────────────────────────────────────────────────────────────────────────

  /** An operator gives money back by hand; a second one agrees, or does not. */
  async refundByHand(): Promise<void> {
    const paid = this.#scene.shops
      .flatMap((shop) => [...shop.orders.values()])
      .filter((order) => mayRefund(order) && order.told.some(({ word }) => word === 'success'));
    if (paid.length === 0) return;
    const order = this.#chance.pick(paid);
    const [row] = await this.#rows(sql`
      select id from kanal.payments where merchant_id = ${order.merchant.id} and order_no = ${order.no}`);
    if (!row) return;
    const refundNo = `HAND${++this.#made}`;
    const amount = String(this.#chance.pick([order.minor, order.minor / 2n, 100n]));
    await this.#both('payment.refund', { order: String(row.id), refundNo, amount, why: 'the goods came back' });
  }

  /** Payouts above the merchant's limit are let go, or not. */
  async decideHeld(): Promise<void> {
    for (const { id } of await this.#rows(sql`select id from kanal.payouts where state = 'requested' order by id`))
      await this.#both(this.#chance.happens(0.7) ? 'payout.send' : 'payout.refuse', { order: String(id) });
  }

  // ── when all is quiet ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Decides what nobody decides by itself, settles what lies in suspense, closes the reviews. */
  async round(): Promise<void> {
    const { journal, auditor } = this.#scene;
    journal.note('operators', 'begin their round');
    await this.decideHeld();
    for (const row of await this.#look(() => auditor.orders())) if (undecided.has(row.state)) await this.#decide(row);
    for (const { id } of await this.#rows(suspended)) await this.#settle(id);
    for (const { id } of await this.#rows(openReviews)) {
      journal.count('operator: closes a review');
      await this.#post(`reviews/${id}/close`, { decision: 'looked at it' });
    }
  }

  async #decide(row: OrderRow): Promise<void> {
    const outcome = this.#truth(row);
    this.#scene.journal.count(`operator: ${row.kind} ${outcome}`);
    await this.#both('order.outcome', { order: String(row.id), outcome });
  }

  /** What the bank says on the telephone. */
  #truth(row: OrderRow): string {
    const there = this.#at(row)?.order;
    if (row.kind === 'payment' && there)
      return there.outcome === 'paid' && there.paid === row.amount ? 'succeeded' : 'failed';
    if (there?.outcome === 'returned') return 'returned';
    return there?.outcome === 'paid' ? 'succeeded' : 'failed';
  }

  #at({ kind, reference }: Pick<OrderRow, 'kind' | 'reference'>) {
    for (const upstream of this.#scene.upstreams) {
      const order = upstream.orders.get(reference ?? '');
      if (order?.kind === kind) return { upstream, order };
    }
    return null;
  }

  /** What the order did not account for goes back at the bank, outside of the gateway; the gateway is told so. */
  async #settle(id: bigint): Promise<void> {
    const done = await this.#post(`orders/${id}/suspense`, { to: 'channel', reason: 'given back at the bank' });
    this.#scene.journal.count(`operator: settles suspense${done ? '' : ', refused'}`);
    const rows = await this.#look(() => this.#scene.auditor.orders());
    const row = rows.find((one) => one.id === id);
    // What went back by itself came in as well.
    const late = rows.filter((one) => one.paymentId === id && one.isLate && one.state === 'succeeded');
    if (done && row)
      await this.#square(
        row,
        late.reduce((sum, { amount }) => sum + amount, 0n),
      );
  }

  /** Of all that was tried for an order only what the books have it end with stays at the bank. */
  async #square(row: OrderRow, late: bigint): Promise<void> {
    const stays = { payment: -row.amount, payout: row.amount, refund: row.amount }[row.kind];
    const isDone = row.state === 'paid' || row.state === 'succeeded';
    const attempts = await this.#scene.look<{ reference: string }>(
      sql`select reference from kanal.attempts where object_id = ${row.id} order by id`,
    );
    for (const { reference } of attempts) {
      const found = this.#at({ kind: row.kind, reference });
      const isIt = reference === row.reference;
      found?.upstream.square(reference, (isDone && isIt ? stays : 0n) - (isIt ? late : 0n));
    }
  }

  // ── hands ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One asks, another decides; whoever asked may try to decide as well. */
  async #both(action: DeedName, detail: Readonly<Record<string, string>>): Promise<void> {
    const { journal } = this.#scene;
    const [first, second] = staff;
    const asked = await this.#visit(action, (office) => askSecond(office, first, action, detail, 'as the bank says'));
    if (asked === null) return;
    if (this.#chance.happens(0.1)) {
      const alone = await this.#visit(action, (office) => decide(office, first, asked, 'approved'));
      if (alone !== null) this.#scene.fail(`${action} was decided by one person`);
      journal.count('operator: may not decide alone');
    }
    const isAgreed = this.#scene.isHealed || this.#chance.happens(0.85);
    await this.#visit(action, (office) => decide(office, second, asked, isAgreed ? 'approved' : 'refused'));
    journal.count(`operator: ${isAgreed ? 'two persons' : 'the second refuses'}: ${action}`);
  }

  /** Null when it did not happen, or nobody knows. */
  #visit<T>(what: string, work: Parameters<typeof visited<T>>[2]): Promise<T | null> {
    return visited(this.#scene, what, work);
  }

  async #post(path: string, body: unknown): Promise<boolean> {
    const sent = await this.#scene.network.send(
      'serve',
      {
        method: 'POST',
        url: `http://gate.sim/admin/v1/${path}`,
        headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(body)),
      },
      limits,
    );
    return sent.kind === 'ANSWER' && sent.status === 200;
  }

  #rows(statement: Sql): Promise<{ id: bigint }[]> {
    return this.#scene.look<{ id: bigint }>(statement);
  }

  #look<T>(look: () => Promise<T>): Promise<T> {
    return this.#scene.lookWith(look);
  }
}

type Office = Parameters<typeof askSecond>[0];

/** A person's click in whichever process is up. A process that dies under it never answers: then nobody knows. */
function visited<T>(scene: Scene, what: string, work: (office: Office) => Promise<T>): Promise<T | null> {
  const gateway = scene.someGateway();
  if (!gateway) return Promise.resolve(null);
  return new Promise((resolve) => {
    const patience = scene.clock.after(60_000, () => resolve(null));
    void gateway.visitOffice(what, work).then((value) => {
      patience.cancel();
      resolve(value);
    });
  });
}
