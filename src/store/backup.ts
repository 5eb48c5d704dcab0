/**
 * All rows of the gateway's schema as lines of text, read in one snapshot, and put back in one transaction. Values travel as
 * PostgreSQL's own text of a row, so that nothing is translated on the way. What the twins remember is not ours and not in it.
 */
import { createHash, type Hash } from 'node:crypto';
import { type Database, type Query, rawSql, sql } from './database.ts';
import { type TrialBalance, trialBalance } from './ledger.ts';

/** First line of a backup. */
export interface BackupHead {
  readonly kanal: 'backup';
  readonly format: 1;
  /** Milliseconds since 1970: the backup knows everything that was committed before. */
  readonly at: number;
  /** Migrations the rows were made under. */
  readonly migrations: number;
}

/** Last line: what a restore must come to. */
interface BackupEnd {
  readonly rows: Readonly<Record<string, number>>;
  readonly books: readonly string[];
  /** Of all lines before this one, each with its line feed. */
  readonly sha256: string;
}

/** Of the moment, and worth nothing afterwards: who is signed in, which process works for which homes. */
const momentary: ReadonlySet<string> = new Set(['console_sessions', 'home_leases', 'sign_in_tries', 'workers']);
const rowsAtOnce = 1_000;
const mostBatchChars = 4_000_000;

/** Tables in an order in which rows may be put in: those that others refer to come first. */
async function tablesOf(query: Query): Promise<string[]> {
  const tables = await query.run<{ name: string }>(sql`
    select relname::text as name from pg_class where relnamespace = 'kanal'::regnamespace and relkind = 'r' and relname <> 'migrations'
    order by relname collate "C"`);
  const references = await query.run<{ from: string; to: string }>(sql`
    select a.relname::text as from, b.relname::text as to from pg_constraint c
    join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid
    where c.contype = 'f' and c.connamespace = 'kanal'::regnamespace and a.oid <> b.oid`);
  const sorted: string[] = [];
  const visit = (name: string): void => {
    if (sorted.includes(name)) return;
    for (const { from, to } of references) if (from === name) visit(to);
    sorted.push(name);
  };
  for (const { name } of tables) visit(name);
  return sorted;
}

/** Names come from the catalog; ours need no quotes, and one that would is refused. */
function quoted(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`a table named ${JSON.stringify(name)} cannot be backed up`);
  return `kanal.${name}`;
}

/** Accounts and sums, as texts that can be compared. */
function bookLines({ accounts, findings }: TrialBalance): string[] {
  return [...accounts.map((one) => `${one.account} ${one.currency} ${one.debit} ${one.credit}`), ...findings];
}

/**
 * The lines of a backup, without line feeds. `query` belongs to a transaction of its own: the snapshot is taken here, before anything
 * else is read.
 */
export async function* backupLines(query: Query, at: number): AsyncGenerator<string> {
  await query.run(rawSql('set transaction isolation level repeatable read, read only'));
  const [row] = await query.run<{ count: bigint }>(sql`select count(*) as count from kanal.migrations`);
  const hash = createHash('sha256');
  const hashed = (line: string): string => {
    hash.update(`${line}\n`);
    return line;
  };
  const head: BackupHead = { kanal: 'backup', format: 1, at, migrations: Number(row?.count ?? 0n) };
  yield hashed(JSON.stringify(head));
  const rows: Record<string, number> = {};
  for (const table of (await tablesOf(query)).filter((name) => !momentary.has(name))) {
    yield hashed(JSON.stringify({ table }));
    rows[table] = 0;
    for await (const text of rowTexts(query, table)) {
      rows[table] += 1;
      yield hashed(JSON.stringify(text));
    }
  }
  const books = bookLines(await trialBalance(query));
  const end: BackupEnd = { rows, books, sha256: hash.digest('hex') };
  yield JSON.stringify(end);
}

async function* rowTexts(query: Query, table: string): AsyncGenerator<string> {
  await query.run(rawSql(`declare rows_of_backup no scroll cursor for select t::text as row from ${quoted(table)} t`));
  for (;;) {
    const rows = await query.run<{ row: string }>(rawSql(`fetch ${rowsAtOnce} from rows_of_backup`));
    for (const { row } of rows) yield row;
    if (rows.length < rowsAtOnce) break;
  }
  await query.run(rawSql('close rows_of_backup'));
}

/** Throws when the first line is not that of a backup this program reads. */
export function readHead(line: string): BackupHead {
  const head = parsed(line);
  const { kanal, format, at, migrations } = (head ?? {}) as Partial<Record<keyof BackupHead, unknown>>;
  if (kanal !== 'backup') throw new Error('this is no backup of Kanal');
  if (format !== 1 || typeof at !== 'number' || typeof migrations !== 'number')
    throw new Error('this backup was made by a newer version');
  return { kanal, format, at, migrations };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/**
 * Puts the lines into a schema of the same migrations; whatever was there goes. Throws when the lines end too early, were changed, or
 * books and counts are not those of the backup: then `query`'s transaction must be rolled back. → rows per table.
 */
export async function putBack(query: Query, lines: AsyncIterable<string>): Promise<Readonly<Record<string, number>>> {
  const tables = await tablesOf(query);
  const triggers = async (what: 'disable' | 'enable'): Promise<void> => {
    for (const table of tables) await query.run(rawSql(`alter table ${quoted(table)} ${what} trigger user`));
  };
  // Postings and audit are insert-only for everybody, also for us.
  await triggers('disable');
  await query.run(rawSql(`truncate ${tables.map(quoted).join(', ')}`));
  const { end, rows } = await insertLines(query, lines, new Set(tables));
  await triggers('enable');
  if (JSON.stringify(rows) !== JSON.stringify(end.rows)) throw new Error('the backup has other rows than it says');
  const books = bookLines(await trialBalance(query));
  if (books.join('\n') !== end.books.join('\n'))
    throw new Error('the restored books differ from those that were backed up');
  return rows;
}

async function insertLines(
  query: Query,
  lines: AsyncIterable<string>,
  tables: ReadonlySet<string>,
): Promise<{ readonly end: BackupEnd; readonly rows: Readonly<Record<string, number>> }> {
  const hash = createHash('sha256');
  const rows: Record<string, number> = {};
  let table = '';
  let batch: string[] = [];
  let chars = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) {
      const statement = `insert into ${quoted(table)} select * from unnest($1::${quoted(table)}[])`;
      await query.run({ text: statement, values: [batch] });
    }
    batch = [];
    chars = 0;
  };
  for await (const line of lines) {
    const value = parsed(line);
    if (typeof value === 'string') {
      batch.push(value);
      chars += value.length;
      rows[table] = (rows[table] ?? 0) + 1;
      if (batch.length >= rowsAtOnce || chars > mostBatchChars) await flush();
    } else if (isEnd(value)) {
      await flush();
      checkHash(hash, value);
      return { end: value, rows };
    } else {
      await flush();
      table = tableNamed(value, tables, table);
      if (table !== '') rows[table] = 0;
    }
    hash.update(`${line}\n`);
  }
  throw new Error('the backup is cut off');
}

function isEnd(value: unknown): value is BackupEnd {
  return typeof value === 'object' && value !== null && 'sha256' in value && 'books' in value && 'rows' in value;
}

function checkHash(hash: Hash, { sha256 }: BackupEnd): void {
  if (hash.digest('hex') !== sha256) throw new Error('the backup was changed or damaged');
}

/** `{ table }`; the head of the backup names none. */
function tableNamed(value: unknown, tables: ReadonlySet<string>, before: string): string {
  const name = typeof value === 'object' && value !== null && 'table' in value ? value.table : null;
  if (name === null && before === '') return '';
  if (typeof name !== 'string' || !tables.has(name)) throw new Error('the backup was changed or damaged');
  return name;
}

/** A database of its own on the same server, there as long as `work` runs. `name` is of our making. */
export async function besideIt<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`${name} is no name for a database`);
  await database.run(rawSql(`create database ${name}`));
  try {
    return await work();
  } finally {
    await database.run(rawSql(`drop database ${name} with (force)`));
  }
}
