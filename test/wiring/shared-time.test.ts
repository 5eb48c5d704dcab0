/** All processes go by the database's time, whatever their own clocks say (T060). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LogFields } from '../../src/core/world.ts';
import type { Query, Sql } from '../../src/store/database.ts';
import { claimWork, leaseHomes } from '../../src/store/work.ts';
import { SharedTime } from '../../src/wiring/shared-time.ts';
import { silentLog, type TestDatabase, testDatabase } from '../database.ts';

let t: TestDatabase;
before(async () => {
  t = await testDatabase();
});
after(() => t.drop());

const hourMs = 3_600_000;

/** A machine whose clock may be set, and a database that says what time it is. */
function machine(wrongByMs = 0) {
  const clocks = { wall: 1_000_000 + wrongByMs, monotonic: 500, there: 1_000_000, tripMs: 0 };
  const time = new SharedTime({ now: () => clocks.wall, monotonic: () => clocks.monotonic });
  const warned: LogFields[] = [];
  const query: Query = {
    run<T>(_statement: Sql): Promise<T[]> {
      pass(clocks.tripMs / 2);
      const rows = [{ now: BigInt(clocks.there) }] as T[];
      pass(clocks.tripMs / 2);
      return Promise.resolve(rows);
    },
  };
  function pass(ms: number): void {
    clocks.wall += ms;
    clocks.monotonic += ms;
    clocks.there += ms;
  }
  const log = { ...silentLog, warn: (_event: string, fields: LogFields = {}) => void warned.push(fields) };
  return { clocks, time, pass, warned, hear: () => time.hear(query, log) };
}

test('before the database was asked, the own clock counts; then its time does, and a step of the own clock moves nothing', async () => {
  const { clocks, time, pass, hear } = machine(hourMs);
  assert.equal(time.now(), 1_000_000 + hourMs);
  await hear();
  assert.equal(time.now(), 1_000_000);
  clocks.wall -= 2 * hourMs;
  pass(1_000);
  assert.equal(time.now(), 1_001_000);
});

test('the middle of the trip is when it was true; what the trip leaves open moves nothing, a slow one says nothing', async () => {
  const { clocks, time, hear, pass } = machine();
  await hear();
  clocks.tripMs = 40;
  clocks.there += 30;
  await hear();
  assert.equal(time.now(), 1_000_040, 'within the trip');
  clocks.there += 500;
  await hear();
  assert.equal(time.now(), clocks.there);
  clocks.tripMs = 5_000;
  clocks.there += hourMs;
  const before = time.now();
  await hear();
  assert.equal(time.now(), before + 5_000);
  clocks.tripMs = 0;
  await hear();
  pass(1);
  assert.equal(time.now(), clocks.there);
});

test('clocks that are apart are told once, until they were together again', async () => {
  const { clocks, warned, hear } = machine(hourMs);
  await hear();
  await hear();
  assert.deepEqual(warned, [{ byMs: -hourMs }]);
  clocks.wall -= hourMs;
  await hear();
  clocks.wall -= hourMs;
  await hear();
  assert.equal(warned.length, 2);
});

test('two processes whose own clocks are an hour apart agree: what one has leased, the other does not take', async () => {
  const times = await Promise.all(
    [-hourMs, 0, hourMs].map(async (wrongByMs) => {
      const own = { now: () => Date.now() + wrongByMs, monotonic: () => performance.now() };
      const time = new SharedTime(own);
      await time.hear(t.db, silentLog);
      return time;
    }),
  );
  const [behind, right, ahead] = times.map((time) => time.now());
  assert.ok(behind !== undefined && right !== undefined && ahead !== undefined);
  assert.ok(Math.max(behind, right, ahead) - Math.min(behind, right, ahead) < 10_000, `${behind} ${right} ${ahead}`);
  await t.owner.run({
    text: `insert into kanal.work (home, object_id, kind, due_at) values (3, 9, 'payment', ${right - 1_000})`,
    values: [],
  });
  const nows = times.map((time) => time.now());
  const leases = await Promise.all(nows.map((now, place) => leaseHomes(t.db, `w${place}`, now, now + 60_000, 256)));
  assert.equal(leases.flat().length, 256, 'each home has one holder');
  const claims = [];
  for (const time of times) claims.push(await claimWork(t.db, 3, time.now(), time.now() + 60_000, 10));
  assert.deepEqual(
    claims.map((claimed) => claimed.length),
    [1, 0, 0],
  );
});
