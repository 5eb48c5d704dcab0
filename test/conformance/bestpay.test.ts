/** bestpay: the twenty-three resolutions of the page (section 12), callbacks, acknowledgements, verdicts, words, numbers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Pay, PaymentReport, RefundReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { bestpay } from '../../src/protocols/bestpay/protocol.ts';
import { blankRefund } from '../../src/protocols/bestpay/refunds.ts';
import { Obj, writeJson } from '../../src/protocols/json.ts';
import type { Keys, Verdict } from '../../src/protocols/protocol.ts';
import { blankPayment } from '../../src/protocols/reading.ts';
import {
  anyRow,
  barcodeMembers,
  institution,
  members,
  moment,
  num,
  objOf,
  ours,
  posting,
  refundMembers,
  replying,
  rowOf,
  sceneWith,
  type Settings,
  shop,
  signedBody,
  theirs,
} from './bestpay-party.ts';

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

function readPay(value: Obj, name = 'orderMixBrcode', settings: Settings = {}): Pay {
  const scene = sceneWith(ours(settings), anyRow(name));
  return rowOf(name, 'pay').ask.read(bestpay.request.open(posting(name, signedBody(value)), scene), scene);
}

const qrMembers = (changes: Record<string, unknown> = {}) =>
  new Obj([...barcodeMembers({ tradeType: 'ALIPAY', ...changes })].filter(([name]) => name !== 'mediumNo'));

/** What a channel's callback says to us. */
function heard(changes: Record<string, unknown>, settings: Settings = {}) {
  const value = members({ ...noticeOf, ...changes });
  const kept = new Obj([...value].filter(([, one]) => one !== 'absent'));
  const scene = sceneWith(theirs(settings));
  const wire = { ...posting('refund', signedBody(kept, 'platform')), target: '/listen/1' };
  return bestpay.readNotice(bestpay.notice.open(wire, scene), scene);
}
const noticeOf = {
  tradeNo: '20240102000000000000000000000001',
  outTradeNo: 'k0123',
  tradeType: 'REAL_TIME_PRO',
  tradeAmt: 1280,
  tradeFinishedDate: '20240102102030',
  merchantNo: shop,
  payAmt: 1280,
  ccy: '156',
  tradeStatus: 'SUCCESS',
  goodsInfo: '咖啡',
  institutionCode: institution,
};
const paidReport = (changes: Record<string, unknown>, settings: Settings = {}) => {
  const report = heard(changes, settings);
  assert.equal(report.kind, 'payment');
  return report as PaymentReport;
};
const refundReport = (changes: Record<string, unknown>, settings: Settings = {}) => {
  const report = heard({ tradeType: 'REFUND', ...changes }, settings);
  assert.equal(report.kind, 'refund');
  return report as RefundReport;
};

const payment: PaymentReport = {
  ...blankPayment,
  orderNo: 'T1',
  platformNo: '10012345678901234567890123456789',
  channelNo: 'UP1',
  state: 'paid',
  method: 'barcode',
  amount: money(1_280n, 'CNY'),
  paid: money(1_280n, 'CNY'),
  finishedAt: moment,
  extras: { merchantNo: shop, goodsInfo: '咖啡 x2' },
};
const refund: RefundReport = {
  ...blankRefund,
  refundNo: 'R1',
  orderNo: 'T1',
  platformNo: payment.platformNo,
  platformRefundNo: '10098765432109876543210987654321',
  state: 'paid',
  amount: money(100n, 'CNY'),
  paymentAmount: money(1_280n, 'CNY'),
  createdAt: moment,
  finishedAt: moment,
  extras: { merchantNo: shop, 'payment.goodsInfo': '咖啡 x2' },
};

function told(report: PaymentReport | RefundReport, settings: Settings = {}): Obj | null {
  return bestpay.writeNotice(report, sceneWith(ours(settings)));
}

function result(fields: Obj): Obj {
  const value = fields.get('result');
  assert.ok(value instanceof Obj);
  return value;
}

describe('rows of section 12', () => {
  test('1: ccy is ASCII; the Cyrillic key is understood, signed as it came; 156, CNY and RMB are yuan', () => {
    assert.equal(told(payment)?.get('ccy'), '156');
    for (const ccy of ['156', 'CNY', 'RMB']) assert.deepEqual(paidReport({ ccy }).paid, money(1_280n, 'CNY'));
    assert.deepEqual(paidReport({ ccy: 'absent', ссу: '156' }).paid, money(1_280n, 'CNY'));
    assert.deepEqual(paidReport({ ccy: 'HKD' }).paid, money(1_280n, 'HKD'), 'compared with the order later');
    assert.equal(refusalOf(() => heard({ ccy: '999' })).detail.field, 'ccy');
    assert.equal(refusalOf(() => heard({ ccy: 'absent' })).detail.field, 'ccy');
  });

  test('3, 4: payments are told as REAL_TIME_PRO; the misprint, none and others are understood; wallets are another list', () => {
    assert.equal(told(payment)?.get('tradeType'), 'REAL_TIME_PRO');
    assert.equal(told(refund)?.get('tradeType'), 'REFUND');
    for (const tradeType of ['REAL_TIM', 'REAL_TIME', 'REAL_TIME_PRO', 'absent'])
      assert.equal(paidReport({ tradeType }).state, 'paid');
    assert.equal(
      refusalOf(() => readPay(qrMembers({ tradeType: 'REAL_TIME_PRO' }), 'orderMixQrcode')).detail.field,
      'tradeType',
    );
    const options = ['BESTPAY', 'ALIPAY', 'TENPAY'].map(
      (tradeType) => readPay(qrMembers({ tradeType, userCode: 'o1' }), 'orderMixQrcode').option,
    );
    assert.deepEqual(options, ['BESTPAY', 'ALIPAY', 'WECHAT']);
  });

  test('5: disCountAmt in the order’s reply, discountAmt in the callback; either is read', () => {
    const scene = sceneWith(ours(), anyRow('orderMixBrcode'));
    const discounted = { ...payment, channelExtras: { 'bestpay.discountAmt': '80' } };
    const reply = result(rowOf('orderMixBrcode', 'pay').answer.write(discounted, scene));
    assert.deepEqual([num(reply.get('payAmt')), num(reply.get('disCountAmt'))], ['1200', '80']);
    assert.equal(reply.has('discountAmt'), false);
    const notice = told(discounted);
    assert.deepEqual(
      [num(notice?.get('payAmt')), num(notice?.get('discountAmt')), notice?.has('disCountAmt')],
      ['1200', '80', false],
    );
    for (const name of ['disCountAmt', 'discountAmt'])
      assert.deepEqual(
        readReply('orderMixBrcode', { ...barcodeResult, payAmt: 1200, [name]: 80 }).paid,
        money(1_280n, 'CNY'),
      );
    assert.deepEqual(paidReport({ payAmt: 1200, discountAmt: 80 }).paid, money(1_280n, 'CNY'));
    assert.deepEqual(paidReport({ payAmt: 1200 }).paid, money(1_200n, 'CNY'), 'not the order’s amount: a review');
  });

  test('6: result is an object; a JSON text is understood and was signed as that text; a setting sends it', () => {
    const scene = sceneWith(ours({ stringResult: 'true' }), anyRow('refund'));
    const sent = rowOf('refund', 'refund').answer.write(refund, scene);
    assert.equal(typeof sent.get('result'), 'string');
    const wire = bestpay.reply.seal(sent, scene);
    const mine = sceneWith(theirs(), anyRow('refund'));
    const answer = rowOf('refund', 'refund').answer.read(bestpay.reply.open(wire, mine), mine);
    assert.deepEqual([answer.refundNo, answer.state, answer.amount], ['R1', 'paid', money(100n, 'CNY')]);
    const bad = signedBody(members({ success: true, errorCode: null, errorMsg: null, result: 'no json' }), 'platform');
    assert.equal(refusalOf(() => bestpay.reply.open(replying(bad), mine)).code, 'invalid-request');
  });

  test('7: outTradeNo of refunds: refund number in the reply, order number in the query, in callbacks by setting', () => {
    const scene = sceneWith(ours());
    assert.equal(result(rowOf('refund', 'refund').answer.write(refund, scene)).get('outTradeNo'), 'R1');
    const found = result(rowOf('queryRefundOrder', 'query-refund').answer.write(refund, scene));
    assert.deepEqual([found.get('outTradeNo'), found.get('outRequestNo')], ['T1', 'R1']);
    const own = told(refund);
    assert.deepEqual(
      [own?.get('outTradeNo'), own?.get('outRequestNo'), own?.get('originalTradeNo')],
      ['R1', 'R1', payment.platformNo],
    );
    assert.equal(told(refund, { refundNotifyOutTradeNo: 'order' })?.get('outTradeNo'), 'T1');
    assert.equal(refundReport({ outTradeNo: 'T1', outRequestNo: 'R1' }).refundNo, 'R1');
    assert.equal(refundReport({ outTradeNo: 'R1' }).refundNo, 'R1');
    const vague = refundReport({ outTradeNo: 'T1' }, { refundNotifyOutTradeNo: 'order' });
    assert.deepEqual([vague.refundNo, vague.orderNo], [null, 'T1']);
  });

  test('8: all four states, and the present platform’s NOTPAY; another word says nothing', () => {
    const states = ['SUCCESS', 'FAIL', 'CLOSE', 'WAITFORPAY', 'NOTPAY', 'success', 'PAID', 'SUCCESS '].map(
      (tradeStatus) => heard({ tradeStatus }).state,
    );
    assert.deepEqual(states, ['paid', 'failed', 'closed', 'pending', 'pending', 'unknown', 'unknown', 'unknown']);
    assert.equal(told({ ...payment, state: 'closed' }, { notifyFailures: 'true' })?.get('tradeStatus'), 'CLOSE');
    assert.equal(told({ ...refund, state: 'closed' })?.get('tradeStatus'), 'FAIL');
  });

  test('9: success is 000000 and 成功; null, empty and other words beside success=true are understood', () => {
    const scene = sceneWith(ours(), anyRow('confirmOrderStatus'));
    const sent = rowOf('confirmOrderStatus', 'query-payment').answer.write(payment, scene);
    assert.deepEqual([sent.get('success'), sent.get('errorCode'), sent.get('errorMsg')], [true, '000000', '成功']);
    for (const errorCode of [null, '000000', '', '0000', 'anything'])
      assert.equal(judged('orderMixBrcode', { success: true, errorCode, errorMsg: null }).kind, 'answered');
  });

  test('12: timeOut in seconds; absent, empty and 0 are 1500', () => {
    assert.equal(readPay(barcodeMembers({ timeOut: 90 })).expiresInS, 90);
    for (const timeOut of [0, '0', '', undefined]) assert.equal(readPay(barcodeMembers({ timeOut })).expiresInS, 1_500);
    for (const timeOut of [-1, 1.5, '90s', 86_401])
      assert.equal(refusalOf(() => readPay(barcodeMembers({ timeOut }))).detail.field, 'timeOut');
  });

  test('14: two forms of time, both China’s; callbacks alone are compact', () => {
    assert.equal(told(payment)?.get('tradeFinishedDate'), '20240102102030');
    assert.equal(paidReport({}).finishedAt, moment);
    assert.equal(paidReport({ tradeFinishedDate: 'nonsense' }).finishedAt, null);
    const scene = sceneWith(theirs(), anyRow('confirmOrderStatus'));
    const find = { orderNo: 'k1', platformNo: null, refundNo: null, orderedAt: moment, extras: {} };
    assert.equal(
      rowOf('confirmOrderStatus', 'query-payment').ask.write(find, scene).get('tradeDate'),
      '2024-01-02 10:20:30',
    );
    for (const requestDate of [
      '2024-02-30 10:00:00',
      '2024-01-02T10:20:30',
      '20240102102030',
      '2024-1-2 10:20:30',
      1704162030,
    ])
      assert.equal(refusalOf(() => readPay(barcodeMembers({ requestDate }))).detail.field, 'requestDate');
  });

  test('15: the document’s spelling is the address, what people write is understood, the rest is nobody’s', () => {
    const at = (target: string) =>
      bestpay.identify({ ...posting('refund', signedBody(refundMembers())), target })?.endpoint.name;
    const base = '/mapi/o2o/aggregatePayment';
    assert.equal(at(`${base}/orderMixBrcode`), 'orderMixBrcode');
    assert.equal(at(`${base}/orderMixBarcode`), 'orderMixBrcode');
    assert.equal(at(`${base}/platform/orderMixQrcode`), 'orderMixQrcode');
    assert.equal(at(`${base}/orderMixQrcode?x=1`), 'orderMixQrcode');
    assert.equal(at(`${base}/platform/refund`), undefined);
    assert.equal(at(`${base}/orderMixBrcode/`), undefined);
  });

  test('16: a refund’s callback has the refund’s amounts and the order’s goods', () => {
    const notice = told(refund);
    assert.deepEqual(
      [
        notice?.get('goodsInfo'),
        num(notice?.get('tradeAmt')),
        num(notice?.get('payAmt')),
        num(notice?.get('discountAmt')),
      ],
      ['咖啡 x2', '100', '100', '0'],
    );
  });

  test('17, T007: institution and shop of a callback must be ours', () => {
    const forged = refusalOf(() => heard({ institutionCode: '3178000000000009' }));
    assert.equal(forged.code, 'unauthenticated');
    const foreign = refusalOf(() => heard({ merchantNo: '3178000000000009' }));
    assert.deepEqual([foreign.code, foreign.detail.why], ['invalid-request', 'account']);
  });

  test('when something is told: paid and ended refunds; failed and closed payments by setting', () => {
    for (const state of ['pending', 'unknown', 'failed', 'closed', 'reversed'] as const)
      assert.equal(told({ ...payment, state }), null, state);
    for (const state of ['failed', 'closed', 'reversed'] as const)
      assert.ok(told({ ...payment, state }, { notifyFailures: 'true' }));
    assert.equal(told({ ...payment, state: 'pending' }, { notifyFailures: 'true' }), null);
    for (const state of ['paid', 'failed'] as const) assert.ok(told({ ...refund, state }));
    for (const state of ['pending', 'unknown'] as const) assert.equal(told({ ...refund, state }), null);
  });

  test('the ladder: 1 m, 3 m, 5 m, 1 h, 2 h, 4 h, 8 h; six seconds', () => {
    assert.deepEqual(
      bestpay.retry.gapsMs.map((gap) => gap / 60_000),
      [1, 3, 5, 60, 120, 240, 480],
    );
    assert.equal(bestpay.retry.totalTimeoutMs, 6_000);
  });
});

const barcodeResult = {
  tradeNo: '1',
  merchantNo: shop,
  tradeStatus: 'SUCCESS',
  outTradeNo: 'k1',
  tradeAmt: 1280,
  payAmt: 1280,
};

function readReply(name: string, said: object): PaymentReport {
  const scene = sceneWith(theirs(), anyRow(name));
  const body = signedBody(members({ success: true, errorCode: null, errorMsg: null, result: said }), 'platform');
  return rowOf(name, 'pay').answer.read(bestpay.reply.open(replying(body), scene), scene);
}

function judged(name: string, said: object, status = 200): Verdict {
  const scene = sceneWith(theirs(), anyRow(name));
  const body = signedBody(members({ result: null, ...said }), 'platform');
  return bestpay.judge(bestpay.reply.open(replying(body, status), scene), scene);
}

describe('calling', () => {
  test('what a refused call proves', () => {
    const rows: readonly (readonly [string, string, string, Verdict['kind']])[] = [
      ['orderMixBrcode', 'API100001', '', 'declined'],
      ['orderMixBrcode', 'ORDER_FAIL', '请求时间有效范围(T-1, T+1)', 'declined'],
      ['orderMixBrcode', 'ORDER_FAIL', '商户订单号重复', 'unknown'],
      ['orderMixBrcode', 'ORDER_FAIL', 'order already exists', 'unknown'],
      ['orderMixBrcode', 'BARCODE_VALIDATE_ERROR', '', 'declined'],
      ['orderMixBrcode', 'API500005', '', 'unknown'],
      ['orderMixBrcode', 'BE999999', '', 'unknown'],
      ['orderMixBrcode', 'SOMETHING_NEW', '', 'unknown'],
      ['orderMixBrcode', '', '', 'unknown'],
      ['confirmOrderStatus', 'BE110062', '', 'not-found'],
      ['confirmOrderStatus', 'ORDER_FAIL', '', 'unknown'],
      ['confirmOrderStatus', 'API100001', '', 'unknown'],
      ['queryRefundOrder', 'BE110062', '', 'not-found'],
      ['queryRefundOrder', 'BE301011', '', 'unknown'],
      ['refund', 'BE301010', '', 'declined'],
      ['refund', 'BE301001', '', 'declined'],
      ['refund', 'BE110062', '', 'declined'],
      ['refund', 'BE999999', '', 'unknown'],
    ];
    for (const [name, errorCode, errorMsg, kind] of rows)
      assert.equal(
        judged(name, { success: false, errorCode, errorMsg }).kind,
        kind,
        `${name} ${errorCode} ${errorMsg}`,
      );
    assert.equal(
      judged('orderMixBrcode', { success: false, errorCode: 'BE199999', errorMsg: '' }, 502).kind,
      'unknown',
    );
    assert.equal(judged('orderMixBrcode', { success: 'true', errorCode: null, errorMsg: '' }).kind, 'unknown');
    assert.equal(judged('orderMixBrcode', { errorCode: 'BE199999', errorMsg: '' }).kind, 'unknown');
  });

  test('an order in another channel’s words: shop, operator, seconds, no ampersand that could be read twice', () => {
    const scene = sceneWith(theirs({ operator: 'till7' }), anyRow('orderMixBrcode'));
    const ask = {
      ...readPay(barcodeMembers()),
      subject: 'tea&remark=free\n2',
      extras: {},
      orderNo: 'k1',
      authCode: '51 0123 4567 8901 2345',
    };
    const sent = rowOf('orderMixBrcode', 'pay').ask.write(ask, scene);
    const wire = bestpay.request.seal(sent, scene);
    const there = sceneWith(ours(), anyRow('orderMixBrcode'));
    const read = rowOf('orderMixBrcode', 'pay').ask.read(bestpay.request.open(wire, there), there);
    assert.equal(read.subject, 'tea＆remark=free 2');
    assert.deepEqual(
      [sent.get('merchantNo'), sent.get('operator'), sent.get('mediumNo')],
      [shop, 'till7', '510123456789012345'],
    );
    assert.equal([...sent.values()].includes(null), false, 'no nulls travel');
  });

  test('a WeChat order without the user is not sent, unless the channel says that it may be', () => {
    const ask = { ...readPay(qrMembers(), 'orderMixQrcode'), option: 'WECHAT' };
    const write = (settings: Settings) => rowOf('orderMixQrcode', 'pay').ask.write(ask, sceneWith(theirs(settings)));
    assert.equal(refusalOf(() => write({})).detail.field, 'userCode');
    assert.equal(write({ wechatUserCode: 'optional' }).get('tradeType'), 'TENPAY');
    assert.equal(
      refusalOf(() => rowOf('orderMixQrcode', 'pay').ask.write({ ...ask, option: 'UNIONPAY' }, sceneWith(theirs())))
        .detail.field,
      'tradeType',
    );
  });

  test('amounts travel as whole fen (T032)', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10_000_000_000n }), (minor) => {
        const ask = { ...readPay(barcodeMembers()), amount: money(minor, 'CNY') };
        const sent = rowOf('orderMixBrcode', 'pay').ask.write(ask, sceneWith(theirs()));
        return num(sent.get('tradeAmt')) === minor.toString() && readPay(sent).amount.minor === minor;
      }),
      { numRuns: 60 },
    );
  });
});

describe('acknowledgements (T048)', () => {
  const isTaken = (body: string, status = 200, settings: Settings = {}) => {
    const keys: Keys = ours(settings);
    return bestpay.ack.open({ kind: 'reply', status, headers: [], body: Buffer.from(body) }, keys);
  };
  const envelope = (success: unknown, res: unknown) =>
    JSON.stringify({ success, errorCode: '000000', errorMsg: '', result: res });

  test('HTTP 200, success true and status 200, in the spellings that are seen', () => {
    for (const res of [
      { statusCode: '200' },
      { statusCode: 200 },
      '{"statusCode":"200"}',
      '{"statusCode":200}',
      { statusCode: '200', tradeNo: '1' },
    ])
      assert.equal(isTaken(envelope(true, res)), true, JSON.stringify(res));
  });

  test('everything else is sent again', () => {
    const results: readonly unknown[] = [
      null,
      {},
      [],
      '',
      'x',
      '200',
      200,
      { statusCode: null },
      { statusCode: '' },
      { statusCode: '201' },
      { statusCode: 201 },
      { statusCode: '0200' },
      { statusCode: ' 200' },
      { statusCode: '200 ' },
      { statusCode: 200.5 },
      { statusCode: [200] },
      { statusCode: true },
      { status: '200' },
      { StatusCode: '200' },
      '{"statusCode":"500"}',
      '{"statusCode"',
      [{ statusCode: '200' }],
    ];
    for (const res of results) assert.equal(isTaken(envelope(true, res)), false, JSON.stringify(res));
    for (const success of [false, 'true', 1, null, 'SUCCESS', [], {}])
      assert.equal(isTaken(envelope(success, { statusCode: '200' })), false, JSON.stringify(success));
    for (const status of [201, 202, 204, 301, 302, 400, 404, 500, 503])
      assert.equal(isTaken(envelope(true, { statusCode: '200' }), status), false, String(status));
    for (const body of [
      '',
      'success',
      'SUCCESS',
      'ok',
      '<html></html>',
      'null',
      '[]',
      '{',
      '{"success":true}',
      '{"success":true,"success":true,"result":{"statusCode":"200"}}',
    ])
      assert.equal(isTaken(body), false, body);
  });

  test('the present platform’s words only by setting', () => {
    assert.equal(isTaken('{"resultCode":"SUCCESS","resultMsg":"OK"}'), false);
    assert.equal(isTaken('{"resultCode":"SUCCESS","resultMsg":"OK"}', 200, { ackCompat: 'lenient' }), true);
    assert.equal(isTaken('{"resultCode":"FAIL"}', 200, { ackCompat: 'lenient' }), false);
  });

  test('ours: the documented one, unsigned; no other word looks like it', () => {
    const said = (word: 'taken' | 'forged' | 'again') => Buffer.from(bestpay.ack.seal(word).body).toString();
    assert.equal(
      said('taken'),
      '{"success":true,"errorCode":"000000","errorMsg":"成功","result":{"statusCode":"200"}}',
    );
    assert.deepEqual([isTaken(said('taken')), isTaken(said('forged')), isTaken(said('again'))], [true, false, false]);
  });
});

describe('serving', () => {
  test('types: texts are texts, amounts are whole fen in either type; null and the word null are absent (T015, T033)', () => {
    assert.equal(readPay(barcodeMembers({ tradeAmt: '1280' })).amount.minor, 1_280n);
    assert.deepEqual(
      readPay(barcodeMembers({ remark: null })).extras,
      readPay(barcodeMembers({ remark: 'null' })).extras,
    );
    for (const tradeAmt of [
      '1e3',
      '+1',
      '-0',
      ' 1',
      '0x10',
      '٣',
      '１００',
      '1_0',
      '12.80',
      '12.0',
      '007',
      1.5,
      true,
      [1],
      { a: 1 },
      '99999999999999999999',
    ])
      assert.equal(
        refusalOf(() => readPay(barcodeMembers({ tradeAmt }))).detail.field,
        'tradeAmt',
        JSON.stringify(tradeAmt),
      );
    for (const value of [1, true, ['x'], { a: 1 }])
      for (const name of ['subject', 'outTradeNo', 'mediumNo', 'operator', 'goodsInfo'])
        assert.equal(refusalOf(() => readPay(barcodeMembers({ [name]: value }))).detail.field, name);
  });

  test('requestDate: a day to either side, to the second; a setting; off', () => {
    const at = (ms: number) => ({
      requestDate: new Date(moment + ms + 28_800_000).toISOString().slice(0, 19).replace('T', ' '),
    });
    const day = 86_400_000;
    for (const ms of [-day, day, 0]) assert.ok(readPay(barcodeMembers(at(ms))));
    for (const ms of [-day - 1_000, day + 1_000])
      assert.equal(refusalOf(() => readPay(barcodeMembers(at(ms)))).detail.why, 'request-date');
    assert.ok(readPay(barcodeMembers(at(-30 * day)), 'orderMixBrcode', { requestWindowS: '0' }));
    assert.ok(refusalOf(() => readPay(barcodeMembers(at(61_000)), 'orderMixBrcode', { requestWindowS: '60' })));
  });

  test('a face token only by setting', () => {
    const mediumNo = `fp${'a'.repeat(33)}`;
    assert.equal(refusalOf(() => readPay(barcodeMembers({ mediumNo }))).detail.why, 'payment-code');
    assert.equal(readPay(barcodeMembers({ mediumNo }), 'orderMixBrcode', { faceToken: 'true' }).authCode, mediumNo);
  });

  test('an institution acts for its shops: several by setting, itself without one', () => {
    for (const merchantNo of ['A1', 'B2'])
      assert.equal(
        readPay(barcodeMembers({ merchantNo }), 'orderMixBrcode', { merchantNo: 'A1,B2' }).extras['merchantNo'],
        merchantNo,
      );
    assert.equal(
      refusalOf(() => readPay(barcodeMembers({ merchantNo: 'A' }), 'orderMixBrcode', { merchantNo: 'A1,B2' })).code,
      'forbidden',
    );
    assert.ok(readPay(barcodeMembers({ merchantNo: institution }), 'orderMixBrcode', { merchantNo: '' }));
    assert.notEqual(bestpay.numberSpace('pay', { merchantNo: 'A1' }), bestpay.numberSpace('pay', { merchantNo: 'B2' }));
  });

  test('numbers carry their home and are no two kinds at once', () => {
    const nonce = (bytes: number) => new Uint8Array(bytes).fill(0x11);
    for (const home of [0, 1, 127, 255]) {
      const platformNo = bestpay.numbers.platformNo('payment', home, nonce, moment);
      const reference = bestpay.numbers.reference('payment', home, nonce, moment);
      assert.match(platformNo, /^[0-9]{32}$/);
      assert.match(reference, /^k[0-9a-f]{31}$/);
      assert.deepEqual([bestpay.numbers.homeOf(platformNo), bestpay.numbers.homeOf(reference)], [home, home]);
    }
    for (const text of ['', 'x', '1'.repeat(31), '9'.repeat(32), `k${'g'.repeat(31)}`])
      assert.equal(bestpay.numbers.homeOf(text), null);
  });

  test('what must not be logged is listed', () => {
    for (const name of ['sign', 'mediumNo', 'buyerLoginNo', 'userCode']) assert.ok(bestpay.confidential.includes(name));
    assert.equal(writeJson(objOf('{"a":1}')), '{"a":1}');
  });
});

test('of several shops a sample names one', () => {
  const place = { baseUrl: 'https://pay.example', sender: institution, setting: () => `${shop},S2` };
  const told = JSON.stringify(bestpay.samples?.(place));
  assert.ok(told.includes(`["merchantNo","${shop}"]`));
});
