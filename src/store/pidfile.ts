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
  const lock = `${path}.lock`;
  // Who holds the lock is about to be the owner, unless there is one.
  const owner = (await locked(lock)) ?? (await claimedUnder(lock, path));
  if (owner !== null)
    throw new Error(`already running as process ${owner} (${path}); stop it first, or use another data folder`);
  return () => release(path);
}

async function claimedUnder(lock: string, path: string): Promise<number | null> {
  try {
    const owner = await livePid(path);
    if (owner !== null && owner !== process.pid) return owner;
    // The identity of an owner before us, beside a number that is the same again, would make us look dead.
    await rm(`${path}.started`, { force: true });
    const mine = `${path}.${process.pid}`;
    await writeFile(mine, `${process.pid}\n`, { mode: 0o644 });
    await rename(mine, path);
    await writeFile(`${path}.started`, `${process.pid} ${identityOrDash(process.pid)}\n`);
    return null;
  } finally {
    await rm(lock, { force: true });
  }
}

/**
 * Null when the lock file is ours now, else its living holder. Who died with a lock is succeeded by whoever holds the lock of
 * that lock: so nobody takes away what another has made since he looked.
 */
async function locked(lock: string): Promise<number | null> {
  const mine = `${lock}.${process.pid}`;
  await writeFile(mine, `${process.pid} ${identityOrDash(process.pid)}\n`);
  try {
    while (!(await linked(mine, lock))) {
      const holder = await holderOf(lock);
      if (holder === 'nobody') continue;
      if (holder !== 'dead') return holder;
      const succession = `${lock}.lock`;
      const other = await locked(succession);
      if (other !== null) return other;
      try {
        // The dead change nothing, and among the living only we may: what is seen now stays so.
        if ((await holderOf(lock)) !== 'dead') continue;
        await rename(mine, lock);
        return null;
      } finally {
        await rm(succession, { force: true });
      }
    }
    return null;
  } finally {
    await rm(mine, { force: true });
  }
}

async function holderOf(lock: string): Promise<number | 'dead' | 'nobody'> {
  const text = await textOf(lock);
  if (text === null) return 'nobody';
  const [word, identity] = text.trim().split(' ');
  const pid = Number(word);
  return pid !== process.pid && isStill(pid, identity) ? pid : 'dead';
}

/** The process that holds `path`, or `null` when there is none or it died without saying so. */
export async function livePid(path: string): Promise<number | null> {
  const pid = Number((await textOf(path)) ?? '');
  const [startedPid, identity] = ((await textOf(`${path}.started`)) ?? '').trim().split(' ');
  return isStill(pid, startedPid === String(pid) ? identity : undefined) ? pid : null;
}

/** Alive, and as far as is known the process that had this identity. */
function isStill(pid: number, identity: string | undefined): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return false;
  return identity === undefined || identity === '-' || identity === processIdentity(pid);
}

function identityOrDash(pid: number): string {
  return processIdentity(pid) ?? '-';
}

async function release(path: string): Promise<void> {
  if (Number((await textOf(path)) ?? '') !== process.pid) return;
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

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
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
