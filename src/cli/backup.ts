/** backup, restore: all that the gateway knows, in one file, and back. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Vault } from '../edge/vault.ts';
import { appendAudit, verifyAudit } from '../store/audit.ts';
import { type BackupHead, backupLines, putBack, readHead } from '../store/backup.ts';
import { type DatabaseTarget, type Query, rawSql, sql } from '../store/database.ts';
import { touchDirectory } from '../store/directory.ts';
import { migrate } from '../store/migrate.ts';
import { syncFolder } from '../store/postgres-folder.ts';
import { beginQuarantine } from '../store/quarantine.ts';
import { masterKeyPath, readMasterKey } from '../wiring/master-key.ts';
import { clock, makeLog } from '../world.ts';
import { CliError, type Command, exits, type Input, print, printJson, warn } from './command.ts';
import { onDatabase, type OwnStore, withStore } from './own-store.ts';
import { commandWorld } from './parties.ts';
import { fields } from './table.ts';

export const backupCommand: Command = {
  name: 'backup',
  takes: 'FILE',
  about: 'Writes everything the gateway knows into one file, also while it runs',
  options: {},
  more: () => 'The master key is not in it: keep a copy of that apart from it.',
  run: backup,
};

export const restoreCommand: Command = {
  name: 'restore',
  takes: 'FILE',
  about: 'Puts a backup into the database of a stopped gateway, which then starts in quarantine',
  options: {
    verify: { about: 'Only try it, in a database beside that is dropped again: rows, books, audit chain, master key' },
    replace: { about: 'The database has merchants already, and may lose them' },
  },
  run: restore,
};

// ── backup ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function backup(input: Input): Promise<number> {
  const path = resolve(input.word(0, 'FILE'));
  const at = clock.now();
  await withStore(input, 'shared', ({ target }) =>
    onDatabase(target, (database) => database.transaction(async (query) => writeLines(path, backupLines(query, at)))),
  );
  const written = { file: path, at: new Date(at).toISOString() };
  if (input.json) printJson(written);
  else print(`${fields(written)}\nKeep the master key too, apart from it: without it no secret in the file opens.`);
  return exits.done;
}

/** Complete under its name or not there; nobody else may read who paid whom. */
async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`;
  await rm(part, { force: true });
  try {
    await pipeline(Readable.from(chunks(lines)), createGzip(), createWriteStream(part, { mode: 0o600, flags: 'wx' }));
    const file = await open(part);
    await file.sync();
    await file.close();
    await rename(part, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

const chunkChars = 65_536;

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < chunkChars) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

// ── restore ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function restore(input: Input): Promise<number> {
  const path = resolve(input.word(0, 'FILE'));
  const head = await headOf(path);
  const verifies = input.flag('verify');
  const rows = await withStore(input, verifies ? 'shared' : 'alone', (store) =>
    verifies ? tryOut(store, path, head) : replaceAll(store, path, head, input.flag('replace')),
  ).catch((error: unknown) => {
    throw inWords(error);
  });
  const done = {
    file: path,
    backupAt: new Date(head.at).toISOString(),
    rows: String(Object.values(rows).reduce((sum, count) => sum + count, 0)),
    books: 'equal',
    audit: 'intact',
  };
  if (input.json) printJson({ ...done, tables: rows });
  else print(fields(done));
  if (!verifies)
    warn(
      'In quarantine: nothing that sends money out leaves before `kanal quarantine compare` and `kanal quarantine lift`.',
    );
  return exits.done;
}

/** What a damaged file does, said so that a person knows which of the two is at fault. */
function inWords(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  return new CliError(`nothing was restored: ${error.message}`);
}

async function headOf(path: string): Promise<BackupHead> {
  try {
    for await (const line of linesOf(path)) return readHead(line);
  } catch (error) {
    throw new CliError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new CliError(`${path} is empty`);
}

/** Split at line feeds alone: texts may hold other characters that end lines elsewhere. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = createGunzip().setEncoding('utf8');
  // An error of the file would otherwise be nobody's.
  const flowing = pipeline(file, text).catch(() => undefined);
  let rest = '';
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    file.destroy();
    await flowing;
  }
  if (rest !== '') yield rest;
}

type Rows = Readonly<Record<string, number>>;

/** In one transaction: whatever goes wrong, the database is as it was. */
async function replaceAll(
  { config, target }: OwnStore,
  path: string,
  head: BackupHead,
  mayReplace: boolean,
): Promise<Rows> {
  const vault = await vaultOf(masterKeyPath(config));
  await migrateTo(target, head);
  const world = commandWorld();
  try {
    return await onDatabase(target, (database) =>
      database.transaction(async (query) => {
        const [row] = await query.run<{ is: boolean }>(sql`select exists (select from merchants) as is`);
        if (row?.is === true && !mayReplace)
          throw new CliError('the database has merchants already; --replace says that they may go');
        const rows = await putBackChecked(query, path, vault);
        const cause = 'restored from a backup';
        const entry = { actor: 'kanal restore', action: 'quarantine.begin', detail: { cause, backupAt: head.at } };
        await beginQuarantine(query, { id: world.newId(), begunAt: clock.now(), backupAt: head.at, cause });
        await touchDirectory(query);
        await appendAudit(query, { ...entry, at: clock.now() });
        return rows;
      }),
    );
  } finally {
    await world.close();
  }
}

/** The whole way, in a database of its own beside the gateway's, which goes on undisturbed. */
async function tryOut({ config, target }: OwnStore, path: string, head: BackupHead): Promise<Rows> {
  const vault = await vaultOf(masterKeyPath(config));
  const name = `kanal_verify_${randomBytes(6).toString('hex')}`;
  await onDatabase(target, (database) => database.run(rawSql(`create database ${name}`)));
  try {
    const beside = inDatabase(target, name);
    await migrateTo(beside, head);
    return await onDatabase(beside, (database) => database.transaction((query) => putBackChecked(query, path, vault)));
  } finally {
    await onDatabase(target, (database) => database.run(rawSql(`drop database ${name} with (force)`)));
  }
}

function inDatabase({ url, ...parts }: DatabaseTarget, database: string): DatabaseTarget {
  if (url === undefined) return { ...parts, database };
  const made = new URL(url);
  made.pathname = `/${database}`;
  return { url: made.href };
}

/** The rows fit the tables of their own day; what came later is made at the next start. */
async function migrateTo(target: DatabaseTarget, { migrations }: BackupHead): Promise<void> {
  await migrate({ target, log: makeLog('warn'), world: clock, upTo: migrations }).catch((error: unknown) => {
    const isNewer = error instanceof Error && error.message.startsWith('the database is newer');
    throw isNewer ? new CliError('the database is newer than the backup; restore into an empty one') : error;
  });
}

async function putBackChecked(query: Query, path: string, vault: Vault): Promise<Rows> {
  const rows = await putBack(query, linesOf(path));
  const { intact, findings } = await verifyAudit(query);
  if (!intact) throw new CliError(`the audit chain in the backup is broken: ${findings.join('; ')}`);
  await checkKey(query, vault);
  return rows;
}

async function vaultOf(path: string): Promise<Vault> {
  const key = await readMasterKey(path).catch(() => {
    throw new CliError(`the master key of the backup's gateway has to be at ${path} first`);
  });
  return new Vault(key, (bytes) => randomBytes(bytes));
}

/** One secret is enough: all are sealed by the same key. */
async function checkKey(query: Query, vault: Vault): Promise<void> {
  const [merchant] = await query.run<{ id: bigint; sealed: Buffer }>(
    sql`select id, webhook_secret as sealed from merchants limit 1`,
  );
  if (!merchant) return;
  try {
    vault.open(`merchant/${merchant.id}/webhook`, merchant.sealed);
  } catch {
    throw new CliError('the secrets in the backup were sealed with another master key than this one');
  }
}
