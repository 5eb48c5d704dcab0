/** What reading a counterpart's replies and notices shares: raw scalars, and reports that do not know anything yet. */
import { type Extras, noInstruction, type PaymentReport, type PayoutReport } from '../core/commands.ts';
import { type Json, Num, type Obj } from './json.ts';

/** A scalar as text, whatever JSON type it came in; '' for everything else. Never for amounts that are asked for. */
export function scalarText(value: Json | undefined): string {
  if (value instanceof Num) return value.raw;
  return typeof value === 'string' ? value : '';
}

const keptCharacters = 512;

/** All scalar members as `<prefix>.<member>`, raw: what is worth keeping of a channel's message. */
export function scalarExtras(members: Obj, prefix: string): Extras {
  const kept: Record<string, string> = {};
  for (const [name, value] of members)
    if (typeof value === 'string' || value instanceof Num)
      kept[`${prefix}.${name}`] = scalarText(value).slice(0, keptCharacters);
  return kept;
}

/** "+08:00" as minutes east of UTC; the fallback for anything else. */
export function minutesEast(offset: string | null, fallback: number): number {
  const match = /^([+-])(\d\d):(\d\d)$/.exec(offset ?? '');
  if (!match) return fallback;
  const total = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -total : total;
}

export const blankPayment: PaymentReport = {
  kind: 'payment',
  orderNo: null,
  platformNo: null,
  channelNo: null,
  state: 'unknown',
  method: null,
  option: null,
  amount: null,
  paid: null,
  fee: null,
  instruction: noInstruction,
  createdAt: null,
  expiresAt: null,
  finishedAt: null,
  reason: null,
  refunds: null,
  extras: {},
  channelExtras: {},
};

export const blankPayout: PayoutReport = {
  kind: 'payout',
  orderNo: null,
  platformNo: null,
  channelNo: null,
  state: 'unknown',
  amount: null,
  fee: null,
  createdAt: null,
  finishedAt: null,
  reason: null,
  extras: {},
  channelExtras: {},
};
