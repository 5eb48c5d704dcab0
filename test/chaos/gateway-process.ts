/** A gateway as a real process in a session of its own, with its output, its signals and its data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustBeFree } from '../../src/edge/free-port.ts';
import { readPostmaster } from '../../src/store/postgres-process.ts';
import { packageRoot } from '../../src/store/package-root.ts';
import { operatorOf, partiesOf, type Scene, urlOf } from '../e2e/harness.ts';
import { request, until } from '../e2e/http.ts';

export interface ProcessOptions {
  readonly data: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly data: string;
  readonly ended: Promise<Ended>;
  #hasEnded = false;
  #out = '';
  #error = '';

  constructor(child: ChildProcess, data: string) {
    this.#child = child;
    this.data = data;
    child.stdout?.on('data', (chunk: Buffer) => (this.#out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#error += chunk.toString()));
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.#hasEnded;
  }

  get stdout(): string {
    return this.#out;
  }

  get stderr(): string {
    return this.#error;
  }

  /** Where it serves, as its `ready` line says; null before. */
  get url(): string | null {
    return /^ready (http:\/\/\S+)$/m.exec(this.#out)?.[1] ?? null;
  }

  /** → milliseconds from now to `ready`. Throws with what it said when it ends instead. */
  async ready(): Promise<number> {
    const began = performance.now();
    await until(
      'ready',
      () => {
        if (this.isOver) throw new Error(`ended before it was ready:\n${this.#out}${this.#error}`);
        return this.url;
      },
      60_000,
    );
    return performance.now() - began;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.isOver) send(this.pid, name);
  }

  /** To everybody in its process group, as a terminal does. */
  signalGroup(name: NodeJS.Signals): void {
    if (!this.isOver) send(-this.pid, name);
  }

  /** → how it ended and how long that took. */
  async stop(): Promise<Ended & { readonly tookMs: number }> {
    const began = performance.now();
    this.signal('SIGTERM');
    const how = await this.ended;
    return { ...how, tookMs: performance.now() - began };
  }

  async token(): Promise<string> {
    const file: unknown = JSON.parse(await readFile(join(this.data, 'gateway.json'), 'utf8'));
    return typeof file === 'object' && file !== null && 'token' in file ? String(file.token) : '';
  }
}

/** It may have died a moment ago, before we heard of it. */
function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}

export function startProcess({ data, args = [], environment = {} }: ProcessOptions): GatewayProcess {
  const command = ['start', '--sandbox', '--data', data, ...(args.includes('--port') ? [] : ['--port', '0']), ...args];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/cli/main.js'), ...command], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, KANAL_LOG_LEVEL: 'warn', ...environment },
  });
  return new GatewayProcess(child, data);
}

/** A port that a gateway finds free again after a restart: below those that the system gives to whoever calls out. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await mustBeFree('127.0.0.1', port).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}

/** Clients for a running process, from its sandbox document alone. */
export async function sceneOf(gateway: GatewayProcess): Promise<Pick<Scene, 'operator' | 'a' | 'b' | 'twin'>> {
  const url = () => gateway.url ?? '';
  const token = await gateway.token();
  const operator = operatorOf(url, () => token);
  return { operator, ...partiesOf(await operator.get('/sandbox'), url) };
}

/** The postmaster of a data folder's embedded database; 0 = there is none. */
export async function postmasterOf(data: string): Promise<number> {
  const text = await readFile(join(data, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => '');
  return Number(text.split('\n', 1)[0] ?? 0);
}

/** Processes whose parent it is, with their titles. */
export async function childrenOf(pid: number): Promise<readonly { readonly pid: number; readonly title: string }[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    all.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
      if (parent !== pid) return null;
      const title = await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '');
      return { pid: Number(name), title: title.replaceAll('\0', ' ').trim() };
    }),
  );
  return found.filter((one) => one !== null);
}

/** The embedded server of a data folder, for whoever may read there. */
export async function databaseOf(data: string): Promise<string> {
  const running = await readPostmaster(join(data, 'postgres/cluster'));
  const password = (await readFile(join(data, 'postgres/password'), 'utf8')).trim();
  const { host = '', port = 5432 } = running ?? {};
  return urlOf({ target: { host, port, user: 'kanal', password, database: 'kanal' } });
}

export async function isReady(url: string): Promise<boolean> {
  return request('GET', `${url}/health/ready`, [], '', 2_000).then(
    ({ status }) => status === 200,
    () => false,
  );
}
