/** Two races of creating and ending: a short number that is taken, and an end that comes while a payer chooses. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { bareEvidence } from '../../src/flows/attempt.ts';
import { bindOneCode } from '../../src/flows/bind-one-code.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { answering, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(() => t.close());

const oneCode = () => payAsk({ amount: money(250n, 'CNY'), method: 'any', option: null, extras: {} });
const order = (ask = oneCode()) => pay(t.gate, t.caller(0, 'fufu'), ask, Buffer.from(ask.orderNo));

test('a number of ours that is taken already is replaced, and the order is made all the same', async () => {
  const given = t.gate.facts.platformNo.bind(t.gate.facts);
  const first = await order();
  let asked = 0;
  t.gate.facts.platformNo = (...args) => (++asked <= 2 ? String(first.platformNo) : given(...args));
  const second = await order();
  t.gate.facts.platformNo = given;
  assert.equal(asked, 3);
  assert.notEqual(second.platformNo, first.platformNo);
  const rows = await rowsOf(
    t.database,
    `select 1 from kanal.payments where platform_no = '${String(first.platformNo)}'`,
  );
  assert.equal(rows.length, 1);
});

test('an order that a wallet has bound meanwhile is not closed by whoever saw it unbound', async () => {
  const ask = oneCode();
  await order(ask);
  const [row] = await rowsOf(t.database, `select home, id from kanal.payments where order_no = '${ask.orderNo}'`);
  const key = { home: Number(row?.['home']), id: row?.['id'] as bigint };
  t.script(
    answering(
      'pay',
      paymentAnswer({
        amount: null,
        instruction: { payCode: 'https://x.test/', payUrl: null, deskUrl: null, confirmNo: null },
      }),
    ),
  );
  const bound = await bindOneCode(t.gate, key, { wallet: 'ALIPAY', user: null, returnUrl: 'https://x.test/' });
  assert.equal(bound.state, 'pending');
  for (const source of ['clock', 'operator'] as const) {
    const about = { kind: 'payment', channelId: null, reference: null } as const;
    const evidence = bareEvidence(about, source, 'closed', t.world.now());
    const learnt = await learnOutcome(t.gate, {
      key: { ...key, kind: 'payment' },
      evidence,
      callback: null,
      lookAgainAt: null,
    });
    assert.equal(learnt.kind === 'learnt' && learnt.order.state, 'pending', source);
  }
});
