/** Late and second money goes back by itself: once per movement, through the door, whatever becomes of the calls (T034, T035). */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { codeTable, maskedCode, walletOf, wallets } from '../../src/core/wallet-codes.ts';
import type { Ask, CommandName, PaymentReport, RefundReport } from '../../src/core/commands.ts';
import { chaseGapMs, type Source } from '../../src/core/evidence.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { hearRefund } from '../../src/flows/hear-refund.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { refund } from '../../src/flows/refund.ts';
import { settleSuspense } from '../../src/flows/settle-suspense.ts';
import { sendLateRefund } from '../../src/flows/refund-late.ts';
import { queryRefund } from '../../src/flows/query.ts';
import { blankRefund } from '../../src/protocols/bestpay/refunds.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { orderByKey } from '../../src/store/orders.ts';
import { payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

const amount = money(1_280n, 'CNY');
const print = (text: string) => Buffer.from(text);
type Outcome = 'accepted' | 'done' | 'failed' | 'declined' | 'unknown' | 'not-sent' | 'not-found';
/** What the channel says to refunds and to questions about them. */
const says: { refund: Outcome; query: Outcome } = { refund: 'done', query: 'done' };

function refundSaid(no: string | null, outcome: Outcome) {
  const states = { accepted: 'pending', done: 'paid', failed: 'failed' } as const;
  if (outcome === 'accepted' || outcome === 'done' || outcome === 'failed') {
    const answer: RefundReport = {
      ...blankRefund,
      refundNo: no,
      platformRefundNo: 'RU1',
      state: states[outcome],
      amount: null,
    };
    return { kind: 'answered', answer } as const;
  }
  if (outcome === 'unknown' || outcome === 'not-sent') return { kind: outcome, why: 'in the test' } as const;
  return { kind: outcome, code: 'X', text: '' } as const;
}

beforeEach(() => {
  says.refund = 'done';
  says.query = 'done';
  t.script((async (command: CommandName, ask: Ask) => {
    if (command === 'pay')
      return { kind: 'answered', answer: paymentAnswer({ platformNo: null, amount, instruction: qrInstruction }) };
    if (command === 'refund') return refundSaid((ask as Ask<'refund'>).refundNo, says.refund);
    if (command === 'query-refund') return refundSaid((ask as Ask<'query-refund'>).refundNo, says.query);
    return { kind: 'unknown', why: 'not in the script' };
  }) as never);
});

const qrInstruction = { payCode: null, payUrl: 'https://pay.test/1', deskUrl: null, confirmNo: null };

interface Paid {
  readonly orderNo: string;
  readonly home: number;
  readonly id: bigint;
  readonly channelId: bigint;
  readonly reference: string;
}

async function ordered(): Promise<Paid> {
  const ask = payAsk({ amount, method: 'qr', option: 'ALIPAY', expiresInS: 60, extras: { merchantNo: 'S1' } });
  await pay(t.gate, t.caller(0, 'bestpay'), ask, print(ask.orderNo));
  const [row] = await rowsOf(t.database, `select * from kanal.payments where order_no = '${ask.orderNo}'`);
  assert.ok(row);
  return {
    orderNo: ask.orderNo,
    home: Number(row['home']),
    id: row['id'] as bigint,
    channelId: row['channel_id'] as bigint,
    reference: String(row['reference']),
  };
}

function tell({ channelId, reference }: Paid, changes: Partial<PaymentReport>, source: Source = 'callback') {
  const about = { kind: 'payment', channelId, reference } as const;
  const report = paymentAnswer({ amount, platformNo: null, ...changes });
  const evidence = reportEvidence(about, source, report, t.world.now());
  return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

const paidNow = { state: 'paid', paid: amount } as const;

async function closed(): Promise<Paid> {
  const one = await ordered();
  await tell(one, { state: 'closed' });
  return one;
}

async function lateRefunds({ id }: Paid) {
  return rowsOf(t.database, `select * from kanal.refunds where payment_id = ${id} and detail ? 'isLate' order by id`);
}

async function workOnce(): Promise<void> {
  const due = await rowsOf(t.database, `select * from kanal.work where kind = 'refund' and due_at <= ${t.world.now()}`);
  for (const row of due)
    await lookAgain(t.gate, {
      home: Number(row['home']),
      objectId: row['object_id'] as bigint,
      kind: 'refund',
      tries: 0,
    } as never);
}

const statesOf = async (one: Paid) => (await lateRefunds(one)).map((row) => row['state']);
const refundCalls = () => t.calls.filter(({ command }) => command === 'refund').length;

describe('late money of a channel that can refund', () => {
  test('goes back: the order stays closed, the merchant hears nothing, the balance is untouched', async () => {
    const one = await closed();
    const before = await rowsOf(
      t.database,
      `select account, available from kanal.balances where account like 'merchant/%' order by 1`,
    );
    await tell(one, { ...paidNow, platformNo: 'UP1' });
    assert.deepEqual(await statesOf(one), ['requested']);
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded']);
    const [asked] = t.calls.filter(({ command }) => command === 'refund').slice(-1);
    const ask = asked?.ask as Ask<'refund'>;
    assert.deepEqual([ask.orderNo, ask.platformNo, ask.amount], [one.reference, 'UP1', amount]);
    const [payment] = await rowsOf(
      t.database,
      `select state, paid, refunded, refund_pending from kanal.payments where id = ${one.id}`,
    );
    assert.deepEqual(payment, { state: 'closed', paid: 0n, refunded: 0n, refund_pending: 0n });
    assert.deepEqual(
      await rowsOf(
        t.database,
        `select account, available from kanal.balances where account like 'merchant/%' order by 1`,
      ),
      before,
    );
    const reviews = await rowsOf(t.database, `select * from kanal.reviews where object_id = ${one.id}`);
    assert.equal(reviews.length, 0);
  });

  test('what it moved through suspense is settled already: neither side of it can be settled by hand', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, platformNo: 'UP9' });
    await workOnce();
    const [late] = await lateRefunds(one);
    for (const [kind, id] of [
      ['payment', one.id],
      ['refund', late?.['id'] as bigint],
    ] as const) {
      const order = await orderByKey(t.gate.db, kind, { home: one.home, id });
      assert.ok(order);
      await assert.rejects(settleSuspense({ gate: t.gate }, 'tester', order, 'channel', 'by mistake'), {
        code: 'conflict',
      });
    }
    const moves = await rowsOf(t.database, `select * from kanal.moves where reason like 'settled/%'`);
    assert.deepEqual(moves, []);
  });

  test('what is refunded by itself does not keep another sum of the order in suspense', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, paid: money(amount.minor + 1n, 'CNY'), platformNo: 'UP10' });
    await tell(one, { ...paidNow, platformNo: 'UP11' });
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded']);
    const order = await orderByKey(t.gate.db, 'payment', { home: one.home, id: one.id });
    assert.ok(order);
    const settle = () => settleSuspense({ gate: t.gate }, 'tester', order, 'channel', 'given back at the bank');
    assert.deepEqual(await settle(), [money(amount.minor + 1n, 'CNY')]);
    await assert.rejects(settle(), { code: 'conflict' });
  });

  test('told a hundred times, by callback with a number and by query without one: one movement, one refund, one call', async () => {
    const one = await closed();
    const calls = refundCalls();
    await tell(one, paidNow, 'query');
    await Promise.all(Array.from({ length: 100 }, () => tell(one, { ...paidNow, platformNo: 'UP2' })));
    await tell(one, paidNow, 'query');
    await workOnce();
    await Promise.all(Array.from({ length: 10 }, () => tell(one, { ...paidNow, platformNo: 'UP2' })));
    assert.deepEqual(await statesOf(one), ['succeeded']);
    assert.equal(refundCalls() - calls, 1);
  });

  test('a number that contradicts the known one is another payment: it goes back too', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, platformNo: 'UP3' });
    await tell(one, { ...paidNow, platformNo: 'UP4' });
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded', 'succeeded']);
  });

  test('another number of the channel, with the number of the bank only later: two payments, two refunds, never three', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, platformNo: 'UP30' });
    await tell(one, { ...paidNow, platformNo: 'UP31' });
    await tell(one, { ...paidNow, platformNo: 'UP31', channelNo: 'M31' });
    await tell(one, { ...paidNow, platformNo: 'UP30', channelNo: 'M30' });
    await tell(one, { ...paidNow, platformNo: 'UP31' });
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded', 'succeeded']);
  });

  test('two workers at once: one call', async () => {
    const one = await closed();
    const calls = refundCalls();
    await tell(one, { ...paidNow, platformNo: 'UP5' });
    const [row] = await lateRefunds(one);
    const order = await orderByKey(t.gate.db, 'refund', { home: one.home, id: row?.['id'] as bigint });
    assert.ok(order?.kind === 'refund');
    await Promise.all([order, order, order].map((same) => sendLateRefund(t.gate, same)));
    assert.equal(refundCalls() - calls, 1);
    assert.deepEqual(await rowsOf(t.database, `select * from kanal.reviews where object_id = ${order.id}`), []);
    assert.deepEqual(await statesOf(one), ['succeeded']);
  });

  test('never sent: begun again later; unknown: asked about and never sent again', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, platformNo: 'UP6' });
    says.refund = 'not-sent';
    await workOnce();
    assert.deepEqual(await statesOf(one), ['requested']);
    says.refund = 'unknown';
    says.query = 'not-found';
    t.pass(60_000);
    await workOnce();
    const calls = refundCalls();
    for (let times = 0; times < 4; times++) {
      t.pass(600_000);
      await workOnce();
    }
    assert.deepEqual(await statesOf(one), ['unknown']);
    assert.equal(refundCalls(), calls);
    says.query = 'done';
    t.pass(7_200_000);
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded']);
  });

  test('refused: the money stays in suspense, a person looks; found done after all: booked', async () => {
    const one = await closed();
    await tell(one, { ...paidNow, platformNo: 'UP7' });
    says.refund = 'declined';
    await workOnce();
    assert.deepEqual(await statesOf(one), ['failed']);
    const [late] = await lateRefunds(one);
    const reviews = await rowsOf(
      t.database,
      `select reason from kanal.reviews where object_id = ${late?.['id'] as bigint}`,
    );
    assert.deepEqual(reviews, [{ reason: 'late-refund-failed' }]);
    const about = { kind: 'refund', channelId: one.channelId, reference: String(late?.['reference']) } as const;
    const report: RefundReport = { ...blankRefund, refundNo: about.reference, state: 'paid', amount };
    const evidence = reportEvidence(about, 'callback', report, t.world.now());
    await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    assert.deepEqual(await statesOf(one), ['succeeded']);
  });

  test('a second payment of a paid order goes back too; the first stays', async () => {
    const one = await ordered();
    await tell(one, { ...paidNow, platformNo: 'UP8' });
    await tell(one, { ...paidNow, platformNo: 'UP9' });
    await workOnce();
    assert.deepEqual(await statesOf(one), ['succeeded']);
    const [payment] = await rowsOf(t.database, `select state, paid, refunded from kanal.payments where id = ${one.id}`);
    assert.deepEqual(payment, { state: 'paid', paid: 1_280n, refunded: 0n });
  });

  test('another sum than ordered is not ours to give back: suspense and a review', async () => {
    const one = await closed();
    await tell(one, { state: 'paid', paid: money(1_281n, 'CNY'), amount: money(1_281n, 'CNY'), platformNo: 'UP10' });
    assert.deepEqual(await statesOf(one), []);
  });

  test('set to revive or suspense, the channel does that instead', async () => {
    for (const [policy, state] of [
      ['revive', 'paid'],
      ['suspense', 'closed'],
    ] as const) {
      const one = await closed();
      await t.database.owner.run({
        text: `update kanal.channels set settings = settings || '{"lateMoney":"${policy}"}' where id = ${one.channelId}`,
        values: [],
      });
      await t.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
      await t.gate.refresh();
      await tell(one, { ...paidNow, platformNo: `UP-${policy}` });
      const [payment] = await rowsOf(t.database, `select state from kanal.payments where id = ${one.id}`);
      assert.deepEqual([payment?.['state'], await statesOf(one)], [state, []]);
    }
    await t.database.owner.run({ text: `update kanal.channels set settings = settings - 'lateMoney'`, values: [] });
    await t.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
    await t.gate.refresh();
  });
});

describe('refunds that merchants ask for', () => {
  const ask = (one: Paid, refundNo: string, minor = 100n): Ask<'refund'> => ({
    refundNo,
    orderNo: one.orderNo,
    platformNo: null,
    amount: money(minor, 'CNY'),
    reason: null,
    notify: null,
    extras: { merchantNo: 'S1' },
  });
  const caller = () => t.caller(0, 'bestpay');

  test("another shop's order under the same institution does not exist", async () => {
    const one = await ordered();
    await tell(one, { ...paidNow, platformNo: 'UP20' });
    const other = { ...ask(one, 'R20'), extras: { merchantNo: 'S2' } };
    await assert.rejects(
      refund(t.gate, caller(), other, print('r20')),
      (e) => e instanceof Refusal && e.code === 'not-found',
    );
    await refund(t.gate, caller(), ask(one, 'R20'), print('r20'));
    const find = { orderNo: 'another', platformNo: null, refundNo: 'R20', extras: { merchantNo: 'S1' } };
    await assert.rejects(queryRefund(t.gate, caller(), find), (e) => e instanceof Refusal && e.code === 'not-found');
  });

  test('after the period: refused', async () => {
    const one = await ordered();
    await tell(one, { ...paidNow, platformNo: 'UP21' });
    t.pass(366 * 86_400_000);
    await assert.rejects(
      refund(t.gate, caller(), ask(one, 'R21'), print('r21')),
      (e) => e instanceof Refusal && e.detail.why === 'refund-period',
    );
  });

  test('a failed one is begun again by ten repeats at once: one call, one hold', async () => {
    const one = await ordered();
    await tell(one, { ...paidNow, platformNo: 'UP22' });
    says.refund = 'declined';
    await assert.rejects(refund(t.gate, caller(), ask(one, 'R22'), print('r22')));
    says.refund = 'done';
    const calls = refundCalls();
    await Promise.all(
      Array.from({ length: 10 }, () => refund(t.gate, caller(), ask(one, 'R22'), print('r22')).catch((e) => e)),
    );
    assert.equal(refundCalls() - calls, 1);
    const [payment] = await rowsOf(
      t.database,
      `select refunded, refund_pending from kanal.payments where id = ${one.id}`,
    );
    assert.deepEqual(payment, { refunded: 100n, refund_pending: 0n });
  });

  test('a callback that names the order alone is settled by asking about the one refund it can mean', async () => {
    const one = await ordered();
    await tell(one, { ...paidNow, platformNo: 'UP23' });
    says.refund = 'accepted';
    await refund(t.gate, caller(), ask(one, 'R23'), print('r23'));
    const channel = t.gate.directory().channels.get(one.channelId);
    assert.ok(channel);
    const said: RefundReport = { ...blankRefund, orderNo: one.reference, state: 'paid', amount: money(100n, 'CNY') };
    assert.equal(await hearRefund(t.gate, channel, { ...said, amount: money(99n, 'CNY') }), false);
    says.query = 'accepted';
    assert.equal(await hearRefund(t.gate, channel, said), false, 'the channel itself does not say so yet');
    says.query = 'done';
    assert.equal(await hearRefund(t.gate, channel, said), true);
    assert.equal(await hearRefund(t.gate, channel, said), true, 'told again');
    const [row] = await rowsOf(t.database, `select state from kanal.refunds where order_no = 'R23'`);
    assert.equal(row?.['state'], 'succeeded');
  });
});

describe('payment codes', () => {
  test('the table at its edges: the first and last of each prefix and length, and their neighbours', () => {
    const digits = (prefix: string, length: number) => prefix.padEnd(length, '7');
    const rows: readonly (readonly [string, number, string | null])[] = [
      ['09', 18, null],
      ['10', 18, 'WECHAT'],
      ['15', 18, 'WECHAT'],
      ['16', 18, null],
      ['10', 17, null],
      ['10', 19, null],
      ['24', 16, null],
      ['25', 16, 'ALIPAY'],
      ['25', 15, null],
      ['29', 24, 'ALIPAY'],
      ['30', 24, 'ALIPAY'],
      ['30', 25, null],
      ['31', 18, null],
      ['51', 18, 'BESTPAY'],
      ['51', 17, null],
      ['50', 18, null],
      ['52', 18, null],
      ['62', 19, 'UNIONPAY'],
      ['62', 18, null],
      ['01', 19, 'ECNY'],
      ['01', 18, null],
      ['18', 18, 'JD'],
      ['17', 18, null],
      ['91', 18, 'QQ'],
      ['83', 18, 'SUNING'],
      ['', 0, null],
    ];
    for (const [prefix, length, wallet] of rows)
      assert.equal(walletOf(digits(prefix, length)), wallet, `${prefix}… of ${length}`);
    assert.equal(walletOf(`fp${'a1B'.repeat(11)}`), 'ALIPAY');
    assert.equal(walletOf(`fp${'a'.repeat(32)}`), null);
    assert.equal(walletOf('28 8886 8634 8818 8613'), 'ALIPAY');
    assert.equal(walletOf('２８８８８６８６３４８８１８８６１３'), null);
    assert.equal(walletOf('284214903060794755'), 'ALIPAY');
  });

  test('no code fits two rows, and every wallet has one', () => {
    const samples = codeTable.flatMap(({ pattern }) =>
      Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0')).flatMap((prefix) =>
        [16, 17, 18, 19, 20, 24].map((length) => prefix.padEnd(length, '3')).filter((code) => pattern.test(code)),
      ),
    );
    for (const code of samples) {
      const owners = new Set(codeTable.filter(({ pattern }) => pattern.test(code)).map(({ wallet }) => wallet));
      assert.equal(owners.size, 1, code);
    }
    assert.deepEqual(new Set(codeTable.map(({ wallet }) => wallet)), new Set(wallets));
  });

  test('masked: two digits, four digits', () => {
    assert.equal(maskedCode('288886863488188613'), '28…8613');
    assert.equal(maskedCode('2888'), '…');
  });

  test('a barcode that waits is asked about every five seconds, then every thirty', () => {
    const gaps = Array.from({ length: 14 }, (_, tries) => chaseGapMs('pending', tries, 'payment', 'barcode'));
    assert.deepEqual(gaps, [...Array<number>(12).fill(5_000), 30_000, 30_000]);
    assert.equal(chaseGapMs('pending', 0, 'payment', 'qr'), 60_000);
  });
});
