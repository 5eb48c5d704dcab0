/** docs/guarantees.md: each promise names a command, and the command is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, textOf } from './source.ts';

const page = 'docs/guarantees.md';
const scripts = new Set(Object.keys((JSON.parse(textOf('package.json')) as { scripts: object }).scripts));
const tests = filesBelow('test')
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => path.replace(/\.ts$/, '.js'));

/** Rows of the table, as [promise, what shows it]. */
function promises(text: string): [string, string][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
    .map((line) => {
      const [, promise = '', shown = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [promise, shown];
    });
}

/** What does not exist of the commands in backticks; a row without any is a finding too. */
function missing([promise, shown]: readonly [string, string]): string[] {
  const commands = [...shown.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command);
  if (commands.length === 0) return [`${promise}: no command`];
  return commands.flatMap((command) => {
    const [program, verb, name, ...rest] = command.split(' ');
    if (program === 'kanal') return [];
    if (program !== 'npm') return [`${command}: neither npm nor kanal`];
    if (verb === 'run') return scripts.has(name ?? '') ? [] : [`${command}: no such script`];
    if (verb !== 'test' || name !== '--') return [`${command}: runs nothing`];
    return rest
      .filter((word) => !tests.some((path) => `dist/${path}`.includes(word)))
      .map((word) => `${command}: no test has "${word}" in its path`);
  });
}

test('every promise names a command that is there', () => {
  const rows = promises(textOf(page));
  assert.ok(rows.length >= 10);
  assert.deepEqual(rows.flatMap(missing), []);
  assert.deepEqual(missing(['x', 'somehow']), ['x: no command']);
  assert.deepEqual(missing(['x', '`npm run nothing`']), ['npm run nothing: no such script']);
  assert.deepEqual(missing(['x', '`npm test -- flows/door no-such`']), [
    'npm test -- flows/door no-such: no test has "no-such" in its path',
  ]);
});
