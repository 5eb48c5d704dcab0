/**
 * A barcode payment whose merchant waits at the till: the channel is asked every few seconds until it is decided, and what is
 * not decided in time is taken back before the merchant is answered. If we die meanwhile, the order's own expiry does it.
 */
import { isFinal, type Payment } from '../core/order.ts';
import { endTimeToPay, orderByKey } from '../store/orders.ts';
import { queryUpstream, reverse } from './chase.ts';
import type { Gate } from './gate.ts';

/** Wallets want to be asked every 3 to 5 seconds (page of conventions, section 9.1). Scaled. */
const gapMs = 4_000;
/** Kept for the last query and the reversal, so that the worker's own look at the end of the time finds it done. Scaled. */
const reversalMs = 2_000;
/** When a worker goes on with a reversal that stayed unclear. Scaled. */
export const workerMs = 5_000;

/** Decided, or, when the reversal stays unclear, not: never earlier than that. */
export async function holdBarcode(gate: Gate, payment: Payment): Promise<Payment> {
  const { world } = gate;
  const until = (payment.expiresAt ?? world.now()) - world.scaled(reversalMs);
  let present = payment;
  while (!isFinal(present) && world.now() < until) {
    await world.sleep(Math.min(world.scaled(gapMs), Math.max(1, until - world.now())));
    present = await asItIs(gate, present);
    if (!isFinal(present)) present = (await queryUpstream(gate, present)) as Payment;
  }
  const last = isFinal(present) ? present : await asItIs(gate, present);
  if (isFinal(last)) return last;
  // From here on it is being revoked, whatever becomes of the call: a worker goes on where we stop.
  await endTimeToPay(gate.db, last, world.now(), world.now() + world.scaled(workerMs));
  return reverse(gate, { ...last, expiresAt: world.now() });
}

/** A callback or the merchant's own /cancel may have decided it. */
async function asItIs(gate: Gate, payment: Payment): Promise<Payment> {
  const found = await orderByKey(gate.db, 'payment', payment);
  return found?.kind === 'payment' ? found : payment;
}
