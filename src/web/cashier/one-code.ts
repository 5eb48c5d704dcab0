/** Orders that any wallet can open: the address of their page, as the code to be scanned holds it. */
import type { Payment } from '../../core/order.ts';
import { walletsFor } from '../../flows/bind-one-code.ts';
import type { Gate } from '../../flows/gate.ts';

/** Null for payments that have no such page, and for those that no wallet can pay. */
export function oneCodeAddress(gate: Gate, payment: Payment): string | null {
  const { facts } = gate;
  const credential = gate.directory().credentials.get(payment.credentialId);
  if (!credential || payment.method !== 'any' || !facts.conduct(payment.protocol).oneCodePage) return null;
  if (walletsFor(gate, payment).length === 0) return null;
  const numbers = new URLSearchParams({ id: credential.sender, tradeNo: payment.platformNo });
  return `${facts.publicUrl()}/online/pay/?${numbers.toString()}`;
}
