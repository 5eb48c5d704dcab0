/**
 * The merchant of a script: a sane client. It signs as its protocol demands, asks again with the same number while nothing is
 * heard, queries, takes notices, and remembers all it was told.
 */
import type {
  Ask,
  CallOutcome,
  CommandName,
  Find,
  Pay,
  PayOut,
  RefundAsk,
  Report,
  ReportedState,
} from '../../src/core/commands.ts';
import type { Money } from '../../src/core/money.ts';
import type { OutboundRequest, World } from '../../src/core/world.ts';
import { payAsk, payOutAsk } from '../../src/cli/asks.ts';
import { merchantSide } from '../../src/cli/parties.ts';
import { call, type Upstream } from '../../src/edge/call.ts';
import { sceneOf } from '../../src/edge/serve.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import type { SandboxMerchant } from '../../src/wiring/sandbox.ts';
import { inbound } from '../simulation/network.ts';
import type { Stage } from './stage.ts';
import type { Answer } from './wires.ts';

export type Word = 'success' | 'fail' | 'returned' | 'pending';

interface Told {
  readonly how: 'create' | 'query' | 'notice';
  readonly word: Word;
}

export type ProtocolName = 'unified' | 'payin' | 'bestpay' | 'ysepay' | 'fufu';

/** One order, as its merchant sees it. */
export interface ShopOrder {
  readonly shop: Shop;
  readonly protocol: ProtocolName;
  readonly kind: 'payment' | 'payout' | 'refund';
  readonly no: string;
  readonly amount: Money;
  readonly ask: Pay | PayOut | RefundAsk;
  /** Refunds: the payment they give back. */
  readonly payment: ShopOrder | null;
  readonly told: Told[];
  /** A create was answered: the order exists, come what may. */
  acknowledged: boolean;
  refused: string | null;
  platformNo: string | null;
  confirmNo: string | null;
  deskUrl: string | null;
}

/** Refusals that say "again, please": nothing was done. */
const busyWords: ReadonlySet<string> = new Set([
  '100021',
  'System_busy',
  'BE999999',
  'ACQ.SYSTEM_ERROR',
  'SERVICE_UNAVAILABLE',
]);

const againMs = 4_000;
const mostAgainMs = 60_000;
const mostTries = 60;

export class Shop {
  readonly id: bigint;
  readonly host: string;
  readonly orders: ShopOrder[] = [];
  /** Its receiver refuses so many notices before it takes one. */
  deafFor = 0;
  readonly #stage: Stage;
  readonly #merchant: SandboxMerchant;
  readonly #world: World;
  /** Notices that it took, by their own ids. */
  readonly taken = new Set<string>();
  /** What each notice said the first time it came, by its own id. */
  readonly #noticeWords = new Map<string, string>();

  constructor(stage: Stage, merchant: SandboxMerchant, name: string) {
    this.#stage = stage;
    this.#merchant = merchant;
    this.id = BigInt(merchant.id);
    this.host = `${name}.sim`;
    this.#world = stage.worldOf(name, 0, (request, limits) => stage.network.send('serve', request, limits));
  }

  // ── orders ────────────────────────────────────────────────────────────────────────────────────────────────────────

  payment(protocol: ProtocolName, changes: Partial<Pay> = {}): ShopOrder {
    const no = this.#newNo();
    const notify = { kind: 'http', url: `http://${this.host}/${protocol}/${no}` } as const;
    return this.#order(protocol, 'payment', payAsk(protocolNamed(protocol), no, { notify, ...changes }));
  }

  payout(protocol: ProtocolName, changes: Partial<PayOut> = {}): ShopOrder {
    const no = this.#newNo();
    const notify = { kind: 'http', url: `http://${this.host}/${protocol}/${no}` } as const;
    return this.#order(protocol, 'payout', payOutAsk(no, { notify, ...changes }));
  }

  refundOf(payment: ShopOrder, amount: Money): ShopOrder {
    const no = this.#newNo();
    const notify = { kind: 'http', url: `http://${this.host}/${payment.protocol}/${no}` } as const;
    const { no: orderNo } = payment;
    const ask = { refundNo: no, orderNo, platformNo: null, amount, reason: 'sent back', notify, extras: {} };
    return this.#order(payment.protocol, 'refund', ask, payment);
  }

  /** Some protocols want the day before anything else in a number. */
  #newNo(): string {
    return `20260115${this.host.slice(0, 1).toUpperCase()}${this.orders.length + 1}`;
  }

  #order(
    protocol: ProtocolName,
    kind: ShopOrder['kind'],
    ask: ShopOrder['ask'],
    payment: ShopOrder | null = null,
  ): ShopOrder {
    const order: ShopOrder = {
      shop: this,
      protocol,
      kind,
      no: 'refundNo' in ask ? ask.refundNo : ask.orderNo,
      amount: ask.amount,
      ask,
      payment,
      told: [],
      acknowledged: false,
      refused: null,
      platformNo: null,
      confirmNo: null,
      deskUrl: null,
    };
    this.orders.push(order);
    return order;
  }

  // ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One exchange with the gateway. */
  ask<C extends CommandName>(protocol: ProtocolName, command: C, ask: Ask<C>): Promise<CallOutcome<C>> {
    return call(this.#world, this.#party(protocol), command, ask);
  }

  #party(name: ProtocolName): Upstream {
    const protocol = protocolNamed(name);
    const document = this.#merchant.protocols[name];
    const baseUrl =
      name === 'unified' ? `http://gate.sim/${this.#merchant.protocols.unified.context}` : 'http://gate.sim';
    return { protocol, baseUrl, keys: merchantSide(protocol, { ...document }) };
  }

  /** The same request until it is answered; an unanswered one is never given up for another. */
  async create(order: ShopOrder): Promise<void> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const outcome = await this.#createOnce(order);
      this.#note(order, 'create', outcome);
      if (outcome.kind === 'answered') {
        order.acknowledged = true;
        this.#learn(order, 'create', outcome.answer);
        await this.#stage.onAcknowledged(order);
        return;
      }
      if (outcome.kind === 'declined' && !busyWords.has(outcome.code)) {
        order.refused = outcome.code;
        this.#hear(order, 'create', 'fail');
        return;
      }
      await this.#stage.clock.sleep(Math.min(againMs * 2 ** tries, mostAgainMs));
      // Whoever does not know asks first, and repeats only what nobody knows.
      if ((await this.query(order)) && order.acknowledged) return;
    }
    this.#stage.fail(`${order.no}: nobody answers the create`);
  }

  #createOnce(order: ShopOrder): Promise<CallOutcome<'pay'> | CallOutcome<'pay-out'> | CallOutcome<'refund'>> {
    const { ask, protocol } = order;
    if ('refundNo' in ask) return this.ask(protocol, 'refund', ask);
    return 'payee' in ask ? this.ask(protocol, 'pay-out', ask) : this.ask(protocol, 'pay', ask);
  }

  /** → did the gateway say anything about it, if only that it does not know it? */
  async query(order: ShopOrder): Promise<boolean> {
    const outcome = await this.#find(order);
    this.#note(order, 'query', outcome);
    if (outcome.kind === 'answered') {
      order.acknowledged = true;
      this.#learn(order, 'query', outcome.answer);
    }
    if (outcome.kind === 'not-found' && order.acknowledged)
      this.#stage.fail(`${order.no} was acknowledged and is not known to a query`);
    return outcome.kind === 'answered' || outcome.kind === 'not-found';
  }

  #find(order: ShopOrder): Promise<CallOutcome<'query-order'> | CallOutcome<'query-refund'>> {
    const { protocol, kind } = order;
    if (kind === 'refund') return this.ask(protocol, 'query-refund', findOf(order));
    if (protocol === 'unified') return this.ask(protocol, 'query-order', findOf(order));
    return this.ask(protocol, kind === 'payment' ? 'query-payment' : 'query-payout', findOf(order));
  }

  /** Asks for an order that is not its own, by the number that the platform gave it. */
  async pry(order: ShopOrder): Promise<void> {
    const { protocol, kind, platformNo } = order;
    if (platformNo === null || kind === 'refund') return;
    const command = protocol === 'unified' ? 'query-order' : kind === 'payment' ? 'query-payment' : 'query-payout';
    const outcome = await this.ask(protocol, command, { orderNo: null, platformNo, refundNo: null, extras: {} });
    if (outcome.kind === 'answered') this.#stage.fail(`${this.host} was told about ${order.no} of ${order.shop.host}`);
  }

  /** Queries until it is over, or for so long. */
  async follow(order: ShopOrder, everyMs: number, times = 40): Promise<void> {
    for (let i = 0; i < times && !isOver(order); i += 1) {
      await this.#stage.clock.sleep(everyMs);
      await this.query(order);
    }
  }

  /** Ends an unpaid payment; a refusal or silence is looked into by a query. */
  async end(order: ShopOrder, command: 'close-payment' | 'cancel-payment'): Promise<void> {
    for (let tries = 0; tries < mostTries && !isOver(order); tries += 1) {
      const outcome = await this.ask(order.protocol, command, findOf(order));
      this.#note(order, command, outcome);
      if (outcome.kind === 'answered') this.#learn(order, 'query', outcome.answer);
      else await this.query(order);
      if (!isOver(order)) await this.#stage.clock.sleep(againMs);
    }
  }

  // ── being told ────────────────────────────────────────────────────────────────────────────────────────────────────

  async receive(request: OutboundRequest): Promise<Answer> {
    const [, name = '', no = ''] = new URL(request.url).pathname.split('/');
    const order = this.orders.find((one) => one.no === no && one.protocol === name);
    if (!order) return this.#stage.fail(`${this.host} was told of ${no}, which it never made`);
    const isTaken = this.deafFor <= 0;
    this.deafFor -= 1;
    const report = this.#read(order, inbound(request));
    const named = report.kind === 'refund' ? report.refundNo : report.orderNo;
    if (named !== null && named !== order.no) this.#stage.fail(`${named} was told where ${order.no} was due`);
    const said = report.kind === 'payment' ? `${report.state} ${report.refunds?.done ?? 0n}` : report.state;
    const id = request.headers['webhook-id'] ?? '';
    this.hearNotice(order, id, wordOf(report.state), said);
    if (isTaken) this.taken.add(id);
    const reply = protocolNamed(order.protocol).ack.seal(isTaken ? 'taken' : 'again');
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: reply.body };
  }

  #read(order: ShopOrder, wire: RequestWire): Report {
    const { protocol, keys } = this.#party(order.protocol);
    const scene = sceneOf(this.#world, null, keys, null);
    try {
      return protocol.readNotice(protocol.notice.open(wire, scene), scene);
    } catch (error) {
      return this.#stage.fail(`${this.host} cannot believe a notice: ${String(error)}`);
    }
  }

  /** One notice has one content, however often it comes. `said`: all of it that may not change. */
  hearNotice(order: ShopOrder, id: string, word: Word, said: string): void {
    const first = this.#noticeWords.get(id) ?? said;
    if (first !== said) this.#stage.fail(`notice ${id} of ${order.no} said ${first}, and ${said} when it came again`);
    this.#noticeWords.set(id, first);
    this.#hear(order, 'notice', word);
  }

  #learn(order: ShopOrder, how: Told['how'], report: Report): void {
    order.platformNo ??= report.kind === 'refund' ? report.platformRefundNo : report.platformNo;
    if (report.kind === 'payment') {
      order.confirmNo ??= report.instruction.confirmNo;
      order.deskUrl ??= report.instruction.deskUrl;
    }
    this.#hear(order, how, wordOf(report.state));
  }

  #hear(order: ShopOrder, how: Told['how'], word: Word): void {
    order.told.push({ how, word });
    this.#stage.journal.note(this.host, `hears ${word} of ${order.no} by ${how}`);
  }

  #note(order: ShopOrder, what: string, outcome: CallOutcome<CommandName>): void {
    const said = outcome.kind === 'declined' ? outcome.code : outcome.kind === 'unknown' ? outcome.why : '';
    this.#stage.journal.note(this.host, `${what} ${order.kind} ${order.no}: ${outcome.kind} ${said}`);
  }
}

function findOf({ no, payment, kind }: ShopOrder): Find {
  return {
    orderNo: payment?.no ?? no,
    platformNo: null,
    refundNo: kind === 'refund' ? no : null,
    extras: {},
  };
}

function isOver(order: ShopOrder): boolean {
  return order.refused !== null || order.told.some(({ word }) => word !== 'pending');
}

function wordOf(state: ReportedState): Word {
  if (state === 'paid') return 'success';
  if (state === 'returned') return 'returned';
  return state === 'pending' || state === 'unknown' ? 'pending' : 'fail';
}
