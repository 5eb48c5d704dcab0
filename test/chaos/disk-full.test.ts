/** A full disk (T115): new work is refused or unanswered, nothing acknowledged is lost, and with room again it goes on by itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDatabase, rawSql } from '../../src/store/database.ts';
import { silentLog } from '../database.ts';
import { bookFindings, freshNo } from '../e2e/harness.ts';
import { until } from '../e2e/http.ts';
import type { Told } from '../e2e/parties.ts';
import { amounts, Bank } from './bank.ts';
import { type Counter, counterAt, type Wish } from './counter.ts';
import { databaseOf, type GatewayProcess, isReady, sceneOf, startProcess, steadyPort } from './gateway-process.ts';

const disk = await mkdtemp(join(tmpdir(), 'kanal-disk-'));

/** Small enough to be filled in a moment. */
function mounted(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const skip = mounted() ? false : 'may not mount a small disk: run as root';
if (skip) await rm(disk, { recursive: true });

describe('a full disk', { skip }, () => {
  let bank: Bank;
  let gateway: GatewayProcess;
  let counter: Counter;
  const filler = join(disk, 'filler');
  const amount = amounts(10_000);
  const acknowledged = new Map<Wish, Told>();

  before(async () => {
    const data = join(disk, 'data');
    await mkdir(data);
    gateway = startProcess({ data, args: ['--time-scale', '200', '--port', String(await steadyPort())] });
    await gateway.ready();
    const scene = await sceneOf(gateway);
    counter = counterAt(scene, await scene.operator.get('/sandbox'), () => gateway.url ?? '');
    bank = await Bank.open();
    await bank.lend(scene.operator, [gateway.url ?? '']);
  });
  after(async () => {
    await gateway.stop();
    await bank.close();
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true, force: true });
  });

  async function order(): Promise<Told | null> {
    const wish: Wish = { no: freshNo('F'), line: 'collection', branch: 'payin', amount: amount(), paymentNo: '' };
    const told = await counter.ask(wish, 'http://127.0.0.1:9/n').catch(() => null);
    if (told?.verdict === 'accepted') acknowledged.set(wish, told);
    return told;
  }

  async function fill(): Promise<void> {
    const file = await open(filler, 'a');
    const block = Buffer.alloc(1 << 16);
    try {
      for (;;) await file.write(block);
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'ENOSPC');
    } finally {
      await file.close();
    }
  }

  test('is no failure of anybody’s payment: come again, or no answer', async () => {
    for (let i = 0; i < 5; i++) assert.equal((await order())?.verdict, 'accepted');
    const database = await openDatabase({ url: await databaseOf(gateway.data), log: silentLog, role: null, max: 1 });
    await fill();
    // Its log needs a new file now, and there is no room for one; the server may well die of it.
    for (let i = 0; i < 4; i++) await database.run(rawSql('select pg_switch_wal()')).catch(() => undefined);
    await database.close();
    await until('orders are not taken on any more', async () => {
      await fill();
      const told = await order();
      assert.notEqual(told?.verdict, 'refused', told?.raw);
      return told === null || told.verdict === 'busy' || told.verdict === 'unknown';
    });
  });

  test('goes on by itself when there is room again, and has everything that it acknowledged', async () => {
    await rm(filler);
    await until('ready', async () => (await isReady(gateway.url ?? '')) || null, 60_000);
    assert.ok(!gateway.isOver);
    assert.equal((await order())?.verdict, 'accepted');
    for (const [wish, told] of acknowledged) {
      assert.equal((await counter.ask(wish, 'http://127.0.0.1:9/n')).platformNo, told.platformNo);
    }
    assert.deepEqual(await bookFindings(await sceneOf(gateway)), []);
  });
});
