/** unified: samples of the document in both directions, the 31 resolutions, replies for every outcome, notices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Answer, Pay, PaymentReport, PayOut, PayoutReport, ReportedState } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { type RefusalCode, Refusal } from '../../src/core/refusal.ts';
import { deliver, freeze } from '../../src/edge/notify.ts';
import { type Json, Num, fields, obj, writeJson } from '../../src/protocols/json.ts';
import { type Keys, type RequestWire, header, opened } from '../../src/protocols/protocol.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  apiSecret,
  changed,
  compact,
  gatherNo,
  hmac,
  inner,
  keysOf,
  loanNo,
  md5,
  members,
  merchant,
  moment,
  posting,
  productKey,
  refusalOf,
  replying,
  rowOf,
  samplePayment,
  samplePayout,
  sceneWith,
  textOf,
  vectors,
} from './unified-party.ts';
import { ask, world } from './unified-server.ts';

const gather = rowOf(unified, 'gather', 'pay');
const loan = rowOf(unified, 'loan', 'pay-out');
const query = rowOf(unified, 'query', 'query-order');

const requests = vectors('unified', 'requests.json', 3);
const replies = vectors('unified', 'replies.json', 4);
const notices = vectors('unified', 'notices.json', 2);
const bodyOf = (list: readonly Readonly<Record<string, string>>[], i: number) => list[i]?.['body'] ?? '';
const gatherBody = bodyOf(requests, 0);
const loanBody = bodyOf(requests, 1);
const queryBody = bodyOf(requests, 2);

const to = (name: string) => ({ target: `/bluepay-service/pay/${name}` });
const open = (body: string, keys: Keys = merchant()) => unified.request.open(posting(body), sceneWith(keys));
const readGather = (body: string, keys: Keys = merchant()) => gather.ask.read(open(body, keys), sceneWith(keys));
const readLoan = (body: string, keys: Keys = merchant()) => loan.ask.read(open(body, keys), sceneWith(keys));

/** A reply without the second spelling of its text (row 2), as the document's samples have it. */
function asSample(reply: Iterable<readonly [string, Json]>): string {
  return writeJson(obj([...reply].filter(([name]) => name !== 'msg')));
}

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

test("the document's gather sample is understood in core words", () => {
  assert.deepEqual(readGather(gatherBody), {
    orderNo: '2732024fec0d42e082fc9831fe41742d',
    amount: money(20_000n, 'IDR'),
    method: 'virtual-account',
    option: 'PERMATA',
    subject: null,
    payer: { name: null, phone: '6282197662283', email: null, country: 'ID' },
    notify: { kind: 'http', url: 'http://47.104.109.123:84/bluepay-service/callback/testNotify' },
    returnUrl: null,
    expiresInS: null,
    authCode: null,
    agreementNo: null,
    extras: {
      channelCode: 'bluepay',
      channelBizCode: 'gather_dynamic_VA_bluepay',
      nation: 'ID',
      prodFlag: 'false',
      msisdn: '6282197662283',
      productId: '2257',
      payType: 'atm',
    },
  } satisfies Pay);
});

test("the document's loan sample is understood in core words", () => {
  const read = readLoan(loanBody);
  assert.equal(read.orderNo, 'a3eb39f673eb404590e9659a0017aa06');
  assert.deepEqual(read.payee, {
    name: 'Afif Asrif',
    phone: '6282197662283',
    email: null,
    country: 'ID',
    bank: 'ARTHA_GRAHA',
    account: '1077098557',
    accountName: 'Afif Asrif',
    kind: 'person',
    accountKind: 'bank-account',
  } satisfies PayOut['payee']);
});

test('sample requests are written as they came, byte for byte', () => {
  const scene = sceneWith(merchant(), { url: 'http://gw/bluepay-service/pay/x' });
  const find = query.ask.read(open(queryBody), scene);
  const written = [
    gather.ask.write(readGather(gatherBody), scene),
    loan.ask.write(readLoan(loanBody), scene),
    query.ask.write(find, scene),
  ];
  assert.deepEqual(
    written.map((message) => textOf(unified.request.seal(message, scene).body)),
    requests.map(({ body = '' }) => compact(body)),
  );
});

test('what our client sends, our server opens and reads', () => {
  const order = fc.record({
    orderNo: fc.stringMatching(/^[!-~]{1,128}$/),
    minor: fc.bigInt({ min: 10_000n, max: 14_075_000n }),
    option: fc.constantFrom('BNI', 'MANDIRI', 'PERMATA', 'ALFAMART'),
    phone: fc.stringMatching(/^62[1-9][0-9]{5,12}$/),
    passBack: fc.option(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    ),
    hmacKey: fc.constantFrom([], ['h'.repeat(32)]),
  });
  fc.assert(
    fc.property(order, ({ orderNo, minor, option, phone, passBack, hmacKey }) => {
      const keys = merchant({}, { apiKey: [apiSecret], hmacKey });
      const given: Pay = {
        ...readGather(gatherBody),
        orderNo,
        amount: money(minor, 'IDR'),
        method: option === 'ALFAMART' ? 'store-code' : 'virtual-account',
        option,
        payer: { name: null, phone, email: null, country: 'ID' },
        extras: passBack === null ? {} : { passBack: JSON.stringify(passBack) },
      };
      const scene = sceneWith(keys, { row: gather, url: 'http://gw/bluepay-service/pay/gather' });
      const wire = unified.request.seal(gather.ask.write(given, scene), scene);
      const arrived: RequestWire = { ...wire, target: '/bluepay-service/pay/gather' };
      assert.equal(unified.identify(arrived)?.sender, 'demo0001');
      const read = gather.ask.read(unified.request.open(arrived, scene), scene);
      assert.equal(read.extras['passBack'], given.extras['passBack']);
      assert.deepEqual({ ...read, extras: {} }, { ...given, extras: {} });
    }),
    { numRuns: 200 },
  );
});

test('any loan survives the wire', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((s) => /^[^\p{Cc}]+$/u.test(s) && s.isWellFormed());
  const order = fc.record({
    minor: fc.bigInt({ min: 10_000n, max: 14_075_000n }),
    bank: fc.constantFrom('BCA', 'BTPN', 'MAYBANK', 'A BANK OF ITS OWN'),
    accountName: name,
    account: fc.stringMatching(/^[0-9]{6,20}$/),
    kind: fc.constantFrom('person' as const, 'company' as const),
    country: fc.constantFrom('ID', 'CN'),
  });
  fc.assert(
    fc.property(order, ({ minor, accountName, ...payee }) => {
      const sample = readLoan(loanBody);
      const given: PayOut = {
        ...sample,
        amount: money(minor, 'IDR'),
        payee: { ...sample.payee, ...payee, accountName, name: accountName },
      };
      const scene = sceneWith(merchant(), { row: loan, url: 'http://gw/bluepay-service/pay/loan' });
      const wire = unified.request.seal(loan.ask.write(given, scene), scene);
      const read = loan.ask.read(unified.request.open({ ...wire, target: '/c/pay/loan' }, scene), scene);
      assert.deepEqual({ ...read, extras: {} }, { ...given, extras: {} });
    }),
  );
});

test('identify: any context but gateway, three endpoints, key id or context as sender', () => {
  const claim = (target: string, headers = posting('').headers) => unified.identify(posting('', { target, headers }));
  assert.equal(claim('/bluepay-service/pay/gather')?.endpoint.name, 'gather');
  assert.equal(claim('/x/pay/loan')?.endpoint.name, 'loan');
  assert.equal(claim(`/${'x'.repeat(64)}/pay/query?a=b`)?.endpoint.name, 'query');
  assert.equal(claim('/ctx/pay/query', [])?.sender, '@ctx');
  for (const target of [
    '/gateway/pay/gather',
    '/pay/gather',
    '/a/b/pay/gather',
    '/a/pay/refund',
    '/a/pay/gather/',
    `/${'x'.repeat(65)}/pay/query`,
    '/a%20/pay/query',
  ])
    assert.equal(claim(target), null, target);
  assert.equal(refusalOf(() => unified.identify(posting('', { method: 'GET' }))).detail.why, 'malformed');
});

// ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const paidPayment: PaymentReport = {
  ...samplePayment,
  state: 'paid',
  channelNo: '2257042521550283190351SmBwdU',
  finishedAt: Date.parse('2019-02-16T02:14:28Z'),
};
const paidPayout: PayoutReport = { ...samplePayout, state: 'paid', finishedAt: Date.parse('2019-02-16T02:21:34Z') };

test("the document's sample replies are written, byte for byte beside msg", async () => {
  const reports: readonly (readonly [string, string, Answer])[] = [
    ['gather', gatherBody, samplePayment],
    ['loan', loanBody, samplePayout],
    ['query', queryBody, paidPayment],
    ['query', queryBody, paidPayout],
  ];
  for (const [i, [name, body, report]] of reports.entries()) {
    const said = await ask(posting(body, to(name)), { answer: () => report });
    assert.equal(asSample(said.reply), compact(bodyOf(replies, i)), name);
    assert.equal(said.reply.get('msg'), '成功');
    assert.deepEqual([...said.reply.keys()], ['code', 'message', 'msg', 'data']);
  }
});

test("the document's sample replies are read", () => {
  const opening = (i: number) => {
    const scene = sceneWith(merchant(), { row: query });
    const reply = unified.reply.open(replying(bodyOf(replies, i)), scene);
    assert.deepEqual(unified.judge(reply, scene), { kind: 'answered' });
    return { scene, reply };
  };
  const made = opening(0);
  const payment = gather.answer.read(made.reply, made.scene);
  assert.deepEqual(
    [payment.platformNo, payment.state, payment.instruction.payCode],
    [gatherNo, 'pending', '8359190216393465'],
  );
  const sent = opening(1);
  const payout = loan.answer.read(sent.reply, sent.scene);
  assert.deepEqual([payout.platformNo, payout.state], [loanNo, 'pending']);
  const inn = opening(2);
  const found = query.answer.read(inn.reply, inn.scene);
  assert.ok(found.kind === 'payment');
  assert.deepEqual(
    [found.state, found.paid, found.finishedAt],
    ['paid', money(20_000n, 'IDR'), paidPayment.finishedAt],
  );
  const out = opening(3);
  const paid = query.answer.read(out.reply, out.scene);
  assert.deepEqual([paid.kind, paid.state, paid.finishedAt], ['payout', 'paid', paidPayout.finishedAt]);
});

test('replies go out as documented: HTTP 200 and the charset, errors included', async () => {
  for (const body of [gatherBody, '{']) {
    const wire = posting(body);
    assert.equal((await ask(wire)).status, 200);
  }
  const sealed = unified.reply.seal(fields({ code: '100000' }), sceneWith(merchant()));
  assert.equal(header(sealed, 'content-type'), 'application/json;charset=UTF-8');
});

test('a loan of unknown outcome is told as accepted, with no HTTP status invented', async () => {
  const unknown = { ...samplePayout, state: 'unknown' as const };
  for (const answer of [
    () => unknown,
    () => {
      throw new Refusal('outcome-unknown', { report: unknown });
    },
  ]) {
    const said = await ask(posting(loanBody, to('loan')), { answer });
    assert.equal(said.code, '100000');
    const biz = inner(said.reply, 'data', 'bizParams');
    assert.deepEqual(
      ['code', 'transferStatus', 'httpStatusCode', 'description'].map((name) => biz.get(name)),
      ['200', '201', '0', 'processing'],
    );
    assert.equal(biz.get('transactionId'), loanNo);
  }
});

test('a gather without a code to pay with is 100004 with data; the same request later shows the code', async () => {
  const bare = {
    ...samplePayment,
    state: 'unknown' as const,
    instruction: { ...samplePayment.instruction, payCode: null },
  };
  for (const answer of [
    () => bare,
    () => {
      throw new Refusal('outcome-unknown', { report: bare });
    },
  ]) {
    const said = await ask(posting(gatherBody), { answer });
    assert.equal(said.code, '100004');
    assert.equal(inner(said.reply, 'data').get('transactionCode'), gatherNo);
    assert.equal(inner(said.reply, 'data', 'bizParams').get('paymentCode'), null);
  }
  const later = await ask(posting(gatherBody), { answer: () => ({ ...samplePayment, state: 'unknown' as const }) });
  assert.equal(later.code, '100000');
});

test('a refusal of the channel fills data with its own number', async () => {
  const refuse =
    (report: PaymentReport | PayoutReport, detail = {}) =>
    () => {
      throw new Refusal('channel-declined', { channelCode: '649', text: 'bank account wrong', report, ...detail });
    };
  const out = await ask(posting(loanBody, to('loan')), { answer: refuse(samplePayout) });
  assert.equal(out.code, '100010');
  const biz = inner(out.reply, 'data', 'bizParams');
  assert.deepEqual([biz.get('transferStatus'), biz.get('bizStatusCode')], ['649', '649']);
  assert.equal(biz.get('bizStatusMessage'), 'bank account wrong');
  assert.equal(inner(out.reply, 'data').get('transactionCode'), loanNo);
  const bare = { ...samplePayment, instruction: { ...samplePayment.instruction, payCode: null } };
  const inn = await ask(posting(gatherBody), { answer: refuse(bare) });
  assert.equal(inn.code, '100006');
  assert.equal(inner(inn.reply, 'data', 'bizParams').get('status'), '649');
  const http = await ask(posting(gatherBody), { answer: refuse(bare, { why: 'http-status' }) });
  assert.equal(http.code, '100005');
  const failed = { ...bare, state: 'failed' as const, reason: { code: '600', text: 'bank request failed' } };
  assert.equal((await ask(posting(gatherBody), { answer: () => failed })).code, '100006');
  const failedLoan = { ...samplePayout, state: 'failed' as const, reason: { code: '646', text: '' } };
  assert.equal((await ask(posting(loanBody, to('loan')), { answer: () => failedLoan })).code, '100010');
});

test('each refusal has its code and a text of the documented form; nobody learns why access was refused', async () => {
  const table: Readonly<Record<RefusalCode, readonly [gather: string, text: RegExp]>> = {
    'invalid-request': ['100001', /^校验渠道请求参数,/],
    unauthenticated: ['100001', /^unauthorized$/],
    forbidden: ['100001', /^unauthorized$/],
    'not-found': ['100011', /^查询pay_trade记录,/],
    conflict: ['100002', /^保存pay_trade新记录,out_trade_no已存在$/],
    'limit-exceeded': ['100023', /^校验商户限额,/],
    'insufficient-funds': ['100022', /^校验商户余额,/],
    'channel-declined': ['100006', /^请求渠道收款,/],
    'channel-unavailable': ['100004', /^请求渠道,/],
    'outcome-unknown': ['100004', /^请求渠道,/],
    busy: ['100021', /^处理请求,/],
    internal: ['2000000', /^处理请求,/],
  };
  for (const [code, [wire, text]] of Object.entries(table)) {
    const answer = () => {
      throw new Refusal(code as RefusalCode, { text: 'inside knowledge' });
    };
    const said = await ask(posting(gatherBody), { answer });
    assert.equal(said.code, wire, code);
    const message = said.reply.get('message');
    assert.ok(typeof message === 'string');
    assert.match(message, text, code);
    assert.equal(said.reply.get('msg'), message);
    assert.equal(said.reply.get('data'), null);
    if (code === 'forbidden' || code === 'internal') assert.ok(!message.includes('inside'), code);
  }
});

test('queries show the state in BluePay numbers', async () => {
  const payment: Readonly<Record<string, string>> = {
    paid: '200',
    pending: '201',
    unknown: '201',
    failed: '202',
    closed: '203',
    reversed: '203',
  };
  for (const [state, number] of Object.entries(payment)) {
    const said = await ask(posting(queryBody, to('query')), {
      answer: () => ({ ...samplePayment, state: state as ReportedState }),
    });
    assert.equal(inner(said.reply, 'data', 'bizParams', 'result').get('record_status'), number, state);
  }
  const payout: Readonly<Record<string, string>> = {
    paid: '200',
    pending: '201',
    unknown: '201',
    failed: '202',
    returned: '202',
  };
  for (const [state, number] of Object.entries(payout)) {
    const said = await ask(posting(queryBody, to('query')), {
      answer: () => ({ ...samplePayout, state: state as ReportedState }),
    });
    assert.equal(inner(said.reply, 'data', 'bizParams').get('transferStatus'), number, state);
    const scene = sceneWith(merchant(), { row: query });
    const back = query.answer.read(unified.reply.open(replying(said.bytes), scene), scene);
    assert.equal(back.state, state === 'unknown' ? 'pending' : state);
  }
  const own = { ...samplePayout, state: 'failed' as const, reason: { code: '646', text: '' } };
  const said = await ask(posting(queryBody, to('query')), { answer: () => own });
  assert.equal(inner(said.reply, 'data', 'bizParams').get('transferStatus'), '646');
});

test("a reply's verdict: success in both spellings, a clear no only where nothing was executed", () => {
  const verdict = (body: string, row: typeof gather | typeof loan | typeof query) => {
    const scene = sceneWith(merchant(), { row });
    return unified.judge(unified.reply.open(replying(body), scene), scene).kind;
  };
  for (const code of ['"100000"', '100000', '"10000"', '10000'])
    assert.equal(verdict(`{"code":${code}}`, gather), 'answered');
  const creates: Readonly<Record<string, string>> = {
    '100001': 'declined',
    '100007': 'declined',
    '100009': 'declined',
    '100013': 'declined',
    '100014': 'declined',
    '100019': 'declined',
    '100021': 'declined',
    '100022': 'declined',
    '100023': 'declined',
    '100002': 'unknown',
    '100003': 'unknown',
    '100004': 'unknown',
    '100005': 'unknown',
    '100006': 'unknown',
    '100008': 'unknown',
    '100010': 'unknown',
    '100011': 'unknown',
    '100012': 'unknown',
    '2000000': 'unknown',
    '1': 'unknown',
    '': 'unknown',
    toString: 'unknown',
  };
  for (const [code, kind] of Object.entries(creates)) assert.equal(verdict(`{"code":"${code}"}`, loan), kind, code);
  for (const [code, kind] of Object.entries({
    '100011': 'not-found',
    '100012': 'not-found',
    '100001': 'unknown',
    '100004': 'unknown',
  }))
    assert.equal(verdict(`{"code":"${code}"}`, query), kind, code);
  const refused = (number: string, name = 'transferStatus') =>
    verdict(`{"code":"100010","data":{"bizParams":{"code":"200","${name}":"${number}"}}}`, loan);
  for (const number of ['400', '401', '506', '601', '649']) assert.equal(refused(number), 'declined', number);
  for (const number of ['500', '501', '600', '646', '404', '999', 'HTTP'])
    assert.equal(refused(number), 'unknown', number);
  assert.equal(verdict('{"code":"100010","data":{"bizParams":{"code":"401","transferStatus":""}}}', loan), 'declined');
  for (const [body, status] of [
    ['{"code":"100000"}', 500],
    ['{"code":"100000"}', 204],
    ['<html>', 200],
    ['', 200],
  ] as const)
    assert.equal(
      refusalOf(() => unified.reply.open(replying(body, status), sceneWith(merchant()))).code,
      'outcome-unknown',
    );
  assert.equal(
    refusalOf(() => gather.answer.read(opened(members('{"code":"100000"}')), sceneWith(merchant()))).detail.field,
    'transactionCode',
  );
});

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
const notice = (report: Parameters<typeof unified.writeNotice>[0], keys: Keys = merchant()) =>
  unified.writeNotice(report, sceneWith(keys));
const callback = (report: Parameters<typeof unified.writeNotice>[0], keys: Keys = merchant()) => {
  const made = notice(report, keys);
  assert.ok(made);
  return inner(made, 'originChannelCallBack');
};

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

// ── notices ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The order of section 6.2, written out. */
function signedText(origin: ReturnType<typeof callback>): string {
  const order = [
    'cmd',
    'bt_id',
    'msisdn',
    'operator',
    'paytype',
    'price',
    'productid',
    'status',
    't_id',
    'currency',
    'interfacetype',
  ];
  return order.map((name) => `${name}=${String(origin.get(name))}`).join('&');
}

/** The callback of a sample, as BluePay's adapter keeps it. */
function kept(sample: string): Record<string, string> {
  const origin = inner(members(sample), 'originChannelCallBack');
  return Object.fromEntries([...origin].map(([name, value]) => [`bluepay.${name}`, String(value)]));
}

test("the document's sample notices are written, byte for byte", () => {
  const payment = notice({ ...paidPayment, channelExtras: kept(bodyOf(notices, 0)) });
  const payout = notice({ ...paidPayout, channelExtras: kept(bodyOf(notices, 1)) });
  assert.ok(payment && payout);
  assert.deepEqual(
    [writeJson(payment), writeJson(payout)],
    notices.map(({ body = '' }) => compact(body)),
  );
});

test("BluePay's callback is given on; with our number in t_id it is signed anew", () => {
  const channelExtras = { ...kept(bodyOf(notices, 1)), 'bluepay.t_id': 'f'.repeat(32), 'bluepay.indomog': '7' };
  const keys = merchant({}, { apiKey: [apiSecret], productKey: [productKey] });
  const origin = callback({ ...paidPayout, channelExtras }, keys);
  assert.equal(origin.get('t_id'), loanNo);
  assert.equal(origin.get('bt_id'), '2257042141550283650288kdPmZk');
  assert.equal(origin.get('encrypt'), md5(signedText(origin)));
  assert.equal(origin.get('indomog'), '7');
  assert.equal(callback({ ...paidPayout, channelExtras }, keysOf('@ctx', {})).get('encrypt'), '');
});

test('a callback that tells another state than the order is not shown', () => {
  const early = { ...kept(bodyOf(notices, 1)), 'bluepay.status': '201', 'bluepay.cmd': 'CHG' };
  const origin = callback({ ...paidPayout, channelExtras: early });
  assert.deepEqual([origin.get('status'), origin.get('cmd')], ['200', 'CFM']);
  assert.equal(origin.get('bt_id'), '2257042141550283650288kdPmZk');
});

test('a notice about another channel has the same twelve members, all strings, and a number that never changes', () => {
  const origin = callback(paidPayment);
  const sample = inner(members(bodyOf(notices, 0)), 'originChannelCallBack');
  assert.deepEqual([...origin.keys()], [...sample.keys()]);
  for (const [name, value] of origin) assert.equal(typeof value, 'string', name);
  const made = { ...samplePayment, state: 'paid' as const, channelNo: 'wallet-77' };
  const number = callback(made).get('bt_id');
  assert.match(String(number), /^2257[0-9]{5}1[0-9]{12}[A-Za-z]{6}$/);
  assert.equal(callback({ ...made, finishedAt: 1, createdAt: 2, state: 'failed' }).get('bt_id'), number);
  assert.notEqual(callback({ ...made, platformNo: loanNo }).get('bt_id'), number);
  assert.equal(callback({ ...paidPayment, method: 'store-code' }).get('operator'), 'otc');
  assert.equal(callback(paidPayout).get('interfacetype'), 'cashout');
});

test('failures are told with the number of the channel', () => {
  const told = notice({ ...samplePayout, state: 'failed', reason: { code: '646', text: '' } });
  assert.equal(told?.get('tradeMsg'), '失败,请查阅bluepay回调错误码:646');
  assert.equal(told?.get('tradeStatus'), 'fail');
  for (const state of ['failed', 'closed', 'reversed'] as const) {
    assert.equal(notice({ ...samplePayment, state })?.get('tradeStatus'), 'fail');
    assert.notEqual(callback({ ...samplePayment, state }).get('status'), '200');
  }
  assert.equal(notice(paidPayment)?.get('tradeMsg'), '交易成功');
});

const awkward = [
  '{}',
  '{"p1":"v1"}',
  '{ "b" : 1.0 , "a":1e400,\n\t"n":12345678901234567890, "u":"\\u00e9\\/" }',
  '{"z":1,"a":[1,  2],"深":{"ü":null}}',
  '{"e":"\\"passBack\\":null"}',
];

test('passBack goes back as the bytes it came in, through freezing and sending', async () => {
  for (const passBack of awkward) {
    const body = gatherBody.replace('"notifyType"', () => `"passBack":${passBack},"notifyType"`);
    const said = await ask(posting(body));
    assert.ok(said.asked && 'method' in said.asked);
    assert.equal(said.asked.extras['passBack'], passBack);
    const frozen = freeze(world, unified, merchant(), { ...paidPayment, extras: said.asked.extras });
    assert.ok(frozen?.includes(`"passBack":${passBack},"originChannelCallBack"`), passBack);
    const sent: string[] = [];
    const catching = {
      ...world,
      send: (request: { readonly body: Uint8Array }) => {
        sent.push(textOf(request.body));
        return Promise.resolve({ kind: 'NOT_SENT' as const, why: '' });
      },
    };
    const letter = { id: 'n1', url: 'http://m/cb', body: frozen ?? '', webhookSecret: 'whsec_AAAA' };
    await deliver(catching, unified, merchant(), letter);
    assert.deepEqual(sent, [frozen]);
  }
  assert.equal(notice(paidPayment)?.get('passBack'), null);
});

test('any object given as passBack comes back byte for byte', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
      fc.integer({ min: 0, max: 3 }),
      (value, indent) => {
        const source = JSON.stringify(value, null, indent);
        const forbidden = /__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/i.test(source);
        fc.pre(!forbidden);
        const body = gatherBody.replace('"notifyType"', () => `"passBack":${source},"notifyType"`);
        const told = notice({ ...paidPayment, extras: readGather(body).extras });
        assert.ok(told);
        assert.ok(writeJson(told).includes(`"passBack":${source},`));
      },
    ),
  );
});

test('our client reads what our server tells, when its signature fits', () => {
  const keys = merchant();
  for (const report of [
    paidPayment,
    paidPayout,
    { ...samplePayout, state: 'returned' as const },
    { ...samplePayment, state: 'failed' as const },
  ]) {
    const sending = sceneWith(keys, { url: 'http://gw/listen/9?x=1' });
    const made = unified.writeNotice(report, sending);
    assert.ok(made);
    const wire = { ...unified.notice.seal(made, sending), target: '/listen/9?x=1' };
    const read = unified.readNotice(unified.notice.open(wire, sending), sending);
    assert.ok(read.kind !== 'refund');
    assert.equal(read.kind, report.kind);
    assert.equal(read.state, report.state);
    assert.equal(read.orderNo, report.orderNo);
    assert.equal(read.platformNo, report.platformNo);
    assert.deepEqual(read.amount, report.amount);
    for (let i = 0; i < wire.body.length; i += 7) {
      const body = Uint8Array.from(wire.body);
      body[i] = (body[i] ?? 0) ^ 1;
      assert.throws(() => unified.notice.open({ ...wire, body }, sending), Refusal);
    }
    const late = sceneWith(keys, { at: moment + 301_000 });
    assert.equal(refusalOf(() => unified.notice.open(wire, late)).code, 'unauthenticated');
    assert.equal(
      refusalOf(() => unified.notice.open({ ...wire, target: '/listen/8?x=1' }, sending)).code,
      'unauthenticated',
    );
  }
});

test('a notice without our headers is believed only for the callback that is signed inside', () => {
  const keys = merchant({}, { apiKey: [apiSecret], productKey: [productKey] });
  const made = notice(paidPayout, keys);
  assert.ok(made);
  const opening = (text: string, from: Keys = keys) =>
    unified.notice.open(posting(text, { target: '/listen/9', headers: [] }), sceneWith(from));
  const read = (text: string) => unified.readNotice(opening(text), sceneWith(keys));
  const text = writeJson(made);
  assert.deepEqual([read(text).state, read(text).orderNo], ['paid', null]);
  assert.equal(refusalOf(() => opening(text, merchant())).code, 'unauthenticated');
  for (const [name, value] of [
    ['status', '600'],
    ['price', '1'],
    ['t_id', 'x'],
    ['interfacetype', 'bank'],
    ['encrypt', ''],
  ] as const)
    assert.equal(
      refusalOf(() => opening(changed(text, { [`originChannelCallBack.${name}`]: value }))).code,
      'unauthenticated',
    );
  assert.equal(refusalOf(() => read(changed(text, { tradeStatus: 'fail' }))).detail.field, 'tradeStatus');
  assert.equal(refusalOf(() => read(changed(text, { transactionCode: gatherNo }))).detail.field, 'transactionCode');
});

test('keys, settings and confidential members are data that fits itself', () => {
  for (const { name, pattern, default: value } of unified.settings)
    if (value !== null) assert.match(value, pattern, name);
  assert.ok(unified.keys.find(({ name }) => name === 'apiKey')?.pattern?.test(apiSecret));
  for (const short of ['', ' ', 'a'])
    assert.equal(unified.keys.find(({ name }) => name === 'apiKey')?.pattern?.test(short), false);
  for (const name of ['x-api-key', 'x-signature', 'payeeAccount', 'encrypt'])
    assert.ok(unified.confidential.includes(name));
});
