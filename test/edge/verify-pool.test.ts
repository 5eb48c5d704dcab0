/** Costly checks on threads: right answers, short queues, and turns, so that a flood waits for itself. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { Refusal } from '../../src/core/refusal.ts';
import { verifyPool } from '../../src/edge/verify-pool.ts';
import type { CostlyCheck } from '../../src/protocols/protocol.ts';
import { signSm2 } from '../../src/protocols/sm2.ts';
import { sm2PointOf } from '../../src/protocols/sm2-curve.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
const pool = verifyPool();
after(() => pool.close());

function check(text: string, isGood = true): CostlyCheck {
  const message = Buffer.from(text);
  const signature = Buffer.from(signSm2(privateKey, message, randomBytes));
  if (!isGood) message[0] = (message[0] ?? 0) ^ 1;
  return { point: sm2PointOf(publicKey), message, signature };
}

const off = (good: CostlyCheck): CostlyCheck => {
  const point = Buffer.from(good.point);
  point[64] = (point[64] ?? 0) ^ 1;
  return { ...good, point };
};

test('true is true, a flipped byte and a point off the curve are not', async () => {
  const good = check('one');
  const proofs = await pool.prove('a', [good, check('two', false), off(good), check('three')]);
  assert.deepEqual(
    proofs.map(({ holds }) => holds),
    [true, false, false, true],
  );
  assert.equal(proofs[0]?.check, good);
});

test('a lane has room for so many; another lane is served in between', async () => {
  const one = check('flood', false);
  const order: string[] = [];
  const refused: unknown[] = [];
  const ask = (lane: string) =>
    pool.prove(lane, [one]).then(
      () => order.push(lane),
      (error: unknown) => refused.push(error),
    );
  const flood = Array.from({ length: 200 }, () => ask('flooder'));
  const quiet = ask('quiet');
  await Promise.all([...flood, quiet]);
  assert.ok(order.indexOf('quiet') <= 3, `served as number ${order.indexOf('quiet')}`);
  assert.ok(refused.length >= 200 - 66, `${refused.length} refused`);
  assert.ok(refused.every((error) => error instanceof Refusal && error.code === 'busy'));
});

test('what waits when it closes is refused', async () => {
  const closing = verifyPool();
  const asked = Array.from({ length: 20 }, () => closing.prove('a', [check('x')]).catch((error: unknown) => error));
  await closing.close();
  const last = await closing.prove('a', [check('x')]).catch((error: unknown) => error);
  assert.ok(last instanceof Refusal);
  const ends = await Promise.race([Promise.all(asked), new Promise((resolve) => setTimeout(resolve, 2_000, null))]);
  assert.ok(Array.isArray(ends), 'nobody waits for ever');
});
