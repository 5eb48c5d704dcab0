/** Who may import whom, as data: docs/architecture.md shows the same table, and a test compares the two. */
import { importsOf, type Import, type Source } from './source.ts';

export interface Room {
  /** Rooms whose files it may import, or single files. `*` = everything but what nobody may import. */
  readonly rooms: readonly string[];
  /** Packages; `node:*` = everything that comes with Node. */
  readonly packages: readonly string[];
}

/** Source: the design's table of folders; why each package is there: docs/decisions/0001-runtime-dependencies.md. */
export const rooms: Readonly<Record<string, Room>> = {
  core: { rooms: ['core'], packages: [] },
  store: { rooms: ['core', 'store'], packages: ['pg', 'node:*'] },
  flows: { rooms: ['core', 'store', 'flows'], packages: [] },
  protocols: { rooms: ['core', 'protocols'], packages: ['node:crypto', 'iconv-lite', '@noble/curves'] },
  edge: { rooms: ['core', 'protocols', 'edge'], packages: ['node:*', 'undici', 'ipaddr.js'] },
  workers: { rooms: ['core', 'store', 'flows', 'workers'], packages: ['node:*'] },
  twin: { rooms: ['core', 'protocols', 'edge', 'src/store/database.ts', 'twin'], packages: ['node:*'] },
  web: { rooms: ['core', 'store', 'flows', 'web'], packages: ['node:*', '@noble/hashes', 'uqr', 'zod'] },
  wiring: { rooms: ['*'], packages: ['node:*'] },
  cli: { rooms: ['*'], packages: ['node:*', 'zod', 'node-forge'] },
  'main.ts': { rooms: ['*'], packages: ['node:*'] },
  'config.ts': { rooms: ['core'], packages: ['node:*', 'zod'] },
  'world.ts': { rooms: ['core'], packages: ['node:*'] },
};

/** What only these rooms may import. */
const innermost: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli'],
  cli: ['cli'],
  wiring: ['main.ts', 'cli', 'wiring'],
  'world.ts': ['main.ts', 'cli', 'wiring'],
  'config.ts': ['main.ts', 'cli', 'wiring'],
};

/** 'src/core/money.ts' → 'core'; 'src/main.ts' → 'main.ts'. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Everything an import does that the table does not allow; empty = all is well. */
export function breaches(source: Source): string[] {
  const own = roomOf(source.path);
  const room = rooms[own];
  if (!room) return [`${source.path}: "${own}" has no row in test/repository/architecture.ts`];
  return importsOf(source)
    .map((one) => ({
      one,
      why: one.path === null ? packageBreach(room, one) : pathBreach(source.path, own, room, one.path),
    }))
    .filter(({ why }) => why !== null)
    .map(({ one, why }) => `${source.path}:${one.line} imports ${one.path ?? one.from}: ${why}`);
}

function packageBreach(room: Room, { from }: Import): string | null {
  const name = from.startsWith('node:')
    ? from
    : from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/');
  const isAllowed = room.packages.includes(name) || (name.startsWith('node:') && room.packages.includes('node:*'));
  return isAllowed ? null : `this room may use ${room.packages.join(', ') || 'no packages'}`;
}

function pathBreach(importer: string, own: string, room: Room, path: string): string | null {
  if (!path.startsWith('src/')) return 'outside src/';
  const target = roomOf(path);
  const only = innermost[target];
  if (only && !only.includes(own)) return `only ${only.join(', ')} may`;
  if (!room.rooms.includes('*') && !room.rooms.includes(target) && !room.rooms.includes(path))
    return `this room may import ${room.rooms.join(', ')}`;
  return own === 'protocols' ? foreignFolder(importer, path) : null;
}

/** A protocol folder knows the shared files and itself; the shared files know no protocol, but for the list of all. */
function foreignFolder(importer: string, path: string): string | null {
  const own = folderIn(importer);
  const other = folderIn(path);
  if (other === null || other === own || importer === 'src/protocols/all.ts') return null;
  return own === null ? 'shared files know no protocol; only all.ts lists them' : 'the folder of another protocol';
}

function folderIn(path: string): string | null {
  const steps = path.split('/');
  return steps.length > 3 ? (steps[2] ?? null) : null;
}

/** Every circle of files that import each other, as the list of its files, shortest description first. */
export function cycles(sources: readonly Source[]): string[][] {
  const edges = new Map(
    sources.map((one) => [one.path, importsOf(one).flatMap(({ path }) => (path === null ? [] : [path]))]),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}
