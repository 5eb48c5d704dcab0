/** What the shops of the matrix have in common: whatever protocol one speaks, the matrix can walk any way with it. */
import type { Crossing } from '../../src/wiring/crossings.ts';
import type { CallbackBox } from './bestpay-party.ts';
import type { Scene } from './harness.ts';

/** What a create was answered, in one word for all protocols. */
export interface Told {
  readonly verdict: 'accepted' | 'refused' | 'unclear';
  readonly raw: string;
  /** The page on which the payer chooses. */
  readonly page: string | null;
}

export interface Shop {
  fresh(): string;
  create(way: Crossing, no: string): Promise<Told>;
  /** 'paid' once the merchant can see it; any other word is shown when it does not become so. */
  state(way: Crossing, no: string): Promise<string>;
  /** Of the notices that came: how many say "paid" and carry the platform's signature. Throws for one that does not. Null = this protocol tells nothing of that. */
  paidNotices(way: Crossing, no: string): number | null;
  /** Gives part of it back and asks until that is done. */
  readonly refund?: (way: Crossing, no: string) => Promise<void>;
}

export type Shops = Readonly<Record<string, Shop>>;

export interface Yard {
  readonly scene: Scene;
  readonly box: CallbackBox;
}

export function amountOf({ ask }: Crossing): number {
  return Number(ask.amount.minor);
}

export function told(verdict: Told['verdict'], raw: string, page: string | null = null): Told {
  return { verdict, raw, page };
}

export function must<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the shop cannot ${what}`);
  return found;
}
