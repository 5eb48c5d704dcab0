import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Log } from '../../src/core/world.ts';
import { type Database, openDatabase, rawSql, sql } from '../../src/store/database.ts';
import { type Embedded, startEmbedded } from '../../src/store/embedded.ts';
import { isAlive } from '../../src/store/pidfile.ts';
import { endPostgres } from '../../src/store/postgres-process.ts';
import { serverWorld as world, silentLog } from '../database.ts';

let folder: string;
let dataDir: string;
const events: string[] = [];
const note = (event: string) => void events.push(event);
const log: Log = { debug: note, info: note, warn: note, error: note };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanal-embedded-'));
  await chmod(folder, 0o755);
  dataDir = join(folder, 'data', 'postgres');
});
after(() => rm(folder, { recursive: true, force: true }));

const start = (reach: 'socket' | 'tcp' = 'socket', where = dataDir) =>
  startEmbedded({ dataDir: where, log, world, reach });

async function using<T>(server: Embedded, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ ...server.target, log: silentLog, role: null });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

const rows = (server: Embedded) =>
  using(server, (database) => database.run<{ id: number }>(sql`select id from public.rows order by id`));

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await world.sleep(5);
}

test('an empty folder becomes a durable server that only its owner can enter', async () => {
  const server = await start();
  try {
    const settings = await using(server, (database) =>
      database.run<{ name: string; setting: string }>(sql`
        select name, setting from pg_settings
        where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'jit', 'server_encoding', 'max_connections')`),
    );
    assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), {
      fsync: 'on',
      full_page_writes: 'on',
      jit: 'off',
      listen_addresses: '',
      max_connections: '100',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
    });
    assert.equal((await stat(join(dataDir, 'password'))).mode & 0o077, 0);
    assert.equal((await stat(dataDir)).mode & 0o077, 0);
    const { password: _, ...noPassword } = server.target;
    await assert.rejects(openDatabase({ ...noPassword, password: 'wrong', log: silentLog, role: null }), /password/);
    await using(server, (database) =>
      database.run(rawSql('create table public.rows (id int); insert into public.rows values (1)')),
    );
  } finally {
    await server.stop();
  }
  assert.equal(isAlive(server.pid), false);
});

test('stopping twice is fine, and a stopped server starts again with its rows', async () => {
  const server = await start();
  assert.deepEqual(await rows(server), [{ id: 1 }]);
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
});

test('kill -9 loses nothing: the next start recovers', async () => {
  const server = await start();
  server.leave();
  await using(server, (database) => database.run(rawSql('insert into public.rows values (2)')));
  process.kill(server.pid, 'SIGKILL');
  const again = await start();
  assert.notEqual(again.pid, server.pid);
  assert.deepEqual(await rows(again), [{ id: 1 }, { id: 2 }]);
  await again.stop();
});

for (const reach of ['socket', 'tcp'] as const) {
  test(`a server that outlived its gateway is adopted (${reach})`, async () => {
    const first = await start(reach);
    first.leave();
    const second = await start(reach);
    assert.equal(second.pid, first.pid);
    assert.deepEqual(second.target, first.target);
    assert.equal(second.target.host, reach === 'tcp' ? '127.0.0.1' : dataDir);
    assert.equal((await rows(second)).length, 2);
    await second.stop();
    assert.equal(isAlive(first.pid), false);
  });
}

test('a stale postmaster.pid whose number somebody else has now is no obstacle', async () => {
  const server = await start();
  server.leave();
  const path = join(dataDir, 'cluster/postmaster.pid');
  const text = await readFile(path, 'utf8');
  process.kill(server.pid, 'SIGKILL');
  await until(() => !isAlive(server.pid));
  // Like the server's own user, so that it would believe the number: PostgreSQL ignores the processes of others.
  const { uid, gid } = await stat(path);
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', uid, gid });
  await writeFile(path, text.replace(/^\d+/, `${stranger.pid}`));
  const again = await start();
  assert.notEqual(again.pid, stranger.pid);
  await again.stop();
  assert.equal(isAlive(stranger.pid ?? 0), true);
  stranger.kill('SIGKILL');
});

test('a server that dies while we run is started again at the same address', async () => {
  const server = await start();
  const database = await openDatabase({ ...server.target, log: silentLog, role: null });
  const old = server.pid;
  process.kill(old, 'SIGKILL');
  await until(() => events.includes('database-restarted'));
  assert.notEqual(server.pid, old);
  assert.equal((await database.run(sql`select id from public.rows`)).length, 2);
  await database.close();
  await server.stop();
});

test('a start that was killed while making the folder is begun anew', async () => {
  const where = join(folder, 'half');
  const server = await start('socket', where);
  await server.stop();
  await rm(join(where, 'cluster/PG_VERSION'));
  await rm(join(where, 'cluster'), { recursive: true });
  await writeFile(join(where, 'cluster.new'), 'half of it');
  const again = await start('socket', where);
  await again.stop();
});

test('a folder too deep for a socket is reached over loopback', async () => {
  const deep = join(folder, 'd'.repeat(100), 'postgres');
  const server = await start('socket', deep);
  assert.equal(server.target.host, '127.0.0.1');
  await server.stop();
});

test('a folder whose parents are closed to the server works all the same', async () => {
  const closed = await mkdtemp(join(folder, 'closed-'));
  await chmod(closed, 0o700);
  const server = await start('socket', join(closed, 'postgres'));
  await server.stop();
});

test('a server that ignores requests to stop is ended by force, and one that is gone already is fine', async () => {
  const deaf = `process.on('SIGINT', () => console.log('int')).on('SIGQUIT', () => console.log('quit')); console.log('up'); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  await until(() => said === 'up\n');
  const ladder = [
    { signal: 'SIGINT', waitMs: 50 },
    { signal: 'SIGQUIT', waitMs: 50 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  const pid = child.pid ?? 0;
  await endPostgres(pid, world, ladder);
  assert.equal(isAlive(pid), false);
  assert.equal(said, 'up\nint\nquit\n');
  await endPostgres(pid, world, ladder);
});
