/** What every test run tries of the races; `npm run races` tries more. */
import { type Effort, type Race, runRace } from './race.ts';
import type { Stage } from './stage.ts';

export const sampleEffort: Effort = { moreChanges: 0, samples: 4, seed: 1 };

/** Plays it, and says how much was tried. */
export async function sampleOf(stage: Stage, race: Race): Promise<string> {
  const { courses, samples, waited, again } = await runRace(stage, race, sampleEffort);
  return `${courses} courses, ${samples} more by chance; locks waited for in ${waited}; ${again} begun again`;
}
