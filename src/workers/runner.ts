/**
 * Background work of one process: leases homes, and claims what is due in them. Nothing here knows what the work is;
 * `schedule.ts` lists it. Everything is bounded: what is in flight, what is claimed at once, how long a lease lasts.
 */
import type { World } from '../core/world.ts';
import { type Database, DatabaseAway } from '../store/database.ts';
import { announceWorker, leaseHomes, releaseHomes } from '../store/work.ts';

/** A kind of work, and taking it: `claim` leases at most `room` pieces of the homes we hold, and starts none of them. */
export interface Task {
  readonly name: string;
  /** Most pieces in flight. */
  readonly inFlight: number;
  /** How long to wait before looking again when nothing was found and nobody called `wake`. */
  readonly pollMs: number;
  claim(homes: readonly number[], room: number): Promise<readonly Piece[]>;
}
export interface Piece {
  /** Work is carried out one at a time per lane beyond the cap (a host, a channel). */
  run(): Promise<void>;
}

const leaseMs = 15_000;
const leaseEveryMs = 5_000;
const homesInAll = 256;

export class Runner {
  readonly #world: World;
  readonly #db: Database;
  readonly #tasks: readonly Task[];
  readonly #owner: string;
  readonly #stop = new AbortController();
  #homes: readonly number[] = [];
  #loops: Promise<void>[] = [];
  readonly #wakers = new Map<string, () => void>();
  readonly #woken = new Set<string>();
  readonly #flying = new Map<string, Set<Promise<void>>>();

  constructor(world: World, db: Database, owner: string, tasks: readonly Task[]) {
    this.#world = world;
    this.#db = db;
    this.#owner = owner;
    this.#tasks = tasks;
  }

  get homes(): readonly number[] {
    return this.#homes;
  }

  /** Takes leases and starts the loops. */
  async start(): Promise<void> {
    await this.#lease();
    this.#loops = [this.#keepLeases(), ...this.#tasks.map((task) => this.#loop(task))];
  }

  /** Looks at once instead of at the next poll. */
  wake(task: string): void {
    this.#woken.add(task);
    this.#wakers.get(task)?.();
  }

  /** Takes no more work, waits for what is in flight, gives the leases back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const waker of this.#wakers.values()) waker();
    await Promise.all(this.#loops);
    await Promise.all([...this.#flying.values()].flatMap((set) => [...set]));
    await this.#survive('release-leases', () => releaseHomes(this.#db, this.#owner));
  }

  /** One look at one task, and the pieces it took run to their end: what tests and the simulation drive instead of the loops. */
  async runOnce(name: string): Promise<number> {
    if (this.#homes.length === 0) await this.#lease();
    const task = this.#tasks.find((one) => one.name === name);
    if (!task) throw new Error(`no task ${name}`);
    const taken = await this.#look(task);
    for (const flight of this.#flying.get(name) ?? []) await flight;
    return taken;
  }

  async #keepLeases(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#world.sleep(leaseEveryMs, this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.#survive('lease-homes', () => this.#lease());
    }
  }

  async #lease(): Promise<void> {
    const now = this.#world.now();
    const workers = await announceWorker(this.#db, this.#owner, now, now + leaseMs);
    const share = Math.ceil(homesInAll / workers.length);
    const leases = await leaseHomes(this.#db, this.#owner, now, now + leaseMs, share);
    this.#homes = leases.map((lease) => lease.home);
  }

  async #loop(task: Task): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#woken.delete(task.name);
      const taken = await this.#survive(task.name, () => this.#look(task));
      if (this.#stop.signal.aborted) return;
      // Full hands: wait until one is free. Nothing found: wait for a wake-up or the poll.
      if (this.#room(task) <= 0) await Promise.race(this.#flying.get(task.name) ?? [Promise.resolve()]);
      else if (!taken && !this.#woken.has(task.name)) await this.#pause(task);
    }
  }

  async #look(task: Task): Promise<number> {
    const room = this.#room(task);
    if (room <= 0 || this.#homes.length === 0) return 0;
    const pieces = await task.claim(this.#homes, room);
    for (const piece of pieces) this.#fly(task, piece);
    return pieces.length;
  }

  #room(task: Task): number {
    return task.inFlight - (this.#flying.get(task.name)?.size ?? 0);
  }

  #fly(task: Task, piece: Piece): void {
    const flying = this.#flying.get(task.name) ?? new Set();
    this.#flying.set(task.name, flying);
    const flight: Promise<void> = this.#survive(task.name, () => piece.run())
      .then(() => undefined)
      .finally(() => {
        flying.delete(flight);
        // What was left because its host had its fill may go now.
        this.#wakers.get(task.name)?.();
      });
    flying.add(flight);
  }

  async #pause(task: Task): Promise<void> {
    const woken = new AbortController();
    this.#wakers.set(task.name, () => woken.abort());
    await this.#world.sleep(task.pollMs, AbortSignal.any([woken.signal, this.#stop.signal]));
    this.#wakers.delete(task.name);
  }

  /** A failing look must not end the loop: the work is still there, leased for a while, and comes back. */
  async #survive<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#world.log.error('work-failed', { what, error: String(error) });
      if (error instanceof DatabaseAway) await this.#world.sleep(1_000, this.#stop.signal);
      return null;
    }
  }
}
