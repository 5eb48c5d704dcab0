/** Who comes first must not matter: races over refunds, on real connections. */
import { after, before, describe, test } from 'node:test';
import { refundRaces } from './refunds.ts';
import { sampleOf } from './sample.ts';
import { openStage, type Stage } from './stage.ts';

describe('races over refunds', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  for (const race of refundRaces)
    test(race.title, async (t) => {
      t.diagnostic(await sampleOf(stage, race));
    });
});
