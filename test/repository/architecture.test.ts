import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaches, cycles, roomOf, rooms } from './architecture.ts';
import { importsOf, type Source, source, sourcesBelow, textOf } from './source.ts';

const sources = sourcesBelow('src');
const imports = sources.flatMap((one) => importsOf(one));

test('the check sees the project: files and imports in every room', () => {
  assert.ok(sources.length >= 130, `${sources.length} files`);
  assert.ok(imports.length >= 700, `${imports.length} imports`);
  const seen = new Set(sources.map(({ path }) => roomOf(path)));
  for (const room of ['core', 'store', 'flows', 'protocols', 'edge', 'workers', 'twin', 'web', 'wiring'])
    assert.ok(seen.has(room), `no file in src/${room}`);
  // A scanner that loses its way in one file would see none of its imports.
  const silent = sources.filter((one) => importsOf(one).length === 0 && /^import /m.test(one.text));
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});

test('every import is one that the table allows', () => {
  assert.deepEqual(sources.flatMap(breaches), []);
});

test('files do not import each other in circles', () => {
  assert.deepEqual(
    cycles(sources).map((circle) => circle.join(' → ')),
    [],
  );
});

test('every imported file exists', () => {
  const paths = new Set(sources.map(({ path }) => path));
  const lost = imports.flatMap(({ path }) => (path === null || paths.has(path) ? [] : [path]));
  assert.deepEqual(lost, []);
});

test('no barrel files: whoever needs a thing imports the file that has it', () => {
  const barrels = sources.flatMap((one) =>
    importsOf(one)
      .filter(({ isReexport, names }) => isReexport && names.includes('*'))
      .map(({ line }) => `${one.path}:${line}`),
  );
  assert.deepEqual(barrels, []);
});

test('docs/architecture.md shows the same table', () => {
  const page = textOf('docs/architecture.md');
  for (const [room, { rooms: others, packages }] of Object.entries(rooms)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${room}\` |`));
    assert.ok(row, `no row for ${room}`);
    const [, , ...cells] = row.split('|').map((cell) => cell.trim());
    assert.deepEqual([list(cells[1]), list(cells[2])], [[...others], [...packages]], room);
  }
});

/** '`core`, `store`' → ['core', 'store']; '–' → []; 'anything' → ['*']. */
function list(cell = ''): string[] {
  return cell === 'anything' ? ['*'] : [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

function planted(path: string, ...lines: readonly string[]): Source {
  return source(path, lines.join('\n'));
}

test('planted: each kind of breach is found', () => {
  const cases: readonly (readonly [path: string, line: string, finding: RegExp])[] = [
    ['src/core/x.ts', "import { createHash } from 'node:crypto';", /may use no packages/],
    ['src/core/x.ts', "import type { Query } from '../store/database.ts';", /may import core/],
    ['src/flows/x.ts', "import pg from 'pg';", /may use no packages/],
    ['src/flows/x.ts', "import { serve } from '../edge/serve.ts';", /may import core, store, flows/],
    ['src/web/x.ts', "import { request } from 'undici';", /may use node/],
    ['src/edge/x.ts', "import { sql } from '../store/database.ts';", /may import core, protocols, edge/],
    ['src/twin/x.ts', "import { settle } from '../store/settle.ts';", /may import core/],
    ['src/protocols/a/x.ts', "import { legs } from '../b/legs.ts';", /another protocol/],
    ['src/protocols/json.ts', "import { legs } from './b/legs.ts';", /know no protocol/],
    ['src/wiring/x.ts', "import { startGateway } from '../main.ts';", /only cli may/],
    ['src/web/x.ts', "import { readConfig } from '../config.ts';", /only main\.ts, cli, wiring may/],
    ['src/edge/x.ts', "const late = await import('left-pad');", /may use node/],
    ['src/store/x.ts', "import { testGate } from '../../test/gate.ts';", /outside src/],
    ['src/services/x.ts', '', /has no row/],
  ];
  for (const [path, line, finding] of cases) assert.match(breaches(planted(path, line)).join('\n'), finding, line);
  assert.deepEqual(breaches(planted('src/protocols/all.ts', "import { payin } from './payin/protocol.ts';")), []);
  assert.deepEqual(breaches(planted('src/cli/main.ts', "import { startGateway } from '../main.ts';")), []);
});

test('planted: a circle of three is found', () => {
  const circle = cycles([
    planted('src/core/a.ts', "import { b } from './b.ts';"),
    planted('src/core/b.ts', "import type { C } from './c.ts';"),
    planted('src/core/c.ts', "import { a } from './a.ts';", "import { d } from './d.ts';"),
    planted('src/core/d.ts'),
  ]);
  assert.deepEqual(circle, [['src/core/a.ts', 'src/core/b.ts', 'src/core/c.ts', 'src/core/a.ts']]);
});
