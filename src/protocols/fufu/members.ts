/**
 * How single fufu members are read and written. A blank inside an id, an amount or an address is refused: it would not
 * change the signature (T011). Free text may have blanks.
 */
import type { Method } from '../../core/commands.ts';
import type { Currency } from '../../core/money.ts';
import { withoutBlanks } from '../../core/wallet-codes.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Json, Num, Obj, writeJson } from '../json.ts';
import { looseText, text } from '../leaves.ts';
import { type Leaf, invalid, missing } from '../message.ts';
import { type ChannelType, isChannelType } from './codes.ts';
import { canBeSigned } from './signing.ts';

/** Row 3: 1 to 64 characters, in /order as in /preOrder. */
export const callerNo: Leaf<string> = text({ max: 64, pattern: /^[0-9A-Za-z_\-|*@.]+$/ });
export const busiId: Leaf<string> = text({ max: 32, pattern: /^[0-9A-Za-z_-]+$/ });

/** Operators, tills and shops may have Chinese names; what matters is that they hold no blanks. */
export const nameTag: Leaf<string> = looseText({ max: 32, pattern: /^[^\s\p{Cc}]+$/u });
/** Base64 says the document; kept and given back as it is (row 29). */
export const merchantParam: Leaf<string> = text({ max: 127, pattern: /^[^\s\p{Cc}]+$/u });
export const subject: Leaf<string> = text({ max: 100, pattern: /^[^\S\p{Cc}]*[^\s\p{Cc}][^\p{Cc}]*$/u });
export const walletUserId: Leaf<string> = text({ max: 128, pattern: /^[\x21-\x7e]+$/ });
export const appId: Leaf<string> = text({ max: 32, pattern: /^[0-9A-Za-z_-]+$/ });

/** Any text that a counterpart says: never refused for its form. */
export const said: Leaf<string> = looseText(512);

/** Blanks between the digits of a code are the till's (page, section 6). */
export const authCode: Leaf<string> = {
  read(value, name) {
    const code = withoutBlanks(looseText(100).read(value, name));
    if (!/^[0-9A-Za-z]{1,100}$/.test(code)) throw invalid(name, `${name} is no payment code`);
    return code;
  },
  write: (value) => value,
};

function tokenOf(value: Json | undefined, name: string): string {
  if (value === undefined || value === null || value === '') throw missing(name);
  if (value instanceof Num) return value.raw;
  if (typeof value !== 'string') throw invalid(name, `${name} must be a whole number`);
  return value;
}

/** Whole minor units, as integer or digit string (row 5). Zero, negative and absurd ones are an amount error, not a form error. */
export const fee: Leaf<bigint> = {
  read(value, name) {
    const token = tokenOf(value, name);
    if (!/^-?(?:0|[1-9][0-9]*)$/.test(token)) throw invalid(name, `${name} is not an amount`);
    if (!/^[1-9][0-9]{0,11}$/.test(token))
      throw new Refusal('limit-exceeded', { field: name, why: 'amount', text: `${name} is out of range` });
    return BigInt(token);
  },
  write: (minor) => String(minor),
};

/** An amount in a reply or notice: a number (row 5). Zero is one. */
export const shownFee: Leaf<bigint> = {
  read(value, name) {
    const token = tokenOf(value, name);
    if (!/^(?:0|[1-9][0-9]{0,17})$/.test(token)) throw invalid(name, `${name} is not an amount`);
    return BigInt(token);
  },
  write: (minor) => new Num(minor),
};

export const channelType: Leaf<ChannelType> = {
  read(value, name) {
    const token = tokenOf(value, name);
    if (!isChannelType(token)) throw invalid(name, `${name} is none of the dictionary`);
    return token;
  },
  write: (value) => value,
};

const currencies: readonly Currency[] = ['CNY', 'THB', 'HKD'];

/** Absent means CNY (row 13); `CHY` is no currency. */
export const feeType: Leaf<Currency> = {
  read(value, name) {
    if (value === undefined || value === null || value === '') return 'CNY';
    const found = currencies.find((one) => one === value);
    if (found === undefined) throw invalid(name, `${name} must be one of ${currencies.join(', ')}`);
    return found;
  },
  write: (value) => value,
};

/** Ours to add a sign to: no fragment and no `sign` of its own (T054); rulings: at most 1024 characters. */
export const notifyUrl: Leaf<string> = {
  read(value, name) {
    const url = text({ max: 1024, pattern: /^https?:\/\/[^\s\\]+$/i }).read(value, name);
    if (!URL.canParse(url) || !canBeSigned(url))
      throw invalid(name, `${name} must be a URL without # and without sign=`);
    return url;
  },
  write: (value) => value,
};

export type TradeType = 'QRCODE' | 'JSAPI';
export const tradeTypes: Readonly<Record<TradeType, Method | 'any'>> = { QRCODE: 'any', JSAPI: 'in-app' };

/** WeChat's parameters: JSON text, or the object itself from a careless sender (row 12). */
export const payInfo: Leaf<string> = {
  read(value, name) {
    if (value instanceof Obj) return value.source ?? writeJson(value);
    return text(4096).read(value, name);
  },
  write: (value) => value,
};
