/** Where everything runs: one embedded PostgreSQL in a folder of its own, made for this run with the settings that Kanal ships. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log, World } from '../src/core/world.ts';
import { makeSend } from '../src/edge/send.ts';
import { Vault } from '../src/edge/vault.ts';
import { type Database, type DatabaseTarget, openDatabase, sql } from '../src/store/database.ts';
import { type Embedded, startEmbedded } from '../src/store/embedded.ts';
import { migrate } from '../src/store/migrate.ts';
import { packageRoot } from '../src/store/package-root.ts';
import { clock, makeWorld } from '../src/world.ts';
import { seedParties } from './parties.ts';

export interface Place {
  readonly folder: string;
  readonly target: DatabaseTarget;
  /** The same as a URL. */
  readonly url: string;
  readonly masterKeyFile: string;
  readonly masterKey: Uint8Array;
  /** As the gateway connects. */
  readonly db: Database;
  readonly owner: Database;
  readonly world: World;
  stop(): Promise<void>;
}

/** Errors are worth seeing, everything else would measure the terminal. */
export const quietLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error: (event, fields) => console.error('error', event, fields ?? ''),
};

export const root: string = packageRoot;

function startServer(folder: string): Promise<Embedded> {
  return startEmbedded({
    dataDir: join(folder, 'postgres'),
    log: quietLog,
    world: { ...clock, nonce: (bytes) => randomBytes(bytes) },
  });
}

export async function makePlace(): Promise<Place> {
  const folder = join(root, '.tmp', 'bench');
  // A run that was killed leaves its server behind: deleting the files under it would end this run's server too.
  if (existsSync(join(folder, 'postgres', 'cluster', 'postmaster.pid'))) await (await startServer(folder)).stop();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const server = await startServer(folder);
  const { target } = server;
  await migrate({ target, log: quietLog, world: clock, twins: true });
  const masterKey = randomBytes(32);
  const masterKeyFile = join(folder, 'master.key');
  await writeFile(masterKeyFile, masterKey.toString('hex'), { mode: 0o600 });
  const owner = await openDatabase({ ...target, log: quietLog, role: null, max: 4, statementTimeoutMs: 0 });
  const db = await openDatabase({ ...target, log: quietLog, role: 'kanal_app' });
  const world = await worldOn(db);
  await seedParties(owner, world, new Vault(masterKey, (bytes) => world.nonce(bytes)));
  return {
    folder,
    target,
    url: urlOf(target),
    masterKey,
    masterKeyFile,
    db,
    owner,
    world,
    async stop() {
      await Promise.all([db.close(), owner.close()]);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A socket folder goes into the query, where pg and libpq both find it. */
function urlOf({ host = '', port = 5432, user = '', password = '', database = '' }: DatabaseTarget): string {
  const made = new URL(`postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}`);
  made.searchParams.set('host', host);
  return made.href;
}

async function worldOn(db: Database): Promise<World> {
  const [row] = await db.run<{ slot: bigint }>(sql`select nextval('process_slots') as slot`);
  const rules = { allowHosts: new Set<string>(), allowLoopback: true, ownPorts: () => new Set<number>() };
  const { send } = makeSend({ ...rules, log: quietLog, monotonic: clock.monotonic });
  return makeWorld({ log: quietLog, send, timeScale: 1, slot: Number(row?.slot ?? 0n), now: clock.now });
}

/** What the disk takes for one flush right now: median of 25 times 8 KiB and `fdatasync`, in microseconds. */
export async function flushTimeUs(folder: string): Promise<number> {
  const path = join(folder, 'flush.probe');
  const file = await open(path, 'w');
  const page = Buffer.alloc(8192, 1);
  const took: number[] = [];
  for (let i = 0; i < 25; i++) {
    const began = performance.now();
    await file.write(page, 0, page.length, 0);
    await file.datasync();
    took.push((performance.now() - began) * 1000);
  }
  await file.close();
  await rm(path);
  return Math.round(median(took));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `p` from 0 to 1. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** Runs `work(0 … count-1)`, `width` of them at a time; returns seconds. */
export async function inFlight(count: number, width: number, work: (i: number) => Promise<void>): Promise<number> {
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (performance.now() - began) / 1000;
}
