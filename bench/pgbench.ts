/** pgbench: Debian ships it with the server. The reference of every ratio runs on the same server over the same socket. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Place } from './place.ts';

export const missing = 'pgbench is missing: apt-get install postgresql (Debian, Ubuntu) or postgresql-contrib (others)';

/** From PATH, else the newest of Debian's server packages. */
export function findPgbench(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) {
    const versions = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
    folders.push(...versions.map((version) => join(debian, version, 'bin')));
  }
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path)) ?? null;
}

export interface Reference {
  /** Transactions (orders) per second, without the time to connect. */
  readonly rate: number;
  /** Milliseconds, over all clients. */
  readonly meanMs: number;
}

export interface ReferenceRun {
  readonly script: string;
  readonly clients: number;
  /** Orders of one client. */
  readonly each: number;
  readonly variables: Readonly<Record<string, string | number | bigint>>;
}

export async function pgbench(place: Place, path: string, run: ReferenceRun): Promise<Reference> {
  const file = join(place.folder, 'reference.sql');
  await writeFile(file, run.script);
  const variables = Object.entries({ n: 0, clients: run.clients, ...run.variables });
  const how = ['-n', '-M', 'prepared', '-f', file, '-c', `${run.clients}`, '-j', '2', '-t', `${run.each}`];
  const args = how.concat(variables.flatMap(([name, value]) => ['-D', `${name}=${value}`]));
  const { host = '', port = 5432, user = '', password = '', database = '' } = place.target;
  const env = {
    PATH: process.env['PATH'],
    PGHOST: host,
    PGPORT: `${port}`,
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGOPTIONS: '-c search_path=kanal',
  };
  const said = await output(path, args, env);
  const rate = Number(/tps = ([\d.]+)/.exec(said)?.[1]);
  const meanMs = Number(/latency average = ([\d.]+) ms/.exec(said)?.[1]);
  const done = /transactions actually processed: (\d+)\/(\d+)/.exec(said);
  if (!(rate > 0) || done?.[1] !== done?.[2]) throw new Error(`pgbench: ${said}`);
  return { rate, meanMs };
}

function output(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`pgbench (${code}): ${said}`))));
  });
}
