/** One run of a script, hurt at most at one point, from the first order to the last consequence. */
import type { Books } from '../simulation/books.ts';
import type { Tooth } from '../simulation/teeth.ts';
import { type Point, Points, type Target } from './points.ts';
import type { Scenario } from './scenario.ts';
import { Broken, Stage } from './stage.ts';
import { askEverything, isAtRest, judge } from './verdict.ts';

export interface Run {
  readonly scenario: Scenario;
  readonly target: Target | null;
  /** What did not hold; null = everything did. */
  readonly broken: string | null;
  /** Where it was hurt; null = it was not. */
  readonly hit: string | null;
  readonly points: readonly Point[];
  readonly calls: number;
  readonly last: readonly string[];
}

export interface RunOptions {
  readonly target?: Target | null;
  readonly tooth?: Tooth | null;
  readonly echo?: boolean;
}

/** More than any script needs: beyond it nothing comes to rest. */
const mostEvents = 8_000;
const longestMs = 4 * 86_400_000;

export async function runScenario(books: Books, scenario: Scenario, options: RunOptions = {}): Promise<Run> {
  const { target = null, tooth = null, echo = false } = options;
  await books.reset();
  const points = new Points(target);
  const stage = new Stage(books, points, tooth, echo);
  const uproot = tooth?.plant?.();
  try {
    await play(stage, scenario);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  } finally {
    uproot?.();
    stage.retire();
  }
  const broken = stage.broken?.message ?? null;
  return {
    scenario,
    target,
    broken,
    hit: points.hit,
    points: points.met,
    calls: points.calls,
    last: stage.journal.last(150),
  };
}

async function play(stage: Stage, scenario: Scenario): Promise<void> {
  const { points } = stage;
  stage.launch();
  await until(stage, () => stage.gateway !== null);
  points.isOpen = true;
  await through(stage, scenario.play(stage));
  await rest(stage);
  points.isOpen = false;
  await through(stage, askEverything(stage));
  await rest(stage);
  await judge(stage, scenario);
  await scenario.check?.(stage);
}

async function through(stage: Stage, work: Promise<void>): Promise<void> {
  let isOver = false;
  stage.spawn(work.then(() => (isOver = true)));
  await until(stage, () => isOver);
  if (!isOver) stage.fail('the script stands still');
}

/** Until every ladder is climbed. */
async function rest(stage: Stage): Promise<void> {
  const { clock } = stage;
  const began = clock.now;
  while (!(await isAtRest(stage))) {
    const seen = clock.events;
    await until(stage, () => clock.events >= seen + 20);
    // The clock jumps to whatever comes next, if that is in ten years.
    if (clock.now - began > longestMs) stage.fail('nothing comes to rest');
    if (clock.events === seen) return;
  }
}

async function until(stage: Stage, isOver: () => boolean): Promise<void> {
  await stage.clock.run(() => stage.broken !== null || stage.clock.events > mostEvents || isOver());
  if (stage.broken) throw stage.broken;
  if (stage.clock.events > mostEvents) stage.fail(`more than ${mostEvents} events`);
}
