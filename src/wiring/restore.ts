/** Puts a backup back: the schema of its day, the rows, the checks, and the quarantine, in one transaction. */
import type { World } from '../core/world.ts';
import { appendAudit, verifyAudit } from '../store/audit.ts';
import { type BackupHead, besideIt, putBack } from '../store/backup.ts';
import { type Database, type DatabaseTarget, openDatabase, type Query, sql } from '../store/database.ts';
import { touchDirectory } from '../store/directory.ts';
import { migrate } from '../store/migrate.ts';
import { beginQuarantine } from '../store/quarantine.ts';
import { opensSecrets } from './master-key.ts';

export interface Backup {
  readonly head: BackupHead;
  /** All lines, the head too, each time it is called. */
  lines(): AsyncIterable<string>;
}

export interface Place {
  /** Logs in as the owner. */
  readonly target: DatabaseTarget;
  readonly masterKey: Uint8Array;
  readonly world: World;
}

/** Rows by table. */
export type Rows = Readonly<Record<string, number>>;

/** Whatever goes wrong, the database is as it was. Throws in words for whoever restores. */
export async function replaceAll(place: Place, backup: Backup, mayReplace: boolean): Promise<Rows> {
  const { target, world } = place;
  await migrateTo(place, target, backup.head);
  return onDatabase(place, target, (database) =>
    database.transaction(async (query) => {
      const [row] = await query.run<{ is: boolean }>(sql`select exists (select from merchants) as is`);
      if (row?.is === true && !mayReplace)
        throw new Error('the database has merchants already; --replace says that they may go');
      const rows = await putBackChecked(query, place, backup);
      await enter(query, world, backup.head);
      return rows;
    }),
  );
}

/** The books know what happened until the backup, the channels know more (T038). */
async function enter(query: Query, world: World, { at: backupAt }: BackupHead): Promise<void> {
  const cause = 'restored from a backup';
  const now = world.now();
  await beginQuarantine(query, { id: world.newId(), begunAt: now, backupAt, cause });
  await touchDirectory(query);
  const entry = { actor: 'kanal restore', action: 'quarantine.begin', detail: { cause, backupAt } };
  await appendAudit(query, { ...entry, at: now });
}

/** The whole way, in a database of its own beside the gateway's, which goes on undisturbed. */
export function tryOut(place: Place, backup: Backup): Promise<Rows> {
  const { target, world } = place;
  const name = `kanal_verify_${Buffer.from(world.nonce(6)).toString('hex')}`;
  const beside = inDatabase(target, name);
  return onDatabase(place, target, (database) =>
    besideIt(database, name, async () => {
      await migrateTo(place, beside, backup.head);
      return onDatabase(place, beside, (copy) => copy.transaction((query) => putBackChecked(query, place, backup)));
    }),
  );
}

function inDatabase({ url, ...parts }: DatabaseTarget, database: string): DatabaseTarget {
  if (url === undefined) return { ...parts, database };
  const made = new URL(url);
  made.pathname = `/${database}`;
  return { url: made.href };
}

/** The rows fit the tables of their own day; what came later is made at the next start. */
async function migrateTo({ world }: Place, target: DatabaseTarget, { migrations }: BackupHead): Promise<void> {
  await migrate({ target, log: world.log, world, upTo: migrations, twins: false }).catch((error: unknown) => {
    const isNewer = error instanceof Error && error.message.startsWith('the database is newer');
    throw isNewer ? new Error('the database is newer than the backup; restore into an empty one') : error;
  });
}

async function putBackChecked(query: Query, { masterKey }: Place, backup: Backup): Promise<Rows> {
  const rows = await putBack(query, backup.lines());
  const { intact, findings } = await verifyAudit(query);
  if (!intact) throw new Error(`the audit chain in the backup is broken: ${findings.join('; ')}`);
  if (!(await opensSecrets(query, masterKey)))
    throw new Error('the secrets in the backup were sealed with another master key than this one');
  return rows;
}

async function onDatabase<T>(
  { world }: Place,
  target: DatabaseTarget,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const applicationName = 'kanal restore';
  const options = { log: world.log, role: null, max: 1, statementTimeoutMs: 0, applicationName };
  const database = await openDatabase({ ...target, ...options });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
