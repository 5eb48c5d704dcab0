/** `kanal docs`: writes docs/generated from the tables of the code; `--check` says whether they are up to date. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../store/package-root.ts';
import { type Command, exits, type Input, print, warn } from './command.ts';
import { configurationPage } from './docs-configuration.ts';
import { integrationPages } from './docs-integrate.ts';
import { matrixPage } from './docs-matrix.ts';
import { refusalsPage } from './docs-refusals.ts';
import { statesPage } from './docs-states.ts';

const folder = join(packageRoot, 'docs', 'generated');

/** File name → its text. A further page is a further row. */
export const pages: Readonly<Record<string, () => string>> = {
  'states.md': statesPage,
  'refusals.md': refusalsPage,
  'configuration.md': configurationPage,
  'matrix.md': matrixPage,
  ...integrationPages,
};

const docsCommand: Command = {
  name: 'docs',
  takes: '',
  about: 'Writes docs/generated from the code',
  options: { check: { about: 'Write nothing; exit 1 when a page is out of date' } },
  run,
};

async function run(input: Input): Promise<number> {
  await mkdir(folder, { recursive: true });
  const stale: string[] = [];
  for (const [name, make] of Object.entries(pages)) {
    const path = join(folder, name);
    const text = `<!-- Made by \`npm run docs\` from the code: do not edit. -->\n\n${make().trim()}\n`;
    if (existsSync(path) && (await readFile(path, 'utf8')) === text) continue;
    stale.push(name);
    if (!input.flag('check')) await writeFile(path, text);
  }
  if (stale.length === 0) print('docs/generated is up to date');
  else if (input.flag('check')) warn(`out of date: ${stale.join(', ')}; npm run docs writes them`);
  else print(`written: ${stale.join(', ')}`);
  return stale.length > 0 && input.flag('check') ? exits.failed : exits.done;
}

/** Loaded by name when it is asked for. */
export default docsCommand;
