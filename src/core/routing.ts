/** Which channel carries out a payment or payout: a pure choice over the merchant's routes. */
import type { Method } from './commands.ts';
import type { Money } from './money.ts';
import type { Instant } from './world.ts';

export interface Route {
  readonly id: bigint;
  /** null = every merchant. */
  readonly merchantId: bigint | null;
  /** The protocol the merchant speaks; null = any. */
  readonly protocol: string | null;
  readonly method: Method | 'any';
  readonly channelId: bigint;
  /** Heavier ones are tried first. */
  readonly weight: number;
  readonly min: bigint | null;
  readonly max: bigint | null;
  readonly currency: string | null;
  /** "HH:MM-HH:MM+hh:mm"; null = always open. */
  readonly hours: string | null;
  /** Minor units that may be ordered through it in one day. */
  readonly dailyCap: bigint | null;
}

export interface RouteVerdict {
  readonly route: Route;
  /** null = usable; else why it was not taken. */
  readonly why: string | null;
  /** Usable, but its channel has not answered well lately: tried after the others, never refused for it (T112). */
  readonly isAiling: boolean;
}

/** What a route is judged for. */
export interface Wanted {
  readonly merchantId: bigint;
  readonly protocol: string;
  readonly method: Method;
  readonly amount: Money;
  readonly now: Instant;
}

/** What is known of a channel at this moment. */
export interface ChannelWord {
  /** null = able; else why not. */
  readonly unable: string | null;
  readonly isAiling: boolean;
}

/**
 * Every route of the merchant, in the order they are tried, with why each is or is not usable: well channels before ailing ones, the
 * merchant's own routes before general ones, those for the very method before those for any, heavier before lighter, older first.
 */
export function judgeRoutes(
  routes: readonly Route[],
  wanted: Wanted,
  word: (channelId: bigint) => ChannelWord,
): RouteVerdict[] {
  return routes
    .filter((route) => route.merchantId === null || route.merchantId === wanted.merchantId)
    .filter((route) => route.protocol === null || route.protocol === wanted.protocol)
    .map((route) => {
      const { unable, isAiling } = word(route.channelId);
      return { route, why: reasonAgainst(route, wanted) ?? unable, isAiling };
    })
    .sort(
      (a, b) =>
        Number(a.isAiling) - Number(b.isAiling) || rank(b.route) - rank(a.route) || (a.route.id < b.route.id ? -1 : 1),
    );
}

function rank(route: Route): number {
  const own = route.merchantId === null ? 0 : 2_000_000_000;
  const exact = route.method === 'any' ? 0 : 1_000_000_000;
  return own + exact + Math.min(route.weight, 999_999_999);
}

function reasonAgainst(route: Route, { method, amount, now }: Wanted): string | null {
  if (route.method !== method && route.method !== 'any') return 'another method';
  if (route.currency !== null && route.currency !== amount.currency) return 'another currency';
  if (route.min !== null && amount.minor < route.min) return 'below its minimum';
  if (route.max !== null && amount.minor > route.max) return 'above its maximum';
  if (route.dailyCap !== null && amount.minor > route.dailyCap) return 'above its daily cap';
  if (route.hours !== null && !isOpen(route.hours, now)) return 'outside its hours';
  return null;
}

const hoursShape = /^(\d\d):(\d\d)-(\d\d):(\d\d)([+-])(\d\d):(\d\d)$/;
const minutesPerDay = 1_440;

/** "22:00-02:00+07:00" runs over midnight; equal ends mean the whole day. A text of another shape is never open. */
export function isOpen(hours: string, now: Instant): boolean {
  const match = hoursShape.exec(hours);
  if (!match) return false;
  const minutes = (place: number) => Number(match[place]) * 60 + Number(match[place + 1]);
  const [from, to] = [minutes(1), minutes(3)];
  const local = Math.floor(localMinutes(hours, now)) % minutesPerDay;
  if (from === to) return true;
  return from < to ? local >= from && local < to : local >= from || local < to;
}

/** Minutes since 1970 on the route's own clock. */
function localMinutes(hours: string | null, now: Instant): number {
  const match = hours === null ? null : hoursShape.exec(hours);
  const offset = match ? (match[5] === '-' ? -1 : 1) * (Number(match[6]) * 60 + Number(match[7])) : 0;
  return now / 60_000 + offset;
}

/** The day a route's cap is counted for, "2026-01-31". */
export function capDay(route: Pick<Route, 'hours'>, now: Instant): string {
  return new Date(localMinutes(route.hours, now) * 60_000).toISOString().slice(0, 10);
}
