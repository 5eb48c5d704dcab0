/** Merchants: they speak their protocols with real signed bytes, ask again when nothing is heard, and remember all they were told. */
import type { CallOutcome, Method, Pay, PayOut, PaymentReport, PayoutReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { OutboundRequest, World } from '../../src/core/world.ts';
import { type Upstream as Counterparty, call } from '../../src/edge/call.ts';
import { sceneOf } from '../../src/edge/serve.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { SandboxMerchant } from '../../src/wiring/sandbox.ts';
import type { Chance } from './chance.ts';
import { keysOf } from './keys.ts';
import { type Answer, inbound } from './network.ts';
import type { Scene } from './scene.ts';

export type Word = 'success' | 'fail' | 'returned' | 'pending';

export interface Told {
  readonly how: 'create' | 'query' | 'notice';
  readonly word: Word;
  readonly at: number;
}

/** One order, as its merchant sees it. */
export interface ShopOrder {
  readonly merchant: Shop;
  readonly protocol: 'payin' | 'unified';
  readonly kind: 'payment' | 'payout';
  readonly no: string;
  /** No two orders of a seed have the same: whatever moves anywhere can be laid at one order's door. */
  readonly minor: bigint;
  readonly method: Method | 'any';
  readonly ask: Pay | PayOut;
  readonly told: Told[];
  /** A create was answered with success: the order exists, come what may. */
  acknowledged: boolean;
  /** A create was refused with this word. */
  refused: string | null;
  platformNo: string | null;
  deskUrl: string | null;
}

interface Product {
  readonly protocol: ShopOrder['protocol'];
  readonly method: Method | 'any';
  readonly option: string | null;
  /** payin's number of it. */
  readonly payType: string | null;
}

const products: readonly Product[] = [
  { protocol: 'payin', method: 'qr', option: 'QRIS', payType: '41' },
  { protocol: 'payin', method: 'wallet', option: 'DANA', payType: '43' },
  { protocol: 'payin', method: 'virtual-account', option: 'BNI', payType: '26' },
  { protocol: 'payin', method: 'any', option: null, payType: null },
  { protocol: 'unified', method: 'virtual-account', option: 'PERMATA', payType: 'atm' },
  { protocol: 'unified', method: 'store-code', option: 'ALFAMART', payType: 'otc' },
];

export class Shop {
  readonly id: bigint;
  readonly name: string;
  readonly host: string;
  readonly orders = new Map<string, ShopOrder>();
  readonly #scene: Scene;
  readonly #chance: Chance;
  readonly #world: World;
  readonly #parties: Readonly<Record<ShopOrder['protocol'], Counterparty>>;
  /** Its receiver never acknowledges anything. */
  readonly isDeaf: boolean;
  #made = 0;

  constructor(scene: Scene, merchant: SandboxMerchant, index: number) {
    this.#scene = scene;
    this.id = BigInt(merchant.id);
    this.name = `shop-${index}`;
    this.host = `shop-${index}.sim`;
    this.#chance = scene.chance.fork(this.name);
    this.isDeaf = this.#chance.happens(0.08);
    const chance = this.#chance.fork('world');
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
    const { payin, unified } = merchant.protocols;
    const [keyId = '', secret = ''] = unified.headers['x-api-key'].split('.');
    this.#parties = {
      payin: {
        protocol: protocolNamed('payin'),
        baseUrl: 'http://gate.sim',
        keys: keysOf(payin.merchantId, { apiKey: payin.apiKey }),
      },
      unified: {
        protocol: protocolNamed('unified'),
        baseUrl: `http://gate.sim/${unified.context}`,
        keys: keysOf(keyId, { apiKey: secret }),
      },
    };
  }

  // ── ordering ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** An order from its first request to the merchant's last question. */
  async trade(minor: bigint): Promise<void> {
    const order = this.#newOrder(minor);
    this.orders.set(order.no, order);
    await this.#create(order);
    while (!this.#scene.isHealed) {
      await this.#scene.clock.sleep(this.#chance.between(2_000, 60_000));
      if (this.#chance.happens(0.1)) await this.ask(order);
      else if (isOver(order)) return;
      else await this.query(order);
    }
  }

  #newOrder(minor: bigint): ShopOrder {
    const kind = this.#chance.happens(0.4) ? 'payout' : 'payment';
    const product = this.#chance.pick(products);
    const no = `${this.name.toUpperCase()}X${++this.#made}`.replace('-', '');
    const base = {
      merchant: this,
      protocol: product.protocol,
      no,
      minor,
      told: [],
      acknowledged: false,
      refused: null,
      platformNo: null,
      deskUrl: null,
    };
    const notify = { kind: 'http' as const, url: `http://${this.host}/${product.protocol}/${no}` };
    if (kind === 'payout')
      return { ...base, kind, method: 'bank-transfer', ask: payOutAsk(no, minor, notify, product.protocol) };
    const expiresInS = product.protocol === 'payin' ? this.#chance.pick([60, 120, 600, 3_600]) : null;
    return { ...base, kind, method: product.method, ask: payAsk(no, minor, notify, product, expiresInS) };
  }

  /** Until something is heard; sometimes twice at once, sometimes with other content under the same number. */
  async #create(order: ShopOrder): Promise<void> {
    const { clock, journal } = this.#scene;
    const tries = this.#chance.whole(1, 5);
    for (let i = 0; i < tries; i += 1) {
      const copies = this.#chance.happens(0.15) ? this.#chance.whole(2, 4) : 1;
      if (copies > 1) journal.count('merchant: creates at once');
      if (i > 0) journal.count('merchant: creates again');
      await Promise.all(Array.from({ length: copies }, () => this.ask(order)));
      if (order.acknowledged || order.refused !== null) break;
      await clock.sleep(this.#chance.between(100, 20_000));
    }
    if (order.acknowledged && this.#chance.happens(0.1)) await this.#contradict(order);
    if (order.acknowledged && order.method === 'any') await this.#scene.payers.visitDesk(order);
  }

  /** Sends the create, the same each time. */
  async ask(order: ShopOrder): Promise<void> {
    const party = this.#parties[order.protocol];
    const outcome: CallOutcome<'pay'> | CallOutcome<'pay-out'> =
      order.kind === 'payment'
        ? await call(this.#world, party, 'pay', order.ask as Pay)
        : await call(this.#world, party, 'pay-out', order.ask as PayOut);
    this.#note(order, 'create', outcome);
    if (outcome.kind === 'declined') {
      order.refused ??= outcome.code;
      if (!isBusy(outcome.code)) this.#hear(order, 'create', 'fail');
      return;
    }
    if (outcome.kind !== 'answered') return;
    order.acknowledged = true;
    this.#learn(order, 'create', outcome.answer);
    await this.#scene.onAcknowledged(order);
  }

  /** Another amount under a number that is taken must not make or change anything. */
  async #contradict(order: ShopOrder): Promise<void> {
    this.#scene.journal.count('merchant: other content under the same number');
    const party = this.#parties[order.protocol];
    const amount = money(order.minor + 1n, 'IDR');
    const outcome: CallOutcome<'pay'> | CallOutcome<'pay-out'> =
      order.kind === 'payment'
        ? await call(this.#world, party, 'pay', { ...(order.ask as Pay), amount })
        : await call(this.#world, party, 'pay-out', { ...(order.ask as PayOut), amount });
    if (outcome.kind === 'answered')
      this.#scene.fail(`${order.no}: other content under a number that was taken was accepted`);
  }

  /** → did the gateway say anything about it, if only that it does not know it? */
  async query(order: ShopOrder): Promise<boolean> {
    const outcome = await this.#find(order, {
      orderNo: order.no,
      platformNo: this.#chance.happens(0.5) ? order.platformNo : null,
    });
    this.#note(order, 'query', outcome);
    if (outcome.kind === 'answered') this.#learn(order, 'query', outcome.answer);
    if (outcome.kind === 'not-found' && order.acknowledged)
      this.#scene.fail(`${order.no} was acknowledged and is not known to a query`);
    return outcome.kind === 'answered' || outcome.kind === 'not-found';
  }

  /** Asks for somebody else's order by its platform number. */
  async pry(order: ShopOrder): Promise<void> {
    if (order.platformNo === null || order.merchant === this) return;
    this.#scene.journal.count('merchant: asks for an order of another');
    const outcome = await this.#find(order, { orderNo: null, platformNo: order.platformNo });
    if (outcome.kind === 'answered')
      this.#scene.fail(`${this.name} was told about ${order.no} of ${order.merchant.name}`);
  }

  #find(
    order: ShopOrder,
    by: { readonly orderNo: string | null; readonly platformNo: string | null },
  ): Promise<CallOutcome<'query-order'>> {
    const find = { ...by, refundNo: null, extras: order.method === 'any' ? { desk: 'true' } : {} };
    const party = this.#parties[order.protocol];
    if (order.protocol === 'unified') return call(this.#world, party, 'query-order', find);
    return order.kind === 'payment'
      ? call(this.#world, party, 'query-payment', find)
      : call(this.#world, party, 'query-payout', find);
  }

  // ── being told ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The notice receiver. */
  async receive(request: OutboundRequest): Promise<Answer | null> {
    const wire = inbound(request);
    const [, name = '', no = ''] = wire.target.split('/');
    if (name !== 'payin' && name !== 'unified') return { status: 404, headers: {}, body: new Uint8Array(0) };
    const { protocol, keys } = this.#parties[name];
    const scene = sceneOf(this.#world, null, keys, null);
    const order = this.orders.get(no);
    if (!order) return this.#scene.fail(`${this.name} was told of ${no}, which it never made`);
    try {
      const report = protocol.readNotice(protocol.notice.open(wire, scene), scene);
      if (report.orderNo !== no) this.#scene.fail(`${this.name} was told of ${report.orderNo} where ${no} was due`);
      if (report.kind !== 'refund') this.#learn(order, 'notice', report);
    } catch (error) {
      this.#scene.fail(`${this.name} cannot believe a notice: ${String(error)}`);
    }
    return this.#acknowledge(name);
  }

  #acknowledge(protocol: ShopOrder['protocol']): Answer {
    const { journal, isHealed, weather } = this.#scene;
    const ill = this.isDeaf || (!isHealed && this.#chance.happens(weather.message));
    if (ill) journal.count('merchant: refuses a notice');
    const reply = protocolNamed(protocol).ack.seal(ill ? 'again' : 'taken');
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: reply.body };
  }

  #learn(order: ShopOrder, how: Told['how'], report: PaymentReport | PayoutReport): void {
    order.platformNo ??= report.platformNo;
    if (report.kind === 'payment' && how === 'create') order.deskUrl ??= report.instruction.deskUrl;
    if (report.platformNo !== null && order.platformNo !== report.platformNo)
      this.#scene.fail(`${order.no} is ${order.platformNo} and ${report.platformNo}`);
    this.#hear(order, how, wordOf(report));
  }

  #hear(order: ShopOrder, how: Told['how'], word: Word): void {
    order.told.push({ how, word, at: this.#scene.clock.now });
    this.#scene.journal.note(this.name, `hears ${word} of ${order.no} by ${how}`);
    this.#scene.journal.count(`told by ${how}: ${word}`);
  }

  #note(order: ShopOrder, what: string, outcome: CallOutcome<'query-order'>): void {
    const said = outcome.kind === 'answered' ? outcome.answer.state : outcome.kind === 'declined' ? outcome.code : '';
    this.#scene.journal.note(this.name, `${what} ${order.kind} ${order.no} of ${order.minor}: ${outcome.kind} ${said}`);
  }
}

/** Refusals that say "again, please": nothing was done. */
function isBusy(code: string): boolean {
  return code === '100021' || code === 'System_busy';
}

function isOver(order: ShopOrder): boolean {
  return order.refused !== null || order.told.some(({ word }) => word !== 'pending');
}

function wordOf({ state }: PaymentReport | PayoutReport): Word {
  if (state === 'paid') return 'success';
  if (state === 'returned') return 'returned';
  return state === 'pending' || state === 'unknown' ? 'pending' : 'fail';
}

const payer = { name: 'Reza Wijaya', phone: '6285812345678', email: null, country: 'ID' } as const;

function payAsk(no: string, minor: bigint, notify: Pay['notify'], product: Product, expiresInS: number | null): Pay {
  const unified = { channelCode: 'bluepay', channelBizCode: 'gather_dynamic_VA_bluepay', productId: '2257' };
  const payType = product.payType === null ? {} : { payType: product.payType };
  return {
    orderNo: no,
    amount: money(minor, 'IDR'),
    method: product.method,
    option: product.option,
    subject: 'Electronic Cigarettes',
    payer,
    notify,
    returnUrl: null,
    expiresInS,
    authCode: null,
    agreementNo: null,
    extras: { ...payType, ...(product.protocol === 'unified' ? unified : {}) },
  };
}

function payOutAsk(no: string, minor: bigint, notify: PayOut['notify'], protocol: ShopOrder['protocol']): PayOut {
  return {
    orderNo: no,
    amount: money(minor, 'IDR'),
    payee: {
      ...payer,
      bank: 'BNI',
      account: '1077098557',
      accountName: 'Afif Asrif',
      kind: 'person',
      accountKind: 'bank-account',
    },
    subject: 'loan',
    notify,
    extras:
      protocol === 'unified'
        ? { channelCode: 'bluepay', channelBizCode: 'loan_fintech_bluepay', productId: '2257' }
        : {},
  };
}
