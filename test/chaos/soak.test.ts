/**
 * Two gateways under steady traffic: memory and handles stay where they are (T121). A few seconds here, which show a handle per
 * order; an hour with `KANAL_LONG=1 npm test -- chaos/soak` (`KANAL_SOAK_MINUTES` of another length), which shows memory.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Body, Storm } from './storm.ts';

const isLong = process.env['KANAL_LONG'] === '1';
const [slices, sliceMs] = isLong ? [Number(process.env['KANAL_SOAK_MINUTES'] ?? '60'), 60_000] : [4, 1_500];
/** Sockets are kept for a while; one that an order leaves behind would be hundreds. */
const mostHandles = 40;
const mostMibPerTenMinutes = 1;

/** Least squares over the slices after the first quarter, in which caches fill: MiB for each slice. */
function slope(values: readonly number[]): number {
  const settled = values.slice(Math.floor(values.length / 4));
  const [middle, mean] = [(settled.length - 1) / 2, settled.reduce((sum, one) => sum + one, 0) / settled.length];
  const over = settled.reduce((sum, one, i) => sum + (i - middle) * (one - mean), 0);
  return over / settled.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
}

describe('steady traffic', { skip: process.platform === 'linux' ? false : 'reads /proc' }, () => {
  let storm: Storm;
  before(async () => {
    storm = await Storm.begin();
  });
  after(() => storm.end());

  test('leaves neither handles nor memory behind', async (t) => {
    const seen: (readonly Body[])[] = [];
    let orders = 0;
    for (let i = 0; i < slices; i++) {
      const { grievances, tally } = await storm.calm(sliceMs);
      assert.deepEqual(grievances, []);
      orders += tally.acknowledged;
      seen.push(await storm.bodies());
      if (isLong) t.diagnostic(`${i + 1}: ${orders} orders, ${JSON.stringify(seen.at(-1))}`);
    }
    for (const gateway of [0, 1]) {
      const of = (pick: (body: Body) => number) =>
        seen.map((bodies) => pick(bodies[gateway] ?? { mib: 0, handles: 0 }));
      const handles = of((body) => body.handles);
      assert.ok((handles.at(-1) ?? 0) - (handles[0] ?? 0) <= mostHandles, `handles: ${handles.join(', ')}`);
      const growth = slope(of((body) => body.mib)) * 10;
      t.diagnostic(`gateway ${gateway + 1}: ${growth.toFixed(2)} MiB in ten slices; handles ${handles.join(', ')}`);
      if (isLong) assert.ok(growth < mostMibPerTenMinutes, `${growth} MiB in ten minutes`);
    }
    assert.ok(orders > 50, `${orders} orders`);
  });
});
