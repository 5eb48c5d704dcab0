/** A migration that is killed half way (T119): with its process, or with its connection. Each is whole or nothing, and the next start goes on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { rawSql, sql } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { packageRoot } from '../../src/store/package-root.ts';
import { serverWorld as world, silentLog as log, type TestDatabase, testDatabase } from '../database.ts';
import { until } from '../e2e/http.ts';

/** The second one changes something, waits long enough to be killed, and would change more. */
const files = (waitS: number) => ({
  '0001-cups.sql': 'create table cups (id bigint);',
  '0002-more.sql': `alter table cups add column name text; insert into cups values (1, 'half');
    select pg_sleep(${waitS}); create table saucers (id bigint);`,
});

const program = `
  const { migrate } = await import(process.argv[1]);
  const [target, folder] = process.argv.slice(2).map((text) => JSON.parse(text));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  await migrate({ target, folder, log, world: { now: () => Date.now() } });`;

describe('a migration killed half way', () => {
  let data: TestDatabase;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kanal-half-'));
  });
  beforeEach(async () => {
    data = await testDatabase();
    // As if the database were new.
    await data.owner.run(rawSql('drop schema kanal cascade; drop schema twin cascade'));
  });
  after(() => rm(folder, { recursive: true }));

  async function write(waitS: number): Promise<void> {
    for (const [name, text] of Object.entries(files(waitS))) await writeFile(join(folder, name), text);
  }

  const sleeping = async () => {
    const [row] = await data.owner.run<{ pid: number }>(sql`
      select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`);
    return row?.pid;
  };

  async function assertHalfIsNothing(): Promise<void> {
    const [left] = await data.owner.run(sql`
      select (select array_agg(name order by number) from kanal.migrations) as ran, (select count(*) from kanal.cups) as cups,
        to_regclass('kanal.saucers')::text as saucers,
        (select count(*) from pg_attribute where attrelid = 'kanal.cups'::regclass and attname = 'name') as names`);
    assert.deepEqual(left, { ran: ['0001-cups.sql'], cups: 0n, saucers: null, names: 0n });
  }

  async function goOn(): Promise<void> {
    assert.equal(await migrate({ target: data.target, log, world, folder, twins: true }), 1);
    assert.deepEqual(await data.owner.run(sql`select id, name from kanal.cups`), [{ id: 1n, name: 'half' }]);
    assert.equal(await migrate({ target: data.target, log, world, folder, twins: true }), 0);
    await data.drop();
  }

  test('by kill -9 of the program: nothing of it stays, and the next start does it', async () => {
    await write(1);
    const url = pathToFileURL(join(packageRoot, 'dist/src/store/migrate.js')).href;
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
      url,
      JSON.stringify(data.target),
      JSON.stringify(folder),
    ]);
    await until('half way', sleeping);
    child.kill('SIGKILL');
    await until('its connection is gone', async () => (await sleeping()) === undefined);
    await assertHalfIsNothing();
    await goOn();
  });

  test('by the loss of its connection: the start fails in words, nothing of it stays, the next start does it', async () => {
    await write(30);
    const running = migrate({ target: data.target, log, world, folder, twins: true });
    const rejected = assert.rejects(running, /connection|terminat|away/i);
    const pid = await until('half way', sleeping);
    await data.owner.run(sql`select pg_terminate_backend(${pid})`);
    await rejected;
    await assertHalfIsNothing();
    // The file would be another one to what has run; it has not.
    await write(0);
    await goOn();
  });
});
