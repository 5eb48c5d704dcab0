import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { claimPidFile, isAlive, livePid, processIdentity } from '../../src/store/pidfile.ts';

let folder: string;
let path: string;
const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
const otherPid = other.pid ?? 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanal-pid-'));
});
beforeEach(async () => {
  path = join(await mkdtemp(join(folder, 'case-')), 'kanal.pid');
});
after(async () => {
  other.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** A number that no process can have. */
const nobodyPid = 2 ** 31 - 3;

test('the file holds the process number alone, and goes with its owner', async () => {
  const release = await claimPidFile(path);
  assert.equal(await readFile(path, 'utf8'), `${process.pid}\n`);
  assert.equal(await livePid(path), process.pid);
  await release();
  assert.deepEqual(await readdir(join(path, '..')), []);
  assert.equal(await livePid(path), null);
});

test('a living owner is named', async () => {
  await writeFile(path, `${otherPid}\n`);
  await writeFile(`${path}.started`, `${otherPid} ${processIdentity(otherPid) ?? '-'}\n`);
  await assert.rejects(claimPidFile(path), new RegExp(`already running as process ${otherPid} `));
  assert.equal(await readFile(path, 'utf8'), `${otherPid}\n`);
});

test('without a start time beside it, a living process counts as the owner', async () => {
  await writeFile(path, `${otherPid}\n`);
  await assert.rejects(claimPidFile(path), /already running/);
});

for (const [name, text, started] of [
  ['of a dead process', `${nobodyPid}\n`, `${nobodyPid} boot:1\n`],
  ['of a living process that started later (the number was reused)', `${otherPid}\n`, `${otherPid} boot:1\n`],
  ['with our own number from an earlier life', `${process.pid}\n`, `${process.pid} boot:1\n`],
  ['with our own number, and nothing beside it', `${process.pid}\n`, ''],
  ['that is empty', '', ''],
  ['full of nonsense', 'hello\n', 'x'],
] as const) {
  test(`a file ${name} is taken over`, async () => {
    await writeFile(path, text);
    await writeFile(`${path}.started`, started);
    const release = await claimPidFile(path);
    assert.equal(await readFile(path, 'utf8'), `${process.pid}\n`);
    await release();
  });
}

test('releasing leaves a file alone that is no longer ours', async () => {
  const release = await claimPidFile(path);
  await writeFile(path, `${otherPid}\n`);
  await release();
  assert.equal(await readFile(path, 'utf8'), `${otherPid}\n`);
});

async function race(): Promise<readonly string[]> {
  const module = new URL('../../src/store/pidfile.js', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then((m) => m.claimPidFile(process.argv[1]))
    .then(() => { console.log('mine'); setInterval(() => {}, 1e6); }, (e) => { console.log(e.message); process.exit(); });`;
  const racers = [1, 2, 3, 4, 5, 6].map(() =>
    spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 2] }),
  );
  const said = await Promise.all(
    racers.map((child) => new Promise<string>((done) => child.stdout?.once('data', (text) => done(`${text}`)))),
  );
  for (const child of racers) child.kill('SIGKILL');
  return said;
}

for (const [name, leave] of [
  ['on a stale file', () => writeFile(path, `${nobodyPid}\n`)],
  ['after one that died while it claimed', () => writeFile(`${path}.lock`, `${nobodyPid} boot:1\n`)],
  [
    'after one that died while it succeeded such a one',
    () => Promise.all(['.lock', '.lock.lock'].map((end) => writeFile(`${path}${end}`, `${nobodyPid} boot:1\n`))),
  ],
  ['where nothing is', () => Promise.resolve()],
] as const) {
  test(`of many that start at once ${name}, one gets it`, async () => {
    await leave();
    const said = await race();
    assert.equal(said.filter((text) => text === 'mine\n').length, 1, said.join(''));
    const left = (await readdir(join(path, '..'))).sort();
    assert.deepEqual(left, ['kanal.pid', 'kanal.pid.started']);
  });
}

test('a zombie is not alive', { skip: process.platform === 'linux' ? false : 'needs /proc' }, async () => {
  // The child ends when its pipe does, and by then the shell that would have reaped it has become a sleep.
  const script = '{ read _; } <&3 & echo $!; exec sleep 60';
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  const pid = Number(await new Promise((done) => parent.stdout?.once('data', (text) => done(`${text}`))));
  while ((await readFile(`/proc/${parent.pid}/comm`, 'utf8')) !== 'sleep\n');
  parent.stdio[3]?.destroy();
  while (isAlive(pid)) await new Promise((done) => setImmediate(done));
  assert.equal(process.kill(pid, 0), true);
  parent.kill('SIGKILL');
});
