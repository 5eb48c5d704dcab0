/** Double entry: postings as data. A move takes a positive amount from one account to another; it cannot be unbalanced. */
import type { Currency, Money } from './money.ts';
import type { Kind, Order } from './order.ts';
import type { Instant } from './world.ts';

/**
 * Accounts are texts: `merchant/<id>/available`, `merchant/<id>/held`, `channel/<id>/clearing`, `channel/<id>/suspense`,
 * `fees/income`, `operator/funding`.
 */
export type Account = string;

export const accounts = {
  available: (merchantId: bigint): Account => `merchant/${merchantId}/available`,
  held: (merchantId: bigint): Account => `merchant/${merchantId}/held`,
  clearing: (channelId: bigint): Account => `channel/${channelId}/clearing`,
  suspense: (channelId: bigint): Account => `channel/${channelId}/suspense`,
  fees: 'fees/income',
  funding: 'operator/funding',
} as const;

/** A merchant's accounts may not be overdrawn (an operator may lower the floor); the others are the other side of the books. */
function mayGoNegative(account: Account): boolean {
  return !account.startsWith('merchant/');
}

export interface Move {
  readonly home: number;
  readonly objectKind: Kind | 'operator';
  readonly objectId: bigint;
  /** Unique per object: each posting happens at most once. */
  readonly reason: string;
  readonly from: Account;
  readonly to: Account;
  readonly amount: bigint;
  readonly currency: Currency;
  readonly at: Instant;
}

/** Named effects of state changes. */
export type PostingName =
  | 'receive'
  | 'hold'
  | 'release'
  | 'pay'
  | 'return'
  | 'refund-hold'
  | 'refund-pay'
  | 'refund-release'
  | 'suspense-in'
  | 'suspense-out';

type Side = 'available' | 'held' | 'clearing' | 'suspense' | 'fees';
interface Leg {
  readonly reason: string;
  readonly from: Side;
  readonly to: Side;
  readonly of: 'amount' | 'fee' | 'amount+fee' | 'reported';
}

/** Source: design.md section 6; refunds do not give fees back (rulings). */
const postings: Readonly<Record<PostingName, readonly Leg[]>> = {
  receive: [
    { reason: 'receive', from: 'clearing', to: 'available', of: 'amount' },
    { reason: 'receive-fee', from: 'available', to: 'fees', of: 'fee' },
  ],
  hold: [{ reason: 'hold', from: 'available', to: 'held', of: 'amount+fee' }],
  release: [{ reason: 'release', from: 'held', to: 'available', of: 'amount+fee' }],
  pay: [
    // The key of `release` and `pay` differs, their states exclude each other; the held account may not go negative.
    { reason: 'pay', from: 'held', to: 'clearing', of: 'amount' },
    { reason: 'pay-fee', from: 'held', to: 'fees', of: 'fee' },
  ],
  return: [{ reason: 'return', from: 'clearing', to: 'available', of: 'amount' }],
  'refund-hold': [{ reason: 'hold', from: 'available', to: 'held', of: 'amount' }],
  'refund-pay': [{ reason: 'pay', from: 'held', to: 'clearing', of: 'amount' }],
  'refund-release': [{ reason: 'release', from: 'held', to: 'available', of: 'amount' }],
  'suspense-in': [{ reason: 'suspense-in', from: 'clearing', to: 'suspense', of: 'reported' }],
  'suspense-out': [{ reason: 'suspense-out', from: 'suspense', to: 'clearing', of: 'reported' }],
};

/**
 * The moves of a posting. `channelId` is that of the evidence (or the order). `reported` is the amount the evidence speaks
 * of, for suspense; `tag` makes its reason unique per upstream movement.
 */
export function movesOf(
  name: PostingName,
  order: Order,
  at: Instant,
  suspense: { readonly channelId: bigint; readonly reported: Money; readonly tag: string } | null = null,
): Move[] {
  const channelId = suspense?.channelId ?? order.channelId;
  if (channelId === null && name !== 'hold' && name !== 'release')
    throw new Error(`${name}: ${order.id} has no channel`);
  const side: Readonly<Record<Side, Account>> = {
    available: accounts.available(order.merchantId),
    held: accounts.held(order.merchantId),
    clearing: accounts.clearing(channelId ?? 0n),
    suspense: accounts.suspense(channelId ?? 0n),
    fees: accounts.fees,
  };
  const amounts = {
    amount: order.amount.minor,
    fee: order.fee,
    'amount+fee': order.amount.minor + order.fee,
    reported: suspense?.reported.minor ?? order.amount.minor,
  };
  return postings[name]
    .filter((leg) => amounts[leg.of] > 0n)
    .map((leg) => ({
      home: order.home,
      objectKind: order.kind,
      objectId: order.id,
      reason: suspense ? `${leg.reason}/${suspense.tag}` : `${leg.reason}${againOf(order)}`,
      from: side[leg.from],
      to: side[leg.to],
      amount: amounts[leg.of],
      currency: suspense?.reported.currency ?? order.amount.currency,
      at,
    }));
}

/** A refund that was begun again has postings of its own. */
function againOf(order: Order): string {
  const drives = order.kind === 'refund' ? (order.detail.drives ?? 1) : 1;
  return drives > 1 ? `/${drives}` : '';
}

/** Net change per account of a set of moves, in key order (locks are always taken in that order). */
export interface BalanceChange {
  readonly home: number;
  readonly account: Account;
  readonly currency: Currency;
  readonly change: bigint;
  readonly floor: bigint | null;
}

export function balanceChanges(moves: readonly Move[]): BalanceChange[] {
  const sums = new Map<string, BalanceChange>();
  const add = (home: number, account: Account, currency: Currency, change: bigint) => {
    const key = `${String(home).padStart(3, '0')} ${account} ${currency}`;
    const before = sums.get(key)?.change ?? 0n;
    sums.set(key, { home, account, currency, change: before + change, floor: mayGoNegative(account) ? null : 0n });
  };
  for (const move of moves) {
    add(move.home, move.from, move.currency, -move.amount);
    add(move.home, move.to, move.currency, move.amount);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}
