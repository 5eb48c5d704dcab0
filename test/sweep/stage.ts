/** Everything of one run, wired: clock, process, banks, shops, and the hooks by which the auditor sees it all. */
import type { OutboundRequest, SendLimits, Sent, World } from '../../src/core/world.ts';
import { makeQueue } from '../../src/wiring/queue.ts';
import type { SqsPort } from '../../src/wiring/ports.ts';
import { idMaker } from '../../src/world.ts';
import { readConfig } from '../../src/config.ts';
import { Auditor } from '../simulation/auditor.ts';
import { began, type Books } from '../simulation/books.ts';
import { Chance } from '../simulation/chance.ts';
import { Clock, type NextDue } from '../simulation/clock.ts';
import type { CommitFate, WaitingReads } from '../simulation/database.ts';
import { Gateway, type Ground } from '../simulation/gateway.ts';
import { Journal } from '../simulation/journal.ts';
import type { Tooth } from '../simulation/teeth.ts';
import { fairWeather } from '../simulation/weather.ts';
import { ScriptedBank } from './bank.ts';
import { Operators } from './operators.ts';
import type { Points } from './points.ts';
import { Queue, queueEndpoint } from './queue.ts';
import { Shop, type ShopOrder } from './shop.ts';
import { Wires } from './wires.ts';

/** Something that must hold does not. */
export class Broken extends Error {}

/** A supervisor starts a process again. */
const restartMs = 1_500;

const sqs: SqsPort | null = makeQueue(
  readConfig(
    {
      mode: 'sandbox',
      'sqs-region': 'ap-southeast-1',
      'sqs-access-key-id': 'AKIASWEEP',
      'sqs-secret-access-key': 'sweep',
      'sqs-account': ['123456789012'],
      'sqs-endpoint': queueEndpoint,
    },
    {},
  ),
);

export class Stage implements Ground {
  readonly books: Books;
  readonly began = began;
  readonly weather = fairWeather;
  readonly sqs = sqs;
  readonly clock = new Clock();
  readonly chance = new Chance('sweep');
  readonly journal: Journal;
  readonly network: Wires;
  readonly auditor: Auditor;
  readonly points: Points;
  readonly tooth: Tooth | null;
  readonly banks: readonly ScriptedBank[];
  readonly shopA: Shop;
  readonly shopB: Shop;
  readonly operators: Operators;
  readonly queue: Queue;
  broken: Broken | null = null;
  readonly #reads: WaitingReads = new Set();
  #gateway: Gateway | null = null;
  #slots = 0;

  constructor(books: Books, points: Points, tooth: Tooth | null, echo: boolean) {
    this.books = books;
    this.points = points;
    this.tooth = tooth;
    this.journal = new Journal(() => this.clock.now, echo);
    this.network = new Wires(this.clock, this.journal, (error) => this.#end(error));
    this.auditor = new Auditor(books, (what) => this.fail(what));
    this.banks = books.facts.channels.map((channel) => new ScriptedBank(this, channel));
    const [a, b] = books.facts.merchants;
    if (!a || !b) throw new Error('the sandbox has two merchants');
    this.shopA = new Shop(this, a, 'alpha');
    this.shopB = new Shop(this, b, 'beta');
    this.operators = new Operators(this);
    this.queue = new Queue(this);
    this.#listen();
    this.clock.nextDue = () => this.#nextDue();
  }

  bank(protocol: string): ScriptedBank {
    const found = this.banks.find((one) => one.protocol === protocol);
    if (!found) throw new Error(`no bank speaks ${protocol}`);
    return found;
  }

  /** The process, while it serves. */
  get gateway(): Gateway | null {
    return this.#gateway?.isUp ? this.#gateway : null;
  }

  /** The run is over. */
  retire(): void {
    this.#gateway?.retire();
  }

  launch(): void {
    const gateway = new Gateway(this, ++this.#slots, this.#reads);
    this.#gateway = gateway;
    this.spawn(gateway.start());
  }

  /** Ends the run; never returns to its caller. */
  fail(what: string): never {
    this.broken ??= new Broken(what);
    this.journal.note('BROKEN', what);
    throw this.broken;
  }

  /** Something goes on by itself; if it ends badly, so does the run. */
  spawn(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#end(error));
  }

  #end(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.broken ??= error instanceof Broken ? error : new Broken(`unhandled: ${text}`);
  }

  /** Time and chance for somebody who is not the gateway. */
  worldOf(name: string, slot: number, send: (request: OutboundRequest, limits: SendLimits) => Promise<Sent>): World {
    const chance = this.chance.fork(name);
    const now = () => Math.floor(began + this.clock.now);
    return {
      now,
      monotonic: () => this.clock.now,
      nonce: (bytes) => chance.bytes(bytes),
      newId: idMaker(slot, now),
      sleep: (ms) => this.clock.sleep(ms),
      scaled: (ms) => ms,
      send,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    };
  }

  // ── what the process stands on ────────────────────────────────────────────────────────────────────────────────────

  shallDie(isUp: boolean, where: string): boolean {
    return isUp && this.points.dies(where);
  }

  commitFate(what: string): CommitFate {
    return this.points.commitFate(what);
  }

  onDeath(): void {
    this.clock.after(restartMs, () => this.launch());
  }

  async onStored(names: ReadonlySet<string>): Promise<void> {
    this.clock.touch();
    await this.auditor.onStored(names);
  }

  // ── hooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  onFirstSight(bank: ScriptedBank, reference: string): Promise<void> {
    return this.look(() => this.auditor.mustBeAttempt(bank, reference));
  }

  onHeard(bank: ScriptedBank, request: OutboundRequest): Promise<void> {
    return this.look(() => this.auditor.mustBeHeard(bank, request));
  }

  onAcknowledged(order: ShopOrder): Promise<void> {
    return this.look(() => this.auditor.mustExist({ merchant: order.shop, no: order.no }));
  }

  /** A look into the database is an event of its own: nothing else runs beside it. */
  look<T>(look: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.clock.after(0, () => look().then(resolve, reject));
    });
  }

  #listen(): void {
    this.network.listen('gate.sim', () => {
      const { gateway } = this;
      return gateway && ((request) => gateway.receive(request));
    });
    for (const bank of this.banks)
      this.network.listen(`${bank.protocol}.twin`, () => (request) => bank.receive(request));
    for (const shop of [this.shopA, this.shopB])
      this.network.listen(shop.host, () => (request) => shop.receive(request));
    this.network.listen(new URL(queueEndpoint).host, () => (request) => this.queue.receive(request));
  }

  async #nextDue(): Promise<NextDue> {
    const [row] = await this.books.owner.run<{ notices: bigint | null; work: bigint | null }>({
      name: 'sweep-next-due',
      text: 'select (select min(due_at) from kanal.notices_due) as notices, (select min(due_at) from kanal.work) as work',
      values: [],
    });
    const since = (at: bigint | null | undefined) => (at ? Number(at) - began : null);
    return { notices: since(row?.notices), work: since(row?.work) };
  }
}
