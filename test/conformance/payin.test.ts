/** payin: vectors of the page and samples of the document, both directions; signatures, words, numbers, ladder. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pay, PaymentReport, PayoutReport, RefundReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { Num, Obj, fields, parseJson, writeJson } from '../../src/protocols/json.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import { caseOf, signOf, verifies } from '../../src/protocols/payin/signing.ts';
import { type RequestWire, header, opened } from '../../src/protocols/protocol.ts';
import { apiKey, keysWith, md5, moment, rowOf, sceneWith, sending, vectors } from './payin-party.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const replyOf = (body: string, status = 200) =>
  payin.reply.open({ kind: 'reply', status, headers: [], body: Buffer.from(body) }, sceneWith());
const createSample = vectors('requests.json')[0]?.body ?? '';

function openCreate(body: string, settings: Readonly<Record<string, string>> = {}): Pay {
  const scene = sceneWith(keysWith(settings));
  return rowOf('payIn', 'pay').ask.read(payin.request.open(sending({ body }), scene), scene);
}

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

test('every request vector has the documented signature and opens in either letter case', () => {
  const list = vectors('requests.json');
  assert.equal(list[0]?.sign, 'C7ED187D97A1A2638048C2792527C725');
  assert.equal(Buffer.byteLength(createSample), 283);
  for (const { body, sign, endpoint } of list) {
    assert.equal(signOf(Buffer.from(body), apiKey).toUpperCase(), sign);
    for (const [sent, letters] of [
      [sign, 'upper'],
      [sign.toLowerCase(), 'lower'],
    ] as const) {
      const wire = sending({ target: `/some/prefix/api/${endpoint}`, body, sign: sent });
      assert.equal(payin.identify(wire)?.endpoint.name, endpoint);
      assert.equal(payin.request.open(wire, sceneWith()).marks['signCase'], letters);
    }
  }
});

test("the document's create sample is understood in core words", () => {
  assert.deepEqual(openCreate(createSample), {
    orderNo: '1386556787811426305',
    amount: money(20_000n, 'IDR'),
    method: 'wallet',
    option: 'DANA',
    subject: 'Electronic Cigarettes',
    payer: { name: 'Reza Wijaya', phone: null, email: null, country: 'ID' },
    notify: { kind: 'http', url: 'https://merchant.com/webhooks/payin' },
    returnUrl: null,
    expiresInS: 3600,
    authCode: null,
    agreementNo: null,
    extras: { payType: '43', remark: 'Electronic Cigarettes', signCase: 'upper' },
  });
});

test('reply samples survive reading and writing byte for byte', () => {
  const list = vectors('replies.json');
  for (const { name, endpoint, body } of list) {
    const reply = replyOf(body);
    const row = endpoint === 'payIn' ? rowOf('payIn', 'pay') : rowOf('payInQuery', 'query-payment');
    const scene = sceneWith(keysWith(), row);
    const verdict = payin.judge(reply, scene);
    if (name === 'payIn refused by the channel') {
      assert.deepEqual(verdict, { kind: 'declined', code: 'Payin_Order_Error', text: '' });
      const told = payin.refusals['channel-declined'](new Refusal('channel-declined'), { scene, endpoint: row });
      assert.equal(text(payin.reply.seal(told, scene).body), body);
      continue;
    }
    assert.equal(verdict.kind, 'answered', name);
    const written = row.answer.write(row.answer.read(reply, scene), scene);
    assert.equal(text(payin.reply.seal(written, scene).body), body, name);
  }
});

test('notice samples survive reading and writing byte for byte, and every attempt has the same bytes', () => {
  for (const { name, body, sign } of vectors('notices.json')) {
    const notice = payin.notice.open(sending({ target: '/listen/1', body, sign }), sceneWith());
    const told = payin.writeNotice(payin.readNotice(notice, sceneWith()), sceneWith());
    assert.ok(told, name);
    const wire = payin.notice.seal(told, sceneWith());
    assert.equal(text(wire.body), body, name);
    assert.equal(header(wire, 'sign'), sign, name);
    assert.equal(header(wire, 'merchantid'), '1002001');
    const frozen = parseJson(writeJson(told));
    assert.ok(frozen instanceof Obj);
    assert.equal(text(payin.notice.seal(frozen, { ...sceneWith(), moment: moment + 60_000 }).body), body, name);
  }
});

test('a SUCCESS notice reports the amount paid, a FAIL the amount ordered, a payout its reason', () => {
  const [paid, failed, , payout] = vectors('notices.json').map(({ body, sign }) =>
    payin.readNotice(payin.notice.open(sending({ body, sign }), sceneWith()), sceneWith()),
  );
  assert.ok(paid?.kind === 'payment' && failed?.kind === 'payment' && payout?.kind === 'payout');
  assert.deepEqual([paid.state, paid.paid, paid.amount], ['paid', money(20_000n, 'IDR'), null]);
  assert.deepEqual([failed.state, failed.paid, failed.amount], ['failed', null, money(20_000n, 'IDR')]);
  // Section 0, point 9: 1733116026 s is 12:07:06 at +07:00.
  assert.equal(paid.finishedAt, moment - (moment % 1000));
  assert.deepEqual([payout.state, payout.reason?.code], ['failed', 'BANK_ACCOUNT_ERROR']);
  assert.deepEqual(paid.extras, { 'payin.orderStatus': 'SUCCESS', 'payin.payType': '41' });
});

test('one changed bit of body, key or signature is refused, in requests and notices', () => {
  const legs = [
    [payin.request, vectors('requests.json')],
    [payin.notice, vectors('notices.json')],
  ] as const;
  for (const [leg, list] of legs) {
    for (const { body, sign } of list) {
      const bytes = Buffer.from(body);
      const refused = (wire: RequestWire, keys = keysWith()) =>
        assert.equal(refusalOf(() => leg.open(wire, sceneWith(keys))).code, 'unauthenticated');
      for (let at = 0; at < bytes.length; at += 1) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
        refused(sending({ body: flipped, sign }));
      }
      for (let at = 0; at < 32; at += 1) {
        const digit = sign[at] === '0' ? '1' : '0';
        refused(sending({ body, sign: sign.slice(0, at) + digit + sign.slice(at + 1) }));
      }
      refused(sending({ body, sign }), keysWith({}, ['demo-api-key-0002']));
      refused(sending({ body: Buffer.concat([bytes, Buffer.from(' ')]), sign }));
      assert.ok(leg.open(sending({ body, sign }), sceneWith(keysWith({}, ['another', apiKey]))));
    }
  }
});

test('nothing but 32 hex digits is a signature, and an empty key verifies nothing (T008, T009)', () => {
  const right = md5(createSample);
  for (const sign of ['', 'null', '[]', `${right} `, `${right}\n`, right.slice(1), `${right}0`, `${right}, ${right}`])
    assert.equal(verifies(sign, Buffer.from(createSample), [apiKey]), false, JSON.stringify(sign));
  assert.equal(verifies(md5(createSample, ''), Buffer.from(createSample), ['']), false);
  assert.equal(verifies(right, Buffer.from(createSample), []), false);
  assert.equal(verifies(right, Buffer.from(createSample), [apiKey]), true);
});

test('signatures go out in the letter case the merchant signed in, or as set', () => {
  const report: PaymentReport = { ...paidReport, extras: { signCase: 'lower' } };
  const table: readonly [settings: Record<string, string>, extras: Record<string, string>, letters: string][] = [
    [{}, { signCase: 'lower' }, 'lower'],
    [{}, { signCase: 'upper' }, 'upper'],
    [{}, {}, 'upper'],
    [{ signCase: 'upper' }, { signCase: 'lower' }, 'upper'],
    [{ signCase: 'lower' }, {}, 'lower'],
  ];
  for (const [settings, extras, letters] of table) {
    const scene = sceneWith(keysWith(settings));
    const told = payin.writeNotice({ ...report, extras }, scene);
    assert.ok(told);
    const wire = payin.notice.seal(told, scene);
    assert.equal(caseOf(header(wire, 'sign') ?? ''), letters);
    assert.ok(!text(wire.body).includes('signCase'), 'the wish is never sent');
    assert.equal(header(wire, 'sign')?.toLowerCase(), md5(wire.body));
  }
});

const paidReport: PaymentReport = {
  kind: 'payment',
  orderNo: 'M-1',
  platformNo: 'PAYIN1000000000000000001',
  channelNo: null,
  state: 'paid',
  method: 'wallet',
  option: 'DANA',
  amount: money(20_000n, 'IDR'),
  paid: money(20_000n, 'IDR'),
  fee: money(1_700n, 'IDR'),
  instruction: {
    payCode: null,
    payUrl: 'https://m.dana.id/x',
    deskUrl: 'https://kanal.example/cashier/t',
    confirmNo: null,
  },
  createdAt: moment,
  expiresAt: moment,
  finishedAt: moment,
  reason: null,
  refunds: null,
  extras: { payType: '43' },
  channelExtras: {},
};
const payoutReport: PayoutReport = {
  kind: 'payout',
  orderNo: 'M-2',
  platformNo: 'PAYOUT1000000000000000001',
  channelNo: null,
  state: 'pending',
  amount: money(50_000n, 'IDR'),
  fee: money(2_500n, 'IDR'),
  createdAt: moment,
  finishedAt: null,
  reason: null,
  extras: {},
  channelExtras: {},
};

function dataOf(reply: Obj): Obj {
  const data = reply.get('data');
  assert.ok(data instanceof Obj);
  return data;
}

test('states are said in PAYING, SUCCESS, FAIL and PROCESSING, SUCCESS, FAIL only', () => {
  const words = [
    ['pending', 'PAYING', 'PROCESSING', null],
    ['unknown', 'PAYING', 'PROCESSING', null],
    ['paid', 'SUCCESS', 'SUCCESS', null],
    ['failed', 'FAIL', 'FAIL', 'COMMON_FAILED'],
    ['closed', 'FAIL', 'FAIL', 'COMMON_FAILED'],
    ['reversed', 'FAIL', 'FAIL', 'COMMON_FAILED'],
    ['returned', 'FAIL', 'FAIL', 'PAYMENT_OFFSET'],
  ] as const;
  const scene = sceneWith();
  for (const [state, payIn, payOut, resultDesc] of words) {
    const shown = dataOf(rowOf('payInQuery', 'query-payment').answer.write({ ...paidReport, state }, scene));
    assert.equal(shown.get('orderStatus'), payIn);
    assert.equal(shown.get('completionTime') === null, payIn === 'PAYING');
    const out = dataOf(rowOf('payOutQuery', 'query-payout').answer.write({ ...payoutReport, state }, scene));
    assert.equal(out.get('orderStatus'), payOut);
    assert.equal(out.get('resultDesc'), resultDesc);
    assert.equal(payin.writeNotice({ ...paidReport, state }, scene) === null, payIn === 'PAYING');
    assert.equal(payin.writeNotice({ ...payoutReport, state }, scene) === null, payOut === 'PROCESSING');
  }
});

test('nothing is told about refunds: the platform has none', () => {
  const refund: RefundReport = {
    kind: 'refund',
    refundNo: 'R-1',
    orderNo: 'M-1',
    platformNo: 'PAYIN1',
    platformRefundNo: null,
    state: 'paid',
    amount: money(20_000n, 'IDR'),
    paymentAmount: money(20_000n, 'IDR'),
    createdAt: moment,
    finishedAt: moment,
    reason: null,
    extras: {},
    channelExtras: {},
  };
  assert.equal(payin.writeNotice(refund, sceneWith()), null);
  assert.ok(payin.endpoints.every((row) => !row.command.includes('refund')));
});

test("a channel's words: only SUCCESS, FAIL, CANCEL and EXPIRED are final", () => {
  const read = (orderStatus: string, resultDesc: string | null = null) => {
    const data = fields({ mchOrderNo: 'r', orderNo: 'PAYOUT1', amount: '50000', orderStatus, resultDesc });
    const reply = opened(fields({ msg: 'SUCCESS', code: new Num('200'), data }));
    return rowOf('payOutQuery', 'query-payout').answer.read(reply, sceneWith()).state;
  };
  for (const word of ['PROCESSING', 'WAITING', 'PAYING', 'success', 'REFUNDED', '???'])
    assert.equal(read(word), 'pending');
  for (const word of ['FAIL', 'CANCEL', 'EXPIRED']) assert.equal(read(word), 'failed');
  assert.equal(read('SUCCESS'), 'paid');
  assert.equal(read('FAIL', 'PAYMENT_OFFSET'), 'returned');
  assert.equal(read('PROCESSING', 'PAYMENT_OFFSET'), 'pending');
});

test('a create is answered with success only if the payer can pay', () => {
  const { answer } = rowOf('payIn', 'pay');
  const bare = { ...paidReport, paid: null, instruction: { ...paidReport.instruction, payUrl: null } };
  const refused = (report: PaymentReport) => refusalOf(() => answer.write(report, sceneWith())).code;
  assert.equal(refused({ ...bare, state: 'unknown' }), 'outcome-unknown');
  assert.equal(refused({ ...bare, state: 'pending' }), 'outcome-unknown');
  assert.equal(refused({ ...bare, state: 'failed' }), 'channel-declined');
  assert.equal(refused({ ...bare, state: 'unknown', method: 'wallet-push' }), 'outcome-unknown');
  assert.ok(answer.write({ ...bare, state: 'pending', method: 'wallet-push' }, sceneWith()));
  assert.ok(answer.write({ ...paidReport, state: 'unknown' }, sceneWith()));
  // A payout whose outcome is unknown is accepted and in progress (rulings).
  const out = rowOf('payOut', 'pay-out').answer.write({ ...payoutReport, state: 'unknown' }, sceneWith());
  assert.equal(
    writeJson(out),
    '{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"M-2","orderNo":"PAYOUT1000000000000000001","amount":"50000","fee":"2500","orderStatus":"PROCESSING"}}',
  );
});

test('payDeskUrl is the hosted desk, or the wallet link where a merchant wants it so', () => {
  const shown = (report: PaymentReport, settings: Record<string, string>) =>
    dataOf(rowOf('payIn', 'pay').answer.write(report, sceneWith(keysWith(settings)))).get('payDeskUrl');
  assert.equal(shown(paidReport, {}), 'https://kanal.example/cashier/t');
  assert.equal(shown(paidReport, { deskUrlMirrors: 'payUrl' }), 'https://m.dana.id/x');
  assert.equal(shown({ ...paidReport, method: 'qr' }, { deskUrlMirrors: 'payUrl' }), 'https://kanal.example/cashier/t');
});

test('payDesk, balance and bank list have their documented shapes', () => {
  const scene = sceneWith();
  const desk: PaymentReport = {
    ...paidReport,
    state: 'pending',
    method: 'any',
    platformNo: 'PAYDESK1',
    expiresAt: moment,
  };
  assert.equal(
    writeJson(dataOf(rowOf('payDesk', 'pay').answer.write(desk, scene))),
    '{"merchantId":"1002001","mchOrderNo":"M-1","orderNo":"PAYDESK1","amount":"20000","payUrl":"https://kanal.example/cashier/t","expireTime":"2024-12-02 12:07:06"}',
  );
  const balance = { available: money(1_000_000_000n, 'IDR'), held: money(0n, 'IDR') };
  assert.equal(
    writeJson(rowOf('getBalance', 'query-balance').answer.write(balance, scene)),
    '{"msg":"SUCCESS","code":200,"data":{"mchId":"1002001","balance":1000000000,"unBalance":0}}',
  );
  const banks = [
    { id: 'BCA', code: 'BCA', name: 'x' },
    { id: 'x', code: 'NOBODY', name: 'no number on this wire' },
  ];
  assert.equal(
    writeJson(rowOf('bankListQuery', 'list-banks').answer.write(banks, scene)),
    '{"msg":"SUCCESS","code":200,"data":[{"bankId":14,"bankCode":"BCA","bankName":"Bank Central Asia"}]}',
  );
});

test('a fee with decimals is rounded, an odd fee or time does not lose a notice', () => {
  const read = (fee: string, completionTime: string) => {
    const body = `{"amount":20000.0,"completionTime":${completionTime},"fee":${fee},"mchOrderNo":"r","orderNo":"PAYIN1","orderStatus":"SUCCESS"}`;
    const report = payin.readNotice(payin.notice.open(sending({ body }), sceneWith()), sceneWith());
    assert.ok(report.kind === 'payment');
    return [report.fee?.minor ?? null, report.finishedAt];
  };
  assert.deepEqual(read('2500.5000', '"2024-12-02 12:07:06"'), [2501n, moment - 894]);
  assert.deepEqual(read('"2500.4999"', 'null'), [2500n, null]);
  assert.deepEqual(read('{}', '"2024-13-02 12:07:06"'), [null, null]);
});

test('a channel message about another merchant, without amount or without order is not used', () => {
  const notice = (members: Record<string, string>) => {
    const all = { amount: '20000', mchOrderNo: 'r', orderNo: 'PAYIN1', orderStatus: 'SUCCESS', ...members };
    const scene = sceneWith();
    return payin.readNotice(payin.notice.open(sending({ body: JSON.stringify(all) }), scene), scene);
  };
  assert.equal(notice({}).kind, 'payment');
  assert.equal(refusalOf(() => notice({ merchantId: '1002002' })).detail.field, 'merchantId');
  assert.equal(refusalOf(() => notice({ amount: '' })).detail.field, 'amount');
  assert.equal(refusalOf(() => notice({ amount: '20000.5' })).detail.field, 'amount');
  assert.equal(refusalOf(() => notice({ mchOrderNo: '', orderNo: '' })).detail.field, 'mchOrderNo');
  assert.equal(refusalOf(() => notice({ orderStatus: '' })).detail.field, 'orderStatus');
  const elsewhere = sending({
    body: '{}',
    headers: [
      ['merchantid', '1002002'],
      ['sign', md5('{}')],
    ],
  });
  assert.equal(refusalOf(() => payin.notice.open(elsewhere, sceneWith())).code, 'unauthenticated');
});

test('what a reply proves: answered, declined, not found, and everything else unknown', () => {
  const table: readonly [endpoint: string, status: number, body: string, kind: string][] = [
    ['payIn', 200, '{"msg":"SUCCESS","code":200,"data":{}}', 'answered'],
    ['payIn', 200, '{"code":"200"}', 'answered'],
    ['payIn', 502, '{"msg":"SUCCESS","code":200}', 'unknown'],
    ['payIn', 500, '{"msg":"Payin_Order_Error","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"Payin_Order_Error","code":500}', 'declined'],
    ['payOut', 200, '{"msg":"Payout_Order_Error","code":500}', 'declined'],
    ['payOut', 200, '{"msg":"MERCHANT_BALANCE_NOT_ENOUGH","code":500}', 'declined'],
    ['payOut', 200, '{"msg":"Params_bankId_error","code":500}', 'declined'],
    ['payOut', 200, '{"msg":"Params_accountName_Required","code":500}', 'declined'],
    ['payOut', 200, '{"msg":"Params_account_something","code":500}', 'declined'],
    ['payIn', 401, '{"msg":"Sign_verify_error","code":500}', 'declined'],
    ['payIn', 200, '{"msg":"MerchantId_is_error","code":500}', 'declined'],
    ['payIn', 200, '{"msg":"Request_ip_notWhiteList","code":500}', 'declined'],
    ['payIn', 200, '{"msg":"RequestBody_is_null","code":500}', 'declined'],
    // Somebody has that number already: perhaps it was us.
    ['payIn', 200, '{"msg":"Params_mchOrderNo_error","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"System_error","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"System_busy","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"System_Maintenance","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"Order_not_exist","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"anything","code":500}', 'unknown'],
    ['payIn', 200, '{"msg":"Payin_Order_Error"}', 'unknown'],
    ['payIn', 200, '{"code":null}', 'unknown'],
    ['payIn', 200, '{"code":200.0}', 'unknown'],
    ['payInQuery', 200, '{"msg":"Order_not_exist","code":500}', 'not-found'],
    ['payOutQuery', 200, '{"msg":"Order_not_exist","code":500}', 'not-found'],
    ['payInQuery', 200, '{"msg":"Payin_Order_Error","code":500}', 'unknown'],
    ['payInQuery', 200, '{"msg":"Sign_verify_error","code":500}', 'unknown'],
    ['payInQuery', 502, '{"msg":"Order_not_exist","code":500}', 'unknown'],
    ['getBalance', 200, '{"msg":"Sign_verify_error","code":500}', 'declined'],
  ];
  for (const [name, status, body, kind] of table) {
    const row = payin.endpoints.find((candidate) => candidate.name === name) ?? null;
    const verdict = payin.judge(replyOf(body, status), sceneWith(keysWith(), row));
    assert.equal(verdict.kind, kind, `${name} ${status} ${body}`);
  }
  const own = sceneWith(keysWith({ tokenUnknownOrder: 'No_such_order' }), rowOf('payInQuery', 'query-payment'));
  assert.equal(payin.judge(replyOf('{"msg":"No_such_order","code":500}'), own).kind, 'not-found');
});

test('a reply that is no whole JSON object says nothing', () => {
  const whole = vectors('replies.json')[0]?.body ?? '';
  const cut = Array.from(whole, (_, at) => whole.slice(0, at));
  for (const body of [...cut, '<html>502</html>', '[]', 'null', '"x"', `${whole}x`, '{"code":200,"code":500}'])
    assert.equal(refusalOf(() => replyOf(body)).code, 'outcome-unknown', body);
});

test('a notice is taken at 200, 301 and 302 and at nothing else (T048)', () => {
  const strict = keysWith({ strictBody: 'true' });
  const ack = (status: number, body: string, keys = keysWith()) =>
    payin.ack.open({ kind: 'reply', status, headers: [], body: Buffer.from(body) }, keys);
  for (let status = 100; status < 600; status += 1)
    assert.equal(ack(status, 'no matter'), [200, 301, 302].includes(status), String(status));
  for (const body of ['SUCCESS', 'success', ' success\r\n']) assert.equal(ack(200, body, strict), true, body);
  for (const body of ['', 'ok', 'SUCCESS!', '"success"']) assert.equal(ack(200, body, strict), false, body);
  assert.equal(ack(500, 'SUCCESS', strict), false);
  assert.equal(text(payin.ack.seal('taken').body), 'SUCCESS');
  for (const [word, taken] of [
    ['taken', true],
    ['forged', false],
    ['again', false],
  ] as const)
    for (const keys of [keysWith(), strict]) assert.equal(payin.ack.open(payin.ack.seal(word), keys), taken, word);
});

test('the retry ladder is one attempt and ten more, 1023 minutes in all', () => {
  assert.equal(payin.retry.gapsMs.length, 10);
  assert.equal(
    payin.retry.gapsMs.reduce((sum, gap) => sum + gap, 0),
    1023 * 60_000,
  );
  assert.equal(payin.retry.totalTimeoutMs, 10_000);
});

test('only /api/<name> below any prefix is ours', () => {
  const name = (target: string) => payin.identify(sending({ target, body: '{}' }))?.endpoint.name ?? null;
  for (const row of payin.endpoints)
    for (const prefix of ['', '/prod-api', '/a/b-c/stage_api', '/api'])
      assert.equal(name(`${prefix}${row.path}`), row.name);
  for (const target of [
    '/',
    '/api',
    '/api/payin',
    '/api/payIn/',
    '/api/payInX',
    '/xapi/payIn',
    '/api/payIn/x',
    'api/payIn',
  ])
    assert.equal(name(target), null, target);
  assert.equal(payin.endpoints.length, 9);
});

test('numbers carry their home and fit string(32)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (home, random) => {
      const nonce = (bytes: number) => random.slice(0, bytes);
      for (const kind of ['payment', 'payout', 'refund', 'agreement', 'desk'] as const) {
        const made = payin.numbers.platformNo(kind, home, nonce, moment);
        assert.match(made, /^PAY[A-Z]{2,4}[0-9]{19}$/);
        assert.equal(payin.numbers.homeOf(made), home);
        assert.equal(payin.numbers.homeOf(payin.numbers.reference(kind, home, nonce, moment)), home);
      }
    }),
  );
  for (const other of ['', 'PAYIN', 'PAYIN8551844049125523456', 'PAYIN99', 'x'.repeat(32), 'payin1000000000000000001'])
    assert.equal(payin.numbers.homeOf(other), null, other);
});

test('payDesk orders are asked for and queried at their own endpoints', () => {
  const suits = (find: { platformNo: string | null; extras: Record<string, string> }) =>
    payin.endpoints
      .filter((row) => row.command === 'query-payment' && row.suits?.({ orderNo: 'x', refundNo: null, ...find }))
      .map((row) => row.name);
  assert.deepEqual(suits({ platformNo: 'PAYIN1', extras: {} }), ['payInQuery']);
  assert.deepEqual(suits({ platformNo: null, extras: {} }), ['payInQuery']);
  assert.deepEqual(suits({ platformNo: 'PAYDESK1', extras: {} }), ['payDeskQuery']);
  assert.deepEqual(suits({ platformNo: null, extras: { desk: 'true' } }), ['payDeskQuery']);
});
