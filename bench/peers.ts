/** Packages that only the comparison needs: a lockfile of their own in `bench/`, installed when they are first asked for. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './place.ts';

const folder = join(root, 'bench');

/** Null when it is there, else why not. */
export function installPeers(): string | null {
  if (existsSync(join(folder, 'node_modules/graphile-worker/package.json'))) return null;
  console.error('bench: installing graphile-worker for comparison (npm ci in bench/) …');
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  const done = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  if (done.status === 0) return null;
  return 'graphile-worker could not be installed (offline?): run `npm ci` in bench/ once while online';
}
