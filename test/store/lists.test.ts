/** Lists over all homes: newest first across them, each row once, page by page, whatever home it lies in. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listCallbacks } from '../../src/store/lists.ts';
import { insertCallbacks } from '../../src/store/settle.ts';
import { idMaker } from '../../src/world.ts';
import { testDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
const homes = [0, 7, 255];
const ids: bigint[] = [];

before(async () => {
  database = await testDatabase();
  const newId = idMaker(1, () => Date.UTC(2026, 0, 1));
  const raw = { channelId: 1n, method: 'POST', target: '/listen/1', headers: [], body: '', at: Date.UTC(2026, 0, 1) };
  const rows = Array.from({ length: 130 }, (_, no) => {
    const id = newId();
    ids.push(id);
    // Runs in one home, so that a page of one home alone would be wrong.
    const home = homes[Math.floor(no / 20) % homes.length] ?? 0;
    const verdict = no % 13 === 0 ? 'forged' : 'unmatched';
    return { ...raw, home, id, verdict, objectKind: null, objectId: null };
  });
  await insertCallbacks(database.db, rows);
});
after(() => database.drop());

async function pages(state: string | null, only = homes): Promise<bigint[]> {
  const filter = { merchantId: null, homes: only, state, number: null };
  const seen: bigint[] = [];
  for (let before: bigint | null = null; ; ) {
    const rows = await listCallbacks(database.db, filter, { before, limit: 50 });
    seen.push(...rows.map(({ id }) => id));
    before = rows.at(-1)?.id ?? null;
    if (rows.length < 50) return seen;
  }
}

test('every row once, newest first over all homes', async () => {
  assert.deepEqual(await pages(null), ids.toReversed());
});

test('a filter leaves what fits, of every home; homes that are not asked for are left out', async () => {
  assert.deepEqual(await pages('forged'), ids.filter((_, no) => no % 13 === 0).toReversed());
  assert.deepEqual(await pages(null, [7]), ids.filter((_, no) => Math.floor(no / 20) % 3 === 1).toReversed());
});
