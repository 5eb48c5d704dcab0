import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { rawSql, sql } from '../../src/store/database.ts';
import { migrate, migrationsFolder, readMigrations } from '../../src/store/migrate.ts';
import { dumpSchema } from '../../src/store/schema-dump.ts';
import { serverWorld as world, silentLog as log, type TestDatabase, testDatabase } from '../database.ts';

let data: TestDatabase;
let folder: string;

before(async () => {
  data = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'kanal-migrations-'));
});
after(async () => {
  await data.drop();
  await rm(folder, { recursive: true });
});

const files = {
  '0001-cups.sql': 'create table cups (id bigint);',
  '0002-more.sql': 'alter table cups add column name text;',
};

/** As if the database were new, with these migrations to come. */
async function scene(texts: Readonly<Record<string, string>>): Promise<void> {
  await rm(folder, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'kanal-migrations-'));
  await Promise.all(Object.entries(texts).map(([name, text]) => writeFile(join(folder, name), text)));
}

const run = () => migrate({ target: data.target, log, world, folder, twins: true });
const ran = () => data.owner.run<{ name: string }>(sql`select name from kanal.migrations order by number`);

test('migrations/schema.sql is what the migrations make (else: node scripts/schema-dump.mjs)', async () => {
  const fresh = await testDatabase();
  try {
    assert.equal(await dumpSchema(fresh.owner), await readFile(join(migrationsFolder, 'schema.sql'), 'utf8'));
  } finally {
    await fresh.drop();
  }
});

test('the dump sees columns, defaults, checks, indexes, triggers, functions, enums and grants', async () => {
  await data.owner.run(
    rawSql(`
    create schema dumped;
    create type dumped.size as enum ('small', 'large');
    create table dumped.cups (id bigint primary key, size dumped.size not null default 'small', twice int generated always as (1 + 1) stored,
      check (id > 0)) with (fillfactor = 50);
    create index cups_size on dumped.cups (size) where id > 5;
    create function dumped.f() returns trigger language plpgsql as 'begin return new; end';
    create trigger cups_f before insert on dumped.cups for each row execute function dumped.f();
    grant select, update (size) on dumped.cups to kanal_app;`),
  );
  const dump = await dumpSchema(data.owner, 'dumped');
  for (const piece of [
    "create type size as enum ('small', 'large');",
    "size dumped.size not null default 'small'::dumped.size",
    'twice integer generated always as ((1 + 1))',
    '(fillfactor=50)',
    'CHECK ((id > 0))',
    'PRIMARY KEY (id)',
    'WHERE (id > 5)',
    'CREATE TRIGGER cups_f BEFORE INSERT',
    'FUNCTION dumped.f()',
    'grant select on cups to kanal_app;',
    'grant update on cups.size to kanal_app;',
  ]) {
    assert.ok(dump.includes(piece), `${piece}\nin\n${dump}`);
  }
  assert.equal(await dumpSchema(data.owner, 'dumped'), dump);
});

test('production has no schema of twins; a sandbox that begins on its database makes it', async () => {
  const schemas = () =>
    data.owner.run<{ name: string }>(
      sql`select nspname as name from pg_namespace where nspname in ('kanal', 'twin') order by 1`,
    );
  const bring = (twins: boolean) => migrate({ target: data.target, log, world, twins });
  await data.owner.run(rawSql('drop schema if exists twin cascade; drop schema if exists kanal cascade'));
  const ran = await bring(false);
  assert.equal(ran, (await readMigrations(migrationsFolder)).length);
  assert.deepEqual(
    (await schemas()).map(({ name }) => name),
    ['kanal'],
  );
  assert.equal(await bring(false), 0);
  assert.equal(await bring(true), 0);
  assert.deepEqual(
    (await schemas()).map(({ name }) => name),
    ['kanal', 'twin'],
  );
  assert.equal(await bring(true), 0);
});

beforeEach(() => data.owner.run(rawSql('drop schema if exists kanal cascade')));

test('they run in order, once', async () => {
  await scene(files);
  assert.equal(await run(), 2);
  assert.equal(await run(), 0);
  assert.deepEqual(await ran(), [{ name: '0001-cups.sql' }, { name: '0002-more.sql' }]);
  await writeFile(join(folder, '0003-last.sql'), 'drop table cups;');
  assert.equal(await run(), 1);
});

test('two that start together do each migration once', async () => {
  await scene(files);
  await Promise.all([run(), run(), run()]);
  assert.equal((await ran()).length, 2);
});

test('one that fails leaves nothing behind, says where, and can be repaired', async () => {
  await scene({ ...files, '0002-more.sql': 'create table half (id int);\nselect 1 / 0;' });
  await assert.rejects(run(), /migrations\/0002-more\.sql.*division by zero/);
  await scene({ ...files, '0002-more.sql': 'create table half (id int);\ncreate tabel more ();' });
  await assert.rejects(run(), /migrations\/0002-more\.sql:2: syntax error/);
  assert.deepEqual(await ran(), [{ name: '0001-cups.sql' }]);
  assert.deepEqual(await data.owner.run(sql`select to_regclass('kanal.half')::text as half`), [{ half: null }]);
  await scene(files);
  assert.equal(await run(), 1);
});

test('a file that was changed after it ran is an error', async () => {
  await scene(files);
  await run();
  await scene({ ...files, '0001-cups.sql': 'create table cups (id int);' });
  await assert.rejects(run(), /0001-cups\.sql was changed after it ran/);
});

test('a database newer than the program is an error', async () => {
  await scene(files);
  await run();
  await scene({ '0001-cups.sql': files['0001-cups.sql'] });
  await assert.rejects(run(), /newer than this program: it has 0002-more\.sql/);
});

for (const [why, texts] of [
  ['a gap', { '0001-a.sql': '', '0003-c.sql': '' }],
  ['a double', { '0001-a.sql': '', '0001-b.sql': '' }],
  ['a name that does not fit', { '1-a.sql': '' }],
  ['a transaction of its own', { '0001-a.sql': 'create table a ();\nCOMMIT;' }],
] as const) {
  test(`${why} is an error before anything runs`, async () => {
    await scene(texts);
    await assert.rejects(readMigrations(folder), /migrations\//);
  });
}
