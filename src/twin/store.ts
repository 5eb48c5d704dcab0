/**
 * What a twin remembers, as an interface with two makers: PostgreSQL (schema `twin`, so that restarts lose nothing) and plain
 * memory (simulation, tests). Each method names the twin: several share one store without seeing each other.
 */
import type { Currency } from '../core/money.ts';
import type { Instant } from '../core/world.ts';
import type { Plan } from './faults.ts';
import type { TwinOrder } from './order.ts';

/** A callback that is still owed. */
export interface Callback {
  /** Decimal text; time-ordered. */
  readonly id: string;
  readonly reference: string;
  readonly dueAt: Instant;
  /** Sendings so far. */
  readonly tries: number;
  /** null = the twin's configured address, `/…` = below its origin. */
  readonly url: string | null;
  /** The notice's members as JSON text, frozen when the state changed. */
  readonly body: string;
  readonly forged: boolean;
  /** Sent again by the protocol's ladder until it is acknowledged. */
  readonly insists: boolean;
}

/** A request as it came. */
export interface SeenRequest {
  readonly id: string;
  readonly at: Instant;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** `base64` when the body is no UTF-8. */
  readonly encoding: 'utf8' | 'base64';
}

/** Written together or not at all. */
export interface Change {
  readonly orders?: readonly TwinOrder[];
  /** New, or moved to another due time. */
  readonly callbacks?: readonly Callback[];
  readonly doneCallbacks?: readonly string[];
}

export interface OrderFilter {
  /** Newest first when absent; oldest first by `finishedAt` inside [from, to) when given. */
  readonly finished?: { readonly from: Instant; readonly to: Instant };
  readonly limit: number;
}

export const keptRequests = 1_000;

export interface TwinStore {
  get(twin: string, space: string, reference: string): Promise<TwinOrder | null>;
  /** Orders with this reference, upstream number, pay code or confirmation number; newest first. */
  find(twin: string, number: string): Promise<readonly TwinOrder[]>;
  list(twin: string, filter: OrderFilter): Promise<readonly TwinOrder[]>;
  save(twin: string, change: Change): Promise<void>;
  /** Orders whose `next` is due, the longest waiting first. */
  dueOrders(twin: string, now: Instant, limit: number): Promise<readonly TwinOrder[]>;
  dueCallbacks(twin: string, now: Instant, limit: number): Promise<readonly Callback[]>;
  /** Received less refunded less paid out, minor units. */
  balance(twin: string, currency: Currency): Promise<bigint>;
  /** When the next order or callback is due; null = nothing is. */
  nextDue(twin: string): Promise<Instant | null>;
  plans(twin: string): Promise<readonly Plan[]>;
  savePlan(twin: string, plan: Plan): Promise<void>;
  /** All of them, or one. */
  removePlans(twin: string, id: string | null): Promise<void>;
  /** Keeps the newest `keptRequests`. */
  addRequest(twin: string, request: SeenRequest): Promise<void>;
  /** Newest first. */
  requests(twin: string, limit: number): Promise<readonly SeenRequest[]>;
}

interface Memory {
  readonly orders: Map<string, TwinOrder>;
  readonly callbacks: Map<string, Callback>;
  readonly plans: Map<string, Plan>;
  /** Every number of an order → keys of orders. */
  readonly numbers: Map<string, Set<string>>;
  requests: SeenRequest[];
}

/** Forgets everything with the process. */
export function memoryTwinStore(): TwinStore {
  const twins = new Map<string, Memory>();
  const of = (twin: string): Memory => {
    const known = twins.get(twin);
    if (known) return known;
    const made: Memory = {
      orders: new Map(),
      callbacks: new Map(),
      plans: new Map(),
      numbers: new Map(),
      requests: [],
    };
    twins.set(twin, made);
    return made;
  };
  return {
    get: async (twin, space, reference) => of(twin).orders.get(keyOf(space, reference)) ?? null,
    find: async (twin, number) => findIn(of(twin), number),
    list: async (twin, filter) => listed([...of(twin).orders.values()], filter),
    save: async (twin, change) => keep(of(twin), change),
    dueOrders: async (twin, now, limit) =>
      [...of(twin).orders.values()]
        .filter(({ next }) => next !== null && next.at <= now)
        .sort((a, b) => (a.next?.at ?? 0) - (b.next?.at ?? 0))
        .slice(0, limit),
    dueCallbacks: async (twin, now, limit) =>
      [...of(twin).callbacks.values()]
        .filter(({ dueAt }) => dueAt <= now)
        .sort(byDue)
        .slice(0, limit),
    balance: async (twin, currency) => balanceOf([...of(twin).orders.values()], currency),
    nextDue: async (twin) => earliest(of(twin)),
    plans: async (twin) => [...of(twin).plans.values()],
    savePlan: async (twin, plan) => void of(twin).plans.set(plan.id, plan),
    removePlans: async (twin, id) => (id === null ? of(twin).plans.clear() : void of(twin).plans.delete(id)),
    addRequest: async (twin, request) => {
      const memory = of(twin);
      memory.requests.push(request);
      // Shortened now and then, not each time.
      if (memory.requests.length > 2 * keptRequests) memory.requests = memory.requests.slice(-keptRequests);
    },
    requests: async (twin, limit) => of(twin).requests.slice(-Math.min(limit, keptRequests)).reverse(),
  };
}

function keyOf(space: string, reference: string): string {
  return `${space}\n${reference}`;
}

function byDue(a: Callback, b: Callback): number {
  return a.dueAt - b.dueAt || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);
}

function findIn({ orders, numbers }: Memory, number: string): TwinOrder[] {
  return [...(numbers.get(number) ?? [])]
    .flatMap((key) => orders.get(key) ?? [])
    .sort((a, b) => b.createdAt - a.createdAt);
}

function listed(all: readonly TwinOrder[], { finished, limit }: OrderFilter): TwinOrder[] {
  if (finished === undefined) return all.toReversed().slice(0, limit);
  return all
    .filter(({ finishedAt }) => finishedAt !== null && finishedAt >= finished.from && finishedAt < finished.to)
    .sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0))
    .slice(0, limit);
}

function balanceOf(orders: readonly TwinOrder[], currency: Currency): bigint {
  return orders
    .filter(({ outcome, amount }) => outcome === 'paid' && amount.currency === currency)
    .reduce((sum, { kind, paid, refunded }) => {
      if (kind === 'payment') return sum + paid - refunded;
      return kind === 'payout' ? sum - paid : sum;
    }, 0n);
}

function keep(memory: Memory, { orders = [], callbacks = [], doneCallbacks = [] }: Change): void {
  for (const order of orders) {
    const key = keyOf(order.space, order.reference);
    memory.orders.set(key, order);
    for (const number of numbersOf(order)) {
      const keys = memory.numbers.get(number) ?? new Set();
      memory.numbers.set(number, keys.add(key));
    }
  }
  for (const callback of callbacks) memory.callbacks.set(callback.id, callback);
  for (const id of doneCallbacks) memory.callbacks.delete(id);
}

/** Everything an order may be asked for by. */
function numbersOf(order: TwinOrder): readonly string[] {
  return [order.reference, order.upstreamNo, order.payCode, order.confirmNo].filter((number) => number !== null);
}

function earliest({ orders, callbacks }: Memory): Instant | null {
  const times = [...orders.values()].flatMap(({ next }) => (next === null ? [] : [next.at]));
  for (const { dueAt } of callbacks.values()) times.push(dueAt);
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}
