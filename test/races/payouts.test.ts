/** Who comes first must not matter: races over payouts, on real connections. */
import { after, before, describe, test } from 'node:test';
import { payoutRaces } from './payouts.ts';
import { sampleOf } from './sample.ts';
import { openStage, type Stage } from './stage.ts';

describe('races over payouts', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  for (const race of payoutRaces)
    test(race.title, async (t) => {
      t.diagnostic(await sampleOf(stage, race));
    });
});
