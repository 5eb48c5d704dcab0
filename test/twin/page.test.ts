import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { payAsk, type TwinScene, twinScene } from './twin-scene.ts';

describe('the payer page', () => {
  let scene: TwinScene;
  before(async () => {
    scene = await twinScene('payin');
  });
  after(() => scene.stop());

  async function walletOrder(more: object = {}) {
    const notify = { kind: 'http', url: scene.callbackUrl } as const;
    const ask = payAsk({ method: 'wallet', option: 'DANA', notify, ...more });
    const made = await scene.ask('pay', ask);
    assert.ok(made.kind === 'answered' && made.answer.instruction.payUrl !== null);
    return { ask, url: made.answer.instruction.payUrl };
  }

  test('a wallet’s link shows the order, and its button pays', async () => {
    const { ask, url } = await walletOrder();
    assert.ok(url.startsWith(scene.started.controlUrl));
    const page = await fetch(url);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const html = await page.text();
    assert.ok(html.includes(ask.orderNo) && html.includes('IDR 20,000') && html.includes('pending'));
    const code = new URL(url).searchParams.get('code') ?? '';
    const pressed = await fetch(`${scene.started.controlUrl}/pay`, {
      method: 'POST',
      body: new URLSearchParams({ code, outcome: 'paid' }),
    });
    assert.ok((await pressed.text()).includes('paid'), 'redirected to the page that says so');
    assert.equal((await scene.executions())[0]?.outcome, 'paid');
  });

  test('the first page shows the orders, and each leads to its payer', async () => {
    const { ask } = await walletOrder({ subject: '<i>tea' });
    for (const path of ['/', '/pay']) {
      const html = await (await fetch(scene.started.controlUrl + path)).text();
      assert.ok(html.includes('&lt;i&gt;tea') && !html.includes('<i>'), path);
      const [, link = ''] = /href="(\/pay\?code=[^"]+)"/.exec(html) ?? [];
      assert.ok((await (await fetch(scene.started.controlUrl + link)).text()).includes(ask.orderNo));
    }
  });

  test('a page left open cannot decline what is paid', async () => {
    const { ask, url } = await walletOrder();
    await scene.control('POST', '/_twin/pay', { reference: ask.orderNo });
    const code = new URL(url).searchParams.get('code') ?? '';
    await fetch(`${scene.started.controlUrl}/pay`, {
      method: 'POST',
      body: new URLSearchParams({ code, outcome: 'declined' }),
    });
    assert.equal((await scene.executions())[0]?.outcome, 'paid');
  });

  test('what others wrote is shown as text', async () => {
    const { url } = await walletOrder({ subject: '<b>"&\'' });
    const html = await (await fetch(url)).text();
    assert.ok(html.includes('&lt;b&gt;&quot;&amp;&#39;') && !html.includes('<b>'));
    const unknown = await fetch(`${scene.started.controlUrl}/pay?code=${encodeURIComponent('<i>')}`);
    assert.equal(unknown.status, 404);
    assert.ok(!(await unknown.text()).includes('<i>'));
  });

  test('other sites and other host names are turned away', async () => {
    const url = `${scene.started.controlUrl}/_twin/plan`;
    assert.equal(await statusOf(url, 'DELETE', { 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal(await statusOf(url, 'GET', { host: 'evil.example' }), 403);
    assert.equal(await statusOf(url, 'DELETE', {}), 200);
    assert.equal(await statusOf(`${scene.started.controlUrl}/_twin/nothing`, 'GET', {}), 404);
  });
});

function statusOf(url: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject).end();
  });
}
