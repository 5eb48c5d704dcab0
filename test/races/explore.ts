/** Which courses are tried: all of them, those with few changes of party, or some by chance. */
import type { Chance } from '../simulation/chance.ts';
import type { Choose, Party } from './director.ts';

interface Fork {
  /** How many could have gone on here. */
  readonly width: number;
  taken: number;
}

/**
 * All courses, one after the other: the same beginning, then another turn at the last fork that has one left. With `changes`, only those
 * in which no more parties than that are interrupted although they could go on.
 */
export class AllCourses {
  readonly #changes: number;
  #forks: Fork[] = [];
  #place = 0;
  #interrupted = 0;

  constructor(changes: number) {
    this.#changes = changes;
  }

  readonly choose: Choose = (able, last) => {
    const options = this.#options(able, last);
    const place = this.#place;
    const fork = this.#forks[place] ?? { width: options.length, taken: 0 };
    if (fork.width !== options.length)
      throw new Error(`the same choices led elsewhere: ${options.length} instead of ${fork.width} at step ${place}`);
    this.#forks[place] = fork;
    this.#place += 1;
    const next = options[fork.taken];
    if (!next) throw new Error('a fork without a way');
    if (last && last !== next && able.includes(last)) this.#interrupted += 1;
    return next;
  };

  /** Sets out for the next course; false = that was the last. */
  next(): boolean {
    this.#place = 0;
    this.#interrupted = 0;
    for (;;) {
      const last = this.#forks.at(-1);
      if (!last) return false;
      if (last.taken + 1 < last.width) {
        last.taken += 1;
        return true;
      }
      this.#forks.pop();
    }
  }

  /** Whoever went last goes on first: the fewest interruptions come first. */
  #options(able: readonly Party[], last: Party | null): readonly Party[] {
    if (!last || !able.includes(last)) return able;
    const others = this.#interrupted < this.#changes ? able.filter((party) => party !== last) : [];
    return [last, ...others];
  }
}

export function byChance(chance: Chance): Choose {
  return (able) => chance.pick(able);
}
