/** unified: requests and replies of the document in both directions, and what is said for every outcome. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Answer, Pay, PaymentReport, PayOut, PayoutReport, ReportedState } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { type RefusalCode, Refusal } from '../../src/core/refusal.ts';
import { fields } from '../../src/protocols/json.ts';
import { type RequestWire, header, opened } from '../../src/protocols/protocol.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  apiSecret,
  compact,
  gatherNo,
  inner,
  loanNo,
  members,
  merchant,
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
  asSample,
  bodyOf,
  gather,
  gatherBody,
  loan,
  loanBody,
  open,
  paidPayment,
  paidPayout,
  query,
  queryBody,
  readGather,
  readLoan,
  replies,
  requests,
  to,
} from './unified-samples.ts';

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
