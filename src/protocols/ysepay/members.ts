/** Leaves of this wire: order numbers, yuan, days, encrypted members, life times. */
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { amount, formatLocalTime, looseText, optional, parseLocalTime, text } from '../leaves.ts';
import { invalid, type Leaf, missing } from '../message.ts';
import type { Scene } from '../protocol.ts';
import { decryptMember, encryptMember } from './des.ts';
import { chinaMinutes } from './legs.ts';
import { settingOf } from './settings.ts';

export const orderNo: Leaf<string> = text({ max: 32, pattern: /^[A-Za-z0-9_-]+$/ });
export const platformNo: Leaf<string | null> = optional(looseText({ max: 32, pattern: /^[A-Za-z0-9_-]+$/ }));
export const line = (max: number): Leaf<string> => text({ max, pattern: /^[^\p{Cc}]+$/u });
export const loose = (max: number): Leaf<string | null> => optional(looseText({ max }));
export const partnerNo: Leaf<string> = looseText({ max: 20, pattern: /^[\x21-\x7e]+$/ });
export const customerNo: Leaf<string> = looseText({ max: 25, pattern: /^[\x21-\x7e]+$/ });
export const currency: Leaf<string | null> = optional(text({ max: 3, pattern: /^CNY$/ }));

/** [0.01, 100000000.00] yuan (document, section 5.2), in fen; two decimals at the most. */
const most = 10_000_000_000n;
const yuanText = amount(2, { as: 'text', decimals: 2 });
export const yuan: Leaf<bigint> = {
  read(value, name) {
    const fen = yuanText.read(value, name);
    if (fen > most) throw new Refusal('limit-exceeded', { field: name, why: 'amount' });
    return fen;
  },
  write: (fen) => yuanText.write(fen),
};

/** yyyyMMdd, a day that exists. */
export const day: Leaf<string> = {
  read(value, name) {
    const found = looseText({ max: 8, pattern: /^\d{8}$/ }).read(value, name);
    if (dayStart(found) === null) throw invalid(name, `${name} must be a day, yyyyMMdd`);
    return found;
  },
  write: (value) => value,
};

function dayStart(digits: string): Instant | null {
  return parseLocalTime(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)} 00:00:00`, chinaMinutes);
}

export function dayOf(moment: Instant): string {
  return formatLocalTime(moment, chinaMinutes).slice(0, 10).replaceAll('-', '');
}

/** The day a number begins with, as our references and, by the rule of section 4, those of merchants do; null when it is none. */
export function dayIn(number: string): string | null {
  const digits = number.slice(0, 8);
  return /^\d{8}$/.test(digits) && dayStart(digits) !== null ? digits : null;
}

const dayMs = 86_400_000;

/** Section 4: the number begins with the day, one more or less. Older traffic does not: a switch. */
export function checkDayOf(number: string, { keys, moment }: Scene): void {
  if (settingOf(keys, 'dateRule') !== 'on') return;
  const days = [moment - dayMs, moment, moment + dayMs].map(dayOf);
  if (!days.includes(number.slice(0, 8)))
    throw invalid('out_trade_no', 'out_trade_no must begin with the day, yyyyMMdd');
}

const unitS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };
const longestS = 15 * 86_400;

/** 1m to 15d, as seconds. */
export const lifetime: Leaf<number> = {
  read(value, name) {
    if (value === undefined || value === null) throw missing(name);
    const match = typeof value === 'string' ? /^([1-9][0-9]{0,4})([mhd])$/.exec(value) : null;
    const seconds = Number(match?.[1]) * (unitS[match?.[2] ?? ''] ?? Number.NaN);
    if (!(seconds <= longestS)) throw invalid(name, `${name} must be 1m to 15d`);
    return seconds;
  },
  write: (seconds) => `${Math.max(1, Math.min(Math.ceil(seconds / 60), longestS / 60))}m`,
};

/** A DES member of the partner's, with the grammar of what it holds. */
export function secret(scene: Scene, pattern: RegExp): Leaf<string> {
  const partnerId = scene.keys.sender;
  return {
    read(value, name) {
      if (value === undefined || value === null || value === '') throw missing(name);
      const plain = typeof value === 'string' && value.length <= 512 ? decryptMember(value, partnerId) : null;
      if (plain === null || !pattern.test(plain))
        throw invalid(name, `${name} cannot be decrypted, or has a wrong form`);
      return plain;
    },
    write: (value) => encryptMember(value, partnerId),
  };
}

export const secretForms = {
  name: /^[^\p{Cc}]{1,50}$/u,
  cardNumber: /^[0-9]{12,19}$/,
  mobile: /^1[0-9]{10}$/,
  idNumber: /^[0-9]{14,17}[0-9Xx]$/,
  cvv: /^[0-9]{3}$/,
  expiry: /^(?:0[1-9]|1[0-2])[0-9]{2}$/,
} as const;
