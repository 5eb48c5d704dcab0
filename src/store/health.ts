/** Facts about the server itself, for the doctor. */
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export interface ServerFacts {
  readonly version: number;
  readonly settings: Readonly<Record<string, string>>;
  /** The database's clock, milliseconds. */
  readonly now: bigint;
  readonly migrations: bigint;
  readonly user: string;
}

/** What must be so that a committed order survives the power cord (docs/threats). */
export const durable: Readonly<Record<string, readonly string[]>> = {
  fsync: ['on'],
  full_page_writes: ['on'],
  synchronous_commit: ['on', 'remote_apply', 'remote_write'],
};

export async function serverFacts(query: Query): Promise<ServerFacts> {
  const names = Object.keys(durable);
  const settings = await query.run<{ name: string; setting: string }>(
    sql`select name, setting from pg_settings where name = any(${names}::text[])`,
  );
  const [row] = await query.run<{ version: number; now: bigint; migrations: bigint; user: string }>(sql`
    select current_setting('server_version_num')::int as version, (extract(epoch from clock_timestamp()) * 1000)::bigint as now,
      (select count(*) from migrations) as migrations, current_user::text as "user"`);
  if (!row) throw new Error('the database says nothing about itself');
  return { ...row, settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])) };
}

/** The database's clock, milliseconds since 1970. */
export async function databaseTime(query: Query): Promise<Instant> {
  const [row] = await query.run<{ now: bigint }>(
    sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`,
  );
  if (!row) throw new Error('the database does not say what time it is');
  return Number(row.now);
}

/** Connections of gateways to this database, from any machine. */
export async function countGateways(query: Query): Promise<number> {
  const [row] = await query.run<{ count: bigint }>(sql`
    select count(*) as count from pg_stat_activity where datname = current_database() and application_name = 'kanal'`);
  return Number(row?.count ?? 0n);
}
