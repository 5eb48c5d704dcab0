/** Fees: fixed + percent of the amount, between a minimum and a maximum, quoted when the order is made and kept on it. */
import { share } from './money.ts';

export interface FeeRule {
  readonly fixed: bigint;
  /** Parts per million. */
  readonly percentPpm: bigint;
  readonly min: bigint;
  readonly max: bigint | null;
}

export const noFee: FeeRule = { fixed: 0n, percentPpm: 0n, min: 0n, max: null };

/** Minor units, never above the amount's own size (T055: such an order is refused by the caller instead). */
export function quoteFee(rule: FeeRule, amount: bigint): bigint {
  const raw = rule.fixed + share(amount, rule.percentPpm, 1_000_000n);
  const raised = raw < rule.min ? rule.min : raw;
  return rule.max !== null && raised > rule.max ? rule.max : raised;
}
