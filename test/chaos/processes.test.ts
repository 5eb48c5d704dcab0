/** Starting and ending: signals once and often, two on one folder, two on one database. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isAlive } from '../../src/store/pidfile.ts';
import { testDatabase, type TestDatabase } from '../database.ts';
import { bookFindings, clientOf, freshNo, urlOf } from '../e2e/harness.ts';
import { until } from '../e2e/http.ts';
import { type Receiver, startReceiver } from '../e2e/receiver.ts';
import { GatewayProcess, postmasterOf, sceneOf, startProcess } from './gateway-process.ts';

const scale = ['--time-scale', '200'];

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kanal-process-'));
}

describe('one gateway on its own folder', () => {
  let data: string;
  let gateway: GatewayProcess;
  before(async () => {
    data = await folder();
    gateway = startProcess({ data, args: scale });
    await gateway.ready();
  });
  after(async () => {
    await gateway.stop();
    await rm(data, { recursive: true, force: true });
  });

  test('says what it needs to: one ready line, its pid, and nobody else can read its secrets', async () => {
    assert.equal(gateway.stdout.match(/^ready /gm)?.length, 1);
    assert.equal((await readFile(join(data, 'kanal.pid'), 'utf8')).trim(), String(gateway.pid));
    for (const secret of ['gateway.json', 'master.key', 'postgres/password'])
      assert.equal((await stat(join(data, secret))).mode & 0o077, 0, secret);
  });

  test('a second start on the folder says so and fails; the first goes on', async () => {
    const second = startProcess({ data });
    const { code } = await second.ended;
    assert.notEqual(code, 0);
    assert.match(second.stderr, /already running as process \d+/);
    assert.ok(second.stderr.includes(String(gateway.pid)));
    const { a } = await sceneOf(gateway);
    assert.equal((await a.payin.pay(freshNo(), 20_000, 'http://127.0.0.1:9/n')).verdict, 'accepted');
  });

  for (const [how, end] of [
    ['once', (one: GatewayProcess) => one.signal('SIGTERM')],
    [
      'five times',
      (one: GatewayProcess) => {
        for (let i = 0; i < 5; i++) one.signal('SIGTERM');
      },
    ],
    ['to the whole group', (one: GatewayProcess) => one.signalGroup('SIGTERM')],
    [
      'and SIGINT to the group, repeatedly',
      (one: GatewayProcess) => {
        one.signalGroup('SIGINT');
        one.signalGroup('SIGTERM');
        one.signalGroup('SIGINT');
      },
    ],
  ] as const)
    test(`SIGTERM ${how}: what is under way is answered, all of it ends within thirty seconds, and starts again`, async () => {
      const { a, twin } = await sceneOf(gateway);
      const no = freshNo();
      await twin('payin').plan({ merchantOrderNo: no }, [{ kind: 'answer-late', ms: 700 }]);
      const underWay = a.payin.pay(no, 20_000, 'http://127.0.0.1:9/n');
      await until('under way', async () => (await twin('payin').executions('')).length >= 0);
      await new Promise((resolve) => setTimeout(resolve, 150));
      const postmaster = await postmasterOf(data);
      const began = performance.now();
      end(gateway);
      assert.equal((await underWay).verdict, 'accepted');
      const { code } = await gateway.ended;
      assert.ok(performance.now() - began < 30_000);
      assert.equal(code, 0, gateway.stderr);
      assert.ok(!isAlive(postmaster), 'PostgreSQL has ended too');
      await assert.rejects(stat(join(data, 'kanal.pid')));
      gateway = startProcess({ data, args: scale });
      await gateway.ready();
      const again = await (await sceneOf(gateway)).a.payin.pay(no, 20_000, 'http://127.0.0.1:9/n');
      assert.equal(again.platformNo, (await underWay).platformNo);
    });
});

describe('two gateways on one database', () => {
  let database: TestDatabase;
  let receiver: Receiver;
  const folders: string[] = [];
  let gateways: [GatewayProcess, GatewayProcess];
  before(async () => {
    database = await testDatabase();
    receiver = await startReceiver();
    folders.push(await folder(), await folder());
    const [one = '', two = ''] = folders;
    const key = join(one, 'shared.key');
    await writeFile(key, `${'5a'.repeat(32)}\n`);
    const environment = { DATABASE_URL: urlOf(database), KANAL_MASTER_KEY_FILE: key };
    const first = startProcess({ data: one, args: scale, environment });
    await first.ready();
    const second = startProcess({ data: two, args: scale, environment });
    await second.ready();
    gateways = [first, second];
  });
  after(async () => {
    await Promise.all(gateways.map((one) => one.stop()));
    await receiver.close();
    await database.drop();
    for (const data of folders) await rm(data, { recursive: true, force: true });
  });

  test('share the orders and the work: the same number at both is one order, and each notice comes once', async () => {
    const [one, two] = await Promise.all(gateways.map(sceneOf));
    assert.ok(one && two);
    assert.equal(one.a.payin.keys.apiKey, two.a.payin.keys.apiKey);
    const numbers = Array.from({ length: 60 }, () => freshNo());
    await Promise.all(
      numbers.map(async (no, i) => {
        const protocol = i % 2 === 0 ? 'payin' : 'unified';
        const url = `${receiver.url}/n/${no}`;
        const [first, second] = await Promise.all([
          clientOf(one.a, protocol).pay(no, 20_000, url),
          clientOf(two.a, protocol).pay(no, 20_000, url),
        ]);
        assert.equal(first.raw.replace(/127\.0\.0\.1:\d+/, ''), second.raw.replace(/127\.0\.0\.1:\d+/, ''));
        await one.twin(protocol === 'payin' ? 'payin' : 'bluepay').pay({ code: first.payCode });
      }),
    );
    await until('all notices', () => numbers.every((no) => receiver.at(`/n/${no}`).length > 0));
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(
      numbers.filter((no) => receiver.at(`/n/${no}`).length !== 1),
      [],
    );
    assert.deepEqual(await bookFindings(two), []);
  });

  test('when the second is gone the first goes on, with its twins', async () => {
    const [first, second] = gateways;
    second.signal('SIGKILL');
    await second.ended;
    const scene = await sceneOf(first);
    for (const protocol of ['payin', 'unified'] as const) {
      const no = freshNo();
      const told = await clientOf(scene.a, protocol).pay(no, 20_000, `${receiver.url}/n/${no}`);
      assert.equal(told.verdict, 'accepted', told.raw);
      await scene.twin(protocol === 'payin' ? 'payin' : 'bluepay').pay({ code: told.payCode });
      await until('told', () => receiver.at(`/n/${no}`).length > 0, 40_000);
    }
  });
});
