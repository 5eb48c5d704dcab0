/** What statements must and must not say; read off the source, table by table as the migrations make them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, lineOf, type Source, source, sourcesBelow, textOf } from './source.ts';

const migrations = filesBelow('migrations')
  .filter((path) => /\/\d{4}-/.test(path))
  .map(textOf)
  .join('\n');

/** Tables that grow: those whose key begins with the home. */
const growing = [...migrations.matchAll(/create table (\w+) \(([\s\S]*?)\n\)/g)]
  .filter(([, , body = '']) => /primary key \(home\b/.test(body))
  .map(([, name = '']) => name);

/** Tables that the gateway's role may read and fill, and nothing else. */
const insertOnly = [...migrations.matchAll(/grant select, insert on ([\w, ]+) to kanal_app/g)].flatMap(
  ([, names = '']) => names.split(', '),
);

interface Statement {
  readonly path: string;
  readonly line: number;
  /** Without what is interpolated. */
  readonly text: string;
}

function statements({ path, text }: Source): Statement[] {
  return [...text.matchAll(/\bsql(?:<[^`]*>)?`((?:[^`\\]|\\.)*)`/g)].map((match) => ({
    path,
    line: lineOf(text, match.index),
    text: (match[1] ?? '').replaceAll(/\$\{[^}]*\}/g, '?'),
  }));
}

function touches(table: string): RegExp {
  return new RegExp(`\\b(?:from|join|into|update)\\s+${table}\\b`);
}

/** Statements over all homes, per file, and why they may. */
const overAllHomes: Readonly<Record<string, { readonly count: number; readonly because: string }>> = {
  'src/store/orders.ts': { count: 3, because: 'beginnings that every use completes with home and id' },
  'src/store/agreements.ts': { count: 1, because: 'a beginning that every use completes with home' },
  'src/store/lists.ts': {
    count: 4,
    because: 'operators look over all merchants; a merchant in the filter is part of the SQL',
  },
  'src/store/account-moves.ts': { count: 1, because: 'accounts of channels and fees lie in every home' },
  'src/store/figures.ts': { count: 5, because: 'sums over all merchants; a merchant in the filter is part of the SQL' },
  'src/wiring/health.ts': { count: 1, because: 'the age of the oldest notice, for one number' },
  'src/wiring/metrics-room.ts': { count: 1, because: 'counts, when somebody asks for metrics' },
  'src/wiring/sandbox.ts': { count: 1, because: 'the sandbox finds an order by any of its numbers' },
};

function homeless(list: readonly Source[]): Statement[] {
  return list
    .flatMap(statements)
    .filter(({ text }) => !/\bhome\b/.test(text) && growing.some((table) => touches(table).test(text)));
}

const sources = sourcesBelow('src');
const all = sources.flatMap(statements);

test('the check sees tables and statements', () => {
  assert.ok(growing.length >= 14, growing.join());
  assert.ok(growing.includes('payments') && !growing.includes('merchants'));
  assert.ok(insertOnly.includes('moves') && insertOnly.includes('audit') && insertOnly.includes('events'));
  assert.ok(all.length >= 90, `${all.length} statements`);
});

test('every statement on a growing table names the home', () => {
  const found = homeless(sources);
  const paths = new Set([...found.map(({ path }) => path), ...Object.keys(overAllHomes)]);
  const wrong = [...paths].flatMap((path) => {
    const here = found.filter((one) => one.path === path);
    if (here.length === (overAllHomes[path]?.count ?? 0)) return [];
    return [
      `${path}: ${here.length} at ${here.map(({ line }) => line).join(', ')}, ${overAllHomes[path]?.count ?? 0} excepted`,
    ];
  });
  assert.deepEqual(wrong, []);
  const planted = homeless([
    source(
      'src/flows/x.ts',
      'query.run(sql`select id from payments where order_no = ${no}`);\nsql`select 1 from channels`',
    ),
  ]);
  assert.deepEqual(
    planted.map(({ line }) => line),
    [1],
  );
});

/** Time and chance are parameters; what asks the server's own clock, and why. */
const clockReaders: Readonly<Record<string, string>> = {
  'src/store/health.ts': 'compares the clocks of database and gateway, and is what all processes go by',
};
const hidden =
  /\bnow\(\)|\bcurrent_(?:timestamp|date|time)\b|\bclock_timestamp\b|\blocaltimestamp\b|\brandom\(\)|\bgen_random_/i;

function decidingByServer(list: readonly Source[]): string[] {
  return list
    .flatMap(statements)
    .filter(({ path, text }) => clockReaders[path] === undefined && hidden.test(text))
    .map(({ path, line }) => `${path}:${line}: give world.now() or world.nonce() as a parameter`);
}

test('no statement reads the clock or chance of the server', () => {
  assert.deepEqual(decidingByServer(sources), []);
  assert.equal(decidingByServer([source('src/store/x.ts', 'sql`update work set due_at = now()`')]).length, 1);
  assert.equal(decidingByServer([source('src/store/x.ts', 'sql`update work set due_at = ${world.now()}`')]).length, 0);
});

function edits(list: readonly Source[]): string[] {
  const pattern = new RegExp(
    `\\b(?:update|delete from|truncate)\\s+(?:${insertOnly.join('|')})\\b|insert into (?:${insertOnly.join('|')})\\b[^\`]*\\bdo update\\b`,
  );
  return list
    .flatMap(statements)
    .filter(({ text }) => pattern.test(text))
    .map(({ path, line }) => `${path}:${line}`);
}

test('no statement edits a table that is insert-only', () => {
  assert.deepEqual(edits(sources), []);
  const planted = [
    'sql`update moves set amount = 0`',
    'sql`delete from audit`',
    'sql`insert into events (id) values (1) on conflict do update set id = 2`',
  ];
  for (const text of planted) assert.equal(edits([source('src/store/x.ts', text)]).length, 1, text);
});

/** Where SQL may stand. */
function misplaced(list: readonly Source[]): string[] {
  return list
    .filter(({ path }) => !/^src\/(store|twin|wiring)\//.test(path) && path !== 'src/main.ts')
    .flatMap(statements)
    .map(({ path, line }) => `${path}:${line}`);
}

test('SQL stands in the store, in the twin and where rooms are joined, not in rules, flows or pages', () => {
  assert.deepEqual(misplaced(sources), []);
  assert.equal(misplaced([source('src/flows/x.ts', 'sql`select 1`')]).length, 1);
});

/** A value spliced into a statement as text. */
function raw(list: readonly Source[]): string[] {
  return list.flatMap((one) =>
    [...one.code.matchAll(/\brawSql\(/g)].map(({ index }) => `${one.path}:${lineOf(one.code, index)}`),
  );
}

test('raw SQL text is built in few, known places (T092)', () => {
  // Migration files, names that we made, and constants.
  const known = /^src\/(store\/(backup|database|migrate|embedded|schema-dump)|twin\/store-postgres)\.ts:/;
  assert.deepEqual(
    raw(sources).filter((at) => !known.test(at)),
    [],
  );
  assert.equal(raw([source('src/web/x.ts', 'query.run(rawSql(`select ${column}`))')]).length, 1);
});
