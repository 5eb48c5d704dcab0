/** Chance from a seed: the same seed and name give the same draws, whatever else draws beside it. */
import { createHash } from 'node:crypto';

export class Chance {
  readonly #name: string;
  readonly #state = new Uint32Array(4);

  constructor(name: string) {
    this.#name = name;
    const digest = createHash('sha256').update(name).digest();
    for (let i = 0; i < 4; i += 1) this.#state[i] = digest.readUInt32LE(i * 4);
  }

  /** Draws of its own, so that one more draw here moves nothing there. */
  fork(name: string): Chance {
    return new Chance(`${this.#name}/${name}`);
  }

  /** 32 bits (sfc32). */
  #word(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = s;
    const sum = (a + b + counter) >>> 0;
    s[3] = counter + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  }

  /** In [0, 1). */
  real(): number {
    return this.#word() / 0x1_0000_0000;
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.real() * (to - from);
  }

  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1));
  }

  happens(probability: number): boolean {
    return this.real() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.real() * list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** One of the names, by weight. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N {
    const rows = Object.entries<number>(weights);
    let rest = this.real() * rows.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of rows) {
      rest -= weight;
      if (rest < 0) return name as N;
    }
    throw new Error('no weights');
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#word() & 0xff);
  }
}
