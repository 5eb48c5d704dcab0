/** What a merchant of the simulation knows of its orders and refunds: what it asked for, and every word it was told. */
import type { Pay, PaymentReport, PayOut, PayoutReport, RefundAsk, RefundReport } from '../../src/core/commands.ts';
import type { Shop } from './merchants.ts';
import type { Product, Spoken } from './products.ts';

export type Word = 'success' | 'fail' | 'returned' | 'pending';

export interface Told {
  readonly how: 'create' | 'query' | 'notice';
  readonly word: Word;
  readonly at: number;
}

/** Anything with a number of its own that the merchant asks for, asks after and is told of. */
export interface Asked {
  readonly no: string;
  readonly told: Told[];
  /** A create was answered with success: it exists, come what may. */
  acknowledged: boolean;
  /** A create was refused with this word. */
  refused: string | null;
}

export interface ShopRefund extends Asked {
  readonly order: ShopOrder;
  readonly minor: bigint;
  readonly ask: RefundAsk;
}

/** One order, as its merchant sees it. */
export interface ShopOrder extends Asked {
  readonly merchant: Shop;
  readonly item: Product;
  readonly protocol: Spoken;
  readonly kind: 'payment' | 'payout';
  /** No two orders of a seed have the same: whatever moves anywhere can be laid at one order's door. */
  readonly minor: bigint;
  readonly ask: Pay | PayOut;
  /** When it was first asked for: some protocols look an order up by its day. */
  readonly orderedAt: number;
  readonly refunds: ShopRefund[];
  platformNo: string | null;
  deskUrl: string | null;
  confirmNo: string | null;
  /** The merchant asked for its end. */
  isEnded: boolean;
}

/** Refusals that say "again, please": nothing was done. */
const busy: ReadonlySet<string> = new Set([
  '100021',
  'System_busy',
  'BE999999',
  'ACQ.SYSTEM_ERROR',
  'SERVICE_UNAVAILABLE',
]);

export function isBusy(code: string): boolean {
  return busy.has(code);
}

/** Fufu's word for a number that was used: the order is there, whatever became of it. */
export function isRepeat(code: string): boolean {
  return code === 'SERIAL_REPEAT';
}

export function isOver({ refused, told }: Asked): boolean {
  return refused !== null || told.some(({ word }) => word !== 'pending');
}

export function wordOf({ state }: PaymentReport | PayoutReport | RefundReport): Word {
  if (state === 'paid') return 'success';
  if (state === 'returned') return 'returned';
  return state === 'pending' || state === 'unknown' ? 'pending' : 'fail';
}

/** Refunds are asked for where both the protocol and the money allow it. */
export function mayRefund({ item, kind }: Pick<ShopOrder, 'item' | 'kind'>): boolean {
  return kind === 'payment' && item.currency === 'CNY';
}
