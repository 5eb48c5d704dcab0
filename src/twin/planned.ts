/** What a plan makes of a new (or just confirmed) order: later results, hidden orders, deviating callbacks, money that comes back. Pure. */
import type { Instant } from '../core/world.ts';
import type { Fault, FaultKind } from './faults.ts';
import type { TwinOrder } from './order.ts';

type Rule = (order: TwinOrder, fault: Fault, now: Instant, waitMs: number) => TwinOrder;

const defaultHiddenMs = 5_000;
const defaultReturnMs = 1_000;

function isWaiting(order: TwinOrder): boolean {
  return order.kind === 'payment' && order.outcome === 'pending' && order.next === null;
}

function undecided(order: TwinOrder, next: TwinOrder['next']): TwinOrder {
  return { ...order, outcome: 'pending', paid: 0n, finishedAt: null, next };
}

const rules: Readonly<Partial<Record<FaultKind, Rule>>> = {
  pending(order, { ms, code }, now) {
    if (isWaiting(order)) return { ...order, pendingUntil: now + (ms ?? 0) };
    const held = code === null ? order : { ...order, reason: { code, text: '' } };
    return undecided(held, ms === null ? null : { at: now + ms, outcome: 'paid' });
  },
  'decline-later': (order, { ms, code }, now, waitMs) => ({
    ...undecided(order, { at: now + (ms ?? waitMs), outcome: 'declined' }),
    reason: code === null ? null : { code, text: 'declined' },
  }),
  'not-found': (order, { ms }, now) => ({ ...order, hiddenUntil: now + (ms ?? defaultHiddenMs) }),
  callback: (order, { callback }) =>
    callback === null ? order : { ...order, callbackFaults: [...order.callbackFaults, callback] },
  returned: (order, { ms }) => (order.kind === 'payout' ? { ...order, returnAfterMs: ms ?? defaultReturnMs } : order),
};

/** `waitMs`: the business wait of results that come by themselves, already scaled. */
export function planned(order: TwinOrder, faults: readonly Fault[], now: Instant, waitMs: number): TwinOrder {
  return faults.reduce((current, fault) => rules[fault.kind]?.(current, fault, now, waitMs) ?? current, order);
}
