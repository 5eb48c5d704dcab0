/** The same create given to another process while the first is still being answered: one answer for both. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PaymentReport } from '../../src/core/commands.ts';
import { noInstruction } from '../../src/core/commands.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import type { Gate } from '../../src/flows/gate.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { type CallScript, answering, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(() => t.close());

const print = Buffer.from('the same content');

/** A second process over the same database: what the first remembers in its memory is unknown to it. */
const elsewhere = (): Gate => ({ ...t.gate });

/** The channel's "I have it", without anything to pay with, told before its reply. */
async function overtake(orderNo: string, changes: Partial<PaymentReport> = {}): Promise<void> {
  const [row] = await rowsOf(
    t.database,
    `select channel_id, reference from kanal.payments where order_no = '${orderNo}'`,
  );
  const about = {
    kind: 'payment',
    channelId: row?.['channel_id'] as bigint,
    reference: String(row?.['reference']),
  } as const;
  const said = paymentAnswer({ instruction: noInstruction, ...changes });
  const evidence = reportEvidence(about, 'callback', said, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

for (const state of ['pending', 'paid'] as const)
  test(`a callback says ${state} before the reply: who repeats elsewhere waits for the code`, async () => {
    const ask = payAsk();
    const caller = t.caller(0, 'payin');
    let second: Promise<PaymentReport> | undefined;
    let isSecondOver = false;
    t.script(async (command, asked) => {
      await overtake(ask.orderNo, state === 'paid' ? { state, paid: ask.amount } : {});
      second = pay(elsewhere(), caller, ask, print);
      void second.catch(() => undefined).then(() => (isSecondOver = true));
      for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(isSecondOver, false, 'the repeat waits');
      return (answering('pay', paymentAnswer()) as CallScript)(command, asked);
    });
    const first = await pay(t.gate, caller, ask, print);
    assert.equal(first.instruction.payCode, '00020101');
    assert.deepEqual(await second, first);
  });

test('nobody waits for a code when the channel has answered without one', async () => {
  const ask = payAsk();
  const caller = t.caller(0, 'payin');
  t.script(answering('pay', paymentAnswer({ instruction: noInstruction })));
  await pay(t.gate, caller, ask, print);
  const before = t.world.now();
  await pay(elsewhere(), caller, ask, print);
  assert.equal(t.world.now(), before, 'no look was waited for');
});
