/**
 * The bank inside a twin: carries out the core's commands on orders of its own. Each reference is executed at most once:
 * the same ask again is answered like the first, another ask under the same reference is a conflict.
 */
import { banks } from '../core/banks.ts';
import type {
  AgreementReport,
  Answer,
  Ask,
  CommandName,
  Commands,
  Confirm,
  Find,
  Pay,
  PaymentReport,
  PayOut,
  PayoutReport,
  RefundAsk,
  RefundReport,
  SignAgreement,
} from '../core/commands.ts';
import { type Currency, money } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import type { Instant, World } from '../core/world.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Courier } from './courier.ts';
import type { Fault } from './faults.ts';
import { type Made, type Making, newAgreement, newCode, newPayment, newPayout, newRefund } from './making.ts';
import {
  agreementReport,
  mayBecome,
  type OrderKind,
  ownNumbers,
  payAgain,
  paymentReport,
  payoutReport,
  refundReport,
  type Settlement,
  settle,
  type TwinOrder,
  type View,
} from './order.ts';
import { planned } from './planned.ts';
import type { TwinStore } from './store.ts';
import { Turns } from './turns.ts';

export interface BankOptions {
  readonly name: string;
  readonly protocol: Protocol;
  readonly store: TwinStore;
  readonly world: World;
  readonly courier: Courier;
  readonly view: () => View;
  readonly statementUrl: (day: string) => string;
  /** Unpaid orders end by themselves when their time is over. */
  readonly closesUnpaid?: boolean;
}

/** One request, as the bank sees it. */
export interface Errand {
  /** Hex. */
  readonly fingerprint: string;
  /** What a plan does to it. */
  readonly faults: readonly Fault[];
}

type Doers = {
  readonly [C in CommandName]: (ask: Commands[C]['ask'], errand: Errand) => Promise<Commands[C]['answer']>;
};

/** Payouts succeed by themselves after this business wait (interface.md). */
const payoutMs = 3_000;
/** SMS codes: how long they are good (scaled), and how many wrong ones may be given. */
const codeMs = 600_000;
const mostTries = 5;
const opening: Readonly<Record<Currency, bigint>> = {
  IDR: 1_000_000_000_000n,
  CNY: 100_000_000_000n,
  THB: 100_000_000_000n,
  HKD: 100_000_000_000n,
  USD: 100_000_000_000n,
  JPY: 1_000_000_000_000n,
};
/** A failed refund is tried again under its own number (fufu page, section 9.3); nothing moved the first time. */
function isToTryAgain({ kind, outcome }: TwinOrder): boolean {
  return kind === 'refund' && (outcome === 'declined' || outcome === 'cancelled');
}

/** An order that waits for its payer does so until then. */
function closing(order: TwinOrder, at: Instant | null): TwinOrder {
  const waits = order.outcome === 'pending' && order.next === null;
  return waits && at !== null ? { ...order, next: { at, outcome: 'closed' } } : order;
}

export class Bank {
  readonly #options: BankOptions;
  readonly #turns = new Turns();
  readonly #doers: Doers;

  constructor(options: BankOptions) {
    this.#options = options;
    this.#doers = {
      pay: (ask, errand) => this.#pay(ask, errand),
      'pay-out': (ask, errand) => this.#payOut(ask, errand),
      refund: (ask, errand) => this.#refund(ask, errand),
      'query-payment': async (ask, errand) => this.#payment(await this.#queried('payment', ask, errand)),
      'query-payout': async (ask, errand) => this.#payout(await this.#queried('payout', ask, errand)),
      'query-order': (ask, errand) => this.#either(ask, errand),
      'query-refund': async (ask, errand) => this.#refundReport(await this.#queried('refund', ask, errand)),
      'close-payment': (ask) => this.#end(ask, 'closed'),
      'cancel-payment': (ask) => this.#end(ask, 'reversed'),
      'confirm-payment': async (ask, errand) => this.#payment(await this.#confirmed('payment', ask, errand)),
      'resend-code': (ask) => this.#resend(ask),
      'sign-agreement': (ask, errand) => this.#sign(ask, errand),
      'confirm-agreement': async (ask, errand) => agreementReport(await this.#confirmed('agreement', ask, errand)),
      'query-agreement': async (ask) => agreementReport(await this.#known('agreement', ask)),
      'cancel-agreement': async (ask) => agreementReport(await this.#cancelAgreement(ask)),
      'query-balance': async ({ currency }) => this.#balance(currency ?? this.#currency()),
      'list-banks': async ({ purpose }) =>
        banks.filter(({ purposes }) => purposes.includes(purpose)).map(({ code, name }) => ({ id: code, code, name })),
      'get-statement': async ({ day }) => ({ url: options.statementUrl(day) }),
    };
  }

  carryOut<C extends CommandName>(command: C, ask: Ask<C>, errand: Errand): Promise<Answer<C>> {
    return this.#doers[command](ask, errand);
  }

  /** The order a query names, or null. */
  async lookUp(kind: OrderKind, { orderNo, platformNo, refundNo }: Find): Promise<TwinOrder | null> {
    const { store, name } = this.#options;
    if (platformNo !== null) return this.#numbered(kind, platformNo);
    const reference = kind === 'refund' ? (refundNo ?? orderNo) : orderNo;
    if (reference === null) return null;
    const order = await store.get(name, this.#space(kind), reference);
    return order?.kind === kind ? order : null;
  }

  /** By its own number, or by that of a further payment of it. */
  async #numbered(kind: OrderKind, platformNo: string): Promise<TwinOrder | null> {
    const { store, name } = this.#options;
    for (const { upstreamNo, count } of ownNumbers(platformNo)) {
      const found = (await store.find(name, upstreamNo)).find((order) => order.kind === kind);
      if (found && found.count >= count) return found;
    }
    return null;
  }

  /** Decides an order. Null when it cannot become that; `again` pays a paid one a second time. */
  async decide(order: TwinOrder, settlement: Settlement, again = false): Promise<TwinOrder | null> {
    return this.#turn(order, (current) => {
      if (again && current.outcome === 'paid' && settlement.outcome === 'paid')
        return this.#keep(payAgain(current, settlement.at, settlement.amount));
      return mayBecome(current, settlement.outcome) ? this.#keep(settle(current, settlement)) : Promise.resolve(null);
    });
  }

  /** What happens by itself: payouts succeed, pending results come out, payouts come back. */
  async advance(now: Instant): Promise<void> {
    const { store, name } = this.#options;
    for (const due of await store.dueOrders(name, now, 100)) {
      await this.#turn(due, async (current) => {
        if (current.next === null || current.next.at > now) return;
        const { outcome } = current.next;
        if (mayBecome(current, outcome)) await this.#keep(settle(current, { outcome, at: now }));
        else await store.save(name, { orders: [{ ...current, next: null }] });
      });
    }
  }

  // ── creating ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #pay(ask: Pay, errand: Errand): Promise<PaymentReport> {
    if (ask.agreementNo !== null) await this.#checkAgreement(ask.agreementNo);
    const make = () => newPayment(ask, this.#making());
    return this.#payment(await this.#create('payment', ask.orderNo, errand, make, undefined, this.#closesAt(ask)));
  }

  async #payOut(ask: PayOut, errand: Errand): Promise<PayoutReport> {
    const make = () => newPayout(ask, this.#making(), this.#payoutMs());
    return this.#payout(await this.#create('payout', ask.orderNo, errand, make));
  }

  /** The payment's turn is kept while the refund is stored: parallel refunds never exceed what was paid. */
  async #refund(ask: RefundAsk, errand: Errand): Promise<RefundReport> {
    const payment = await this.lookUp('payment', { ...ask, refundNo: null });
    if (payment === null) throw new Refusal('not-found', { field: 'orderNo' });
    const make = () => newRefund(ask, payment, this.#making());
    const save = (refund: TwinOrder) => this.#turn(payment, (current) => this.#saveRefund(current, refund));
    return this.#refundReport(await this.#create('refund', ask.refundNo, errand, make, save));
  }

  async #saveRefund(payment: TwinOrder, refund: TwinOrder): Promise<void> {
    const refunded = payment.refunded + refund.amount.minor;
    if (payment.outcome !== 'paid') throw new Refusal('conflict', { why: 'not-paid' });
    if (refund.amount.currency !== payment.amount.currency)
      throw new Refusal('conflict', { field: 'amount', why: 'currency' });
    if (refunded > payment.paid * BigInt(payment.count))
      throw new Refusal('limit-exceeded', { field: 'amount', why: 'amount' });
    await this.#save(refund, { ...payment, refunded });
  }

  /** A refund that failed leaves its amount to be refunded. */
  async #giveBack(refund: TwinOrder): Promise<void> {
    const { store, name } = this.#options;
    const payment = await store.get(name, this.#space('payment'), refund.paymentReference ?? '');
    if (payment === null) return;
    await this.#turn(payment, async (current) => {
      await store.save(name, { orders: [{ ...current, refunded: current.refunded - refund.amount.minor }] });
    });
  }

  async #sign(ask: SignAgreement, errand: Errand): Promise<AgreementReport> {
    const make = () => newAgreement(ask, this.#currency(), this.#making());
    return agreementReport(await this.#create('agreement', ask.orderNo, errand, make));
  }

  /** At most once per reference. `store` is how a new order is kept; what is not executed is kept nowhere. */
  #create(
    kind: OrderKind,
    reference: string,
    errand: Errand,
    make: () => Made,
    save: (order: TwinOrder) => Promise<void> = (order) => this.#save(order),
    closesAt: Instant | null = null,
  ): Promise<TwinOrder> {
    const { store, name, world } = this.#options;
    const space = this.#space(kind);
    const { fingerprint, faults } = errand;
    return this.#turns.take(`new\n${space}\n${reference}`, async () => {
      const known = await store.get(name, space, reference);
      if (known !== null && (known.kind !== kind || known.fingerprint !== fingerprint))
        throw new Refusal('conflict', { field: 'orderNo', text: 'the number is taken by another order' });
      if (known !== null && !isToTryAgain(known)) return known;
      const made = { ...make(), ...(known === null ? {} : { upstreamNo: known.upstreamNo }) };
      const asked = planned({ ...made, space, reference, fingerprint }, faults, world.now(), this.#payoutMs());
      const order = closing(asked, closesAt);
      if (faults.every(({ executed }) => executed)) await save(order);
      return order;
    });
  }

  #making(): Making {
    const { protocol, world, courier } = this.#options;
    return {
      now: world.now(),
      nonce: (bytes) => world.nonce(bytes),
      numbers: protocol.numbers,
      codeMs: world.scaled(codeMs),
      keptUrl: (asked) => courier.keptUrl(asked),
    };
  }

  #closesAt({ expiresInS }: Pay): Instant | null {
    const { closesUnpaid, world } = this.#options;
    return closesUnpaid === true && expiresInS !== null ? world.now() + world.scaled(expiresInS * 1_000) : null;
  }

  #payoutMs(): number {
    return this.#options.world.scaled(payoutMs);
  }

  // ── asking and changing ───────────────────────────────────────────────────────────────────────────────────────────

  /** The order a query sees: plans may hide it or keep its result back, from now on for a while. */
  async #queried(kind: OrderKind, find: Find, { faults }: Errand): Promise<TwinOrder> {
    const { world } = this.#options;
    const now = world.now();
    const hide = faults.find((fault) => fault.kind === 'not-found');
    const delay = faults.find((fault) => fault.kind === 'pending');
    let order = await this.lookUp(kind, find);
    if (order !== null && (hide?.ms || delay?.ms)) {
      order = await this.#turn(order, async (current) => {
        const changed = {
          ...current,
          hiddenUntil: Math.max(current.hiddenUntil, now + (hide?.ms ?? 0)),
          pendingUntil: Math.max(current.pendingUntil, now + (delay?.ms ?? 0)),
        };
        await this.#options.store.save(this.#options.name, { orders: [changed] });
        return changed;
      });
    }
    if (order === null || hide || now < order.hiddenUntil) throw new Refusal('not-found', { field: 'orderNo' });
    return delay ? { ...order, pendingUntil: Number.MAX_SAFE_INTEGER } : order;
  }

  async #known(kind: OrderKind, find: Find): Promise<TwinOrder> {
    const order = await this.lookUp(kind, find);
    if (order === null) throw new Refusal('not-found', { field: 'orderNo' });
    return order;
  }

  async #either(find: Find, errand: Errand): Promise<PaymentReport | PayoutReport> {
    const isPayout = (await this.lookUp('payment', find)) === null;
    if (isPayout) return this.#payout(await this.#queried('payout', find, errand));
    return this.#payment(await this.#queried('payment', find, errand));
  }

  async #end(find: Find, outcome: 'closed' | 'reversed'): Promise<PaymentReport> {
    const order = await this.#known('payment', find);
    if (order.outcome === outcome) return this.#payment(order);
    // Where cancelling has rules of its own, what is paid is refunded and not reversed.
    const isPaidFor = order.outcome === 'paid' && this.#options.protocol.conduct?.cancel !== undefined;
    if (outcome === 'reversed' && isPaidFor) throw new Refusal('conflict', { why: 'paid' });
    if (outcome === 'reversed' && order.refunded > 0n) throw new Refusal('conflict', { why: 'refunded' });
    const decided = await this.decide(order, { outcome, at: this.#options.world.now() });
    if (decided === null) throw new Refusal('conflict', { why: order.outcome });
    return this.#payment(decided);
  }

  async #confirmed(kind: OrderKind, ask: Confirm, errand: Errand): Promise<TwinOrder> {
    const { world } = this.#options;
    const order = await this.#toConfirm(kind, ask);
    if (!errand.faults.every(({ executed }) => executed)) return order;
    const now = world.now();
    return this.#turn(order, async (current) => {
      if (current.outcome === 'paid' || current.confirmedAt !== null) return current;
      if (!mayBecome(current, 'paid')) throw new Refusal('conflict', { why: current.outcome });
      await this.#checkCode(current, ask.code, now);
      const paid = settle({ ...current, confirmedAt: now }, { outcome: 'paid', at: now });
      return this.#keep(planned(paid, errand.faults, now, this.#payoutMs()));
    });
  }

  /** Wrong, too old and tried too often are answered alike. */
  async #checkCode(order: TwinOrder, code: string, now: Instant): Promise<void> {
    const isGood = order.smsTries < mostTries && order.smsUntil !== null && now < order.smsUntil;
    if (isGood && order.smsCode === code) return;
    const { store, name } = this.#options;
    await store.save(name, { orders: [{ ...order, smsTries: order.smsTries + 1 }] });
    throw new Refusal('channel-declined', { why: 'sms-code', text: 'the code is wrong' });
  }

  async #toConfirm(kind: OrderKind, { confirmNo, orderNo }: Confirm): Promise<TwinOrder> {
    const { store, name } = this.#options;
    const found = confirmNo === null ? [] : await store.find(name, confirmNo);
    const order = found.find((candidate) => candidate.kind === kind);
    return order ?? this.#known(kind, { orderNo, platformNo: null, refundNo: null, extras: {} });
  }

  async #resend(ask: Confirm): Promise<PaymentReport> {
    const { store, name } = this.#options;
    const order = await this.#toConfirm('payment', ask);
    return this.#turn(order, async (current) => {
      if (current.outcome !== 'pending') throw new Refusal('conflict', { why: current.outcome });
      const renewed = { ...current, ...newCode(this.#making()) };
      await store.save(name, { orders: [renewed] });
      return this.#payment(renewed);
    });
  }

  async #checkAgreement(agreementNo: string): Promise<void> {
    const { store, name } = this.#options;
    const agreement = (await store.find(name, agreementNo)).find(({ kind }) => kind === 'agreement');
    // One that we never heard of may be older than this twin's memory.
    if (agreement && agreement.outcome !== 'paid') throw new Refusal('channel-declined', { why: 'agreement' });
  }

  async #cancelAgreement(find: Find): Promise<TwinOrder> {
    const order = await this.#known('agreement', find);
    return (await this.decide(order, { outcome: 'cancelled', at: this.#options.world.now() })) ?? order;
  }

  // ── keeping and telling ───────────────────────────────────────────────────────────────────────────────────────────

  /** Runs with the newest version of the order; nobody else changes it meanwhile. A refund's turn may take its payment's, never the other way. */
  #turn<T>(order: TwinOrder, work: (current: TwinOrder) => Promise<T>): Promise<T> {
    const { store, name } = this.#options;
    const key = order.kind === 'payment' ? 'payment' : 'other';
    return this.#turns.take(`${key}\n${order.space}\n${order.reference}`, async () =>
      work((await store.get(name, order.space, order.reference)) ?? order),
    );
  }

  /** A new order, with what it makes us say. */
  async #save(order: TwinOrder, payment?: TwinOrder): Promise<void> {
    const { store, name, courier } = this.#options;
    const said = order.outcome === 'pending' ? [] : courier.onSettled(order);
    const orders = payment === undefined ? [order] : [order, payment];
    await store.save(name, { orders, callbacks: [...courier.onCreated(order), ...said] });
  }

  /** A changed order, with what the change makes us say. */
  async #keep(order: TwinOrder): Promise<TwinOrder> {
    const { store, name, courier } = this.#options;
    const callbacks = order.outcome === 'pending' ? [] : courier.onSettled(order);
    await store.save(name, { orders: [order], callbacks });
    if (order.kind === 'refund' && order.outcome !== 'paid' && order.outcome !== 'pending') await this.#giveBack(order);
    return order;
  }

  #space(kind: OrderKind): string {
    const command = { payment: 'pay', payout: 'pay-out', refund: 'refund', agreement: 'sign-agreement' } as const;
    return this.#options.protocol.numberSpace(command[kind]);
  }

  #payment(order: TwinOrder): PaymentReport {
    return paymentReport(order, this.#options.view());
  }

  #payout(order: TwinOrder): PayoutReport {
    return payoutReport(order, this.#options.view());
  }

  async #refundReport(order: TwinOrder): Promise<RefundReport> {
    const { store, name, view } = this.#options;
    return refundReport(order, await store.get(name, this.#space('payment'), order.paymentReference ?? ''), view());
  }

  #currency(): Currency {
    return this.#options.protocol.capabilities[0]?.currencies[0] ?? 'IDR';
  }

  async #balance(currency: Currency) {
    const { store, name } = this.#options;
    const moved = await store.balance(name, currency);
    return { available: money(opening[currency] + moved, currency), held: money(0n, currency) };
  }
}
