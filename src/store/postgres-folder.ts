/** The folder that an embedded server lives in: who owns it, its log, and what must have reached the disk. */
import { chown, open, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';

const largestLogBytes = 10_000_000;

/** Makes the server's user the owner, where it is not ourselves. */
export async function handOver(
  path: string,
  { owner }: { readonly owner: { readonly uid: number; readonly gid: number } | null },
): Promise<void> {
  if (owner !== null) await chown(path, owner.uid, owner.gid);
}

/** Puts a large log aside; one old log is kept. */
export async function rotate(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size > largestLogBytes) await rename(log, `${log}.1`);
}

/** Asked of the system; free a moment ago is the best there is. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, fail) => probe.once('error', fail).listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Makes the names in a folder durable (a rename, a new file). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
