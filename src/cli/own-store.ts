/** The database of a data folder, for the few commands that work on it without a gateway. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { makeLog } from '../world.ts';
import { type Database, type DatabaseTarget, openDatabase } from '../store/database.ts';
import { startEmbedded } from '../store/embedded.ts';
import { countGateways } from '../store/health.ts';
import { claimPidFile, livePid } from '../store/pidfile.ts';
import { readPostmaster } from '../store/postgres-process.ts';
import { CliError, type Input } from './command.ts';
import { commandWorld } from './parties.ts';

export interface OwnStore {
  readonly config: Config;
  /** Logs in as the owner. */
  readonly target: DatabaseTarget;
}

/** `shared`: a gateway may be running. `alone`: none may, neither now nor until `work` is over; an absent database is made. */
export type Hold = 'shared' | 'alone';

export async function withStore<T>(input: Input, hold: Hold, work: (store: OwnStore) => Promise<T>): Promise<T> {
  const config = readConfig({ data: input.data });
  if (config.databaseUrl !== null) {
    const target = { url: config.databaseUrl };
    if (hold === 'alone') await refuseOthers(target);
    return work({ config, target });
  }
  const pid = await livePid(join(config.data, 'kanal.pid'));
  if (pid !== null && hold === 'alone')
    throw new CliError(`a gateway runs with ${config.data} (process ${pid}); stop it first`);
  if (pid !== null) return work({ config, target: await runningIn(config.data) });
  if (hold === 'shared' && !existsSync(join(config.data, 'postgres/cluster')))
    throw new CliError(`there is no database in ${config.data}; --data names the folder`);
  return withEmbedded(config, work);
}

async function withEmbedded<T>(config: Config, work: (store: OwnStore) => Promise<T>): Promise<T> {
  await mkdir(config.data, { recursive: true });
  const release = await claimPidFile(join(config.data, 'kanal.pid'));
  const world = commandWorld();
  try {
    const embedded = await startEmbedded({ dataDir: join(config.data, 'postgres'), log: makeLog('warn'), world });
    try {
      return await work({ config, target: embedded.target });
    } finally {
      await embedded.stop();
    }
  } finally {
    await world.close();
    await release();
  }
}

/** The server that the folder's gateway has started. */
async function runningIn(data: string): Promise<DatabaseTarget> {
  const running = await readPostmaster(join(data, 'postgres/cluster'));
  if (!running?.isReady) throw new CliError(`the database in ${data} is not up; try again in a moment`);
  const password = (await readFile(join(data, 'postgres/password'), 'latin1')).trim();
  return { host: running.host, port: running.port, user: 'kanal', password, database: 'kanal' };
}

export async function onDatabase<T>(target: DatabaseTarget, work: (database: Database) => Promise<T>): Promise<T> {
  const applicationName = 'kanal command';
  const options = { log: makeLog('error'), role: null, max: 1, statementTimeoutMs: 0, applicationName };
  const database = await openDatabase({ ...target, ...options });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function refuseOthers(target: DatabaseTarget): Promise<void> {
  if ((await onDatabase(target, countGateways)) > 0)
    throw new CliError('gateways are connected to this database; stop them all first');
}
