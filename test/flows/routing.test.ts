import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CallOutcome, CommandName } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { type Route, capDay, isOpen, judgeRoutes } from '../../src/core/routing.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { payAsk, payOutAsk, paymentAnswer, payoutAnswer, rowsOf, sql, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
let second = 0n;

before(async () => {
  t = await testGate();
  second = t.world.newId();
  await t.database.db.transaction(async (q) => {
    // The same keys work for a copy of the payin channel only if they are sealed to it: the copy shares the row's sender and settings.
    const [payin] = await q.run<{ id: bigint }>(sql`select id from channels where protocol = 'payin'`);
    const apiKey = t.vault.open(`channel/${payin?.id}/apiKey`, await sealedKey(payin?.id ?? 0n));
    const secrets = {
      apiKey: [
        { sealed: t.vault.seal(`channel/${second}/apiKey`, apiKey).toString('base64'), addedAt: 0, until: null },
      ],
    };
    await q.run(sql`insert into channels (id, name, protocol, base_url, sender, secrets, settings, created_at)
      select ${second}, 'payin-second', protocol, base_url, sender, ${secrets}, settings, created_at from channels where id = ${payin?.id}`);
    await q.run(
      sql`insert into routes (id, protocol, method, channel_id, created_at) values (${t.world.newId()}, 'payin', 'any', ${second}, 0)`,
    );
    await touchDirectory(q);
  });
  await t.gate.refresh();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

async function sealedKey(id: bigint): Promise<Buffer> {
  const [row] = await t.database.db.run<{ secrets: { apiKey: { sealed: string }[] } }>(
    sql`select secrets from channels where id = ${id}`,
  );
  return Buffer.from(row?.secrets.apiKey[0]?.sealed ?? '', 'base64');
}

/** The first call of a create ends one way, every other is accepted. */
function firstThen(
  first: { kind: 'not-sent' | 'unknown'; why: string } | { kind: 'declined'; code: string; text: string },
) {
  let calls = 0;
  t.script(<C extends CommandName>(command: C): Promise<CallOutcome<C>> => {
    calls += 1;
    if (calls === 1) return Promise.resolve(first);
    const answer = command === 'pay-out' ? payoutAnswer() : paymentAnswer();
    return Promise.resolve({ kind: 'answered', answer } as unknown as CallOutcome<C>);
  });
}

async function attemptsOf(orderNo: string, table: 'payments' | 'payouts') {
  return rowsOf(
    t.database,
    `select a.channel_id, a.reference, a.state from kanal.attempts a join kanal.${table} p on p.home = a.home and p.id = a.object_id
     where p.order_no = '${orderNo}' order by a.id`,
  );
}

describe('failover', () => {
  test('goes on to the next channel when nothing was sent: one order, two attempts with references of their own', async () => {
    firstThen({ kind: 'not-sent', why: 'connection refused' });
    const ask = payAsk();
    const report = await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from('f1'));
    assert.equal(report.state, 'pending');
    const attempts = await attemptsOf(ask.orderNo, 'payments');
    assert.deepEqual(
      attempts.map((a) => a['state']),
      ['declined', 'accepted'],
    );
    assert.notEqual(attempts[0]?.['reference'], attempts[1]?.['reference']);
    assert.equal(attempts[1]?.['channel_id'], second);
  });

  test('never goes on after silence', async () => {
    firstThen({ kind: 'unknown', why: 'time-out' });
    const before = t.calls.length;
    const ask = payOutAsk();
    const report = await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from('f2'));
    assert.equal(report.state, 'unknown');
    assert.equal(t.calls.length - before, 1);
    assert.equal((await attemptsOf(ask.orderNo, 'payouts')).length, 1);
  });

  test('goes on after a no only when the channel declares that code harmless', async () => {
    firstThen({ kind: 'declined', code: 'Payin_Order_Error', text: '' });
    await assert.rejects(pay(t.gate, t.caller(0, 'payin'), payAsk(), Buffer.from('f3')), { code: 'channel-declined' });
    await t.database.db.transaction(async (q) => {
      await q.run(
        sql`update channels set settings = settings || '{"failoverCodes":"Payin_Order_Error"}' where protocol = 'payin'`,
      );
      await touchDirectory(q);
    });
    await t.gate.refresh();
    firstThen({ kind: 'declined', code: 'Payin_Order_Error', text: '' });
    assert.equal((await pay(t.gate, t.caller(0, 'payin'), payAsk(), Buffer.from('f4'))).state, 'pending');
  });

  test('of a payout: what the first channel says afterwards frees nothing; money that left there goes to suspense and a person', async () => {
    firstThen({ kind: 'not-sent', why: 'connection refused' });
    const ask = payOutAsk();
    await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from('f6'));
    const [first, next] = await attemptsOf(ask.orderNo, 'payouts');
    const tell = (attempt: Record<string, unknown> | undefined, state: 'failed' | 'paid') => {
      const about = {
        kind: 'payout',
        channelId: attempt?.['channel_id'] as bigint,
        reference: String(attempt?.['reference']),
      } as const;
      const evidence = reportEvidence(about, 'callback', payoutAnswer({ state }), t.world.now());
      return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    };
    const stateNow = async () =>
      (await rowsOf(t.database, `select state from kanal.payouts where order_no = '${ask.orderNo}'`))[0]?.['state'];
    await tell(first, 'failed');
    assert.equal(await stateNow(), 'pending');
    const late = await tell(first, 'paid');
    assert.equal(late.kind === 'learnt' && late.outcome, 'second-success');
    assert.equal(await stateNow(), 'pending');
    await tell(next, 'paid');
    assert.equal(await stateNow(), 'succeeded');
    const moves = await rowsOf(
      t.database,
      `select m.reason from kanal.moves m join kanal.payouts p on p.home = m.home and p.id = m.object_id
       where p.order_no = '${ask.orderNo}' order by m.reason`,
    );
    assert.deepEqual(
      moves.map((m) => String(m['reason']).split('/')[0]),
      ['hold', 'pay', 'pay-fee', 'suspense-out'],
    );
  });

  test('of a payout holds its amount once', async () => {
    firstThen({ kind: 'not-sent', why: 'connection refused' });
    const ask = payOutAsk();
    await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from('f5'));
    const holds = await rowsOf(
      t.database,
      `select m.amount from kanal.moves m join kanal.payouts p on p.home = m.home and p.id = m.object_id where p.order_no = '${ask.orderNo}'`,
    );
    assert.equal(holds.length, 1);
  });
});

test('a daily cap holds under any concurrency; what is over it goes through the next route', async () => {
  const capped = t.world.newId();
  await t.database.db.transaction(async (q) => {
    await q.run(sql`insert into routes (id, merchant_id, method, channel_id, weight, daily_cap, created_at)
      values (${capped}, ${t.caller(1, 'payin').merchant.id}, 'qr', ${second}, 5, 60000, 0)`);
    await touchDirectory(q);
  });
  await t.gate.refresh();
  t.script(<C extends CommandName>() =>
    Promise.resolve({ kind: 'answered', answer: paymentAnswer() } as unknown as CallOutcome<C>),
  );
  const asks = Array.from({ length: 12 }, () => payAsk());
  await Promise.all(asks.map((ask) => pay(t.gate, t.caller(1, 'payin'), ask, Buffer.from(ask.orderNo))));
  const [used] = await rowsOf(t.database, `select used from kanal.route_days where route_id = ${capped}`);
  assert.equal(used?.['used'], 60_000n);
  const [through] = await rowsOf(
    t.database,
    `select count(*)::int as n from kanal.payments where channel_id = ${second} and merchant_id = ${t.caller(1, 'payin').merchant.id}`,
  );
  assert.equal(through?.['n'], 3);
});

describe('routes', () => {
  const route = (id: bigint, changes: Partial<Route> = {}): Route => ({
    id,
    merchantId: null,
    protocol: null,
    method: 'any',
    channelId: id,
    weight: 1,
    min: null,
    max: null,
    currency: null,
    hours: null,
    dailyCap: null,
    ...changes,
  });
  const wanted = { merchantId: 1n, protocol: 'payin', method: 'qr', amount: money(20_000n, 'IDR'), now: 0 } as const;
  const order = (routes: readonly Route[], ailing: readonly bigint[] = []) =>
    judgeRoutes(routes, wanted, (id) => ({ unable: null, isAiling: ailing.includes(id) })).map(
      (v) => `${v.route.id}${v.why ? ` ${v.why}` : ''}`,
    );

  test('are tried own before general, exact before any, heavy before light, old before young; ailing ones last', () => {
    const all = [
      route(1n),
      route(2n, { weight: 9 }),
      route(3n, { method: 'qr' }),
      route(4n, { merchantId: 1n }),
      route(5n),
    ];
    assert.deepEqual(order(all), ['4', '3', '2', '1', '5']);
    assert.deepEqual(order(all, [4n, 3n]), ['2', '1', '5', '4', '3']);
  });

  test('say why they are not taken', () => {
    assert.deepEqual(
      order([
        route(1n, { method: 'wallet' }),
        route(2n, { currency: 'CNY' }),
        route(3n, { min: 20_001n }),
        route(4n, { max: 19_999n }),
        route(5n, { dailyCap: 100n }),
        route(6n, { hours: '01:00-23:00+00:00' }),
        route(7n, { merchantId: 2n }),
        route(8n, { protocol: 'fufu' }),
      ]),
      [
        '1 another method',
        '2 another currency',
        '3 below its minimum',
        '4 above its maximum',
        '5 above its daily cap',
        '6 outside its hours',
      ],
    );
  });

  test('are open by their own clock, over midnight too', () => {
    const at = (text: string) => Date.parse(text);
    assert.equal(isOpen('01:00-23:00+07:00', at('2026-01-01T17:59:00Z')), false);
    assert.equal(isOpen('01:00-23:00+07:00', at('2026-01-01T18:00:00Z')), true);
    assert.equal(isOpen('01:00-23:00+07:00', at('2026-01-01T16:00:00Z')), false);
    assert.equal(isOpen('22:00-02:00-03:00', at('2026-01-01T01:00:00Z')), true);
    assert.equal(isOpen('22:00-02:00-03:00', at('2026-01-01T05:00:00Z')), false);
    assert.equal(isOpen('nonsense', 0), false);
    assert.equal(capDay({ hours: '00:00-00:00+07:00' }, at('2026-01-01T17:00:00Z')), '2026-01-02');
  });
});
