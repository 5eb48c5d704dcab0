#!/usr/bin/env node
/** `npm run check`: format, lint, types, tests: what CI runs. Goes on after a failure, so that one run shows everything. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './prepare.mjs';
import { runTests } from './test-run.mjs';

const steps = [
  { name: 'format', command: 'biome', args: ['format', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings', 'src', 'test', 'bench'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
];

let [passed, failed] = [0, 0];

function count(name, isGood) {
  if (isGood) passed += 1;
  else failed += 1;
  process.stdout.write(`${isGood ? '✔' : '✖'} ${name}\n`);
}

function succeeds(command, args) {
  const child = spawn(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((done, fail) => child.once('error', fail).once('close', (code) => done(code === 0)));
}

await ensureInstalled();
for (const { name, command, args } of steps) {
  process.stdout.write(`… ${name}\n`);
  count(name, await succeeds(command, args));
}
await ensureBuilt();
const tests = await runTests([]);
passed += tests.passed;
failed += tests.failed;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && tests.passed > 0 ? 0 : 1);
