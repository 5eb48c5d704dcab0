import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeskTokens } from '../../src/edge/desk-token.ts';
import { Vault } from '../../src/edge/vault.ts';

const keyOf = (fill: number) =>
  new Vault(new Uint8Array(32).fill(fill), (bytes) => new Uint8Array(bytes)).derive('desk');
const tokens = new DeskTokens(keyOf(1));
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

test('a token opens to the order it was made for', () => {
  for (const key of [
    { home: 0, id: 1n },
    { home: 255, id: 2n ** 63n - 1n },
    { home: 17, id: 281_474_976_710_656n },
  ]) {
    const token = tokens.make(key);
    assert.match(token, /^[A-Za-z0-9_-]{22}$/);
    assert.deepEqual(tokens.open(token), key);
    assert.equal(tokens.make(key), token);
  }
});

test('neighbouring orders have unrelated tokens', () => {
  const made = Array.from({ length: 500 }, (_, index) => tokens.make({ home: 3, id: BigInt(index) }));
  assert.equal(new Set(made).size, 500);
  assert.equal(new Set(made.map((token) => token.slice(0, 4))).size > 490, true);
});

test('every single changed character closes it', () => {
  const token = tokens.make({ home: 9, id: 77n });
  let tried = 0;
  for (let at = 0; at < token.length; at++)
    for (const other of alphabet) {
      if (other === token[at]) continue;
      tried += 1;
      assert.equal(tokens.open(token.slice(0, at) + other + token.slice(at + 1)), null);
    }
  assert.equal(tried, 22 * 63);
});

test('other shapes, other keys and bare numbers open nothing', () => {
  const token = tokens.make({ home: 9, id: 77n });
  assert.equal(new DeskTokens(keyOf(2)).open(token), null);
  for (const wrong of ['', '77', token.slice(1), `${token}A`, `${token}=`, ` ${token}`, `${token}\n`, 'é'.repeat(22)])
    assert.equal(tokens.open(wrong), null);
  assert.throws(() => new DeskTokens(new Uint8Array(16)), /32 bytes/);
});
