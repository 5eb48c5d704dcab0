import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PaymentReport } from '../../src/core/commands.ts';
import { noFee } from '../../src/core/fees.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { bareEvidence, reportEvidence } from '../../src/flows/attempt.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { refund } from '../../src/flows/refund.ts';
import { queryPayment } from '../../src/flows/query.ts';
import { settleSuspense } from '../../src/flows/settle-suspense.ts';
import { putFee } from '../../src/store/admin.ts';
import { rawSql } from '../../src/store/database.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { orderByKey } from '../../src/store/orders.ts';
import {
  answering,
  payAsk,
  payOutAsk,
  paymentAnswer,
  payoutAnswer,
  rowsOf,
  silence,
  type TestGate,
  testGate,
} from '../gate.ts';

const print = (text: string) => Buffer.from(text);
let t: TestGate;

before(async () => {
  t = await testGate();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

async function row(table: string, orderNo: string): Promise<Record<string, unknown>> {
  const [found] = await rowsOf(t.database, `select * from kanal.${table} where order_no = '${orderNo}'`);
  assert.ok(found, `${orderNo} in ${table}`);
  return found;
}

async function tell(orderNo: string, changes: Partial<PaymentReport>) {
  const payment = await row('payments', orderNo);
  const about = {
    kind: 'payment',
    channelId: payment['channel_id'] as bigint,
    reference: String(payment['reference']),
  } as const;
  const evidence = reportEvidence(about, 'callback', paymentAnswer(changes), t.world.now());
  return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

const paidReport = { state: 'paid', paid: money(20_000n, 'IDR'), platformNo: 'UP1' } as const;

describe('a payment', () => {
  test('that does not cover its fee is refused before anything is written or sent', async () => {
    const { merchant } = t.caller(1, 'payin');
    const fee = { ...noFee, id: 1n, merchantId: merchant.id, method: 'qr', currency: 'IDR', fixed: 20_001n } as const;
    await putFee(t.database.owner, fee, t.world.now());
    await touchDirectory(t.database.owner);
    await t.gate.refresh();
    const calls = t.calls.length;
    const ask = payAsk();
    await assert.rejects(pay(t.gate, t.caller(1, 'payin'), ask, print('small')), { code: 'limit-exceeded' });
    assert.equal(t.calls.length, calls);
    await t.database.owner.run(rawSql('delete from kanal.fees where id = 1'));
    await touchDirectory(t.database.owner);
    await t.gate.refresh();
    assert.deepEqual(await rowsOf(t.database, `select id from kanal.payments where order_no = '${ask.orderNo}'`), []);
  });

  test('is pending with its code, then paid by a callback: booked with its fee, told once', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    const report = await pay(t.gate, t.caller(0, 'payin'), ask, print('a'));
    assert.equal(report.state, 'pending');
    assert.equal(report.instruction.payCode, '00020101');
    assert.equal(report.fee?.minor, 2_500n);

    const outcomes = await Promise.all(Array.from({ length: 100 }, () => tell(ask.orderNo, paidReport)));
    assert.equal(outcomes.filter((o) => o.kind === 'learnt' && o.outcome === 'changed').length, 1);
    assert.equal(outcomes.filter((o) => o.kind === 'learnt' && o.outcome === 'repeated').length, 99);
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['state'], 'paid');
    const moves = await rowsOf(
      t.database,
      `select reason, amount from kanal.moves where object_id = ${String(payment['id'])} order by reason`,
    );
    assert.deepEqual(moves, [
      { reason: 'receive', amount: 20_000n },
      { reason: 'receive-fee', amount: 2_500n },
    ]);
    const notices = await rowsOf(
      t.database,
      `select event, body from kanal.notices where object_id = ${String(payment['id'])}`,
    );
    assert.equal(notices.length, 1);
    assert.equal(notices[0]?.['event'], 'payment.paid');
    assert.match(String(notices[0]?.['body']), /"orderStatus":"SUCCESS"/);
    const work = await rowsOf(t.database, `select * from kanal.work where object_id = ${String(payment['id'])}`);
    assert.equal(work.length, 0);
  });

  test('made 50 times at once is one order, one call, one answer', async () => {
    t.script(answering('pay', paymentAnswer()));
    const before = t.calls.length;
    const ask = payAsk();
    const reports = await Promise.all(
      Array.from({ length: 50 }, () => pay(t.gate, t.caller(0, 'payin'), ask, print('same'))),
    );
    assert.equal(new Set(reports.map((r) => r.platformNo)).size, 1);
    assert.equal(new Set(reports.map((r) => r.instruction.payCode)).size, 1);
    assert.equal(t.calls.length - before, 1);
    await assert.rejects(pay(t.gate, t.caller(0, 'payin'), ask, print('other')), { code: 'conflict' });
  });

  test('keeps the numbers of two merchants apart', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    const a = await pay(t.gate, t.caller(0, 'payin'), ask, print('x'));
    const b = await pay(t.gate, t.caller(1, 'payin'), ask, print('y'));
    assert.notEqual(a.platformNo, b.platformNo);
    await assert.rejects(
      queryPayment(t.gate, t.caller(1, 'payin'), {
        orderNo: null,
        platformNo: a.platformNo,
        refundNo: null,
        extras: {},
      }),
      { code: 'not-found' },
    );
  });

  test('whose call timed out is unknown, never failed, and ends by a query', async () => {
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    const ask = payAsk();
    await assert.rejects(pay(t.gate, t.caller(0, 'payin'), ask, print('u')), { code: 'outcome-unknown' });
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['state'], 'unknown');
    t.script(answering('query-payment', paymentAnswer(paidReport)));
    await lookAgain(t.gate, {
      home: Number(payment['home']),
      objectId: payment['id'] as bigint,
      kind: 'payment',
      tries: 1,
    });
    assert.equal((await row('payments', ask.orderNo))['state'], 'paid');
  });

  test('that was never sent has failed, and says that the channel was not there', async () => {
    t.script(silence({ kind: 'not-sent', why: 'connection refused' }));
    const ask = payAsk();
    await assert.rejects(pay(t.gate, t.caller(0, 'payin'), ask, print('n')), { code: 'channel-unavailable' });
    assert.equal((await row('payments', ask.orderNo))['state'], 'failed');
  });

  test('paid with another amount changes nothing, books to suspense once and asks a person', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print('m'));
    const wrong = { ...paidReport, paid: money(19_999n, 'IDR') };
    assert.deepEqual((await tell(ask.orderNo, wrong)).kind, 'learnt');
    await tell(ask.orderNo, wrong);
    await Promise.all([tell(ask.orderNo, wrong), tell(ask.orderNo, wrong)]);
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['state'], 'pending');
    const moves = await rowsOf(t.database, `select amount from kanal.moves where object_id = ${String(payment['id'])}`);
    assert.deepEqual(moves, [{ amount: 19_999n }]);
    const reviews = await rowsOf(
      t.database,
      `select reason from kanal.reviews where object_id = ${String(payment['id'])}`,
    );
    assert.deepEqual(reviews, [{ reason: 'amount-mismatch' }]);
    const notices = await rowsOf(t.database, `select * from kanal.notices where object_id = ${String(payment['id'])}`);
    assert.equal(notices.length, 0);
  });

  test('told in another sum, then under the same number in the ordered one: paid, and nothing stays in suspense', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print('slip'));
    await tell(ask.orderNo, { ...paidReport, channelNo: 'M1', paid: money(19_999n, 'IDR') });
    await tell(ask.orderNo, { ...paidReport, channelNo: 'M1' });
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['state'], 'paid');
    const id = String(payment['id']);
    const moves = await rowsOf(t.database, `select reason, amount from kanal.moves where object_id = ${id} order by 1`);
    assert.deepEqual(moves, [
      { reason: 'receive', amount: 20_000n },
      { reason: 'receive-fee', amount: 2_500n },
      { reason: 'settled/suspense-in/M1/19999', amount: 19_999n },
      { reason: 'suspense-in/M1/19999', amount: 19_999n },
    ]);
    const reviews = await rowsOf(t.database, `select state, decision from kanal.reviews where object_id = ${id}`);
    assert.deepEqual(reviews, [
      { state: 'closed', decision: { by: 'channel', text: 'told again in the ordered sum: M1' } },
    ]);
    const order = await orderByKey(t.gate.db, 'payment', {
      home: Number(payment['home']),
      id: payment['id'] as bigint,
    });
    assert.ok(order);
    await assert.rejects(settleSuspense({ gate: t.gate }, 'test', order, 'merchant', 'theirs'), { code: 'conflict' });
  });

  test('but what came under another number, or under none of the bank’s, stays there: it may be money of its own', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print('two slips'));
    await tell(ask.orderNo, { ...paidReport, paid: money(19_999n, 'IDR'), channelNo: 'M9' });
    await tell(ask.orderNo, { ...paidReport, channelNo: 'M1' });
    const unnamed = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), unnamed, print('no number'));
    await tell(unnamed.orderNo, { ...paidReport, paid: money(19_999n, 'IDR') });
    await tell(unnamed.orderNo, paidReport);
    const other = String((await row('payments', unnamed.orderNo))['id']);
    assert.equal(
      (await rowsOf(t.database, `select * from kanal.moves where object_id = ${other} and reason like 'settled%'`))
        .length,
      0,
    );
    const id = String((await row('payments', ask.orderNo))['id']);
    const moves = await rowsOf(
      t.database,
      `select reason from kanal.moves where object_id = ${id} and reason like '%suspense%'`,
    );
    assert.deepEqual(moves, [{ reason: 'suspense-in/M9/19999' }]);
    const reviews = await rowsOf(t.database, `select state from kanal.reviews where object_id = ${id}`);
    assert.deepEqual(reviews, [{ state: 'open' }]);
  });

  test('ends never before it began, whatever the clocks of the channel and of our processes say', async () => {
    for (const [finishedAt, backMs] of [
      [1, 0],
      [null, 3_600_000],
    ] as const) {
      t.script(answering('pay', paymentAnswer()));
      const ask = payAsk();
      await pay(t.gate, t.caller(0, 'payin'), ask, print(`clock ${backMs}`));
      t.pass(-backMs);
      await tell(ask.orderNo, { ...paidReport, finishedAt });
      t.pass(backMs);
      const payment = await row('payments', ask.orderNo);
      assert.deepEqual([payment['state'], payment['finished_at']], ['paid', payment['created_at']]);
      const [attempt] = await rowsOf(
        t.database,
        `select answered_at >= created_at as fits from kanal.attempts where object_id = ${String(payment['id'])}`,
      );
      assert.deepEqual(attempt, { fits: true });
    }
  });

  test('paid twice keeps one success; the second movement goes to suspense', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print('d'));
    await tell(ask.orderNo, paidReport);
    const second = await tell(ask.orderNo, { ...paidReport, platformNo: 'UP2' });
    assert.equal(second.kind === 'learnt' && second.outcome, 'second-success');
    const payment = await row('payments', ask.orderNo);
    const moves = await rowsOf(
      t.database,
      `select to_account from kanal.moves where object_id = ${String(payment['id'])} and reason like 'suspense%'`,
    );
    assert.equal(moves.length, 1);
  });

  test('that failed and is paid later is revived, booked, told anew and reviewed', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print('l'));
    await tell(ask.orderNo, { state: 'failed' });
    await tell(ask.orderNo, paidReport);
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['state'], 'paid');
    const notices = await rowsOf(
      t.database,
      `select event from kanal.notices where object_id = ${String(payment['id'])} order by id`,
    );
    assert.deepEqual(
      notices.map((n) => n['event']),
      ['payment.failed', 'payment.paid'],
    );
    const late = await tell(ask.orderNo, { state: 'failed' });
    assert.equal(late.kind === 'learnt' && late.outcome, 'contradiction');
    assert.equal((await row('payments', ask.orderNo))['state'], 'paid');
  });

  test('closes after its time only when the channel says that it is still unpaid', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk({ expiresInS: 60 });
    await pay(t.gate, t.caller(0, 'payin'), ask, print('e'));
    const payment = await row('payments', ask.orderNo);
    const due = {
      home: Number(payment['home']),
      objectId: payment['id'] as bigint,
      kind: 'payment',
      tries: 1,
    } as const;
    t.pass(61_000);
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    await lookAgain(t.gate, due);
    assert.equal((await row('payments', ask.orderNo))['state'], 'pending');
    t.script(answering('query-payment', paymentAnswer()));
    await lookAgain(t.gate, due);
    assert.equal((await row('payments', ask.orderNo))['state'], 'closed');
  });

  test('is not created by three answers "unknown order" over the settle window, not before', async () => {
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    const ask = payAsk();
    await assert.rejects(pay(t.gate, t.caller(0, 'payin'), ask, print('nf')), { code: 'outcome-unknown' });
    const payment = await row('payments', ask.orderNo);
    const due = {
      home: Number(payment['home']),
      objectId: payment['id'] as bigint,
      kind: 'payment',
      tries: 1,
    } as const;
    t.script(() => Promise.resolve({ kind: 'not-found', code: 'Order_not_exist', text: '' }));
    for (let i = 0; i < 5; i += 1) await lookAgain(t.gate, due);
    assert.equal((await row('payments', ask.orderNo))['state'], 'unknown');
    t.pass(600_000);
    await lookAgain(t.gate, due);
    assert.equal((await row('payments', ask.orderNo))['state'], 'failed');
  });
});

describe('a payout', () => {
  test('is held, then paid; the hold is gone exactly once', async () => {
    t.script(answering('pay-out', payoutAnswer()));
    const ask = payOutAsk();
    const report = await payOut(t.gate, t.caller(0, 'payin'), ask, print('p'));
    assert.equal(report.state, 'pending');
    const payout = await row('payouts', ask.orderNo);
    const about = {
      kind: 'payout',
      channelId: payout['channel_id'] as bigint,
      reference: String(payout['reference']),
    } as const;
    const evidence = reportEvidence(about, 'callback', payoutAnswer({ state: 'paid' }), t.world.now());
    await Promise.all(
      Array.from({ length: 10 }, () =>
        learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null }),
      ),
    );
    const moves = await rowsOf(
      t.database,
      `select reason, amount from kanal.moves where object_id = ${String(payout['id'])} order by reason`,
    );
    assert.deepEqual(moves, [
      { reason: 'hold', amount: 52_500n },
      { reason: 'pay', amount: 50_000n },
      { reason: 'pay-fee', amount: 2_500n },
    ]);
  });

  test('of 60 % of the balance, 64 at once: exactly one', async () => {
    t.script(answering('pay-out', payoutAnswer({ amount: null })));
    const amount = money(600_000_000n, 'IDR');
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) => payOut(t.gate, t.caller(1, 'payin'), payOutAsk({ amount }), print(`b${i}`))),
    );
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 1);
    const refused = results.filter((r) => r.status === 'rejected').map((r) => (r.reason as Refusal).code);
    assert.deepEqual([...new Set(refused)], ['insufficient-funds']);
  });

  test('that timed out stays held and is never failed by "not found"', async () => {
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    const ask = payOutAsk();
    const report = await payOut(t.gate, t.caller(0, 'payin'), ask, print('to'));
    assert.equal(report.state, 'unknown');
    const payout = await row('payouts', ask.orderNo);
    const due = { home: Number(payout['home']), objectId: payout['id'] as bigint, kind: 'payout', tries: 1 } as const;
    t.script(() => Promise.resolve({ kind: 'not-found', code: '404', text: '' }));
    for (let i = 0; i < 4; i += 1) {
      await lookAgain(t.gate, due);
      t.pass(600_000);
    }
    assert.equal((await row('payouts', ask.orderNo))['state'], 'unknown');
    const reviews = await rowsOf(
      t.database,
      `select reason from kanal.reviews where object_id = ${String(payout['id'])}`,
    );
    assert.deepEqual(reviews, [{ reason: 'payout-not-found' }]);
  });

  test('is refused while payouts are off, with nothing written', async () => {
    const caller = t.caller(0, 'payin');
    const ask = payOutAsk();
    await assert.rejects(
      payOut(t.gate, { ...caller, merchant: { ...caller.merchant, payouts: false } }, ask, print('off')),
      {
        code: 'forbidden',
      },
    );
    assert.equal((await rowsOf(t.database, `select * from kanal.payouts where order_no = '${ask.orderNo}'`)).length, 0);
  });
});

describe('a refund', () => {
  async function paidPayment() {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, print(ask.orderNo));
    await tell(ask.orderNo, paidReport);
    return ask;
  }
  /** No channel of today refunds: the one capability this suite lends its gate. */
  const able = () => ({ ...t.gate, facts: { ...t.gate.facts, unable: () => null } });
  const refundAsk = (orderNo: string, refundNo: string, minor: bigint) => ({
    refundNo,
    orderNo,
    platformNo: null,
    amount: money(minor, 'IDR'),
    reason: null,
    notify: null,
    extras: {},
  });

  test('is refused, with nothing written, by a channel that cannot', async () => {
    const ask = await paidPayment();
    await assert.rejects(refund(t.gate, t.caller(0, 'payin'), refundAsk(ask.orderNo, 'R0', 1_000n), print('r0')), {
      code: 'channel-unavailable',
    });
    assert.equal((await rowsOf(t.database, `select * from kanal.refunds where order_no = 'R0'`)).length, 0);
  });

  test('of a third, 64 at once while the channel is silent: three, and none of them frees its amount', async () => {
    const ask = await paidPayment();
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) =>
        refund(able(), t.caller(0, 'payin'), refundAsk(ask.orderNo, `${ask.orderNo}-R${i}`, 6_000n), print(`r${i}`)),
      ),
    );
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 3);
    const payment = await row('payments', ask.orderNo);
    assert.equal(payment['refund_pending'], 18_000n);
    const [one] = await rowsOf(t.database, `select * from kanal.refunds where payment_id = ${String(payment['id'])}`);
    assert.ok(one);
    const about = {
      kind: 'refund',
      channelId: one['channel_id'] as bigint,
      reference: String(one['reference']),
    } as const;
    const evidence = bareEvidence(about, 'query', 'succeeded', t.world.now());
    await Promise.all(
      [1, 2, 3].map(() => learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null })),
    );
    const afterwards = await row('payments', ask.orderNo);
    assert.equal(afterwards['refund_pending'], 12_000n);
    assert.equal(afterwards['refunded'], 6_000n);
  });
});

test('suspense is settled by a person, each sum once: to the merchant, or as given back', async () => {
  t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(t.gate, t.caller(0, 'payin'), ask, print(ask.orderNo));
  await tell(ask.orderNo, paidReport);
  await tell(ask.orderNo, { ...paidReport, platformNo: 'UP2' });
  const payment = await row('payments', ask.orderNo);
  const order = await orderByKey(t.gate.db, 'payment', { home: Number(payment['home']), id: payment['id'] as bigint });
  assert.ok(order);
  const office = { gate: t.gate };
  const before = (await trialBalance(t.database.owner)).accounts.find(
    ({ account }) => account.endsWith('/suspense') && account.includes(String(order.channelId)),
  );
  assert.deepEqual(await settleSuspense(office, 'tester', order, 'merchant', 'the shop delivers twice'), [
    money(20_000n, 'IDR'),
  ]);
  const afterwards = (await trialBalance(t.database.owner)).accounts.find(({ account }) => account === before?.account);
  assert.equal((before?.balance ?? 0n) - (afterwards?.balance ?? 0n), 20_000n);
  await assert.rejects(settleSuspense(office, 'tester', order, 'channel', 'again'), { code: 'conflict' });
});

test('suspense of an undecided order does not go to the merchant: the true amount may still come', async () => {
  t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(t.gate, t.caller(0, 'payin'), ask, print(ask.orderNo));
  await tell(ask.orderNo, { ...paidReport, paid: money(19_999n, 'IDR') });
  const payment = await row('payments', ask.orderNo);
  const order = await orderByKey(t.gate.db, 'payment', { home: Number(payment['home']), id: payment['id'] as bigint });
  assert.ok(order);
  await assert.rejects(settleSuspense({ gate: t.gate }, 'tester', order, 'merchant', 'looks right'), {
    code: 'conflict',
  });
  assert.equal((await settleSuspense({ gate: t.gate }, 'tester', order, 'channel', 'the bank took it back')).length, 1);
});
