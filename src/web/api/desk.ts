/** What the operator API works with, and how texts from outside become the merchants and channels they name. */
import type { Inspections } from '../../core/inspection.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Office } from '../../flows/administer.ts';
import type { ChannelRow, MerchantRow } from '../../store/directory.ts';
import type { Actor } from '../route-table.ts';

export interface Desk extends Office {
  readonly inspections: Inspections;
  /** The sandbox document (interface.md); null in production, where its address does not exist. */
  readonly sandbox: (() => Promise<unknown>) | null;
}

/** Decimal text of an id; null when it cannot be one. */
export function idOf(text: string): bigint | null {
  return /^[0-9]{1,18}$/.test(text) ? BigInt(text) : null;
}

export function requiredId(text: string | undefined, what: string): bigint {
  const id = idOf(text ?? '');
  // An id that cannot be one is an id that does not exist: the same answer (T021).
  if (id === null) throw new Refusal('not-found', { text: `no such ${what}` });
  return id;
}

/** By id or by name. A token of one merchant finds that one only, and everybody else is unknown to it. */
export function merchantBy(desk: Desk, actor: Pick<Actor, 'merchantId'>, text: string): MerchantRow {
  const { merchants } = desk.gate.directory();
  const byId = merchants.get(idOf(text) ?? -1n);
  const named = byId ? [byId] : [...merchants.values()].filter(({ name }) => name === text);
  const visible = named.filter(({ id }) => actor.merchantId === null || actor.merchantId === id);
  if (visible.length > 1)
    throw new Refusal('conflict', { field: 'merchant', text: 'several merchants have that name: use the id' });
  const [merchant] = visible;
  if (!merchant) throw new Refusal('not-found', { field: 'merchant', text: 'no such merchant' });
  return merchant;
}

/** The merchant a list is about: the token's own, the one asked for, or null for all. */
export function merchantScope(desk: Desk, actor: Pick<Actor, 'merchantId'>, asked: string | undefined): bigint | null {
  return asked === undefined ? actor.merchantId : merchantBy(desk, actor, asked).id;
}

/** `*` or nothing = every merchant. */
export function merchantOrAll(desk: Desk, actor: Pick<Actor, 'merchantId'>, asked: string | undefined): bigint | null {
  return asked === undefined || asked === '*' ? null : merchantBy(desk, actor, asked).id;
}

/** By id or by name. */
export function channelBy(desk: Desk, text: string): ChannelRow {
  const { channels } = desk.gate.directory();
  const found = channels.get(idOf(text) ?? -1n) ?? [...channels.values()].find(({ name }) => name === text);
  if (!found) throw new Refusal('not-found', { field: 'channel', text: 'no such channel' });
  return found;
}

/** The homes a merchant's rows lie in, or all that are in use; home 0 has what belongs to nobody. */
export function homesFor(desk: Desk, merchantId: bigint | null): readonly number[] {
  const { merchants } = desk.gate.directory();
  if (merchantId !== null) return [merchants.get(merchantId)?.home ?? 0];
  return [...new Set([0, ...[...merchants.values()].map(({ home }) => home)])];
}
