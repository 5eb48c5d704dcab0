/** Which channel carries out a payment or payout: a pure choice over the merchant's routes. */
import type { Method } from './commands.ts';
import type { Money } from './money.ts';

export interface Route {
  readonly id: bigint;
  /** null = every merchant. */
  readonly merchantId: bigint | null;
  /** The protocol the merchant speaks; null = any. */
  readonly protocol: string | null;
  readonly method: Method | 'any';
  readonly channelId: bigint;
  readonly weight: number;
  readonly min: bigint | null;
  readonly max: bigint | null;
  readonly currency: string | null;
}

export interface RouteVerdict {
  readonly route: Route;
  /** null = usable; else why it was not taken. */
  readonly why: string | null;
}

/** Every route of the merchant with why it is or is not usable, the merchant's own before the general ones, heaviest first. */
export function judgeRoutes(
  routes: readonly Route[],
  merchantId: bigint,
  protocol: string,
  method: Method,
  amount: Money,
  usable: (channelId: bigint) => string | null,
): RouteVerdict[] {
  return routes
    .filter((route) => route.merchantId === null || route.merchantId === merchantId)
    .filter((route) => route.protocol === null || route.protocol === protocol)
    .map((route) => ({ route, why: reasonAgainst(route, method, amount) ?? usable(route.channelId) }))
    .sort((a, b) => rank(b.route) - rank(a.route) || (a.route.id < b.route.id ? -1 : 1));
}

function rank(route: Route): number {
  return (route.merchantId === null ? 0 : 1_000_000) + route.weight;
}

function reasonAgainst(route: Route, method: Method, amount: Money): string | null {
  if (route.method !== method && route.method !== 'any') return 'another method';
  if (route.currency !== null && route.currency !== amount.currency) return 'another currency';
  if (route.min !== null && amount.minor < route.min) return 'below its minimum';
  if (route.max !== null && amount.minor > route.max) return 'above its maximum';
  return null;
}
