/** Leaves: how single wire values are read and written. Strict on types (T015), on the raw token (T033), on lengths. */
import type { Instant } from '../core/world.ts';
import { formatDecimal, parseDecimal } from '../core/money.ts';
import { type Json, Num, Obj } from './json.ts';
import { type Leaf, invalid, missing } from './message.ts';

export interface TextRule {
  readonly min?: number;
  readonly max: number;
  readonly pattern?: RegExp;
}

/** A JSON string. Length in UTF-16 units. */
export function text(rule: TextRule | number): Leaf<string> {
  const { min = 1, max, pattern } = typeof rule === 'number' ? ({ max: rule } as TextRule) : rule;
  return {
    read(value, name) {
      if (value === undefined || value === null) throw missing(name);
      if (typeof value !== 'string') throw invalid(name, `${name} must be a string`);
      if (value === '' && min > 0) throw missing(name);
      if (value.length < min || value.length > max)
        throw invalid(name, `${name} must have ${min} to ${max} characters`);
      if (pattern && !pattern.test(value)) throw invalid(name, `${name} has a form that is not allowed`);
      return value;
    },
    write: (value) => value,
  };
}

/** A JSON string or an integer token; gives its text. For members whose documented and sample types differ. */
export function looseText(rule: TextRule | number): Leaf<string> {
  const strict = text(rule);
  return {
    read: (value, name) =>
      strict.read(value instanceof Num && /^(0|[1-9][0-9]*)$/.test(value.raw) ? value.raw : value, name),
    write: (value) => value,
  };
}

/** Absent, null and '' read as null; null is left out. */
export function optional<T>(leaf: Leaf<T>): Leaf<T | null> {
  return {
    read: (value, name) => (value === undefined || value === null || value === '' ? null : leaf.read(value, name)),
    write: (value) => (value === null ? undefined : leaf.write(value)),
  };
}

/** As `optional`, but null is written as `null`. */
export function nullable<T>(leaf: Leaf<T>): Leaf<T | null> {
  const inner = optional(leaf);
  return {
    read: (value, name) => inner.read(value, name),
    write: (value) => (value === null ? null : leaf.write(value)),
  };
}

export function withDefault<T>(leaf: Leaf<T>, fallback: T): Leaf<T> {
  const inner = optional(leaf);
  return { read: (value, name) => inner.read(value, name) ?? fallback, write: (value) => leaf.write(value) };
}

/** A safe integer, as a number token or a digit string; written as a number token. Never for money. */
export function integer(rule: { readonly min: number; readonly max: number }): Leaf<number> {
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const digits = digitsOf(value);
      if (digits === null || digits.length > 15) throw invalid(name, `${name} must be a whole number`);
      const number = Number(digits);
      if (number < rule.min || number > rule.max) throw invalid(name, `${name} must be ${rule.min} to ${rule.max}`);
      return number;
    },
    write: (value) => new Num(String(value)),
  };
}

/** `true`/`false`, also as strings. */
export const flag: Leaf<boolean> = {
  read(value, name) {
    if (value === undefined || value === null) throw missing(name);
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw invalid(name, `${name} must be true or false`);
  },
  write: (value) => value,
};

/** One of a closed list of words. */
export function word<T extends string>(words: readonly T[]): Leaf<T> {
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const found = words.find((w) => w === value);
      if (found === undefined) throw invalid(name, `${name} must be one of ${words.join(', ')}`);
      return found;
    },
    write: (value) => value,
  };
}

/** A nested object, kept with its source text. */
export const object: Leaf<Obj> = {
  read(value, name) {
    if (value === undefined || value === null) throw missing(name);
    if (!(value instanceof Obj)) throw invalid(name, `${name} must be an object`);
    return value;
  },
  write: (value) => value,
};

export type AmountForm =
  /** "20000" */
  | { readonly as: 'text'; readonly decimals: number }
  /** 20000.00 */
  | { readonly as: 'number'; readonly decimals: number };

/**
 * An amount in minor units of a currency with `exponent` decimals; accepts number and string tokens, and zeros behind
 * the exponent ("20000.00" for rupiah). Zero is refused unless `zero` is set; signs and exponents always.
 */
export function amount(exponent: number, form: AmountForm, rule: { readonly zero?: boolean } = {}): Leaf<bigint> {
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const token = value instanceof Num ? value.raw : value;
      const minor = typeof token === 'string' && token.length <= 20 ? parseDecimal(token, exponent) : null;
      if (minor === null || (minor === 0n && !rule.zero)) throw invalid(name, `${name} is not an amount`);
      return minor;
    },
    write(minor) {
      const written = formatDecimal(minor, exponent, form.decimals);
      return form.as === 'text' ? written : new Num(written);
    },
  };
}

/** Whole minor units: fen and the like. */
export function minorUnits(form: 'text' | 'number'): Leaf<bigint> {
  return amount(0, { as: form, decimals: 0 });
}

/** "yyyy-MM-dd HH:mm:ss" at a fixed offset from UTC, in minutes. Refuses dates that do not exist. */
export function localTime(offsetMinutes: number): Leaf<Instant> {
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const instant = typeof value === 'string' ? parseLocalTime(value, offsetMinutes) : null;
      if (instant === null) throw invalid(name, `${name} must be yyyy-MM-dd HH:mm:ss`);
      return instant;
    },
    write: (value) => formatLocalTime(value, offsetMinutes),
  };
}

export function formatLocalTime(instant: Instant, offsetMinutes: number): string {
  return new Date(instant + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

export function parseLocalTime(value: string, offsetMinutes: number): Instant | null {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(value);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const instant = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes * 60_000;
  return formatLocalTime(instant, offsetMinutes) === value ? instant : null;
}

function digitsOf(value: Json): string | null {
  const token = value instanceof Num ? value.raw : value;
  return typeof token === 'string' && /^(0|[1-9][0-9]*)$/.test(token) ? token : null;
}
