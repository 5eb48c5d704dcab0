/**
 * Notices that a database was put back to an earlier day by somebody's own tools. A count goes up in the database first and then in a
 * file of the data folder; a database that has counted less than the folder remembers is an older one, and quarantine begins (T038).
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { World } from '../core/world.ts';
import { recorded } from '../store/admin.ts';
import { type Database, sql } from '../store/database.ts';
import { beginQuarantine } from '../store/quarantine.ts';

interface Pulse {
  /** Tells databases apart: another one may count from the beginning. */
  readonly installation: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const settingName = 'pulse';
export const pulseEveryMs = 10_000;

function isPulse(value: unknown): value is Pulse {
  const { installation, count, at } = (value ?? {}) as Partial<Record<keyof Pulse, unknown>>;
  return typeof installation === 'string' && typeof count === 'number' && typeof at === 'number';
}

/** What the folder remembers; null when it is new, or its file is no use. */
async function remembered(path: string): Promise<Pulse | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isPulse(value) ? value : null;
  } catch {
    return null;
  }
}

/** Begins a quarantine when the database is older than the folder knows; then one beat. Before anything is sent. */
export async function noticeRestore(db: Database, world: World, path: string): Promise<void> {
  const [row] = await db.run<{ value: unknown }>(sql`select value from settings where name = ${settingName}`);
  const [here, there] = [await remembered(path), row?.value];
  if (here && isPulse(there) && here.installation === there.installation && here.count > there.count) {
    const cause = 'the database is older than the data folder remembers';
    const begun = { id: world.newId(), begunAt: world.now(), backupAt: there.at, cause };
    const entry = {
      at: begun.begunAt,
      actor: 'kanal',
      action: 'quarantine.begin',
      detail: { cause, backupAt: there.at },
    };
    await recorded(db, entry, (query) => beginQuarantine(query, begun));
    world.log.warn('database-older', { backupAt: new Date(there.at).toISOString() });
  }
  await beat(db, world, path);
}

/** The database first: the folder never remembers what was not committed. */
export async function beat(db: Database, world: World, path: string): Promise<void> {
  const first: Pulse = { installation: Buffer.from(world.nonce(8)).toString('hex'), count: 1, at: world.now() };
  const [row] = await db.run<{ value: unknown }>(sql`
    insert into settings as s (name, value) values (${settingName}, ${first})
    on conflict (name) do update set value = jsonb_build_object('installation', s.value ->> 'installation',
      'count', (s.value ->> 'count')::bigint + 1, 'at', ${first.at}::bigint)
    returning value`);
  if (!isPulse(row?.value)) return;
  await writeFile(`${path}.new`, `${JSON.stringify(row.value)}\n`);
  await rename(`${path}.new`, path);
}
