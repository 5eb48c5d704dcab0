/** A postmaster as a process: which one runs a cluster, and ending it for certain. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../core/world.ts';
import { isAlive } from './pidfile.ts';

export interface Postmaster {
  readonly pid: number;
  /** Socket folder or address. */
  readonly host: string;
  readonly port: number;
  readonly isReady: boolean;
}

/** `postmaster.pid`: one fact a line (PostgreSQL, src/include/utils/pidfile.h); `null` when there is none. */
export async function readPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.trim());
  const [pid, , , port, socketFolder, address, , state] = lines;
  if (!pid) return null;
  return { pid: Number(pid), host: socketFolder || address || '', port: Number(port), isReady: state === 'ready' };
}

const isLinux = process.platform === 'linux';

/** PostgreSQL works inside its cluster; where `/proc` cannot say so, the number must do. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const [here, there] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => null), stat(cluster)]);
  return here === null ? !isLinux : here.ino === there.ino && here.dev === there.dev;
}

export interface Rung {
  readonly signal: NodeJS.Signals;
  /** How long to wait for the process to go before the next rung. */
  readonly waitMs: number;
}

/**
 * SIGINT = fast shutdown, SIGQUIT = immediate. A fast shutdown close to the crash of a backend can hang,
 * which is why the ladder goes on. All three lose nothing that was committed.
 */
const shutdownLadder: readonly Rung[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

const lookEveryMs = 10;

/** Resolves when the process is gone; throws when even SIGKILL does not end it. */
export async function endPostgres(
  pid: number,
  world: Pick<World, 'sleep' | 'monotonic'>,
  ladder: readonly Rung[] = shutdownLadder,
): Promise<void> {
  for (const { signal, waitMs } of ladder) {
    if (!send(pid, signal)) return;
    const deadline = world.monotonic() + waitMs;
    while (world.monotonic() < deadline) {
      if (!isAlive(pid)) return;
      await world.sleep(lookEveryMs);
    }
  }
  if (isAlive(pid)) throw new Error(`process ${pid} does not end`);
}

/** False when there is nobody to tell. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  if (pid <= 0 || !isAlive(pid)) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return isAlive(pid);
  }
}
