/** What the listener itself refuses is said in the grammar of whoever is asked, signed where the request says whose key it is. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Unserved } from '../../src/edge/http.ts';
import type { ReplyWire, RequestWire } from '../../src/protocols/protocol.ts';
import { membersOf } from '../../src/protocols/bestpay/legs.ts';
import { signatureBytes, signedText, verifies } from '../../src/protocols/bestpay/signing.ts';
import { answer, refuseUnserved } from '../../src/wiring/traffic.ts';
import { credentialKeys } from '../../src/wiring/ports.ts';
import { type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(() => t.close());

const json = [['content-type', 'application/json']] as const;
const form = [['content-type', 'application/x-www-form-urlencoded']] as const;

function asked(target: string, headers: RequestWire['headers'], body: string): RequestWire {
  return { kind: 'request', method: 'POST', target, headers, body: Buffer.from(body), remote: '127.0.0.1' };
}

function refused(why: Unserved, wire: RequestWire): ReplyWire {
  return refuseUnserved(t, why, wire) ?? assert.fail('nobody’s path');
}

const textOf = ({ body }: ReplyWire) => Buffer.from(body).toString('utf8');
const signIn = (text: string) => /"sign":"([^"]*)"/.exec(text)?.[1];

test('bestpay: busy is BE999999 and signed for an institution we know; written once in a second', () => {
  const { credential } = t.caller(0, 'bestpay');
  const path = '/mapi/o2o/aggregatePayment/orderMixBrcode';
  const reply = refused('busy', asked(path, json, JSON.stringify({ institutionCode: credential.sender })));
  assert.match(textOf(reply), /BE999999/);
  const members = membersOf(reply.body) ?? assert.fail('no JSON');
  const [key] = credentialKeys(t.keyring, credential).keyObjects('privateKey');
  const signature = signatureBytes(members.get('sign')) ?? assert.fail('no signature');
  assert.ok(key && verifies(signedText(members), signature, 'sha1', [createPublicKey(key)]));
  const again = refused('busy', asked(path, json, JSON.stringify({ institutionCode: credential.sender, other: 1 })));
  assert.equal(again, reply, 'a flood of refusals is no flood of signatures');
  const stranger = refused('busy', asked(path, json, JSON.stringify({ institutionCode: 'nobody' })));
  assert.equal(signIn(textOf(stranger)), '');
  assert.equal(signIn(textOf(refused('too-large', asked(path, json, '')))), '', 'an unread body names nobody');
});

test('ysepay: busy is ACQ.SYSTEM_ERROR in the node of the method, signed in the wished way', () => {
  const { credential } = t.caller(0, 'ysepay');
  const members = {
    method: 'ysepay.online.trade.query',
    partner_id: credential.sender,
    charset: 'UTF-8',
    sign_type: 'RSA',
  };
  const body = (more: Readonly<Record<string, string>>) => new URLSearchParams({ ...members, ...more }).toString();
  const text = textOf(refused('busy', asked('/gateway.do', form, body({}))));
  assert.match(text, /"ysepay_online_trade_query_response":\{.*ACQ\.SYSTEM_ERROR/);
  assert.ok((signIn(text) ?? '').length > 100);
  assert.equal(signIn(textOf(refused('busy', asked('/gateway.do', form, body({ partner_id: 'nobody' }))))), '');
  assert.match(textOf(refused('too-large', asked('/gateway.do', form, ''))), /_response":/);
});

test('every merchant protocol answers in words of its own; nobody’s path is nobody’s', () => {
  for (const [path, headers] of [
    ['/bluepay-service/pay/gather', json],
    ['/api/payIn', json],
    ['/gateway/pay/order?sign=x', json],
  ] as const)
    for (const why of ['busy', 'too-large', 'encoded', 'failed'] as const)
      assert.equal(refused(why, asked(path, headers, '')).status, 200, `${path} ${why}`);
  assert.equal(refuseUnserved(t, 'busy', asked('/elsewhere', json, '')), null);
});

test('what is no page may not be framed, run or guessed at', async () => {
  const observer = { served() {}, heard() {}, notified() {}, chased() {} };
  const rooms = [() => Promise.resolve({ status: 302, headers: { location: '/console' }, body: '' })];
  const traffic = { gate: t.gate, keyring: t.keyring, observer };
  for (const reply of [
    await answer({ ...traffic, rooms: [] }, asked('/nowhere', [], '')),
    await answer({ ...traffic, rooms: [] }, asked('/listen/1', [], '')),
    await answer({ ...traffic, rooms }, asked('/', [], '')),
  ]) {
    const headers = new Map(reply.headers);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'; frame-ancestors 'none'/);
    assert.deepEqual([headers.get('x-content-type-options'), headers.get('x-frame-options')], ['nosniff', 'DENY']);
  }
});
