/** Payers: pay, pay late, twice, too much, say no, or stay away; at the desk they choose, sometimes in two windows at once. */
import { chooseMethod, type Pick } from '../../src/flows/choose-method.ts';
import type { TwinOrder } from '../../src/twin/order.ts';
import type { Chance } from './chance.ts';
import type { ShopOrder } from './orders.ts';
import type { Scene } from './scene.ts';
import type { Upstream } from './upstream.ts';

const picks: readonly Pick[] = [
  { method: 'qr', option: 'QRIS', phone: null },
  { method: 'wallet', option: 'DANA', phone: null },
  { method: 'virtual-account', option: 'BNI', phone: null },
];

/** Channels whose callbacks number the payment itself: at the others a code is good for one payment. */
const tellsPaymentsApart: ReadonlySet<string> = new Set(['payin', 'bluepay', 'fufu']);

/** Channels whose codes do not fix the sum. */
const paysAnySum: ReadonlySet<string> = new Set(['payin', 'bluepay']);

export class Payers {
  readonly #scene: Scene;
  readonly #chance: Chance;
  /** Acts that are still to come. */
  waiting = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#chance = scene.chance.fork('payers');
  }

  /** What the payer of a new order at the bank will do. */
  meet(upstream: Upstream, order: TwinOrder): void {
    // A barcode is paid when it is read; a code on the phone is typed into the shop's page.
    if (order.kind !== 'payment' || order.outcome !== 'pending' || order.smsCode !== null) return;
    if (order.method === 'barcode' && order.next !== null) return;
    const { clock, journal, weather } = this.#scene;
    const ill = weather.bank;
    const act = this.#chance.weighted({
      pays: 6,
      'stays away': 1,
      declines: ill,
      'pays late': ill,
      'pays twice': tellsPaymentsApart.has(upstream.protocol) ? ill : 0,
      'pays too much': paysAnySum.has(upstream.protocol) ? ill / 2 : 0,
    });
    journal.count(`payer: ${act}`);
    const soon = this.#chance.happens(0.15) ? this.#chance.between(0, 300) : this.#chance.between(500, 90_000);
    const { reference } = order;
    const decide = (ms: number, outcome: TwinOrder['outcome'], how: { amount?: bigint; again?: boolean } = {}) => {
      this.waiting += 1;
      clock.after(ms, async () => {
        this.waiting -= 1;
        await upstream.decide(reference, outcome, how);
      });
    };
    const pay = (ms: number, how: { amount?: bigint; again?: boolean } = {}) => decide(ms, 'paid', how);
    switch (act) {
      case 'pays':
        pay(soon);
        return;
      case 'declines':
        decide(soon, 'declined');
        return;
      case 'pays late':
        pay(this.#chance.pick([130_000, 700_000, 4_000_000, 90_000_000]) + soon);
        return;
      case 'pays twice':
        pay(soon);
        pay(soon + this.#chance.between(10, 60_000), { again: true });
        return;
      case 'pays too much':
        pay(soon, { amount: order.amount.minor + 1n });
        return;
      case 'stays away':
    }
  }

  /** Opens the hosted page and picks; a second window picks as well, now and then something else. */
  async visitDesk(order: ShopOrder): Promise<void> {
    const [, home = '', id = ''] = /\/cashier\/(\d+)\/(\d+)$/.exec(order.deskUrl ?? '') ?? [];
    if (id === '' || this.#chance.happens(0.1)) return;
    const windows = this.#chance.happens(0.3) ? 2 : 1;
    for (let window = 0; window < windows; window += 1) {
      const pick = this.#chance.pick(picks);
      this.#scene.journal.count(windows > 1 ? 'payer: two windows' : 'payer: one window');
      this.#scene.clock.after(this.#chance.between(1_000, 20_000), () => {
        const gateway = this.#scene.someGateway();
        void gateway?.visit(`desk ${order.no}`, (gate) =>
          chooseMethod(gate, { home: Number(home), id: BigInt(id) }, pick),
        );
      });
    }
  }
}
