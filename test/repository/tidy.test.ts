import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadFiles, emptyWords, limits, longFiles, unusedExports } from './shape.ts';
import { filesBelow, type Source, source, sourcesBelow } from './source.ts';
import { complaints, findings, rules } from './tidy.ts';

/** Everything we write, readable as text. */
const written = filesBelow('')
  .filter((path) => /\.(ts|mjs|md|sql|json|css|js)$|^\.npmrc$|^\.ci\/|^bin\//.test(path))
  .map((path) => source(path));
const sources = written.filter(({ path }) => /\.(ts|mjs)$/.test(path));

test('the check sees the project', () => {
  assert.ok(sources.length >= 200, `${sources.length} source files`);
  assert.ok(written.some(({ path }) => path === 'package.json'));
  assert.ok(written.some(({ path }) => path === '.npmrc'));
});

for (const rule of rules) {
  test(`tidy: ${rule.name}`, () => assert.deepEqual(complaints(rule, written), []));

  test(`tidy, planted: ${rule.name} is found`, () => {
    const [path, text] = rule.planted;
    assert.equal(findings(rule, source(path, text)).length, 1);
    const [complaint] = complaints({ ...rule, exceptions: [] }, [source(path, text)]);
    assert.match(complaint ?? '', new RegExp(`^${path}:1: ${rule.name}`));
  });
}

test('an exception that is no longer needed is found', () => {
  const [rule] = rules;
  assert.ok(rule);
  const stale = { ...rule, exceptions: [{ path: 'src/flows/x.ts', count: 1, because: 'once' }] };
  assert.match(complaints(stale, []).join(), /lower the count/);
});

test('what stands in strings and comments breaks no rule of code', () => {
  const text = "// Date.now() would lie\nconst s = 'Date.now()';\nconst ok = new Date(at);";
  assert.deepEqual(
    rules.flatMap((rule) => findings(rule, source('src/core/x.ts', text))),
    [],
  );
});

test('no file is longer than a reader can hold', () => {
  assert.deepEqual(longFiles(sources), []);
  const lines = 'x\n'.repeat(limits[0].lines + 1);
  assert.equal(longFiles([source('src/core/x.ts', lines)]).length, 1);
});

test('no file is named after nothing', () => {
  assert.deepEqual(filesBelow('').filter(emptyWords), []);
  for (const path of ['src/utils.ts', 'src/common/x.ts', 'src/pay-service.ts', 'src/base.ts', 'src/pay.dto.ts'])
    assert.ok(emptyWords(path), path);
  assert.ok(!emptyWords('test/database.ts'));
});

const paths = (list: readonly Source[]) => list.map(({ path }) => path);

test('every file is reached from a program or a test', () => {
  assert.deepEqual(deadFiles(sources), []);
  const dead = deadFiles([
    source('src/main.ts', "import './a.ts';"),
    source('src/a.ts', ''),
    source('src/b.ts', "import './a.ts';"),
  ]);
  assert.deepEqual(dead, ['src/b.ts']);
});

test('every file of the program is reached from the program, not only from tests', () => {
  const program = sources.filter(({ path }) => /^(src|scripts)\//.test(path));
  assert.deepEqual(
    deadFiles(program).filter((path) => path.startsWith('src/')),
    [],
  );
});

test('every export is imported somewhere', () => {
  assert.deepEqual(unusedExports(sources), []);
  const unused = unusedExports([
    source(
      'src/a.ts',
      'export const used = 1;\nexport function unused() {}\nexport interface Shape {}\nexport const s: Shape = {};',
    ),
    source('src/main.ts', "import { used, s } from './a.ts';"),
  ]);
  assert.deepEqual(unused, ['src/a.ts: unused']);
  assert.ok(paths(sourcesBelow('src')).length > 0);
});
