/** Foreign orders: conversion without a float, and refunds whose parts make the whole (T056). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { convert, isRate, type Rate, rateOf, refundPart } from '../../src/core/exchange.ts';
import { money } from '../../src/core/money.ts';

test('both directions, rounded half up at the smallest unit', () => {
  const thb = (minor: bigint) => money(minor, 'THB');
  assert.equal(convert(thb(1000n), 'CNY', '4.93', 'foreign-per-unit'), 203n);
  assert.equal(convert(thb(493n), 'CNY', '4.93', 'foreign-per-unit'), 100n);
  assert.equal(convert(thb(1000n), 'CNY', '0.2028', 'units-per-foreign'), 203n);
  assert.equal(convert(thb(1n), 'CNY', '2', 'foreign-per-unit'), 1n);
  assert.equal(convert(thb(1n), 'CNY', '2.000000000001', 'foreign-per-unit'), 0n);
  assert.equal(convert(money(1000n, 'JPY'), 'CNY', '20', 'foreign-per-unit'), 5000n);
  assert.equal(convert(money(999_999_999_999n, 'HKD'), 'CNY', '1', 'foreign-per-unit'), 999_999_999_999n);
});

test('a rate is a plain positive decimal', () => {
  for (const text of ['1', '4.93', '0.0001', '123456789.123456789012']) assert.equal(isRate(text), true, text);
  for (const text of [
    '',
    '0',
    '0.0',
    '-1',
    '+1',
    '1e3',
    '.5',
    '5.',
    '01',
    '1,5',
    '４',
    ' 1',
    '1234567890',
    '1.1234567890123',
  ])
    assert.equal(isRate(text), false, text);
});

test('the newest rate of today or before; never one of another currency or of tomorrow', () => {
  const rate = (currency: Rate['currency'], day: string, text: string): Rate => ({
    currency,
    day,
    rate: text,
    direction: 'foreign-per-unit',
  });
  const rates = [
    rate('THB', '2026-01-02', '2'),
    rate('THB', '2026-01-05', '5'),
    rate('HKD', '2026-01-03', '3'),
    rate('THB', '2026-01-03', '4'),
  ];
  assert.equal(rateOf(rates, 'THB', '2026-01-04')?.rate, '4');
  assert.equal(rateOf(rates, 'THB', '2026-01-05')?.rate, '5');
  assert.equal(rateOf(rates, 'THB', '2026-01-01'), null);
  assert.equal(rateOf(rates, 'HKD', '2026-02-01')?.rate, '3');
});

test('however a payment is refunded, the parts are never negative and together exactly the whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 100_000n }), { minLength: 1, maxLength: 30 }),
      fc.bigInt({ min: 1n, max: 1_000_000n }),
      (refunds, whole) => {
        const payment = refunds.reduce((sum, one) => sum + one, 0n);
        let given = 0n;
        let taken = 0n;
        for (const refund of refunds) {
          taken += refund;
          const part = refundPart(whole, given, refund, payment, taken === payment);
          assert.ok(part >= 0n && given + part <= whole);
          given += part;
        }
        assert.equal(given, whole);
      },
    ),
    { numRuns: 2_000 },
  );
});
