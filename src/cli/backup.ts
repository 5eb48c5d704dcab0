/** `kanal backup`: all that the gateway knows, in one file. */
import { createWriteStream } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { backupLines } from '../store/backup.ts';
import { syncFolder } from '../store/postgres-folder.ts';
import { clock } from '../world.ts';
import { type Command, CliError, exits, type Input, print, printJson } from './command.ts';
import { onDatabase, withStore } from './own-store.ts';
import { fields } from './table.ts';

const backupCommand: Command = {
  name: 'backup',
  takes: 'FILE',
  about: 'Writes everything the gateway knows into one file, also while it runs',
  options: {
    force: { about: 'Replace FILE when there is one already; without it, nothing is touched and the exit code is 1' },
  },
  more: () => 'The master key is not in it: keep a copy of that apart from it.',
  run: backup,
};

async function backup(input: Input): Promise<number> {
  const path = resolve(input.word(0, 'FILE'));
  const isForced = input.flag('force');
  if (!isForced) await refuseTaken(path);
  const at = clock.now();
  await withStore(input, 'shared', ({ target }) =>
    onDatabase(target, (database) =>
      database.transaction(async (query) => writeLines(path, isForced, backupLines(query, at))),
    ),
  );
  const written = { file: path, at: new Date(at).toISOString() };
  if (input.json) printJson(written);
  else print(`${fields(written)}\nKeep the master key too, apart from it: without it no secret in the file opens.`);
  return exits.done;
}

/** Throws CliError when there is anything of that name: a link that leads nowhere is somebody's too. */
async function refuseTaken(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (found)
    throw new CliError(
      `${path} exists already and was left as it is. Choose another name, or replace it with --force.`,
    );
}

/** Complete under its name or not there; nobody else may read who paid whom. Throws CliError when the name is taken and not `isForced`. */
async function writeLines(path: string, isForced: boolean, lines: AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`;
  await rm(part, { force: true });
  try {
    await pipeline(Readable.from(chunks(lines)), createGzip(), createWriteStream(part, { mode: 0o600, flags: 'wx' }));
    const file = await open(part);
    await file.sync();
    await file.close();
    // Once more: writing takes minutes, in which another backup may have taken the name.
    if (!isForced) await refuseTaken(path);
    await rename(part, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

const chunkChars = 65_536;

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < chunkChars) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

/** Loaded by name when it is asked for. */
export default backupCommand;
