/** A short sample of `npm run chaos`: five blows on two real gateways, then everything is asked for again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { blows } from './blows.ts';
import { percentile, Storm } from './storm.ts';

const sample = blows.slice(0, 5);

describe('kill -9', { skip: process.platform === 'linux' ? false : 'finds PostgreSQL’s processes in /proc' }, () => {
  let storm: Storm;
  const restarts: number[] = [];
  before(async () => {
    storm = await Storm.begin();
  });
  after(() => storm.end());

  for (const blow of sample)
    test(`${blow}: nothing acknowledged is lost, nothing is executed twice, the books balance`, async (t) => {
      const { grievances, restartsMs, tally } = await storm.round(blow, 500);
      restarts.push(...restartsMs);
      assert.deepEqual(grievances, []);
      assert.ok(tally.acknowledged > 0);
      t.diagnostic(`${JSON.stringify(tally)}, ready again in ${restartsMs.map(Math.round).join(' and ')} ms`);
    });

  test('every number asked again gets its first answer; bank and gateways agree; what is paid was told, or is owed until a lease is over', async (t) => {
    const { grievances, owed, notices } = await storm.settle(20_000);
    assert.deepEqual(grievances, []);
    t.diagnostic(`${owed} owed, ${notices} notices, not sent at first: ${JSON.stringify(await storm.unsent())}`);
  });

  test('a restart is ready within ten seconds', (t) => {
    const slowest = percentile(restarts, 0.99);
    t.diagnostic(`p99 ${Math.round(slowest)} ms of ${restarts.length}`);
    assert.ok(restarts.length >= 3);
    assert.ok(slowest <= 10_000, `${slowest} ms`);
  });
});
