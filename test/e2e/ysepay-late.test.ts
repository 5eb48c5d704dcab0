/** ysepay: money that comes after the end goes back to the payer by itself; the merchant sees one state, and it stays true (T034, T035). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { lateRefunds, postings as ofOrder } from './bestpay-scene.ts';
import { bookFindings } from './harness.ts';
import { member, textAt, until } from './http.ts';
import type { Members } from './ysepay-party.ts';
import {
  agreed,
  assertDone,
  assertRefused,
  codeOf,
  methods,
  noticesOf,
  ordered,
  paid,
  startYsepay,
  stateOf,
  untilState,
  type YsepayScene,
} from './ysepay-scene.ts';

let scene: YsepayScene;
let protocolNo = '';

before(async () => {
  scene = await startYsepay();
  protocolNo = await agreed(scene);
});
after(async () => {
  assert.deepEqual(await bookFindings(scene), []);
  assert.equal(await inSuspense(), 0n);
  await scene.stop();
});

const twin = () => scene.twin('ysepay');

/** What lies in suspense accounts, all of them: nothing may stay there once everything has gone back. */
async function inSuspense(): Promise<bigint> {
  const accounts = member(await scene.operator.get('/ledger/check'), 'accounts');
  assert.ok(Array.isArray(accounts));
  const rows = accounts.filter((row) => textAt(row, 'account').includes('suspense'));
  return rows.reduce((sum, row) => sum + BigInt(textAt(row, 'balance')), 0n);
}

async function available(): Promise<string> {
  const accounts = member(await scene.operator.get('/ledger/check'), 'accounts');
  assert.ok(Array.isArray(accounts));
  const row = accounts.find(
    (one) => textAt(one, 'account') === `merchant/${scene.a.id}/available` && textAt(one, 'currency') === 'CNY',
  );
  return textAt(row, 'balance');
}

async function moneyBack(no: string, count = 1) {
  await until(`the money of ${no} is back`, async () => {
    const rows = await lateRefunds(scene, no);
    return rows.length === count && rows.every(({ state }) => state === 'succeeded');
  });
  return lateRefunds(scene, no);
}

async function referenceOf(no: string): Promise<string> {
  return textAt((await scene.operator.list('payments', `?number=${no}`))[0], 'reference');
}

/** biz_content of the refunds that the channel was asked for under that number of its own. */
async function askedBack(refundNo: string): Promise<Record<string, unknown>[]> {
  const forms = (await twin().requests()).map((one) => new URLSearchParams(textAt(one, 'body')));
  return forms
    .filter((form) => form.get('method') === methods.refund)
    .map((form) => JSON.parse(form.get('biz_content') ?? '{}') as Record<string, unknown>)
    .filter((biz) => biz['out_request_no'] === refundNo);
}

/** how the order ends | what brings the end about */
const ends: readonly (readonly [string, Members, (no: string) => Promise<unknown>])[] = [
  [
    'closed by the merchant',
    {},
    async (no) => assertDone(await scene.shop.ask(methods.close, { out_trade_no: no, shopdate: scene.shop.today })),
  ],
  ['closed by its own time', { timeout_express: '1m' }, async () => undefined],
];

for (const [how, changes, end] of ends)
  test(`${how}, paid afterwards: TRADE_CLOSED stays, the whole sum goes back, once`, async () => {
    const { no, paysn } = await ordered(scene, protocolNo, changes);
    const code = await codeOf(scene, no);
    await end(no);
    await untilState(scene, no, 'TRADE_CLOSED');
    await until('the notice', () => noticesOf(scene, no).length === 1);
    const before = await available();

    await twin().pay({ reference: no });
    const [refund] = await moneyBack(no);
    assert.ok(refund);
    await twin().call('POST', 'callback', { reference: no, times: 5 });

    assert.equal(await stateOf(scene, no), 'TRADE_CLOSED');
    assertRefused(await scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code }), 'ACQ.TRADE_HAS_CLOSE');
    assert.deepEqual(
      noticesOf(scene, no).map((notice) => notice.get('trade_status')),
      ['TRADE_CLOSED'],
      'told once, and nothing that it sees has changed',
    );
    assert.equal(refund.amount, 1234n);
    assert.deepEqual(await ofOrder(scene, no), ['suspense-in 1234']);
    assert.deepEqual(await ofOrder(scene, refund.reference, 'refunds'), ['suspense-out 1234']);
    assert.equal(await available(), before);
    assert.equal((await lateRefunds(scene, no)).length, 1);
    const executed = await twin().executions(refund.reference);
    assert.deepEqual(
      executed.map((one) => [member(one, 'operation'), member(one, 'amount'), member(one, 'count')]),
      [['refund', '1234', 1]],
    );
  });

test('the refund is said in the language of the channel: its own numbers, the day of the order, yuan', async () => {
  const { no } = await ordered(scene, protocolNo, { total_amount: '0.09' });
  assertDone(await scene.shop.ask(methods.close, { out_trade_no: no }));
  await twin().pay({ reference: no });
  const [refund] = await moneyBack(no);
  const reference = await referenceOf(no);
  const asked = await askedBack(refund?.reference ?? '');
  assert.equal(asked.length, 1);
  const { trade_no: tradeNo, ...biz } = asked[0] ?? {};
  assert.deepEqual(biz, {
    out_trade_no: reference,
    shopdate: reference.slice(0, 8),
    refund_amount: '0.09',
    refund_reason: 'refund',
    out_request_no: refund?.reference,
  });
  assert.match(String(tradeNo), /^\d{8,32}$/);
  assert.notEqual(reference, no, 'the number of our merchant is no business of the channel');
});

test('the callback of a paid order, repeated: no second payment, nothing goes back', async () => {
  const { no } = await paid(scene, protocolNo);
  await until('the notice', () => noticesOf(scene, no).length === 1);
  const before = await available();
  const told = await twin().call('POST', 'callback', { reference: no, times: 3 });
  assert.equal(told.status, 200);
  assert.deepEqual(await lateRefunds(scene, no), []);
  assert.equal(await available(), before);
});

test('paid a second time: another payment, whose sum goes back; the order and its first payment stay', async () => {
  const { no } = await paid(scene, protocolNo);
  await until('the notice', () => noticesOf(scene, no).length === 1);
  const before = await available();
  await twin().pay({ reference: no, again: true });
  await moneyBack(no);
  assert.equal(await stateOf(scene, no), 'TRADE_SUCCESS');
  assert.equal(await available(), before);
  const moves = await ofOrder(scene, no);
  assert.deepEqual(
    moves.filter((move) => move.startsWith('suspense')),
    ['suspense-in 1234'],
  );
  assert.equal(noticesOf(scene, no).length, 1, 'nothing that the merchant sees has changed');
});

test('the answer to the refund is lost: asked about, not sent again', async () => {
  const { no } = await ordered(scene, protocolNo);
  assertDone(await scene.shop.ask(methods.close, { out_trade_no: no }));
  await twin().plan({ operation: 'refund' }, [{ kind: 'truncate' }, { kind: 'callback', times: 0 }]);
  await twin().pay({ reference: no });
  const [refund] = await moneyBack(no);
  assert.equal(member(await twin().executions(refund?.reference ?? ''), 0, 'count'), 1);
  assert.equal((await askedBack(refund?.reference ?? '')).length, 1);
});

test('a channel that is set to revive pays the order after all, and tells so', async () => {
  const rows = await scene.operator.list('channels');
  const id = textAt(
    rows.find((row) => textAt(row, 'protocol') === 'ysepay'),
    'id',
  );
  const { no } = await ordered(scene, protocolNo);
  assertDone(await scene.shop.ask(methods.close, { out_trade_no: no }));
  await until('the notice', () => noticesOf(scene, no).length === 1);
  await setLateMoney(id, 'revive');
  await twin().pay({ reference: no });
  await untilState(scene, no, 'TRADE_SUCCESS');
  await until('told again', () => noticesOf(scene, no).length === 2);
  assert.equal((await lateRefunds(scene, no)).length, 0);
});

async function setLateMoney(id: string, policy: string): Promise<void> {
  const { owner } = scene.database;
  await owner.run({
    text: `update kanal.channels set settings = settings || jsonb_build_object('lateMoney', $2::text) where id = $1::bigint`,
    values: [id, policy],
  });
  await owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
  await scene.gateway.gate.refresh();
}
