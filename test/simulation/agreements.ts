/** Quick pay: a customer's standing permission, and the SMS codes that the customer reads from a phone and types in. */
import { sql } from '../../src/store/database.ts';
import type { Shop } from './merchants.ts';
import type { ShopOrder } from './orders.ts';
import { signAsk } from './products.ts';
import type { Scene } from './scene.ts';

const mostTries = 4;

export class Agreements {
  readonly #scene: Scene;
  readonly #shop: Shop;
  #signed: Promise<string | null> | null = null;

  constructor(scene: Scene, shop: Shop) {
    this.#scene = scene;
    this.#shop = shop;
  }

  /** The shop's one agreement; null when it could not be made. */
  one(): Promise<string | null> {
    this.#signed ??= this.#sign();
    return this.#signed;
  }

  async #sign(): Promise<string | null> {
    const { journal, clock } = this.#scene;
    const shop = this.#shop;
    const no = shop.fresh('A');
    for (let i = 0; i < mostTries; i += 1) {
      const signed = await shop.call('ysepay', 'sign-agreement', signAsk(no));
      const code = signed.kind === 'answered' ? await this.#codeOf('agreements', no) : null;
      const confirmed =
        code && (await shop.call('ysepay', 'confirm-agreement', { orderNo: no, confirmNo: null, code, extras: {} }));
      if (confirmed && confirmed.kind === 'answered' && confirmed.answer.state === 'active') {
        journal.count('merchant: agreement');
        return confirmed.answer.agreementNo;
      }
      await clock.sleep(shop.chance.between(1_000, 20_000));
    }
    journal.count('merchant: no agreement');
    return null;
  }

  /** The customer types the code in, now and then a wrong one first. */
  async confirm(order: ShopOrder): Promise<void> {
    const { journal, clock } = this.#scene;
    const shop = this.#shop;
    for (let i = 0; i < mostTries; i += 1) {
      await clock.sleep(shop.chance.between(500, 20_000));
      const right = await this.#codeOf('payments', order.no);
      if (right === null) continue;
      const isWrong = shop.chance.happens(0.15);
      journal.count(isWrong ? 'payer: a wrong code' : 'payer: the right code');
      const code = isWrong ? (right === '000000' ? '111111' : '000000') : right;
      const ask = { orderNo: order.no, confirmNo: order.confirmNo, code, extras: {} };
      const outcome = await shop.call('ysepay', 'confirm-payment', ask);
      if (outcome.kind !== 'answered') continue;
      shop.learn(order, 'create', outcome.answer);
      if (!isWrong) return;
    }
  }

  /** What stands on the customer's phone: the bank sent it for the reference that the gateway gave the order. */
  async #codeOf(table: 'agreements' | 'payments', no: string): Promise<string | null> {
    const { id } = this.#shop;
    const rows = await this.#scene.look<{ reference: string | null }>(
      table === 'agreements'
        ? sql`select reference from kanal.agreements where merchant_id = ${id} and order_no = ${no}`
        : sql`select reference from kanal.payments where merchant_id = ${id} and order_no = ${no}`,
    );
    const reference = rows[0]?.reference ?? '';
    for (const upstream of this.#scene.upstreams) {
      const code = upstream.orders.get(reference)?.smsCode;
      if (code) return code;
    }
    return null;
  }
}
