/** Everything of one seed, wired: clock, network, processes, banks, shops, payers, and the hooks by which the auditor sees it all. */
import type { OutboundRequest } from '../../src/core/world.ts';
import type { Sql } from '../../src/store/database.ts';
import type { TwinOrder } from '../../src/twin/order.ts';
import { Auditor } from './auditor.ts';
import { began, type Books } from './books.ts';
import { Chance } from './chance.ts';
import { Clock, type NextDue } from './clock.ts';
import type { WaitingReads } from './database.ts';
import { Gateway } from './gateway.ts';
import { Journal } from './journal.ts';
import { Shop } from './merchants.ts';
import type { ShopOrder } from './orders.ts';
import { longestDelayMs, Network } from './network.ts';
import { Operators } from './operators.ts';
import { Payers } from './payers.ts';
import { Strangers } from './strangers.ts';
import type { Tooth } from './teeth.ts';
import { Upstream } from './upstream.ts';
import { type Weather, drawWeather, fairWeather } from './weather.ts';

function shown(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An invariant that does not hold; ends the seed. */
export class Broken extends Error {}

const mostDeaths = 8;
/** Statements after which a poll may find something else than before. */
const appoints = /notices|work/;

export class Scene {
  readonly books: Books;
  readonly began = began;
  readonly clock = new Clock();
  readonly chance: Chance;
  readonly journal: Journal;
  readonly network: Network;
  readonly auditor: Auditor;
  readonly payers: Payers;
  readonly strangers: Strangers;
  readonly operators: Operators;
  readonly shops: readonly Shop[];
  readonly upstreams: readonly Upstream[];
  readonly tooth: Tooth | null;
  readonly sqs = null;
  weather: Weather;
  isHealed = false;
  /** People have decided whatever was left to them. */
  isTidy = false;
  /** The first invariant that did not hold. */
  broken: Broken | null = null;
  readonly #reads: WaitingReads = new Set();
  readonly #gateways = new Set<Gateway>();
  #slots = 0;
  #deaths = 0;
  #clocksWrongUntil = 0;
  #awaits = 0;
  readonly #fate: Chance;

  constructor(books: Books, seed: number, tooth: Tooth | null, echo: boolean) {
    this.books = books;
    this.tooth = tooth;
    this.chance = new Chance(`seed ${seed}`);
    this.weather = drawWeather(this.chance.fork('weather'));
    this.#fate = this.chance.fork('fate');
    this.journal = new Journal(() => this.clock.now, echo);
    this.network = new Network(this.clock, this.chance.fork('network'), this.journal, this.weather, (work) =>
      this.spawn(work),
    );
    this.auditor = new Auditor(books, (what) => this.fail(what));
    this.payers = new Payers(this);
    this.strangers = new Strangers(this);
    this.operators = new Operators(this);
    this.upstreams = books.facts.channels.map((channel) => new Upstream(this, channel));
    this.shops = books.facts.merchants.map((merchant, index) => new Shop(this, merchant, index));
    this.#listen();
    this.clock.nextDue = () => this.#nextDue();
    this.journal.note('seed', `${seed} ${JSON.stringify(this.weather)}`);
  }

  /** Ends the seed; never returns to its caller. */
  fail(what: string): never {
    this.broken ??= new Broken(what);
    this.journal.note('BROKEN', what);
    throw this.broken;
  }

  /** Something goes on by itself; if it ends badly, so does the seed. */
  spawn(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.broken ??= error instanceof Broken ? error : new Broken(`unhandled: ${shown(error)}`);
    });
  }

  // ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────

  launch(): void {
    const gateway = new Gateway(this, ++this.#slots, this.#reads);
    this.#gateways.add(gateway);
    const started = gateway.start().catch((error: unknown) => {
      this.journal.note(gateway.name, `does not start: ${String(error)}`);
      if (gateway.alive) gateway.kill('at the start');
    });
    this.spawn(started);
  }

  /** The seed is over. */
  retire(): void {
    for (const gateway of this.#gateways) gateway.retire();
  }

  /** One that serves, or null while all are down. */
  someGateway(): Gateway | null {
    const up = [...this.#gateways].filter((gateway) => gateway.isUp);
    return up.length === 0 ? null : this.#fate.pick(up);
  }

  shallDie(isUp: boolean): boolean {
    if (this.isHealed || this.#deaths >= mostDeaths) return false;
    this.#awaits += 1;
    return (this.#awaits === this.weather.crashAt && isUp) || this.#fate.happens(this.weather.crash);
  }

  commitFate(): null {
    return null;
  }

  onDeath(gateway: Gateway): void {
    this.#deaths += 1;
    this.#gateways.delete(gateway);
    this.clock.after(this.#fate.between(300, 25_000), () => this.launch());
  }

  /** From now on nothing goes wrong any more; what went wrong before must come to its end. */
  heal(): void {
    this.isHealed = true;
    this.weather = { ...fairWeather, name: this.weather.name };
    this.network.weather = this.weather;
    for (const gateway of this.#gateways) gateway.stepClock(0);
    this.journal.note('seed', 'healed');
  }

  get awaits(): number {
    return this.#awaits;
  }

  // ── hooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async onStored(names: ReadonlySet<string>): Promise<void> {
    if ([...names].some((name) => appoints.test(name))) this.clock.touch();
    await this.auditor.onStored(names);
  }

  onExecuted(upstream: Upstream, order: TwinOrder): void {
    this.payers.meet(upstream, order);
  }

  onFirstSight(upstream: Upstream, reference: string): Promise<void> {
    return this.#look(() => this.auditor.mustBeAttempt(upstream, reference));
  }

  onAcknowledged(order: ShopOrder, no = order.no): Promise<void> {
    return this.#look(() => this.auditor.mustExist(order, no));
  }

  onHeard(upstream: Upstream, request: OutboundRequest): Promise<void> {
    return this.#look(() => this.auditor.mustBeHeard(upstream, request));
  }

  /** What somebody outside could know, read where it stands. */
  look<T>(statement: Sql): Promise<T[]> {
    return this.#look(() => this.books.owner.run<T>(statement));
  }

  lookWith<T>(look: () => Promise<T>): Promise<T> {
    return this.#look(look);
  }

  /** An hour ahead or behind, until `ms` from now. */
  stepClock(ms: number, forMs: number): void {
    const gateway = this.someGateway();
    if (!gateway) return;
    gateway.stepClock(ms);
    this.#clocksWrongUntil = this.clock.now + forMs + longestDelayMs;
    this.clock.after(forMs, () => gateway.stepClock(0));
  }

  /** Was one, so lately that something of it may be on its way? */
  isSomeClockWrong(): boolean {
    return this.clock.now < this.#clocksWrongUntil;
  }

  /** A look into the database is an event of its own: nothing else runs beside it. */
  #look<T>(look: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.clock.after(0, () => look().then(resolve, reject));
    });
  }

  #listen(): void {
    this.network.listen('gate.sim', () => {
      const gateway = this.someGateway();
      return gateway && ((request) => gateway.receive(request));
    });
    for (const upstream of this.upstreams)
      this.network.listen(`${upstream.protocol}.twin`, () => (request) => upstream.receive(request));
    for (const shop of this.shops) this.network.listen(shop.host, () => (request) => shop.receive(request));
  }

  async #nextDue(): Promise<NextDue> {
    const [row] = await this.books.owner.run<{ notices: bigint | null; work: bigint | null }>({
      name: 'simulation-next-due',
      text: 'select (select min(due_at) from kanal.notices_due) as notices, (select min(due_at) from kanal.work) as work',
      values: [],
    });
    const since = (at: bigint | null | undefined) => (at === null || at === undefined ? null : Number(at) - began);
    return { notices: since(row?.notices), work: since(row?.work) };
  }
}
