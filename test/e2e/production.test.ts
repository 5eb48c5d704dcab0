/** Production: everything that makes the sandbox easy is not there. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ConfigError, readConfig } from '../../src/config.ts';
import { startTwin } from '../../src/twin/server.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import { memoryTwinStore } from '../../src/twin/store.ts';
import { freshNo, newMerchant, type Scene, type SceneMerchant, startScene } from './harness.ts';
import { request, textAt } from './http.ts';

let s: Scene;
let one: SceneMerchant;
before(async () => {
  s = await startScene({ flags: { mode: 'production', 'time-scale': '1' } });
  one = await newMerchant(s, { payouts: false });
});
after(() => s.stop());

describe('a gateway in production', () => {
  test('has no twins, no demo merchants and no sandbox document', async () => {
    assert.equal(s.gateway.sandbox, null);
    assert.equal((await s.operator.call('GET', '/sandbox')).status, 404);
    const names = (await s.operator.list('merchants')).map((merchant) => textAt(merchant, 'id'));
    assert.deepEqual(names, [one.id]);
    assert.deepEqual(await s.operator.list('channels'), []);
    const twins = await s.database.owner.run<{ count: bigint }>({
      text: 'select count(*) from twin.orders',
      values: [],
    });
    assert.equal(twins[0]?.count, 0n);
  });

  test('twins refuse to load (T101)', async () => {
    const { world } = s.gateway.gate;
    const keys = { sender: '1', secrets: () => [], keyObjects: () => [], setting: () => null };
    const rest = { store: memoryTwinStore(), world, callbackUrl: () => '', host: '127.0.0.1', keys };
    await assert.rejects(startTwin({ mode: 'production', protocol: payin, ...rest }), /sandbox mode only/);
  });

  test('the time passes as it does: a time scale is refused', () => {
    assert.throws(() => readConfig({ mode: 'production', 'time-scale': '10' }, {}), ConfigError);
  });

  test('opens nothing to nobody: control paths, operator API, metrics by proxy, unified', async () => {
    for (const path of [
      '/_twin/plan',
      '/_twin/pay',
      '/_twin/executions',
      '/pay?code=1',
      '/debug',
      '/admin',
      '/.env',
      '/gateway.json',
    ])
      for (const method of ['GET', 'POST']) {
        const { status } = await request(method, s.url + path);
        assert.ok([401, 404, 405].includes(status), `${method} ${path}: ${status}`);
      }
    for (const path of ['/merchants', '/payments', '/tokens', '/sandbox', '/openapi.json', '/ledger/check']) {
      assert.equal((await request('GET', `${s.url}/admin/v1${path}`)).status, 401, path);
      for (const token of ['', 'kop_', `kop_${'A'.repeat(43)}`, 'null', s.token.toLowerCase(), `${s.token}x`])
        assert.equal(
          (await request('GET', `${s.url}/admin/v1${path}`, [['authorization', `Bearer ${token}`]])).status,
          401,
          `${path} ${token.slice(0, 8)}`,
        );
    }
    assert.equal((await request('GET', `${s.url}/metrics`)).status, 200, 'from this machine');
    for (const header of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'])
      assert.equal((await request('GET', `${s.url}/metrics`, [[header, '203.0.113.7']])).status, 401, header);
    const body = JSON.stringify(one.unified.payMembers(freshNo(), 20_000, 'https://example.com/n'));
    for (const context of ['bluepay-service', 'x', '']) {
      const answer = await one.unified.send('gather', body, [['content-type', 'application/json']], context || 'none');
      assert.equal(textAt(JSON.parse(answer.text), 'code'), '100001');
      assert.equal(textAt(JSON.parse(answer.text), 'message'), 'unauthorized');
    }
  });

  test('sends notices to public addresses only: the address is refused when the order comes', async () => {
    const bad = [
      s.receiver.url,
      'http://localhost/n',
      'http://127.1/n',
      'http://2130706433/n',
      'http://0x7f.1/n',
      'http://[::1]/n',
      'http://[::ffff:127.0.0.1]/n',
      'http://0.0.0.0/n',
      'http://10.1.2.3/n',
      'http://172.16.0.1/n',
      'http://192.168.0.1/n',
      'http://169.254.169.254/n',
      'http://100.64.0.1/n',
      'http://[fd00:ec2::254]/n',
      'http://[64:ff9b::7f00:1]/n',
      'http://224.0.0.1/n',
      'http://example.com:22/n',
    ];
    for (const url of bad) {
      const told = await one.payin.pay(freshNo(), 20_000, url);
      assert.equal(textAt(told.json, 'msg'), 'Params_notifyUrl_error', `${url}: ${told.raw}`);
    }
    const fine = await one.payin.pay(freshNo(), 20_000, 'https://example.com/n');
    assert.notEqual(textAt(fine.json, 'msg'), 'Params_notifyUrl_error');
  });

  test('without a route nothing is taken on', async () => {
    const told = await one.payin.pay(freshNo(), 20_000, 'https://example.com/n');
    assert.equal(told.verdict, 'refused');
    assert.deepEqual(await s.operator.list('payments'), []);
  });

  test('keeps its owner token in a file of the owner’s alone, and out of the log', async () => {
    assert.ok(!s.log.join('\n').includes(s.token));
    assert.match(s.token, /^kop_[A-Za-z0-9_-]{43}$/);
  });

  test('what there is only to read is read with GET and HEAD, and with nothing else', async () => {
    for (const path of ['/', '/metrics', '/health/live', '/health/ready']) {
      const [get, head, post] = await Promise.all(
        (['GET', 'HEAD', 'POST'] as const).map((method) => request(method, s.url + path)),
      );
      assert.deepEqual([head?.status, head?.text], [get?.status, ''], path);
      assert.deepEqual([post?.status, post?.headers['allow']], [405, 'GET, HEAD'], path);
      for (const reply of [get, head, post]) {
        assert.match(String(reply?.headers['content-security-policy']), /default-src 'none'; frame-ancestors 'none'/);
        assert.equal(reply?.headers['x-content-type-options'], 'nosniff');
        assert.equal(reply?.headers['x-frame-options'], 'DENY');
      }
    }
    for (const path of [
      '/online/pay/?id=1&tradeNo=1',
      '/cashier/x',
      '/console/sign-in',
      '/assets/nothing',
      '/admin/v1',
    ])
      assert.equal((await request('HEAD', s.url + path)).status, (await request('GET', s.url + path)).status, path);
  });

  test('health says little to strangers', async () => {
    const ready = await request('GET', `${s.url}/health/ready`);
    assert.equal(ready.status, 200);
    assert.doesNotMatch(ready.text, /postgres|password|kop_/);
  });
});
