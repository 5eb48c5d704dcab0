/** Which of the planted bugs the simulation and the sweep find, and how many seeds or runs it takes. */
import type { Books } from '../simulation/books.ts';
import { runSeed } from '../simulation/seed.ts';
import type { Tooth } from '../simulation/teeth.ts';
import { type Run, runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { sweep } from './sweep.ts';

export interface Bitten {
  /** How to see it again: a seed, or a scenario with the point. */
  readonly where: string;
  /** Seeds or runs until then. */
  readonly tries: number;
  readonly broken: string;
}

/** Seeds from the first on; null when none of them finds it. */
export async function bySimulation(books: Books, tooth: Tooth, seeds: number): Promise<Bitten | null> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { broken } = await runSeed(books, { seed, tooth });
    if (broken !== null) return { where: `seed ${seed}`, tries: seed, broken: firstLine(broken) };
  }
  return null;
}

/** First every script unhurt, then all at ever more of their points, so that no script is waited for. */
export async function bySweep(books: Books, tooth: Tooth, strides: readonly number[]): Promise<Bitten | null> {
  let tries = 0;
  for (const scenario of scenarios) {
    tries += 1;
    const run = await runScenario(books, scenario, { tooth });
    if (run.broken !== null) return bitten(scenario, run, tries);
  }
  for (const [round, stride] of strides.entries())
    for (const scenario of scenarios) {
      const { runs, failures } = await sweep(books, scenario, { tooth, stride, offset: round, untilBroken: true });
      tries += runs;
      const [first] = failures;
      if (first) return bitten(scenario, first, tries);
    }
  return null;
}

function bitten({ name }: Scenario, { target, broken }: Run, tries: number): Bitten {
  const point = target === null ? '' : ` --point ${target.no} --hurt ${target.hurt}`;
  return { where: `${name}${point}`, tries, broken: firstLine(broken ?? '') };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
