/** Who comes first must not matter: races over payments, on real connections. */
import { after, before, describe, test } from 'node:test';
import { paymentRaces } from './payments.ts';
import { sampleOf } from './sample.ts';
import { openStage, type Stage } from './stage.ts';

describe('races over payments', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  for (const race of paymentRaces)
    test(race.title, async (t) => {
      t.diagnostic(await sampleOf(stage, race));
    });
});
