/**
 * Holds several parties, each on a PostgreSQL connection of its own, before every step of theirs (a burst of statements, a commit, a
 * call) and lets one go on at a time. A party that waits for a lock is recognised by what PostgreSQL says of it, never by time, so
 * that the same choices give the same course again.
 */
import { setImmediate as turnOfTheLoop, setTimeout as wait } from 'node:timers/promises';
import type { Database, Query, Sql } from '../../src/store/database.ts';

interface Held {
  readonly label: string;
  readonly release: () => void;
}

/** One party: where it stands, and the way its steps are held. */
export class Party {
  readonly name: string;
  readonly #changed: () => void;
  /** Steps it has come to and may not take yet. */
  #held: Held[] = [];
  /** Steps it was allowed to take and has not finished. */
  underWay = 0;
  #isReady: () => boolean = () => true;
  /** Between two plays nothing is held. */
  isPlaying = false;
  isDone = true;
  /** It has only looked whether others have got on: they go first. */
  isIdling = false;

  constructor(name: string, changed: () => void) {
    this.name = name;
    this.#changed = changed;
  }

  /** Where it stands, for the course that is shown when something does not hold. */
  get at(): string {
    return this.#held.map(({ label }) => label).join(' + ');
  }

  get isWaiting(): boolean {
    return this.underWay === 0 && this.#held.length > 0;
  }

  /** It waits for something that others do: until then it is not its turn. */
  get isAble(): boolean {
    return this.isWaiting && this.#isReady();
  }

  /** Goes on as soon as that is so. */
  async until(label: string, isReady: () => boolean): Promise<void> {
    this.#isReady = isReady;
    await this.step(label, () => Promise.resolve());
    this.#isReady = () => true;
  }

  /** One step: held until the director says so. */
  async step<T>(label: string, work: () => Promise<T>): Promise<T> {
    if (this.isPlaying)
      await new Promise<void>((release) => {
        this.#held.push({ label, release });
        this.#changed();
      });
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      this.#changed();
    }
  }

  /** It has ended: what it had begun beside and no longer waits for goes its way. */
  leave(): void {
    this.isPlaying = false;
    this.isDone = true;
    for (const { release } of this.#held.splice(0)) release();
    this.#changed();
  }

  /** `grain` 'burst': everything that was asked for in one go travels together; 'statement': only the first. */
  go(grain: Grain): void {
    this.isIdling = false;
    const count = grain === 'burst' ? this.#held.length : 1;
    for (const { release } of this.#held.splice(0, count)) release();
  }
}

export type Grain = 'burst' | 'statement';

/** The first words of a statement say which it is. */
function labelOf({ name, text }: Sql): string {
  return name ?? text.trim().split(/\s+/, 3).join(' ');
}

/**
 * That party's database: every statement and every commit is a step. The connection below must be its own. `changed` is for planted
 * bugs: what is run instead.
 */
export function heldDatabase(party: Party, db: Database, changed: (statement: Sql) => Sql): Database {
  return {
    run: (statement) => party.step(labelOf(statement), () => db.run(changed(statement))),
    transaction: (work) =>
      db.transaction(async (query) => {
        const held: Query = { run: (statement) => party.step(labelOf(statement), () => query.run(changed(statement))) };
        const result = await work(held);
        await party.step('commit', () => Promise.resolve());
        return result;
      }),
    close: () => db.close(),
  };
}

/** Which party waits for a lock, and who holds it. */
export type Blocked = () => Promise<ReadonlyMap<string, readonly string[]>>;

/** At each step: who may go on, and who went last. */
export type Choose = (able: readonly [Party, ...Party[]], last: Party | null) => Party;

export interface Course {
  readonly outcomes: readonly PromiseSettledResult<unknown>[];
  /** "a: orders-lock" and so on, in the order things happened. */
  readonly steps: readonly string[];
  /** Did a party wait for a lock of another? */
  readonly waited: boolean;
}

/** More than any course of these parties takes: one that does not end is a mistake of the test. */
const mostSteps = 2_000;

export class Director {
  readonly parties: readonly Party[];
  readonly #blocked: Blocked;
  /** Counts everything that happens to any party, so that an old look at the locks is not taken for a new one. */
  #news = 0;
  #wake: () => void = () => undefined;
  #waited = false;

  constructor(names: readonly string[], blocked: Blocked) {
    this.#blocked = blocked;
    this.parties = names.map(
      (name) =>
        new Party(name, () => {
          this.#news += 1;
          this.#wake();
        }),
    );
  }

  /** Runs all parties to their end, one step at a time. */
  async play(work: readonly (() => Promise<unknown>)[], grain: Grain, choose: Choose): Promise<Course> {
    const playing = this.parties.slice(0, work.length);
    const steps: string[] = [];
    this.#waited = false;
    for (const party of playing) Object.assign(party, { isPlaying: true, isDone: false, isIdling: false });
    const ends = Promise.allSettled(playing.map((party, index) => this.#run(party, work[index])));
    try {
      await this.#conduct(playing, grain, choose, steps);
    } finally {
      for (const party of playing) party.leave();
    }
    return { outcomes: await ends, steps, waited: this.#waited };
  }

  async #conduct(playing: readonly Party[], grain: Grain, choose: Choose, steps: string[]): Promise<void> {
    for (let last: Party | null = null; ; ) {
      const able = await this.#able(playing);
      const [first, ...others] = able;
      if (!first) return;
      last = choose([first, ...others], last);
      steps.push(`${last.name}: ${last.at}`);
      if (steps.length > mostSteps) throw new Error(`no end in sight: ${steps.slice(-6).join('; ')}`);
      last.go(grain);
    }
  }

  async #run(party: Party, work: (() => Promise<unknown>) | undefined): Promise<unknown> {
    try {
      return await work?.();
    } finally {
      party.leave();
    }
  }

  /** Waits until every party is held, has ended or waits for a lock of one that is held; then: those that are held. */
  async #able(playing: readonly Party[]): Promise<readonly Party[]> {
    for (;;) {
      await turnOfTheLoop();
      const restless = playing.filter((party) => !party.isDone && !party.isWaiting);
      if (restless.length === 0 || (await this.#areBlocked(restless))) return whoGoesFirst(playing);
    }
  }

  /** Do all of these wait for locks? False also when something has happened since the look, or nobody can ever let go (a deadlock). */
  async #areBlocked(restless: readonly Party[]): Promise<boolean> {
    const before = this.#news;
    const happened = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    // Most statements are over by then, and nobody need be asked.
    await Promise.race([wait(2), happened]);
    if (this.#news !== before) return false;
    const blocked = await this.#blocked();
    if (this.#news !== before) return false;
    const names = new Set(restless.map(({ name }) => name));
    const isHeldByOthers = (name: string, seen: readonly string[] = []): boolean =>
      (blocked.get(name) ?? []).some(
        (by) => !seen.includes(by) && (!names.has(by) || isHeldByOthers(by, [...seen, name])),
      );
    const all = restless.every(({ name }) => isHeldByOthers(name));
    this.#waited ||= all;
    return all;
  }
}

function whoGoesFirst(playing: readonly Party[]): readonly Party[] {
  const able = playing.filter((party) => party.isAble);
  const busy = able.filter((party) => !party.isIdling);
  return busy.length > 0 ? busy : able;
}
