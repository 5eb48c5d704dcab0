/** Streams of open payment pages: told at once by this process, within two seconds by another, and never without a bound. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noInstruction } from '../../src/core/commands.ts';
import type { Payment } from '../../src/core/order.ts';
import type { Gate } from '../../src/flows/gate.ts';
import { chooseMethod } from '../../src/flows/choose-method.ts';
import { pay } from '../../src/flows/pay.ts';
import { orderByPlatformNo } from '../../src/store/orders.ts';
import { Watch, type WatchLimits } from '../../src/web/cashier/watch.ts';
import { answering, payAsk, paymentAnswer, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(() => t.close());

const limits: WatchLimits = { streams: 3, perPayment: 2, lookMs: 2_000, heartbeatMs: 15_000, lifetimeMs: 60_000 };

/** A gate whose sleepers wait for `pass`, and which counts what it asks the database. */
function scene() {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  let looks = 0;
  const gate: Gate = {
    ...t.gate,
    db: { ...t.gate.db, run: (statement) => ((looks += 1), t.gate.db.run(statement)) },
    world: {
      ...t.world,
      monotonic: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const sleeper = { at: now + ms, wake: resolve };
          sleepers.add(sleeper);
          if (signal?.aborted) resolve();
          signal?.addEventListener('abort', () => resolve());
        }),
    },
  };
  return {
    watch: new Watch(gate, limits),
    looks: () => looks,
    pass: (ms: number) => {
      now += ms;
      for (const sleeper of sleepers)
        if (sleeper.at <= now) {
          sleepers.delete(sleeper);
          sleeper.wake();
        }
    },
  };
}

async function desk(): Promise<Payment> {
  const ask = payAsk({ method: 'any', option: null });
  const caller = t.caller(0, 'payin');
  const { platformNo } = await pay(t.gate, caller, ask, Buffer.from(ask.orderNo));
  const { home, id } = caller.merchant;
  const order = await orderByPlatformNo(t.database.db, 'payment', home, id, platformNo ?? '');
  return order?.kind === 'payment' ? order : assert.fail('no payment');
}

function choose(payment: Payment): Promise<Payment> {
  t.script(answering('pay', paymentAnswer({ instruction: { ...noInstruction, payCode: '8808' } })));
  return chooseMethod(t.gate, payment, { method: 'virtual-account', option: 'BNI', phone: null });
}

interface Reader {
  /** The next bytes, as text; null = the stream has ended. */
  read(): Promise<string | null>;
  leave(): Promise<unknown>;
}

function readerOf(watch: Watch, payment: Payment): Reader | null {
  const { status, body, isEndless } = watch.reply(payment);
  if (status !== 200) return null;
  assert.equal(isEndless, true);
  if (typeof body === 'string' || body instanceof Uint8Array) return assert.fail('not a stream');
  const iterator = body[Symbol.asyncIterator]();
  return {
    async read() {
      const { done, value } = await iterator.next();
      return done === true ? null : new TextDecoder().decode(value);
    },
    leave: () => iterator.return?.() ?? Promise.resolve(),
  };
}

test('a change by this process is pushed at once, and the stream begins with the present state', async () => {
  const { watch } = scene();
  const payment = await desk();
  const reader = readerOf(watch, payment) ?? assert.fail('no stream');
  assert.match((await reader.read()) ?? '', /^retry: 3000\nevent: state\ndata: \{"state":"choose"/);
  // Nobody moves the clock: only the door's own word can bring the news.
  const told = reader.read();
  t.gate.changes.tell({ home: 1, id: 1n });
  await choose(payment);
  const news = [await told];
  if (news[0]?.includes('preparing')) news.push(await reader.read());
  assert.match(
    news.at(-1) ?? '',
    /^event: state\ndata: \{"state":"waiting","stamp":"waiting-virtual-account-10"\}\n\n$/,
  );
  await reader.leave();
});

test('a change by another process is seen at the next look: one statement for all pages', async () => {
  const { watch, looks, pass } = scene();
  const payments = [await desk(), await desk()];
  const readers = payments.map((payment) => readerOf(watch, payment) ?? assert.fail('no stream'));
  for (const reader of readers) await reader.read();
  await t.database.owner.run({
    text: `update kanal.payments set state = 'closed' where id in (${payments.map(({ id }) => id).join()})`,
    values: [],
  });
  const told = Promise.all(readers.map((reader) => reader.read()));
  assert.equal(looks(), 0);
  pass(2_000);
  for (const news of await told) assert.match(news ?? '', /"state":"expired"/);
  assert.equal(looks(), 1);
  await Promise.all(readers.map((reader) => reader.leave()));
});

test('too many pages get no stream; those that leave make room', async () => {
  const { watch } = scene();
  const [one, other] = [await desk(), await desk()];
  const first = readerOf(watch, one) ?? assert.fail('no stream');
  assert.ok(readerOf(watch, one));
  assert.equal(readerOf(watch, one), null, 'per payment');
  assert.ok(readerOf(watch, other));
  assert.equal(readerOf(watch, other), null, 'per process');
  await first.leave();
  await first.leave();
  assert.ok(readerOf(watch, other));
  assert.equal(readerOf(watch, one), null);
});

test('silence is broken by heartbeats, and no stream lives for ever', async () => {
  const { watch, pass } = scene();
  const reader = readerOf(watch, await desk()) ?? assert.fail('no stream');
  await reader.read();
  const beat = reader.read();
  pass(15_000);
  assert.equal(await beat, ':\n\n');
  const end = reader.read();
  // The look that brought the heartbeat must be asleep again before the clock moves on.
  await new Promise((resolve) => setImmediate(resolve));
  pass(60_000);
  assert.equal(await end, null);
});

test('a heartbeat never takes the place of news that a slow reader has not read', async () => {
  const { watch, pass } = scene();
  const payment = await desk();
  const reader = readerOf(watch, payment) ?? assert.fail('no stream');
  const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
  await settled();
  pass(15_000);
  await settled();
  assert.match((await reader.read()) ?? '', /event: state/);
  await reader.leave();
});

test('a database that does not answer ends nothing', async () => {
  const { watch, pass } = scene();
  const payment = await desk();
  const reader = readerOf(watch, { ...payment, home: -40_000 }) ?? assert.fail('no stream');
  await reader.read();
  const beat = reader.read();
  pass(15_000);
  assert.equal(await beat, ':\n\n');
  await reader.leave();
});
