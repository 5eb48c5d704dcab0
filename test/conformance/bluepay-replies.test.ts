/** bluepay: replies, callbacks, acknowledgements, numbers and refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { money } from '../../src/core/money.ts';
import { type RefusalCode, Refusal } from '../../src/core/refusal.ts';
import { statuses } from '../../src/protocols/bluepay/codes.ts';
import { bluepay } from '../../src/protocols/bluepay/protocol.ts';
import { fields, writeJson } from '../../src/protocols/json.ts';
import { opened } from '../../src/protocols/protocol.ts';
import {
  gatherNo,
  getting,
  loanNo,
  moment,
  product,
  refusalOf,
  replying,
  samplePayment,
  samplePayout,
  sceneWith,
  textOf,
} from './unified-party.ts';

import {
  callbacks,
  create,
  judged,
  listen,
  paidText,
  payoutText,
  queryTransDetail,
  queryTransfer,
  replies,
  rows,
  signed,
  transfer,
} from './bluepay-samples.ts';

// ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('sample replies are read', () => {
  for (const { endpoint = '', body = '' } of replies)
    assert.equal(judged(endpoint as keyof typeof rows, body).verdict.kind, 'answered', endpoint);
  const created = judged('create', replies[0]?.['body'] ?? '');
  const report = create.answer.read(created.reply, created.scene);
  assert.equal(report.instruction.payCode, '8359190216393465');
  assert.deepEqual([report.orderNo, report.state], [gatherNo, 'pending']);
  assert.equal(report.expiresAt, moment + 86_400_000);
  assert.equal(report.extras['bluepay.vaFee'], '0');
  const sent = judged('transfer', replies[1]?.['body'] ?? '');
  assert.equal(transfer.answer.read(sent.reply, sent.scene).state, 'pending');
  const out = judged('queryTransfer', replies[2]?.['body'] ?? '');
  const payout = queryTransfer.answer.read(out.reply, out.scene);
  assert.deepEqual([payout.state, payout.orderNo], ['paid', loanNo]);
  assert.equal(payout.finishedAt, Date.parse('2019-02-16T02:21:34Z'));
  const inn = judged('queryTransDetail', replies[3]?.['body'] ?? '');
  const payment = queryTransDetail.answer.read(inn.reply, inn.scene);
  assert.deepEqual(payment.paid, money(20_000n, 'IDR'));
  assert.equal(payment.finishedAt, Date.parse('2019-02-16T02:14:28Z'));
  assert.equal(payment.platformNo, '2257042521550283190351SmBwdU');
});

test('sample replies are written, byte for byte', () => {
  const scene = sceneWith(product());
  const at = { ...samplePayment, orderNo: gatherNo, platformNo: '2257042521550283190351SmBwdU' };
  const paidAt = (time: string) => ({ state: 'paid' as const, finishedAt: Date.parse(time) });
  const written = [
    create.answer.write({ ...at, extras: {} }, scene),
    transfer.answer.write({ ...samplePayout, orderNo: loanNo }, scene),
    queryTransfer.answer.write({ ...samplePayout, ...paidAt('2019-02-16T02:21:34Z'), orderNo: loanNo }, scene),
    queryTransDetail.answer.write({ ...at, ...paidAt('2019-02-16T02:14:28Z'), extras: {} }, scene),
  ].map((members) => textOf(bluepay.reply.seal(members, scene).body));
  assert.deepEqual(
    written,
    replies.map(({ body }) => body),
  );
});

test('numbers may be numbers or texts, and result an object or JSON text', () => {
  const loose: readonly (readonly [keyof typeof rows, string])[] = [
    ['create', '{"status":"201","payment_code":8359190216393465}'],
    ['create', '{"status":201,"data":{"paymentCode":"8359190216393465"}}'],
    ['transfer', `{"transactionId":"${loanNo}","code":200,"transferStatus":201}`],
    ['queryTransfer', `{"transactionId":"${loanNo}","code":200,"transferStatus":200}`],
    ['queryTransDetail', '{"status":"200","result":"{\\"record_status\\":200,\\"price\\":20000}"}'],
  ];
  for (const [name, body] of loose) assert.equal(judged(name, body).verdict.kind, 'answered', body);
  const { reply, scene } = judged('create', loose[0]?.[1] ?? '');
  assert.equal(create.answer.read(reply, scene).instruction.payCode, '8359190216393465');
  const asText = queryTransDetail.answer.write(samplePayment, sceneWith(product({ resultForm: 'text' })));
  assert.equal(typeof asText.get('result'), 'string');
  const back = judged('queryTransDetail', writeJson(asText));
  assert.equal(queryTransDetail.answer.read(back.reply, back.scene).state, 'pending');
});

test('a reply that is not HTTP 200 and a JSON object says nothing about the order', () => {
  const scene = sceneWith(product(), { row: create });
  for (const [body, status] of [
    ['{"status":201}', 500],
    ['{"status":201}', 201],
    ['{"status":201}', 302],
    ['<html>', 200],
    ['', 200],
    ['[]', 200],
    ['{"status":201', 200],
    ['{"status":201,"status":400}', 200],
  ] as const)
    assert.equal(refusalOf(() => bluepay.reply.open(replying(body, status), scene)).code, 'outcome-unknown', body);
});

test('only documented checks before execution are a clear no', () => {
  const table: Readonly<Record<string, string>> = {
    '201': 'answered',
    '400': 'declined',
    '401': 'declined',
    '506': 'declined',
    '601': 'declined',
    '649': 'declined',
    '200': 'unknown',
    '404': 'unknown',
    '500': 'unknown',
    '501': 'unknown',
    '600': 'unknown',
    '646': 'unknown',
    '605': 'unknown',
    '777': 'unknown',
    '': 'unknown',
    constructor: 'unknown',
  };
  for (const [code, kind] of Object.entries(table)) {
    assert.equal(judged('create', `{"status":"${code}"}`).verdict.kind, kind, `create ${code}`);
    const body = `{"code":"${code === '201' ? '200' : code}","transferStatus":"${code}"}`;
    const expected = code === '200' ? 'answered' : kind;
    assert.equal(judged('transfer', body).verdict.kind, expected, `transfer ${code}`);
    if (code !== '201' && code !== '200')
      assert.equal(judged('transfer', `{"code":"200","transferStatus":"${code}"}`).verdict.kind, kind, code);
  }
  assert.equal(judged('create', '{}').verdict.kind, 'unknown');
  assert.equal(judged('transfer', '{"code":"201"}').verdict.kind, 'answered');
});

test('506 and 601 mean what the product says', () => {
  const text = (codeSet: string, code: string) => {
    const { verdict } = judged('create', `{"status":${code}}`, { codeSet });
    return verdict.kind === 'answered' ? '' : verdict.text;
  };
  assert.equal(text('fintech', '506'), 'IP address not allowed');
  assert.equal(text('general', '506'), 'black-listed');
  assert.equal(text('fintech', '601'), 'merchant reserve balance short');
  assert.equal(text('general', '601'), 'payer balance short');
  assert.equal(judged('create', '{"status":611}').verdict.kind, 'unknown');
  assert.equal(judged('create', '{"status":611}', { codeSet: 'general' }).verdict.kind, 'declined');
  for (const set of Object.values(statuses)) for (const row of Object.values(set)) assert.ok(row.text.length > 0);
});

test('a query says not found, unknown, or what became of the money', () => {
  const verdict = (name: keyof typeof rows, body: string) => judged(name, body).verdict.kind;
  assert.equal(verdict('queryTransfer', '{"code":404}'), 'not-found');
  assert.equal(verdict('queryTransfer', '{"code":"200","transferStatus":"404"}'), 'not-found');
  assert.equal(verdict('queryTransDetail', '{"status":404}'), 'not-found');
  assert.equal(verdict('queryTransDetail', '{"status":200,"result":{"record_status":"404"}}'), 'not-found');
  for (const body of ['{"status":500}', '{"status":200}', '{"status":200,"result":"{"}', '{"status":506}', '{}'])
    assert.equal(verdict('queryTransDetail', body), 'unknown', body);
  for (const body of ['{"code":500}', '{"code":"200"}', '{"code":401}'])
    assert.equal(verdict('queryTransfer', body), 'unknown', body);
  const states = {
    '200': 'paid',
    '201': 'pending',
    '500': 'unknown',
    '600': 'failed',
    '646': 'failed',
    '649': 'failed',
  };
  for (const [code, state] of Object.entries(states)) {
    const out = judged('queryTransfer', `{"code":"200","transferStatus":"${code}","transactionId":"${loanNo}"}`);
    assert.equal(queryTransfer.answer.read(out.reply, out.scene).state, state, code);
  }
});

test('the sandbox product compares no price', () => {
  const body = replies[3]?.['body'] ?? '';
  const { reply } = judged('queryTransDetail', body);
  const scene = sceneWith(product({ sandbox2257: 'true' }));
  assert.equal(queryTransDetail.answer.read(reply, scene).amount, null);
});

// ── callbacks ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('status and cmd give the state; everything but 200 and 201 is failure', () => {
  const state = (status: string, cmd: string, text = payoutText) =>
    listen(signed(text.replace('status=200', `status=${status}`).replace('cmd=CFM', `cmd=${cmd}`))).state;
  assert.equal(state('200', 'CFM'), 'paid');
  assert.equal(state('200', 'CHG'), 'pending');
  assert.equal(state('201', 'CFM'), 'pending');
  assert.equal(state('201', 'CHG'), 'pending');
  for (const status of ['202', '400', '500', '501', '600', '646', '999', '0'])
    assert.equal(state(status, 'CFM'), 'failed', status);
  const returned = payoutText.replace('interfacetype=cashout', 'interfacetype=refundcashout');
  for (const status of ['200', '201', '600']) assert.equal(state(status, 'CFM', returned), 'returned', status);
});

test('a callback reports number, amount and raw members, and keeps the raw status as reason', () => {
  const report = listen(signed(payoutText.replace('status=200', 'status=646')));
  assert.equal(report.kind, 'payout');
  assert.deepEqual(report.amount, money(20_000n, 'IDR'));
  assert.equal(report.orderNo, loanNo);
  assert.equal(report.platformNo, '2257042141550283650288kdPmZk');
  assert.equal(report.reason?.code, '646');
  assert.equal(report.extras['bluepay.operator'], 'ARTA GRAHA');
  assert.equal(Object.keys(report.extras).length, 11);
});

test('price and currency are given on for comparison; only the sandbox product leaves them out', () => {
  const thb = listen(signed(paidText));
  assert.ok(thb.kind === 'payment');
  assert.deepEqual(thb.paid, money(2_000_000n, 'THB'));
  const less = listen(signed(payoutText.replace('price=20000', 'price=19999')));
  assert.deepEqual(less.amount, money(19_999n, 'IDR'));
  const sandbox = listen(signed(paidText), product({ sandbox2257: 'true' }));
  assert.ok(sandbox.kind === 'payment');
  assert.deepEqual([sandbox.amount, sandbox.paid, sandbox.state], [null, null, 'paid']);
  for (const [from, to] of [
    ['currency=IDR', 'currency=XXX'],
    ['price=20000', 'price=2e4'],
    ['price=20000', 'price=0'],
    ['price=20000', 'price=-1'],
    ['price=20000', 'price='],
  ] as const)
    assert.equal(refusalOf(() => listen(signed(payoutText.replace(from, to)))).code, 'invalid-request', to);
});

test("an authentic callback of another product is refused, whatever it says ('account')", () => {
  const refusal = refusalOf(() => listen(signed(payoutText.replace('productid=2257', 'productid=2258'))));
  assert.deepEqual([refusal.code, refusal.detail.why], ['invalid-request', 'account']);
  assert.equal(refusalOf(() => listen(signed(payoutText.replace('=cashout', '=other')))).detail.field, 'interfacetype');
});

test('paytype and msisdn are free text', () => {
  for (const [from, to] of [
    ['paytype=pre', 'paytype=Pre'],
    ['paytype=pre', 'paytype=8359190216393465'],
    ['msisdn=62082197662283', 'msisdn=nomsisdn'],
    ['msisdn=62082197662283', 'msisdn=6282197662283'],
    ['&paytype=pre', ''],
  ] as const)
    assert.equal(listen(signed(payoutText.replace(from, to))).state, 'paid', to);
});

test('the twin writes the callbacks of the samples, in the documented order', () => {
  const payment = {
    ...samplePayment,
    orderNo: gatherNo,
    platformNo: '2257042521550283190351SmBwdU',
    state: 'paid' as const,
  };
  const payout = {
    ...samplePayout,
    orderNo: loanNo,
    platformNo: '2257042141550283650288kdPmZk',
    state: 'paid' as const,
  };
  const scene = sceneWith(product({ sandbox2257: 'true' }), { url: 'http://gw/listen/7' });
  const write = (report: typeof payment | typeof payout) => {
    const members = bluepay.writeNotice(report, scene);
    assert.ok(members);
    return bluepay.notice.seal(members, scene).target;
  };
  assert.equal(write({ ...payment, extras: {} }), `http://gw/listen/7?${callbacks[0]?.['query']}`);
  const phone = { ...payout.extras, msisdn: '62082197662283' };
  assert.equal(write({ ...payout, extras: phone }), `http://gw/listen/7?${callbacks[1]?.['query']}`);
  const slash = { ...phone, payeeBankName: 'BANK TABUNGAN PENSIUNAN NASIONAL/BTPN' };
  assert.equal(write({ ...payout, extras: slash }), `http://gw/listen/7?${callbacks[2]?.['query']}`);
});

test('what the twin calls back is what the gateway hears, in every state', () => {
  const keys = product();
  const hear = (report: Parameters<typeof bluepay.writeNotice>[0], url = 'http://gw/listen/7') => {
    const scene = sceneWith(keys, { url });
    const members = bluepay.writeNotice(report, scene);
    assert.ok(members);
    const wire = bluepay.notice.seal(members, scene);
    return bluepay.readNotice(bluepay.notice.open(getting(wire.target.slice('http://gw'.length)), scene), scene);
  };
  const payment = { ...samplePayment, platformNo: 'bt1' };
  const payout = { ...samplePayout, platformNo: 'bt2' };
  for (const [state, heard] of [
    ['paid', 'paid'],
    ['pending', 'pending'],
    ['unknown', 'pending'],
    ['failed', 'failed'],
    ['closed', 'failed'],
  ] as const) {
    assert.equal(hear({ ...payment, state }).state, heard);
    assert.equal(hear({ ...payout, state }).state, heard);
  }
  assert.equal(hear({ ...payout, state: 'returned' }).state, 'returned');
  assert.equal(hear({ ...payout, state: 'failed', reason: { code: '649', text: '' } }).reason?.code, '649');
  // An address with a query of its own: what the receiver sees is signed whole.
  assert.equal(hear({ ...payment, state: 'paid' }, 'http://gw/listen/7?token=a%20b').extras['bluepay.token'], 'a%20b');
});

// ── acknowledgements, numbers, refusals ─────────────────────────────────────────────────────────────────────────────

test('the acknowledgement is the word success with 200, and vaild_fail keeps its spelling', () => {
  assert.deepEqual([bluepay.ack.seal('taken').status, textOf(bluepay.ack.seal('taken').body)], [200, 'success']);
  assert.deepEqual([bluepay.ack.seal('forged').status, textOf(bluepay.ack.seal('forged').body)], [200, 'vaild_fail']);
  assert.equal(bluepay.ack.seal('again').status, 503);
  const done = (body: string, status = 200) => bluepay.ack.open(replying(body, status), product());
  assert.ok(done('success') && done(' success\n'));
  for (const body of ['', 'SUCCESS', 'vaild_fail', 'success!', '{"success":true}'])
    assert.equal(done(body), false, body);
  for (const status of [201, 204, 302, 401, 500, 503]) assert.equal(done('success', status), false, String(status));
});

test('numbers have their form and carry their home', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (home, bytes) => {
      const nonce = (count: number) => bytes.slice(0, count);
      const reference = bluepay.numbers.reference('payout', home, nonce, moment);
      assert.match(reference, /^[0-9a-f]{32}$/);
      assert.equal(bluepay.numbers.homeOf(reference), home);
      const own = bluepay.numbers.platformNo('payment', home, nonce, moment);
      assert.match(own, /^2257[0-9]{5}1550283190351[A-Za-z]{6}$/);
      assert.equal(bluepay.numbers.homeOf(own), home);
    }),
  );
  assert.equal(bluepay.numbers.homeOf('2257042521550283190351SmBwdU'), 42);
  assert.equal(bluepay.numbers.homeOf('hello'), null);
});

test('every refusal of the twin is read by the caller as what it is', () => {
  const expected: Readonly<Record<RefusalCode, readonly [create: string, transfer: string, query: string]>> = {
    'invalid-request': ['declined', 'declined', 'unknown'],
    unauthenticated: ['declined', 'declined', 'unknown'],
    forbidden: ['declined', 'declined', 'unknown'],
    'not-found': ['unknown', 'unknown', 'not-found'],
    conflict: ['unknown', 'unknown', 'unknown'],
    'limit-exceeded': ['declined', 'declined', 'unknown'],
    'insufficient-funds': ['declined', 'declined', 'unknown'],
    'channel-declined': ['declined', 'declined', 'unknown'],
    'channel-unavailable': ['unknown', 'unknown', 'unknown'],
    'outcome-unknown': ['unknown', 'answered', 'unknown'],
    busy: ['unknown', 'unknown', 'unknown'],
    internal: ['unknown', 'unknown', 'unknown'],
  };
  for (const [code, kinds] of Object.entries(expected) as [RefusalCode, readonly string[]][]) {
    const names = ['create', 'transfer', 'queryTransfer'] as const;
    for (const [i, name] of names.entries()) {
      const request = opened(fields({ transactionId: loanNo }));
      const scene = sceneWith(product(), { row: rows[name], request });
      const members = bluepay.refusals[code](new Refusal(code), { scene, endpoint: rows[name] });
      const reply = bluepay.reply.open(bluepay.reply.seal(members, scene), scene);
      assert.equal(bluepay.judge(reply, scene).kind, kinds[i], `${code} ${name}`);
    }
  }
  const scene = sceneWith(product());
  const chosen = bluepay.refusals['channel-declined'](new Refusal('channel-declined', { channelCode: '601' }), {
    scene,
    endpoint: transfer,
  });
  assert.deepEqual([chosen.get('code'), chosen.get('transferStatus')], ['601', '601']);
});

test('the retry ladder, limits and confidential members are data', () => {
  assert.deepEqual(bluepay.retry.gapsMs, [5_000, 30_000, 120_000, 600_000, 3_600_000]);
  assert.ok(bluepay.capabilities.every(({ currencies }) => currencies.length === 1 && currencies[0] === 'IDR'));
  for (const name of ['key', 'iv', 'data', 'encrypt', 'payeeAccount']) assert.ok(bluepay.confidential.includes(name));
  for (const { name, pattern, default: value } of bluepay.settings)
    if (value !== null) assert.match(value, pattern, name);
  assert.equal(bluepay.keys.find(({ name }) => name === 'key')?.pattern?.test(''), false);
  assert.ok(bluepay.request.signature.en.includes('create: unsigned'));
});
