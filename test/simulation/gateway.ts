/** One process of the gateway, as `main.ts` wires it, but for time, chance, network and database; it can die at every await. */
import type { OutboundRequest, SendLimits, Sent, World } from '../../src/core/world.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { Keyring } from '../../src/edge/keyring.ts';
import { Vault } from '../../src/edge/vault.ts';
import { type OpenGate, openGate } from '../../src/flows/open-gate.ts';
import type { Database, Query, Sql } from '../../src/store/database.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { operatorApi } from '../../src/web/api/api.ts';
import type { Desk } from '../../src/web/api/desk.ts';
import { makeInspections } from '../../src/wiring/inspections.ts';
import { makePorts, type SqsPort } from '../../src/wiring/ports.ts';
import { hearTimeEveryMs, SharedTime } from '../../src/wiring/shared-time.ts';
import { type Traffic, answer, refuseUnserved } from '../../src/wiring/traffic.ts';
import { Runner, type Task } from '../../src/workers/runner.ts';
import { allTasks } from '../../src/workers/schedule.ts';
import { idMaker } from '../../src/world.ts';
import { home, masterKey } from './books.ts';
import { buggifyGate, buggifyTask, type Mischief } from './buggify.ts';
import { type CommitFate, FaultyDatabase, type WaitingReads } from './database.ts';
import type { Chance } from './chance.ts';
import type { Clock, Quarry } from './clock.ts';
import type { Journal } from './journal.ts';
import { type Answer, inbound } from './network.ts';
import type { Tooth } from './teeth.ts';
import type { Edge, Weather } from './weather.ts';

/** Sleeps of the runner's loops, by their length: they pass at once over times in which there is nothing for them to find. */
const polls: ReadonlyMap<number, Quarry> = new Map([
  [500, 'notices'],
  [501, 'work'],
  [5_000, 'either'],
]);

/** Only to be told apart from the other poll. */
function told(task: Task): Task {
  return task.name === 'chase' ? { ...task, pollMs: task.pollMs + 1 } : task;
}

/** What a process stands on, and who decides when it dies: a seed's chance here, a counted point in `test/sweep`. */
export interface Ground {
  readonly books: { readonly app: Database };
  /** The wall clock's beginning. */
  readonly began: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly journal: Journal;
  readonly network: { send(edge: Edge, request: OutboundRequest, limits: SendLimits): Promise<Sent> };
  readonly weather: Weather;
  readonly tooth: Tooth | null;
  /** Queues, where notices go to some. */
  readonly sqs: SqsPort | null;
  onStored(names: ReadonlySet<string>): Promise<void>;
  shallDie(isUp: boolean, where: string): boolean;
  /** null leaves it to chance. */
  commitFate(what: string): CommitFate | null;
  onDeath(gateway: Gateway): void;
}

export class Gateway {
  readonly name: string;
  readonly slot: number;
  alive = true;
  /** Does it take requests? */
  isUp = false;
  #runsAgainAt = 0;
  /** How each of its sleeps stops listening. */
  readonly #sleepers = new Set<() => void>();
  /** How far its clock was set wrong. */
  #stepMs = 0;
  readonly #scene: Ground;
  readonly #world: World;
  readonly #hearTime: () => Promise<void>;
  readonly #database: Database;
  #traffic: Traffic | null = null;
  #desk: Desk | null = null;

  constructor(scene: Ground, slot: number, reads: WaitingReads) {
    this.#scene = scene;
    this.slot = slot;
    this.name = `gateway-${slot}`;
    const { clock, journal } = scene;
    const chance = scene.chance.fork(this.name);
    // Clocks of machines differ a little, and more where somebody sets them; what the database says arrives a trip later.
    const skewMs = Math.round(chance.between(-800, 800));
    const own = () => Math.floor(scene.began + clock.now + skewMs + this.#stepMs);
    const lateMs = Math.round(skewMs / 20);
    const told: Pick<Query, 'run'> = {
      run: <T>() => Promise.resolve([{ now: BigInt(Math.floor(scene.began + clock.now) + lateMs) }] as T[]),
    };
    const time = new SharedTime({ now: own, monotonic: () => clock.now });
    this.#hearTime = () => time.hear(told, this.#world.log);
    const { now } = time;
    this.#world = {
      now,
      monotonic: () => clock.now,
      nonce: (bytes) => chance.bytes(bytes),
      newId: idMaker(slot, now),
      sleep: (ms, signal) => this.#sleep(ms, signal, null),
      scaled: (ms) => ms,
      send: (request, limits) => this.#send(request, limits),
      log: {
        debug() {},
        info: (event, fields) => journal.note(this.name, `info ${event} ${shown(fields)}`),
        warn: (event, fields) => journal.note(this.name, `warn ${event} ${shown(fields)}`),
        error: (event, fields) => journal.note(this.name, `error ${event} ${shown(fields)}`),
      },
    };
    this.#database = new FaultyDatabase({
      inner: scene.books.app,
      clock,
      chance: chance.fork('database'),
      journal,
      holder: this,
      weather: () => scene.weather,
      reads,
      onStored: (names) => scene.onStored(names),
      twist: (statement) => {
        const small = withFewHomes(statement);
        return scene.tooth?.statement ? scene.tooth.statement(small, chance) : small;
      },
    });
  }

  get gate(): OpenGate {
    if (!this.#traffic) throw new Error(`${this.name} is not up`);
    return this.#traffic.gate as OpenGate;
  }

  async start(): Promise<void> {
    const world = this.#world;
    await this.#hearTime();
    const vault = new Vault(masterKey, (bytes) => world.nonce(bytes));
    const keyring = new Keyring(vault, () => world.now());
    let runner: Runner | null = null;
    const ports = makePorts({
      world,
      keyring,
      vault,
      publicUrl: () => 'http://gate.sim',
      refuseUrl: () => null,
      deskUrl: (payment) => `http://gate.sim/cashier/${payment.home}/${payment.id}`,
      wakeNotices: () => runner?.wake('notices'),
      sqs: this.#scene.sqs,
      observer: { notified() {}, chased() {} },
    });
    const { tooth } = this.#scene;
    const gate = await openGate(this.#database, tooth?.ports ? tooth.ports(ports, world) : ports);
    tooth?.gate?.(gate);
    const mischief = this.#mischief();
    buggifyGate(gate, mischief);
    this.#desk = {
      gate,
      admissions: makeAdmissions({
        vault,
        nonce: world.nonce,
        now: world.now,
        merchantProtocols,
        channelProtocols,
      }),
      inspections: makeInspections(gate, keyring),
      sandbox: null,
    };
    this.#traffic = {
      gate,
      keyring,
      rooms: [operatorApi(this.#desk)],
      observer: {
        served: (protocol, endpoint, outcome) =>
          this.#scene.journal.count(`served ${protocol} ${endpoint}: ${outcome}`),
        heard: (protocol, verdict) => this.#scene.journal.count(`heard ${protocol}: ${verdict}`),
        notified() {},
        chased() {},
      },
    };
    const idle = {
      ...world,
      sleep: (ms: number, signal?: AbortSignal) => this.#sleep(ms, signal, polls.get(ms) ?? null),
    };
    runner = new Runner(
      idle,
      this.#database,
      this.name,
      allTasks(gate).map((task) => told(buggifyTask(task, mischief))),
    );
    await runner.start();
    this.isUp = true;
    this.#scene.journal.note(this.name, 'up');
  }

  #mischief(): Mischief {
    const { chance, journal } = this.#scene;
    return {
      chance: chance.fork(`${this.name} mischief`),
      journal,
      rate: () => this.#scene.weather.mischief,
      sleep: (ms) => this.#sleep(ms, undefined, null),
    };
  }

  /** Serves one request from outside. */
  async receive(request: OutboundRequest): Promise<Answer | null> {
    const traffic = this.#traffic;
    if (!traffic || !this.alive) return null;
    await new Promise<void>((resolve) => this.resume(resolve));
    const wire = inbound(request);
    const early = this.#scene.tooth?.listen?.(wire, () => answer(traffic, wire));
    if (early) return early;
    const reply = await answer(traffic, wire).catch((error: unknown) => {
      this.#world.log.error('request-failed', { error: String(error) });
      return refuseUnserved(traffic, 'failed', wire);
    });
    if (!this.alive || this.dies('before the answer leaves')) return null;
    if (!reply) return { status: 500, headers: {}, body: new Uint8Array(0) };
    if (reply.kind === 'stream') throw new Error('streams are not simulated');
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: reply.body };
  }

  /** Something else than a request happens in this process: an operator's command, a payer's click. */
  async visit(what: string, work: (gate: OpenGate) => Promise<unknown>): Promise<void> {
    await work(this.gate).catch((error: unknown) =>
      this.#scene.journal.note(this.name, `${what}: ${String(error).slice(0, 160)}`),
    );
  }

  /** An operator's click: → what came of it, null when it was refused or nobody knows. */
  visitOffice<T>(what: string, work: (office: Desk) => Promise<T>): Promise<T | null> {
    const office = this.#desk;
    if (!office) return Promise.resolve(null);
    return work(office).catch((error: unknown) => {
      this.#scene.journal.note(this.name, `${what}: ${String(error).slice(0, 160)}`);
      return null;
    });
  }

  /** Somebody sets the machine's clock; 0 = right again. */
  stepClock(ms: number): void {
    if (ms === this.#stepMs) return;
    this.#stepMs = ms;
    this.#scene.journal.note(this.name, `its clock is ${ms} ms wrong`);
    this.#scene.journal.count(ms === 0 ? 'clock: right again' : `clock: ${ms > 0 ? 'ahead' : 'behind'}`);
    this.#scene.clock.after(hearTimeEveryMs, () => this.#hearTime());
  }

  dies(where: string): boolean {
    if (!this.alive) return true;
    if (!this.#scene.shallDie(this.isUp, where)) return false;
    this.kill(where);
    return true;
  }

  commitFate(what: string): CommitFate | null {
    return this.#scene.commitFate(what);
  }

  kill(where: string): void {
    this.retire();
    this.#scene.journal.note(this.name, `dies: ${where}`);
    this.#scene.journal.count('crash');
    this.#scene.onDeath(this);
  }

  /** Nothing more happens in it, and nobody is told. Node keeps whoever listens to a signal, and the whole scene behind it. */
  retire(): void {
    this.alive = false;
    this.isUp = false;
    for (const forget of this.#sleepers) forget();
    this.#sleepers.clear();
  }

  /** The whole process stands still (a paused machine, a long collection). */
  pause(ms: number): void {
    this.#runsAgainAt = this.#scene.clock.now + ms;
    this.#scene.journal.note(this.name, `stands still for ${Math.round(ms)} ms`);
    this.#scene.journal.count('pause');
  }

  resume(then: () => void): void {
    const { clock } = this.#scene;
    if (!this.alive) return;
    if (clock.now >= this.#runsAgainAt) then();
    else clock.at(this.#runsAgainAt, () => this.resume(then));
  }

  #sleep(ms: number, signal: AbortSignal | undefined, quarry: Quarry | null): Promise<void> {
    return new Promise((resolve) => {
      if (!this.alive) return;
      if (signal?.aborted) return resolve();
      const forget = () => signal?.removeEventListener('abort', end);
      const end = () => {
        appointment.cancel();
        forget();
        this.#sleepers.delete(forget);
        if (this.alive && !this.dies('after a sleep')) this.resume(resolve);
      };
      const appointment = this.#scene.clock.after(ms, end, quarry);
      signal?.addEventListener('abort', end, { once: true });
      this.#sleepers.add(forget);
    });
  }

  #send(request: OutboundRequest, limits: SendLimits): Promise<Sent> {
    const edge = limits.targets === 'public' ? 'notice' : 'call';
    return new Promise((resolve) => {
      if (!this.alive || this.dies(`before a ${edge}`)) return;
      void this.#scene.network.send(edge, request, limits).then((sent) => {
        if (this.alive && !this.dies(`after a ${edge}`)) this.resume(() => resolve(sent));
      });
      // The bytes have left; the process may not see what becomes of them.
      this.dies(`during a ${edge}`);
    });
  }
}

/** Nobody lives in most homes: leasing them all costs more than everything else that a process does between two requests. */
function withFewHomes(statement: Sql): Sql {
  return statement.name === 'homes-lease'
    ? { ...statement, text: statement.text.replace('generate_series(0, 255)', `generate_series(${home}, ${home})`) }
    : statement;
}

function shown(fields: Readonly<Record<string, unknown>> | undefined): string {
  return JSON.stringify(fields ?? {}).slice(0, 300);
}
