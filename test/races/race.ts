/** A race: parties that meet over one order, and what must hold whichever way they meet. */
import assert from 'node:assert/strict';
import { trialBalance } from '../../src/store/ledger.ts';
import { Chance } from '../simulation/chance.ts';
import type { Choose, Course, Grain } from './director.ts';
import { AllCourses, byChance } from './explore.ts';
import type { Stage } from './stage.ts';

export interface Scene {
  /** Two or three, each played by the stage's actor of the same place. */
  readonly parties: readonly (() => Promise<unknown>)[];
  /** Throws when something does not hold. */
  check(outcomes: readonly PromiseSettledResult<unknown>[]): Promise<void>;
}

export interface Race {
  readonly title: string;
  /** Most parties that are interrupted although they could go on; absent = all courses are tried. */
  readonly changes?: number;
  /** Sets a fresh scene up. */
  scene(stage: Stage): Promise<Scene>;
}

export interface Effort {
  /** Added to each race's `changes`. */
  readonly moreChanges: number;
  /** Further courses by chance, statement by statement. */
  readonly samples: number;
  readonly seed: number;
}

export interface Ran {
  readonly courses: number;
  readonly samples: number;
  /** Courses in which somebody waited for a lock. */
  readonly waited: number;
  readonly again: number;
}

/** A pair that has more courses than this needs a bound. */
const mostCourses = 20_000;

export async function runRace(stage: Stage, race: Race, effort: Effort): Promise<Ran> {
  const all = new AllCourses(race.changes === undefined ? Number.POSITIVE_INFINITY : race.changes + effort.moreChanges);
  const again = stage.again();
  let courses = 0;
  let waited = 0;
  // A first posting opens its account, which is a step more: rehearsed both ways round, it is behind us.
  await playOne(stage, race, 'burst', ([first]) => first);
  await playOne(stage, race, 'burst', (able) => able.at(-1) ?? able[0]);
  do {
    if ((await playOne(stage, race, 'burst', all.choose)).waited) waited += 1;
    courses += 1;
    assert.ok(courses <= mostCourses, `${race.title}: more than ${mostCourses} courses`);
  } while (all.next());
  const chance = new Chance(`${effort.seed}/${race.title}`);
  for (let sample = 0; sample < effort.samples; sample += 1)
    if ((await playOne(stage, race, 'statement', byChance(chance))).waited) waited += 1;
  const books = await trialBalance(stage.t.database.owner);
  assert.deepEqual(books.findings, [], race.title);
  return { courses, samples: effort.samples, waited, again: stage.again() - again };
}

async function playOne(stage: Stage, race: Race, grain: Grain, choose: Choose): Promise<Course> {
  const scene = await race.scene(stage);
  const course = await stage.director.play(scene.parties, grain, choose);
  try {
    await scene.check(course.outcomes);
  } catch (error) {
    const failed = course.outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    throw new Error(`${race.title} does not hold:\n  ${[...course.steps, ...failed].join('\n  ')}`, { cause: error });
  }
  return course;
}
