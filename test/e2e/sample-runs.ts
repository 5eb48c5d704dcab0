/** Runs sample programs as a merchant's developer would: saved to a file, keys in files and the environment, the real interpreter. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/store/package-root.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Command and arguments for a file, by the language's name; `probe` says whether it is there. */
const runtimes: Readonly<Record<string, { readonly command: string; readonly probe: readonly string[] }>> = {
  curl: { command: 'bash', probe: ['-c', 'curl --version && openssl version'] },
  typescript: { command: process.execPath, probe: ['--version'] },
  python: { command: 'python3', probe: ['-c', 'import urllib.request'] },
  java: { command: 'java', probe: ['--list-modules'] },
  php: { command: 'php', probe: ['-r', 'exit(function_exists("openssl_sign") && function_exists("iconv") ? 0 : 1);'] },
};

/** Why programs in this language cannot be run here; null = they can. */
export function whyNot(language: string): string | null {
  const runtime = runtimes[language];
  if (!runtime) return 'no such language';
  const probed = spawnSync(runtime.command, [...runtime.probe], { encoding: 'utf8' });
  if (probed.status !== 0) return `no ${runtime.command} here that runs it: install it and run again`;
  // Without the compiler a single source file does not run.
  if (language === 'java' && !probed.stdout.includes('jdk.compiler')) return 'this java has no compiler: install a JDK';
  return null;
}

export interface Workshop {
  readonly folder: string;
  /** A key in a file of its own. */
  keep(name: string, text: string): Promise<string>;
  /** Saves programs, compiling what has to be; a program's name is its folder. */
  save(language: string, file: string, programs: ReadonlyMap<string, string>): Promise<void>;
  run(
    language: string,
    file: string,
    name: string,
    environment: Readonly<Record<string, string>>,
    input?: string,
  ): Promise<Ran>;
  clear(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'kanal-samples-'));
  const placeOf = (language: string, name: string) => join(folder, language, name);
  return {
    folder,
    async keep(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    async save(language, file, programs) {
      for (const [name, code] of programs) {
        await mkdir(placeOf(language, name), { recursive: true });
        await writeFile(join(placeOf(language, name), file), code);
      }
      if (language === 'typescript') await compile(join(folder, language), [...programs.keys()]);
    },
    run(language, file, name, environment, input = '') {
      const command = runtimes[language]?.command ?? '';
      const saved = language === 'typescript' ? 'sample.mjs' : file;
      return ran(command, [join(placeOf(language, name), saved)], environment, input);
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** All at once, strictly: Node 20 runs no TypeScript by itself. */
async function compile(folder: string, names: readonly string[]): Promise<void> {
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  const strict = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--skipLibCheck'];
  const files = names.map((name) => join(folder, name, 'sample.mts'));
  const tsc = join(packageRoot, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, ...strict, ...files], { cwd: folder }).catch((error: unknown) => {
    throw new Error(`the TypeScript samples do not compile: ${String((error as { stdout?: unknown }).stdout)}`);
  });
}

function ran(
  command: string,
  options: readonly string[],
  environment: Readonly<Record<string, string>>,
  input: string,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '', LD_LIBRARY_PATH = '' } = process.env;
    // Nothing else of ours: a sample reads what its head says and no more.
    const env = {
      PATH,
      HOME,
      LANG: 'C.UTF-8',
      JDK_JAVA_OPTIONS: '-XX:TieredStopAtLevel=1',
      ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }),
      ...environment,
    };
    const child = spawn(command, [...options], { env, timeout: 60_000 });
    const parts: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => parts[0].push(chunk));
    child.stderr.on('data', (chunk: Buffer) => parts[1].push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const [out, err] = parts.map((chunks) => Buffer.concat(chunks).toString('utf8'));
      resolve({ code, out: out ?? '', err: err ?? '' });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
