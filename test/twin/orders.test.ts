import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { startTwin } from '../../src/twin/server.ts';
import { memoryTwinStore } from '../../src/twin/store.ts';
import { postgresTwinStore } from '../../src/twin/store-postgres.ts';
import { serverWorld, type TestDatabase, testDatabase } from '../database.ts';
import { find, parties, payAsk, payOutAsk, testWorld, type TwinScene, twinScene, until } from './twin-scene.ts';

const stores = ['memory', 'PostgreSQL'] as const;

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.drop());

for (const kind of stores) {
  for (const name of ['payin', 'bluepay'] as const) {
    describe(`${name} on ${kind}`, () => {
      let scene: TwinScene;
      const store = () => (kind === 'memory' ? memoryTwinStore() : postgresTwinStore(database.db));
      const notify = () => ({ kind: 'http' as const, url: scene.callbackUrl });
      before(async () => {
        scene = await twinScene(name, { store: store() });
      });
      after(() => scene.stop());

      test('a virtual account waits for its payer, who pays by code', async () => {
        const ask = payAsk({ notify: notify() });
        const made = await scene.ask('pay', ask);
        assert.equal(made.kind, 'answered');
        const code = made.kind === 'answered' ? made.answer.instruction.payCode : null;
        assert.match(code ?? '', /^8808\d{12}$/);
        const before = await scene.ask('query-payment', find(ask.orderNo));
        assert.equal(before.kind === 'answered' && before.answer.state, 'pending');
        const paid = await scene.control('POST', '/_twin/pay', { code });
        assert.equal(paid.status, 200);
        const afterwards = await scene.ask('query-payment', find(ask.orderNo));
        assert.equal(afterwards.kind === 'answered' && afterwards.answer.state, 'paid');
        await scene.started.twin.tick();
        const told = scene.heard.at(-1)?.report;
        assert.ok(told !== 'forged' && told?.state === 'paid');
        assert.equal(told.orderNo, ask.orderNo);
      });

      test('fifty parallel repeats execute once; other content is refused', async () => {
        const ask = payOutAsk({ notify: notify() });
        const answers = await Promise.all(Array.from({ length: 50 }, () => scene.ask('pay-out', ask)));
        assert.ok(answers.every((answer) => answer.kind === 'answered'));
        const mine = (await scene.executions()).filter(({ reference }) => reference === ask.orderNo);
        assert.deepEqual(
          mine.map(({ count }) => count),
          [1],
        );
        const other = await scene.ask('pay-out', { ...ask, amount: money(60_000n, 'IDR') });
        assert.equal(other.kind, 'unknown');
        assert.equal(
          (await scene.executions()).filter(({ reference }) => reference === ask.orderNo)[0]?.amount,
          '50000',
        );
      });

      test('a payout succeeds by itself after three seconds', async () => {
        const ask = payOutAsk({ notify: notify() });
        await scene.ask('pay-out', ask);
        scene.clock.now += 2_999;
        await scene.started.twin.tick();
        assert.equal((await outcomeOf(scene, ask.orderNo))?.outcome, 'pending');
        scene.clock.now += 1;
        await scene.started.twin.tick();
        assert.equal((await outcomeOf(scene, ask.orderNo))?.outcome, 'paid');
        const told = scene.heard.at(-1)?.report;
        assert.ok(told !== 'forged' && told?.kind === 'payout' && told.state === 'paid');
      });

      test('a callback that is not acknowledged comes again by the ladder', async () => {
        const ask = payAsk({ notify: notify() });
        await scene.ask('pay', ask);
        await scene.started.twin.tick();
        scene.reply = 'again';
        const heardBefore = scene.heard.length;
        await scene.control('POST', '/_twin/pay', { reference: ask.orderNo });
        await scene.started.twin.tick();
        assert.equal(scene.heard.length, heardBefore + 1);
        await scene.started.twin.tick();
        assert.equal(scene.heard.length, heardBefore + 1, 'not before its time');
        scene.reply = 'taken';
        scene.clock.now += scene.protocol.retry.gapsMs[0] ?? 0;
        await scene.started.twin.tick();
        assert.equal(scene.heard.length, heardBefore + 2);
        scene.clock.now += 10_000_000;
        await scene.started.twin.tick();
        assert.equal(scene.heard.length, heardBefore + 2, 'acknowledged is done');
      });

      test('a paid order is paid a second time only on purpose', async () => {
        const ask = payAsk({ notify: notify() });
        await scene.ask('pay', ask);
        const pay = (more: object) => scene.control('POST', '/_twin/pay', { reference: ask.orderNo, ...more });
        await Promise.all([pay({}), pay({}), pay({})]);
        assert.equal((await outcomeOf(scene, ask.orderNo))?.count, 1);
        await pay({ again: true });
        assert.equal((await outcomeOf(scene, ask.orderNo))?.count, 2);
        assert.equal((await pay({ outcome: 'declined' })).status, 409);
      });

      test('a payer may pay another amount', async () => {
        const ask = payAsk({ notify: notify() });
        await scene.ask('pay', ask);
        await scene.control('POST', '/_twin/pay', { reference: ask.orderNo, amount: 19_999 });
        assert.equal((await outcomeOf(scene, ask.orderNo))?.amount, '19999');
      });

      test('the day’s statement has what was decided on that day', async () => {
        const lines = (await scene.control('GET', '/_twin/statement?day=2030-01-02')).body as { outcome: string }[];
        assert.ok(lines.length >= 4);
        assert.ok(lines.every(({ outcome }) => outcome !== 'pending'));
        assert.deepEqual((await scene.control('GET', '/_twin/statement?day=2030-01-04')).body, []);
        assert.equal((await scene.control('GET', '/_twin/statement?day=x')).status, 400);
      });

      test('requests are kept as they came, newest first', async () => {
        const ask = payAsk({ notify: notify() });
        await scene.ask('pay', ask);
        const [newest] = (await scene.control('GET', '/_twin/requests')).body as { target: string; body: string }[];
        assert.ok(`${newest?.target}${newest?.body}`.includes(ask.orderNo));
      });
    });
  }
}

async function outcomeOf(scene: TwinScene, reference: string) {
  return (await scene.executions()).find((execution) => execution.reference === reference);
}

test('a restart loses nothing: orders, executions, plans, callbacks, requests', async () => {
  const store = postgresTwinStore(database.db);
  const more = { name: 'payin-restart' };
  const first = await twinScene('payin', { store, more });
  const clock = first.clock;
  const ask = payAsk({ method: 'qr', option: 'QRIS', notify: { kind: 'http', url: first.callbackUrl } });
  const payout = payOutAsk({ notify: { kind: 'http', url: first.callbackUrl } });
  const made = await first.ask('pay', ask);
  await first.ask('pay-out', payout);
  await first.plan([{ kind: 'http-500' }], { times: 0, match: { operation: 'query-payment' } });
  first.reply = 'again';
  await first.control('POST', '/_twin/pay', { reference: ask.orderNo });
  await first.started.twin.tick();
  const before = await first.executions();
  await first.stop();

  const second = await twinScene('payin', { store, clock, more });
  try {
    assert.deepEqual(await second.executions(), before);
    assert.equal((await second.ask('query-payment', find(ask.orderNo))).kind, 'unknown', 'the plan is still there');
    await second.control('DELETE', '/_twin/plan');
    const seen = await second.ask('query-payment', find(ask.orderNo));
    assert.ok(seen.kind === 'answered' && made.kind === 'answered');
    assert.equal(seen.answer.instruction.payCode, made.answer.instruction.payCode);
    assert.equal(((await second.control('GET', '/_twin/requests')).body as unknown[]).length, 4);
    clock.now += 60_000;
    await second.started.twin.tick();
    await second.started.twin.tick();
    // The receiver is on another port now: callbacks follow it, the old one is asked no more.
    const told = second.heard.map(({ report }) => (report === 'forged' ? report : report.orderNo));
    assert.deepEqual(new Set(told), new Set([ask.orderNo, payout.orderNo]));
    assert.equal(told.length, 2);
  } finally {
    await second.stop();
  }
});

test('twins of one store do not see each other', async () => {
  const store = memoryTwinStore();
  const one = await twinScene('payin', { store });
  const other = await twinScene('bluepay', { store });
  try {
    await one.ask('pay', payAsk({ notify: { kind: 'http', url: one.callbackUrl } }));
    assert.equal((await one.executions()).length, 1);
    assert.deepEqual(await other.executions(), []);
  } finally {
    await one.stop();
    await other.stop();
  }
});

test('left alone, time passes: payouts succeed, callbacks leave, a listener that was down for a while comes back', async () => {
  const world = {
    ...testWorld({ now: 0 }),
    now: () => Date.now(),
    sleep: serverWorld.sleep,
    scaled: (ms: number) => ms / 100,
  };
  const scene = await twinScene('payin', { more: { world, runs: true } });
  try {
    const ask = payOutAsk({ notify: { kind: 'http', url: scene.callbackUrl } });
    await scene.ask('pay-out', ask);
    await until(() => scene.heard.length > 0);
    const told = scene.heard[0]?.report;
    assert.ok(told && told !== 'forged' && told.state === 'paid');
    await scene.plan([{ kind: 'down', ms: 1_000 }]);
    assert.equal((await scene.ask('pay-out', ask)).kind, 'not-sent');
    for (let isBack = false; !isBack; ) isBack = (await scene.ask('pay-out', ask)).kind === 'answered';
  } finally {
    await scene.stop();
    await world.close();
  }
});

test('a twin does not load in production', async () => {
  const { protocol, keys } = parties.payin;
  const scene = await twinScene('payin');
  const { world } = scene;
  const options = { protocol, keys, store: memoryTwinStore(), world, callbackUrl: () => '', host: '127.0.0.1' };
  await assert.rejects(startTwin({ ...options, mode: 'production' }), /sandbox/);
  await scene.stop();
});
