/** The same number again: the same content gets the same answer, also while the first is in flight; other content a conflict. */
import type { Kind, Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { type NumberRow, orderByKey } from '../store/orders.ts';
import type { Gate } from './gate.ts';

/** How often a waiting repeat looks whether the first request has got its answer. */
const lookMs = 40;

/** The order that holds the number. Throws Refusal `conflict` when its content was another one. */
export async function orderOfRepeat(
  gate: Gate,
  kind: Kind,
  home: number,
  by: NumberRow,
  fingerprint: Uint8Array,
  field: string,
): Promise<Order> {
  if (by.kind !== kind || !Buffer.from(by.fingerprint).equals(fingerprint))
    throw new Refusal('conflict', { field, why: 'number-used', text: `${field} was used for something else` });
  const order = await orderByKey(gate.db, kind, { home, id: by.objectId });
  if (!order) throw new Error(`number of ${kind} ${by.objectId} without its order`);
  return order;
}

const underWay = new WeakMap<Gate, Set<bigint>>();

/** Remembers, while it runs, that a call for the order is under way in this process: a callback may change the state before. */
export async function whileCalling<T>(gate: Gate, { id }: Pick<Order, 'id'>, work: () => Promise<T>): Promise<T> {
  const calls = underWay.get(gate) ?? new Set();
  underWay.set(gate, calls);
  calls.add(id);
  try {
    return await work();
  } finally {
    calls.delete(id);
  }
}

/** Waits until the first request's call is over, but not beyond the deadline (monotonic milliseconds). */
export async function whenCalled(gate: Gate, order: Order, deadline: number): Promise<Order> {
  let present = order;
  const isCalled = () => present.state === 'sending' || underWay.get(gate)?.has(order.id);
  while (isCalled() && gate.world.monotonic() < deadline) {
    await gate.world.sleep(lookMs);
    present = (await orderByKey(gate.db, order.kind, order)) ?? present;
  }
  return present;
}
