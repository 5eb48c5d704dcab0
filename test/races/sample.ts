/** What every test run tries of the races; `npm run races` tries more. */
import { after, before, describe, test } from 'node:test';
import { allRaces } from './all.ts';
import { type Effort, runRace } from './race.ts';
import { openStage, type Stage } from './stage.ts';

export const sampleEffort: Effort = { moreChanges: 0, samples: 4, seed: 1 };

export function raceTests(about: keyof typeof allRaces): void {
  describe(`races: ${about}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage.close());

    for (const race of allRaces[about])
      test(race.title, async (t) => {
        const { courses, samples, waited, again } = await runRace(stage, race, sampleEffort);
        t.diagnostic(
          `${courses} courses, ${samples} more by chance; locks waited for in ${waited}; ${again} begun again`,
        );
      });
  });
}
