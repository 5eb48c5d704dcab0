/** fufu: samples of the document in both directions, members, states, words, zones, numbers, notices and acknowledgements. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PaymentReport, RefundReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { fufu } from '../../src/protocols/fufu/protocol.ts';
import { stateOf } from '../../src/protocols/fufu/codes.ts';
import { formatTime } from '../../src/protocols/fufu/zone.ts';
import { type Json, Num, Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import { blankPayment } from '../../src/protocols/reading.ts';
import {
  askOf,
  busiId,
  changed,
  keysWith,
  moment,
  refusalOf,
  rowOf,
  sceneWith,
  sending,
  vectors,
} from './fufu-party.ts';

const sampleOf = (file: string, name: string) => {
  const found = vectors(file).find((one) => one.name.startsWith(name));
  assert.ok(found, name);
  return found.body;
};
const ask = {
  order: sampleOf('requests.json', '2.1.2'),
  preOrder: sampleOf('requests.json', '2.2.2'),
  refund: sampleOf('requests.json', '2.4.2'),
  query: sampleOf('requests.json', '2.5.2'),
  cancel: sampleOf('requests.json', '2.6.2'),
};
const replyOf = (body: string, status = 200) =>
  fufu.reply.open({ kind: 'reply', status, headers: [], body: Buffer.from(body) }, sceneWith());
const noParty = { name: null, phone: null, email: null, country: null };

const report = (changes: Partial<PaymentReport> = {}): PaymentReport => ({
  ...blankPayment,
  orderNo: 'T1',
  platformNo: '20260115000000000001',
  state: 'paid',
  method: 'barcode',
  option: 'ALIPAY',
  amount: money(250n, 'CNY'),
  paid: money(250n, 'CNY'),
  createdAt: moment,
  finishedAt: moment + 5_000,
  expiresAt: moment + 80_000,
  ...changes,
});
const refundReport = (changes: Partial<RefundReport> = {}): RefundReport => ({
  kind: 'refund',
  refundNo: 'R1',
  orderNo: 'T1',
  platformNo: '20260115000000000001',
  platformRefundNo: '20260115000000000002',
  state: 'paid',
  amount: money(100n, 'CNY'),
  paymentAmount: money(250n, 'CNY'),
  paymentOption: 'WECHAT',
  createdAt: moment,
  finishedAt: moment + 1_000,
  reason: null,
  extras: { operator_id: 'o1', terminal_id: 't1', refund_subject: '退款' },
  channelExtras: {},
  ...changes,
});
const dataIn = (fields: Obj): Obj => {
  const data = fields.get('data');
  assert.ok(data instanceof Obj);
  return data;
};
const plain = (value: Json | undefined): unknown => (value === undefined ? undefined : JSON.parse(writeJson(value)));

test("the document's barcode sample is understood in core words", () => {
  assert.deepEqual(askOf('order', 'pay', ask.order), {
    orderNo: 'd2dbe5fb-fc71-4bfe-848f-a24875d9169c',
    amount: money(250n, 'CNY'),
    method: 'barcode',
    option: 'ALIPAY',
    subject: '测试商品',
    payer: noParty,
    notify: null,
    returnUrl: null,
    expiresInS: 80,
    authCode: '288886863488188613',
    agreementNo: null,
    extras: { operator_id: 'test1', terminal_id: '收银机1' },
  });
});

test("the document's pre-order sample: in-app by default, five minutes, the stray auth_code ignored", () => {
  const read = askOf('preOrder', 'pay', ask.preOrder);
  assert.equal(read.method, 'in-app');
  assert.equal(read.option, 'ALIPAY');
  assert.equal(read.expiresInS, 300);
  assert.equal(read.authCode, null);
  assert.deepEqual(read.notify, { kind: 'http', url: 'http://baidu.com' });
  assert.deepEqual(read.walletUser, { userId: '2088102172184723', appId: null });
});

test('one-code pre-orders leave the wallet open, or name it; time_expire is minutes', () => {
  const one = (members: Record<string, Json>) =>
    askOf('preOrder', 'pay', changed(ask.preOrder, { trade_type: 'QRCODE', ...members }));
  assert.deepEqual(
    [one({ channel_type: '0' }), one({ channel_type: new Num('2'), time_expire: '1440' })].map((read) => [
      read.method,
      read.option,
      read.expiresInS,
      read.walletUser,
    ]),
    [
      ['any', null, 300, null],
      ['any', 'WECHAT', 86_400, null],
    ],
  );
  for (const minutes of ['0', '1441', '5.0', '-1', 'x'])
    assert.equal(refusalOf(() => one({ time_expire: minutes })).detail.field, 'time_expire', minutes);
});

test('requests are written as the samples write them, and read back as they were asked', () => {
  const read = askOf('order', 'pay', ask.order);
  const row = rowOf('order', 'pay');
  const written = row.ask.write({ ...read, orderNo: 'REF1' }, sceneWith());
  assert.equal(
    writeJson(written),
    '{"busi_id":"581010199011345","operator_id":"kanal","terminal_id":"kanal","total_fee":"250","channel_type":"1","auth_code":"288886863488188613","pay_subject":"测试商品","out_trade_no":"REF1","fee_type":"CNY"}',
  );
  const pre = rowOf('preOrder', 'pay');
  const qr = pre.ask.write({ ...read, method: 'qr', option: 'BESTPAY', expiresInS: 61 }, sceneWith());
  assert.equal(qr.get('trade_type'), 'QRCODE');
  assert.equal(qr.get('channel_type'), '0');
  assert.equal(plain(qr.get('time_expire')), 2);
  assert.equal(refusalOf(() => pre.ask.write({ ...read, method: 'in-app' }, sceneWith())).detail.field, 'openId');
  assert.equal(
    refusalOf(() => row.ask.write({ ...read, option: 'BESTPAY' }, sceneWith())).detail.field,
    'channel_type',
  );
  const extra = sceneWith(keysWith({ extraChannels: 'true' }));
  assert.equal(row.ask.write({ ...read, option: 'BESTPAY' }, extra).get('channel_type'), '3');
});

test('refund, query, cancel, close and refundQuery: which number names the order', () => {
  assert.equal(refusalOf(() => askOf('refund', 'refund', ask.refund)).detail.field, 'fee_type');
  const refund = askOf('refund', 'refund', changed(ask.refund, { fee_type: 'CNY' }));
  assert.deepEqual(
    [refund.refundNo, refund.orderNo, refund.platformNo, refund.amount, refund.reason],
    [
      'b12959ea-3678-4ccc-b3b8-8d8a0a9fee41',
      '63c27efb-a133-4da0-91f3-6e7744b66825',
      null,
      money(25_000n, 'CNY'),
      '退款',
    ],
  );
  const both = askOf('refund', 'refund', changed(ask.refund, { fee_type: 'CNY', trade_no: '20170711100000236135' }));
  assert.deepEqual([both.orderNo, both.platformNo], [null, '20170711100000236135']);
  const query = askOf('query', 'query-payment', ask.query);
  assert.deepEqual([query.orderNo, query.platformNo], ['8aa699fb-74f2-4bb6-8cf6-14e61d2e6740', '20170706100000236103']);
  const cancel = askOf('cancel', 'cancel-payment', changed(ask.cancel, { busi_id: busiId }));
  assert.deepEqual([cancel.orderNo, cancel.platformNo], [null, '20170706100000236126']);
  const close = askOf('close', 'close-payment', changed(ask.cancel, { trade_no: undefined }));
  assert.equal(close.orderNo, 'b2d67d35-9dc1-458f-a982-4db358192a9b');
  const found = askOf('refundQuery', 'query-refund', changed(ask.cancel, { trade_no: undefined }));
  assert.deepEqual([found.refundNo, found.orderNo, found.extras], ['b2d67d35-9dc1-458f-a982-4db358192a9b', null, {}]);
});

test('every reply sample is read; what a sample says becomes a report', () => {
  const scene = (name: string) => sceneWith(keysWith(), fufu.endpoints.find((row) => row.name === name) ?? null);
  for (const { name, endpoint, body } of vectors('replies.json')) {
    const verdict = fufu.judge(replyOf(body), scene(endpoint));
    if (name.startsWith('2.6.4'))
      assert.deepEqual(verdict, { kind: 'not-found', code: 'CHARGE_NONEXISTENT', text: '' });
    else assert.deepEqual(verdict, { kind: 'answered' }, name);
  }
  const paid = rowOf('order', 'pay').answer.read(replyOf(sampleOf('replies.json', '2.1.4')), sceneWith());
  assert.deepEqual(
    [paid.state, paid.amount, paid.paid, paid.platformNo, paid.channelNo, paid.option, paid.finishedAt],
    [
      'paid',
      money(250n, 'HKD'),
      money(250n, 'HKD'),
      '20170711100000236135',
      '2017071121001004640200334121',
      'ALIPAY',
      Date.UTC(2017, 6, 11, 7, 0, 0),
    ],
  );
  const pre = rowOf('preOrder', 'pay').answer;
  const codes = ['2.2.4 one-code', '2.2.4 Alipay', '2.2.4 WeChat'].map(
    (name) => pre.read(replyOf(sampleOf('replies.json', name)), sceneWith()).instruction.payCode,
  );
  assert.match(codes[0] ?? '', /^http:\/\/www\.jnfbg\.cn\/online\/pay\/\?id=733010020151348&/);
  assert.equal(codes[1], '2017072421001004720201154848');
  assert.equal(
    (JSON.parse(codes[2] ?? '') as { package: string }).package,
    'prepay_id=wx20170811234243933827008d0347249790',
  );
  const asObject = changed(sampleOf('replies.json', '2.2.4 WeChat'), {});
  const object = asObject.replace(
    /"payInfo":"((?:[^"\\]|\\.)*)"/,
    (_, text: string) => `"payInfo":${JSON.parse(`"${text}"`)}`,
  );
  assert.match(pre.read(replyOf(object), sceneWith()).instruction.payCode ?? '', /^\{"appId"/);
});

test('our replies to the samples carry exactly what the samples carry', () => {
  const row = rowOf('order', 'pay');
  const scene = sceneWith(keysWith(), row, fufu.request.open(sending(ask.order), sceneWith()));
  const told = row.answer.write(
    report({ extras: { operator_id: 'test1', terminal_id: '收银机1' }, channelNo: '2017071121001004640200334121' }),
    scene,
  );
  assert.equal(
    writeJson(told),
    '{"result":{"return_msg":"OK","return_code":"SUCCESS"},"data":{"return_code":"SUCCESS","channel_type":"1","out_trade_no":"T1","trade_no":"20260115000000000001","channel_trade_no":"2017071121001004640200334121","phone_code":"20260115000000000001","operator_id":"test1","terminal_id":"收银机1","begin_time":"20260115123000","end_time":"20260115123005","total_fee":250,"fee_type":"CNY","state":1,"auth_code":"288886863488188613"}}',
  );
  const pre = rowOf('preOrder', 'pay').answer;
  const desk = { payCode: null, payUrl: null, confirmNo: null, deskUrl: 'http://pay.test:8080/cashier/abc' };
  const one = pre.write(
    report({ state: 'pending', method: 'any', option: null, amount: money(1n, 'CNY'), instruction: desk }),
    sceneWith(),
  );
  assert.equal(
    plain(dataIn(one).get('qr_code')),
    `http://pay.test:8080/online/pay/?id=${busiId}&tradeNo=20260115000000000001&price=0.01`,
  );
  const code = (payCode: string) => ({ ...desk, payCode });
  const inApp = (option: string) =>
    plain(
      dataIn(
        pre.write(report({ state: 'pending', method: 'in-app', option, instruction: code('{"a":"b"}') }), sceneWith()),
      ),
    );
  assert.deepEqual(inApp('ALIPAY'), {
    return_code: 'SUCCESS',
    out_trade_no: 'T1',
    trade_no: '20260115000000000001',
    prePayId: '{"a":"b"}',
  });
  assert.deepEqual(inApp('WECHAT'), {
    return_code: 'SUCCESS',
    out_trade_no: 'T1',
    trade_no: '20260115000000000001',
    payInfo: '{"a":"b"}',
  });
});

test('foreign orders show rate and yuan; a query shows refunds in both', () => {
  const exchange = { rate: '4.93', direction: 'foreign-per-unit', currency: 'CNY', minor: '2028' } as const;
  const foreign = report({
    amount: money(10_000n, 'THB'),
    paid: money(10_000n, 'THB'),
    exchange,
    refunds: { done: 5_000n, pending: 0n, lastFailed: false, converted: 1_014n },
  });
  const data = plain(dataIn(rowOf('query', 'query-payment').answer.write(foreign, sceneWith()))) as Record<
    string,
    unknown
  >;
  assert.deepEqual(
    [
      data['total_fee'],
      data['fee_type'],
      data['exchange_rate'],
      data['trans_amount_cny'],
      data['refund_fee'],
      data['refund_amount_cny'],
      data['state'],
    ],
    [10_000, 'THB', '4.93', 2_028, 5_000, 1_014, 4],
  );
  const refund = refundReport({ amount: money(5_000n, 'THB'), exchange: { ...exchange, minor: '1014' } });
  const told = plain(dataIn(rowOf('refund', 'refund').answer.write(refund, sceneWith()))) as Record<string, unknown>;
  assert.deepEqual(
    [told['refund_fee'], told['refund_amount_cny'], told['exchange_rate'], told['channel_type']],
    [5_000, 1_014, '4.93', '2'],
  );
});

test('the state dictionary, derived', () => {
  const refunds = (done: bigint, pending: bigint, lastFailed = false) => ({ refunds: { done, pending, lastFailed } });
  const rows: readonly [string, Partial<PaymentReport>][] = [
    ['0', { state: 'pending', method: 'any' }],
    ['0', { state: 'unknown', method: 'in-app' }],
    ['0', { state: 'pending' }],
    ['0', { state: 'pending', method: 'any', expiresAt: moment }],
    ['3', { state: 'pending', expiresAt: moment }],
    ['3', { state: 'unknown', expiresAt: moment - 1 }],
    ['1', {}],
    ['1', refunds(0n, 0n)],
    ['2', { state: 'reversed' }],
    ['2', { state: 'closed', method: 'any', reason: { code: 'expired', text: '' } }],
    ['2', { state: 'closed', reason: { code: 'CLOSE', text: '' } }],
    ['6', { state: 'closed', reason: { code: '6', text: '' } }],
    ['6', { state: 'closed', method: 'any', reason: null }],
    ['6', { state: 'failed' }],
    ['4', refunds(100n, 0n)],
    ['4', refunds(100n, 0n, true)],
    ['5', refunds(250n, 0n)],
    ['8', refunds(0n, 100n)],
    ['8', refunds(100n, 150n)],
    ['9', refunds(0n, 0n, true)],
  ];
  for (const [code, changes] of rows)
    assert.equal(stateOf(report(changes), moment), code, JSON.stringify(Object.entries(changes).map(String)));
});

test("a channel's states: 1, 4, 5, 8 and 9 were paid; 3 and 0 wait; 7 and nonsense say nothing", () => {
  const query = rowOf('query', 'query-payment');
  const stateHeard = (state: Json | undefined) => {
    const sample = parseJson(sampleOf('replies.json', '2.1.4'));
    assert.ok(sample instanceof Obj);
    const data = dataIn(sample);
    if (state === undefined) data.delete('state');
    else data.set('state', state);
    return query.answer.read(replyOf(writeJson(sample)), sceneWith()).state;
  };
  for (const code of ['1', '4', '5', '8', '9']) {
    assert.equal(stateHeard(new Num(code)), 'paid', code);
    assert.equal(stateHeard(code), 'paid', code);
  }
  for (const code of ['0', '3']) assert.equal(stateHeard(new Num(code)), 'pending', code);
  assert.equal(stateHeard(new Num('2')), 'reversed');
  assert.equal(stateHeard(new Num('6')), 'closed');
  for (const code of ['7', '10', '99', 'x', '01']) assert.equal(stateHeard(code), 'unknown', code);
  assert.equal(stateHeard(undefined), 'unknown');
});

test('state 6 of a barcode is what the wallet declined, with its word; of a pre-order what was closed', () => {
  const query = rowOf('query', 'query-payment');
  const means = (method: 'barcode' | 'qr' | null, word: string, state = '6') => {
    const sample = parseJson(sampleOf('replies.json', '2.1.4'));
    assert.ok(sample instanceof Obj);
    dataIn(sample).set('state', new Num(state));
    dataIn(sample).set('return_msg', word);
    const answer = query.answer.read(replyOf(writeJson(sample)), sceneWith());
    const find = { orderNo: 'x', platformNo: null, refundNo: null, extras: {}, ...(method === null ? {} : { method }) };
    const { state: heard, reason } = query.meant?.(answer, find) ?? answer;
    return [heard, reason?.code];
  };
  assert.deepEqual(means('barcode', 'SOUNDWAVE_PARSER_FAIL'), ['failed', 'SOUNDWAVE_PARSER_FAIL']);
  assert.deepEqual(means('barcode', 'OK'), ['failed', 'FAIL']);
  assert.deepEqual(means('qr', 'OK'), ['closed', '6']);
  assert.deepEqual(means(null, 'OK'), ['closed', '6']);
  assert.deepEqual(means('barcode', 'OK', '2'), ['reversed', '2']);
});

test("a reply's verdict: both levels, codes in either place, both spellings, and what nobody knows", () => {
  const verdict = (name: string, result: [string, string], data: [string, string] | null, status = 200) => {
    const row = fufu.endpoints.find((one) => one.name === name) ?? null;
    const level = ([code, text]: [string, string]) => ({ return_code: code, return_msg: text });
    const body = JSON.stringify({ result: level(result), ...(data ? { data: level(data) } : {}) });
    const { kind, ...rest } = fufu.judge(replyOf(body, status), sceneWith(keysWith(), row));
    return `${kind} ${'code' in rest ? rest.code : ''}`.trim();
  };
  const ok: [string, string] = ['SUCCESS', 'OK'];
  const rows: readonly [string, string][] = [
    [verdict('order', ok, ['SUCCESS', '']), 'answered'],
    [verdict('order', ['SUCESS', 'OK'], ['SUCESS', '']), 'answered'],
    [verdict('order', ok, null), 'answered'],
    [verdict('order', ok, ['FAIL', 'SOUNDWAVE_PARSER_FAIL']), 'declined SOUNDWAVE_PARSER_FAIL'],
    [verdict('order', ok, ['INVALID_CONTRACT', '']), 'declined INVALID_CONTRACT'],
    [verdict('order', ['FAIL', 'INVALID_SIGN'], null), 'declined INVALID_SIGN'],
    [verdict('order', ['INVALID_SIGN', 'bad'], null), 'declined bad'],
    [verdict('order', ok, ['FAIL', 'SERIAL_REPEAT']), 'unknown SERIAL_REPEAT'],
    [verdict('order', ok, ['FAIL', 'AREADY_REVOKED']), 'declined AREADY_REVOKED'],
    [verdict('cancel', ok, ['FAIL', 'AREADY_REVOKED']), 'answered'],
    [verdict('cancel', ok, ['FAIL', 'ALREADY_REVOKED']), 'answered'],
    [verdict('cancel', ok, ['FAIL', '订单已成功']), 'declined 订单已成功'],
    [verdict('query', ok, ['FAIL', 'CHARGE_NONEXISTENT']), 'not-found CHARGE_NONEXISTENT'],
    [verdict('order', ok, ['SUCCESS', ''], 500), 'unknown FAIL'],
    ...['DATABASE_ERROR', 'EXCEPTION', 'HTTP_EXCEPTION', 'IO_EXCEPTION', 'CREATE_SECURITY_CONNECTION_ERROR'].flatMap(
      (code): [string, string][] => [
        [verdict('order', ['FAIL', code], null), `unknown ${code}`],
        [verdict('refund', ok, ['FAIL', code]), `unknown ${code}`],
      ],
    ),
  ];
  for (const [is, should] of rows) assert.equal(is, should);
  assert.equal(fufu.judge(replyOf('{}'), sceneWith()).kind, 'unknown');
  assert.throws(() => replyOf('<html>'), Refusal);
});

test('times are printed in the zone of the request, else of the order, else in China', () => {
  const at = Date.UTC(2026, 2, 8, 6, 59, 59);
  for (const [zone, text] of [
    [null, '20260308145959'],
    ['中国标准时间', '20260308145959'],
    ['Asia/Shanghai', '20260308145959'],
    ['+08:00', '20260308145959'],
    ['GMT+7', '20260308135959'],
    ['-05:00', '20260308015959'],
    ['Asia/Bangkok', '20260308135959'],
    // A second later New York's clocks jump.
    ['America/New_York', '20260308015959'],
    ['Asia/Kathmandu', '20260308124459'],
  ] as const)
    assert.equal(formatTime(at, zone), text, String(zone));
  assert.equal(formatTime(at + 1_000, 'America/New_York'), '20260308030000');
  const row = rowOf('query', 'query-payment');
  const request = fufu.request.open(
    sending(changed(ask.query, { time_zone: '+07:00' }), { name: 'query' }),
    sceneWith(),
  );
  const told = row.answer.write(report({ extras: { time_zone: 'Asia/Tokyo' } }), sceneWith(keysWith(), row, request));
  assert.equal(dataIn(told).get('begin_time'), '20260115113000');
  assert.equal(dataIn(told).get('time_zone'), '+07:00');
  for (const zone of ['Mars/Olympus', '+25:00', '8', 'Asia/ Shanghai', '中国', '+08:0'])
    assert.equal(
      refusalOf(() => askOf('order', 'pay', changed(ask.order, { time_zone: zone }))).detail.field,
      'time_zone',
      zone,
    );
});

test('trade numbers have 20 digits, begin with the Chinese day, and carry the home', () => {
  let seed = 1;
  const nonce = (bytes: number) => Buffer.alloc(bytes, seed++ % 251);
  for (let home = 0; home < 256; home++) {
    const no = fufu.numbers.platformNo('payment', home, nonce, Date.UTC(2026, 0, 31, 16, 0, 0));
    assert.match(no, /^20260201[0-9]{12}$/);
    assert.equal(fufu.numbers.homeOf(no), home);
    const reference = fufu.numbers.reference('payment', home, nonce, 0);
    assert.ok(reference.length <= 32);
    assert.equal(fufu.numbers.homeOf(reference), home);
  }
  for (const other of ['', '1', '2026013100000000000', '20260131999999999999', 'x'.repeat(20)]) {
    const home = fufu.numbers.homeOf(other);
    assert.ok(home === null || (home >= 0 && home < 256), other);
  }
});

test('a notice tells that a pre-order was paid, with busi_id and state, and is read back', () => {
  const paid = report({
    method: 'qr',
    option: 'WECHAT',
    extras: { operator_id: 'test', merchant_param: 'MDE=', time_zone: '+07:00' },
  });
  const body = fufu.writeNotice(paid, sceneWith());
  assert.ok(body);
  const data = dataIn(body);
  assert.equal(data.get('busi_id'), busiId);
  assert.equal(plain(data.get('state')), 1);
  assert.equal(data.get('channel_type'), '2');
  assert.equal(data.get('begin_time'), '20260115113000');
  const wire = fufu.notice.seal(body, { ...sceneWith(), url: 'http://m.test/n?a=1' });
  const heard = fufu.readNotice(
    fufu.notice.open({ ...wire, target: wire.target.slice('http://m.test'.length) }, sceneWith()),
    sceneWith(),
  );
  assert.equal(heard.state, 'paid');
  for (const changes of [
    { method: 'barcode' },
    { state: 'closed' },
    { state: 'reversed' },
    { state: 'failed' },
    { state: 'pending' },
  ] as const)
    assert.equal(fufu.writeNotice({ ...paid, ...changes }, sceneWith()), null, JSON.stringify(changes));
  assert.equal(fufu.writeNotice(refundReport(), sceneWith()), null);
});

test('the notice sample is read; one of another merchant, or without an order, is not', () => {
  const sample = sampleOf('notices.json', '2.3.2');
  const read = (body: string) => {
    const wire = sending(body, { name: 'x' });
    return fufu.readNotice(
      fufu.notice.open({ ...wire, target: wire.target.replace('/gateway/pay/x', '/listen/1') }, sceneWith()),
      sceneWith(),
    );
  };
  const heard = read(sample);
  assert.deepEqual(
    [heard.orderNo, heard.state, heard.amount],
    ['8f02c2a5-1e8f-44ce-911f-8dae85e6c80d', 'paid', money(1n, 'CNY')],
  );
  const with_ = (members: Record<string, Json | undefined>) => {
    const made = parseJson(sample);
    assert.ok(made instanceof Obj);
    for (const [name, value] of Object.entries(members)) {
      if (value === undefined) dataIn(made).delete(name);
      else dataIn(made).set(name, value);
    }
    return writeJson(made);
  };
  assert.equal(read(with_({ state: undefined })).state, 'paid');
  assert.equal(read(with_({ state: undefined, end_time: undefined })).state, 'unknown');
  assert.equal(refusalOf(() => read(with_({ busi_id: 'other' }))).detail.field, 'busi_id');
  assert.equal(refusalOf(() => read(with_({ out_trade_no: undefined }))).detail.field, 'out_trade_no');
  assert.equal(refusalOf(() => read(with_({ total_fee: '1.5' }))).detail.field, 'total_fee');
});

test('only HTTP 200 and the word acknowledge (T048)', () => {
  const ack = (status: number, body: string | Uint8Array) =>
    fufu.ack.open({ kind: 'reply', status, headers: [], body: Buffer.from(body) }, keysWith());
  for (const body of [
    'SUCCESS',
    'success',
    'Success',
    ' SUCCESS\r\n',
    '"SUCCESS"',
    "'success'",
    '\tsUCCESS ',
    '\n"success"\n',
  ])
    assert.equal(ack(200, body), true, JSON.stringify(body));
  for (const body of [
    '',
    'OK',
    'SUCCESS.',
    'SUCESS',
    'FAIL',
    'SUCCESS SUCCESS',
    '{"return_code":"SUCCESS"}',
    '<html>SUCCESS</html>',
    '"SUCCESS',
    'SUCCESS"',
    `"SUCCESS'`,
    'true',
    '200',
    'ＳＵＣＣＥＳＳ',
    'SUCCESS\0',
    Buffer.from([0xff, 0xfe]),
    'SUCCESS'.padEnd(100, '!'),
  ])
    assert.equal(ack(200, body), false, String(body));
  for (const status of [199, 201, 204, 301, 302, 400, 404, 500, 503])
    assert.equal(ack(status, 'SUCCESS'), false, String(status));
  assert.equal(Buffer.from(fufu.ack.seal('taken').body).toString(), 'SUCCESS');
  for (const word of ['forged', 'again'] as const) assert.equal(fufu.ack.open(fufu.ack.seal(word), keysWith()), false);
  assert.deepEqual(fufu.retry.gapsMs, [5_000, 5_000, 5_000, 5_000]);
});

test('whatever is fed to the codec, it answers or refuses: no other error', () => {
  const templates = vectors('requests.json').map(({ endpoint, body }) => ({ endpoint, body }));
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      '',
      ' ',
      '0',
      '-1',
      '1e3',
      '٣',
      '999999999999999',
      '中国标准时间',
      'QRCODE',
      null,
      true,
      [],
      {},
      1.5,
      2 ** 53,
      [1],
      { a: 1 },
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.nat(),
      value,
      ({ endpoint, body }, name, at, given) => {
        const members = Object.keys(JSON.parse(body) as object);
        const picked =
          at % (members.length + 1) === members.length ? name : (members[at % (members.length + 1)] ?? name);
        const text = JSON.stringify({ ...(JSON.parse(body) as object), busi_id: busiId, [picked]: given });
        try {
          const wire = sending(text, { name: endpoint });
          const claim = fufu.identify(wire);
          assert.ok(claim);
          const scene = sceneWith(keysWith(), claim.endpoint);
          claim.endpoint.ask.read(fufu.request.open(wire, scene), scene);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      },
    ),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        fufu.identify(sending(bytes));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});
