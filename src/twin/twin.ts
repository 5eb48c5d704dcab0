/**
 * A twin without its sockets: bytes in, an emission out, time by `tick`. `server.ts` puts it behind two listeners; a
 * simulation calls it directly. It speaks through the same protocol value that the gateway calls it with.
 */
import { type Answer, type Ask, type CommandName, numbersIn } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { Instant, World } from '../core/world.ts';
import { type Request, serve } from '../edge/serve.ts';
import type { Obj } from '../protocols/json.ts';
import type { Keys, Protocol, ReplyWire, RequestWire } from '../protocols/protocol.ts';
import { Bank } from './bank.ts';
import { writeStatement } from '../core/statement.ts';
import { billOf, statementLinesOf } from './bill.ts';
import { Courier, type SentCallback } from './courier.ts';
import { claimedState, forgedReply, maintenancePage, serverError, wrongAmounts } from './damage.ts';
import { type CallbackFault, type Fault, type FaultKind, magicFor, type Plan, type Subject } from './faults.ts';
import { type Execution, executionOf, type Outcome, type TwinOrder, type View } from './order.ts';
import { Plans, type Resolve } from './plans.ts';
import type { SeenRequest, TwinStore } from './store.ts';

export interface TwinOptions {
  readonly protocol: Protocol;
  /** The other side of the channel's keys: they open what the gateway seals and seal what it opens. */
  readonly keys: Keys;
  readonly store: TwinStore;
  readonly world: World;
  /** Where callbacks go unless the ask names an address; '' = nowhere. */
  readonly callbackUrl: () => string;
  /** Address of the payer page for a code or number. */
  readonly payPage: (code: string) => string;
  /** Address of a day's statement, YYYY-MM-DD. */
  readonly statementUrl: (day: string) => string;
  readonly resolve?: Resolve;
  /** Separates twins in one store; default the protocol's name. */
  readonly name?: string;
  /** Minutes east of UTC of the twin's days; default 480. */
  readonly offsetMinutes?: number;
}

/** What becomes of a request on the wire. */
export type Emission =
  /** `cutAfter`: so many bytes of the body, then the connection breaks; null = all of it. */
  | { readonly kind: 'reply'; readonly reply: ReplyWire; readonly cutAfter: number | null }
  | { readonly kind: 'cut' }
  /** No answer; the connection stays open. */
  | { readonly kind: 'silence' };

export interface StatementLine extends Execution {
  readonly upstreamNo: string;
  /** Minor units as text. */
  readonly fee: string;
  readonly finishedAt: Instant;
}

export interface PayWish {
  readonly outcome: Outcome;
  /** Minor units; null = as ordered. */
  readonly amount: bigint | null;
  /** Pay a paid order once more. */
  readonly again: boolean;
}

const lateMs = 3_000;
const dayMs = 86_400_000;
const listed = 100_000;

const spoil: Readonly<Partial<Record<FaultKind, (reply: ReplyWire) => ReplyWire>>> = {
  'http-500': () => serverError,
  html: () => maintenancePage,
  'bad-signature': forgedReply,
};

export class Twin {
  readonly name: string;
  readonly plans: Plans;
  readonly #options: TwinOptions;
  readonly #bank: Bank;
  readonly #courier: Courier;

  /** Use `openTwin`. */
  constructor(options: TwinOptions) {
    const { protocol, keys, store, world, callbackUrl, statementUrl } = options;
    const name = options.name ?? protocol.name;
    const closesUnpaid = keys.setting('closesUnpaid') === 'true';
    const view = (): View => ({
      now: world.now(),
      payPage: (order) => options.payPage(order.payCode ?? order.upstreamNo),
    });
    this.name = name;
    this.#options = options;
    this.plans = new Plans(name, store, world, options.resolve ?? (async () => []));
    this.#courier = new Courier({ name, protocol, keys, store, world, callbackUrl, view });
    this.#bank = new Bank({ name, protocol, store, world, courier: this.#courier, view, statementUrl, closesUnpaid });
  }

  /** Never throws: what cannot be served is answered in the protocol's own words, or with HTTP 404. */
  async answer(wire: RequestWire): Promise<Emission> {
    const { protocol, keys, world } = this.#options;
    await this.#record(wire);
    let faults: readonly Fault[] = [];
    const served = await serve(protocol, wire, {
      world,
      find: (_protocol, sender) => (sender === keys.sender ? { keys, addresses: [], is: null } : null),
      carryOut: async (request: Request<null>) => {
        faults = await this.#faultsFor(request);
        return this.#carryOut(request, faults);
      },
    });
    if (served === null) return { kind: 'reply', reply: nothingHere, cutAfter: null };
    return this.#emit(served.reply, faults);
  }

  /** Does what is due: payouts succeed, callbacks leave. Resolves when the receivers have answered. */
  async tick(): Promise<void> {
    await this.advance();
    await this.#courier.settled();
  }

  /** Like `tick`, without waiting for the receivers. Returns when the next thing is due, null = nothing. */
  async advance(): Promise<Instant | null> {
    const { world, store } = this.#options;
    await this.#bank.advance(world.now());
    await this.#courier.start(world.now());
    return store.nextDue(this.name);
  }

  /** Callbacks that are on their way. */
  settled(): Promise<void> {
    return this.#courier.settled();
  }

  /**
   * The order behind a reference, pay code, the twin's own number, or anything the gateway can resolve; the newest that still
   * waits when there are several. Null when there is none.
   */
  async order(number: string): Promise<TwinOrder | null> {
    const all = (await this.#named(number)).filter(({ kind }) => kind !== 'agreement');
    return all.find(({ outcome }) => outcome === 'pending') ?? all[0] ?? null;
  }

  /** The code that was "sent" to the payer for an order or agreement; null when there is none. */
  async smsOf(number: string): Promise<{ reference: string; confirmNo: string | null; code: string } | null> {
    const order = (await this.#named(number)).find(({ smsCode }) => smsCode !== null);
    if (order === undefined || order.smsCode === null) return null;
    return { reference: order.reference, confirmNo: order.confirmNo, code: order.smsCode };
  }

  async #named(number: string): Promise<readonly TwinOrder[]> {
    const { store, resolve } = this.#options;
    const own = await store.find(this.name, numberIn(number));
    const references = own.length > 0 ? [] : ((await resolve?.(number)) ?? []);
    const resolved = await Promise.all(references.map((reference) => store.find(this.name, reference)));
    return [...own, ...resolved.flat()];
  }

  /** Be the payer (or the payee's bank). Null when the order cannot become that any more. */
  async pay(order: TwinOrder, { outcome, amount, again }: PayWish): Promise<TwinOrder | null> {
    const at = this.#options.world.now();
    const settlement = { outcome, at, ...(amount === null ? {} : { amount }) };
    const decided = await this.#bank.decide(order, settlement, again);
    if (decided !== null) return decided;
    const now = await this.#options.store.get(this.name, order.space, order.reference);
    return now?.outcome === outcome ? now : null;
  }

  /** Sends callbacks about an order as it is, or as the fault claims. Null when the protocol has no words for that state. */
  async callBack(order: TwinOrder, fault: CallbackFault): Promise<readonly SentCallback[] | null> {
    const callbacks = this.#courier.compose(order, fault, false);
    if (callbacks.length === 0 && fault.times > 0) return null;
    if (fault.delayMs === 0) return Promise.all(callbacks.map((callback) => this.#courier.send(callback)));
    await this.#options.store.save(this.name, { callbacks });
    return [];
  }

  async orders(limit: number): Promise<readonly TwinOrder[]> {
    return this.#options.store.list(this.name, { limit });
  }

  /** What really moved, newest first. */
  async executions(): Promise<readonly Execution[]> {
    const orders = await this.orders(listed);
    return orders.filter(({ kind }) => kind !== 'agreement').map(executionOf);
  }

  /** What was decided on a day (YYYY-MM-DD, the twin's zone), in order. */
  async statement(day: string): Promise<readonly StatementLine[]> {
    const { from, orders } = await this.#finishedOn(day);
    return orders
      .filter(({ kind }) => kind !== 'agreement')
      .map((order) => ({
        ...executionOf(order),
        upstreamNo: order.upstreamNo,
        fee: order.fee.toString(),
        finishedAt: order.finishedAt ?? from,
      }));
  }

  /** The same day as the file that such channels hand out. */
  async bill(day: string): Promise<string> {
    const { orders } = await this.#finishedOn(day);
    return billOf(orders, this.#options.offsetMinutes ?? 480);
  }

  /** The same day in the columns that any channel's statement may be given to us in. */
  async statementFile(day: string): Promise<string> {
    const { orders } = await this.#finishedOn(day);
    return writeStatement(orders.flatMap(statementLinesOf));
  }

  async #finishedOn(day: string) {
    const from = Date.parse(`${day}T00:00:00Z`) - (this.#options.offsetMinutes ?? 480) * 60_000;
    const finished = { from, to: from + dayMs };
    return { from, orders: await this.#options.store.list(this.name, { finished, limit: listed }) };
  }

  requests(limit: number): Promise<readonly SeenRequest[]> {
    return this.#options.store.requests(this.name, limit);
  }

  addPlan(body: Obj): Promise<Plan> {
    return this.plans.add(body);
  }

  // ── one request ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #record(wire: RequestWire): Promise<void> {
    const { store, world, protocol } = this.#options;
    const body = withoutMembers(wire.body, protocol.unkept ?? []);
    const text = Buffer.from(body).toString('utf8');
    // PostgreSQL's text has no NUL, and bytes that are no UTF-8 would be lost.
    const isText = Buffer.from(text, 'utf8').equals(body) && !text.includes('\0');
    await store.addRequest(this.name, {
      id: world.newId().toString(),
      at: world.now(),
      method: wire.method,
      target: wire.target,
      headers: wire.headers,
      body: isText ? text : Buffer.from(body).toString('base64'),
      encoding: isText ? 'utf8' : 'base64',
    });
  }

  async #faultsFor({ endpoint, ask }: Request<null>): Promise<readonly Fault[]> {
    const fromPlan = await this.plans.take(() => this.#subject(endpoint.command, ask));
    const created = createdBy(endpoint.command, ask);
    if (fromPlan.length > 0 || created === null || magicFor(created.minor) === null) return fromPlan;
    const known = await this.#options.store.find(this.name, created.reference);
    const isNew = known.every(({ reference }) => reference !== created.reference);
    return isNew ? this.plans.magic(`${endpoint.command} ${created.reference}`, created.minor) : [];
  }

  async #subject(operation: CommandName, ask: Ask): Promise<Subject> {
    const numbers = new Set(numbersIn(ask));
    const found = (await Promise.all([...numbers].map((number) => this.#options.store.find(this.name, number)))).flat();
    for (const { reference, paymentReference } of found) {
      numbers.add(reference);
      if (paymentReference !== null) numbers.add(paymentReference);
    }
    const minor = 'amount' in ask ? ask.amount.minor : found[0]?.amount.minor;
    return { operation, numbers, amount: minor?.toString() ?? null };
  }

  async #carryOut({ endpoint, ask, fingerprint }: Request<null>, faults: readonly Fault[]): Promise<Answer> {
    if (faults.some(({ kind }) => kind === 'drop-before')) throw new Refusal('internal');
    const no = faults.find(({ kind }) => kind === 'decline');
    if (no) throw new Refusal('channel-declined', no.code === null ? {} : { channelCode: no.code });
    const errand = { fingerprint: Buffer.from(fingerprint).toString('hex'), faults };
    const answer = await this.#bank.carryOut(endpoint.command, ask, errand);
    const early = faults.find(({ callback }) => callback?.beforeReply)?.callback;
    if (early) await this.#tellFirst(ask, early);
    return faults.some(({ kind }) => kind === 'wrong-amount') ? wrongAmounts(answer) : answer;
  }

  /** The result overtakes the reply, which still says what it would have said. */
  async #tellFirst(ask: Ask, { status, forged }: CallbackFault): Promise<void> {
    const isOpen = forged || (status !== null && claimedState(status).state === 'pending');
    const [reference] = numbersIn(ask);
    const order = reference === undefined ? null : await this.order(reference);
    if (order !== null && !isOpen) await this.#bank.decide(order, { outcome: 'paid', at: this.#options.world.now() });
    await this.tick();
  }

  async #emit(sealed: ReplyWire, faults: readonly Fault[]): Promise<Emission> {
    if (faults.some(({ kind }) => kind === 'drop-before')) return { kind: 'cut' };
    if (faults.some(({ kind }) => kind === 'execute-and-never-answer')) return { kind: 'silence' };
    const reply = faults.reduce((current, { kind }) => spoil[kind]?.(current) ?? current, sealed);
    const late = faults.find(({ kind }) => kind === 'answer-late');
    if (late) await this.#options.world.sleep(late.ms ?? lateMs);
    const short = faults.find(({ kind }) => kind === 'truncate');
    return { kind: 'reply', reply, cutAfter: short ? cutAt(reply.body.length, short.bytes) : null };
  }
}

/** A twin that remembers its plans. */
export async function openTwin(options: TwinOptions): Promise<Twin> {
  const twin = new Twin(options);
  await twin.plans.load();
  return twin;
}

/** A payload that is an address names the order in its query: one-code links, payer pages. */
function numberIn(text: string): string {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return text;
  const { searchParams } = new URL(text);
  return searchParams.get('tradeNo') ?? searchParams.get('code') ?? text;
}

/** Values of those members blanked out, whether the JSON stands as it is or escaped inside a form. */
function withoutMembers(body: Uint8Array, names: readonly string[]): Uint8Array {
  if (names.length === 0) return body;
  const member = new RegExp(`(${names.join('|')})("|%22)(\\s*(?::|%3A)\\s*)("|%22)(?:(?!"|%22).)*`, 'gi');
  return Buffer.from(Buffer.from(body).toString('latin1').replaceAll(member, '$1$2$3$4*'), 'latin1');
}

/** Always short of the end: a whole answer is not truncated. */
function cutAt(length: number, bytes: number | null): number {
  return Math.max(0, Math.min(bytes ?? Math.floor(length / 2), length - 1));
}

const nothingHere: ReplyWire = { kind: 'reply', status: 404, headers: [], body: new Uint8Array(0) };

/** What a command would create, and for how much. */
function createdBy(command: CommandName, ask: Ask): { reference: string; minor: bigint } | null {
  if (!['pay', 'pay-out', 'refund'].includes(command) || !('amount' in ask)) return null;
  return { reference: 'refundNo' in ask ? ask.refundNo : ask.orderNo, minor: ask.amount.minor };
}
