import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { crc16, payCodeFor, qris } from '../../src/twin/pay-codes.ts';

const amount = money(20_000n, 'IDR');

test('the checksum is CRC-16/CCITT-FALSE', () => {
  assert.equal(crc16('123456789'), '29B1');
});

test('a QRIS payload is well-formed EMV text: lengths fit, the checksum is valid, the amount is inside', () => {
  const text = qris(20_000n, '123456789012');
  assert.equal(text.slice(-4), crc16(text.slice(0, -4)));
  const tags = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const length = Number(text.slice(at + 2, at + 4));
    tags.set(text.slice(at, at + 2), text.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  assert.equal(tags.get('54'), '20000');
  assert.equal(tags.get('53'), '360');
  assert.equal(tags.get('63')?.length, 4);
});

test('virtual accounts have sixteen digits that begin like the bank', () => {
  assert.match(payCodeFor('virtual-account', 'PERMATA', amount, randomBytes) ?? '', /^8359\d{12}$/);
  assert.match(payCodeFor('virtual-account', 'NOBODY', amount, randomBytes) ?? '', /^9000\d{12}$/);
});

test('methods without a code get none', () => {
  assert.equal(payCodeFor('wallet', 'DANA', amount, randomBytes), null);
  assert.equal(payCodeFor('barcode', null, amount, randomBytes), null);
});
