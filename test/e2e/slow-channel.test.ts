/**
 * A channel that answers nobody, over real sockets: its own orders wait and end truthfully; the other channel's are made, paid and told
 * as if nothing were (T112). No clock decides: all of the others are through before the first of the slow ones is.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { endInOrder, freshNo, type Scene, shown, startScene } from './harness.ts';
import { textAt, until } from './http.ts';

const slowOnes = 100;
const others = 20;
/** Longer than any call waits. */
const never = [{ kind: 'answer-late', ms: 17_000 }];

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

describe('a channel that does not answer', () => {
  test('starves nobody: creates, callbacks, queries and notices of the other channel go on', async (t) => {
    const slow = s.twin('payin');
    await slow.plan({ operation: 'pay' }, never, 0);
    await slow.plan({ operation: 'query-payment' }, never, 0);
    const nos = Array.from({ length: slowOnes }, () => freshNo());
    let ended = 0;
    const waiting = nos.map(async (no) => {
      const told = await s.a.payin.pay(no, 20_000, `${s.receiver.url}/n/${no}`);
      ended += 1;
      return told;
    });

    const paid = Array.from({ length: others }, () => freshNo());
    await Promise.all(
      paid.map(async (no) => {
        const told = await s.a.unified.pay(no, 20_000, `${s.receiver.url}/n/${no}`);
        await s.twin('bluepay').pay({ code: told.payCode });
        await until(`${no} paid`, async () => textAt(await shown(s, no), 'state') === 'paid', 30_000);
        await until(`${no} told`, () => Promise.resolve(s.receiver.at(`/n/${no}`).length > 0), 30_000);
      }),
    );
    t.diagnostic(`${others} made, paid and told while ${slowOnes - ended} of ${slowOnes} waited`);
    assert.equal(ended, 0);

    const answers = await Promise.all(waiting);
    assert.equal(answers.filter(({ payCode }) => payCode !== '').length, 0);
    // Silence is no failure: every one of them is there, and open.
    const states = await Promise.all(nos.map(async (no) => textAt(await shown(s, no), 'state')));
    assert.deepEqual(new Set(states), new Set(['unknown']));
  });

  test('nor do the many questions about its orders: the other channel’s unknown ones are asked about and end', async () => {
    const no = freshNo();
    await s.twin('bluepay').plan({ merchantOrderNo: no, operation: 'pay' }, [{ kind: 'html' }]);
    await s.twin('bluepay').plan({ merchantOrderNo: no }, [{ kind: 'callback', times: 0 }]);
    await s.a.unified.pay(no, 20_000, `${s.receiver.url}/n/${no}`);
    await s.twin('bluepay').pay({ merchantOrderNo: no });
    await until(`${no} paid`, async () => textAt(await shown(s, no), 'state') === 'paid', 30_000);
  });

  test('and is used again as soon as it answers', async () => {
    await s.twin('payin').call('DELETE', 'plan');
    const no = freshNo();
    await until(
      'well again',
      async () => {
        const told = await s.a.payin.pay(freshNo(), 20_000, `${s.receiver.url}/n/${no}`);
        return told.payCode !== '';
      },
      60_000,
    );
  });
});
