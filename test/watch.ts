/**
 * Watches every change of an order's state that the application makes, inside the database, whoever makes it: each must come with the
 * timeline event that only the door writes, from the same transaction. What a test does as the owner is not looked at.
 */
import { type Database, rawSql, sql } from '../src/store/database.ts';

const watching = ['payments', 'payouts', 'refunds'].map(
  (table) => `create trigger seen before update on kanal.${table} for each row
    when (old.state is distinct from new.state) execute function watch.note()`,
);

export async function watchStates(owner: Database): Promise<void> {
  await owner.run(
    rawSql(`create schema watch;
      create table watch.changes (xid xid, home smallint, id bigint, of text, old text, new text);
      create function watch.note() returns trigger language plpgsql security definer as $$ begin
        if current_setting('role') = 'kanal_app' then
          insert into watch.changes values (pg_current_xact_id()::xid, old.home, old.id, tg_table_name, old.state, new.state);
        end if;
        return new;
      end $$;
      ${watching.join(';')}`),
  );
}

/** Changes past the door, in words. */
export async function changesPastTheDoor(owner: Database): Promise<string[]> {
  const rows = await owner.run<{ text: string }>(sql`
    select c.of || ' ' || c.id || ': ' || c.old || ' → ' || c.new as text from watch.changes c
    where not exists (select from kanal.events e where e.home = c.home and e.object_id = c.id and e.xmin = c.xid and e.detail ->> 'from' = c.old)
      or not exists (select from kanal.events e where e.home = c.home and e.object_id = c.id and e.xmin = c.xid and e.detail ->> 'to' = c.new)`);
  return rows.map(({ text }) => text);
}

export async function changesSeen(owner: Database): Promise<number> {
  const [row] = await owner.run<{ seen: number }>(sql`select count(*)::int as seen from watch.changes`);
  return row?.seen ?? 0;
}
