/**
 * PostgreSQL as the rest of the code sees it: statements as values (`sql`), one `Query` to run them on, and transactions
 * that tell "it did not happen" from "nobody knows". Nothing else in `src/` talks to `pg`.
 */
import pg from 'pg';
import type { Log } from '../core/world.ts';

/** One statement. `values[n-1]` fills `$n`; with `name` the server keeps the plan (the name must always mean the same text). */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name?: string;
}

class Fragment implements Sql {
  /** Literal text around the values: always one more than there are values. */
  readonly chunks: readonly string[];
  readonly values: readonly unknown[];
  readonly text: string;

  constructor(chunks: readonly string[], values: readonly unknown[]) {
    this.chunks = chunks;
    this.values = values;
    this.text = chunks.reduce((text, chunk, index) => `${text}$${index}${chunk}`);
  }
}

/**
 * `` sql`select … where id = ${id}` ``: every interpolation becomes a parameter, except a nested `` sql`…` ``, which is
 * spliced in with its own parameters. Arrays are sent as PostgreSQL arrays, `undefined` as null, plain objects as JSON;
 * a JSON *array* must be passed as `JSON.stringify(…)`.
 */
export function sql(literals: TemplateStringsArray, ...inputs: readonly unknown[]): Sql {
  const chunks = [literals[0] ?? ''];
  const values: unknown[] = [];
  const append = (text: string) => chunks.push(`${chunks.pop() ?? ''}${text}`);
  inputs.forEach((input, index) => {
    if (input instanceof Fragment) {
      append(input.chunks[0] ?? '');
      chunks.push(...input.chunks.slice(1));
      values.push(...input.values);
    } else {
      values.push(input);
      chunks.push('');
    }
    append(literals[index + 1] ?? '');
  });
  return new Fragment(chunks, values);
}

/** Text that is SQL already: a constant of ours, a migration. Never anything that came from outside. */
export function rawSql(text: string): Sql {
  return new Fragment([text], []);
}

/** Fragments side by side: `joinSql(conditions, ' and ')`. Empty for an empty list. */
export function joinSql(fragments: readonly Sql[], separator: string): Sql {
  const [first = rawSql(''), ...rest] = fragments;
  return rest.reduce((all, next) => sql`${all}${rawSql(separator)}${next}`, first);
}

/** The same statement as a named prepared one, for the hot paths. */
export function named(name: string, statement: Sql): Sql {
  return { text: statement.text, values: statement.values, name };
}

export interface Query {
  /**
   * Statements that are given without waiting for one another (`Promise.all`) travel together and are carried out in that
   * order: one round trip instead of several. The first that fails fails those behind it.
   *
   * The rows; int8 as bigint, int8[] as bigint[], json parsed, numeric and date as text. Throws `pg.DatabaseError` for an SQL error. */
  run<T>(statement: Sql): Promise<T[]>;
}

export interface Database extends Query {
  /**
   * Runs `work` in one READ COMMITTED transaction and commits. `work` runs again after a deadlock or serialization failure
   * (at most five times in all), so it must have no effect but through `query`. Throws what `work` throws (rolled back),
   * `DatabaseAway` (rolled back or never begun) or `CommitUnknown`.
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Waits for the statements under way, then disconnects. */
  close(): Promise<void>;
}

/** The database cannot be reached, dropped us or cannot write, and nothing of this call was committed. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
}

/** The connection was lost while committing: it may have happened or not. Read again by key; never simply repeat. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

export interface DatabaseTarget {
  /** `postgres://…`; instead of the five parts below. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

export interface DatabaseOptions extends DatabaseTarget {
  readonly log: Log;
  /** Most connections at once; default 10. */
  readonly max?: number;
  /** Taken on every connection with `set role`, if it exists and we may; else a warning and the user itself. */
  readonly role: 'kanal_app' | null;
  /** Milliseconds one statement may take; 0 = no limit (migrations). Default 15 s. */
  readonly statementTimeoutMs?: number;
  /** Shown in `pg_stat_activity`; default `kanal`. */
  readonly applicationName?: string;
}

const connectTimeoutMs = 5_000;
const defaultStatementTimeoutMs = 15_000;
/** Beyond the server's own limit: when even its time-out error does not arrive, the connection is dead. */
const deadConnectionMs = 5_000;
const transactionTries = 5;

const deadlockOrSerialization = new Set(['40P01', '40001']);
/** SQLSTATEs that speak about the connection, not about the statement: 08 connection, 28 and 3D log-in, 57P0x shutdown, 53300 full, 25P03 idle too long. */
const connectionState = /^(08|28|3D|57P0|53300|25P03)/;
/** 53 no room on the disk, no memory; 58 the disk itself; 25006 may only be read: the server lives and did not do it. */
const outOfMeans = /^(53|58|25006)/;
/** A deferred constraint or serialization failure: the server said no, so COMMIT certainly did not happen. */
const refusedAtCommit = /^(23|40001|40P01)/;

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Ours to fix (a value that cannot be sent, a bad argument), rather than a lost connection. */
function isProgrammingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined ? !isProgrammingError(error) : connectionState.test(state) || outOfMeans.test(state);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function away(error: unknown): DatabaseAway {
  return new DatabaseAway(`database away: ${messageOf(error)}`, { cause: error });
}

function unknownCommit(error: unknown): CommitUnknown {
  return new CommitUnknown(`connection lost while committing: ${messageOf(error)}`, { cause: error });
}

const int8 = 20;
const int8Array: number = 1016;
const date = 1082;
const parseArray = pg.types.getTypeParser(int8Array, 'text');

/** Per connection, so that no other user of `pg` in this process sees our choice. */
function typeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === int8) return BigInt;
  if (oid === int8Array) return (text) => bigints(parseArray(text));
  if (oid === date) return (text) => text;
  return pg.types.getTypeParser(oid, format ?? 'text');
}

function bigints(list: unknown): unknown {
  if (Array.isArray(list)) return list.map(bigints);
  return typeof list === 'string' ? BigInt(list) : null;
}

async function runOn<T>(client: pg.ClientBase, { text, values, name }: Sql): Promise<T[]> {
  const result = await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  // Several statements in one text (migrations) answer with a list; their rows are nobody's business.
  return Array.isArray(result) ? [] : result.rows;
}

/** A read cannot be half done; anything else on its own is its own COMMIT. */
const readsOnly = /^\s*select\b(?!.*\bfor\s+(update|share|no\s+key|key))/is;

class PooledDatabase implements Database {
  readonly #pool: pg.Pool;
  readonly #log: Log;

  constructor(pool: pg.Pool, log: Log) {
    this.#pool = pool;
    this.#log = log;
  }

  async run<T>(statement: Sql): Promise<T[]> {
    return this.#withClient(async (client) => {
      try {
        return await runOn<T>(client, statement);
      } catch (error) {
        if (!isConnectionLoss(error)) throw error;
        const isUndone = readsOnly.test(statement.text) || outOfMeans.test(sqlState(error) ?? '');
        throw isUndone ? away(error) : unknownCommit(error);
      }
    });
  }

  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withClient((client) => this.#once(client, work));
      } catch (error) {
        const state = sqlState(error);
        if (state === undefined || !deadlockOrSerialization.has(state) || attempt === transactionTries) throw error;
        this.#log.debug('transaction-again', { state, attempt });
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #once<T>(client: pg.PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
    let open = true;
    const query: Query = {
      run: async (statement) => {
        if (!open) throw new Error('query used after its transaction ended: a missing await');
        try {
          return await runOn(client, statement);
        } catch (error) {
          throw isConnectionLoss(error) ? away(error) : error;
        }
      },
    };
    try {
      // `begin` travels with the first statement of `work`.
      const [, result] = await Promise.all([query.run(rawSql('begin')), work(query)]);
      open = false;
      await commit(client);
      return result;
    } catch (error) {
      open = false;
      if (!(error instanceof CommitUnknown) && !(error instanceof DatabaseAway)) await rollback(client);
      throw error;
    }
  }

  /** Lends one connection; one that was lost or is in doubt is thrown away rather than lent again. */
  async #withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let broken = false;
    // While lent, the pool does not listen: without this a dying server would end the process.
    const onError = (error: Error) => {
      broken = true;
      this.#log.warn('database-connection-lost', { why: error.message });
    };
    client.on('error', onError);
    try {
      return await use(client);
    } catch (error) {
      broken ||= error instanceof DatabaseAway || error instanceof CommitUnknown || isProgrammingError(error);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw away(error);
    }
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    command = (await client.query('commit')).command;
  } catch (error) {
    if (refusedAtCommit.test(sqlState(error) ?? '')) throw error;
    throw unknownCommit(error);
  }
  // The server answers COMMIT of a failed transaction with ROLLBACK and no error: somebody swallowed an SQL error.
  if (command !== 'COMMIT') throw new Error('transaction was rolled back: an SQL error inside it was swallowed');
}

/** A rollback that fails means the connection is gone, and with it the transaction. */
async function rollback(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback');
  } catch (error) {
    throw away(error);
  }
}

function poolConfig(options: DatabaseOptions): pg.PoolConfig {
  const statementMs = options.statementTimeoutMs ?? defaultStatementTimeoutMs;
  const { url, host, port, user, password, database } = options;
  const parts = { host, port, user, password, database };
  return {
    ...(url === undefined ? parts : { connectionString: url }),
    types: { getTypeParser: typeParser },
    max: options.max ?? 10,
    // A query is sent although answers are still awaited; see `Query.run`.
    pipeline: true,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: options.applicationName ?? 'kanal',
    ...(statementMs === 0
      ? {}
      : {
          statement_timeout: statementMs,
          query_timeout: statementMs + deadConnectionMs,
          idle_in_transaction_session_timeout: statementMs * 4,
        }),
  };
}

/** What each new connection is told before anybody gets it. `pg_temp` last: a temporary table must not shadow a real one. */
function greeting(role: string | null): string {
  const path = 'set search_path = kanal, pg_temp';
  return role === null ? path : `${path}; set role ${role}`;
}

/** May the user we log in as take that role? PostgreSQL 15 has no `SET` privilege of its own; membership is it. */
async function mayTake(pool: pg.Pool, role: string): Promise<boolean> {
  const { rows } = await pool.query<{ ok: boolean }>(
    'select exists (select from pg_roles where rolname = $1 and pg_has_role(session_user, oid, $2)) as ok',
    [role, 'member'],
  );
  return rows[0]?.ok === true;
}

/** Connects once (throws `DatabaseAway`), and settles which role the connections take. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  let role: string | null = null;
  // The pool waits for what this returns, though its type does not say so.
  const onConnect = (client: pg.ClientBase): unknown => client.query(greeting(role));
  const pool = new pg.Pool({ ...poolConfig(options), onConnect });
  // Without a listener an idle connection that dies would end the process.
  pool.on('error', (error) => {
    // Our own server may go before the last goodbye has reached it.
    if (!pool.ending) options.log.warn('database-connection-lost', { why: error.message, idle: true });
  });
  try {
    const wanted = options.role;
    if (wanted !== null && (await mayTake(pool, wanted))) role = wanted;
    else if (wanted !== null) options.log.warn('database-role-missing', { role: wanted });
    // The connection that asked was greeted without the role; this is also how we know that somebody is there.
    await pool.query(greeting(role));
  } catch (error) {
    await pool.end();
    throw away(error);
  }
  return new PooledDatabase(pool, options.log);
}
