/** How single payin members are read and written: amounts, times, numbers, texts, each with its row of section 11. */
import { formatDecimal, share } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Json, Num } from '../json.ts';
import { amount, flag, integer, localTime, looseText, nullable, optional, text, withDefault } from '../leaves.ts';
import { type Leaf, invalid } from '../message.ts';

/** GMT+7, the zone of all payin times. */
const jakarta = localTime(7 * 60);

export const expiry = { standard: 3600, min: 60, max: 86_400 } as const;
export const minAmount = 10_000n;

/** Whole rupiah: read from "20000", 20000, "20000.00" and 20000.0; written "20000". */
const rupiah = amount(0, { as: 'text', decimals: 0 });

/** An asked amount: from 10 000 rupiah. */
export const askedAmount: Leaf<bigint> = {
  read(value, name) {
    const minor = rupiah.read(value, name);
    if (minor < minAmount) throw invalid(name, `${name} must be at least ${minAmount}`);
    return minor;
  },
  write: (minor) => rupiah.write(minor),
};

/** Names given by callers. */
export const callerNo = text({ max: 32, pattern: /^[A-Za-z0-9_-]{1,32}$/ });
/** Free text in one line, not blank. */
export function line(max: number): Leaf<string> {
  return text({ max, pattern: /^(?=.*\S)\P{Cc}+$/u });
}
/** What a channel says; its documented lengths are too short for what it sends (QRIS payloads, pictures). */
export const said = text({ min: 0, max: 65_536 });
export const number = looseText({ max: 9, pattern: /^[1-9][0-9]*$/ });
export const merchantId = optional(looseText(20));
export const nonce = looseText(32);

export const currency: Leaf<'IDR'> = {
  read(value, name) {
    if (text(32).read(value, name).toUpperCase() !== 'IDR') throw invalid(name, `${name} must be IDR`);
    return 'IDR';
  },
  write: (value) => value,
};

/** Row 12: `false` is the only value there is. */
export const reusable: Leaf<boolean> = {
  read(value, name) {
    if (withDefault(flag, false).read(value, name)) throw invalid(name, `${name} can only be false`);
    return false;
  },
  write: (value) => value,
};

/** Row 11: missing, null and 0 are the standard. Seconds. */
export const lifetime: Leaf<number> = {
  read(value, name) {
    const seconds = withDefault(integer({ min: 0, max: expiry.max }), 0).read(value, name);
    if (seconds === 0) return expiry.standard;
    if (seconds < expiry.min) throw invalid(name, `${name} must be at least ${expiry.min} seconds`);
    return seconds;
  },
  write: (value) => new Num(String(value)),
};

/** http or https, at most 250 characters, without user names. Which addresses are allowed is decided at the edge. */
export const address: Leaf<string> = {
  read(value, name) {
    const url = text({ max: 250, pattern: /^https?:\/\/[\x21-\x7e]+$/i }).read(value, name);
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || parsed.username !== '' || parsed.password !== '')
      throw invalid(name, `${name} is not a URL`);
    return url;
  },
  write: (value) => value,
};

/** Core form: the country code's digits first, no plus. Reads "+62 812-…", "0812…" and "62812…"; writes "+62812…". */
export const phone: Leaf<string> = {
  read(value, name) {
    const digits = text(32)
      .read(value, name)
      .replaceAll(/[ ().-]/g, '')
      .replace(/^\+/, '');
    if (!/^[0-9]{5,20}$/.test(digits)) throw invalid(name, `${name} is not a telephone number`);
    return digits.startsWith('0') ? `62${digits.slice(1)}` : digits;
  },
  write: (value) => `+${value}`,
};

/**
 * A member that decides nothing (fee, times): what cannot be read counts as absent. An authentic word about money must
 * not be lost because its time stamp is odd.
 */
function informative<T>(leaf: Leaf<T>): Leaf<T | null> {
  return {
    read(value, name) {
      try {
        return optional(leaf).read(value, name);
      } catch (error) {
        if (error instanceof Refusal) return null;
        throw error;
      }
    },
    write: (value) => (value === null ? undefined : leaf.write(value)),
  };
}

/** decimal(20,4), possibly negative, rounded half up to whole rupiah. */
function roundedRupiah(write: (minor: bigint) => Json): Leaf<bigint> {
  return {
    read(value, name) {
      const token = value instanceof Num ? value.raw : value;
      const match = typeof token === 'string' ? /^(-?)([0-9]{1,18})(?:\.([0-9]{1,8}))?$/.exec(token) : null;
      if (!match) throw invalid(name, `${name} is not an amount`);
      const scaled = BigInt((match[2] ?? '') + (match[3] ?? '').padEnd(8, '0'));
      const minor = share(scaled, 1n, 10n ** 8n);
      return match[1] === '-' ? -minor : minor;
    },
    write,
  };
}

export const feeText = informative(roundedRupiah((minor) => minor.toString()));
export const feeNumber = informative(roundedRupiah((minor) => new Num(formatDecimal(minor, 0, 4))));
export const balance = roundedRupiah((minor) => new Num(minor));
export const time = informative(jakarta);

/** Read as `leaf` reads, written in another way. */
function rewritten<T>(leaf: Leaf<T>, write: (value: T) => Json | undefined): Leaf<T> {
  return { read: (value, name) => leaf.read(value, name), write };
}

/** As the leaf, but null is written as `null`: replies show empty members, notices drop them. */
export function shown<T>(leaf: Leaf<T | null>): Leaf<T | null> {
  return rewritten(leaf, (value) => (value === null ? null : leaf.write(value)));
}

/** `payCode` of replies: "" when there is none. */
export const shownCode: Leaf<string | null> = rewritten(optional(said), (value) => value ?? '');

/** Row 1 and row 28: replies carry text without decimals, notices a number with two, of the amount really paid. */
export const shownAmount = nullable(rupiah);
export const noticeAmount: Leaf<bigint | null> = rewritten(optional(rupiah), (minor) =>
  minor === null ? undefined : new Num(formatDecimal(minor, 0, 2)),
);

/** An integer on the wire that the core keeps as text. */
export const bankId: Leaf<string> = rewritten(number, (value) => new Num(value));

/** 3 = bank account and e-wallet, 4 = virtual account. */
export const accountType: Leaf<3 | 4> = {
  read: (value, name) => (integer({ min: 3, max: 4 }).read(value, name) === 4 ? 4 : 3),
  write: (value) => new Num(String(value)),
};
