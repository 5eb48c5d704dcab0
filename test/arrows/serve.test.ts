import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplyWire, RequestWire } from '../../src/protocols/protocol.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { answer, type Traffic } from '../../src/wiring/traffic.ts';
import { basePath, merchantKeys, sealAsk } from '../../src/wiring/samples.ts';
import {
  answering,
  payAsk,
  payOutAsk,
  paymentAnswer,
  payoutAnswer,
  rowsOf,
  silence,
  silentObserver,
  type TestGate,
  testGate,
} from '../gate.ts';

let t: TestGate;
let traffic: Traffic;

before(async () => {
  t = await testGate();
  traffic = { gate: t.gate, keyring: t.keyring, rooms: [], observer: silentObserver };
});
after(() => t.close());

/** A merchant's request as our listener sees it. */
function inbound(wire: RequestWire): RequestWire {
  const url = new URL(wire.target);
  return { ...wire, target: `${url.pathname}${url.search}`, remote: '127.0.0.1' };
}

type Command = 'pay' | 'pay-out';

function signed(
  protocolName: string,
  merchantIndex: 0 | 1,
  command: Command,
  ask: ReturnType<typeof payAsk> | ReturnType<typeof payOutAsk>,
): RequestWire {
  const merchant = t.facts.merchants[merchantIndex];
  const protocol = protocolNamed(protocolName);
  assert.ok(merchant);
  const keys = merchantKeys(protocolName, merchant);
  assert.ok(keys);
  const sealed = sealAsk(t.world, protocol, keys, `http://gate${basePath(keys)}`, command, ask as never);
  assert.ok(sealed);
  return inbound(sealed.wire);
}

async function ask(wire: RequestWire): Promise<Record<string, unknown>> {
  const reply = (await answer(traffic, wire)) as ReplyWire;
  assert.equal(reply.status, 200);
  return JSON.parse(Buffer.from(reply.body).toString()) as Record<string, unknown>;
}

describe('serve', () => {
  test('payin: a signed payIn is answered with its code, the same bytes again with the same answer', async () => {
    t.script(answering('pay', paymentAnswer()));
    const wire = signed('payin', 0, 'pay', payAsk());
    const first = await ask(wire);
    assert.equal(first['code'], 200);
    const second = await ask(wire);
    assert.deepEqual(second, first);
  });

  test('payin: one flipped byte is refused and writes nothing', async () => {
    const wire = signed('payin', 0, 'pay', payAsk());
    const body = Uint8Array.from(wire.body);
    body[10] = (body[10] ?? 0) ^ 1;
    const before = await rowsOf(t.database, 'select count(*) as n from kanal.payments');
    assert.equal((await ask({ ...wire, body }))['msg'], 'Sign_verify_error');
    assert.deepEqual(await rowsOf(t.database, 'select count(*) as n from kanal.payments'), before);
  });

  test('payin: a time-out is told as System_error, and the order is there', async () => {
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    assert.deepEqual(await ask(signed('payin', 0, 'pay', payAsk())), { msg: 'System_error', code: 500 });
  });

  test('unified: gather through bluepay', async () => {
    t.script(
      answering(
        'pay',
        paymentAnswer({ instruction: { payCode: '8359190216393465', payUrl: null, deskUrl: null, confirmNo: null } }),
      ),
    );
    const reply = await ask(signed('unified', 0, 'pay', payAsk({ method: 'virtual-account', option: 'PERMATA' })));
    assert.equal(reply['code'], '100000');
    assert.match(JSON.stringify(reply), /"paymentCode":"8359190216393465"/);
  });

  test('unified: loan; unknown is told as accepted, never as failed', async () => {
    t.script(answering('pay-out', payoutAnswer()));
    assert.equal((await ask(signed('unified', 0, 'pay-out', payOutAsk())))['code'], '100000');
    t.script(silence({ kind: 'unknown', why: 'time-out' }));
    const reply = await ask(signed('unified', 0, 'pay-out', payOutAsk()));
    assert.equal(reply['code'], '100000');
    assert.match(JSON.stringify(reply), /"transferStatus":"201"/);
  });

  /** Wrong by its type alone, whoever sends it. */
  const untyped = (path: string, body: string, type: string): RequestWire => ({
    kind: 'request',
    method: 'POST',
    target: path,
    headers: [['content-type', type]],
    body: Buffer.from(body),
    remote: '127.0.0.1',
  });
  const signature = /^[A-Za-z0-9+/]{100,}=*$/;

  test('bestpay: what is wrong whoever sends it is refused, signed for whom it names where that is one of ours', async () => {
    const [row] = protocolNamed('bestpay').endpoints;
    const refusal = (institutionCode: string) =>
      ask(untyped(row?.path ?? '', JSON.stringify({ institutionCode }), 'text/plain'));
    const known = await refusal(t.caller(0, 'bestpay').credential.sender);
    assert.match(String(known['sign']), signature);
    const stranger = await refusal('3178999999999999');
    assert.deepEqual([stranger['errorCode'], stranger['sign']], [known['errorCode'], '']);
  });

  test('ysepay: the same', async () => {
    const refusal = (partner: string) =>
      ask(untyped('/gateway.do', `partner_id=${partner}&sign_type=RSA&charset=UTF-8`, 'application/json'));
    const known = await refusal(t.caller(0, 'ysepay').credential.sender);
    assert.match(JSON.stringify(known), /ACQ\.INVALID_PARAMETER/);
    assert.match(String(known['sign']), signature);
    assert.equal((await refusal('nobody'))['sign'], '');
  });

  test('unified: without a credential nobody is served', async () => {
    const wire = signed('unified', 0, 'pay-out', payOutAsk());
    const bare = { ...wire, headers: wire.headers.filter(([name]) => name !== 'x-api-key') };
    const reply = await ask(bare);
    assert.equal(reply['code'], '100001');
    assert.equal(reply['message'], 'unauthorized');
    assert.equal(reply['data'], null);
  });
});
