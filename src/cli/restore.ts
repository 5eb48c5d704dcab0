/** `kanal restore`: a backup back into the database, or, with `--verify`, into one beside it that is dropped again. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { type BackupHead, readHead } from '../store/backup.ts';
import { masterKeyPath, readMasterKey } from '../wiring/master-key.ts';
import { type Backup, replaceAll, type Rows, tryOut } from '../wiring/restore.ts';
import { CliError, type Command, exits, type Input, print, printJson, warn } from './command.ts';
import { type OwnStore, withStore } from './own-store.ts';
import { commandWorld } from './parties.ts';
import { fields } from './table.ts';

const restoreCommand: Command = {
  name: 'restore',
  takes: 'FILE',
  about: 'Puts a backup into the database of a stopped gateway, which then starts in quarantine',
  options: {
    verify: { about: 'Only try it, in a database beside that is dropped again: rows, books, audit chain, master key' },
    replace: { about: 'The database has merchants already, and may lose them' },
  },
  run: restore,
};

async function restore(input: Input): Promise<number> {
  const path = resolve(input.word(0, 'FILE'));
  const head = await headOf(path);
  const verifies = input.flag('verify');
  const rows = await withStore(input, verifies ? 'shared' : 'alone', (store) =>
    putBackInto(store, { head, lines: () => linesOf(path) }, verifies ? 'verify' : input.flag('replace')),
  ).catch((error: unknown) => {
    throw inWords(error);
  });
  const done = {
    file: path,
    backupAt: new Date(head.at).toISOString(),
    rows: String(Object.values(rows).reduce((sum, count) => sum + count, 0)),
    books: 'equal',
    audit: 'intact',
  };
  if (input.json) printJson({ ...done, tables: rows });
  else print(fields(done));
  if (!verifies)
    warn(
      'In quarantine: nothing that sends money out leaves before `kanal quarantine compare` and `kanal quarantine lift`.',
    );
  return exits.done;
}

async function putBackInto({ config, target }: OwnStore, backup: Backup, how: 'verify' | boolean): Promise<Rows> {
  const path = masterKeyPath(config);
  const masterKey = await readMasterKey(path).catch(() => {
    throw new CliError(`the master key of the backup's gateway has to be at ${path} first`);
  });
  const world = commandWorld();
  try {
    const place = { target, masterKey, world };
    return await (how === 'verify' ? tryOut(place, backup) : replaceAll(place, backup, how));
  } finally {
    await world.close();
  }
}

/** What a damaged file does, said so that a person knows which of the two is at fault. */
function inWords(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  return new CliError(`nothing was restored: ${error.message}`);
}

async function headOf(path: string): Promise<BackupHead> {
  try {
    for await (const line of linesOf(path)) return readHead(line);
  } catch (error) {
    throw new CliError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new CliError(`${path} is empty`);
}

/** Split at line feeds alone: texts may hold other characters that end lines elsewhere. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of unzipped(path)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function unzipped(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  const text = createGunzip().setEncoding('utf8');
  // A pipe does not carry errors: the reader is told of the file's, too.
  file.once('error', (error) => text.destroy(error));
  text.once('close', () => file.destroy());
  return file.pipe(text);
}

/** Loaded by name when it is asked for. */
export default restoreCommand;
