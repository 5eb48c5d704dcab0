/**
 * The real database behind a process that may die: before and after every statement and commit, and while the commit's fate is
 * on its way back. One statement runs at a time in the whole simulation; a transaction is one event, into which reads of others
 * may fall between two statements.
 */
import { CommitUnknown, type Database, DatabaseAway, type Query, type Sql } from '../../src/store/database.ts';
import type { Chance } from './chance.ts';
import { type Clock, settled } from './clock.ts';
import type { Journal } from './journal.ts';
import type { Weather } from './weather.ts';

/** The process hears that it was stored; or it hears an error, although it was stored; or because it was not. */
export type CommitFate = 'told' | 'kept' | 'lost';

/** What the database needs to know of the process that uses it. */
export interface Holder {
  readonly name: string;
  readonly alive: boolean;
  /** The process dies here, if chance says so. */
  dies(where: string): boolean;
  /** null leaves it to chance. */
  commitFate(what: string): CommitFate | null;
  /** Calls back when the process runs, or never. */
  resume(then: () => void): void;
}

export interface DatabaseParts {
  readonly inner: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly journal: Journal;
  readonly holder: Holder;
  readonly weather: () => Weather;
  readonly reads: WaitingReads;
  /** Called after anything was stored. */
  readonly onStored: (names: ReadonlySet<string>) => Promise<void>;
  /** A planted bug may change a statement, or leave it out. */
  readonly twist: (statement: Sql) => Sql | null;
}

/** Reads that wait for their turn, of all processes. */
export type WaitingReads = Set<() => Promise<void>>;

const isRead =
  /^\s*(select|with\s+(?!.*\b(insert|update|delete)\b)\w+)\b(?!.*\bfor\s+(no\s+key\s+update|update|share))/is;

class Lost extends Error {}
class Died extends Error {}

export class FaultyDatabase implements Database {
  readonly #parts: DatabaseParts;

  constructor(parts: DatabaseParts) {
    this.#parts = parts;
  }

  run<T>(statement: Sql): Promise<T[]> {
    const { inner, chance, weather, onStored, twist } = this.#parts;
    const label = nameOf(statement);
    const twisted = twist(statement);
    if (twisted === null) return Promise.resolve([]);
    if (isRead.test(statement.text))
      return this.#operation(label, true, async () => {
        if (chance.happens(weather().databaseAway)) throw new DatabaseAway('simulated');
        return inner.run<T>(twisted);
      });
    return this.#operation(label, false, async () => {
      if (chance.happens(weather().databaseAway)) throw new DatabaseAway('simulated');
      const fate = this.#commitFate(label);
      if (fate === 'lost') throw new CommitUnknown('simulated: it was not stored');
      const rows = await inner.run<T>(twisted);
      await onStored(new Set([label]));
      if (fate === 'kept') throw new CommitUnknown('simulated: it was stored');
      return rows;
    });
  }

  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const { inner, holder, onStored } = this.#parts;
    return this.#operation('transaction', false, async () => {
      const names = new Set<string>();
      const commit: { fate: CommitFate } = { fate: 'told' };
      try {
        const result = await inner.transaction(async (query) => {
          const done = await work(this.#inside(query, names));
          if (holder.dies(`commit of ${[...names].join(' ')}`)) throw new Died();
          commit.fate = this.#commitFate([...names].join(' '));
          if (commit.fate === 'lost') throw new Lost();
          return done;
        });
        await onStored(names);
        if (commit.fate === 'kept') throw new CommitUnknown('simulated: it was stored');
        return result;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        if (commit.fate === 'lost') throw new CommitUnknown('simulated: it was not stored');
        throw new DatabaseAway('simulated: rolled back');
      }
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Statements inside a transaction: each may be the last one of this process, or find the connection gone. Those that are given
   * together run one by one, as they would on one connection.
   */
  #inside(query: Query, names: Set<string>): Query {
    let last: Promise<unknown> = Promise.resolve();
    let ended: Error | null = null;
    return {
      run: <R>(statement: Sql): Promise<R[]> => {
        const mine = last.then(async () => {
          if (ended) throw ended;
          return this.#statement<R>(query, statement, names);
        });
        last = mine.catch((error: unknown) => {
          if (error instanceof Error) ended ??= error;
        });
        return mine;
      },
    };
  }

  async #statement<R>(query: Query, statement: Sql, names: Set<string>): Promise<R[]> {
    const { chance, weather, holder, journal, twist } = this.#parts;
    await this.#letReadIn();
    const label = nameOf(statement);
    names.add(label);
    const twisted = twist(statement);
    if (twisted === null) return [];
    if (holder.dies(`before ${label}`)) throw new Died();
    if (chance.happens(weather().databaseAway)) {
      journal.count('database: lost inside a transaction');
      throw new Lost();
    }
    const rows = await query.run<R>(twisted);
    if (holder.dies(`after ${label}`)) throw new Died();
    return rows;
  }

  async #letReadIn(): Promise<void> {
    const { reads, chance, journal } = this.#parts;
    const [read] = reads;
    if (!read || !chance.happens(0.2)) return;
    journal.count('database: read inside another transaction');
    await read();
    await settled();
  }

  #commitFate(what: string): CommitFate {
    const { chance, weather, journal, holder } = this.#parts;
    const isUnknown = chance.happens(weather().commitUnknown);
    const fate = holder.commitFate(what) ?? (isUnknown ? (chance.happens(0.5) ? 'kept' : 'lost') : 'told');
    if (fate === 'told') return 'told';
    journal.count(`database: commit unknown, ${fate}`);
    journal.note(holder.name, `commit unknown (${fate}): ${what}`);
    return fate;
  }

  /** One event: the process may die before it, after it, or never hear of it. */
  #operation<T>(label: string, mayMove: boolean, work: () => Promise<T>): Promise<T> {
    const { holder, clock, chance, journal, reads } = this.#parts;
    return new Promise((resolve, reject) => {
      if (!holder.alive || holder.dies(`before ${label}`)) return;
      let isDone = false;
      const perform = async (): Promise<void> => {
        reads.delete(perform);
        if (isDone || !holder.alive) return;
        isDone = true;
        const end = await work().then(
          (value) => () => resolve(value),
          (error: unknown) => {
            if (error instanceof DatabaseAway) journal.count('database: away');
            if (!(error instanceof Died)) journal.note(holder.name, `${label} failed: ${String(error).slice(0, 200)}`);
            return () => reject(error);
          },
        );
        if (!holder.alive || holder.dies(`after ${label}`)) return;
        holder.resume(end);
      };
      if (mayMove) reads.add(perform);
      clock.after(chance.happens(0.05) ? chance.between(5, 200) : chance.between(0, 2), perform);
    });
  }
}

function nameOf(statement: Sql): string {
  return statement.name ?? statement.text.trim().replace(/\s+/g, ' ').slice(0, 40);
}
