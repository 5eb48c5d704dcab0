/** payin: everything that is refused, with the exact token, through the serve arrow; and properties of the messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bankName, banksOf } from '../../src/core/banks.ts';
import type { Answer, Ask, CommandName, Pay, PayOut, PaymentReport, ReportedState } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal, type RefusalCode } from '../../src/core/refusal.ts';
import { serve } from '../../src/edge/serve.ts';
import { type Json, Num, Raw, writeJson } from '../../src/protocols/json.ts';
import { products } from '../../src/protocols/payin/codes.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import type { EndpointOf, Headers } from '../../src/protocols/protocol.ts';
import {
  type Sending,
  changed,
  keysWith,
  md5,
  merchantId,
  rowOf,
  sceneWith,
  sending,
  vectors,
  world,
} from './payin-party.ts';

const createSample = vectors('requests.json')[0]?.body ?? '';
const findSample = vectors('requests.json')[1]?.body ?? '';
const payOutSample =
  '{"accountName":"Reza Wijaya","accountNo":"1077098557","accountType":3,"currency":"IDR","amount":"50000","bankId":14,"mchOrderNo":"M-2","notifyUrl":"https://merchant.com/webhooks/payout","nonceStr":"n","remark":"salary"}';
const deskSample = changed(createSample, { payType: undefined });

/** What the merchant reads when the gateway does this with the request. */
async function told(
  request: Sending,
  carryOut: () => Answer = () => {
    throw new Refusal('internal', { text: 'accepted' });
  },
  options: { settings?: Readonly<Record<string, string>>; addresses?: readonly string[] } = {},
): Promise<string> {
  const party = { keys: keysWith(options.settings), addresses: options.addresses ?? [], is: 'merchant' };
  const served = await serve(payin, sending(request), {
    world,
    find: (_protocol, sender) => (sender === merchantId ? party : null),
    carryOut: () => Promise.resolve().then(carryOut),
  });
  assert.ok(served);
  assert.equal(served.reply.status, 200);
  const body = Buffer.from(served.reply.body).toString();
  const token = /^\{"msg":"([A-Za-z_]+)","code":500\}$/.exec(body)?.[1];
  assert.ok(token, body);
  return token;
}

/** System_error is what our stub answers to everything it accepts. */
const accepted = 'System_error';
const create = (members: Readonly<Record<string, Json | undefined>>) => ({ body: changed(createSample, members) });
const find = (members: Readonly<Record<string, Json | undefined>>) => ({
  target: '/api/payInQuery',
  body: changed(findSample, members),
});
const out = (members: Readonly<Record<string, Json | undefined>>) => ({
  target: '/api/payOut',
  body: changed(payOutSample, members),
});
const withHeaders = (...headers: Headers) => ({ body: createSample, headers });
const type = ['content-type', 'application/json'] as const;
const merchant = ['merchantid', merchantId] as const;
const sign = ['sign', md5(createSample)] as const;
const num = (raw: string) => new Num(raw);
const long = 'x'.repeat(300);

const inputs: readonly [what: string, request: Sending, token: string][] = [
  // Section 3.5, in its order.
  ['GET', { method: 'GET', body: createSample }, 'RequestMethod_not_post'],
  ['PUT without anything', { method: 'PUT', headers: [] }, 'RequestMethod_not_post'],
  ['no content type', withHeaders(merchant, sign), 'RequestContentType_not_json'],
  [
    'a form',
    withHeaders(['content-type', 'application/x-www-form-urlencoded'], merchant, sign),
    'RequestContentType_not_json',
  ],
  ['text/json', withHeaders(['content-type', 'text/json'], merchant, sign), 'RequestContentType_not_json'],
  [
    'another charset',
    withHeaders(['content-type', 'application/json;charset=GBK'], merchant, sign),
    'RequestContentType_not_json',
  ],
  ['two content types', withHeaders(type, type, merchant, sign), 'RequestContentType_not_json'],
  ['no MerchantId', withHeaders(type, sign), 'MerchantId_is_null'],
  ['empty MerchantId', withHeaders(type, ['merchantid', ''], sign), 'MerchantId_is_null'],
  ['two MerchantIds', withHeaders(type, merchant, merchant, sign), 'MerchantId_is_null'],
  ['MerchantId in letters', withHeaders(type, ['merchantid', 'abc'], sign), 'MerchantId_not_Number'],
  ['MerchantId joined', withHeaders(type, ['merchantid', '1002001, 1002001'], sign), 'MerchantId_not_Number'],
  ['negative MerchantId', withHeaders(type, ['merchantid', '-1'], sign), 'MerchantId_not_Number'],
  ['somebody else', withHeaders(type, ['merchantid', '1002002'], sign), 'MerchantId_is_error'],
  ['a leading zero', withHeaders(type, ['merchantid', '01002001'], sign), 'MerchantId_is_error'],
  ['empty body', { body: '' }, 'RequestBody_is_null'],
  ['empty body, wrong sign', { body: '', sign: 'x' }, 'RequestBody_is_null'],
  ['no Sign', { body: createSample, sign: null }, 'Sign_verify_error'],
  ['empty Sign', { body: createSample, sign: '' }, 'Sign_verify_error'],
  ['two Signs', withHeaders(type, merchant, sign, sign), 'Sign_verify_error'],
  ['Sign of another body', { body: createSample, sign: md5('{}') }, 'Sign_verify_error'],
  ["the document's placeholder", { body: createSample, sign: 'A6FC73F7D22EC8B4A064C8FFCC592CBF' }, 'Sign_verify_error'],
  ['key before body', { body: createSample, sign: md5('demo-api-key-0001', createSample) }, 'Sign_verify_error'],
  ['not JSON, wrong sign', { body: 'x', sign: md5('y') }, 'Sign_verify_error'],
  ['not JSON', { body: 'x' }, 'Params_jsonFormat_error'],
  ['an array', { body: '[]' }, 'Params_jsonFormat_error'],
  ['null', { body: 'null' }, 'Params_jsonFormat_error'],
  ['text behind the end', { body: `${createSample}x` }, 'Params_jsonFormat_error'],
  ['not UTF-8', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }, 'Params_jsonFormat_error'],
  ['amount twice', { body: createSample.replace('{', '{"amount":"1",') }, 'Params_jsonFormat_error'],
  ['amount twice, escaped', { body: createSample.replace('{', '{"\\u0061mount":"1",') }, 'Params_jsonFormat_error'],
  ['__proto__', { body: createSample.replace('{', '{"__proto__":{},') }, 'Params_jsonFormat_error'],
  ['a lone surrogate', { body: createSample.replace('Reza', '\\ud800') }, 'Params_jsonFormat_error'],
  ['NUL', { body: createSample.replace('Reza', '\\u0000') }, 'Params_jsonFormat_error'],
  [
    'too deep',
    { body: createSample.replace('{', `{"x":${'['.repeat(20)}${']'.repeat(20)},`) },
    'Params_jsonFormat_error',
  ],
  ["another merchant's body", create({ merchantId: '1002002' }), 'Params_merchantId_error'],
  ['merchantId as an object', create({ merchantId: [] }), 'Params_merchantId_error'],
  ['the same merchant in the body', create({ merchantId: num('1002001') }), accepted],
  // Section 2.1.
  ['no currency', create({ currency: undefined }), 'Params_currency_Required'],
  ['THB', create({ currency: 'THB' }), 'Params_currency_error'],
  ['currency as a number', create({ currency: num('360') }), 'Params_currency_error'],
  ['currency in small letters', create({ currency: 'idr' }), accepted],
  ['no payType', create({ payType: undefined }), 'Params_payType_Required'],
  ['payType 43 as a number', create({ payType: num('43') }), accepted],
  ['payType 43.0', create({ payType: num('43.0') }), 'Params_payType_error'],
  ['payType 043', create({ payType: '043' }), 'Params_payType_error'],
  ['payType 46', create({ payType: '46' }), 'Params_payType_error'],
  ['payType 11', create({ payType: '11' }), 'Params_payType_error'],
  ['payType of another country', create({ payType: num('140') }), 'Params_payType_error'],
  ['Indomaret', create({ payType: '32' }), 'Params_payType_error'],
  ['Gopay', create({ payType: '42' }), 'Params_payType_error'],
  ['LinkAja', create({ payType: '45' }), 'Params_payType_error'],
  ['payType in an array', create({ payType: ['43'] }), 'Params_payType_error'],
  ['no amount', create({ amount: undefined }), 'Params_amount_Required'],
  ['amount null', create({ amount: null }), 'Params_amount_Required'],
  ['amount empty', create({ amount: '' }), 'Params_amount_Required'],
  ...[
    '0',
    '-20000',
    '9999',
    '9999.99',
    '20000.50',
    '020000',
    '+20000',
    ' 20000',
    '20000 ',
    '2e4',
    '0x4e20',
    '２００００',
    '20,000',
    '20_000',
    '99999999999999999999',
    'NaN',
  ].map((amount) => [`amount "${amount}"`, create({ amount }), 'Params_amount_error'] as [string, Sending, string]),
  ...['9999', '20000.5', '2e4', '-20000', '1e400', '0'].map(
    (amount) =>
      [`amount ${amount}`, create({ amount: num(amount) }), 'Params_amount_error'] as [string, Sending, string],
  ),
  ...['20000', '20000.0', '20000.00', '10000'].map(
    (amount) => [`amount ${amount}`, create({ amount: num(amount) }), accepted] as [string, Sending, string],
  ),
  ['amount in an array', create({ amount: ['20000'] }), 'Params_amount_error'],
  ['amount true', create({ amount: true }), 'Params_amount_error'],
  ['QRIS at its cap', create({ payType: '41', amount: '10000000' }), accepted],
  ['QRIS above its cap', create({ payType: '41', amount: '10000001' }), 'Params_amount_error'],
  ['OVO without telephone', create({ payType: '47' }), 'Params_phone_Required'],
  ['OVO with telephone', create({ payType: '47', phone: '+6285812345678' }), accepted],
  ['reusable', create({ reusableStatus: true }), 'Params_reusableStatus_error'],
  ['reusable "true"', create({ reusableStatus: 'true' }), 'Params_reusableStatus_error'],
  ['reusable 0', create({ reusableStatus: num('0') }), 'Params_reusableStatus_error'],
  ['reusable "false"', create({ reusableStatus: 'false' }), accepted],
  ['reusable missing', create({ reusableStatus: undefined }), accepted],
  ['no mchOrderNo', create({ mchOrderNo: undefined }), 'Params_mchOrderNo_Required'],
  ['mchOrderNo of 33', create({ mchOrderNo: 'x'.repeat(33) }), 'Params_mchOrderNo_error'],
  ['mchOrderNo with a blank', create({ mchOrderNo: 'A1 ' }), 'Params_mchOrderNo_error'],
  ['mchOrderNo in full width', create({ mchOrderNo: 'Ａ１' }), 'Params_mchOrderNo_error'],
  ['mchOrderNo as a number', create({ mchOrderNo: num('1') }), 'Params_mchOrderNo_error'],
  ['expireTime 59', create({ expireTime: num('59') }), 'Params_expireTime_error'],
  ['expireTime 86401', create({ expireTime: num('86401') }), 'Params_expireTime_error'],
  ['expireTime 60.5', create({ expireTime: num('60.5') }), 'Params_expireTime_error'],
  ['expireTime -1', create({ expireTime: num('-1') }), 'Params_expireTime_error'],
  ['expireTime soon', create({ expireTime: 'soon' }), 'Params_expireTime_error'],
  ['no notifyUrl', create({ notifyUrl: undefined }), 'Params_notifyUrl_Required'],
  ['notifyUrl without scheme', create({ notifyUrl: 'merchant.com/x' }), 'Params_notifyUrl_error'],
  ['notifyUrl ftp', create({ notifyUrl: 'ftp://merchant.com/x' }), 'Params_notifyUrl_error'],
  ['notifyUrl with a user', create({ notifyUrl: 'http://a@b:80@127.0.0.1/' }), 'Params_notifyUrl_error'],
  ['notifyUrl with a user only', create({ notifyUrl: 'http://a@merchant.com/' }), 'Params_notifyUrl_error'],
  ['notifyUrl with a blank', create({ notifyUrl: 'https://merchant.com/ x' }), 'Params_notifyUrl_error'],
  ['notifyUrl too long', create({ notifyUrl: `https://merchant.com/${long}` }), 'Params_notifyUrl_error'],
  ['notifyUrl without host', create({ notifyUrl: 'https://' }), 'Params_notifyUrl_error'],
  ['no nonceStr', create({ nonceStr: undefined }), 'Params_nonceStr_Required'],
  ['nonceStr of 33', create({ nonceStr: 'x'.repeat(33) }), 'Params_nonceStr_error'],
  ['no remark', create({ remark: undefined }), 'Params_remark_Required'],
  ['remark of 33', create({ remark: 'x'.repeat(33) }), 'Params_remark_error'],
  ['remark of two lines', create({ remark: 'a\nb' }), 'Params_remark_error'],
  ['remark in Chinese', create({ remark: '电子烟' }), accepted],
  ['no realName', create({ realName: undefined }), 'Params_realName_Required'],
  ['blank realName', create({ realName: '   ' }), 'Params_realName_error'],
  ['realName of 65', create({ realName: 'x'.repeat(65) }), 'Params_realName_error'],
  ['phone in words', create({ phone: 'call me' }), 'Params_phone_error'],
  ['email of 65', create({ email: `${'x'.repeat(60)}@x.yz` }), 'Params_email_error'],
  ['unknown members', create({ idCard: '1', payerAddress: new Raw('{"street":"x"}') }), accepted],
  // Section 4.
  ['neither number', find({ orderNo: undefined, mchOrderNo: undefined }), 'Params_orderNo_Required'],
  ['empty numbers', find({ orderNo: '', mchOrderNo: null }), 'Params_orderNo_Required'],
  ['orderNo with a quote', find({ orderNo: "PAYIN'--" }), 'Params_orderNo_error'],
  ['query without nonceStr', find({ nonceStr: undefined }), 'Params_nonceStr_Required'],
  ['orderNo alone', find({ mchOrderNo: undefined }), accepted],
  ['balance without nonceStr', { target: '/api/getBalance', body: '{}' }, 'Params_nonceStr_Required'],
  ['banks without nonceStr', { target: '/api/bankListQuery', body: '{}' }, 'Params_nonceStr_Required'],
  ['banks', { target: '/api/payInBankListQuery', body: '{"nonceStr":"1"}' }, accepted],
  // Section 7.
  ['a payout', out({}), accepted],
  ['payout: no accountName', out({ accountName: undefined }), 'Params_accountName_Required'],
  ['payout: no accountNo', out({ accountNo: undefined }), 'Params_accountNo_Required'],
  ['payout: accountNo with a dash', out({ accountNo: '1-2' }), 'Params_accountNo_error'],
  ['payout: no accountType', out({ accountType: undefined }), 'Params_accountType_Required'],
  ['payout: accountType 5', out({ accountType: num('5') }), 'Params_accountType_error'],
  ['payout: virtual account at Mega', out({ accountType: num('4'), bankId: num('426') }), 'Params_accountType_error'],
  ['payout: virtual account at BCA', out({ accountType: '4', bankId: '14' }), accepted],
  ['payout: no bankId', out({ bankId: undefined }), 'Params_bankId_Required'],
  ['payout: unknown bankId', out({ bankId: num('777') }), 'Params_bankId_error'],
  ['payout: to a network', out({ bankId: num('900') }), 'Params_bankId_error'],
  ['payout: 9 999', out({ amount: '9999' }), 'Params_amount_error'],
  ['desk', { target: '/api/payDesk', body: deskSample }, accepted],
  [
    'desk: bad returnUrl',
    { target: '/api/payDesk', body: changed(deskSample, { returnUrl: 'javascript:x' }) },
    'Params_returnUrl_error',
  ],
];

test('every bad input is refused with its token, and the good ones beside them are not', async () => {
  assert.ok(inputs.filter(([, , token]) => token !== accepted).length >= 100);
  for (const [what, request, token] of inputs) assert.equal(await told(request), token, what);
});

test('checks run in the documented order: the earlier fault is the one that is told', async () => {
  const wrong: Headers = [
    ['content-type', 'text/plain'],
    ['merchantid', 'x'],
    ['sign', 'x'],
  ];
  assert.equal(await told({ method: 'GET', body: '', headers: wrong }), 'RequestMethod_not_post');
  assert.equal(await told({ body: '', headers: wrong }), 'RequestContentType_not_json');
  const elsewhere = { addresses: ['10.0.0.0/8'] };
  const stranger: Headers = [type, ['merchantid', '77'], ['sign', 'x']];
  assert.equal(await told({ body: '', headers: stranger }, undefined, elsewhere), 'MerchantId_is_error');
  assert.equal(await told({ body: '', sign: 'x' }, undefined, elsewhere), 'Request_ip_notWhiteList');
  assert.equal(await told({ body: '', sign: 'x' }), 'RequestBody_is_null');
});

test('a strict merchant must write an ASCII remark', async () => {
  const settings = { asciiRemark: 'true' };
  assert.equal(await told(create({ remark: '电子烟' }), undefined, { settings }), 'Params_remark_error');
  assert.equal(await told(create({ remark: 'plain' }), undefined, { settings }), accepted);
});

test('every refusal of the core has a token, configurable where none is documented', async () => {
  const table: Readonly<Record<RefusalCode, string>> = {
    'invalid-request': 'Params_jsonFormat_error',
    unauthenticated: 'Sign_verify_error',
    forbidden: 'MerchantId_is_error',
    'not-found': 'Order_not_exist',
    conflict: 'Params_mchOrderNo_error',
    'limit-exceeded': 'Params_amount_error',
    'insufficient-funds': 'MERCHANT_BALANCE_NOT_ENOUGH',
    'channel-declined': 'Payin_Order_Error',
    'channel-unavailable': 'Payin_Order_Error',
    'outcome-unknown': 'System_error',
    busy: 'System_busy',
    internal: 'System_error',
  };
  const fail = (refusal: Refusal) => () => {
    throw refusal;
  };
  for (const [code, token] of Object.entries(table) as [RefusalCode, string][])
    assert.equal(await told(create({}), fail(new Refusal(code))), token, code);
  assert.equal(await told(out({}), fail(new Refusal('channel-declined'))), 'Payout_Order_Error');
  const noRoute = fail(new Refusal('channel-unavailable', { why: 'no-route' }));
  assert.equal(await told(create({}), noRoute), 'Params_payType_error');
  assert.equal(await told(out({}), noRoute), 'Payout_Order_Error');
  assert.equal(await told(create({}), fail(new Refusal('limit-exceeded', { why: 'rate' }))), 'System_busy');
  // A flow names members in core words, and has finer words of its own that are none of ours.
  assert.equal(
    await told(create({}), fail(new Refusal('invalid-request', { field: 'notify' }))),
    'Params_notifyUrl_error',
  );
  assert.equal(
    await told(create({}), fail(new Refusal('channel-unavailable', { why: 'method' }))),
    'Payin_Order_Error',
  );
  const settings = { tokenDuplicate: 'Order_repeat', tokenUnknownOrder: 'Nothing_here', tokenAmount: 'Too_much' };
  assert.equal(await told(create({}), fail(new Refusal('conflict')), { settings }), 'Order_repeat');
  assert.equal(await told(find({}), fail(new Refusal('not-found')), { settings }), 'Nothing_here');
  assert.equal(await told(create({ amount: '1' }), undefined, { settings }), 'Too_much');
});

test('a member given twice is refused, whichever it is', () => {
  const body = Buffer.from(createSample);
  const names = [...createSample.matchAll(/"([A-Za-z]+)":/g)].map((match) => match[1] ?? '');
  assert.equal(names.length, 10);
  for (const name of names) {
    const twice = createSample.replace('{', `{"${name}":null,`);
    assert.throws(() => payin.request.open(sending({ body: twice }), sceneWith()), Refusal, name);
    assert.throws(() => payin.notice.open(sending({ body: twice }), sceneWith()), Refusal, name);
  }
  assert.ok(payin.request.open(sending({ body }), sceneWith()));
});

// Properties: what one side writes, the other reads.

function asked<C extends CommandName>(row: EndpointOf<C>, ask: Ask<C>): Ask<C> {
  const scene = sceneWith();
  const wire = payin.request.seal(row.ask.write(ask, scene), scene);
  return row.ask.read(payin.request.open({ ...wire, target: row.path }, scene), scene);
}
function answered<C extends CommandName>(row: EndpointOf<C>, answer: Answer<C>): Answer<C> {
  const scene = sceneWith();
  return row.answer.read(payin.reply.open(payin.reply.seal(row.answer.write(answer, scene), scene), scene), scene);
}

const orderNo = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/);
const rupiah = fc.bigInt({ min: 10_000n, max: 10_000_000n }).map((minor) => money(minor, 'IDR'));
const word = (max: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: max })
    .filter((s) => s.length <= max && s.trim() === s && s !== '' && !/\p{Cc}/u.test(s) && s.isWellFormed());
const phone = fc.stringMatching(/^[1-9][0-9]{5,14}$/);
const url = fc.stringMatching(/^https?:\/\/[a-z]{1,20}\.com\/[a-z0-9?=&/]{0,100}$/);
const party = fc
  .tuple(word(64), phone, fc.option(fc.stringMatching(/^[a-z]{1,20}@[a-z]{1,20}\.com$/)))
  .map(([name, number, email]) => ({ name, phone: number, email, country: 'ID' }));
const open = products.filter((product) => product.open);

const pay: fc.Arbitrary<Pay> = fc
  .tuple(fc.constantFrom(...open), orderNo, rupiah, word(32), party, url, fc.integer({ min: 60, max: 86_400 }))
  .map(([{ method, option, payType }, no, amount, subject, payer, notifyUrl, expiresInS]) => ({
    orderNo: no,
    amount,
    method,
    option,
    subject,
    payer,
    notify: { kind: 'http', url: notifyUrl },
    returnUrl: null,
    expiresInS,
    authCode: null,
    agreementNo: null,
    extras: { payType, remark: subject, signCase: 'upper' },
  }));

test('asks are read as they were written', () => {
  fc.assert(
    fc.property(pay, (ask) => {
      assert.deepEqual(asked(rowOf('payIn', 'pay'), ask), ask);
      const { payType: _payType, ...kept } = ask.extras;
      const desk: Pay = {
        ...ask,
        method: 'any',
        option: null,
        returnUrl: 'https://x.com/r',
        extras: { ...kept, desk: 'true' },
      };
      assert.deepEqual(asked(rowOf('payDesk', 'pay'), desk), desk);
    }),
  );
  const payOut: fc.Arbitrary<PayOut> = fc
    .tuple(fc.constantFrom(...banksOf('payin.bankId', 'pay-out')), orderNo, rupiah, word(32), party, url)
    .map(([bank, no, amount, subject, payee, notifyUrl]) => ({
      orderNo: no,
      amount,
      payee: {
        ...payee,
        bank: bank.code,
        account: '1077098557',
        accountName: payee.name,
        kind: 'person',
        accountKind: ['BCA', 'BNI', 'MANDIRI'].includes(bank.code) ? 'virtual-account' : 'bank-account',
      },
      subject,
      notify: { kind: 'http', url: notifyUrl },
      extras: { bankId: bankName('payin.bankId', bank.code) ?? '', remark: subject, signCase: 'upper' },
    }));
  fc.assert(fc.property(payOut, (ask) => assert.deepEqual(asked(rowOf('payOut', 'pay-out'), ask), ask)));
  fc.assert(
    fc.property(orderNo, fc.option(orderNo), (no, platformNo) => {
      const ask = { orderNo: no, platformNo, refundNo: null, extras: { signCase: 'upper' } };
      assert.deepEqual(asked(rowOf('payInQuery', 'query-payment'), ask), ask);
      assert.deepEqual(asked(rowOf('payOutQuery', 'query-payout'), ask), ask);
    }),
  );
});

test('a payment is read as it was shown: money, numbers, codes, times', () => {
  const states = fc.constantFrom<ReportedState>('pending', 'paid', 'failed');
  const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => s * 1000);
  fc.assert(
    fc.property(
      states,
      fc.constantFrom(...open),
      orderNo,
      rupiah,
      fc.bigInt({ min: 0n, max: 10_000n }),
      second,
      word(200),
      (state, product, no, amount, fee, finishedAt, payCode) => {
        fc.pre(!/^https?:/i.test(payCode));
        const report: PaymentReport = {
          kind: 'payment',
          orderNo: no,
          platformNo: 'PAYIN1000000000000000001',
          channelNo: 'C1',
          state,
          method: product.method,
          option: product.option,
          amount,
          paid: state === 'paid' ? amount : null,
          fee: money(fee, 'IDR'),
          instruction: { payCode, payUrl: 'https://x/y', deskUrl: 'https://d/e', confirmNo: null },
          createdAt: null,
          expiresAt: null,
          finishedAt: state === 'pending' ? null : finishedAt,
          reason: null,
          refunds: null,
          extras: {},
          channelExtras: {},
        };
        const shown = answered(rowOf('payInQuery', 'query-payment'), report);
        assert.deepEqual({ ...shown, reason: null, extras: {} }, report);
        const created = answered(rowOf('payIn', 'pay'), report);
        assert.equal(created.state, 'pending', 'a create says nothing about payment');
        assert.deepEqual(
          [created.orderNo, created.platformNo, created.amount, created.fee, created.instruction],
          [no, report.platformNo, amount, report.fee, report.instruction],
        );
        const notice = payin.writeNotice(report, sceneWith());
        assert.equal(notice === null, state === 'pending');
        if (!notice) return;
        const wire = payin.notice.seal(notice, sceneWith());
        // T053: verified from the emitted bytes alone.
        assert.equal(wire.headers.find(([name]) => name === 'sign')?.[1], md5(wire.body).toUpperCase());
        const heard = payin.readNotice(payin.notice.open(wire, sceneWith()), sceneWith());
        const told = {
          ...report,
          instruction: { ...report.instruction, deskUrl: null },
          amount: state === 'paid' ? null : amount,
        };
        assert.deepEqual({ ...heard, reason: null, extras: {} }, told);
        assert.deepEqual([...notice.keys()], [...notice.keys()].sort(), 'alphabetical');
        assert.ok(![...notice.values()].includes(null), 'no null members');
      },
    ),
  );
});

test('balance and banks are read as they were shown', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -1_000_000n, max: 10n ** 15n }), fc.bigInt({ min: 0n, max: 10n ** 15n }), (a, b) => {
      const balance = { available: money(a, 'IDR'), held: money(b, 'IDR') };
      assert.deepEqual(answered(rowOf('getBalance', 'query-balance'), balance), balance);
    }),
  );
  const list = banksOf('payin.bankId', 'pay-out').map(({ code, name }) => ({
    id: bankName('payin.bankId', code) ?? '',
    code,
    name,
  }));
  assert.ok(list.length > 25);
  assert.deepEqual(answered(rowOf('bankListQuery', 'list-banks'), list), list);
});

test('asks from other protocols are made sayable, or refused before anything is sent', () => {
  const ask: Pay = {
    orderNo: 'ab'.repeat(16),
    amount: money(20_000n, 'IDR'),
    method: 'store-code',
    option: null,
    subject: `电子烟\n${'长'.repeat(40)}`,
    payer: { name: null, phone: '6282197662283', email: `${'x'.repeat(80)}@x.com`, country: null },
    notify: { kind: 'http', url: 'https://kanal.example/listen/1' },
    returnUrl: null,
    expiresInS: null,
    authCode: null,
    agreementNo: null,
    extras: { other: 'x' },
  };
  const row = rowOf('payIn', 'pay');
  const said = asked(row, ask);
  assert.deepEqual(
    [said.option, said.payer.name, said.payer.email, said.expiresInS],
    ['ALFAMART', '6282197662283', null, 3600],
  );
  assert.equal(said.subject?.length, 32);
  const faces = asked(row, { ...ask, subject: `x${'\u{1F600}'.repeat(20)}` }).subject;
  assert.equal(faces?.length, 31, 'no half character is left at the cut');
  for (const number of ['0812-345 678', '+62 812 (345) 678', '62812345678']) {
    const body = changed(createSample, { phone: number });
    const read = row.ask.read(payin.request.open(sending({ body }), sceneWith()), sceneWith());
    assert.equal(read.payer.phone, '62812345678', number);
  }
  const plain = sceneWith(keysWith({ asciiRemark: 'true', bankIds: 'BRI=3,BCA=1' }));
  assert.equal(row.ask.write(ask, plain).get('remark'), 'Payment');
  const nobody = { ...ask.payer, phone: null };
  assert.equal(row.ask.write({ ...ask, payer: nobody }, plain).get('realName'), 'Customer');
  for (const other of [
    { ...ask, method: 'barcode' as const },
    { ...ask, option: 'INDOMARET' },
    { ...ask, method: 'virtual-account' as const },
    { ...ask, method: 'wallet-push' as const, payer: nobody },
    { ...ask, notify: null },
  ])
    assert.throws(() => row.ask.write(other, plain), Refusal);
  const payee = {
    ...nobody,
    bank: 'BCA',
    account: '1',
    accountName: 'R',
    kind: 'person',
    accountKind: 'bank-account',
  } as const;
  const pays: PayOut = { orderNo: 'x', amount: ask.amount, payee, subject: null, notify: ask.notify, extras: {} };
  const { ask: payOutAsk } = rowOf('payOut', 'pay-out');
  assert.equal(writeJson(payOutAsk.write(pays, plain).get('bankId') ?? null), '1');
  assert.equal(writeJson(payOutAsk.write(pays, sceneWith()).get('bankId') ?? null), '14');
  assert.throws(() => payOutAsk.write({ ...pays, payee: { ...payee, bank: 'NOBODY' } }, plain), Refusal);
});

test('a QR picture in payCode is taken as a link', () => {
  const data = new Raw(
    '{"mchOrderNo":"r","orderNo":"PAYIN1","amount":20000,"fee":"1700","payCode":"https://x/qr.png","payUrl":null}',
  );
  const body = Buffer.from(`{"msg":"SUCCESS","code":200,"data":${data.text}}`);
  const reply = payin.reply.open({ kind: 'reply', status: 200, headers: [], body }, sceneWith());
  const report = rowOf('payIn', 'pay').answer.read(reply, sceneWith());
  assert.deepEqual(report.instruction, { payCode: null, payUrl: 'https://x/qr.png', deskUrl: null, confirmNo: null });
  assert.equal(report.fee?.minor, 1700n, 'fee is understood where orderFee is documented');
});

test('orderFee is understood in a query, and a reply about another merchant is not used', () => {
  const { answer } = rowOf('payInQuery', 'query-payment');
  const read = (members: string) => {
    const body = Buffer.from(
      `{"msg":"SUCCESS","code":200,"data":{"mchOrderNo":"r","orderStatus":"PAYING",${members}}}`,
    );
    return answer.read(payin.reply.open({ kind: 'reply', status: 200, headers: [], body }, sceneWith()), sceneWith());
  };
  assert.equal(read('"merchantId":"1002001","orderFee":1700').fee?.minor, 1700n);
  assert.equal(read('"merchantId":1002001').fee, null);
  assert.throws(() => read('"merchantId":"1002002"'), Refusal);
});
