/** Merchants: they speak their protocols with real signed bytes, ask again when nothing is heard, and remember all they were told. */
import type {
  CallOutcome,
  CommandName,
  Pay,
  PaymentReport,
  PayOut,
  PayoutReport,
  RefundReport,
} from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { OutboundRequest, World } from '../../src/core/world.ts';
import { type Upstream as Counterparty, call } from '../../src/edge/call.ts';
import { sceneOf } from '../../src/edge/serve.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { SandboxMerchant } from '../../src/wiring/sandbox.ts';
import { Agreements } from './agreements.ts';
import type { Chance } from './chance.ts';
import { partiesOf } from './keys.ts';
import { type Answer, inbound } from './network.ts';
import {
  type Asked,
  type ShopOrder,
  type ShopRefund,
  type Told,
  type Word,
  isBusy,
  isOver,
  isRepeat,
  mayRefund,
  wordOf,
} from './orders.ts';
import { type Product, type Spoken, isSpoken, payAsk, payOutAsk, products, refundAsk } from './products.ts';
import type { Scene } from './scene.ts';

export class Shop {
  readonly id: bigint;
  readonly name: string;
  readonly host: string;
  readonly orders = new Map<string, ShopOrder>();
  readonly refunds = new Map<string, ShopRefund>();
  readonly chance: Chance;
  readonly agreements: Agreements;
  /** Its receiver never acknowledges anything. */
  readonly isDeaf: boolean;
  readonly #scene: Scene;
  readonly #world: World;
  readonly #parties: Readonly<Record<Spoken, Counterparty>>;
  #made = 0;

  constructor(scene: Scene, merchant: SandboxMerchant, index: number) {
    this.#scene = scene;
    this.id = BigInt(merchant.id);
    this.name = `shop-${index}`;
    this.host = `shop-${index}.sim`;
    this.chance = scene.chance.fork(this.name);
    this.isDeaf = this.chance.happens(0.08);
    const chance = this.chance.fork('world');
    this.#world = {
      now: () => Math.floor(scene.began + scene.clock.now),
      monotonic: () => scene.clock.now,
      nonce: (bytes) => chance.bytes(bytes),
      newId: () => 0n,
      sleep: (ms) => scene.clock.sleep(ms),
      scaled: (ms) => ms,
      send: (request, limits) => scene.network.send('serve', request, limits),
      log: { debug() {}, info() {}, warn() {}, error() {} },
    };
    this.#parties = partiesOf(merchant);
    this.agreements = new Agreements(scene, this);
  }

  /** Asks the gateway in one of its protocols. */
  call<C extends CommandName>(
    protocol: Spoken,
    command: C,
    ask: Parameters<typeof call<C>>[3],
  ): Promise<CallOutcome<C>> {
    return call(this.#world, this.#parties[protocol], command, ask);
  }

  fresh(letter: string): string {
    return `${this.name.toUpperCase().replace('-', '')}${letter}${++this.#made}`;
  }

  // ── ordering ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** An order from its first request to the merchant's last question. */
  async trade(minor: bigint): Promise<void> {
    const item = this.chance.pick(products[this.chance.happens(0.35) ? 'payout' : 'payment']);
    const agreementNo = item.method === 'quick-pay' ? await this.agreements.one() : null;
    if (item.method === 'quick-pay' && (agreementNo === null || this.#scene.isHealed)) return;
    const order = this.#newOrder(item, minor, agreementNo);
    this.orders.set(order.no, order);
    await this.#create(order);
    while (!this.#scene.isHealed) {
      await this.#scene.clock.sleep(this.chance.between(2_000, 60_000));
      if (this.chance.happens(0.1)) await this.ask(order);
      else if (this.chance.happens(0.06)) await this.#end(order);
      else if (isOver(order)) break;
      else await this.query(order);
    }
    if (mayRefund(order) && !this.#scene.isHealed && this.chance.happens(0.7)) await this.#giveBack(order);
  }

  #newOrder(item: Product, minor: bigint, agreementNo: string | null): ShopOrder {
    const no = this.fresh('X');
    const url = `http://${this.host}/${item.protocol}/${no}`;
    const ordering = {
      no,
      minor,
      notify: item.isTold ? { kind: 'http' as const, url } : null,
      expiresInS: item.expiries.length === 0 ? null : this.chance.pick(item.expiries),
      agreementNo,
    };
    return {
      merchant: this,
      item,
      protocol: item.protocol,
      kind: item.kind,
      no,
      minor,
      ask: item.kind === 'payout' ? payOutAsk(item, ordering) : payAsk(item, ordering),
      orderedAt: this.#world.now(),
      told: [],
      refunds: [],
      acknowledged: false,
      refused: null,
      platformNo: null,
      deskUrl: null,
      confirmNo: null,
      isEnded: false,
    };
  }

  /** Until something is heard; sometimes twice at once, sometimes with other content under the same number. */
  async #create(order: ShopOrder): Promise<void> {
    await this.#insist(order, () => this.ask(order));
    if (order.acknowledged && this.chance.happens(0.1)) await this.#contradict(order);
    if (order.acknowledged && order.item.method === 'any') await this.#scene.payers.visitDesk(order);
    if (order.acknowledged && order.confirmNo !== null) await this.agreements.confirm(order);
  }

  /** Asks until it is known that there is something; sometimes in several copies at once. */
  async #insist(asked: Asked, ask: () => Promise<void>): Promise<void> {
    const { clock, journal } = this.#scene;
    const tries = this.chance.whole(1, 5);
    for (let i = 0; i < tries && !(i > 0 && this.#scene.isHealed); i += 1) {
      const copies = this.chance.happens(0.15) ? this.chance.whole(2, 4) : 1;
      if (copies > 1) journal.count('merchant: creates at once');
      if (i > 0) journal.count('merchant: creates again');
      await Promise.all(Array.from({ length: copies }, ask));
      if (asked.acknowledged || asked.refused !== null) break;
      await clock.sleep(this.chance.between(100, 20_000));
    }
  }

  /** Sends the create, the same each time. */
  async ask(order: ShopOrder): Promise<void> {
    const outcome: CallOutcome<'pay'> | CallOutcome<'pay-out'> =
      order.kind === 'payment'
        ? await this.call(order.protocol, 'pay', order.ask as Pay)
        : await this.call(order.protocol, 'pay-out', order.ask as PayOut);
    this.#note(`create ${order.kind} ${order.no} of ${order.minor}`, outcome);
    if (outcome.kind === 'declined' && isRepeat(outcome.code)) order.acknowledged = true;
    else if (outcome.kind === 'declined') {
      order.refused ??= outcome.code;
      // While a clock is wrong, a no may be to the time of this request alone.
      if (!isBusy(outcome.code) && !this.#scene.isSomeClockWrong()) this.#hear(order, 'create', 'fail');
    }
    if (outcome.kind !== 'answered') return;
    order.acknowledged = true;
    if (outcome.answer.kind === 'payment') order.confirmNo ??= outcome.answer.instruction.confirmNo;
    this.learn(order, 'create', outcome.answer);
    await this.#scene.onAcknowledged(order);
  }

  /** Another amount under a number that is taken must not make or change anything. */
  async #contradict(order: ShopOrder): Promise<void> {
    this.#scene.journal.count('merchant: other content under the same number');
    const amount = money(order.minor + 1n, order.item.currency);
    const outcome: CallOutcome<'pay'> | CallOutcome<'pay-out'> =
      order.kind === 'payment'
        ? await this.call(order.protocol, 'pay', { ...(order.ask as Pay), amount })
        : await this.call(order.protocol, 'pay-out', { ...(order.ask as PayOut), amount });
    if (outcome.kind === 'answered')
      this.#scene.fail(`${order.no}: other content under a number that was taken was accepted`);
  }

  /** The merchant no longer wants it. What the answer means is seen by the next query. */
  async #end(order: ShopOrder): Promise<void> {
    const command = order.item.method === 'barcode' ? 'cancel-payment' : 'close-payment';
    if (order.protocol !== 'fufu' && order.protocol !== 'ysepay') return;
    this.#scene.journal.count(`merchant: ${command}`);
    order.isEnded = true;
    const outcome = await this.call(order.protocol, command, this.#finding(order, order.platformNo));
    this.#note(`${command} ${order.no}`, outcome);
  }

  /** → did the gateway say anything about it, if only that it does not know it? */
  async query(order: ShopOrder): Promise<boolean> {
    const outcome = await this.#find(order, this.chance.happens(0.5) ? order.platformNo : null);
    this.#note(`query ${order.kind} ${order.no} of ${order.minor}`, outcome);
    if (outcome.kind === 'answered') this.learn(order, 'query', outcome.answer);
    if (outcome.kind === 'not-found' && order.acknowledged)
      this.#scene.fail(`${order.no} was acknowledged and is not known to a query`);
    return outcome.kind === 'answered' || outcome.kind === 'not-found';
  }

  /** Asks for somebody else's order by its platform number. */
  async pry(order: ShopOrder): Promise<void> {
    if (order.platformNo === null || order.merchant === this) return;
    this.#scene.journal.count('merchant: asks for an order of another');
    const outcome = await this.#find({ ...order, no: '' }, order.platformNo);
    if (outcome.kind === 'answered')
      this.#scene.fail(`${this.name} was told about ${order.no} of ${order.merchant.name}`);
  }

  #finding({ no, orderedAt, item }: ShopOrder, platformNo: string | null) {
    const extras = item.method === 'any' ? { desk: 'true' } : {};
    return { orderNo: no === '' ? null : no, platformNo, refundNo: null, orderedAt, extras };
  }

  #find(order: ShopOrder, platformNo: string | null): Promise<CallOutcome<'query-order'>> {
    const find = this.#finding(order, platformNo);
    if (order.protocol === 'unified') return this.call('unified', 'query-order', find);
    return order.kind === 'payment'
      ? this.call(order.protocol, 'query-payment', find)
      : this.call(order.protocol, 'query-payout', find);
  }

  // ── giving back ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Some of it, all of it, more than there is; one after the other or all at once. */
  async #giveBack(order: ShopOrder): Promise<void> {
    const whole = order.minor;
    const parts = Array.from({ length: this.chance.whole(1, 3) }, () =>
      this.chance.pick([whole / 3n, whole / 2n, whole, whole - whole / 3n, whole + 1n, 1n]),
    );
    if (parts.length > 1) this.#scene.journal.count('merchant: several refunds');
    const isAtOnce = this.chance.happens(0.5);
    const work = parts.map((minor) => () => this.#refund(order, minor));
    if (isAtOnce) await Promise.all(work.map((one) => one()));
    else for (const one of work) await one();
  }

  async #refund(order: ShopOrder, minor: bigint): Promise<void> {
    if (this.#scene.isHealed) return;
    const no = this.fresh('R');
    const notify = { kind: 'http' as const, url: `http://${this.host}/${order.protocol}/${no}` };
    const paid = { no: order.no, platformNo: order.platformNo };
    const ask = refundAsk(order.item, paid, { no, minor, notify });
    const refund: ShopRefund = {
      order,
      no,
      minor,
      ask,
      told: [],
      acknowledged: false,
      refused: null,
    };
    this.refunds.set(no, refund);
    order.refunds.push(refund);
    await this.#insist(refund, () => this.#askRefund(refund));
    if (refund.acknowledged && this.chance.happens(0.1)) await this.#contradictRefund(refund);
    while (!this.#scene.isHealed && !isOver(refund)) {
      await this.#scene.clock.sleep(this.chance.between(2_000, 60_000));
      if (this.chance.happens(0.2)) await this.#askRefund(refund);
      else await this.queryRefund(refund);
    }
    if (this.#scene.isHealed || refund.told.at(-1)?.word !== 'fail' || this.chance.happens(0.5)) return;
    this.#scene.journal.count('merchant: asks for a failed refund again');
    await this.#askRefund(refund);
  }

  async #askRefund(refund: ShopRefund): Promise<void> {
    const outcome = await this.call(refund.order.protocol, 'refund', refund.ask);
    this.#note(`refund ${refund.no} of ${refund.order.no}: ${refund.minor}`, outcome);
    if (outcome.kind === 'declined') {
      refund.refused ??= outcome.code;
      this.#scene.journal.count(`merchant: refund refused ${refund.order.protocol} ${outcome.code}`);
    }
    if (outcome.kind !== 'answered') return;
    refund.acknowledged = true;
    this.learnRefund(refund, 'create', outcome.answer);
    await this.#scene.onAcknowledged(refund.order, refund.no);
  }

  async #contradictRefund(refund: ShopRefund): Promise<void> {
    this.#scene.journal.count('merchant: other refund under the same number');
    const amount = money(refund.minor + 1n, refund.order.item.currency);
    const outcome = await this.call(refund.order.protocol, 'refund', { ...refund.ask, amount });
    if (outcome.kind === 'answered')
      this.#scene.fail(`${refund.no}: another refund under a number that was taken was accepted`);
  }

  async queryRefund(refund: ShopRefund): Promise<boolean> {
    const find = { ...this.#finding(refund.order, refund.order.platformNo), refundNo: refund.no };
    const outcome = await this.call(refund.order.protocol, 'query-refund', find);
    this.#note(`query refund ${refund.no}`, outcome);
    if (outcome.kind === 'answered') this.learnRefund(refund, 'query', outcome.answer);
    if (outcome.kind === 'not-found' && refund.acknowledged)
      this.#scene.fail(`${refund.no} was acknowledged and is not known to a query`);
    return outcome.kind === 'answered' || outcome.kind === 'not-found' || outcome.kind === 'declined';
  }

  // ── being told ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The notice receiver. */
  async receive(request: OutboundRequest): Promise<Answer | null> {
    const wire = inbound(request);
    const [, name = '', no = ''] = wire.target.split('?', 1)[0]?.split('/') ?? [];
    if (!isSpoken(name)) return { status: 404, headers: {}, body: new Uint8Array(0) };
    const { protocol, keys } = this.#parties[name];
    const scene = sceneOf(this.#world, null, keys, null);
    try {
      this.#believe(no, protocol.readNotice(protocol.notice.open(wire, scene), scene));
    } catch (error) {
      if (this.#scene.broken) throw error;
      // Signed at another time than it is: whoever looks at the time asks for it again.
      if (this.#scene.isSomeClockWrong()) return this.#acknowledge(name, true);
      this.#scene.fail(`${this.name} cannot believe a notice: ${String(error)}`);
    }
    return this.#acknowledge(name);
  }

  #believe(no: string, report: PaymentReport | PayoutReport | RefundReport): void {
    const order = this.orders.get(no);
    const refund = this.refunds.get(no);
    if (report.kind !== 'refund') {
      if (!order) this.#scene.fail(`${this.name} was told of ${no}, which it never made`);
      if (report.orderNo !== no) this.#scene.fail(`${this.name} was told of ${report.orderNo} where ${no} was due`);
      this.learn(order, 'notice', report);
      return;
    }
    // Given back by an operator's hand: told where the payment is told of.
    if (order && mayRefund(order)) return this.#scene.journal.count('told of a refund by hand');
    if (!refund) this.#scene.fail(`${this.name} was told of the refund ${no}, which it never asked for`);
    // bestpay names the payment in it.
    if (report.refundNo !== null && report.refundNo !== no)
      this.#scene.fail(`${this.name} was told of ${report.refundNo} where ${no} was due`);
    this.learnRefund(refund, 'notice', report);
  }

  #acknowledge(protocol: Spoken, isUnfit = false): Answer {
    const { journal, isHealed, weather } = this.#scene;
    const ill = isUnfit || this.isDeaf || (!isHealed && this.chance.happens(weather.message));
    if (ill) journal.count('merchant: refuses a notice');
    const reply = protocolNamed(protocol).ack.seal(ill ? 'again' : 'taken');
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: reply.body };
  }

  learn(order: ShopOrder, how: Told['how'], report: PaymentReport | PayoutReport): void {
    order.platformNo ??= report.platformNo;
    if (report.kind === 'payment' && how === 'create') order.deskUrl ??= report.instruction.deskUrl;
    if (report.platformNo !== null && order.platformNo !== report.platformNo)
      this.#scene.fail(`${order.no} is ${order.platformNo} and ${report.platformNo}`);
    this.#hear(order, how, wordOf(report));
  }

  learnRefund(refund: ShopRefund, how: Told['how'], report: RefundReport): void {
    if (report.amount !== null && report.amount.minor !== refund.minor)
      this.#scene.fail(`${refund.no} of ${refund.minor} is told as ${report.amount.minor}`);
    this.#hear(refund, how, wordOf(report), ' refund');
  }

  #hear(asked: Asked, how: Told['how'], word: Word, what = ''): void {
    asked.told.push({ how, word, at: this.#scene.clock.now });
    this.#scene.journal.note(this.name, `hears ${word} of ${asked.no} by ${how}`);
    this.#scene.journal.count(`told${what} by ${how}: ${word}`);
  }

  #note(what: string, outcome: CallOutcome<CommandName>): void {
    const { kind } = outcome;
    const said =
      kind === 'answered'
        ? 'state' in outcome.answer
          ? outcome.answer.state
          : ''
        : kind === 'declined' || kind === 'not-found'
          ? outcome.code
          : outcome.why;
    this.#scene.journal.note(this.name, `${what}: ${kind} ${said}`);
  }
}
