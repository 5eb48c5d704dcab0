/** Which of the planted bugs the simulation and the sweep find, and how many seeds or runs it takes. */
import type { Books } from '../simulation/books.ts';
import { runSeed } from '../simulation/seed.ts';
import type { Tooth } from '../simulation/teeth.ts';
import { type Run, runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { sweep, type SweepOptions } from './sweep.ts';

interface Bitten {
  /** How to see it again: a seed, or a scenario with the point. */
  readonly where: string;
  /** Seeds or runs until then. */
  readonly tries: number;
  readonly broken: string;
}

/** Seeds from the first on; null when none of them finds it. */
async function bySimulation(books: Books, tooth: Tooth, seeds: number): Promise<Bitten | null> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { broken } = await runSeed(books, { seed, tooth });
    if (broken !== null) return { where: `seed ${seed}`, tries: seed, broken: firstLine(broken) };
  }
  return null;
}

/** The rounds over all scripts: ever more points, so that no script is waited for. */
const rounds: readonly SweepOptions[] = [
  { onlyCommits: true, stride: 2 },
  { onlyCommits: true, stride: 2, offset: 1 },
  { stride: 31 },
  { stride: 11, offset: 1 },
  { stride: 5, offset: 2 },
];

/** First every script unhurt, then so many rounds. */
async function bySweep(books: Books, tooth: Tooth, depth: number): Promise<Bitten | null> {
  let tries = 0;
  for (const scenario of scenarios) {
    tries += 1;
    const run = await runScenario(books, scenario, { tooth });
    if (run.broken !== null) return bitten(scenario, run, tries);
  }
  for (const round of rounds.slice(0, depth))
    for (const scenario of scenarios) {
      const { runs, failures } = await sweep(books, scenario, { ...round, tooth, untilBroken: true });
      tries += runs;
      const [first] = failures;
      if (first) return bitten(scenario, first, tries);
    }
  return null;
}

/** Seeds that a planted bug may hide in. */
const mostSeeds = 60;
/** Rounds for what the simulation has found already. */
const fewRounds = 1;

/**
 * Plants each bug, one at a time. → was each found? What the simulation has found is not looked for at every point as well.
 */
export async function showTeeth(
  simulated: Books,
  house: Books,
  teeth: readonly Tooth[],
  say: (line: string) => void,
): Promise<boolean> {
  let missed = 0;
  for (const tooth of teeth) {
    const seed = await bySimulation(simulated, tooth, mostSeeds);
    const point = await bySweep(house, tooth, seed ? fewRounds : rounds.length);
    if (!seed && !point) missed += 1;
    say(`${seed || point ? 'found' : 'NOT FOUND'}  ${tooth.name}: ${tooth.about}`);
    say(`           simulation: ${seed ? `${seed.where}: ${seed.broken}` : `not in ${mostSeeds} seeds`}`);
    say(
      `           sweep: ${point ? `${point.tries} runs, ${point.where}: ${point.broken}` : 'not looked for at every point'}`,
    );
  }
  say(`${teeth.length - missed} of ${teeth.length} planted bugs found`);
  return missed === 0;
}

function bitten({ name }: Scenario, { target, broken }: Run, tries: number): Bitten {
  const point = target === null ? '' : ` --point ${target.no} --hurt ${target.hurt}`;
  return { where: `${name}${point}`, tries, broken: firstLine(broken ?? '') };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
