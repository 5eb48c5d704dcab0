import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../src/core/refusal.ts';
import { Batcher } from '../../src/store/batch.ts';
import { CommitUnknown, DatabaseAway } from '../../src/store/database.ts';

/** A batcher that doubles numbers and remembers which batches it was given. */
function doubling(fail: (items: readonly number[]) => Error | undefined = () => undefined, maxRows = 96, lanes = 1) {
  const batches: number[][] = [];
  const batcher = new Batcher<number, number>({
    name: 'doubling',
    maxRows,
    lanes,
    maxQueued: 10,
    run: async (items) => {
      batches.push([...items]);
      const error = fail(items);
      if (error !== undefined) throw error;
      return items.map((item) => item * 2);
    },
  });
  return { batcher, batches };
}

const addAll = (batcher: Batcher<number, number>, items: readonly number[]) =>
  Promise.allSettled(items.map((item) => batcher.add(item)));

const values = (results: readonly PromiseSettledResult<number>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.name));

test('items in flight together leave together, and each gets its own outcome', async () => {
  const { batcher, batches } = doubling();
  assert.deepEqual(values(await addAll(batcher, [3, 1, 2])), [6, 2, 4]);
  assert.deepEqual(batches, [[3, 1, 2]]);
});

test('no batch is larger than allowed, and the order is kept', async () => {
  const { batcher, batches } = doubling(undefined, 2);
  await addAll(batcher, [1, 2, 3, 4, 5]);
  assert.deepEqual(batches, [[1, 2], [3, 4], [5]]);
});

test('what arrives while the lanes are busy waits and leaves as one batch', async () => {
  const started: number[][] = [];
  const gates: (() => void)[] = [];
  const batcher = new Batcher<number, number>({
    name: 'gated',
    lanes: 2,
    run: async (items) => {
      started.push([...items]);
      await new Promise<void>((open) => gates.push(open));
      return items;
    },
  });
  const turn = () => new Promise((done) => setImmediate(() => setImmediate(done)));
  const all: Promise<number>[] = [];
  for (const item of [1, 2, 3, 4]) {
    all.push(batcher.add(item));
    await turn();
  }
  assert.deepEqual(started, [[1], [2]]);
  gates[0]?.();
  await turn();
  assert.deepEqual(started, [[1], [2], [3, 4]]);
  for (const open of gates) open();
  assert.deepEqual(await Promise.all(all), [1, 2, 3, 4]);
});

test('a poisoned row fails alone', async () => {
  const { batcher, batches } = doubling((items) => (items.includes(2) ? new TypeError('poison') : undefined));
  assert.deepEqual(values(await addAll(batcher, [1, 2, 3])), [2, 'TypeError', 6]);
  assert.deepEqual(batches, [[1, 2, 3], [1], [2], [3]]);
});

for (const error of [new CommitUnknown('lost'), new DatabaseAway('away')]) {
  test(`${error.name} goes to all rows, and nothing is repeated`, async () => {
    const { batcher, batches } = doubling(() => error);
    assert.deepEqual(values(await addAll(batcher, [1, 2])), [error.name, error.name]);
    assert.deepEqual(batches, [[1, 2]]);
  });
}

test('a connection that is lost while going one by one fails only what is left to do', async () => {
  const { batcher } = doubling((items) => {
    if (items.length > 1) return new TypeError('poison');
    return items[0] === 1 ? undefined : new CommitUnknown('lost');
  });
  assert.deepEqual(values(await addAll(batcher, [1, 2])), [2, 'CommitUnknown']);
});

test('a full queue refuses with busy, and takes again when it has drained', async () => {
  const { batcher } = doubling();
  const waiting = addAll(batcher, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await assert.rejects(batcher.add(10), (error) => error instanceof Refusal && error.code === 'busy');
  assert.equal(batcher.queued, 10);
  await waiting;
  assert.equal(await batcher.add(10), 20);
});

test('a count of outcomes that does not fit is never repeated: it was committed', async () => {
  let runs = 0;
  const batcher = new Batcher<number, number>({ name: 'short', run: async () => (++runs > 0 ? [1] : []) });
  const results = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
  assert.deepEqual(values(results), ['CommitUnknown', 'CommitUnknown']);
  assert.equal(runs, 1);
});
