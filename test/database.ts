/**
 * A fresh database for a test file, cloned from a migrated template on one real PostgreSQL that the whole test run shares.
 * Whoever comes first starts it (in `.tmp/`); `scripts/test.mjs` stops it at the end, and a single file run by hand leaves
 * it for the next one.
 *
 *     const { db, owner, drop } = await testDatabase();   // before
 *     await drop();                                       // after
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log, World } from '../src/core/world.ts';
import { type Database, type DatabaseTarget, openDatabase, rawSql, sql } from '../src/store/database.ts';
import { type Embedded, startEmbedded } from '../src/store/embedded.ts';
import { migrate, migrationsFolder, readMigrations } from '../src/store/migrate.ts';
import { packageRoot } from '../src/store/package-root.ts';
import { claimPidFile, isAlive } from '../src/store/pidfile.ts';

export interface TestDatabase {
  /** As the application connects: role `kanal_app`. */
  readonly db: Database;
  /** The owner of everything, for setting scenes up and for looking behind the curtain. */
  readonly owner: Database;
  /** Owner log-in, for code under test that connects by itself. */
  readonly target: DatabaseTarget;
  drop(): Promise<void>;
}

const folder = join(packageRoot, '.tmp');

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The few parts of the World that the server itself needs. */
export const serverWorld: Pick<World, 'nonce' | 'sleep' | 'monotonic' | 'now'> = {
  nonce: (bytes) => randomBytes(bytes),
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

let made = 0;

/** Migrated and empty; nobody else sees it. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${++made}`;
  const target = await locked(() => cloneTemplate(name));
  const owner = await openDatabase({ ...target, log: silentLog, role: null, max: 4 });
  const db = await openDatabase({ ...target, log: silentLog, role: 'kanal_app' });
  const drop = async (): Promise<void> => {
    await Promise.all([db.close(), owner.close()]);
    await asAdministrator(target, (admin) => admin.run(rawSql(`drop database ${name} with (force)`)));
  };
  return { db, owner, target, drop };
}

/** Ends the shared server, unless tests of another run still use it. */
export async function stopTestServer(): Promise<void> {
  await locked(async () => {
    const server = await startServer();
    const names = await asAdministrator(server.target, databases);
    if (names.some((name) => name.startsWith('test_') && !isLeftOver(name))) server.leave();
    else await server.stop();
  });
}

function startServer(): Promise<Embedded> {
  return startEmbedded({ dataDir: join(folder, 'postgres'), log: silentLog, world: serverWorld });
}

async function cloneTemplate(name: string): Promise<DatabaseTarget> {
  const server = await startServer();
  server.leave();
  const template = await migratedTemplate(server.target);
  await asAdministrator(server.target, (admin) => admin.run(rawSql(`create database ${name} template ${template}`)));
  return { ...server.target, database: name };
}

async function databases(admin: Database): Promise<string[]> {
  return (await admin.run<{ name: string }>(sql`select datname as name from pg_database`)).map(({ name }) => name);
}

/** Named after the content of the migrations: editing one makes a new template, and the old one goes. */
async function migratedTemplate(target: DatabaseTarget): Promise<string> {
  const texts = (await readMigrations(migrationsFolder)).map(({ checksum }) => checksum);
  const template = `kanal_template_${createHash('sha256').update(texts.join()).digest('hex').slice(0, 12)}`;
  const unfinished = `${template}_new`;
  return asAdministrator(target, async (admin) => {
    const present = (await admin.run<{ name: string }>(sql`select datname as name from pg_database`)).map(
      ({ name }) => name,
    );
    for (const name of present.filter((name) => name !== template && isLeftOver(name))) {
      await admin.run(rawSql(`drop database if exists ${name} with (force)`));
    }
    if (present.includes(template)) return template;
    await admin.run(rawSql(`create database ${unfinished}`));
    await migrate({ target: { ...target, database: unfinished }, log: silentLog, world: serverWorld, twins: true });
    await admin.run(rawSql(`alter database ${unfinished} rename to ${template}`));
    return template;
  });
}

function isLeftOver(name: string): boolean {
  const pid = /^test_(\d+)_\d+$/.exec(name)?.[1];
  return name.startsWith('kanal_template_') || (pid !== undefined && !isAlive(Number(pid)));
}

async function asAdministrator<T>(server: DatabaseTarget, work: (admin: Database) => Promise<T>): Promise<T> {
  const target = { ...server, database: 'postgres' };
  const admin = await openDatabase({ ...target, log: silentLog, role: null, max: 1, statementTimeoutMs: 60_000 });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** One test process at a time starts, migrates or stops. */
async function locked<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const release = await claimEventually(join(folder, 'postgres.lock'));
  try {
    return await work();
  } finally {
    await release();
  }
}

async function claimEventually(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await claimPidFile(path);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('already running')) throw error;
      await wait(20);
    }
  }
}
