/** A sample of the sweep for every test run; `npm run sweep` visits every point. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Books } from '../simulation/books.ts';
import { openHouse } from './house.ts';
import { scenarios } from './scenarios.ts';
import { sweep } from './sweep.ts';

/** Points of a script that one test run visits. */
const sampled = 4;
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
});
