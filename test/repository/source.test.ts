import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf, lineOf, source } from './source.ts';

function code(text: string): string {
  return source('x.ts', text).code;
}

test('strings, templates, regular expressions and comments are not code', () => {
  assert.equal(code("a('Date.now()') // Date.now()"), "a('          ')              ");
  assert.equal(code('a(`x ${now()} y`)'), 'a(`  ${now()}  `)');
  assert.equal(code('a(`${b({ c: 1 })}`, d)'), 'a(`${b({ c: 1 })}`, d)');
  assert.equal(code("/* x\ny */ z('it\\'s')"), "    \n     z('     ')");
  assert.equal(code("s.replace(/['\"`]/g, '')"), "s.replace(/     /g, '')");
  assert.equal(code("a / b / 'c'"), "a / b / ' '");
});

test('comments alone, in their lines', () => {
  const { comments } = source('x.ts', "const a = '// no'; // yes\nb();");
  assert.equal(comments.split('\n')[0]?.trim(), '// yes');
  assert.equal(lineOf('a\nb\nc', 4), 3);
});

test('every shape of import is seen', () => {
  const text = `import { type A, b as c } from '../core/money.ts';
import type { D } from './d.ts';
import fs from 'node:fs';
import './effect.ts';
import * as pg from 'pg';
export * from './barrel.ts';
export { e } from './e.ts';
const f = await import('./late.ts');
const s = "import { no } from './no.ts'";
const q = sql\`select 1 from 'x'\`;`;
  const found = importsOf(source('src/store/x.ts', text));
  const seen = found.map(({ path, from, names }) => `${path ?? from} ${names.join(',')}`.trim()).sort();
  assert.deepEqual(seen, [
    'node:fs',
    'pg *',
    'src/core/money.ts A,b',
    'src/store/barrel.ts *',
    'src/store/d.ts D',
    'src/store/e.ts e',
    'src/store/effect.ts',
    'src/store/late.ts',
  ]);
  assert.deepEqual(
    found.filter((one) => one.isReexport).map((one) => one.line),
    [6, 7],
  );
});
