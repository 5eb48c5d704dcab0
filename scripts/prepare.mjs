/**
 * What every script does first: the right Node, the packages of the lockfile, an up-to-date `dist/`. Plain JavaScript without
 * packages, since it runs before there are any. Says what it does on stderr, so that stdout stays the program's own.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const sourceFolders = ['src', 'test', 'bench'];
const dist = join(root, 'dist');
const stamp = join(dist, '.built');

export function say(text) {
  process.stderr.write(`kanal: ${text}\n`);
}

/** Ends the process with a clear message, before a newer syntax or API ends it with an unclear one. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  process.exit(1);
}

/** Installs when `node_modules` is not what the lockfile says. Works offline once it is. */
export async function ensureInstalled() {
  requireNode();
  if (await isInstalled()) return;
  await locked('install', async () => {
    if (await isInstalled()) return;
    say('installing packages (npm ci) …');
    await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline']);
  });
}

/** What tsc answers when it found errors of type and wrote its output all the same. */
const writtenWithErrors = 2;

/**
 * Compiles when a source changed since the last time, and removes what deleted sources left behind. → false when there were
 * type errors: the output is there, and whoever calls decides what that is worth.
 */
export async function ensureBuilt() {
  if ((await textOf(stamp)) === (await fingerprint())) return true;
  return locked('build', async () => {
    const current = await fingerprint();
    if ((await textOf(stamp)) === current) return true;
    say('compiling …');
    // tsc trusts its notes and would not notice that the output is gone.
    if (!existsSync(join(dist, 'src'))) await rm(dist, { recursive: true, force: true });
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const code = await run(process.execPath, [tsc, '--project', join(root, 'tsconfig.json')], [0, writtenWithErrors]);
    await removeOrphans();
    if (code === 0) await writeFile(stamp, current);
    else say('there are type errors: going on with what was written');
    return code === 0;
  });
}

/** Prepares, then runs a compiled program in this very process: signals and exit code are its own. */
export async function runProgram(file, args) {
  await ensureInstalled();
  await ensureBuilt();
  const path = join(root, file);
  process.argv.splice(1, Number.POSITIVE_INFINITY, path, ...args);
  process.setSourceMapsEnabled(true);
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    // An option that the program does not have is the caller's mistake: no stack.
    if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
    say(error.message);
    process.exit(2);
  }
}

/** Runs a program to its end and returns its code; what it prints goes to stderr. Signals for us end it too. */
export async function run(command, args, accepted = [0]) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  const pass = (signal) => {
    child.kill(signal);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', pass).once('SIGTERM', pass);
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  process.off('SIGINT', pass).off('SIGTERM', pass);
  if (!accepted.includes(code)) {
    say(`${[command, ...args].join(' ')} failed`);
    process.exit(code ?? 1);
  }
  return code;
}

/** Every file below a folder, as paths relative to the project. */
export async function filesBelow(folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const lists = entries.map((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
  return (await Promise.all(lists)).flat().sort();
}

/** Compares contents, not times: a copied or freshly cloned tree has any times. */
async function isInstalled() {
  const wanted = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(
    (await textOf(join(root, 'node_modules/.package-lock.json'))) || '{"packages":{}}',
  ).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    // Binaries for other machines are in the lockfile, but not here.
    return found === undefined
      ? entry.optional === true
      : found.version === entry.version && existsSync(join(root, path));
  });
}

async function fingerprint() {
  const lists = await Promise.all(sourceFolders.map(filesBelow));
  const sources = ['tsconfig.json', 'package-lock.json', ...lists.flat().filter((path) => path.endsWith('.ts'))];
  const facts = await Promise.all(
    sources.map(async (path) => {
      const found = await stat(join(root, path)).catch(() => null);
      return `${path} ${found?.size} ${found?.mtimeMs}`;
    }),
  );
  return createHash('sha256').update(facts.join('\n')).digest('hex');
}

async function removeOrphans() {
  const lists = await Promise.all(sourceFolders.map((folder) => filesBelow(`dist/${folder}`)));
  const orphans = lists.flat().filter((path) => {
    const source = path.slice('dist/'.length).replace(/\.js(\.map)?$/, '.ts');
    return source.endsWith('.ts') && !existsSync(join(root, source));
  });
  await Promise.all(orphans.map((path) => rm(join(root, path))));
}

/** One process at a time; the lock of a process that died is taken over. */
async function locked(purpose, work) {
  await mkdir(join(root, '.tmp'), { recursive: true });
  const path = join(root, `.tmp/${purpose}.lock`);
  let isWaiting = false;
  while (!(await claimed(path))) {
    const owner = Number(await textOf(path));
    if (owner > 0 && !isRunning(owner)) {
      await rename(path, `${path}.${process.pid}`).catch(() => undefined);
      await rm(`${path}.${process.pid}`, { force: true });
      continue;
    }
    if (!isWaiting) say(`waiting for the ${purpose} of process ${owner} …`);
    isWaiting = true;
    await new Promise((done) => setTimeout(done, 100));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function claimed(path) {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${process.pid}`);
    await file.close();
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function textOf(path) {
  return readFile(path, 'utf8').catch(() => '');
}
