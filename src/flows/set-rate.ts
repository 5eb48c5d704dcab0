/** Operators keep the rates of foreign currencies, one for each day; orders keep the one they were made with. */
import { dayIn } from '../core/conduct.ts';
import { type Direction, isRate, type Rate } from '../core/exchange.ts';
import { isCurrency } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import { recorded } from '../store/admin.ts';
import { touchDirectory } from '../store/directory.ts';
import { putRate } from '../store/rates.ts';
import type { OpenGate } from './open-gate.ts';

export interface RateAsk {
  readonly currency: string;
  readonly rate: string;
  /** yyyy-MM-dd; null = today in China. */
  readonly day: string | null;
  readonly direction: Direction;
}

/** Setting the rate of a day again takes its place. Throws Refusal `invalid-request` that names the member. */
export async function setRate(gate: OpenGate, actor: string, ask: RateAsk): Promise<Rate> {
  if (!isCurrency(ask.currency) || ask.currency === 'CNY')
    throw new Refusal('invalid-request', { field: 'currency', text: 'a foreign currency that we know' });
  if (!isRate(ask.rate)) throw new Refusal('invalid-request', { field: 'rate', text: 'a positive decimal' });
  const now = gate.world.now();
  const day = ask.day ?? dayIn(now, 'Asia/Shanghai');
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day)))
    throw new Refusal('invalid-request', { field: 'day', text: 'a date, yyyy-MM-dd' });
  const rate: Rate = { currency: ask.currency, day, rate: ask.rate, direction: ask.direction };
  await recorded(gate.db, { at: now, actor, action: 'rate.set', detail: { ...rate } }, async (query) => {
    await putRate(query, rate, now);
    await touchDirectory(query);
  });
  await gate.refresh();
  return rate;
}
