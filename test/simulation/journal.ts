/** What happened, line by line: hashed whole (two runs of a seed must agree), kept at the end (a failure shows it). */
import { createHash } from 'node:crypto';

const kept = 400;

/** Sometimes-counters: how often each kind of fault and outcome was seen. */
export type Counters = Map<string, number>;

export class Journal {
  readonly #hash = createHash('sha256');
  readonly #now: () => number;
  readonly #echo: boolean;
  readonly counters: Counters = new Map();
  #lines: string[] = [];
  #count = 0;

  constructor(now: () => number, echo: boolean) {
    this.#now = now;
    this.#echo = echo;
  }

  note(who: string, what: string): void {
    const line = `${this.#now().toFixed(3).padStart(14)} ${who.padEnd(16)} ${what}`;
    this.#hash.update(line).update('\n');
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > 2 * kept) this.#lines = this.#lines.slice(-kept);
    if (this.#echo) process.stdout.write(`${line}\n`);
  }

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  get length(): number {
    return this.#count;
  }

  last(lines: number): readonly string[] {
    return this.#lines.slice(-lines);
  }

  /** Ends the journal. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}
