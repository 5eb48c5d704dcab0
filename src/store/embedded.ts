/**
 * A real PostgreSQL of our own in the data folder: made when missing, started, adopted when it outlived us, watched and
 * stopped. It lives in its own session, so that a Ctrl-C meant for us does not hit it.
 *
 *     <dataDir>/cluster      PostgreSQL's data
 *     <dataDir>/password     of the owner role, mode 0600
 *     <dataDir>/server.log   what it says; the previous one as server.log.1
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Log, World } from '../core/world.ts';
import { type Database, type DatabaseTarget, openDatabase, rawSql } from './database.ts';
import { isAlive } from './pidfile.ts';
import { chooseRunner, findPostgres, type PostgresBinaries, type Runner } from './postgres-binaries.ts';
import { exists, freePort, handOver, rotate, syncFolder } from './postgres-folder.ts';
import { endPostgres, isPostmasterOf, readPostmaster } from './postgres-process.ts';

export interface EmbeddedOptions {
  /** Everything of the server is below this folder. */
  readonly dataDir: string;
  readonly log: Log;
  readonly world: Pick<World, 'nonce' | 'sleep' | 'monotonic'>;
  /** Default `socket`: a unix socket in `dataDir`, where its path is short enough; else a free port of 127.0.0.1. */
  readonly reach?: 'socket' | 'tcp';
}

export interface Embedded {
  /** For `openDatabase`: the owner role of the database `kanal`. */
  readonly target: DatabaseTarget;
  /** The postmaster's; changes when it had to be started again. */
  readonly pid: number;
  /** Ends the server (fast, then hard, then by force); resolves when the process is gone. Repeating it is fine. */
  stop(): Promise<void>;
  /** Leaves the server running and stops watching it: a later start on the folder adopts it. */
  leave(): void;
}

const user = 'kanal';
const database = 'kanal';
/** `sun_path` has 108 bytes, and PostgreSQL's socket name with its lock takes the rest. */
const longestSocketFolder = 107 - '/.s.PGSQL.5432'.length;
const readyWithinMs = 120_000;
const answersWithinMs = 10_000;
const watchEveryMs = 1_000;

/** Losing money is not an option: read back from the running server, which refuses to serve otherwise. */
const durable: Readonly<Record<string, string>> = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };

const settings: Readonly<Record<string, string>> = {
  ...durable,
  jit: 'off',
  max_wal_size: '4GB',
  shared_buffers: '256MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  cluster_name: 'kanal',
  log_checkpoints: 'off',
  // The log must not repeat what merchants sent: neither statements nor the values of a broken constraint.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

interface Place {
  readonly root: string;
  readonly cluster: string;
  readonly password: string;
  readonly serverLog: string;
}

/** Resolves when the server takes connections and its settings are durable; throws an error that says what to do. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const root = resolve(options.dataDir);
  const place = {
    root,
    cluster: join(root, 'cluster'),
    password: join(root, 'password'),
    serverLog: join(root, 'server.log'),
  };
  await mkdir(dirname(root), { recursive: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  const binaries = await findPostgres();
  const runner = await chooseRunner([join(root, 'cluster'), binaries.postgres]);
  await handOver(root, runner);
  const server = new Server(options, place, binaries, runner);
  await server.start();
  return server;
}

class Server implements Embedded {
  readonly #world: EmbeddedOptions['world'];
  readonly #log: Log;
  readonly #reach: 'socket' | 'tcp';
  readonly #place: Place;
  readonly #binaries: PostgresBinaries;
  readonly #runner: Runner;
  readonly #watch = new AbortController();
  #target: DatabaseTarget = {};
  #pid = 0;
  #watching = Promise.resolve();

  constructor(options: EmbeddedOptions, place: Place, binaries: PostgresBinaries, runner: Runner) {
    this.#world = options.world;
    this.#log = options.log;
    this.#reach = options.reach ?? 'socket';
    this.#place = place;
    this.#binaries = binaries;
    this.#runner = runner;
  }

  get target(): DatabaseTarget {
    return this.#target;
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    await this.#createCluster();
    if (!(await this.#adopt()) || !(await this.#answers())) await this.#launch(await this.#chooseAddress());
    try {
      await this.#prepareDatabase();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#watching = this.#keepAlive();
  }

  async stop(): Promise<void> {
    this.leave();
    // A restart under way must not outlive us.
    await this.#watching;
    await endPostgres(this.#pid, this.#world);
  }

  leave(): void {
    this.#watch.abort();
  }

  /** Made aside and renamed: a cluster half made by a start that was killed is never mistaken for a whole one. */
  async #createCluster(): Promise<void> {
    const { cluster, password, root } = this.#place;
    if (await exists(join(cluster, 'PG_VERSION'))) return;
    this.#log.info('database-created', { folder: root });
    const unfinished = `${cluster}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await writeFile(password, Buffer.from(this.#world.nonce(24)).toString('base64url'), {
      mode: 0o600,
      flush: true,
    });
    await handOver(password, this.#runner);
    const where = ['-D', unfinished, '--pwfile', password, '--username', user];
    const how = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    // One flush of the file system instead of one for each of a thousand files.
    const sync = process.platform === 'linux' ? ['--sync-method=syncfs'] : [];
    await this.#initdb([...where, ...how, ...sync]);
    await rename(unfinished, cluster);
    await syncFolder(root);
  }

  async #initdb(args: readonly string[]): Promise<void> {
    const child = this.#spawn(this.#binaries.initdb, args, ['ignore', 'pipe', 'pipe'], false);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
    if (code !== 0) throw new Error(`initdb failed (${code}): ${said.trim()}`);
  }

  #spawn(
    program: string,
    args: readonly string[],
    stdio: ['ignore', number | 'pipe', number | 'pipe'],
    detached: boolean,
  ) {
    const { owner, prefix } = this.#runner;
    const [command = program, ...rest] = [...prefix, program, ...args];
    const identity = owner === null || prefix.length > 0 ? {} : owner;
    return spawn(command, rest, { cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' }, stdio, detached, ...identity });
  }

  /** Takes over a postmaster that outlived its gateway. */
  async #adopt(): Promise<boolean> {
    const running = await readPostmaster(this.#place.cluster);
    if (running === null || !(await isPostmasterOf(running.pid, this.#place.cluster))) return false;
    this.#pid = running.pid;
    this.#log.info('database-adopted', { pid: running.pid });
    if (await this.#untilReady(running.pid)) return true;
    // It was on its way out.
    await endPostgres(running.pid, this.#world);
    return false;
  }

  /** False when the adopted server dies instead: killed a moment ago, it still looked alive. */
  async #answers(): Promise<boolean> {
    const deadline = this.#world.monotonic() + answersWithinMs;
    while (isAlive(this.#pid)) {
      try {
        await (await this.#openAsOwner()).close();
        return true;
      } catch (error) {
        if (this.#world.monotonic() > deadline) throw error;
      }
      await this.#world.sleep(20);
    }
    return false;
  }

  /**
   * The number in a stale `postmaster.pid`, or in the lock beside the socket, may belong to somebody else by now, or to a
   * zombie, and PostgreSQL would refuse to start. Only the number is replaced (by one beyond any possible): the rest of
   * `postmaster.pid` lets it find orphaned backends.
   */
  async #disown(): Promise<void> {
    const { cluster, root } = this.#place;
    for (const path of [join(cluster, 'postmaster.pid'), join(root, '.s.PGSQL.5432.lock')]) {
      const text = await readFile(path, 'latin1').catch(() => '');
      const [pid] = /^\d+/.exec(text) ?? [];
      if (pid === undefined || (await isPostmasterOf(Number(pid), cluster))) continue;
      await writeFile(path, text.replace(/^\d+/, '2147483646'));
    }
  }

  async #chooseAddress(): Promise<DatabaseTarget> {
    const password = (await readFile(this.#place.password, 'latin1')).trim();
    const fits = Buffer.byteLength(this.#place.root) <= longestSocketFolder;
    const where =
      this.#reach === 'socket' && fits
        ? { host: this.#place.root, port: 5432 }
        : { host: '127.0.0.1', port: await freePort() };
    return { ...where, user, password, database };
  }

  async #launch(target: DatabaseTarget): Promise<void> {
    const deadline = this.#world.monotonic() + readyWithinMs;
    for (;;) {
      await this.#disown();
      const from = await this.#spawnPostmaster(target);
      if (await this.#untilReady(this.#pid)) return;
      const said = (await readFile(this.#place.serverLog)).subarray(from).toString();
      // After a postmaster was killed its backends need a moment to notice.
      if (!/still in use/.test(said) || this.#world.monotonic() > deadline) {
        await endPostgres(this.#pid, this.#world);
        throw new Error(`PostgreSQL did not start: ${said.trim().slice(-2_000)}`);
      }
      await this.#world.sleep(200);
    }
  }

  /** Starts the server; returns the length its log had before. */
  async #spawnPostmaster(target: DatabaseTarget): Promise<number> {
    const { cluster, root, serverLog } = this.#place;
    await rotate(serverLog);
    const isSocket = target.host === root;
    const reach = isSocket
      ? { listen_addresses: '', unix_socket_directories: root, unix_socket_permissions: '0700', port: `${target.port}` }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: `${target.port}` };
    const options = Object.entries({ ...settings, ...reach }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const file = await open(serverLog, 'a', 0o600);
    try {
      const before = (await file.stat()).size;
      const child = this.#spawn(
        this.#binaries.postgres,
        ['-D', cluster, ...options],
        ['ignore', file.fd, file.fd],
        true,
      );
      await new Promise((done, fail) => child.once('error', fail).once('spawn', done));
      child.unref();
      this.#pid = child.pid ?? 0;
      return before;
    } finally {
      await file.close();
    }
  }

  /** False when the process ended first. Recovery after a crash may take its time, as long as the process lives. */
  async #untilReady(pid: number): Promise<boolean> {
    const deadline = this.#world.monotonic() + readyWithinMs;
    while (isAlive(pid)) {
      const state = await readPostmaster(this.#place.cluster);
      if (state?.pid === pid && state.isReady) {
        const password = (await readFile(this.#place.password, 'latin1')).trim();
        this.#target = { host: state.host, port: state.port, user, password, database };
        return true;
      }
      if (this.#world.monotonic() > deadline) return false;
      await this.#world.sleep(10);
    }
    return false;
  }

  async #prepareDatabase(): Promise<void> {
    const owner = await this.#openAsOwner();
    try {
      const rows = await owner.run<{ name: string; setting: string }>(rawSql('select name, setting from pg_settings'));
      const weak = Object.entries(durable).filter(
        ([name, value]) => !rows.some((row) => row.name === name && row.setting === value),
      );
      if (weak.length > 0)
        throw new Error(`PostgreSQL is not durable: ${weak.map(([name]) => name).join(', ')} must be on`);
      const found = await owner.run(rawSql(`select from pg_database where datname = '${database}'`));
      if (found.length === 0) await owner.run(rawSql(`create database ${database}`));
    } finally {
      await owner.close();
    }
  }

  #openAsOwner(): Promise<Database> {
    return openDatabase({ ...this.#target, database: 'postgres', log: this.#log, role: null, max: 1 });
  }

  /** A postmaster that dies under us is started again at the same address: the pool finds it by itself. */
  async #keepAlive(): Promise<void> {
    const { signal } = this.#watch;
    while (!signal.aborted) {
      await this.#world.sleep(watchEveryMs, signal);
      if (signal.aborted || isAlive(this.#pid)) continue;
      this.#log.error('database-died', { pid: this.#pid });
      try {
        await this.#launch(this.#target);
        this.#log.warn('database-restarted', { pid: this.#pid });
      } catch (error) {
        this.#log.error('database-restart-failed', { why: error instanceof Error ? error.message : 'unknown' });
      }
    }
  }
}
