/** Which process is alive, and who owns a data folder: safe against kill -9, zombies and reused process numbers. */
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Releases what `claimPidFile` claimed. */
export type Release = () => Promise<void>;

/** True while the process runs; a zombie that nobody has reaped yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  return !['Z', 'X'].includes(procStat(pid)?.state ?? 'R');
}

/**
 * Tells two processes with the same number apart: boot and start tick, `null` where `/proc` does not say.
 * Both are immune to a clock that is set.
 */
export function processIdentity(pid: number): string | null {
  const stat = procStat(pid);
  if (stat === undefined) return null;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:${stat.startTicks}`;
  } catch {
    return null;
  }
}

/**
 * Makes `path` hold our process number alone (so that `kill $(cat kanal.pid)` works); our identity goes beside it into
 * `<path>.started`. Throws an error that names the living owner; a dead owner's file is taken over.
 */
export async function claimPidFile(path: string): Promise<Release> {
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, `${process.pid}\n`, { mode: 0o644 });
  try {
    while (!(await linked(mine, path))) {
      const seen = await textOf(path);
      const owner = await livePid(path);
      if (owner !== null && owner !== process.pid) {
        throw new Error(`already running as process ${owner} (${path}); stop it first, or use another data folder`);
      }
      await moveAway(path, `${mine}.stale`, seen);
    }
  } finally {
    await rm(mine, { force: true });
  }
  await writeFile(`${path}.started`, `${process.pid} ${processIdentity(process.pid) ?? '-'}\n`);
  return () => release(path);
}

/** The process that holds `path`, or `null` when there is none or it died without saying so. */
export async function livePid(path: string): Promise<number | null> {
  const pid = Number((await textOf(path)).trim());
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  const [startedPid, identity] = (await textOf(`${path}.started`)).trim().split(' ');
  const isKnown = startedPid === String(pid) && identity !== undefined && identity !== '-';
  return isKnown && identity !== processIdentity(pid) ? null : pid;
}

async function release(path: string): Promise<void> {
  if ((await textOf(path)).trim() !== String(process.pid)) return;
  await rm(path, { force: true });
  await rm(`${path}.started`, { force: true });
}

/** Appears complete or not at all: a reader never sees an empty file. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Renamed rather than removed, so that of two late-comers only one takes it. */
async function moveAway(path: string, aside: string, stale: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return;
  }
  // Somebody else may have claimed between our look and our rename: then it is theirs, give it back.
  if ((await textOf(aside)) === stale) await rm(`${path}.started`, { force: true });
  else await linked(aside, path);
  await rm(aside, { force: true });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function procStat(pid: number): { state: string; startTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, blanks and parentheses too: count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
