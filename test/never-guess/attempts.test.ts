/** What is said about one attempt, or agreed about one sum, never decides about another that came meanwhile (T031, T034, T039). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CallOutcome, CommandName, PaymentReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { Order, Payment } from '../../src/core/order.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { askSecond, type Asking, decide, type DeedName } from '../../src/flows/approve.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { chooseMethod } from '../../src/flows/choose-method.ts';
import { reverse } from '../../src/flows/chase.ts';
import { endUnpaid } from '../../src/flows/close-payment.ts';
import type { Gate } from '../../src/flows/gate.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { leaveChoice } from '../../src/flows/leave-choice.ts';
import { pay } from '../../src/flows/pay.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { findOrders } from '../../src/store/lists.ts';
import { insertUser } from '../../src/store/users.ts';
import { answering, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

async function present({ orderNo }: Pick<Order, 'orderNo'>): Promise<Payment> {
  const [order] = await findOrders(t.gate.db, orderNo, null);
  assert.equal(order?.kind, 'payment');
  return order as Payment;
}

/** A payment whose payer has chosen. */
async function chosen(): Promise<Payment> {
  const ask = payAsk({ method: 'any', option: null });
  await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  return choose(await present(ask));
}

function choose(payment: Payment): Promise<Payment> {
  t.script(answering('pay', paymentAnswer({ platformNo: null })));
  return chooseMethod(t.gate, payment, { method: 'qr', option: 'QRIS', phone: null });
}

function tell({ channelId, reference, amount }: Payment, state: 'paid' | 'failed', platformNo: string) {
  const about = { kind: 'payment', channelId, reference } as const;
  const report = paymentAnswer({ state, platformNo, amount, paid: state === 'paid' ? amount : null });
  const evidence = reportEvidence(about, 'callback', report, t.world.now());
  return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

async function movesOf({ id }: Payment): Promise<unknown[]> {
  const rows = await rowsOf(t.database, `select reason from kanal.moves where object_id = ${id} order by reason`);
  return rows.map(({ reason }) => reason);
}

describe('what two persons agree to', () => {
  const office = () => ({
    gate: t.gate,
    admissions: makeAdmissions({
      vault: t.vault,
      nonce: (bytes) => t.world.nonce(bytes),
      now: () => t.world.now(),
      merchantProtocols,
      channelProtocols,
    }),
  });
  let people = 0;
  async function person(): Promise<Asking> {
    const who = { id: t.world.newId(), name: `person-${++people}` };
    const user = { ...who, role: 'approver', merchantId: null, setupCode: 'unused', setupUntil: null } as const;
    await insertUser(t.gate.db, user, t.world.now());
    return { userId: who.id, name: who.name };
  }
  async function asked(action: DeedName, payment: Payment, detail: Readonly<Record<string, string>>): Promise<bigint> {
    return askSecond(office(), await person(), action, { order: String(payment.id), ...detail }, 'as the bank says');
  }
  const agree = async (approval: bigint) => decide(office(), await person(), approval, 'approved');

  test('is about the attempt that was asked about: its money counts, and that of the next one is seen as a second', async () => {
    const first = await chosen();
    const approval = await asked('order.outcome', first, { outcome: 'succeeded' });
    await tell(first, 'failed', 'FIRST');
    const second = await choose(await present(first));
    assert.notEqual(second.reference, first.reference);
    await agree(approval);
    assert.deepEqual([(await present(first)).state, (await present(first)).reference], ['paid', first.reference]);
    await tell(second, 'paid', 'SECOND');
    assert.deepEqual(await movesOf(first), ['receive', 'receive-fee', 'suspense-in/SECOND/20000']);
    const told = await rowsOf(t.database, `select event from kanal.notices where object_id = ${first.id}`);
    assert.deepEqual(told, [{ event: 'payment.paid' }]);
  });

  test('that it failed says nothing about the next one, which is still open', async () => {
    const first = await chosen();
    const approval = await asked('order.outcome', first, { outcome: 'failed' });
    await tell(first, 'failed', 'GONE');
    const second = await choose(await present(first));
    await agree(approval);
    const now = await present(first);
    assert.deepEqual([now.state, now.reference], ['pending', second.reference]);
  });

  test('is about the sums that lay in suspense: one that came since stays there', async () => {
    const payment = await chosen();
    for (const no of ['S1', 'S2']) await tell(payment, 'paid', no);
    const approval = await asked('suspense.settle', payment, { to: 'channel', why: 'given back' });
    await tell(payment, 'paid', 'S3');
    await agree(approval);
    assert.deepEqual(
      (await movesOf(payment)).filter((reason) => String(reason).startsWith('settled')),
      ['settled/suspense-in/S2/20000'],
    );
  });
});

describe('an answer to closing that names another order', () => {
  const closes = (): Gate => ({ ...t.gate, facts: { ...t.gate.facts, unable: () => null } });
  const saying = (answer: Partial<PaymentReport>) =>
    t.script((<C extends CommandName>(command: C) => {
      const isEnd = command === 'close-payment' || command === 'cancel-payment';
      return Promise.resolve({ kind: 'answered', answer: paymentAnswer(isEnd ? answer : {}) } as CallOutcome<C>);
    }) as never);

  for (const [what, end] of [
    ['a choice is not left', (payment: Payment) => leaveChoice(closes(), payment).catch(() => undefined)],
    ['a payment is not closed', (payment: Payment) => endUnpaid(closes(), payment)],
    ['a barcode is not reversed', (payment: Payment) => reverse(closes(), payment)],
  ] as const)
    test(`closes nothing of ours: ${what} by it`, async () => {
      const payment = await chosen();
      saying({ state: 'closed', orderNo: 'of-somebody-else' });
      await end(payment);
      assert.equal((await present(payment)).state, 'pending');
      saying({ state: 'closed', orderNo: payment.reference });
      await end(payment);
      assert.notEqual((await present(payment)).state, 'pending');
    });
});

describe('a choice that the payer had gone back from, paid after all', () => {
  for (const [what, next] of [
    ['while nothing is chosen', null],
    ['while the next choice waits', 'pending'],
    ['after the next choice has failed', 'failed'],
  ] as const)
    test(`is the one that counts: method, channel, number, fee and postings, ${what}`, async () => {
      const first = await chosen();
      assert.equal(first.fee, 2_500n);
      await tell(first, 'failed', 'FIRST');
      if (next !== null) {
        t.script(answering('pay', paymentAnswer({ platformNo: 'LATER', extras: { 'payin.later': '1' } })));
        const second = await chooseMethod(t.gate, await present(first), {
          method: 'wallet',
          option: 'DANA',
          phone: null,
        });
        assert.deepEqual([second.state, second.fee, second.instruction.payCode], ['pending', 1_700n, '00020101']);
        if (next === 'failed') t.pass(7_200_000);
        if (next === 'failed') await tell(second, 'failed', 'LATER');
      }
      await tell(first, 'paid', 'FIRST');
      const paid = await present(first);
      assert.deepEqual(
        [paid.state, paid.method, paid.option, paid.fee, paid.reference, paid.upstreamNo, paid.instruction.payCode],
        ['paid', 'qr', 'QRIS', 2_500n, first.reference, 'FIRST', '00020101'],
      );
      assert.deepEqual(paid.channelExtras, {});
      const [fee] = await rowsOf(
        t.database,
        `select amount from kanal.moves where object_id = ${first.id} and reason = 'receive-fee'`,
      );
      assert.deepEqual(fee, { amount: 2_500n });
      const notices = await rowsOf(
        t.database,
        `select body from kanal.notices where object_id = ${first.id} and event = 'payment.paid'`,
      );
      assert.match(String(notices[0]?.['body']), /"fee":2500\.0000/);
    });
});

test('what a channel said of a try that failed is not told of the next', async () => {
  const first = await chosen();
  const about = { kind: 'payment', channelId: first.channelId, reference: first.reference } as const;
  const report = paymentAnswer({
    state: 'failed',
    amount: money(20_000n, 'IDR'),
    extras: { 'bestpay.bankRequestNo': 'B1' },
  });
  const evidence = reportEvidence(about, 'callback', report, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  assert.deepEqual((await present(first)).channelExtras, {});
});

describe('money that came a second time, told in several ways, is booked once', () => {
  const noon = Date.UTC(2026, 0, 15, 4, 0, 0);
  interface Word {
    /** The channel's number of the order. */
    readonly no?: string;
    /** The bank's number of the movement. */
    readonly bank?: string;
    readonly at?: number;
    readonly of?: Payment;
  }
  /** A payment that was paid by the bank's M1 of the channel's U1. */
  async function paidOnce(): Promise<Payment> {
    const payment = await chosen();
    await say(payment, { no: 'U1', bank: 'M1', at: noon });
    return present(payment);
  }
  function say(payment: Payment, { no, bank, at, of = payment }: Word) {
    const about = { kind: 'payment', channelId: of.channelId, reference: of.reference } as const;
    const report = paymentAnswer({
      state: 'paid',
      paid: payment.amount,
      platformNo: no ?? null,
      channelNo: bank ?? null,
      finishedAt: at ?? null,
    });
    const evidence = reportEvidence(about, 'callback', report, t.world.now());
    return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  }
  const aside = async (payment: Payment) =>
    (await movesOf(payment)).filter((reason) => String(reason).startsWith('suspense'));
  async function reviewsOf({ id }: Payment): Promise<unknown[]> {
    const rows = await rowsOf(t.database, `select reason from kanal.reviews where object_id = ${id} order by reason`);
    return rows.map(({ reason }) => reason);
  }

  for (const [what, words, postings] of [
    ["first without the bank's number, then with it", [{ no: 'U2' }, { no: 'U2', bank: 'M2' }], ['U2']],
    ['the reverse', [{ no: 'U2', bank: 'M2' }, { no: 'U2' }], ['M2']],
    [
      "by the bank's number alone, then with the channel's",
      [{ bank: 'M2' }, { no: 'U2', bank: 'M2' }, { no: 'U2' }],
      ['M2'],
    ],
    ['and a third one besides', [{ no: 'U2' }, { no: 'U2', bank: 'M2' }, { no: 'U2', bank: 'M3' }], ['M3', 'U2']],
    ['a third one before the second is numbered', [{ bank: 'M2' }, { bank: 'M3' }, { bank: 'M2' }], ['M2', 'M3']],
  ] as const)
    test(what, async () => {
      const payment = await paidOnce();
      for (const word of words) await say(payment, word);
      await Promise.all(words.map((word) => say(payment, word)));
      assert.deepEqual(
        await aside(payment),
        postings.map((name) => `suspense-in/${name}/20000`),
      );
      assert.deepEqual(await reviewsOf(payment), ['second-success']);
    });

  test('of a channel that calls order and movement by one number: a second number is a second payment', async () => {
    const payment = await chosen();
    await say(payment, { no: 'S1', bank: 'S1' });
    await say(payment, { no: 'S2' });
    await say(payment, { no: 'S2', bank: 'S2' });
    assert.deepEqual(await aside(payment), ['suspense-in/S2/20000']);
  });

  test('through an attempt that was turned away from', async () => {
    const first = await chosen();
    await tell(first, 'failed', 'FIRST');
    const second = await choose(await present(first));
    await say(second, { bank: 'M1' });
    await say(second, { of: first });
    await say(second, { of: first, no: 'U2' });
    await say(second, { of: first, no: 'U2', bank: 'M2' });
    assert.deepEqual(await aside(second), [`suspense-in/${first.reference}/20000`]);
  });

  test('in one batch', async () => {
    const payment = await paidOnce();
    await Promise.all([{ no: 'U2' }, { no: 'U2', bank: 'M2' }, { bank: 'M2' }].map((word) => say(payment, word)));
    assert.equal((await aside(payment)).length, 1);
  });

  test("the channel's own times tell two apart: booked once, and a person sees both pieces", async () => {
    const payment = await paidOnce();
    await say(payment, { no: 'U2', at: noon });
    await say(payment, { no: 'U2', bank: 'M2', at: noon + 30_000 });
    assert.deepEqual(await reviewsOf(payment), ['second-success']);
    await say(payment, { no: 'U2', at: noon + 3_600_000 });
    assert.deepEqual(await aside(payment), ['suspense-in/U2/20000']);
    assert.deepEqual(await reviewsOf(payment), ['one-movement-or-two', 'second-success']);
    const [review] = await rowsOf(
      t.database,
      `select detail from kanal.reviews where object_id = ${payment.id} and reason = 'one-movement-or-two'`,
    );
    const detail = review?.['detail'] as Record<string, unknown>;
    assert.deepEqual(
      [detail['booked'], detail['happenedAt'], detail['knownHappenedAt'], detail['knownMovementNo']],
      ['suspense-in/U2/20000', '2026-01-15T05:00:00.000Z', '2026-01-15T04:00:00.000Z', 'M2'],
    );
  });

  test("the first success learns the bank's number later, and another number is another payment", async () => {
    const payment = await chosen();
    await say(payment, {});
    await say(payment, { no: 'U1', bank: 'M1' });
    await say(payment, { no: 'U1' });
    assert.deepEqual(await aside(payment), []);
    await say(payment, { no: 'U1', bank: 'M2' });
    assert.deepEqual(await aside(payment), ['suspense-in/M2/20000']);
  });
});
