/**
 * One time for all processes of a database: the database's own, asked every few seconds and carried on by the monotonic clock in between.
 * Leases, due times and "not found" proofs are compared across processes; by their own clocks, one whose clock is set forward an hour
 * would take over what others are at, and count ten minutes in none (T060). What happens in between costs no round trip.
 */
import type { Instant, World } from '../core/world.ts';
import type { Query } from '../store/database.ts';
import { databaseTime } from '../store/health.ts';

export const hearTimeEveryMs = 5_000;
/** An answer that took longer says too little about when it was true. */
const slowMs = 1_000;
/** From here on somebody should look at the clocks: signatures of merchants and channels carry times. */
const apartMs = 5_000;

export class SharedTime {
  readonly #own: Pick<World, 'now' | 'monotonic'>;
  /** What to add to the monotonic clock; null = not asked yet. */
  #offset: number | null = null;
  #isApart = false;

  /** `own`: this machine's clocks. */
  constructor(own: Pick<World, 'now' | 'monotonic'>) {
    this.#own = own;
  }

  readonly now = (): Instant =>
    this.#offset === null ? this.#own.now() : Math.floor(this.#own.monotonic() + this.#offset);

  /** Asks the database. Throws when it cannot be asked; the time goes on as it was then. */
  async hear(query: Query, log: World['log']): Promise<void> {
    const askedAt = this.#own.monotonic();
    const there = await databaseTime(query);
    const tookMs = this.#own.monotonic() - askedAt;
    const offset = there - askedAt - tookMs / 2;
    if (this.#offset === null || (tookMs <= slowMs && Math.abs(offset - this.#offset) > tookMs)) this.#offset = offset;
    const byMs = Math.round(this.now() - this.#own.now());
    const isApart = Math.abs(byMs) > apartMs;
    if (isApart && !this.#isApart) log.warn('clocks-apart', { byMs });
    this.#isApart = isApart;
  }
}
