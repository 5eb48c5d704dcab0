/** What is known of the movements that lie in suspense: each posting with all words that were told of it. */
import { type Movement, withWord } from '../core/movement.ts';
import type { Key } from '../core/order.ts';
import { type Query, sql } from './database.ts';

/** Member of an event's detail: the movement it told of, and the posting that movement was booked by. */
export type MovementWord = Pick<Movement, 'posting' | 'reference' | 'upstreamNo' | 'movementNo' | 'happenedAt'>;

/** By order, `home/id`. The orders are locked: nothing is booked of them beside. */
export async function movementsInSuspense(
  query: Query,
  orders: readonly Key[],
): Promise<ReadonlyMap<string, readonly Movement[]>> {
  const rows = await query.run<{
    home: number;
    object_id: bigint;
    posting: string;
    account: string;
    minor: bigint;
    word: MovementWord | null;
  }>(sql`
    select m.home, m.object_id, m.reason as posting, m.amount as minor, e.detail -> 'movement' as word,
      case when m.reason like 'suspense-in/%' then m.to_account else m.from_account end as account
    from unnest(${orders.map(({ home }) => home)}::smallint[], ${orders.map(({ id }) => id)}::bigint[]) as k (home, object_id)
    join moves m using (home, object_id)
    left join events e on e.home = m.home and e.object_id = m.object_id and e.detail -> 'movement' ->> 'posting' = m.reason
    where m.reason ~ '^suspense-(in|out)/'
    order by m.home, m.object_id, m.reason, e.id`);
  const found = new Map<string, Map<string, Movement>>();
  for (const { home, object_id: id, posting, account, minor, word } of rows) {
    const ofOrder = found.get(`${home}/${id}`) ?? new Map<string, Movement>();
    const bare = { posting, account, minor, reference: null, upstreamNo: null, movementNo: null, happenedAt: null };
    const known = ofOrder.get(posting) ?? bare;
    ofOrder.set(posting, word === null ? known : withWord(known, { ...bare, ...word }));
    found.set(`${home}/${id}`, ofOrder);
  }
  return new Map([...found].map(([key, movements]) => [key, [...movements.values()]]));
}
