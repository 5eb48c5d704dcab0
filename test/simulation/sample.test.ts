/** A sample of the simulation for every test run; `npm run simulate` plays as many seeds as one likes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Books, openBooks } from './books.ts';
import { type Outcome, runSeed } from './seed.ts';
import { teeth } from './teeth.ts';

const seeds = 12;
const played: Outcome[] = [];
let books: Books;

before(async () => {
  books = await openBooks();
});
after(() => books.close());

function assertHolds({ seed, broken, last }: Outcome): void {
  assert.equal(broken, null, `seed ${seed}: ${broken}\n${last.slice(-40).join('\n')}`);
}

describe('the simulation', () => {
  for (let seed = 1; seed <= seeds; seed += 1)
    test(`seed ${seed} holds`, async () => {
      const outcome = await runSeed(books, { seed });
      played.push(outcome);
      assertHolds(outcome);
    });

  test('a seed played again is the same to the letter', async () => {
    const [first] = played;
    assert.ok(first && first.events > 50);
    const again = await runSeed(books, { seed: first.seed });
    assert.equal(again.hash, first.hash);
  });

  test('the sample was no walk in the sun: messages were lost, processes died, money moved', () => {
    const sum = (name: string) => played.reduce((total, { counters }) => total + (counters.get(name) ?? 0), 0);
    for (const name of [
      'call: lost-answer',
      'callback: doubled',
      'crash',
      'bank: payment paid',
      'bank: payout paid',
      'bank: refund paid',
      'operator: closes a review',
    ])
      assert.ok(sum(name) > 0, name);
    const crossed = ['payin through bluepay', 'unified through payin', 'bestpay through fufu', 'fufu through bestpay'];
    assert.ok(crossed.some((way) => sum(`${way}: done`) > 0));
  });

  for (const name of ['no-outbox', 'acknowledged-before-commit', 'no-tenant'])
    test(`a planted bug is found: ${name}`, async () => {
      const tooth = teeth.find((one) => one.name === name);
      assert.ok(tooth);
      for (let seed = 1; seed <= seeds; seed += 1) if ((await runSeed(books, { seed, tooth })).broken !== null) return;
      assert.fail(`not found in ${seeds} seeds`);
    });
});
