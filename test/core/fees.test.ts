/** Fees: one rounding rule, between their bounds, never more because the amount is less (T055). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FeeRule, noFee, quoteFee } from '../../src/core/fees.ts';

const rule = (changes: Partial<FeeRule>): FeeRule => ({ ...noFee, ...changes });
const minor = (max: bigint) => fc.bigInt({ min: 0n, max });
const anyRule: fc.Arbitrary<FeeRule> = fc
  .record({
    fixed: minor(10_000n),
    percentPpm: minor(1_000_000n),
    min: minor(5_000n),
    above: fc.option(minor(50_000n), { nil: null }),
  })
  .map(({ above, ...rest }) => ({ ...rest, max: above === null ? null : rest.min + above }));

test('half a unit goes up', () => {
  const half = rule({ percentPpm: 5_000n });
  assert.equal(quoteFee(half, 100n), 1n);
  assert.equal(quoteFee(half, 99n), 0n);
  assert.equal(quoteFee(half, 300n), 2n);
  assert.equal(quoteFee(rule({ fixed: 10n, percentPpm: 7_000n }), 10_000n), 80n);
  assert.equal(quoteFee(rule({ percentPpm: 1_000_000n }), 123_456_789_012_345_678n), 123_456_789_012_345_678n);
});

test('between its bounds, at most half a unit beside the exact share, and never less for more', () => {
  fc.assert(
    fc.property(anyRule, minor(10n ** 15n), minor(10n ** 6n), (one, amount, more) => {
      const fee = quoteFee(one, amount);
      assert.ok(fee >= one.min && (one.max === null || fee <= one.max));
      assert.ok(quoteFee(one, amount + more) >= fee);
      const isBound = fee === one.min || fee === one.max;
      const offBy = (fee - one.fixed) * 1_000_000n - amount * one.percentPpm;
      if (!isBound) assert.ok(offBy * 2n <= 1_000_000n && offBy * 2n > -1_000_000n);
    }),
  );
});
