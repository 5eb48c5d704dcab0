import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pay, PayOut } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { faultKinds } from '../../src/twin/faults.ts';
import { find, payAsk, payOutAsk, type TwinScene, twinScene, until } from './twin-scene.ts';

/** Kinds that a test below has seen at work. */
const observed = new Set<string>();

for (const name of ['payin', 'bluepay'] as const) {
  describe(`faults of ${name}`, () => {
    let scene: TwinScene;
    before(async () => {
      scene = await twinScene(name, { more: { resolve: async (number) => [...(known.get(number) ?? [])] } });
    });
    after(() => scene.stop());
    const known = new Map<string, string[]>();

    function asking(more: Partial<Pay> = {}, minor?: bigint): Pay {
      return payAsk({ notify: { kind: 'http', url: scene.callbackUrl }, ...more }, minor);
    }
    function payingOut(minor?: bigint) {
      return payOutAsk({ notify: { kind: 'http', url: scene.callbackUrl } }, minor);
    }
    async function plan(kind: string, more: object = {}, around: object = {}): Promise<void> {
      observed.add(kind);
      await scene.plan([{ kind, ...more }], around);
    }
    function asked(kind: string, ask: PayOut) {
      return kind === 'execute-and-never-answer' ? scene.askBriefly('pay-out', ask) : scene.ask('pay-out', ask);
    }
    async function executed(reference: string): Promise<boolean> {
      return (await scene.executions()).some((execution) => execution.reference === reference);
    }
    async function stateOf(reference: string): Promise<string> {
      const answer = await scene.ask('query-payment', find(reference));
      return answer.kind === 'answered' ? answer.answer.state : answer.kind;
    }
    async function payoutStateOf(reference: string): Promise<string> {
      const answer = await scene.ask('query-payout', find(reference));
      return answer.kind === 'answered' ? answer.answer.state : answer.kind;
    }
    /** States told by callbacks since `from`, for one order. */
    function told(reference: string, from = 0): string[] {
      return scene.heard
        .slice(from)
        .flatMap(({ report }) =>
          report === 'forged' ? ['forged'] : report.orderNo === reference ? [report.state] : [],
        );
    }
    const finals = (states: string[]) => states.filter((state) => state !== 'pending');

    test('decline is a clear no that executes nothing', async () => {
      const ask = payingOut();
      await plan('decline');
      assert.equal((await scene.ask('pay-out', ask)).kind, 'declined');
      assert.equal(await executed(ask.orderNo), false);
      assert.equal((await scene.ask('pay-out', ask)).kind, 'answered', 'used up after once');
    });

    test('drop-before cuts the connection and executes nothing', async () => {
      const ask = payingOut();
      await plan('drop-before');
      assert.equal((await scene.ask('pay-out', ask)).kind, 'unknown');
      assert.equal(await executed(ask.orderNo), false);
    });

    for (const [kind, more] of [
      ['execute-and-never-answer', {}],
      ['truncate', { bytes: 12 }],
      ['truncate', {}],
      ['truncate', { bytes: 100_000 }],
      ['http-500', {}],
      ['html', {}],
    ] as const) {
      test(`${kind} ${JSON.stringify(more)}: nobody knows, yet it was executed`, async () => {
        const ask = payingOut();
        await plan(kind, more);
        assert.equal((await asked(kind, ask)).kind, 'unknown');
        await until(() => executed(ask.orderNo));
      });
      test(`${kind} ${JSON.stringify(more)} with executed false executes nothing`, async () => {
        const ask = payingOut();
        await plan(kind, { ...more, executed: false });
        assert.equal((await asked(kind, ask)).kind, 'unknown');
        assert.equal(await executed(ask.orderNo), false);
        assert.equal(await payoutStateOf(ask.orderNo), 'not-found');
      });
    }

    test('answer-late answers after its time', async () => {
      await plan('answer-late', { ms: 7_000 });
      const begun = scene.clock.now;
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'answered');
      assert.equal(scene.clock.now - begun, 7_000);
    });

    test('bad-signature has no effect where replies are unsigned', async () => {
      assert.match(scene.protocol.reply.signature.en, /unsigned/);
      await plan('bad-signature');
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'answered');
    });

    test('wrong-amount shows one rupiah more than was ordered', async () => {
      const ask = asking();
      await scene.ask('pay', ask);
      await plan('wrong-amount', {}, { match: { operation: 'query-payment', reference: ask.orderNo } });
      const wrong = await scene.ask('query-payment', find(ask.orderNo));
      assert.ok(wrong.kind === 'answered');
      assert.deepEqual(wrong.answer.amount, money(20_001n, 'IDR'));
    });

    test('not-found hides an order for a while', async () => {
      const ask = payingOut();
      await plan('not-found', { ms: 4_000 });
      await scene.ask('pay-out', ask);
      assert.equal(await payoutStateOf(ask.orderNo), 'not-found');
      scene.clock.now += 4_000;
      assert.equal(await payoutStateOf(ask.orderNo), 'pending');
    });

    test('not-found on a query hides from then on', async () => {
      const ask = asking();
      await scene.ask('pay', ask);
      await plan('not-found', { ms: 4_000 }, { match: { operation: 'query-payment' } });
      assert.equal(await stateOf(ask.orderNo), 'not-found');
      assert.equal(await stateOf(ask.orderNo), 'not-found');
      scene.clock.now += 4_000;
      assert.equal(await stateOf(ask.orderNo), 'pending');
    });

    test('pending keeps a result back', async () => {
      const ask = payingOut();
      await plan('pending', { ms: 9_000 });
      await scene.ask('pay-out', ask);
      scene.clock.now += 8_999;
      await scene.started.twin.tick();
      assert.equal(await payoutStateOf(ask.orderNo), 'pending');
      scene.clock.now += 1;
      await scene.started.twin.tick();
      assert.equal(await payoutStateOf(ask.orderNo), 'paid');
    });

    test('pending keeps back that the payer has paid, and its callback', async () => {
      const ask = asking();
      await plan('pending', { ms: 9_000 });
      await scene.ask('pay', ask);
      await scene.control('POST', '/_twin/pay', { reference: ask.orderNo });
      await scene.started.twin.tick();
      assert.equal(await stateOf(ask.orderNo), 'pending');
      assert.deepEqual(finals(told(ask.orderNo)), []);
      scene.clock.now += 9_000;
      await scene.started.twin.tick();
      assert.deepEqual(finals(told(ask.orderNo)), ['paid']);
    });

    test('decline-later accepts and then refuses', async () => {
      const ask = payingOut();
      await plan('decline-later', { ms: 100 });
      assert.equal((await scene.ask('pay-out', ask)).kind, 'answered');
      scene.clock.now += 100;
      await scene.started.twin.tick();
      assert.equal(await payoutStateOf(ask.orderNo), 'failed');
      assert.deepEqual(finals(told(ask.orderNo)), ['failed']);
    });

    test('returned: a payout comes back after its success, and both are told', async () => {
      const ask = payingOut();
      await plan('returned', { ms: 500 });
      await scene.ask('pay-out', ask);
      scene.clock.now += 3_000;
      await scene.started.twin.tick();
      assert.equal(await payoutStateOf(ask.orderNo), 'paid');
      scene.clock.now += 500;
      await scene.started.twin.tick();
      assert.deepEqual(finals(told(ask.orderNo)), ['paid', 'returned']);
      assert.equal((await scene.executions()).find((e) => e.reference === ask.orderNo)?.outcome, 'returned');
    });

    test('down refuses connections until the plan is removed', async () => {
      await plan('down');
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'not-sent');
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'not-sent');
      await scene.control('DELETE', '/_twin/plan');
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'answered');
    });

    test('down with ms ends by itself', async () => {
      await plan('down', { ms: 1_000 });
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'not-sent');
      scene.clock.now += 1_000;
      await scene.control('GET', '/_twin/plan');
      assert.equal((await scene.ask('pay-out', payingOut())).kind, 'answered');
      await scene.control('DELETE', '/_twin/plan');
    });

    describe('callbacks', () => {
      async function paidWith(more: object): Promise<{ reference: string; from: number }> {
        const from = scene.heard.length;
        const ask = asking();
        await plan('callback', more);
        await scene.ask('pay', ask);
        await scene.started.twin.tick();
        await scene.control('POST', '/_twin/pay', { reference: ask.orderNo });
        await scene.started.twin.tick();
        return { reference: ask.orderNo, from };
      }

      test('none', async () => {
        const { reference, from } = await paidWith({ times: 0 });
        assert.deepEqual(told(reference, from), []);
        assert.equal(await stateOf(reference), 'paid');
      });

      test('three times', async () => {
        const { reference, from } = await paidWith({ times: 3 });
        assert.deepEqual(finals(told(reference, from)), ['paid', 'paid', 'paid']);
      });

      test('late', async () => {
        const { reference, from } = await paidWith({ delayMs: 2_000 });
        assert.deepEqual(finals(told(reference, from)), []);
        scene.clock.now += 2_000;
        await scene.started.twin.tick();
        assert.deepEqual(finals(told(reference, from)), ['paid']);
      });

      test('forged ones come beside the true one', async () => {
        const { reference, from } = await paidWith({ forged: true, times: 2 });
        assert.deepEqual(finals(told(reference, from)), ['forged', 'forged', 'paid']);
      });

      test('with a wrong amount under a good signature', async () => {
        const { reference, from } = await paidWith({ wrongAmount: true });
        const report = scene.heard
          .slice(from)
          .find(({ report }) => report !== 'forged' && report.state === 'paid')?.report;
        assert.ok(report && report !== 'forged' && report.kind === 'payment');
        assert.equal(report.paid?.minor, 20_001n);
        assert.equal((await scene.executions()).find((e) => e.reference === reference)?.amount, '20000');
      });

      test('with another state', async () => {
        const { reference, from } = await paidWith({ status: 'failed' });
        assert.deepEqual(finals(told(reference, from)), ['failed']);
      });

      test('before the reply', async () => {
        const from = scene.heard.length;
        const ask = payingOut();
        await plan('callback', { beforeReply: true });
        const asked = scene
          .ask('pay-out', ask)
          .then((answer) => ({ answer, heardBefore: finals(told(ask.orderNo, from)) }));
        const { answer, heardBefore } = await asked;
        assert.equal(answer.kind === 'answered' && answer.answer.state, 'pending');
        assert.deepEqual(heardBefore, ['paid']);
      });

      test('sent by hand: repeated, forged, another amount', async () => {
        const { reference } = await paidWith({});
        const from = scene.heard.length;
        const call = (more: object) => scene.control('POST', '/_twin/callback', { reference, ...more });
        assert.equal((await call({ times: 2 })).status, 200);
        await call({ forged: true });
        assert.deepEqual(told(reference, from), ['paid', 'paid', 'forged']);
        await call({ amount: 5 });
        const last = scene.heard.at(-1)?.report;
        assert.ok(last && last !== 'forged' && last.kind === 'payment');
        assert.equal(last.paid?.minor, 5n);
      });
    });

    describe('plans', () => {
      test('match by operation, reference, amount and merchant number; the first that fits is used', async () => {
        const mine = asking({}, 31_000n);
        known.set('shop-1', [mine.orderNo]);
        await plan('html', {}, { match: { operation: 'refund' } });
        await plan('html', {}, { match: { amount: 77 } });
        await plan('html', {}, { match: { merchantOrderNo: 'shop-2' } });
        await plan('http-500', {}, { match: { merchantOrderNo: 'shop-1', operation: 'pay', amount: '31000' } });
        assert.equal((await scene.ask('pay', asking())).kind, 'answered');
        const hit = await scene.ask('pay', mine);
        assert.equal(hit.kind === 'unknown' && /500/.test(hit.why), true);
        assert.equal((await scene.ask('pay', mine)).kind, 'answered');
        await scene.control('DELETE', '/_twin/plan');
      });

      test('`times` counts under parallel requests; 0 is until removed', async () => {
        await plan('decline', {}, { times: 3 });
        const some = await Promise.all(Array.from({ length: 10 }, () => scene.ask('pay-out', payingOut())));
        assert.equal(some.filter(({ kind }) => kind === 'declined').length, 3);
        await plan('decline', {}, { times: 0 });
        const all = await Promise.all(Array.from({ length: 10 }, () => scene.ask('pay-out', payingOut())));
        assert.equal(all.filter(({ kind }) => kind === 'declined').length, 10);
        await scene.control('DELETE', '/_twin/plan');
        assert.equal((await scene.ask('pay-out', payingOut())).kind, 'answered');
      });

      test('a plan that cannot be understood says what is wrong', async () => {
        const { status, body } = await scene.control('POST', '/_twin/plan', { faults: [{ kind: 'explode' }] });
        assert.equal(status, 400);
        assert.match(JSON.stringify(body), /execute-and-never-answer/);
        assert.equal((await scene.control('POST', '/_twin/plan', { faults: [] })).status, 400);
        assert.equal((await scene.control('POST', '/_twin/plan', [])).status, 400);
      });

      test('magic amounts work without any', async () => {
        const declined = payingOut(59_001n);
        assert.equal((await scene.ask('pay-out', declined)).kind, 'declined');
        const cut = payingOut(59_002n);
        assert.equal((await scene.ask('pay-out', cut)).kind, 'unknown');
        assert.equal(await executed(cut.orderNo), false);
        assert.equal((await scene.ask('pay-out', cut)).kind, 'answered', 'only the first time');
        assert.equal((await scene.ask('pay-out', payingOut(59_050n))).kind, 'answered');
        assert.equal((await scene.ask('pay-out', payingOut(90_010n))).kind, 'answered');
      });
    });
  });
}

test('every kind of fault was seen at work', () => {
  assert.deepEqual([...observed].sort(), Object.keys(faultKinds).sort());
});
