/**
 * Wires everything: the only file that knows every room. `startGateway` brings one process up, in this order: pid file,
 * database, migrations, keys, twins (sandbox), gate, listener, workers; `stop` takes it down in the reverse order.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, redacted } from './config.ts';
import type { Log } from './core/world.ts';
import { mustBeFree } from './edge/free-port.ts';
import { type HttpServer, startHttp } from './edge/http.ts';
import { Keyring } from './edge/keyring.ts';
import type { Metrics } from './edge/metrics.ts';
import { makeSend } from './edge/send.ts';
import { checkTarget, type TargetRules } from './edge/targets.ts';
import { Vault } from './edge/vault.ts';
import { verifyPool } from './edge/verify-pool.ts';
import { type OpenGate, openGate } from './flows/open-gate.ts';
import { type Database, type DatabaseTarget, openDatabase, sql } from './store/database.ts';
import { type Embedded, startEmbedded } from './store/embedded.ts';
import { migrate } from './store/migrate.ts';
import { trialBalance } from './store/ledger.ts';
import { claimPidFile } from './store/pidfile.ts';
import { makeFirstUser } from './wiring/first-user.ts';
import { forgetCounts } from './wiring/forget.ts';
import { makePorts } from './wiring/ports.ts';
import { startProcesses } from './wiring/processes.ts';
import { makeRooms, type Rooms } from './wiring/rooms.ts';
import { keepTwins } from './wiring/kept-twins.ts';
import { findDemoPairs } from './wiring/demo/demo.ts';
import { masterKeyPath, readMasterKey } from './wiring/master-key.ts';
import { keepModesApart } from './wiring/mode.ts';
import { beat, noticeRestore, pulseEveryMs } from './wiring/pulse.ts';
import { hearTimeEveryMs, SharedTime } from './wiring/shared-time.ts';
import { type Sandbox, startSandbox } from './wiring/sandbox-twins.ts';
import { forgetOld, keepTranscripts } from './wiring/transcripts.ts';
import { answer, bodyLimit, refuseUnserved, type Traffic } from './wiring/traffic.ts';
import { ownerToken } from './wiring/owner-token.ts';
import { Runner } from './workers/runner.ts';
import { allTasks } from './workers/schedule.ts';
import { clock, makeLog, makeWorld } from './world.ts';

export interface StartOptions {
  readonly config: Config;
  /** Told about each step of a start that takes longer than a blink. */
  readonly progress: (step: string) => void;
  /** A further process beside the first (`--processes`): no pid file, no database and no twins of its own. */
  readonly isChild?: boolean;
  /** Default: lines on stderr at the configured level. */
  readonly log?: Log;
}

export interface Gateway {
  readonly url: string;
  readonly gate: OpenGate;
  readonly keyring: Keyring;
  readonly vault: Vault;
  /** Bearer token of the folder's owner, role admin. */
  readonly token: string;
  readonly sandbox: Sandbox | null;
  /** Stops accepting, finishes what is under way, stops workers, twins and database. Repeating it waits for the first. */
  stop(): Promise<void>;
}

/** Things to be undone, last first. */
class Undo {
  readonly #steps: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  run(log: Log): Promise<void> {
    this.#running ??= this.#all(log);
    return this.#running;
  }

  async #all(log: Log): Promise<void> {
    for (const step of this.#steps.reverse())
      await step().catch((error: unknown) => log.error('stop-step-failed', { error: String(error) }));
  }
}

export async function startGateway({
  config,
  progress,
  isChild = false,
  log = makeLog(config.logLevel),
}: StartOptions): Promise<Gateway> {
  const undo = new Undo();
  try {
    return await bringUp(config, progress, log, undo, isChild);
  } catch (error) {
    await undo.run(log);
    throw error;
  }
}

async function bringUp(
  config: Config,
  progress: (step: string) => void,
  log: Log,
  undo: Undo,
  isChild: boolean,
): Promise<Gateway> {
  await mkdir(config.data, { recursive: true });
  log.info('starting', redacted(config));
  if (!isChild) undo.add(await claimPidFile(join(config.data, 'kanal.pid')));
  if (!isChild && config.role !== 'worker') await mustBeFree(config.host, config.port);
  const isFirst = config.mode === 'sandbox' && !isChild && !existsSync(join(config.data, 'master.key'));
  const pairs = isFirst ? findDemoPairs() : null;
  const { target, db } = await openStore(config, progress, log, undo);
  if (!isChild) await keepModesApart(db, config.mode);
  const ports = new Set<number>();
  const rules: TargetRules = {
    allowHosts: new Set(config.allowCallbackHosts),
    allowLoopback: config.mode === 'sandbox',
    ownPorts: () => ports,
  };
  const sender = makeSend({ ...rules, log, monotonic: clock.monotonic });
  undo.add(() => sender.close());
  const time = new SharedTime(clock);
  await time.hear(db, log);
  const world = makeWorld({
    log,
    send: sender.send,
    timeScale: config.timeScale,
    slot: await takeSlot(db),
    now: time.now,
  });
  const pulse = join(config.data, 'pulse.json');
  if (!isChild) await noticeRestore(db, world, pulse);
  const vault = new Vault(await masterKey(config), world.nonce);
  const keyring = new Keyring(vault, world.now);

  await pairs;
  let url = '';
  const publicUrl = () => config.publicUrl?.replace(/\/$/, '') ?? url;
  const sandbox =
    config.mode === 'sandbox' && !isChild
      ? await startSandbox({ db, world, vault, publicUrl, progress, isShared: config.databaseUrl !== null })
      : null;
  if (sandbox) undo.add(() => sandbox.stop());
  if (sandbox) await keepTwins(db, sandbox.twins);

  let runner: Runner | null = null;
  const transcripts = config.transcriptDays > 0 ? { transcripts: keepTranscripts(world, db) } : {};
  const rooms = await makeRooms({ config, vault, world, keyring, publicUrl });
  const gate = await openGate(
    db,
    makePorts({
      world,
      keyring,
      vault,
      publicUrl,
      refuseUrl: (text) => checkTarget(text, rules),
      deskUrl: rooms.deskUrl,
      wakeNotices: () => runner?.wake('notices'),
      sqs: rooms.sqs,
      observer: rooms.observer,
      ...transcripts,
    }),
  );
  undo.add(
    every(gate, refreshEveryMs, () =>
      gate.refresh().catch((error: unknown) => gate.world.log.warn('directory-stale', { error: String(error) })),
    ),
  );
  undo.add(
    every(gate, hearTimeEveryMs, () =>
      time.hear(db, log).catch((error: unknown) => log.debug('time-not-heard', { error: String(error) })),
    ),
  );
  undo.add(
    every(gate, checkBooksEveryMs, () =>
      checkBooks(gate, rooms.metrics).catch((error: unknown) =>
        gate.world.log.warn('books-unread', { error: String(error) }),
      ),
    ),
  );
  undo.add(
    every(gate, forgetEveryMs, () =>
      forgetOld(world, db, runner?.homes ?? [], config.transcriptDays).catch((error: unknown) =>
        gate.world.log.debug('transcripts-not-forgotten', { error: String(error) }),
      ),
    ),
  );
  undo.add(
    every(gate, forgetEveryMs, () =>
      forgetCounts(world, db, runner?.homes ?? []).catch((error: unknown) =>
        gate.world.log.debug('counts-not-forgotten', { error: String(error) }),
      ),
    ),
  );
  const { quarantine } = gate.directory();
  if (quarantine) log.warn('in-quarantine', { backupAt: new Date(quarantine.backupAt).toISOString() });
  if (!isChild)
    undo.add(
      every(gate, pulseEveryMs, () =>
        beat(db, world, pulse).catch((error: unknown) => log.debug('pulse-missed', { error: String(error) })),
      ),
    );
  const token = await ownerToken(db, vault, world);
  if (!isChild) await makeFirstUser(db, vault, world);
  if (config.processes > 1 && !isChild) {
    const children = await startProcesses(forChildren(config, target), log);
    undo.add(() => children.stop());
    url = urlOf(config, children.port);
  } else {
    const verifier = verifyPool();
    undo.add(() => verifier.close());
    const server = await listenIf(
      config,
      { gate, keyring, rooms: rooms.all(gate, token), verifier, ...transcripts },
      rooms,
      ports,
    );
    url = server ? urlOf(config, server.port) : '';
    runner = await workIf(config, gate);
    // Added last, so undone first: nothing new comes in, and what is under way ends, before the rest winds down.
    undo.add(() => windDown(gate, server, runner));
  }
  if (isChild) return { url, gate, keyring, vault, token, sandbox, stop: () => undo.run(log) };
  await writeFile(join(config.data, 'gateway.json'), `${JSON.stringify({ url, token, pid: process.pid })}\n`, {
    mode: 0o600,
  });
  return { url, gate, keyring, vault, token, sandbox, stop: () => undo.run(log) };
}

function urlOf(config: Config, port: number): string {
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
}

/** The children find the database and the master key of this process. */
function forChildren(config: Config, target: DatabaseTarget): Config {
  const { host = '', port = 5432, user = '', password = '', database = '' } = target;
  const made = new URL(
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${port}/${database}`,
  );
  // A socket folder or an address: `host` as a parameter takes both.
  made.searchParams.set('host', host);
  return {
    ...config,
    databaseUrl: target.url ?? made.href,
    masterKeyFile: config.masterKeyFile ?? join(config.data, 'master.key'),
  };
}

async function openStore(
  config: Config,
  progress: (step: string) => void,
  log: Log,
  undo: Undo,
): Promise<{ target: DatabaseTarget; db: Database }> {
  let target: DatabaseTarget;
  if (config.databaseUrl !== null) target = { url: config.databaseUrl };
  else {
    progress('starting the embedded PostgreSQL');
    const embedded: Embedded = await startEmbedded({
      dataDir: join(config.data, 'postgres'),
      log,
      world: { ...clock, nonce: (bytes) => randomBytes(bytes) },
    });
    undo.add(() => embedded.stop());
    target = embedded.target;
  }
  progress('bringing the schema up to date');
  await migrate({ target, log, world: clock, twins: config.mode === 'sandbox' });
  const db = await openDatabase({ ...target, log, role: 'kanal_app' });
  undo.add(() => db.close());
  return { target, db };
}

async function takeSlot(db: Database): Promise<number> {
  const [row] = await db.run<{ slot: bigint }>(sql`select nextval('process_slots') as slot`);
  return Number(row?.slot ?? 0n);
}

async function masterKey(config: Config): Promise<Uint8Array> {
  const path = masterKeyPath(config);
  if (config.masterKeyFile === null) {
    // `wx`: an existing key is never written over, or nothing in the database would open any more.
    await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' }).catch(
      (error: unknown) => {
        if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
      },
    );
  }
  return readMasterKey(path);
}

const refreshEveryMs = 500;

const checkBooksEveryMs = 600_000;

const forgetEveryMs = 600_000;

/** A small duty of every process, until the gateway stops. The duty says itself what a failure means. */
function every(gate: OpenGate, ms: number, duty: () => Promise<void>): () => Promise<void> {
  const stop = new AbortController();
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await gate.world.sleep(ms, stop.signal);
      if (!stop.signal.aborted) await duty();
    }
  })();
  return async () => {
    stop.abort();
    await loop;
  };
}

async function checkBooks(gate: OpenGate, metrics: Metrics): Promise<void> {
  const { findings } = await trialBalance(gate.db);
  metrics.ledgerImbalance(findings.length);
  for (const finding of findings) gate.world.log.error('books-off', { finding });
}

const graceMs = 15_000;

async function listenIf(
  config: Config,
  parts: Omit<Traffic, 'observer'>,
  { observer, metrics }: Pick<Rooms, 'observer' | 'metrics'>,
  ports: Set<number>,
): Promise<HttpServer | null> {
  if (config.role === 'worker') return null;
  const { gate } = parts;
  const traffic: Traffic = { ...parts, observer };
  let server: HttpServer | null = null;
  server = await startHttp({
    host: config.host,
    port: config.port,
    onRequest(wire) {
      metrics.inFlight(server?.inFlight() ?? 0);
      return answer(traffic, wire);
    },
    refuse: (why, wire) => refuseUnserved(parts, why, wire),
    bodyLimit: (_method, target) => bodyLimit(gate, target),
    trustedProxies: config.trustedProxies,
    log: gate.world.log,
    monotonic: gate.world.monotonic,
  });
  ports.add(server.port);
  return server;
}

/** Both at once: together with the database's own ladder it must be over within thirty seconds. */
async function windDown(gate: OpenGate, server: HttpServer | null, runner: Runner | null): Promise<void> {
  // What is still in flight then is leased or has its attempt row: the next start takes it up.
  const inTime = new AbortController();
  const patience = gate.world.sleep(graceMs, inTime.signal);
  await Promise.all([server?.close({ graceMs }), runner && Promise.race([runner.stop(), patience])]);
  inTime.abort();
}

async function workIf(config: Config, gate: OpenGate): Promise<Runner | null> {
  if (config.role === 'edge') return null;
  const owner = Buffer.from(gate.world.nonce(8)).toString('hex');
  const runner = new Runner(gate.world, gate.db, owner, allTasks(gate));
  await runner.start();
  return runner;
}
