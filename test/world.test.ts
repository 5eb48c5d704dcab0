import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nonceMaker } from '../src/world.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('nonces have the wanted length and do not come twice, however often the stock is renewed', () => {
  const nonce = nonceMaker();
  const seen = new Set<string>();
  for (let i = 0; i < 2_000; i++) {
    const bytes = nonce(8 + (i % 9));
    assert.equal(bytes.length, 8 + (i % 9));
    seen.add(hex(bytes));
  }
  assert.equal(seen.size, 2_000);
});

test('a nonce stays what it was when further ones are made, and may be longer than the stock', () => {
  const nonce = nonceMaker();
  const first = nonce(16);
  const before = hex(first);
  for (let i = 0; i < 1_000; i++) nonce(16);
  assert.equal(hex(first), before);
  const long = nonce(10_000);
  assert.equal(long.length, 10_000);
  assert.ok(new Set(long).size > 200, 'random to its end');
  assert.ok(long.slice(-64).some((byte) => byte !== 0));
});
