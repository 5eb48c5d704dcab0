/**
 * How many text messages one telephone, or one card, is sent through a merchant's payment pages. Each page has its own count
 * already; but whoever has a stranger's number can open as many payments as a shop lets them (T061).
 */
import { cardTexts } from '../core/agreement.ts';
import type { Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { Query } from '../store/database.ts';
import { takeText, type TextRule } from '../store/text-sends.ts';
import type { Gate } from './gate.ts';

const hourMs = 3_600_000;

/** Whom a text is for, as keyed marks; null = unknown: then the card alone counts. */
export interface Texted {
  readonly card: Uint8Array;
  readonly phone: Uint8Array | null;
}

export function phoneMark(gate: Gate, phone: string): Uint8Array {
  return gate.mark('text-phone', phone);
}

/** Counts one text, inside the transaction of whatever lets it be sent. Throws Refusal `limit-exceeded`; then nothing is counted. */
export async function countText(gate: Gate, query: Query, payment: Payment, texted: Texted): Promise<void> {
  const now = gate.world.now();
  const rule = ruleFor(gate, payment, now);
  // One order for all, so that two who share both do not wait for each other.
  for (const mark of [texted.phone, texted.card])
    if (mark !== null && !(await takeText(query, payment, mark, now, rule)))
      throw new Refusal('limit-exceeded', {
        why: 'many-texts',
        text: 'that telephone or card was sent too many codes',
      });
}

function ruleFor(gate: Gate, { merchantId }: Payment, now: number): TextRule {
  const settings = gate.directory().merchants.get(merchantId)?.settings ?? {};
  return {
    hourAgo: now - gate.world.scaled(hourMs),
    dayAgo: now - gate.world.scaled(24 * hourMs),
    perHour: Number(settings['cardTextsPerHour'] || cardTexts.perHour),
    perDay: Number(settings['cardTextsPerDay'] || cardTexts.perDay),
  };
}
