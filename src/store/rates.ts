/** Rates of foreign currencies, one per day. */
import type { Rate } from '../core/exchange.ts';
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

/** Newest day first. */
export async function allRates(query: Query): Promise<Rate[]> {
  return query.run<Rate>(sql`select currency, day, rate, direction from rates order by day desc, currency`);
}

export async function putRate(query: Query, { currency, day, rate, direction }: Rate, at: Instant): Promise<void> {
  await query.run(sql`
    insert into rates (currency, day, rate, direction, set_at) values (${currency}, ${day}, ${rate}, ${direction}, ${at})
    on conflict (currency, day) do update set rate = excluded.rate, direction = excluded.direction, set_at = excluded.set_at`);
}
