/** A sample of the sweep for every test run; `npm run sweep` visits every point. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Books } from '../simulation/books.ts';
import { teeth } from '../simulation/teeth.ts';
import { openHouse } from './house.ts';
import { scenarios } from './scenarios.ts';
import { sweep } from './sweep.ts';

/** Points of a script that one test run visits. */
const sampled = 4;
/** Planted bugs, and the script that shows each: unhurt, or hurt at its commits. */
const shownBy: Readonly<Record<string, string>> = {
  'double-reversal': 'payout-returned',
  'hold-kept': 'payout-declined',
  'notice-after-commit': 'collect',
  'notice-made-anew': 'notice-frozen',
  'refund-under-new-number': 'refund-lost-reply',
  'second-success-is-the-first': 'paid-twice',
};
let books: Books;

before(async () => {
  books = await openHouse();
});
after(() => books.close());

describe('the crash sweep', () => {
  for (const [place, scenario] of scenarios.entries())
    test(`${scenario.name}: ${scenario.about}`, async () => {
      const { failures, calls, runs } = await sweep(books, scenario, { sample: sampled, offset: place });
      const [first] = failures;
      assert.equal(
        first,
        undefined,
        first && `${first.target?.no} ${first.hit}: ${first.broken}\n${first.last.join('\n')}`,
      );
      assert.ok(calls > 20 && runs === sampled + 1, `${calls} calls, ${runs} runs`);
    });

  for (const [bug, script] of Object.entries(shownBy))
    test(`a planted bug is found: ${bug}`, async () => {
      const tooth = teeth.find(({ name }) => name === bug);
      const scenario = scenarios.find(({ name }) => name === script);
      assert.ok(tooth && scenario);
      const { failures } = await sweep(books, scenario, { tooth, onlyCommits: true, untilBroken: true });
      assert.equal(failures.length, 1);
    });
});
