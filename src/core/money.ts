/** Money: whole minor units and an ISO 4217 code. There is no other representation of an amount inside Kanal. */

export type Currency = 'IDR' | 'CNY' | 'THB' | 'HKD' | 'USD' | 'JPY';

/** `minor` counts the smallest unit of the currency: rupiah, fen, satang, cent, yen. */
export interface Money {
  readonly minor: bigint;
  readonly currency: Currency;
}

/** Digits behind the decimal point (rulings: IDR and JPY 0, the others 2). */
export const exponents: Readonly<Record<Currency, number>> = { IDR: 0, CNY: 2, THB: 2, HKD: 2, USD: 2, JPY: 0 };

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(exponents, text);
}

export function money(minor: bigint, currency: Currency): Money {
  return { minor, currency };
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currency === b.currency;
}

/**
 * Reads plain decimal text ("20000", "20000.00", "0.01") as minor units of a currency with `exponent` decimals.
 * Digits behind the exponent may only be zeros. Returns null for anything else: signs, blanks, exponents, other digits.
 */
export function parseDecimal(text: string, exponent: number): bigint | null {
  const match = /^(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,8}))?$/.exec(text);
  if (!match) return null;
  const decimals = match[2] ?? '';
  if (!/^0*$/.test(decimals.slice(exponent))) return null;
  return BigInt((match[1] ?? '') + decimals.slice(0, exponent).padEnd(exponent, '0'));
}

/** Writes minor units as decimal text with exactly `decimals` places (at least the exponent's). */
export function formatDecimal(minor: bigint, exponent: number, decimals: number = exponent): string {
  const negative = minor < 0n;
  const digits = (negative ? -minor : minor).toString().padStart(exponent + 1, '0');
  const whole = exponent === 0 ? digits : digits.slice(0, -exponent);
  const fraction = (exponent === 0 ? '' : digits.slice(-exponent)).padEnd(decimals, '0');
  return `${negative ? '-' : ''}${whole}${decimals === 0 ? '' : `.${fraction}`}`;
}

/** Digits in threes from the right: "1500000" → "1.500.000". */
export function grouped(digits: string, mark: string): string {
  return digits.replaceAll(/\B(?=(?:\d{3}){1,12}$)/g, mark);
}

/** part/whole of an amount, rounded half up at the smallest unit: the one rounding rule of the project. */
export function share(minor: bigint, part: bigint, whole: bigint): bigint {
  return (minor * part * 2n + whole) / (whole * 2n);
}
