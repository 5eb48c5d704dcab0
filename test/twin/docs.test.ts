import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/store/package-root.ts';
import { faultKinds, magicAmounts } from '../../src/twin/faults.ts';

const page = await readFile(join(packageRoot, 'docs/twins.md'), 'utf8');

/** Rows of the table under a heading, as cells. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const table = /(?:^\|.*\n)+/m.exec(section)?.[0] ?? '';
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('the table of faults is the code’s', () => {
  const rows = rowsUnder('Fault plans').map(([kind, , effect]) => [kind?.replaceAll('`', ''), effect]);
  assert.deepEqual(rows, Object.entries(faultKinds));
});

test('the table of magic amounts is the code’s', () => {
  assert.deepEqual(
    rowsUnder('Magic amounts'),
    magicAmounts.map(({ digits, about }) => [digits, about]),
  );
});

test('magic amounts lie between 9001 and 9099, each once', () => {
  const all = magicAmounts.map(({ digits }) => digits);
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.every((digits) => /^90(?!00)\d\d$/.test(digits)));
});
