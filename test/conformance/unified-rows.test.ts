/** unified: each of the 31 resolutions of the protocol page, by its number. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { type Json, Num, fields, writeJson } from '../../src/protocols/json.ts';
import { header, opened } from '../../src/protocols/protocol.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  apiSecret,
  changed,
  compact,
  gatherNo,
  hmac,
  inner,
  keysOf,
  md5,
  members,
  merchant,
  moment,
  posting,
  refusalOf,
  replying,
  samplePayment,
  samplePayout,
  sceneWith,
  textOf,
} from './unified-party.ts';
import { ask } from './unified-server.ts';

import {
  bodyOf,
  callback,
  gather,
  gatherBody,
  kept,
  loan,
  loanBody,
  notice,
  notices,
  open,
  paidPayment,
  paidPayout,
  query,
  queryBody,
  readGather,
  readLoan,
  replies,
  signedText,
  to,
} from './unified-samples.ts';

// ── the 31 resolutions ──────────────────────────────────────────────────────────────────────────────────────────────

const seen = new Set<number>();
function row(number: number, what: string, run: () => void | Promise<void>): void {
  seen.add(number);
  test(`row ${number}: ${what}`, run);
}

const scene = sceneWith(merchant(), { row: gather, url: 'http://gw/c/pay/gather' });
const params = (changes: Readonly<Record<string, Json | undefined>>, sample = gatherBody) =>
  changed(
    sample,
    Object.fromEntries(Object.entries(changes).map(([name, value]) => [`channelSpecialParams.${name}`, value])),
  );
row(1, 'the success code is 100000, or 10000 where a merchant was coded to the prose', async () => {
  assert.equal((await ask(posting(gatherBody))).code, '100000');
  assert.equal((await ask(posting(gatherBody), { keys: [merchant({ successCode: '10000' })] })).code, '10000');
});
row(2, 'both names of the text', async () => {
  const { reply } = await ask(posting('{'));
  assert.equal(reply.get('msg'), reply.get('message'));
  const judged = unified.judge(opened(members('{"code":"100001","msg":"x"}')), scene);
  assert.deepEqual(judged, { kind: 'declined', code: '100001', text: 'x' });
});
row(3, 'transactionCode is 32 lower-case hex; any documented form is accepted', () => {
  const number = unified.numbers.platformNo('payment', 200, (n) => Buffer.alloc(n, 9), moment);
  assert.match(number, /^c8[0-9a-f]{30}$/);
  assert.equal(unified.numbers.homeOf(number), 200);
  assert.equal(unified.numbers.homeOf('25aa'), null);
  for (const code of ['a', `${gatherNo}20190216101310`, 'A_b-9', 'x'.repeat(128)])
    assert.equal(query.ask.read(open(`{"transactionCode":"${code}"}`), scene).platformNo, code);
});
row(4, 'payeeBankName in either spelling, not in two voices', () => {
  const wrong = params({ payeeBankName: undefined, payeeBackName: 'BCA' }, loanBody);
  assert.equal(readLoan(wrong).payee.bank, 'BCA');
  assert.equal(readLoan(params({ payeeBackName: 'ARTA GRAHA' }, loanBody)).payee.bank, 'ARTHA_GRAHA');
  assert.equal(refusalOf(() => readLoan(params({ payeeBackName: 'BCA' }, loanBody))).detail.field, 'payeeBankName');
  const write = (settings: Readonly<Record<string, string>>) =>
    inner(loan.ask.write(readLoan(loanBody), sceneWith(merchant(settings))), 'channelSpecialParams');
  assert.equal(write({}).has('payeeBackName'), false);
  assert.equal(write({ sendBackName: 'true' }).get('payeeBackName'), 'ARTA GRAHA');
});
row(5, 'productId in either spelling, text or number, or from the settings', () => {
  const id = (changes: Readonly<Record<string, Json | undefined>>) => readGather(params(changes)).extras['productId'];
  assert.equal(id({ productId: undefined, prductId: '9' }), '9');
  assert.equal(id({ productId: new Num('77') }), '77');
  assert.equal(id({ prductId: new Num('2257') }), '2257');
  assert.equal(id({ productId: undefined }), undefined);
  assert.equal(refusalOf(() => id({ prductId: '9' })).detail.field, 'productId');
  assert.equal(
    inner(
      gather.ask.write({ ...readGather(gatherBody), extras: {} }, sceneWith(merchant({ productId: '31' }))),
      'channelSpecialParams',
    ).get('productId'),
    '31',
  );
});
row(6, 'query blocks name the detail business; read by their prefix', () => {
  for (const kind of ['query_gather', 'query_gather_detail_bluepay']) {
    const body = changed(bodyOf(replies, 2), {
      'data.payServeBizType': undefined,
      'data.bizParams.channelBizCode': kind,
    });
    assert.equal(query.answer.read(opened(members(body)), scene).kind, 'payment');
  }
  const other = changed(bodyOf(replies, 2), { 'data.payServeBizType': 'gather' });
  assert.equal(refusalOf(() => query.answer.read(opened(members(other)), scene)).code, 'outcome-unknown');
});
row(7, "the order's own currency; BluePay's THB is shown only as BluePay said it", () => {
  assert.equal(callback(paidPayment).get('currency'), 'IDR');
  assert.equal(callback({ ...paidPayment, channelExtras: kept(bodyOf(notices, 0)) }).get('currency'), 'THB');
});
row(8, 'price is an integer or digits in, a string out', () => {
  for (const price of [new Num('20000'), '20000'])
    assert.equal(readGather(changed(gatherBody, { price })).amount.minor, 20_000n);
  assert.equal(readGather(changed(gatherBody, { price: new Num('9007199254740991') })).amount.minor, 2n ** 53n - 1n);
  assert.equal(callback(paidPayment).get('price'), '20000');
});
row(9, 'paytype is pre', () => {
  assert.equal(callback(paidPayment).get('paytype'), 'pre');
});
row(10, 'msisdn has the country code and no zero, or is nomsisdn', () => {
  assert.equal(callback(paidPayment).get('msisdn'), 'nomsisdn');
  assert.equal(callback(paidPayout).get('msisdn'), '6282197662283');
  assert.equal(callback({ ...paidPayout, extras: {} }).get('msisdn'), 'nomsisdn');
});
row(11, 'notices go to the address of the order', () => {
  const sealed = unified.notice.seal(fields({ a: '1' }), sceneWith(merchant(), { url: 'http://m/cb?x=1' }));
  assert.deepEqual([sealed.method, sealed.target], ['POST', 'http://m/cb?x=1']);
});
row(12, 'bankType counts for atm alone, in any letter case', () => {
  assert.equal(readGather(params({ bankType: 'BnI' })).option, 'BNI');
  for (const bankType of [undefined, null, 'nonsense', new Num('1')])
    assert.equal(readGather(params({ payType: 'otc', bankType })).option, 'ALFAMART');
});
row(13, 'payeeType is a person when it is absent', () => {
  assert.equal(readLoan(params({ payeeType: undefined }, loanBody)).payee.kind, 'person');
  assert.equal(readLoan(params({ payeeType: 'MERCHANT' }, loanBody)).payee.kind, 'company');
});
row(14, 'mobile is required, unless the merchant is lenient; prefixes are stripped', () => {
  const phone = (mobile: Json | undefined, nation = 'ID', settings = {}) =>
    readGather(changed(gatherBody, { mobile, nation }), merchant(settings)).payer.phone;
  for (const given of ['082197662283', '82197662283', '6282197662283', '+6282197662283', '62082197662283'])
    assert.equal(phone(given), '6282197662283', given);
  for (const given of ['13800138000', '8613800138000', '+8613800138000'])
    assert.equal(phone(given, 'CN'), '8613800138000');
  assert.equal(phone(undefined, 'ID', { lenientMobile: 'true' }), null);
  assert.equal(phone('n/a', 'ID', { lenientMobile: 'true' }), null);
  assert.equal(refusalOf(() => phone(undefined)).detail.missing, true);
});
row(15, 'the business code is the one ordered, static or dynamic', async () => {
  const body = changed(gatherBody, { channelBizCode: 'gather_static_VA_bluepay' });
  assert.equal(readGather(body).extras['channelBizCode'], 'gather_static_VA_bluepay');
  const report = { ...samplePayment, extras: { channelBizCode: 'gather_static_VA_bluepay' } };
  const biz = inner((await ask(posting(body), { answer: () => report })).reply, 'data', 'bizParams');
  assert.deepEqual([biz.get('channelBizCode'), biz.get('isStatic')], ['gather_static_VA_bluepay', '1']);
});
row(16, 'prodFlag: four spellings are production, all else is not', () => {
  const flag = (prodFlag: Json | undefined) =>
    readGather(changed(gatherBody, { extend: fields({ prodFlag }) })).extras['prodFlag'];
  for (const given of [true, 'true', '1', new Num('1')]) assert.equal(flag(given), 'true');
  for (const given of [
    undefined,
    false,
    'false',
    '0',
    'TRUE',
    '',
    'yes',
    null,
    new Num('0'),
    new Num('1.0'),
    new Num('2'),
  ])
    assert.equal(flag(given), 'false');
  const keys = (environment: string) => merchant({ environment });
  const prod = changed(gatherBody, { extend: fields({ prodFlag: 'true' }) });
  assert.equal(readGather(prod, keys('production')).extras['prodFlag'], 'true');
  assert.equal(readGather(gatherBody, keys('sandbox')).extras['prodFlag'], 'false');
  assert.equal(refusalOf(() => readGather(prod, keys('sandbox'))).detail.field, 'prodFlag');
  assert.equal(refusalOf(() => readLoan(loanBody, keys('production'))).detail.field, 'prodFlag');
});
row(17, 'process is told only to those who want it, and finalises nothing', () => {
  for (const state of ['pending', 'unknown'] as const) {
    assert.equal(notice({ ...samplePayment, state }), null);
    const told = notice({ ...samplePayment, state }, merchant({ notifyProcess: 'true' }));
    assert.deepEqual([told?.get('tradeStatus'), told?.get('tradeMsg')], ['process', '交易进行中']);
  }
});
row(18, 'one attempt', () => {
  assert.deepEqual(unified.retry, { gapsMs: [], connectTimeoutMs: 5_000, totalTimeoutMs: 18_000 });
});
row(19, 'exactly 200 acknowledges, whatever the body says', () => {
  const done = (status: number, body = 'fail') => unified.ack.open(replying(body, status), merchant());
  assert.ok(done(200) && done(200, ''));
  for (const status of [100, 199, 201, 202, 203, 204, 206, 300, 301, 302, 303, 307, 308, 400, 401, 404, 500, 502, 503])
    assert.equal(done(status, 'success'), false, String(status));
  assert.deepEqual([unified.ack.seal('taken').status, textOf(unified.ack.seal('taken').body)], [200, 'success']);
  assert.notEqual(unified.ack.seal('forged').status, 200);
  assert.notEqual(unified.ack.seal('again').status, 200);
});
row(20, 'undocumented members of replies are there, and not needed when calling', () => {
  const bare = changed(
    bodyOf(replies, 0),
    Object.fromEntries(
      ['transactionCode', 'httpStatusCode', 'bizStatusCode', 'bizStatusMessage'].map((name) => [
        `data.bizParams.${name}`,
        undefined,
      ]),
    ),
  );
  assert.equal(gather.answer.read(opened(members(bare)), scene).platformNo, gatherNo);
});
row(21, 'result is an object', async () => {
  const said = await ask(posting(queryBody, to('query')), { answer: () => paidPayment });
  assert.ok(inner(said.reply, 'data', 'bizParams', 'result').has('innerid'));
});
row(
  22,
  'a number used for something else is 100002, in one space for gather and loan; blanks do not make another request',
  async () => {
    assert.equal(unified.numberSpace('pay'), unified.numberSpace('pay-out'));
    const { fingerprint } = await ask(posting(gatherBody));
    const signed = posting(compact(gatherBody));
    assert.equal((await ask(signed)).fingerprint, fingerprint);
    assert.notEqual((await ask(posting(changed(gatherBody, { price: new Num('20001') })))).fingerprint, fingerprint);
  },
);
row(23, '201 in a gather reply stays, also when it was paid since', async () => {
  const said = await ask(posting(gatherBody), { answer: () => paidPayment });
  assert.equal(inner(said.reply, 'data', 'bizParams').get('status'), '201');
});
row(24, 'notices carry a signature that old clients need not know', () => {
  const sealed = unified.notice.seal(fields({ a: '1' }), sceneWith(merchant(), { url: 'http://m/cb?x=1' }));
  const timestamp = header(sealed, 'x-timestamp') ?? '';
  assert.equal(timestamp, '1550283190');
  assert.equal(header(sealed, 'x-signature'), hmac(timestamp, '/cb?x=1', '{"a":"1"}', apiSecret));
  const open = unified.notice.seal(fields({ a: '1' }), sceneWith(keysOf('@ctx', {}), { url: 'http://m/cb' }));
  assert.equal(open.headers.length, 1);
});
row(25, 'the price of a loan is the amount transferred', () => {
  assert.deepEqual(readLoan(loanBody).amount, money(20_000n, 'IDR'));
  assert.equal(callback(paidPayout).get('price'), '20000');
});
row(
  26,
  'a payout that came back is fail and refundcashout, with the raw status; clients look at interfacetype first',
  () => {
    const told = notice({ ...samplePayout, state: 'returned' });
    assert.ok(told);
    assert.equal(told.get('tradeStatus'), 'fail');
    assert.equal(told.get('tradeMsg'), '失败,放款已被退款(refundcashout),请查阅bluepay回调错误码:200');
    const origin = inner(told, 'originChannelCallBack');
    assert.deepEqual([origin.get('interfacetype'), origin.get('status')], ['refundcashout', '200']);
    const misled = changed(writeJson(told), { tradeStatus: 'success' });
    const read = unified.readNotice(opened(members(misled), { verified: 'hmac' }), scene);
    assert.equal(read.state, 'returned');
  },
);
row(27, 'times are UTC+8, or what the merchant wants', async () => {
  const keys = [merchant({ utcOffset: '+07:00' })];
  const said = await ask(posting(queryBody, to('query')), { keys, answer: () => paidPayment });
  assert.equal(inner(said.reply, 'data', 'bizParams', 'result').get('timestamp'), '2019-02-16 09:14:28');
});
row(28, 'a query may name outTradeNo instead; transactionCode wins', () => {
  assert.deepEqual(query.ask.read(open('{"outTradeNo":"o1"}'), scene), {
    orderNo: 'o1',
    platformNo: null,
    refundNo: null,
    extras: {},
  });
  assert.equal(query.ask.read(open('{"outTradeNo":"o1","transactionCode":"t1","extend":{}}'), scene).orderNo, null);
  assert.equal(
    writeJson(query.ask.write({ orderNo: 'o1', platformNo: null, refundNo: null, extras: {} }, scene)),
    '{"outTradeNo":"o1"}',
  );
});
row(29, 'the seven-digit code is answered and read as an error', async () => {
  assert.equal((await ask(posting('{'))).code, '2000000');
  assert.equal(unified.judge(opened(members('{"code":2000000}')), scene).kind, 'unknown');
});
row(30, 'nation and currency in any letter case', () => {
  const read = readGather(changed(gatherBody, { nation: 'id', currency: 'idr' }));
  assert.deepEqual([read.payer.country, read.amount.currency], ['ID', 'IDR']);
});
row(31, 'a bank name with a slash is shown decoded and signed decoded', () => {
  const bank = 'BANK TABUNGAN PENSIUNAN NASIONAL/BTPN';
  const origin = callback({ ...paidPayout, extras: { ...paidPayout.extras, payeeBankName: bank } });
  assert.equal(origin.get('operator'), bank);
  assert.equal(origin.get('encrypt'), md5(signedText(origin), apiSecret));
});
test('all 31 resolutions have a test', () => {
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    Array.from({ length: 31 }, (_, i) => i + 1),
  );
});
