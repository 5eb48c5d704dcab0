/** Foreign orders: the day's rate as decimal text, and what the amount is in the currency the payer is charged in. */
import { type Currency, type Money, exponents, share } from './money.ts';

/** What a rate says. `foreign-per-unit`: so many THB for one CNY; `units-per-foreign`: so many CNY for one THB. */
export const directions = ['foreign-per-unit', 'units-per-foreign'] as const;
export type Direction = (typeof directions)[number];

/** An operator's rate of one day. */
export interface Rate {
  readonly currency: Currency;
  /** yyyy-MM-dd, on Chinese clocks. */
  readonly day: string;
  /** Decimal text, as it is shown. */
  readonly rate: string;
  readonly direction: Direction;
}

/** Kept on the order: never computed anew (T056). `minor` is decimal text because it lives in JSON. */
export interface Exchange {
  readonly rate: string;
  readonly direction: Direction;
  readonly currency: Currency;
  readonly minor: string;
}

const rateGrammar = /^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,12})?$/;

/** A positive plain decimal. */
export function isRate(text: string): boolean {
  return rateGrammar.test(text) && /[1-9]/.test(text);
}

/** The amount in `to`, rounded half up at its smallest unit. Throws for text that is no rate. */
export function convert(amount: Money, to: Currency, rate: string, direction: Direction): bigint {
  if (!isRate(rate)) throw new Error(`no rate: ${rate}`);
  const [whole = '', decimals = ''] = rate.split('.');
  const digits = BigInt(whole + decimals);
  const scale = 10n ** BigInt(decimals.length);
  const up = 10n ** BigInt(exponents[to]);
  const down = 10n ** BigInt(exponents[amount.currency]);
  return direction === 'foreign-per-unit'
    ? share(amount.minor, scale * up, digits * down)
    : share(amount.minor, digits * up, scale * down);
}

/** The newest rate of the currency that is not of a later day. */
export function rateOf(rates: readonly Rate[], currency: Currency, day: string): Rate | null {
  const known = rates.filter((one) => one.currency === currency && one.day <= day);
  return known.reduce<Rate | null>((best, one) => (best === null || one.day > best.day ? one : best), null);
}

/**
 * A refund's part of the converted amount: proportional, the last one takes what is left, and all parts together are never
 * more than the whole. `given` is what the other refunds of the payment took, `isLast` whether nothing of it remains.
 */
export function refundPart(whole: bigint, given: bigint, refund: bigint, payment: bigint, isLast: boolean): bigint {
  const left = whole - given;
  const part = share(whole, refund, payment);
  return isLast || part > left ? left : part;
}
