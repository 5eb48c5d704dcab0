/** Gathers both sides of a day and compares them. Reads only. */
import { type Span, daySpan, dayText } from '../core/days.ts';
import type { Kind } from '../core/order.ts';
import { type Booked, type Compared, compare } from '../core/reconciliation.ts';
import type { StatementLine } from '../core/statement.ts';
import { bookedAt, type KindKey, ordersOfChannel } from '../store/booked.ts';
import type { ChannelRow } from '../store/directory.ts';
import { attemptsByReference } from '../store/orders.ts';
import { hasStatement, movedElsewhere } from '../store/reconciliations.ts';
import type { Gate } from './gate.ts';

/** How far the channel's clock and ours may put one movement on two days. */
export const marginMs = 900_000;
const pageSize = 1_000;
const homesAtOnce = 8;

/** `day` is one of the channel's zone. A day that is not over yet is compared as far as it has come. */
export async function compareDay(
  gate: Gate,
  channel: ChannelRow,
  day: string,
  zone: string,
  lines: readonly StatementLine[],
): Promise<Compared> {
  const whole = daySpan(day, zone);
  const now = gate.world.now();
  const span = { from: whole.from, to: Math.min(whole.to, now) };
  const keys = await keysOf(gate, channel, lines, span);
  const books: Booked[] = [];
  for (let from = 0; from < keys.length; from += pageSize)
    books.push(...(await bookedAt(gate.db, channel.id, keys.slice(from, from + pageSize))));
  return compare({
    lines,
    books,
    span,
    marginMs,
    elsewhere: await elsewhereOf(gate, channel, day, books),
    hasBefore: await hasStatement(gate.db, channel.id, dayText(whole.from - 1, zone)),
    hasAfter: whole.to <= now && (await hasStatement(gate.db, channel.id, dayText(whole.to, zone))),
  });
}

/** Orders that lines name, and orders of the span and its margins; each once. */
async function keysOf(
  gate: Gate,
  channel: ChannelRow,
  lines: readonly StatementLine[],
  span: Span,
): Promise<KindKey[]> {
  const keys = new Map<bigint, KindKey>();
  for (const key of await named(gate, channel, lines)) keys.set(key.id, key);
  // Orders lie where their merchants do.
  const homes = [...new Set([...gate.directory().merchants.values()].map(({ home }) => home))];
  const wide = { from: span.from - marginMs, to: span.to + marginMs };
  for (const kind of ['payment', 'payout', 'refund'] as const)
    for (let from = 0; from < homes.length; from += homesAtOnce) {
      const some = homes.slice(from, from + homesAtOnce);
      const found = await Promise.all(some.map((home) => ofHome(gate, kind, home, channel.id, wide)));
      for (const key of found.flat()) keys.set(key.id, key);
    }
  return [...keys.values()];
}

async function ofHome(gate: Gate, kind: Kind, home: number, channelId: bigint, span: Span): Promise<KindKey[]> {
  const keys: KindKey[] = [];
  for (let after = 0n; ; ) {
    const ids = await ordersOfChannel(gate.db, kind, home, channelId, span, { after, limit: pageSize });
    keys.push(...ids.map((id) => ({ kind, home, id })));
    after = ids.at(-1) ?? after;
    if (ids.length < pageSize) return keys;
  }
}

/** By our references, which carry their home. */
async function named(gate: Gate, { id, protocol }: ChannelRow, lines: readonly StatementLine[]): Promise<KindKey[]> {
  const wanted = lines.flatMap(({ reference }) => {
    const home = reference === null ? null : gate.facts.homeOf(protocol, reference);
    return reference === null || home === null ? [] : [{ home, channelId: id, reference }];
  });
  const keys: KindKey[] = [];
  for (let from = 0; from < wanted.length; from += pageSize)
    for (const { kind, home, objectId } of await attemptsByReference(gate.db, wanted.slice(from, from + pageSize)))
      keys.push({ kind, home, id: objectId });
  return keys;
}

async function elsewhereOf(
  gate: Gate,
  { id }: ChannelRow,
  day: string,
  books: readonly Booked[],
): Promise<Set<string>> {
  const references = books.flatMap(({ reference, formerReferences }) =>
    reference === null ? formerReferences : [reference, ...formerReferences],
  );
  const found = new Set<string>();
  for (let from = 0; from < references.length; from += pageSize)
    for (const name of await movedElsewhere(gate.db, id, day, references.slice(from, from + pageSize))) found.add(name);
  return found;
}
