/** A script at every point: once unhurt to count them, then once for each point and each way to be hurt there. */
import type { Books } from '../simulation/books.ts';
import type { Tooth } from '../simulation/teeth.ts';
import type { Target } from './points.ts';
import { type Run, runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';

export interface SweepOptions {
  readonly tooth?: Tooth | null;
  /** Only errors from commits: few points, and the most delicate ones. */
  readonly onlyCommits?: boolean;
  /** Every so manieth target; 1 = all. */
  readonly stride?: number;
  /** So many of them, evenly spread, instead. */
  readonly sample?: number;
  /** Begins at that target. */
  readonly offset?: number;
  /** Ends at the first that does not hold. */
  readonly untilBroken?: boolean;
  readonly progress?: (done: number, of: number) => void;
}

export interface Swept {
  readonly scenario: Scenario;
  readonly calls: number;
  readonly points: number;
  readonly runs: number;
  readonly failures: readonly Run[];
}

export async function sweep(books: Books, scenario: Scenario, options: SweepOptions = {}): Promise<Swept> {
  const { tooth = null, untilBroken = false, progress = () => undefined } = options;
  const whole = await runScenario(books, scenario, { tooth });
  const failures: Run[] = whole.broken === null ? [] : [whole];
  const targets = whole.points
    .flatMap(({ no, hurts }) => hurts.map((hurt): Target => ({ no, hurt })))
    .filter(({ hurt }) => !options.onlyCommits || hurt !== 'dies');
  const chosen = choose(targets, options);
  let runs = 1;
  for (const target of failures.length > 0 ? [] : chosen) {
    const run = await runScenario(books, scenario, { target, tooth });
    runs += 1;
    if (run.broken !== null) failures.push(run);
    // A script that takes another way before it is hurt has points that nobody counted.
    else if (run.hit !== whole.points[target.no]?.where)
      failures.push({ ...run, broken: `point ${target.no} is ${run.hit}, and was ${whole.points[target.no]?.where}` });
    progress(runs - 1, chosen.length);
    if (untilBroken && failures.length > 0) break;
  }
  return { scenario, calls: whole.calls, points: whole.points.length, runs, failures };
}

function choose(targets: readonly Target[], { stride = 1, sample, offset = 0 }: SweepOptions): readonly Target[] {
  const step = sample === undefined ? stride : Math.floor(targets.length / sample);
  const chosen = targets.filter((_, index) => index % step === offset % step);
  return sample === undefined ? chosen : chosen.slice(0, sample);
}
