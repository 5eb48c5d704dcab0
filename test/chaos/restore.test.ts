/**
 * The drill (T038, T120): trade, back up, trade on, lose the database, restore by the real commands. The bank, in this process, knows
 * what was carried out after the backup; the restored gateway does not, and must not carry it out again.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packageRoot } from '../../src/store/package-root.ts';
import { bookFindings, freshNo } from '../e2e/harness.ts';
import { member, textAt, until } from '../e2e/http.ts';
import type { Told } from '../e2e/parties.ts';
import { type Receiver, startReceiver } from '../e2e/receiver.ts';
import { amounts, Bank, movementKey } from './bank.ts';
import { type Counter, counterAt, type Line, lines, type Wish } from './counter.ts';
import { type GatewayProcess, sceneOf, startProcess, steadyPort } from './gateway-process.ts';

const amount = amounts(10_000);
let folder = '';
let data = '';
let bank: Bank;
let receiver: Receiver;
let gateway: GatewayProcess;
let counter: Counter;
let args: readonly string[] = [];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command, as somebody types it. */
function kanal(...words: readonly string[]): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env;
  const command = [
    join(packageRoot, 'dist/src/cli/main.js'),
    ...words,
    ...(words.includes('--data') ? [] : ['--data', data]),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env: { PATH, HOME } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function done(...words: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await kanal(...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function start(): Promise<void> {
  gateway = startProcess({ data, args });
  await gateway.ready();
  const scene = await sceneOf(gateway);
  counter = counterAt(scene, await scene.operator.get('/sandbox'), () => gateway.url ?? '');
}

function wish(line: Line, turn = 0, payment?: Wish): Wish {
  const branch = lines[line].branches[turn % lines[line].branches.length] ?? 'payin';
  const no = payment ? `${payment.no}R` : freshNo('R');
  return { no, line, branch, amount: payment?.amount ?? amount(), paymentNo: payment?.no ?? '' };
}

const place = (one: Wish): Promise<Told> => counter.ask(one, `${receiver.url}/n/${one.no}`);

async function accepted(one: Wish): Promise<Told> {
  const told = await place(one);
  assert.equal(told.verdict, 'accepted', told.raw);
  return told;
}

async function carriedOut({ line, amount: minor }: Wish): Promise<number> {
  const { deed, currency } = lines[line];
  const moves = (await bank.movements()).get(movementKey(deed, currency, minor)) ?? [];
  return moves.reduce((sum, { count }) => sum + count, 0);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanal-restore-'));
  data = join(folder, 'data');
  args = ['--time-scale', '200', '--port', String(await steadyPort())];
  bank = await Bank.open();
  receiver = await startReceiver();
  await start();
  const scene = await sceneOf(gateway);
  await bank.lend(scene.operator, [gateway.url ?? '']);
});
after(async () => {
  await gateway.stop();
  await bank.close();
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

const beforeBackup = { payout: wish('payout'), barcode: wish('barcode'), unpaid: wish('collection') };
const later = {
  payouts: [wish('payout', 0), wish('payout', 1)],
  refund: wish('refund', 0, beforeBackup.barcode),
  collections: [wish('collection', 0), wish('collection', 1)],
};

describe('backup and restore', () => {
  const told = new Map<string, Told>();
  const note = async (one: Wish) => told.set(one.no, await accepted(one));
  const codeOf = ({ no }: Wish) => told.get(no)?.payCode ?? '';

  test('a backup of a running gateway is one private file, and can be tried out beside it', async () => {
    for (const one of Object.values(beforeBackup)) await note(one);
    await until('told of the payout', () => receiver.at(`/n/${beforeBackup.payout.no}`).length > 0);
    const file = join(folder, 'backup');
    await writeFile(file, 'an older backup');
    assert.equal((await kanal('backup', file)).code, 1);
    assert.equal(await readFile(file, 'utf8'), 'an older backup');
    await done('backup', file, '--force');
    const verified = await done('restore', file, '--verify');
    assert.deepEqual([member(verified, 'books'), member(verified, 'audit')], ['equal', 'intact']);
    assert.equal(member(verified, 'tables', 'payouts'), 1);
    assert.equal(member(verified, 'tables', 'payments'), 2);
    const refused = await kanal('restore', file);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /stop it first/);
  });

  test('a damaged, shortened or foreign file and another master key are refused, and nothing changes', async () => {
    const text = gunzipSync(await readFile(join(folder, 'backup'))).toString();
    const spoilt: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
      changed: [gzipSync(text.replace(beforeBackup.payout.no, 'R0')), /changed or damaged/],
      short: [gzipSync(text.split('\n').slice(0, -3).join('\n')), /cut off/],
      torn: [(await readFile(join(folder, 'backup'))).subarray(0, 2_000), /./],
      foreign: [gzipSync('hello\n'), /no backup of Kanal/],
      plain: [Buffer.from('hello'), /./],
    };
    for (const [name, [bytes, words]] of Object.entries(spoilt)) {
      await writeFile(join(folder, name), bytes);
      const { code, stderr } = await kanal('restore', join(folder, name), '--verify');
      assert.equal(code, 1, name);
      assert.match(stderr, words, name);
      assert.doesNotMatch(stderr, /\n\s+at /, name);
    }
    await writeFile(join(folder, 'other.key'), `${'ab'.repeat(32)}\n`);
    assert.equal((await place(beforeBackup.payout)).platformNo, told.get(beforeBackup.payout.no)?.platformNo);
  });

  test('what happened since is gone after the restore, and the gateway says that it is in quarantine', async () => {
    for (const one of [...later.payouts, later.refund, ...later.collections]) await note(one);
    for (const one of [...later.payouts, later.refund])
      await until('carried out', async () => (await carriedOut(one)) === 1);
    await gateway.stop();
    // Paid while nobody listens: the bank calls again until somebody does.
    await bank.pay(beforeBackup.unpaid.branch, codeOf(beforeBackup.unpaid));
    const file = join(folder, 'backup');
    const refused = await kanal('restore', file);
    assert.match(refused.stderr, /--replace/);
    await done('restore', file, '--replace');
    await start();
    assert.match(gateway.stdout, /In quarantine after a restore/);
    const shown = await done('quarantine', 'show');
    assert.equal(member(shown, 'active'), true);
    assert.deepEqual(await bookFindings(await sceneOf(gateway)), []);
  });

  test('payouts and refunds are told to come again, by the same numbers and by new ones; none is sent', async () => {
    const moved = new Map(await bank.movements());
    for (const one of [
      ...later.payouts,
      later.refund,
      wish('payout', 0),
      wish('payout', 1),
      wish('refund', 0, beforeBackup.barcode),
    ]) {
      const again = await place(one);
      assert.equal(again.verdict, 'busy', again.raw);
    }
    assert.equal((await place(beforeBackup.payout)).platformNo, told.get(beforeBackup.payout.no)?.platformNo);
    assert.deepEqual(new Map(await bank.movements()), moved);
  });

  test('collections go on; what was paid meanwhile is learnt, and callbacks about nothing here become reviews, once each', async () => {
    const fresh = wish('collection');
    await note(fresh);
    await bank.pay(fresh.branch, codeOf(fresh));
    await until('told of both', () =>
      [fresh, beforeBackup.unpaid].every(({ no }) => receiver.at(`/n/${no}`).length > 0),
    );
    for (const one of later.collections) await bank.pay(one.branch, codeOf(one));
    const { operator } = await sceneOf(gateway);
    const reviews = async () =>
      (await operator.list('reviews')).filter((one) => textAt(one, 'reason') === 'unknown-reference');
    const about = (all: readonly unknown[], one: Wish) =>
      all.filter((review) => textAt(review, 'detail', 'minor') === String(one.amount)).length;
    await until('each is a review', async () => {
      const all = await reviews();
      return later.collections.every((one) => about(all, one) > 0);
    });
    // The bank insists.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const found = await reviews();
    for (const one of later.collections) assert.equal(about(found, one), 1);
    assert.ok((await operator.list('callbacks', '?state=unmatched')).length >= 2);
    assert.equal(member(await done('quarantine', 'show'), 'unknownReferences'), found.length);
  });

  test('it is lifted with a reason after a comparison; then money leaves again, under references nobody has used', async () => {
    const early = await kanal('quarantine', 'lift', '--reason', 'no time');
    assert.equal(early.code, 1);
    assert.match(early.stderr, /kanal quarantine compare/);
    assert.notEqual((await kanal('quarantine', 'lift')).code, 0);
    const found = await done('quarantine', 'compare');
    assert.equal(member(found, 'unanswered'), 0);
    assert.ok(Number(member(found, 'answered')) >= 3, JSON.stringify(found));
    const used = new Set([...(await bank.movements()).values()].flat().map(({ reference }) => reference));
    await done('quarantine', 'lift', '--reason', 'statements of the day compared');
    const one = wish('payout');
    await note(one);
    await until('carried out', async () => (await carriedOut(one)) === 1);
    const [row] = await (await sceneOf(gateway)).operator.list('payouts', `?number=${one.no}`);
    assert.ok(!used.has(textAt(row, 'reference')));
    const actions = ((await done('audit', 'list')) as readonly unknown[]).map((entry) => textAt(entry, 'action'));
    for (const action of ['quarantine.begin', 'quarantine.compare', 'quarantine.lift'])
      assert.ok(actions.includes(action));
    assert.equal(member(await done('audit', 'verify'), 'intact'), true);
    assert.deepEqual(await bookFindings(await sceneOf(gateway)), []);
  });

  test('a database put back by other tools is noticed: the folder remembers more than it', async () => {
    await gateway.stop();
    // By hand, so that nothing says "restored": the pulse of the folder is ahead.
    const path = join(data, 'pulse.json');
    const pulse = JSON.parse(await readFile(path, 'utf8')) as { count: number };
    await writeFile(path, JSON.stringify({ ...pulse, count: pulse.count + 5 }));
    await start();
    const shown = await done('quarantine', 'show');
    assert.match(textAt(shown, 'cause'), /older than the data folder/);
    assert.equal((await place(wish('payout'))).verdict, 'busy');
    await gateway.stop();
    await start();
    assert.equal(member(await done('quarantine', 'show'), 'active'), true);
  });
});
