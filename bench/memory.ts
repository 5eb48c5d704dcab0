/** Does a heap of undelivered notices live in the database or in the process? */
import { rawSql } from '../src/store/database.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { Child } from './child.ts';
import { startOf } from './lanes.ts';
import { type Place, median } from './place.ts';
import type { Row } from './report.ts';
import { dueNotices } from './scripts.ts';

const pending = 100_000;
/** Nobody listens there: each attempt fails at once and the notice waits for its next one. */
const deadTarget = 'http://127.0.0.1:9/hook';

export async function measureMemory(place: Place): Promise<Row> {
  const without = await memoryWith(place, 0);
  const withThem = await memoryWith(place, pending);
  const grew = withThem - without;
  return {
    title: `memory with ${pending.toLocaleString('en')} pending notices / with none`,
    value: `${withThem} / ${without} MiB`,
    goal: 'flat (+15 MiB at most)',
    verdict: grew <= 15 ? 'met' : 'missed',
  };
}

/** Median over ten seconds of workers being at it. */
async function memoryWith(place: Place, count: number): Promise<number> {
  await place.owner.run(rawSql('truncate kanal.notices_due'));
  const now = place.world.now();
  if (count > 0) await place.owner.run(rawSql(dueNotices(place.world.newId(), count, now - 200_000, [deadTarget])));
  const gateway = new Child('./gateway.js', { execArgv: ['--expose-gc'] });
  try {
    await gateway.call('start', startOf(place, 'all', ['127.0.0.1:9']));
    await wait(3_000);
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      await wait(1_000);
      seen.push(await gateway.call<number>('memory'));
    }
    return median(seen);
  } finally {
    await gateway.stop();
  }
}
