/** unified: notices, as they are written for merchants and believed from upstreams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/core/refusal.ts';
import { deliver, freeze } from '../../src/edge/notify.ts';
import { writeJson } from '../../src/protocols/json.ts';
import { type Keys } from '../../src/protocols/protocol.ts';
import { scalarText } from '../../src/protocols/reading.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  apiSecret,
  changed,
  compact,
  gatherNo,
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
  samplePayment,
  samplePayout,
  sceneWith,
  textOf,
} from './unified-party.ts';
import { ask, world } from './unified-server.ts';

import {
  bodyOf,
  callback,
  gatherBody,
  kept,
  notice,
  notices,
  paidPayment,
  paidPayout,
  readGather,
  signedText,
} from './unified-samples.ts';

// ── notices ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
  assert.match(scalarText(number), /^2257[0-9]{5}1[0-9]{12}[A-Za-z]{6}$/);
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
    const letter = { id: 'n1', url: 'http://m/cb', body: frozen ?? '', webhookSecrets: ['whsec_AAAA'] };
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
