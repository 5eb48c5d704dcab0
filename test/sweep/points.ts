/** Where a process can be hurt: numbered as the counting run meets them, so that a later run is hurt at exactly one. */
import type { CommitFate } from '../simulation/database.ts';

/**
 * `dies`: the process is gone, before or after that very call. A commit has two fates more, in which the process lives on and
 * hears an error: `kept` (stored all the same) and `lost` (not stored).
 */
export type Hurt = 'dies' | 'kept' | 'lost';

export interface Target {
  readonly no: number;
  readonly hurt: Hurt;
}

export interface Point {
  readonly no: number;
  readonly where: string;
  readonly hurts: readonly Hurt[];
}

/** No call: whoever dies there dies before the next one. */
const noCall = 'after a sleep';

export class Points {
  readonly met: Point[] = [];
  readonly #target: Target | null;
  #isOpen = false;

  constructor(target: Target | null) {
    this.#target = target;
  }

  /** What was met where the target is; null while nothing was. */
  get hit(): string | null {
    return this.#target === null ? null : (this.met[this.#target.no]?.where ?? null);
  }

  /** Processes that start, and the verdict's own questions, are not counted. */
  set isOpen(open: boolean) {
    this.#isOpen = open;
  }

  dies(where: string): boolean {
    return where !== noCall && this.#meet(where, ['dies']) === 'dies';
  }

  commitFate(what: string): CommitFate {
    const hurt = this.#meet(`error from commit of ${what}`, ['kept', 'lost']);
    return hurt === 'kept' || hurt === 'lost' ? hurt : 'told';
  }

  /** Statements, transactions, calls to channels and notices: each is met before it begins. */
  get calls(): number {
    return this.met.filter(({ where }) => /^(before (?!the answer)|commit of)/.test(where)).length;
  }

  #meet(where: string, hurts: readonly Hurt[]): Hurt | null {
    if (!this.#isOpen) return null;
    const no = this.met.length;
    this.met.push({ no, where, hurts });
    return this.#target?.no === no && hurts.includes(this.#target.hurt) ? this.#target.hurt : null;
  }
}
