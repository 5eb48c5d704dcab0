/** What a quarantine after a restore means to whoever would send money out: come again later; nothing was done, and nothing failed (T038). */
import type { CommandName, Extras } from '../core/commands.ts';
import type { Kind, Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { numberOf } from '../store/orders.ts';
import type { Caller, Gate } from './gate.ts';
import { orderOfRepeat } from './repeat.ts';

function inQuarantine(): Refusal {
  return new Refusal('busy', { why: 'quarantine', text: 'nothing is sent until the restored books are compared' });
}

/** Throws the "come again" of every protocol: nothing was done, and nothing failed. */
export function refuseInQuarantine(gate: Gate): void {
  if (gate.directory().quarantine) throw inQuarantine();
}

/** The order a merchant's number has already, as it stands. Throws `busy` for a new one, `conflict` for other content. */
export async function repeatInQuarantine(
  gate: Gate,
  { merchant, credential }: Caller,
  kind: Kind,
  asked: { readonly orderNo: string; readonly command: CommandName; readonly extras: Extras },
  fingerprint: Uint8Array,
): Promise<Order> {
  const space = gate.facts.numberSpace(credential.protocol, asked.command, asked.extras);
  const by = await numberOf(gate.db, merchant.home, merchant.id, space, asked.orderNo);
  if (!by) throw inQuarantine();
  return orderOfRepeat(gate, kind, merchant.home, by, fingerprint, kind === 'refund' ? 'refundNo' : 'orderNo');
}
