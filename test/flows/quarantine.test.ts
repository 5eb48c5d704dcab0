/** After a restore nothing that sends money out leaves, nothing fails because of it, and a comparison learns what the channels know (T038). */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Ask, CommandName, RefundReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { Kind, Order } from '../../src/core/order.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { change } from '../../src/flows/administer.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { letGo, refuseHeld } from '../../src/flows/held-payout.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { compareWithChannels, enterQuarantine, liftQuarantine } from '../../src/flows/quarantine.ts';
import { refund } from '../../src/flows/refund.ts';
import { blankRefund } from '../../src/protocols/bestpay/refunds.ts';
import { updateMerchant } from '../../src/store/admin.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { findOrders } from '../../src/store/lists.ts';
import { payAsk, paymentAnswer, payOutAsk, payoutAnswer, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(async () => {
  assert.equal((await verifyAudit(t.database.db)).intact, true);
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

const print = (text: string) => Buffer.from(text);
const yuan = money(1_280n, 'CNY');
/** What the channel says to queries of payouts and refunds. */
let channel: 'has it' | 'knows nothing' | 'is silent';

beforeEach(() => {
  channel = 'has it';
  t.script((async (command: CommandName, ask: Ask) => {
    if (command === 'pay') {
      const instruction = { payCode: null, payUrl: 'https://pay.test/1', deskUrl: null, confirmNo: null };
      return { kind: 'answered', answer: paymentAnswer({ platformNo: null, amount: yuan, instruction }) };
    }
    if (command === 'pay-out') return { kind: 'answered', answer: payoutAnswer() };
    if (channel === 'is silent') return { kind: 'unknown', why: 'in the test' };
    if (channel === 'knows nothing') return { kind: 'not-found', code: 'X', text: '' };
    if (command === 'query-payout') return { kind: 'answered', answer: payoutAnswer({ state: 'paid' }) };
    if (command === 'query-payment')
      return { kind: 'answered', answer: paymentAnswer({ amount: yuan, platformNo: null }) };
    const answer: RefundReport = {
      ...blankRefund,
      refundNo: (ask as Ask<'refund'>).refundNo,
      state: 'paid',
      amount: null,
    };
    return { kind: 'answered', answer };
  }) as never);
});

const begin = () => enterQuarantine(t, 'test', t.world.now(), 'restored in the test');
const lift = () => liftQuarantine(t, 'test', 'compared in the test', true);
const isBusy = (error: unknown) =>
  error instanceof Refusal && error.code === 'busy' && error.detail.why === 'quarantine';
afterEach(async () => {
  if (t.gate.directory().quarantine) await lift();
});

async function orderNamed(number: string): Promise<Order> {
  const [order] = await findOrders(t.gate.db, number, null);
  assert.ok(order);
  return order;
}

const sent = (command: CommandName) => t.calls.filter((call) => call.command === command).length;
const payOutNow = (ask = payOutAsk()) => payOut(t.gate, t.caller(0, 'payin'), ask, print(ask.orderNo));

/** A payment of a channel that can refund, and money that comes for it twice or late. */
async function ordered(): Promise<Order> {
  const ask = payAsk({ amount: yuan, method: 'qr', option: 'ALIPAY', expiresInS: 60, extras: { merchantNo: 'S1' } });
  await pay(t.gate, t.caller(0, 'bestpay'), ask, print(ask.orderNo));
  return orderNamed(ask.orderNo);
}

function tell({ channelId, reference }: Order, state: 'paid' | 'closed') {
  const about = { kind: 'payment', channelId, reference } as const;
  const report = paymentAnswer({ amount: yuan, platformNo: null, state, paid: state === 'paid' ? yuan : null });
  const evidence = reportEvidence(about, 'callback', report, t.world.now());
  return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

async function refundNow(payment: Order, refundNo: string) {
  const find = { orderNo: payment.orderNo, platformNo: null, reason: null, notify: null, extras: { merchantNo: 'S1' } };
  return refund(t.gate, t.caller(0, 'bestpay'), { ...find, refundNo, amount: yuan }, print(refundNo));
}

async function look(kind: Kind, { home, id }: Order): Promise<void> {
  await lookAgain(t.gate, { home, objectId: id, kind, tries: 0 });
}

test('a new payout is told to come again, an old one is told as it is, and afterwards the same number goes through', async () => {
  const old = payOutAsk();
  const told = await payOutNow(old);
  await begin();
  const ask = payOutAsk();
  const before = sent('pay-out');
  await assert.rejects(payOutNow(ask), isBusy);
  assert.equal((await payOutNow(old)).platformNo, told.platformNo);
  await assert.rejects(
    payOut(t.gate, t.caller(0, 'payin'), old, print('another content')),
    (error) => error instanceof Refusal && error.code === 'conflict',
  );
  assert.equal(sent('pay-out'), before);
  assert.deepEqual(await findOrders(t.gate.db, ask.orderNo, null), []);
  await lift();
  assert.equal((await payOutNow(ask)).state, 'pending');
});

test('a refund is told to come again; collections go on', async () => {
  const payment = await ordered();
  await tell(payment, 'paid');
  await begin();
  await assert.rejects(refundNow(payment, 'R-quarantine'), isBusy);
  assert.equal(sent('refund'), 0);
  const another = await ordered();
  await tell(another, 'paid');
  assert.equal((await orderNamed(another.orderNo)).state, 'paid');
  await lift();
  assert.equal((await refundNow(payment, 'R-quarantine')).state, 'paid');
  await begin();
  assert.equal((await refundNow(payment, 'R-quarantine')).state, 'paid');
});

test('late money is not sent back before the quarantine is over', async () => {
  const payment = await ordered();
  await tell(payment, 'closed');
  await begin();
  await tell(payment, 'paid');
  const [row] = await t.database.owner.run<{ reference: string }>({
    text: 'select reference from kanal.refunds where payment_id = $1',
    values: [payment.id],
  });
  const late = await orderNamed(row?.reference ?? '');
  const before = sent('refund');
  await look('refund', late);
  assert.deepEqual([(await orderNamed(late.orderNo)).state, sent('refund')], ['requested', before]);
  await lift();
  await look('refund', late);
  assert.deepEqual([(await orderNamed(late.orderNo)).state, sent('refund')], ['succeeded', before + 1]);
});

async function limitPayouts(settings: Readonly<Record<string, string>>): Promise<void> {
  const { id } = t.caller(0, 'payin').merchant;
  await change(t, 'test', 'merchant.change', settings, (query) => updateMerchant(query, id, { settings }));
}

async function heldPayout(): Promise<Order> {
  await limitPayouts({ 'payoutLimit.IDR': '1' });
  const ask = payOutAsk();
  await payOutNow(ask);
  await limitPayouts({});
  return orderNamed(ask.orderNo);
}

test('a held payout is not let go; compared, one that the channel has was sent after the backup', async () => {
  const held = await heldPayout();
  await begin();
  const before = sent('pay-out');
  await assert.rejects(letGo(t.gate, held), isBusy);
  await assert.rejects(refuseHeld(t.gate, held), isBusy);
  channel = 'knows nothing';
  const nothing = await compareWithChannels(t, 'test');
  assert.ok(nothing.notKnown > 0);
  assert.equal((await orderNamed(held.orderNo)).state, 'requested');
  channel = 'has it';
  const found = await compareWithChannels(t, 'test');
  assert.equal((await orderNamed(held.orderNo)).state, 'succeeded');
  assert.ok(found.changed > 0 && found.unanswered === 0, JSON.stringify(found));
  assert.equal(sent('pay-out'), before);
});

test('what is settled needs nobody because the channel does not know it, however often that is said', async () => {
  const failed = payOutAsk();
  await payOutNow(failed);
  const { channelId, reference, id } = await orderNamed(failed.orderNo);
  const report = payoutAnswer({ state: 'failed', amount: failed.amount });
  const evidence = reportEvidence({ kind: 'payout', channelId, reference }, 'callback', report, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  const open = payOutAsk();
  await payOutNow(open);
  await begin();
  channel = 'knows nothing';
  for (let times = 0; times < 4; times += 1) {
    await compareWithChannels(t, 'test');
    t.pass(600_000);
  }
  const reviewed = await t.database.owner.run<{ object_id: bigint }>({
    text: `select object_id from kanal.reviews where reason = 'payout-not-found' and object_id = any($1)`,
    values: [[id, (await orderNamed(open.orderNo)).id]],
  });
  assert.deepEqual(reviewed, [{ object_id: (await orderNamed(open.orderNo)).id }]);
});

test('it is lifted after a comparison in which every channel answered, and with a reason, or by somebody who says anyway', async () => {
  const open = payOutAsk();
  await payOutNow(open);
  await begin();
  const tryLift = () => liftQuarantine(t, 'test', 'seen the statements', false);
  const isConflict = (error: unknown) => error instanceof Refusal && error.code === 'conflict';
  await assert.rejects(tryLift(), isConflict);
  channel = 'is silent';
  const silent = await compareWithChannels(t, 'test');
  assert.ok(silent.unanswered > 0);
  await assert.rejects(tryLift(), isConflict);
  channel = 'has it';
  assert.equal((await compareWithChannels(t, 'test')).unanswered, 0);
  // A further restore makes the comparison worthless.
  await begin();
  await assert.rejects(tryLift(), isConflict);
  await compareWithChannels(t, 'test');
  await tryLift();
  assert.equal(t.gate.directory().quarantine, null);
  assert.equal((await orderNamed(open.orderNo)).state, 'succeeded');
});
