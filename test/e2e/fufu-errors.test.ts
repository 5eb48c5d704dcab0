/** fufu over a whole gateway: every error row, at its level, and nothing written or sent for any of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fufuSign, type Members, type Told, toldIn } from './fufu-party.ts';
import { type FufuScene, startFufu } from './fufu-scene.ts';
import { request } from './http.ts';

let t: FufuScene;
before(async () => {
  t = await startFufu();
});
after(() => t.stop());

/** "result CODE" or "data CODE". */
function where(told: Told): string {
  return `${told.result === 'SUCCESS' ? 'data' : 'result'} ${told.code}`;
}

async function counts(): Promise<string> {
  const rows = await t.database.owner.run<{ n: bigint }>({
    text: `select (select count(*) from kanal.payments) + (select count(*) from kanal.refunds) as n`,
    values: [],
  });
  return `${rows[0]?.n ?? ''}/${(await t.bank.requests()).length}`;
}

test('bad members of /order: the level, the code, nothing done', async () => {
  const before = await counts();
  const rows: readonly [string, Members][] = [
    ['result ILLEGAL_PARAMETER', { total_fee: undefined }],
    ['result ILLEGAL_PARAMETER', { total_fee: '1 00' }],
    ['result ILLEGAL_PARAMETER', { total_fee: '1.00' }],
    ['result ILLEGAL_PARAMETER', { total_fee: '+1' }],
    ['result ILLEGAL_PARAMETER', { total_fee: '1e3' }],
    ['result ILLEGAL_PARAMETER', { total_fee: '１００' }],
    ['result ILLEGAL_PARAMETER', { total_fee: '01' }],
    ['result ILLEGAL_PARAMETER', { total_fee: ['1'] }],
    ['result ILLEGAL_PARAMETER', { total_fee: true }],
    ['result ILLEGAL_PARAMETER', { total_fee: 1.5 }],
    ['data AMT_ERROR', { total_fee: '0' }],
    ['data AMT_ERROR', { total_fee: 0 }],
    ['data AMT_ERROR', { total_fee: '-1' }],
    ['data AMT_ERROR', { total_fee: '1000000000000' }],
    ['result ILLEGAL_PARAMETER', { fee_type: 'CHY' }],
    ['result ILLEGAL_PARAMETER', { fee_type: 'USD' }],
    ['result ILLEGAL_PARAMETER', { channel_type: undefined }],
    ['result ILLEGAL_PARAMETER', { channel_type: '9' }],
    ['result ILLEGAL_PARAMETER', { channel_type: '3' }],
    ['result ILLEGAL_PARAMETER', { auth_code: undefined }],
    ['result ILLEGAL_PARAMETER', { auth_code: '123' }],
    ['result ILLEGAL_PARAMETER', { auth_code: '888888888888888888' }],
    ['data INVALID_CONTRACT', { auth_code: '134567890123456789' }],
    ['data INVALID_CONTRACT', { channel_type: '0', auth_code: '511234567890123456' }],
    ['data INVALID_CONTRACT', { channel_type: '0', auth_code: '6212345678901234567' }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: undefined }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: '' }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: 'A B' }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: 'Ａ１' }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: 'x'.repeat(65) }],
    ['result ILLEGAL_PARAMETER', { out_trade_no: "a'or'1" }],
    ['result ILLEGAL_PARAMETER', { pay_subject: undefined }],
    ['result ILLEGAL_PARAMETER', { pay_subject: ' ' }],
    ['result ILLEGAL_PARAMETER', { pay_subject: 'x'.repeat(101) }],
    ['result ILLEGAL_PARAMETER', { operator_id: 'a b' }],
    ['result ILLEGAL_PARAMETER', { merchant_param: 'x'.repeat(128) }],
    ['result ILLEGAL_PARAMETER', { time_zone: 'Nowhere/Land' }],
    ['result ILLEGAL_PARAMETER', { busi_id: '' }],
    ['result ILLEGAL_PARAMETER', { busi_id: 5 }],
  ];
  for (const [should, changes] of rows)
    assert.equal(where(await t.shop.order(t.fresh(), changes)), should, JSON.stringify(changes));
  assert.equal(await counts(), before);
});

test('bad members of /preOrder', async () => {
  const before = await counts();
  const rows: readonly [string, Members][] = [
    ['result ILLEGAL_PARAMETER', { trade_type: 'APP' }],
    ['result ILLEGAL_PARAMETER', { trade_type: 'JSAPI', channel_type: '1' }],
    ['result ILLEGAL_PARAMETER', { time_expire: '0' }],
    ['result ILLEGAL_PARAMETER', { time_expire: '1441' }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: 'ftp://x.test/' }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: 'http://x.test/#a' }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: 'http://x.test/?sign=1' }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: 'http://x.test/ y' }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: `http://x.test/${'y'.repeat(1020)}` }],
    ['result ILLEGAL_PARAMETER', { notifyUrl: 'http://10.0.0.1/' }],
    ['data AMT_ERROR', { total_fee: '0' }],
  ];
  for (const [should, changes] of rows)
    assert.equal(where(await t.shop.preOrder(t.fresh(), changes)), should, JSON.stringify(changes));
  assert.equal(await counts(), before);
});

test('bad members of the others', async () => {
  const no = t.fresh();
  await t.shop.order(no);
  const before = await counts();
  const rows: readonly [string, Promise<Told>][] = [
    ['result ILLEGAL_PARAMETER', t.shop.ask('query', {})],
    ['data CHARGE_NONEXISTENT', t.shop.query('NOSUCH')],
    ['data CHARGE_NONEXISTENT', t.other.query(no)],
    ['data CHARGE_NONEXISTENT', t.shop.ask('query', { trade_no: '20260101000000000000' })],
    ['data CHARGE_NONEXISTENT', t.shop.ask('query', { trade_no: 'x' })],
    ['result ILLEGAL_PARAMETER', t.shop.ask('cancel', { out_trade_no: no })],
    ['result ILLEGAL_PARAMETER', t.shop.end('cancel', no, { operator_id: undefined })],
    ['result ILLEGAL_PARAMETER', t.shop.end('close', no, { terminal_id: '' })],
    ['result ILLEGAL_PARAMETER', t.shop.ask('refundQuery', { operator_id: 'a', terminal_id: 'b' })],
    ['data CHARGE_NONEXISTENT', t.shop.refundQuery('NOSUCH')],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, '', '1')],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '1', { out_trade_no: undefined })],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '1', { refund_subject: undefined })],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '1', { operator_id: undefined })],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '1', { fee_type: 'CHY' })],
    ['data ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '1', { fee_type: 'HKD' })],
    ['result ILLEGAL_PARAMETER', t.shop.refund(no, t.fresh(), '0.5')],
    ['data AMT_ERROR', t.shop.refund(no, t.fresh(), '0')],
    ['data AMT_ERROR', t.shop.refund(no, t.fresh(), '251')],
    ['data CHARGE_NONEXISTENT', t.shop.refund('NOSUCH', t.fresh(), '1')],
    ['data CHARGE_NONEXISTENT', t.other.refund(no, t.fresh(), '1')],
  ];
  for (const [at, [should, asked]] of rows.entries()) assert.equal(where(await asked), should, `row ${at}`);
  const open = t.fresh();
  await t.shop.preOrder(open);
  assert.equal(where(await t.shop.refund(open, t.fresh(), '1')), 'data ILLEGAL_PARAMETER');
  const [rowsBefore] = before.split('/');
  const [rowsAfter] = (await counts()).split('/');
  assert.equal(Number(rowsAfter), Number(rowsBefore) + 1);
});

test('both numbers, naming different orders, name none', async () => {
  const [one, two] = [t.fresh(), t.fresh()];
  const first = await t.shop.order(one);
  await t.shop.order(two);
  const asked = await t.shop.ask('query', { out_trade_no: two, trade_no: first.data['trade_no'] });
  assert.equal(where(asked), 'data CHARGE_NONEXISTENT');
});

test('who speaks, and with which sign', async () => {
  const before = await counts();
  const body = JSON.stringify({ busi_id: t.shop.busiId, out_trade_no: 'X' });
  const stranger = JSON.stringify({ busi_id: '999', out_trade_no: 'X' });
  const good = fufuSign(body, t.shop.key);
  const rows: readonly [string, string, string | Uint8Array, string][] = [
    ['unknown merchant', 'result UNREGISTERED_BUSI', stranger, `?sign=${fufuSign(stranger, t.shop.key)}`],
    ['no sign', 'result INVALID_SIGN', body, ''],
    ['empty sign', 'result INVALID_SIGN', body, '?sign='],
    ['twice', 'result INVALID_SIGN', body, `?sign=${good}&sign=${good}`],
    ['another key', 'result INVALID_SIGN', body, `?sign=${fufuSign(body, t.other.key)}`],
    ['another body', 'result INVALID_SIGN', body, `?sign=${fufuSign(`${body} x`, t.shop.key)}`],
    ['no key', 'result INVALID_SIGN', body, `?sign=${fufuSign(body, '')}`],
    ['short stamp', 'result INVALID_SIGN', body, `?sign=${fufuSign(body, t.shop.key, '170000000')}`],
    ['no JSON', 'result ILLEGAL_PARAMETER', 'x', '?sign='],
    ['an array', 'result ILLEGAL_PARAMETER', '[]', '?sign='],
    ['no merchant', 'result ILLEGAL_PARAMETER', '{}', `?sign=${fufuSign('{}', t.shop.key)}`],
    ['nothing', 'result ILLEGAL_PARAMETER', '', '?sign='],
    ['a key twice', 'result ILLEGAL_PARAMETER', body.replace('{', '{"busi_id":"1",'), `?sign=${good}`],
  ];
  for (const [name, should, bytes, query] of rows) {
    const answer = await t.shop.raw('query', bytes, query);
    assert.equal(answer.status, 200, name);
    assert.match(String(answer.headers['content-type']), /application\/json/, name);
    assert.equal(where(toldIn(answer)), should, name);
  }
  const upper = good.replace(/^[0-9a-f]+/, (hex) => hex.toUpperCase()).replace(':', '%3A');
  assert.equal(where(toldIn(await t.shop.raw('query', body, `?sign=${upper}`))), 'data CHARGE_NONEXISTENT');
  const pretty = JSON.stringify(JSON.parse(body), null, '\t').replaceAll('\n', '\r\n');
  assert.equal(where(toldIn(await t.shop.raw('query', pretty, `?sign=${good}`))), 'data CHARGE_NONEXISTENT');
  const get = await request('GET', `${t.url}/gateway/pay/query?sign=${good}`);
  assert.equal(where(toldIn(get)), 'result ILLEGAL_PARAMETER');
  const huge = await t.shop.raw('query', JSON.stringify({ busi_id: t.shop.busiId, x: 'y'.repeat(70_000) }));
  assert.equal(where(toldIn(huge)), 'result ILLEGAL_PARAMETER');
  assert.equal(await counts(), before);
});

test('a replay long after is harmless: the number is used', async () => {
  const no = t.fresh();
  const body = JSON.stringify({
    busi_id: t.shop.busiId,
    total_fee: 5,
    channel_type: 1,
    auth_code: '288886863488188613',
    pay_subject: 'x',
    out_trade_no: no,
  });
  const query = `?sign=${fufuSign(body, t.shop.key, String(Date.now() - 86_400_000))}`;
  assert.equal(where(toldIn(await t.shop.raw('order', body, query))), 'data SUCCESS');
  assert.equal(where(toldIn(await t.shop.raw('order', body, query))), 'data SERIAL_REPEAT');
  await t.setting({ signWindowS: '300' });
  assert.equal(where(toldIn(await t.shop.raw('order', body, query))), 'result INVALID_SIGN');
  await t.setting({ signWindowS: '0' });
});

test('no channel, no contract; a disabled channel likewise', async () => {
  await t.database.owner.run({
    text: `update kanal.channels set state = 'disabled' where protocol = 'fufu'`,
    values: [],
  });
  await t.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
  await t.gateway.gate.refresh();
  assert.equal(where(await t.shop.order(t.fresh())), 'data INVALID_CONTRACT');
  await t.database.owner.run({
    text: `update kanal.channels set state = 'active' where protocol = 'fufu'`,
    values: [],
  });
  await t.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
  await t.gateway.gate.refresh();
});

test('the channel is down: nothing was sent, and that is said', async () => {
  await t.bank.plan({}, [{ kind: 'down', ms: 400 }]);
  const told = await t.shop.order(t.fresh());
  assert.equal(where(told), 'data SERVICE_UNAVAILABLE', told.text);
  assert.equal(told.data['state'], 6);
  await wait(500);
});

test('extension codes 3 and 4 behind the flag', async () => {
  await t.setting({ extraChannels: 'true' });
  const told = await t.shop.order(t.fresh(), { channel_type: '3', auth_code: '511234567890123456' });
  assert.deepEqual([told.code, told.data['channel_type']], ['SUCCESS', '3'], told.text);
  await t.setting({ extraChannels: 'false' });
});
