/** ysepay against every fault of its channel: an unknown outcome is never a failure, and nothing is ever paid twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bookFindings } from './harness.ts';
import { member, textAt, until } from './http.ts';
import {
  agreed,
  assertDone,
  assertRefused,
  codeOf,
  methods,
  movedAt,
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
  await scene.stop();
});

const twin = () => scene.twin('ysepay');

/** fault at the confirmation | what becomes of the order by itself */
const confirmFaults: readonly [fault: object, becomes: string, executed: number][] = [
  [{ kind: 'http-500' }, 'TRADE_SUCCESS', 1],
  [{ kind: 'html' }, 'TRADE_SUCCESS', 1],
  [{ kind: 'truncate' }, 'TRADE_SUCCESS', 1],
  [{ kind: 'bad-signature' }, 'TRADE_SUCCESS', 1],
  [{ kind: 'pending', ms: 300 }, 'TRADE_SUCCESS', 1],
  [{ kind: 'drop-before' }, 'WAIT_BUYER_PAY', 0],
  [{ kind: 'http-500', executed: false }, 'WAIT_BUYER_PAY', 0],
  [{ kind: 'bad-signature', executed: false }, 'WAIT_BUYER_PAY', 0],
  [{ kind: 'decline', code: 'ACQ.SYSTEM_ERROR' }, 'WAIT_BUYER_PAY', 0],
  [{ kind: 'decline', code: 'ACQ.BUSINESS_TIMEOUT_ERROR' }, 'WAIT_BUYER_PAY', 0],
  [{ kind: 'decline', code: 'ACQ.QUERY_NO_RECORD' }, 'WAIT_BUYER_PAY', 0],
];

for (const [fault, becomes, executed] of confirmFaults)
  test(`confirm and ${JSON.stringify(fault)}: TRADE_PROCESS, then ${becomes}`, async () => {
    const { no, paysn } = await ordered(scene, protocolNo);
    const code = await codeOf(scene, no);
    await twin().plan({ operation: 'confirm-payment', merchantOrderNo: no }, [fault]);
    const biz = { paysn, mobile_verify_code: code };
    const told = assertDone(await scene.shop.ask(methods.confirm, biz));
    // A callback may be faster than our reply: then it says what is known by then.
    const words = executed === 1 ? ['TRADE_PROCESS', 'TRADE_SUCCESS'] : ['TRADE_PROCESS'];
    assert.ok(words.includes(told.is['trade_status'] ?? ''), told.text);
    assert.equal(told.is['out_trade_no'], no);
    await untilState(scene, no, becomes);
    assert.equal(await movedAt(scene, no), executed);
    // While nobody knows, the same code is not sent a second time.
    const again = assertDone(await scene.shop.ask(methods.confirm, biz));
    assert.equal(again.is['trade_status'], executed === 1 ? 'TRADE_SUCCESS' : 'TRADE_PROCESS');
    if (executed === 1) await until('the notice', () => noticesOf(scene, no).length === 1);
    else assert.equal(noticesOf(scene, no).length, 0);
  });

test('nobody asks and nothing is called back: the gateway finds out by itself', async () => {
  const { no, paysn } = await ordered(scene, protocolNo);
  const code = await codeOf(scene, no);
  const faults = [{ kind: 'http-500' }, { kind: 'callback', times: 0 }];
  await twin().plan({ operation: 'confirm-payment', merchantOrderNo: no }, faults);
  const told = assertDone(await scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code }));
  assert.equal(told.is['trade_status'], 'TRADE_PROCESS');
  await until('the notice', () => noticesOf(scene, no).length === 1);
});

test('money on its way wins over a close: paid while it is being closed is paid', async () => {
  for (const kind of ['answer-late', 'http-500']) {
    const { no, paysn } = await ordered(scene, protocolNo);
    const code = await codeOf(scene, no);
    const faults = [
      { kind, ms: 600 },
      { kind: 'callback', delayMs: 3_000 },
    ];
    await twin().plan({ operation: 'confirm-payment', merchantOrderNo: no }, faults);
    const confirming = scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code });
    await until('it is executed', async () => (await movedAt(scene, no)) === 1);
    assertRefused(await scene.shop.ask(methods.close, { out_trade_no: no }), 'ACQ.TRADE_HAS_SUCCESS');
    assertDone(await confirming);
    assert.equal(await stateOf(scene, no), 'TRADE_SUCCESS');
  }
  // The other way round: once the channel has closed it, the code pays nothing.
  const { no, paysn } = await ordered(scene, protocolNo);
  const code = await codeOf(scene, no);
  await twin().plan({ operation: 'close-payment', merchantOrderNo: no }, [{ kind: 'truncate' }]);
  const close = await scene.shop.ask(methods.close, { out_trade_no: no });
  assert.ok(close.is['trade_status'] === 'TRADE_CLOSED' || close.is['sub_code'] === 'ACQ.SYSTEM_ERROR', close.text);
  await untilState(scene, no, 'TRADE_CLOSED');
  assertRefused(await scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code }), 'ACQ.TRADE_HAS_CLOSE');
  assert.equal(await movedAt(scene, no), 0);
});

/** fault at fastPay | reply | what becomes of the order by itself */
const payFaults: readonly [fault: object, reply: string, becomes: string][] = [
  [{ kind: 'http-500' }, 'WAIT_BUYER_PAY', 'WAIT_BUYER_PAY'],
  [{ kind: 'truncate' }, 'WAIT_BUYER_PAY', 'WAIT_BUYER_PAY'],
  [{ kind: 'bad-signature' }, 'WAIT_BUYER_PAY', 'WAIT_BUYER_PAY'],
];

for (const [fault, reply, becomes] of payFaults)
  test(`fastPay and ${JSON.stringify(fault)}: asked until it is known, then ${becomes}`, async () => {
    const { shop } = scene;
    const no = shop.fresh('q');
    await twin().plan({ operation: 'pay', amount: '1235' }, [fault]);
    const told = assertDone(await shop.ask(methods.pay, shop.paying(no, protocolNo, { total_amount: '12.35' })));
    assert.equal(told.is['trade_status'], reply, told.text);
    assert.match(told.is['paysn'] ?? '', /^\d{30}$/);
    await untilState(scene, no, becomes);
  });

/** business code of the channel | what our merchant hears */
const declines: readonly (readonly [code: string, heard: string])[] = [
  ['ACQ.INVALID_PARAMETER', 'ACQ.INVALID_PARAMETER'],
  ['ACQ.ACCESS_FORBIDDEN', 'ACQ.ACCESS_FORBIDDEN'],
  ['ACQ.EXIST_FORBIDDEN_WORD', 'ACQ.EXIST_FORBIDDEN_WORD'],
  ['ACQ.TOTAL_FEE_EXCEED', 'ACQ.TOTAL_FEE_EXCEED'],
  ['ACQ.BUYER_SELLER_EQUAL', 'ACQ.BUYER_SELLER_EQUAL'],
  ['ACQ.TRADE_BUYER_NOT_MATCH', 'ACQ.TRADE_BUYER_NOT_MATCH'],
  ['ACQ.BUYER_ENABLE_STATUS_FORBID', 'ACQ.BUYER_ENABLE_STATUS_FORBID'],
  ['ACQ.SELLER_BEEN_BLOCKED', 'ACQ.SELLER_BEEN_BLOCKED'],
  ['ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT', 'ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT'],
  ['ACQ.CUSTID_NO_MATCH', 'ACQ.CUSTID_NO_MATCH'],
];

test('a clear no of the channel is passed on in its own words, for payments and signings; the order has failed', async () => {
  const { shop } = scene;
  for (const [code, heard] of declines) {
    await twin().plan({ operation: 'pay' }, [{ kind: 'decline', code }]);
    const no = shop.fresh('d');
    assertRefused(await shop.ask(methods.pay, shop.paying(no, protocolNo)), heard);
    assert.equal(await stateOf(scene, no), 'TRADE_FAILD');
    await twin().plan({ operation: 'sign-agreement' }, [{ kind: 'decline', code }]);
    const signing = shop.fresh('d');
    assertRefused(await shop.ask(methods.sign, shop.signing(signing)), heard);
    assert.equal(
      assertDone(await shop.ask(methods.agreement, { out_trade_no: signing })).is['trade_status'],
      'TRADE_FAILD',
    );
  }
});

test('signing and an answer that is lost: SYSTEM_ERROR, and the same request again goes on', async () => {
  const { shop } = scene;
  for (const kind of ['http-500', 'truncate', 'bad-signature']) {
    const no = shop.fresh('l');
    await twin().plan({ operation: 'sign-agreement' }, [{ kind }]);
    assertRefused(await shop.ask(methods.sign, shop.signing(no)), 'ACQ.SYSTEM_ERROR');
    assert.equal(assertDone(await shop.ask(methods.sign, shop.signing(no))).is['trade_status'], 'WAIT_CONFIRM');
    await twin().plan({ operation: 'confirm-agreement' }, [{ kind }]);
    const confirm = { out_trade_no: no, mobile_verify_code: await codeOf(scene, no) };
    assertRefused(await shop.ask(methods.signConfirm, confirm), 'ACQ.SYSTEM_ERROR');
    const told = assertDone(await shop.ask(methods.signConfirm, confirm));
    assert.match(told.is['protocol_no'] ?? '', /^K\d{19}$/);
  }
});

test('the notice overtakes the reply: one payment, one notice', async () => {
  const { no, paysn } = await ordered(scene, protocolNo);
  const code = await codeOf(scene, no);
  await twin().plan({ operation: 'confirm-payment', merchantOrderNo: no }, [{ kind: 'callback', beforeReply: true }]);
  const told = assertDone(await scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code }));
  assert.equal(told.is['trade_status'], 'TRADE_SUCCESS');
  await until('the notice', () => noticesOf(scene, no).length === 1);
  assert.equal(await movedAt(scene, no), 1);
});

test('forged callbacks change nothing, one of a wrong amount is looked at by a person, repeats are only acknowledged', async () => {
  const { no } = await ordered(scene, protocolNo);
  const send = (more: object) => twin().call('POST', 'callback', { reference: no, ...more });
  const forged = await send({ forged: true, status: 'paid' });
  assert.equal(member(forged.json, 'sent', 0, 'acknowledged'), false);
  await send({ status: 'paid', amount: '999' });
  assert.equal(await stateOf(scene, no), 'WAIT_BUYER_PAY');
  const reviews = await scene.operator.list('reviews');
  assert.ok(reviews.some((row) => textAt(row, 'reason') === 'amount-mismatch'));

  const second = await paid(scene, protocolNo);
  await until('the notice', () => noticesOf(scene, second.no).length === 1);
  for (let i = 0; i < 3; i += 1) {
    const { json } = await twin().call('POST', 'callback', { reference: second.no });
    assert.equal(member(json, 'sent', 0, 'acknowledged'), true);
  }
  assert.equal(noticesOf(scene, second.no).length, 1);
});

test('a notice that is not taken comes again, with a new time and a new signature and the same content', async () => {
  const order = await ordered(scene, protocolNo);
  scene.receiver.answer(`/${order.no}`, 500);
  const code = await codeOf(scene, order.no);
  assertDone(await scene.shop.ask(methods.confirm, { paysn: order.paysn, mobile_verify_code: code }));
  await until('the first', () => noticesOf(scene, order.no).length >= 1);
  const [row] = await scene.operator.list('notices', `?number=${order.no}`);
  await until('the second', () => noticesOf(scene, order.no).length >= 2);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await scene.operator.call('POST', `/notices/${textAt(row, 'id')}/resend`, {});
  const told = await until('a third', () => {
    const all = noticesOf(scene, order.no);
    return all.length >= 3 ? all : null;
  });
  const content = (notice: URLSearchParams | undefined) =>
    JSON.stringify([...(notice ?? [])].filter(([name]) => name !== 'sign' && name !== 'notify_time'));
  assert.equal(content(told[2]), content(told[0]));
  assert.notEqual(told[2]?.get('notify_time'), told[0]?.get('notify_time'));
  assert.notEqual(told[2]?.get('sign'), told[0]?.get('sign'));
});

test('refunds in all five states', async () => {
  const { shop } = scene;
  const rows: readonly [faults: readonly object[], state: string, becomes: string][] = [
    [[], 'success', 'success'],
    [[{ kind: 'pending', ms: 400 }], 'in_process', 'success'],
    [[{ kind: 'decline-later', ms: 200 }], 'in_process', 'fail'],
    [[{ kind: 'decline-later', ms: 200, code: 'fail_due_manual_close' }], 'in_process', 'fail_due_manual_close'],
    [[{ kind: 'pending', code: 'fail_to_manual_deal' }], 'fail_to_manual_deal', 'fail_to_manual_deal'],
  ];
  const { no } = await paid(scene, protocolNo);
  for (const [index, [faults, state, becomes]] of rows.entries()) {
    if (faults.length > 0) await twin().plan({ operation: 'refund' }, faults);
    const refundNo = `${no}r${index}`;
    const told = assertDone(await shop.ask(methods.refund, shop.refunding(no, refundNo, '1.00')));
    assert.equal(told.is['refund_state'], state);
    await until(`${refundNo} is ${becomes}`, async () => {
      const asked = await shop.ask(methods.refundQuery, { out_request_no: refundNo });
      return asked.is['refund_state'] === becomes;
    });
  }
});

test('a refund whose answer is lost was accepted, and ends by query', async () => {
  const { shop } = scene;
  const { no } = await paid(scene, protocolNo);
  await twin().plan({ operation: 'refund' }, [{ kind: 'http-500' }]);
  const told = assertDone(await shop.ask(methods.refund, shop.refunding(no, `${no}r`, '5.00')));
  assert.equal(told.is['refund_state'], 'in_process');
  await until(
    'its end',
    async () => (await shop.ask(methods.refundQuery, { out_request_no: `${no}r` })).is['refund_state'] === 'success',
  );
  assert.equal(await stateOf(scene, no), 'TRADE_PART_REFUND');
});
