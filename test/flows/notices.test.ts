import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import type { OutboundRequest, Sent } from '../../src/core/world.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { rawSql } from '../../src/store/database.ts';
import { resendNotice } from '../../src/store/notices.ts';
import { Runner } from '../../src/workers/runner.ts';
import { allTasks } from '../../src/workers/schedule.ts';
import { answering, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

const answered = (status: number, body = ''): Sent => ({
  kind: 'ANSWER',
  status,
  headers: {},
  body: Buffer.from(body),
  truncated: false,
});

let t: TestGate;
let runner: Runner;
let posts: OutboundRequest[] = [];
let reply: (request: OutboundRequest) => Promise<Sent> = () => Promise.resolve(answered(200));

before(async () => {
  t = await testGate((request) => {
    posts.push(request);
    return reply(request);
  });
  runner = new Runner(t.world, t.gate.db, 'test', allTasks(t.gate));
});
after(() => t.close());
beforeEach(() => {
  posts = [];
  reply = () => Promise.resolve(answered(200));
});

async function paidOrder(protocol: string, url: string): Promise<string> {
  t.script(answering('pay', paymentAnswer({ platformNo: `UP${posts.length}${Math.floor(t.world.now())}` })));
  const ask = payAsk({
    notify: { kind: 'http', url },
    ...(protocol === 'unified' ? { method: 'virtual-account' as const, option: 'PERMATA' } : {}),
  });
  await pay(t.gate, t.caller(0, protocol), ask, Buffer.from(ask.orderNo));
  const [row] = await rowsOf(
    t.database,
    `select channel_id, reference from kanal.payments where order_no = '${ask.orderNo}'`,
  );
  const about = {
    kind: 'payment',
    channelId: row?.['channel_id'] as bigint,
    reference: String(row?.['reference']),
  } as const;
  const report = paymentAnswer({ state: 'paid', paid: money(20_000n, 'IDR') });
  await learnOutcome(t.gate, {
    key: null,
    evidence: reportEvidence(about, 'callback', report, t.world.now()),
    callback: null,
    lookAgainAt: null,
  });
  return ask.orderNo;
}

const deliver = () => runner.runOnce('notices');

async function noticeOf(orderNo: string) {
  const [row] = await rowsOf(
    t.database,
    `select n.id, n.state, d.due_at, d.tries, (select count(*)::int from kanal.notice_attempts a where a.notice_id = n.id) as attempts
     from kanal.notices n join kanal.payments p on p.home = n.home and p.id = n.object_id
     left join kanal.notices_due d on d.home = n.home and d.id = n.id where p.order_no = '${orderNo}'`,
  );
  assert.ok(row);
  return row;
}

/** Leases last fifteen seconds; the loops that keep them are not running here. */
async function passWithLease(ms: number): Promise<void> {
  t.pass(ms);
  runner = new Runner(t.world, t.gate.db, 'test', allTasks(t.gate));
}

describe('a notice', () => {
  test('is delivered once, with the Standard Webhooks headers beside the protocol signature', async () => {
    const order = await paidOrder('payin', 'http://shop.example/hook');
    await deliver();
    await deliver();
    assert.equal(posts.length, 1);
    const [post] = posts;
    assert.match(post?.headers['sign'] ?? '', /^[0-9A-Fa-f]{32}$/);
    assert.match(post?.headers['webhook-id'] ?? '', /^msg_\d+$/);
    assert.match(post?.headers['webhook-signature'] ?? '', /^v1,/);
    const notice = await noticeOf(order);
    assert.equal(notice['state'], 'done');
    assert.equal(notice['due_at'], null);
  });

  test('of payin climbs the documented ladder, same bytes each time, then is exhausted', async () => {
    reply = () => Promise.resolve(answered(500, 'no'));
    const order = await paidOrder('payin', 'http://down.example/hook');
    const waits: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      await deliver();
      const notice = await noticeOf(order);
      if (notice['due_at'] !== null) {
        const gap = Number(notice['due_at']) - t.world.now();
        waits.push(Math.floor(gap / 60_000));
        await passWithLease(gap + 1);
      }
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    assert.equal(posts.length, 11);
    assert.equal(new Set(posts.map((post) => Buffer.from(post.body).toString())).size, 1);
    assert.equal(new Set(posts.map((post) => post.headers['webhook-id'])).size, 1);
    const notice = await noticeOf(order);
    assert.equal(notice['state'], 'exhausted');
    assert.equal(notice['attempts'], 11);
  });

  test('is acknowledged exactly as its protocol says', async () => {
    for (const [protocol, status, done] of [
      ['payin', 200, true],
      ['payin', 301, true],
      ['payin', 302, true],
      ['payin', 201, false],
      ['payin', 204, false],
      ['unified', 200, true],
      ['unified', 204, false],
      ['unified', 302, false],
    ] as const) {
      reply = () => Promise.resolve(answered(status));
      const order = await paidOrder(protocol, 'http://shop.example/hook');
      await deliver();
      const { state } = await noticeOf(order);
      assert.equal(state === 'done', done, `${protocol} ${status}`);
    }
  });

  test('of unified that was not sent is lost when the receiver is away, and tried again when we stood still', async () => {
    reply = () => Promise.resolve({ kind: 'NOT_SENT', why: 'no connection in time', ours: true });
    const order = await paidOrder('unified', 'http://shop.example/hook');
    await deliver();
    assert.equal((await noticeOf(order))['state'], 'pending');
    reply = () => Promise.resolve({ kind: 'NOT_SENT', why: 'connection refused' });
    await deliver();
    assert.equal((await noticeOf(order))['state'], 'exhausted');
    assert.equal(posts.length, 2);
  });

  test('of unified is tried once, and again when a person asks', async () => {
    reply = () => Promise.resolve({ kind: 'UNKNOWN', why: 'time-out' });
    const order = await paidOrder('unified', 'http://slow.example/hook');
    await deliver();
    const { id, state } = await noticeOf(order);
    assert.equal(state, 'exhausted');
    reply = () => Promise.resolve(answered(200));
    assert.equal(await resendNotice(t.gate.db, id as bigint, null, t.world.now()), true);
    await deliver();
    assert.equal((await noticeOf(order))['state'], 'done');
    assert.equal(posts.length, 2);
    assert.deepEqual(posts[0]?.body, posts[1]?.body);
  });

  test('of a change whose commit failed does not exist; the change that comes through is told once (T050)', async () => {
    const { owner } = t.database;
    await owner.run(
      rawSql(`create function kanal.no_commit() returns trigger language plpgsql as $$ begin raise 'no room'; end $$`),
    );
    await owner.run(
      rawSql(
        `create constraint trigger no_commit after insert on kanal.notices deferrable initially deferred for each row execute function kanal.no_commit()`,
      ),
    );
    const refused = paidOrder('payin', 'http://shop.example/rolled-back');
    await assert.rejects(refused, /no room/);
    await deliver();
    assert.deepEqual(posts, []);
    assert.deepEqual(await rowsOf(t.database, `select id from kanal.notices where target_url like '%rolled-back'`), []);
    await owner.run(rawSql('drop function kanal.no_commit() cascade'));
    await paidOrder('payin', 'http://shop.example/rolled-back');
    await deliver();
    assert.equal(posts.length, 1);
  });

  test('after a long outage: oldest first, a host a few at a time, and never all again at one moment (T123)', async () => {
    const { owner } = t.database;
    await paidOrder('payin', 'http://herd.example/first');
    // A thousand more like it, each a second younger, as they pile up while a receiver is away.
    await owner.run(
      rawSql(`with one as (select * from kanal.notices where target_url = 'http://herd.example/first'),
      more as (insert into kanal.notices select (jsonb_populate_record(null::kanal.notices, to_jsonb(one) || jsonb_build_object('id', one.id + i, 'target_url', 'http://herd.example/' || i))).* from one, generate_series(1, 1000) i returning home, id, merchant_id)
      insert into kanal.notices_due (home, id, merchant_id, host, due_at) select m.home, m.id, m.merchant_id, 'herd.example', d.due_at + (m.id - one.id) * 1000
      from more m, one, kanal.notices_due d where d.id = one.id`),
    );
    await passWithLease(2_000_000);
    reply = () => Promise.resolve(answered(503));
    await deliver();
    const herd = () => posts.map(({ url }) => url).filter((url) => url.includes('herd'));
    const urls = herd();
    assert.ok(urls.length > 0 && urls.length <= 24, `${urls.length} at once`);
    assert.deepEqual(
      urls,
      ['first', ...Array.from({ length: urls.length - 1 }, (_, i) => `${i + 1}`)].map(
        (end) => `http://herd.example/${end}`,
      ),
    );
    for (let turns = 0; turns < 60 && herd().length < 1001; turns += 1) await deliver();
    assert.equal(herd().length, 1001);
    const again = await rowsOf(
      t.database,
      `select due_at, count(*)::int as n from kanal.notices_due where host = 'herd.example' group by due_at`,
    );
    assert.ok(again.length > 100, `${again.length} moments`);
    await owner.run(rawSql(`delete from kanal.notices_due where host = 'herd.example'`));
  });

  test('to one dead host delays nobody else', async () => {
    const held: (() => void)[] = [];
    reply = (request) =>
      request.url.includes('dead')
        ? new Promise((resolve) => {
            held.push(() => resolve({ kind: 'UNKNOWN', why: 'time-out' }));
          })
        : Promise.resolve(answered(200));
    for (let i = 0; i < 60; i += 1) await paidOrder('payin', 'http://dead.example/hook');
    const order = await paidOrder('payin', 'http://alive.example/hook');
    const first = deliver();
    await waitFor(() => held.length > 0);
    const second = deliver();
    await waitFor(() => posts.some((post) => post.url.includes('alive')));
    assert.ok(held.length <= 24, `${held.length} held by the dead host`);
    while (held.length > 0) {
      held.splice(0).forEach((release) => release());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all([first, second]);
    assert.equal((await noticeOf(order))['state'], 'done');
  });
});

/** Turns of the event loop until the condition holds; a test that hangs fails by the runner's own limit. */
async function waitFor(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    assert.ok(turns < 100_000, 'it never happened');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
