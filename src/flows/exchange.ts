/** The rate of a foreign order: the operator's newest one on the day it is made, kept on the order from then on. */
import { dayIn } from '../core/conduct.ts';
import { convert, type Exchange, rateOf } from '../core/exchange.ts';
import type { Money } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import type { Gate } from './gate.ts';

/** Rates are of Chinese days. */
const zone = 'Asia/Shanghai';

/** Null where the protocol shows no second amount, or the currency is the charged one. Throws `channel-unavailable` without a rate. */
export function exchangeFor(gate: Gate, protocol: string, amount: Money): Exchange | null {
  const { settles } = gate.facts.conduct(protocol);
  if (settles === null || settles === amount.currency) return null;
  const rate = rateOf(gate.directory().rates, amount.currency, dayIn(gate.world.now(), zone));
  if (!rate) throw new Refusal('channel-unavailable', { why: 'no-rate', text: `no rate for ${amount.currency}` });
  const minor = convert(amount, settles, rate.rate, rate.direction);
  if (minor === 0n) throw new Refusal('limit-exceeded', { why: 'amount', field: 'amount', text: 'less than one fen' });
  return { rate: rate.rate, direction: rate.direction, currency: settles, minor: String(minor) };
}
