/** Text messages per merchant and keyed mark, of a telephone number or a card: nothing here tells which. */
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export interface TextRule {
  readonly hourAgo: Instant;
  readonly dayAgo: Instant;
  readonly perHour: number;
  readonly perDay: number;
}

/** Counts one sending, if it still fits into hour and day: one row, so that sendings asked for at once are counted one after the other. */
export async function takeText(
  query: Query,
  { home, merchantId }: { readonly home: number; readonly merchantId: bigint },
  mark: Uint8Array,
  now: Instant,
  { hourAgo, dayAgo, perHour, perDay }: TextRule,
): Promise<boolean> {
  const rows = await query.run(sql`
    insert into text_sends as t (home, merchant_id, mark, sent, last_at)
    values (${home}, ${merchantId}, ${Buffer.from(mark)}, ${[now]}::bigint[], ${now})
    on conflict (home, merchant_id, mark) do update
      set sent = array(select at from unnest(t.sent) as at where at > ${dayAgo}) || excluded.sent, last_at = excluded.last_at
    where (select count(*) filter (where at > ${hourAgo}) < ${perHour} and count(*) filter (where at > ${dayAgo}) < ${perDay}
      from unnest(t.sent) as at)
    returning t.home`);
  return rows.length > 0;
}

/** Forgets what was last sent before `before`, in one home. → how many */
export async function forgetTexts(query: Query, home: number, before: Instant, most: number): Promise<number> {
  const rows = await query.run(sql`
    with old as (select merchant_id, mark from text_sends where home = ${home} and last_at < ${before} order by last_at limit ${most})
    delete from text_sends t using old o
    where t.home = ${home} and t.merchant_id = o.merchant_id and t.mark = o.mark and t.last_at < ${before} returning t.home`);
  return rows.length;
}
