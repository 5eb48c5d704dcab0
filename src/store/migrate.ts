/**
 * Forward-only migrations: `migrations/NNNN-name.sql`, each in one transaction. What ran is kept with its checksum in
 * `kanal.migrations`, so that a changed file or a database from a newer program is an error and not a surprise.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log, World } from '../core/world.ts';
import { type DatabaseTarget, openDatabase, type Query, rawSql, sql } from './database.ts';
import { packageRoot } from './package-root.ts';

export interface Migration {
  /** From 1 on, without gaps. */
  readonly number: number;
  /** File name. */
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
}

export interface MigrateOptions {
  /** Logs in as the owner of the database: it creates schemas, tables and roles. */
  readonly target: DatabaseTarget;
  readonly log: Log;
  readonly world: Pick<World, 'now'>;
  /** Make what only a sandbox has, too: the schema of its twins. */
  readonly twins: boolean;
  /** Default: the project's `migrations/`. */
  readonly folder?: string;
  /** No further than this one: for the rows of a backup that is older than the program. */
  readonly upTo?: number;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

export const migrationsFolder: string = join(packageRoot, 'migrations');

/** Noted everywhere, so that the numbers stay without gaps; run in a sandbox only. The schema that each makes. */
const sandboxOnly: ReadonlyMap<string, string> = new Map([['0002-twin.sql', 'twin']]);

/** Any constant of ours; two gateways that start together take turns. */
const lockKey = 4_711_000_001n;
const fileName = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * Brings the database to the state of this program; returns how many migrations ran. Throws when a file that ran was changed
 * since, when the database is newer than the program, or what a migration threw (then that one did not happen).
 */
export async function migrate(options: MigrateOptions): Promise<number> {
  const all = await readMigrations(options.folder ?? migrationsFolder);
  const migrations = all.slice(0, options.upTo ?? all.length);
  const database = await openDatabase({
    ...options.target,
    log: options.log,
    role: null,
    max: 1,
    statementTimeoutMs: 0,
  });
  try {
    const pending = await database.transaction((query) => findPending(query, migrations));
    for (const migration of pending) {
      const ran = await database.transaction((query) => apply(query, migration, options));
      if (ran) options.log.info('migration-applied', { name: migration.name });
    }
    if (options.twins) await database.transaction((query) => makeUp(query, migrations));
    return pending.length;
  } finally {
    await database.close();
  }
}

/** The files of the folder in order; throws on gaps, doubles and names that do not fit. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql') && name !== 'schema.sql').sort();
  return Promise.all(names.map((name, index) => readMigration(folder, name, index + 1)));
}

async function readMigration(folder: string, name: string, expected: number): Promise<Migration> {
  const number = Number(fileName.exec(name)?.[1]);
  if (number !== expected) throw new Error(`migrations/${name}: expected NNNN-name.sql with number ${expected}`);
  const text = await readFile(join(folder, name), 'utf8');
  if (/^[^\S\n]*(begin|commit|rollback)\s*;/im.test(text))
    throw new Error(`migrations/${name}: runs in a transaction already`);
  return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') };
}

async function findPending(query: Query, migrations: readonly Migration[]): Promise<Migration[]> {
  await lock(query);
  await query.run(rawSql(bookkeeping));
  const applied = await query.run<Applied>(sql`select number, name, checksum from kanal.migrations order by number`);
  for (const row of applied) check(row, migrations[row.number - 1]);
  return migrations.slice(applied.length);
}

function check(applied: Applied, migration: Migration | undefined): void {
  if (migration === undefined) {
    throw new Error(`the database is newer than this program: it has ${applied.name}; install the newer version`);
  }
  if (migration.checksum !== applied.checksum) {
    throw new Error(
      `migrations/${migration.name} was changed after it ran; restore it and add a new migration instead`,
    );
  }
}

/** What was left out when the database was made for production, or for a restore. */
async function makeUp(query: Query, migrations: readonly Migration[]): Promise<void> {
  await lock(query);
  for (const { name, text } of migrations) {
    const schema = sandboxOnly.get(name);
    if (schema === undefined) continue;
    const [found] = await query.run<{ there: boolean }>(sql`select to_regnamespace(${schema}) is not null as there`);
    if (found?.there !== true) await query.run(rawSql(text));
  }
}

/** False when another process was faster. */
async function apply(query: Query, migration: Migration, { world, twins }: MigrateOptions): Promise<boolean> {
  await lock(query);
  // The row first: whatever goes wrong after it takes it back, and nobody else can run the same migration meanwhile.
  const inserted = await query.run(sql`
    insert into kanal.migrations (number, name, checksum, applied_at)
    values (${migration.number}, ${migration.name}, ${migration.checksum}, ${world.now()})
    on conflict (number) do nothing returning number`);
  if (inserted.length === 0) return false;
  if (sandboxOnly.has(migration.name) && !twins) return true;
  try {
    await query.run(rawSql(migration.text));
  } catch (error) {
    throw new Error(`migrations/${migration.name}${place(migration.text, error)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return true;
}

/** `:12` = the line PostgreSQL stumbled over, when it says so. */
function place(text: string, error: unknown): string {
  const position = error instanceof Error && 'position' in error ? Number(error.position) : Number.NaN;
  return Number.isNaN(position) ? '' : `:${text.slice(0, position).split('\n').length}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function lock(query: Query): Promise<void> {
  await query.run(sql`select pg_advisory_xact_lock(${lockKey})`);
}

const bookkeeping = `
  create schema if not exists kanal;
  create table if not exists kanal.migrations (
    number int primary key,
    name text not null,
    checksum text not null,
    applied_at bigint not null
  );`;
