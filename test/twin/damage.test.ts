import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import { forgedReply, forgedRequest } from '../../src/twin/damage.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const wire: RequestWire = {
  kind: 'request',
  method: 'POST',
  target: 'http://h/x',
  headers: [],
  body: bytes(''),
  remote: '',
};

test('a signature is spoilt wherever protocols put it, and nothing else changes', () => {
  const json = forgedRequest({ ...wire, body: bytes('{"amount":"5","sign" : "aB3=","design":"x"}') });
  assert.equal(text(json.body), '{"amount":"5","sign" : "0B3=","design":"x"}');
  const form = forgedRequest({ ...wire, body: bytes('design=a&sign=00&sign_type=RSA') });
  assert.equal(text(form.body), 'design=a&sign=10&sign_type=RSA');
  const query = forgedRequest({ ...wire, target: 'http://h/x?a=1&encrypt=ff' });
  assert.equal(query.target, 'http://h/x?a=1&encrypt=0f');
  const headers = forgedRequest({
    ...wire,
    headers: [
      ['sign', 'AB'],
      ['x-design', 'AB'],
    ],
  });
  assert.deepEqual(headers.headers, [
    ['sign', '0B'],
    ['x-design', 'AB'],
  ]);
});

test('other bytes survive, whatever their charset', () => {
  const body = Uint8Array.from([0xd6, 0xd0, ...bytes('&sign=ab'), 0xff]);
  const spoilt = forgedReply({ kind: 'reply', status: 200, headers: [], body }).body;
  assert.deepEqual([...spoilt], [0xd6, 0xd0, ...bytes('&sign=0b'), 0xff]);
});
