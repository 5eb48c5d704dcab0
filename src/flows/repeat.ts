/** The same number again: the same content gets the same answer, also while the first is in flight; other content a conflict. */
import type { Kind, Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { type NumberRow, orderByKey } from '../store/orders.ts';
import { eventsOf } from '../store/timeline.ts';
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

/** Ways to pay for which the payer is given something to pay with. */
export const needsCode: ReadonlySet<string> = new Set(['virtual-account', 'store-code', 'qr', 'wallet']);

/**
 * Is another process still waiting for the channel's answer? A callback may have overtaken it: then the state tells of progress, but
 * what the payer pays with is yet to come, and no reply stands in the timeline.
 */
async function isCalledElsewhere(gate: Gate, order: Order): Promise<boolean> {
  if (order.kind !== 'payment' || !needsCode.has(order.method)) return false;
  const { payCode, payUrl } = order.instruction;
  if ((order.state !== 'pending' && order.state !== 'paid') || payCode !== null || payUrl !== null) return false;
  if (gate.world.now() - order.createdAt > gate.facts.answerTimeMs(order.protocol, 'pay')) return false;
  return !(await eventsOf(gate.db, order)).some(({ detail }) => detail['source'] === 'reply');
}

/** Waits until the first request's call is over, but not beyond the deadline (monotonic milliseconds). */
export async function whenCalled(gate: Gate, order: Order, deadline: number): Promise<Order> {
  let present = order;
  const look = async () => {
    present = (await orderByKey(gate.db, order.kind, order)) ?? present;
  };
  const isCalled = async () =>
    present.state === 'sending' || underWay.get(gate)?.has(order.id) || (await isCalledElsewhere(gate, present));
  while (gate.world.monotonic() < deadline && (await isCalled())) {
    await gate.world.sleep(lookMs);
    await look();
  }
  // The answer may have come between the last look and the news that it is over.
  await look();
  return present;
}
