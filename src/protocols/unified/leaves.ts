/** Wire values that only the unified API has. */
import { type Json, Num, type Obj } from '../json.ts';
import { text } from '../leaves.ts';
import { invalid, type Leaf, missing } from '../message.ts';

export const nations = ['ID', 'CN'] as const;
export type Nation = (typeof nations)[number];
export const dialCodes: Readonly<Record<Nation, string>> = { ID: '62', CN: '86' };

/** Whole rupiah: an integer token or digit string in, an integer out (row 8). No fraction, exponent or sign; within 2^53. */
export function price(range: { readonly min: bigint; readonly max: bigint }): Leaf<bigint> {
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const token = value instanceof Num ? value.raw : value;
      if (typeof token !== 'string' || !/^(?:0|[1-9][0-9]{0,15})$/.test(token))
        throw invalid(name, `${name} must be a whole number of rupiah`);
      const amount = BigInt(token);
      if (amount < range.min || amount > range.max) throw invalid(name, `${name} must be ${range.min} to ${range.max}`);
      return amount;
    },
    write: (value) => new Num(value),
  };
}

const address = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][\x21-\x22\x24-\x7e]*)?$/i;

/** An http(s) address of at most 1024 characters, without user name or fragment. Whether it may be called is the edge's rule. */
export const url: Leaf<string> = {
  read(value, name) {
    const given = text(1024).read(value, name);
    if (!address.test(given) || !URL.canParse(given)) throw invalid(name, `${name} must be an http or https address`);
    return given;
  },
  write: (value) => value,
};

/** permata, bni, mandiri; letter case does not count (row 12). */
export const bankType: Leaf<string> = {
  read: (value, name) => text(32).read(value, name).toLowerCase(),
  write: (value) => value,
};

/** Row 16: true, "true", "1" and 1 mean production; everything else, "false" included, does not. */
export function prodFlag(extend: Obj | null): boolean {
  const flag: Json | undefined = extend?.get('prodFlag');
  return flag === true || flag === 'true' || flag === '1' || (flag instanceof Num && flag.raw === '1');
}

/**
 * The number without country code and leading zeros; null when it is none. Accepts "+62…", "62…", "0…" and the bare
 * number (row 14). A plus with another country's code is no number of that nation.
 */
export function localNumber(given: string, nation: Nation): string | null {
  const match = /^(\+?)([0-9]{5,20})$/.exec(given);
  if (!match) return null;
  const [, plus = '', digits = ''] = match;
  const dial = dialCodes[nation];
  if (plus !== '' && !digits.startsWith(dial)) return null;
  const local = (digits.startsWith(dial) ? digits.slice(dial.length) : digits).replace(/^0+/, '');
  return local.length >= 4 ? local : null;
}
