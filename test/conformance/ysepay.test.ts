/** ysepay: every message in both directions, replies cut out of adversarial bodies, words, numbers, signatures, refusals. */
import assert from 'node:assert/strict';
import { sign as rsaSign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgreementReport, Ask, CommandName, Pay, PaymentReport, RefundReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal, type RefusalCode } from '../../src/core/refusal.ts';
import { Obj, fields, parseJson, writeJson } from '../../src/protocols/json.ts';
import { opened, type RequestWire } from '../../src/protocols/protocol.ts';
import { blankPayment } from '../../src/protocols/reading.ts';
import { encodeText } from '../../src/protocols/ysepay/charset.ts';
import { stateOfRefund, stateOfTrade, subCodes } from '../../src/protocols/ysepay/codes.ts';
import { parseForm } from '../../src/protocols/ysepay/form.ts';
import { cutNode } from '../../src/protocols/ysepay/node-text.ts';
import { ysepay } from '../../src/protocols/ysepay/protocol.ts';
import { arrived, keysOf, moment, partnerId, replyOf, rowOf, sceneOf } from './ysepay-party.ts';

const platform = keysOf('platform');
const sm = { signType: 'SM', charset: 'GBK' };

function refusalOf(run: () => unknown, what = ''): Refusal {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail(`nothing was refused: ${what}`);
}

/** Sent by the merchant, opened and read by the platform. */
function carried<C extends CommandName>(name: string, command: C, ask: Ask<C>, settings = {}): Ask<C> {
  const row = rowOf(name, command);
  const merchant = sceneOf(keysOf('merchant', settings), row);
  const wire = arrived(ysepay.request.seal(row.ask.write(ask, merchant), merchant));
  assert.equal(ysepay.identify(wire)?.endpoint.name, name);
  assert.equal(ysepay.identify(wire)?.sender, partnerId);
  const scene = sceneOf(platform, row);
  return row.ask.read(ysepay.request.open(wire, scene), scene);
}

const payAsk: Pay = {
  orderNo: '20260102demo0001',
  amount: money(10_000n, 'CNY'),
  method: 'quick-pay',
  option: null,
  subject: '测试订单 a=b&c',
  payer: { name: null, phone: null, email: null, country: 'CN' },
  notify: { kind: 'http', url: 'https://mch.example.test/notify?a=1&charset=x' },
  returnUrl: null,
  expiresInS: 1800,
  authCode: null,
  agreementNo: 'K1001234567890123456',
  agreementUse: { userId: 'u-1', payeeNo: partnerId, expiry: '1230', cvv: '123', instalments: null },
  extras: {},
};

for (const [label, settings] of [
  ['RSA in UTF-8', {}],
  ['SM2 in GBK', sm],
] as const)
  test(`asks come through as they were meant: ${label}`, () => {
    const paid = carried('ysepay.trusteeship.fastPay', 'pay', payAsk, settings);
    const { extras, ...rest } = paid;
    assert.deepEqual({ ...rest, extras: {} }, payAsk);
    assert.equal(extras['sign_type'], 'signType' in settings ? 'SM' : 'RSA');
    assert.equal(extras['shopdate'], '20260102');

    const card = { number: '6228480402564890018', idNumber: '11010119900307001X', expiry: null, cvv: null };
    const signing: Ask<'sign-agreement'> = {
      orderNo: '20260102sign1',
      userId: 'u-1',
      payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
      card,
      payeeNo: partnerId,
      scope: 'any-payee',
      extras: {},
    };
    const signed = carried('ysepay.trusteeship.sign', 'sign-agreement', signing, settings);
    assert.deepEqual({ ...signed, extras: {} }, signing);

    const confirm = carried(
      'ysepay.trusteeship.fastPay.confirm',
      'confirm-payment',
      { orderNo: null, confirmNo: '2013102500025604', code: '101098', extras: {} },
      settings,
    );
    assert.deepEqual([confirm.confirmNo, confirm.code], ['2013102500025604', '101098']);

    const refund = carried(
      'ysepay.online.trade.refund',
      'refund',
      {
        refundNo: 'r-1',
        orderNo: '20260102x',
        platformNo: null,
        amount: money(1n, 'CNY'),
        reason: '退',
        notify: null,
        extras: {},
      },
      settings,
    );
    assert.deepEqual(
      [refund.refundNo, refund.orderNo, refund.amount.minor, refund.reason],
      ['r-1', '20260102x', 1n, '退'],
    );
    const find = { orderNo: null, platformNo: 'K1001234567890123456', refundNo: null, extras: {} };
    assert.equal(
      carried('ysepay.trusteeship.sign.cancel', 'cancel-agreement', find, settings).platformNo,
      find.platformNo,
    );
    assert.deepEqual(carried('ysepay.online.bill.downloadurl.get', 'get-statement', { day: '2026-01-01' }, settings), {
      day: '2026-01-01',
    });
  });

test('payment, query and refund name one day: that of the number, whenever each is sent', () => {
  const biz = <C extends CommandName>(name: string, command: C, ask: Ask<C>) => {
    const row = rowOf(name, command);
    const merchant = { ...sceneOf(keysOf('merchant'), row), moment: moment + 86_400_000 };
    const { body } = ysepay.request.seal(row.ask.write(ask, merchant), merchant);
    return JSON.parse(new URLSearchParams(Buffer.from(body).toString()).get('biz_content') ?? '{}');
  };
  const refunding = (orderNo: string) => ({
    refundNo: '20260103r',
    orderNo,
    platformNo: null,
    amount: money(1_205n, 'CNY'),
    reason: null,
    notify: null,
    extras: {},
  });
  const finding = { orderNo: payAsk.orderNo, platformNo: null, refundNo: null, extras: {} };
  assert.equal(biz('ysepay.trusteeship.fastPay', 'pay', payAsk).shopdate, '20260102');
  assert.equal(biz('ysepay.online.trade.query', 'query-payment', finding).shopdate, '20260102');
  const refund = biz('ysepay.online.trade.refund', 'refund', refunding(payAsk.orderNo));
  assert.deepEqual([refund.shopdate, refund.out_trade_no, refund.refund_amount], ['20260102', payAsk.orderNo, '12.05']);
  // Eight digits that are no day are no day: the payment says its own then.
  assert.equal(biz('ysepay.trusteeship.fastPay', 'pay', { ...payAsk, orderNo: '20261399a' }).shopdate, '20260103');
  assert.equal(biz('ysepay.online.trade.refund', 'refund', refunding('20261399a')).shopdate, undefined);
});

test('the CVV and the card are no part of what requests are compared by', () => {
  const row = rowOf('ysepay.trusteeship.fastPay', 'pay');
  const merchant = sceneOf(keysOf('merchant'), row);
  const wire = arrived(ysepay.request.seal(row.ask.write(payAsk, merchant), merchant));
  const message = ysepay.request.open(wire, sceneOf(platform, row));
  const biz = message.fields.get('biz_content');
  assert.ok(biz instanceof Obj && !biz.has('cardCvn2') && !biz.has('cardExprDt'));
  for (const [name] of message.fields) if (name.startsWith('card')) assert.ok(row.volatile.has(name));
});

test('where the payee is: province and city, both or neither', () => {
  const row = rowOf('ysepay.trusteeship.fastPay', 'pay');
  const merchant = sceneOf(keysOf('merchant'), row);
  const read = (place: Readonly<Record<string, string>>) => {
    const members = row.ask.write(payAsk, merchant);
    const biz = members.get('biz_content');
    assert.ok(biz instanceof Obj);
    for (const [name, value] of Object.entries(place)) biz.set(name, value);
    const scene = sceneOf(platform, row);
    return row.ask.read(ysepay.request.open(arrived(ysepay.request.seal(members, merchant)), scene), scene).orderNo;
  };
  for (const place of [{}, { province: '' }, { province: '广东', city: '深圳' }])
    assert.equal(read(place), payAsk.orderNo);
  assert.throws(() => read({ province: '广东' }), /city is required/);
  assert.throws(() => read({ city: '深圳', province: ' ' }), /province is required/);
});

function answered<T>(name: string, command: CommandName, write: T, settings = {}): { text: string; read: unknown } {
  const row = rowOf(name, command);
  const message = row.answer as {
    write(value: T, scene: ReturnType<typeof sceneOf>): Obj;
    read(reply: unknown, scene: unknown): unknown;
  };
  const request = opened(new Obj(), {
    charset: settings === sm ? 'GBK' : 'UTF-8',
    signType: settings === sm ? 'SM' : 'RSA',
  });
  const wire = ysepay.reply.seal(message.write(write, sceneOf(platform, row)), sceneOf(platform, row, request));
  const scene = sceneOf(keysOf('merchant', settings), row);
  const message2 = ysepay.reply.open(wire, scene);
  assert.equal(ysepay.judge(message2, scene).kind, 'answered');
  return { text: Buffer.from(wire.body).toString('latin1'), read: message.read(message2, scene) };
}

const report: PaymentReport = {
  ...blankPayment,
  orderNo: '20260102demo0001',
  platformNo: '202601021001234567890123456789',
  state: 'paid',
  amount: money(10_000n, 'CNY'),
  paid: money(10_000n, 'CNY'),
  finishedAt: moment,
};

test('the confirmation is answered in the order and form of vector C', () => {
  for (const settings of [{}, sm]) {
    const { text, read } = answered('ysepay.trusteeship.fastPay.confirm', 'confirm-payment', report, settings);
    const node =
      '{"code":"10000","msg":"Success","out_trade_no":"20260102demo0001","trade_status":"TRADE_SUCCESS","trade_no":"202601021001234567890123456789","total_amount":"100.00","account_date":"20260102"}';
    assert.match(text, /^\{"sign":"[A-Za-z0-9+/=]+","ysepay_trusteeship_fastPay_confirm_response":/);
    assert.ok(text.endsWith(`:${node}}`), text);
    assert.equal((read as PaymentReport).state, 'paid');
    assert.deepEqual((read as PaymentReport).paid, money(10_000n, 'CNY'));
  }
});

test('states of payments, refunds and agreements, as they are shown and as they are read', () => {
  const shown = (changes: Partial<PaymentReport>) => {
    const { text } = answered('ysepay.online.trade.query', 'query-payment', { ...report, ...changes });
    return /"trade_status":"([A-Z_]+)"/.exec(text)?.[1];
  };
  const refunds = (done: bigint) => ({ refunds: { done, pending: 0n, lastFailed: false } });
  assert.equal(shown({ state: 'pending' }), 'WAIT_BUYER_PAY');
  assert.equal(shown({ state: 'pending', reason: { code: 'confirming', text: '' } }), 'TRADE_PROCESS');
  assert.equal(shown({ state: 'unknown' }), 'TRADE_PROCESS');
  assert.equal(shown({ state: 'failed' }), 'TRADE_FAILD');
  assert.equal(shown({ state: 'closed' }), 'TRADE_CLOSED');
  assert.equal(shown(refunds(0n)), 'TRADE_SUCCESS');
  assert.equal(shown(refunds(1n)), 'TRADE_PART_REFUND');
  assert.equal(shown(refunds(10_000n)), 'TRADE_ALL_REFUND');

  const read: Readonly<Record<string, string>> = {
    WAIT_BUYER_PAY: 'pending',
    WAIT_SELLER_SEND_GOODS: 'pending',
    WAIT_BUYER_CONFIRM_GOODS: 'pending',
    TRADE_PROCESS: 'unknown',
    TRADE_ABNORMALITY: 'unknown',
    TRADE_SUCCESS: 'paid',
    TRADE_PART_REFUND: 'paid',
    TRADE_ALL_REFUND: 'paid',
    TRADE_CLOSED: 'closed',
    TRADE_FAILD: 'failed',
    TRADE_FAILED: 'failed',
    SOMETHING_NEW: 'unknown',
    toString: 'unknown',
  };
  for (const [word, state] of Object.entries(read)) assert.equal(stateOfTrade(word), state, word);
  const refundWords = {
    success: 'paid',
    in_process: 'pending',
    fail_to_manual_deal: 'pending',
    fail: 'failed',
    fail_due_manual_close: 'failed',
    other: 'unknown',
  };
  for (const [word, state] of Object.entries(refundWords)) assert.equal(stateOfRefund(word), state, word);
});

test('refunds and agreements come back as they were told', () => {
  const refund: RefundReport = {
    kind: 'refund',
    refundNo: 'r1',
    orderNo: '20260102demo0001',
    platformNo: '202601021001234567890123456789',
    platformRefundNo: '202601021001234567890123456780',
    state: 'pending',
    amount: money(250n, 'CNY'),
    paymentAmount: money(10_000n, 'CNY'),
    createdAt: null,
    finishedAt: null,
    reason: { code: 'fail_to_manual_deal', text: '' },
    extras: {},
    channelExtras: {},
  };
  const { text, read } = answered('ysepay.online.trade.refund.query', 'query-refund', refund);
  assert.match(text, /"refund_state":"fail_to_manual_deal","funds_state":"fail_to_manual_deal"/);
  assert.deepEqual([(read as RefundReport).state, (read as RefundReport).amount], ['pending', money(250n, 'CNY')]);
  const agreement: AgreementReport = {
    kind: 'agreement',
    orderNo: 'x1',
    agreementNo: 'K1001234567890123456',
    state: 'active',
    extras: {},
  };
  const confirmed = answered('ysepay.trusteeship.sign.confirm', 'confirm-agreement', agreement).read as AgreementReport;
  assert.deepEqual([confirmed.state, confirmed.agreementNo], ['active', 'K1001234567890123456']);
  const waiting = answered('ysepay.trusteeship.sign', 'sign-agreement', {
    ...agreement,
    state: 'wait-confirm' as const,
  });
  assert.ok(!waiting.text.includes('protocol_no'));
});

test('a notice is signed at sending, read by the other side, and only final states are told', () => {
  for (const signType of ['RSA', 'SM']) {
    const told = ysepay.writeNotice({ ...report, extras: { sign_type: signType } }, sceneOf(platform));
    assert.ok(told);
    const frozen = parseJson(writeJson(told));
    assert.ok(frozen instanceof Obj && !frozen.has('sign') && !frozen.has('notify_time'));
    const wire = arrived(ysepay.notice.seal(frozen, sceneOf(platform)));
    const merchant = sceneOf(keysOf('merchant'));
    const heard = ysepay.readNotice(ysepay.notice.open(wire, merchant), merchant);
    assert.deepEqual([heard.kind, heard.state, heard.amount], ['payment', 'paid', report.amount]);
    // Members nobody knows take part in the signature: one added on the way is a forgery.
    const added = { ...wire, body: Buffer.concat([wire.body, Buffer.from('&new=1')]) };
    assert.equal(refusalOf(() => ysepay.notice.open(added, merchant)).code, 'unauthenticated');
    const empty = { ...wire, body: Buffer.concat([wire.body, Buffer.from('&card_type=')]) };
    assert.equal(ysepay.notice.open(empty, merchant).fields.has('card_type'), false);
  }
  for (const state of ['pending', 'unknown'] as const)
    assert.equal(ysepay.writeNotice({ ...report, state }, sceneOf(platform)), null);
  for (const state of ['closed', 'failed', 'reversed'] as const)
    assert.equal(ysepay.writeNotice({ ...report, state }, sceneOf(platform))?.get('trade_status'), 'TRADE_CLOSED');
});

test('only the word success acknowledges, in any letters, with blanks around', () => {
  const open = (status: number, body: string) => ysepay.ack.open(replyOf(body, status), platform);
  for (const body of ['success', 'SUCCESS', ' Success\r\n']) assert.ok(open(200, body), body);
  for (const body of ['', 'ok', 'success!', '"success"', '{"success":true}', 'success success', 'fail'])
    assert.ok(!open(200, body), body);
  for (const status of [201, 204, 301, 302, 400, 500]) assert.ok(!open(status, 'success'), String(status));
});

// ── replies ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const queryRow = rowOf('ysepay.online.trade.query', 'query-payment');
const nodeName = 'ysepay_online_trade_query_response';

function platformSign(text: string | Uint8Array): string {
  const [key] = platform.keyObjects('privateKey');
  assert.ok(key);
  return rsaSign('RSA-SHA1', Buffer.from(text), key).toString('base64');
}

test('a reply is believed only when its very node is signed', () => {
  const scene = sceneOf(keysOf('merchant'), queryRow);
  const node = '{"code":"10000","msg":"Success","trade_status":"TRADE_SUCCESS","out_trade_no":"1"}';
  const good = `{"sign":"${platformSign(node)}","${nodeName}":${node}}`;
  assert.equal(ysepay.reply.open(replyOf(good), scene).fields.get('out_trade_no'), '1');
  const spaced = `{ "sign" : "${platformSign(node)}" ,\n "x":[1,{"a":"}"}], "${nodeName}" : ${node} }`;
  assert.equal(ysepay.reply.open(replyOf(spaced), scene).fields.get('out_trade_no'), '1');

  const lie = '{"code":"10000","msg":"Success","trade_status":"TRADE_SUCCESS","out_trade_no":"2"}';
  const bad: Readonly<Record<string, string>> = {
    'another node under the name': `{"sign":"${platformSign(node)}","${nodeName}":${lie}}`,
    'the signed node inside a string': `{"sign":"${platformSign(node)}","x":${JSON.stringify(`"${nodeName}":${node}`)},"${nodeName}":${lie}}`,
    'the signed node one level down': `{"sign":"${platformSign(node)}","x":{"${nodeName}":${node}},"${nodeName}":${lie}}`,
    'two nodes of the name': `{"sign":"${platformSign(node)}","${nodeName}":${node},"${nodeName}":${lie}}`,
    'the name spelt with an escape': `{"sign":"${platformSign(node)}","\\u0079${nodeName.slice(1)}":${node}}`,
    'no signature': `{"${nodeName}":${node}}`,
    'an empty signature': `{"sign":"","${nodeName}":${node}}`,
    'a list of signatures': `{"sign":["${platformSign(node)}"],"${nodeName}":${node}}`,
    'a signature with a blank': `{"sign":"${platformSign(node)} ","${nodeName}":${node}}`,
    'the node of another method': `{"sign":"${platformSign(node)}","ysepay_online_trade_close_response":${node}}`,
    'a node that is a string': `{"sign":"${platformSign(node)}","${nodeName}":${JSON.stringify(node)}}`,
    'blanks inside the node': `{"sign":"${platformSign(node)}","${nodeName}":${node.replace(',', ', ')}}`,
    'text behind the end': `${good}x`,
    'half of it': good.slice(0, -10),
    'a web page': '<html></html>',
    nothing: '',
  };
  for (const [what, body] of Object.entries(bad)) refusalOf(() => ysepay.reply.open(replyOf(body), scene), what);
});

test('GBK replies: a trail byte that looks like a backslash or a brace ends nothing', () => {
  const scene = sceneOf(keysOf('merchant', { charset: 'GBK' }), queryRow);
  // 81 5C, 81 7B, 81 7D: characters whose second byte is \, { and }.
  const odd = Buffer.from('815c817b817d', 'hex');
  const node = Buffer.concat([
    Buffer.from('{"code":"10000","trade_status":"TRADE_SUCCESS","x":"'),
    odd,
    Buffer.from('"}'),
  ]);
  const body = Buffer.concat([Buffer.from(`{"sign":"${platformSign(node)}","${nodeName}":`), node, Buffer.from('}')]);
  assert.equal(ysepay.reply.open(replyOf(body), scene).fields.get('code'), '10000');
  assert.deepEqual(Buffer.from(cutNode(body, nodeName, 'GBK') ?? []), node);
  const broken = Buffer.from(body);
  broken[body.indexOf(0x81)] = 0xff;
  refusalOf(() => ysepay.reply.open(replyOf(broken), scene));
});

test('property: the node that is cut out is the text the parser saw', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), fc.boolean(), (before, inside, isGbk) => {
      const charset = isGbk ? 'GBK' : 'UTF-8';
      const text = `{"a":${before},"${nodeName}":{"x":${inside}}}`;
      const bytes = encodeText(text, charset);
      if (bytes === null) return;
      const node = encodeText(`{"x":${inside}}`, charset);
      assert.deepEqual(Buffer.from(cutNode(bytes, nodeName, charset) ?? []), Buffer.from(node ?? []));
    }),
    { numRuns: 500 },
  );
});

test('verdicts: a clear no, not found, and everything else unknown', () => {
  const verdict = (command: CommandName, name: string, members: Readonly<Record<string, string>>, marks = {}) =>
    ysepay.judge(opened(fields(members), marks), sceneOf(platform, rowOf(name, command))).kind;
  const asked = (subCode: string) =>
    verdict('query-payment', 'ysepay.online.trade.query', { code: '40004', sub_code: subCode });
  const made = (subCode: string) => verdict('pay', 'ysepay.trusteeship.fastPay', { code: '40004', sub_code: subCode });
  const sorts = { no: 'declined', unknown: 'unknown', elsewhere: 'unknown', 'not-found': 'unknown' } as const;
  for (const [code, { sort }] of Object.entries(subCodes)) {
    assert.equal(made(code), sorts[sort], code);
    assert.equal(made(code.replace('ACQ.', 'ACQ_')), sorts[sort], code);
    assert.equal(asked(code), sort === 'not-found' ? 'not-found' : sorts[sort], code);
  }
  assert.equal(Object.keys(subCodes).length, 16);
  assert.equal(made('ACQ.SOMETHING_NEW'), 'unknown');
  assert.equal(verdict('pay', 'ysepay.trusteeship.fastPay', { code: '40004' }), 'unknown');
  assert.equal(verdict('pay', 'ysepay.trusteeship.fastPay', {}), 'unknown');
  assert.equal(verdict('pay', 'ysepay.trusteeship.fastPay', { code: '10000' }), 'answered');
  assert.equal(verdict('pay', 'ysepay.trusteeship.fastPay', { code: '10000' }, { status: '502' }), 'unknown');
  assert.equal(verdict('pay', 'ysepay.trusteeship.fastPay', { code: '10000' }, { node: 'unknow_response' }), 'unknown');
});

// ── requests that must not pass ─────────────────────────────────────────────────────────────────────────────────────

function sealed(members: Obj, settings = {}, keys = keysOf('merchant', settings)): RequestWire {
  return arrived(ysepay.request.seal(members, sceneOf(keys, queryRow)));
}

test('a key that is not there cannot be asked for: the algorithm is that of the stored key', () => {
  const wire = sealed(fields({ biz_content: fields({ out_trade_no: '1' }) }), sm);
  const open = (algorithms: string[]) =>
    ysepay.request.open(wire, sceneOf(keysOf('platform', {}, algorithms), queryRow));
  assert.equal(open(['RSA', 'SM']).marks['signType'], 'SM');
  assert.equal(open(['SM']).marks['charset'], 'GBK');
  assert.equal(refusalOf(() => open(['RSA'])).code, 'unauthenticated');
});

test('a proof counts only for the bytes it was made of', () => {
  const wire = sealed(fields({ biz_content: fields({ out_trade_no: '1' }) }), sm);
  const scene = sceneOf(platform, queryRow);
  const [check] = ysepay.request.costly?.(wire, platform) ?? [];
  assert.ok(check);
  assert.equal(
    refusalOf(() => ysepay.request.open(wire, { ...scene, proofs: [{ check, holds: false }] })).code,
    'unauthenticated',
  );
  const forged = {
    ...wire,
    body: Buffer.from(Buffer.from(wire.body).toString().replace('version=3.0', 'version=3.1')),
  };
  assert.equal(
    refusalOf(() => ysepay.request.open(forged, { ...scene, proofs: [{ check, holds: true }] })).code,
    'unauthenticated',
  );
  assert.deepEqual(ysepay.request.costly?.(sealed(fields({ biz_content: new Obj() })), platform), []);
});

test('two forms with one signed text do not both pass: a member inside another is refused, addresses aside', () => {
  const open = (wire: RequestWire) => ysepay.request.open(wire, sceneOf(platform, queryRow));
  const plain = sealed(fields({ notify_url: 'http://m.test/n?a=1&version=9', biz_content: fields({ a: 'x' }) }));
  assert.equal(open(plain).fields.get('notify_url'), 'http://m.test/n?a=1&version=9');
  for (const value of ['x&charset=GBK', 'a&notify_url=http://evil.test']) {
    const refusal = refusalOf(() => open(sealed(fields({ biz_content: fields({ a: value }) }))));
    assert.equal(refusal.detail.field, 'biz_content');
  }
});

test('property: a re-split of a signed form is never accepted as another content', () => {
  const scene = sceneOf(platform, queryRow);
  const wire = sealed(fields({ notify_url: 'http://m.test/', biz_content: fields({ out_trade_no: 'A1' }) }));
  const genuine = writeJson(ysepay.request.open(wire, scene).fields);
  const form = parseForm(wire.body) ?? [];
  fc.assert(
    fc.property(fc.nat(form.length - 2), fc.nat(3), (at, how) => {
      const texts = form.map(({ name, value }) => [name, Buffer.from(value).toString()] as const);
      const [name, value] = texts[at] ?? ['', ''];
      const next = texts[at + 1];
      const merged = next ? `${value}&${next[0]}=${next[1]}` : value;
      const changed = texts.flatMap(([n, v], index) => {
        if (index === at)
          return how === 0
            ? [[n, merged] as const]
            : how === 1
              ? [[n, v.slice(0, -1)] as const]
              : [[n, ` ${v}`] as const];
        return how === 0 && index === at + 1 ? [] : [[n, v] as const];
      });
      if (name === 'sign') return;
      const body = Buffer.from(new URLSearchParams(changed as [string, string][]).toString());
      try {
        assert.equal(writeJson(ysepay.request.open({ ...wire, body }, scene).fields), genuine);
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('members are strict: amounts, days, numbers, codes, times', () => {
  const open = (members: Readonly<Record<string, unknown>>) => {
    const row = rowOf('ysepay.trusteeship.fastPay', 'pay');
    const merchant = sceneOf(keysOf('merchant'), row);
    const written = row.ask.write(payAsk, merchant);
    const biz = written.get('biz_content');
    assert.ok(biz instanceof Obj);
    const text = parseJson(JSON.stringify(members));
    assert.ok(text instanceof Obj);
    for (const [name, value] of text) biz.set(name, value);
    const scene = sceneOf(platform, row);
    return row.ask.read(ysepay.request.open(arrived(ysepay.request.seal(written, merchant)), scene), scene);
  };
  const bad: readonly [string, readonly unknown[]][] = [
    ['total_amount', ['0', '0.00', '-1', '+1', '1e3', '1.001', '０.01', ' 1', '1 ', '', null, [], {}, true, '01.00']],
    ['out_trade_no', ['', 'a b', 'é', 'x'.repeat(33), 'a/b', null, 5, []]],
    ['shopdate', ['20260230', '2026-01-02', '1', null]],
    ['timeout_express', ['0m', '16d', '1y', '30', '1.5h', '21601m', 30]],
    ['currency', ['USD', 'cny']],
    ['subject', ['', 'x'.repeat(251), 'a\u0007']],
    ['user_id', ['', 'x'.repeat(26)]],
    ['cardCvn2', ['123', 'AAAA', '22q4CBad9uB=']],
  ];
  for (const [name, values] of bad)
    for (const value of values) {
      const refusal = refusalOf(() => open({ [name]: value }), `${name} ${JSON.stringify(value)}`);
      assert.equal(refusal.detail.field, name, `${name} ${JSON.stringify(value)}`);
    }
  assert.equal(refusalOf(() => open({ total_amount: '100000000.01' })).code, 'limit-exceeded');
  assert.equal(open({ total_amount: '100000000.00' }).amount.minor, 10_000_000_000n);
  for (const value of ['0.01', '0.1', '1']) assert.ok(open({ total_amount: value }).amount.minor > 0n);
  assert.equal(open({ timeout_express: '15d' }).expiresInS, 15 * 86_400);
});

test('the day rule is a switch; the window of time stamps is a setting', () => {
  const row = rowOf('ysepay.trusteeship.fastPay', 'pay');
  const open = (orderNo: string, settings = {}, sentAt = moment) => {
    const merchant = { ...sceneOf(keysOf('merchant'), row), moment: sentAt };
    const wire = arrived(ysepay.request.seal(row.ask.write({ ...payAsk, orderNo }, merchant), merchant));
    const scene = sceneOf(keysOf('platform', settings), row);
    return row.ask.read(ysepay.request.open(wire, scene), scene).orderNo;
  };
  assert.equal(open('JY_2021x'), 'JY_2021x');
  for (const day of ['20260101', '20260102', '20260103']) assert.ok(open(`${day}x`, { dateRule: 'on' }));
  for (const day of ['20251231', '20260104', 'JY_2021x']) refusalOf(() => open(`${day}x`, { dateRule: 'on' }));
  const minute = 60_000;
  for (const shift of [-10, 10]) assert.ok(open('a', {}, moment + shift * minute));
  for (const shift of [-10, 10]) refusalOf(() => open('a', {}, moment + shift * minute + shift * 100));
  assert.ok(open('a', { windowS: '86400' }, moment - 1000 * minute));
});

test('every refusal has a sub_code of the table, a short text and a signature', () => {
  const request = opened(fields({ biz_content: fields({ out_trade_no: 'o1' }) }), {
    charset: 'UTF-8',
    signType: 'RSA',
  });
  const scene = sceneOf(platform, rowOf('ysepay.trusteeship.fastPay', 'pay'), request);
  const expected: Readonly<Record<RefusalCode, string>> = {
    'invalid-request': 'ACQ.INVALID_PARAMETER',
    unauthenticated: 'ACQ.INVALID_PARAMETER',
    forbidden: 'ACQ.ACCESS_FORBIDDEN',
    'not-found': 'ACQ.QUERY_NO_RECORD',
    conflict: 'ACQ.CONTEXT_INCONSISTENT',
    'limit-exceeded': 'ACQ.TOTAL_FEE_EXCEED',
    'insufficient-funds': 'ACQ.TOTAL_FEE_EXCEED',
    'channel-declined': 'ACQ.INVALID_PARAMETER',
    'channel-unavailable': 'ACQ.SYSTEM_ERROR',
    'outcome-unknown': 'TRADE_PROCESS',
    busy: 'ACQ.SYSTEM_ERROR',
    internal: 'ACQ.SYSTEM_ERROR',
  };
  for (const [code, word] of Object.entries(expected) as [RefusalCode, string][]) {
    const refusal = new Refusal(code, { field: 'orderNo' });
    const wire = ysepay.reply.seal(ysepay.refusals[code](refusal, { scene, endpoint: scene.endpoint }), scene);
    const reply = ysepay.reply.open(wire, sceneOf(keysOf('merchant'), scene.endpoint));
    assert.equal(
      code === 'outcome-unknown' ? reply.fields.get('trade_status') : reply.fields.get('sub_code'),
      word,
      code,
    );
    assert.ok(JSON.stringify(reply.fields.get('sub_msg') ?? '').length <= 52);
  }
});

test('characters that GBK has not are escaped in a reply, and the reply still verifies', () => {
  const request = opened(new Obj(), { charset: 'GBK', signType: 'RSA' });
  const row = queryRow;
  const told = { ...report, state: 'closed' as const, reason: { code: 'x', text: '笑😀' } };
  const wire = ysepay.reply.seal(row.answer.write(told, sceneOf(platform, row)), sceneOf(platform, row, request));
  const scene = sceneOf(keysOf('merchant', { charset: 'GBK' }), row);
  assert.equal(row.answer.read(ysepay.reply.open(wire, scene), scene).reason?.text, '笑😀');
});

test('numbers carry their home and keep to their formats', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.uint8Array({ minLength: 64, maxLength: 64 }), (home, random) => {
      const nonce = (bytes: number) => random.subarray(0, bytes);
      for (const kind of ['payment', 'refund', 'agreement', 'payout', 'desk'] as const) {
        const platformNo = ysepay.numbers.platformNo(kind, home, nonce, moment);
        const reference = ysepay.numbers.reference(kind, home, nonce, moment);
        assert.equal(ysepay.numbers.homeOf(platformNo), home);
        assert.equal(ysepay.numbers.homeOf(reference), home);
        assert.match(platformNo, kind === 'agreement' ? /^K\d{19}$/ : /^20260102\d{22}$/);
        assert.match(reference, /^20260102[0-9a-f]{24}$/);
      }
    }),
    { numRuns: 300 },
  );
  for (const other of ['', '1', 'K1', '20260102', `20260102${'9'.repeat(22)}`, 'x'.repeat(30)])
    assert.equal(ysepay.numbers.homeOf(other), null, other);
});
