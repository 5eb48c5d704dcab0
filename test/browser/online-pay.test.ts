/** The one-code page in a real browser: four wallets, a camera, the wallets' bridges, and texts that would like to be code. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type FufuScene, startFufu, until } from '../e2e/fufu-scene.ts';
import { textAt } from '../e2e/http.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: FufuScene;
/** Stands in for the merchant's page that finds out who a payer is. */
let relay: http.Server;
let relayUrl: string;

before(async () => {
  browser = await openBrowser();
  if (!browser) return;
  scene = await startFufu();
  relay = http.createServer((request, response) => {
    const back = new URL(request.url ?? '/', 'http://relay').searchParams.get('redirect_uri') ?? '';
    response.writeHead(302, { location: `${back}&openId=2088102172184723` }).end();
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  relayUrl = `http://127.0.0.1:${(relay.address() as AddressInfo).port}/who`;
});
after(async () => {
  if (!browser) return;
  await browser.close();
  await scene.stop();
  await new Promise((resolve) => relay.close(resolve));
});

const agents = {
  ALIPAY:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1.15 AliApp(AP/10.3.0) AlipayClient/10.3.0 Language/zh-Hans',
  WECHAT:
    'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/107 Mobile MicroMessenger/8.0.33 NetType/WIFI Language/zh_CN',
  BESTPAY: 'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/107 Mobile Bestpay/10.85.0',
  UNIONPAY:
    'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/107 Mobile (com.unionpay) (cordova 4.5.4) UnionPay/1.0 CloudPay',
} as const;
const camera =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1';

interface Visit {
  readonly page: Page;
  /** Dialogs, script errors and what the page's policy stopped. */
  readonly trouble: string[];
}

async function visit(t: TestContext, userAgent: string, init?: string): Promise<Visit | null> {
  if (!browser) {
    t.skip('no Chromium');
    return null;
  }
  const context = await browser.newContext({ userAgent, locale: 'zh-CN', viewport: { width: 390, height: 844 } });
  t.after(() => context.close());
  if (init !== undefined) await context.addInitScript(init);
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('dialog', (dialog) => {
    trouble.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => trouble.push(`error ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(`console ${message.text()}`);
  });
  return { page, trouble };
}

async function oneCode(changes: Readonly<Record<string, unknown>> = {}) {
  const no = scene.fresh();
  const told = await scene.shop.preOrder(no, { total_fee: '1234', time_expire: 1440, ...changes });
  assert.equal(told.code, 'SUCCESS', told.text);
  return { no, url: String(told.data['qr_code']) };
}

for (const [wallet, agent] of Object.entries(agents))
  test(`${wallet}: to the payer's page, paid there, and the page says so`, async (t) => {
    const opened = await visit(t, agent);
    if (!opened) return;
    const { page, trouble } = opened;
    const { no, url } = await oneCode();
    await page.goto(url.replace(/price=[^&]*/, 'price=0.01'));
    assert.match(await page.innerText('body'), /CNY 12\.34/, 'the true amount');
    assert.equal(textAt(await scene.seen(no), 'option'), wallet);
    await page.click('button.pay');
    await until(
      () => scene.shop.state(no),
      (state) => state === 1,
    );
    await page.goto(url);
    await page.getByRole('heading', { name: '付款成功' }).waitFor();
    assert.match(await page.innerText('h1'), /12\.34/);
    assert.deepEqual(trouble, []);
  });

test('a camera: the page says which apps can pay, binds nothing, and shows the true amount', async (t) => {
  const opened = await visit(t, camera);
  if (!opened) return;
  const { page, trouble } = opened;
  const { no, url } = await oneCode();
  await page.goto(url.replace(/price=[^&]*/, 'price=0.01'));
  const text = await page.innerText('main');
  for (const word of ['请使用钱包扫码打开', '支付宝', '微信', '翼支付', '云闪付', '12.34'])
    assert.ok(text.includes(word), word);
  assert.ok(!text.includes('0.01'));
  assert.equal(textAt(await scene.seen(no), 'state'), 'new');
  await page.getByRole('link', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Open this page in your wallet' }).waitFor();
  // Somebody pays with a wallet meanwhile: the page notices by itself.
  const other = await visit(t, agents.ALIPAY);
  assert.ok(other);
  await other.page.goto(url);
  await page.getByRole('heading', { name: /Already opened in Alipay/ }).waitFor({ timeout: 15_000 });
  await scene.bank.pay({ merchantOrderNo: no });
  await page.getByRole('heading', { name: 'Paid' }).waitFor({ timeout: 15_000 });
  assert.deepEqual(trouble, []);
});

/** A wallet's bridge that writes down what it is called with, and says "ok" to the page. */
const bridges = `
  window.calls = [];
  const note = (name, value) => sessionStorage.setItem('call', JSON.stringify([name, value]));
  window.AlipayJSBridge = { call(name, value, done) { note(name, value); setTimeout(() => done({ resultCode: '9000' }), 50); } };
  window.WeixinJSBridge = { invoke(name, value, done) { note(name, value); setTimeout(() => done({ err_msg: 'get_brand_wcpay_request:ok' }), 50); } };
`;

for (const wallet of ['ALIPAY', 'WECHAT'] as const)
  test(`${wallet} in the page: its bridge is called, its word is not believed, the bank's is`, async (t) => {
    const opened = await visit(t, agents[wallet], bridges);
    if (!opened) return;
    const { page, trouble } = opened;
    await scene.setting({ alipayUserUrl: relayUrl, wechatUserUrl: relayUrl, wechatAppId: 'wx17e91dae2802695e' });
    const { no, url } = await oneCode();
    await page.goto(url);
    await page.waitForURL(/back=1/);
    await page.getByRole('heading', { name: '等待付款' }).waitFor();
    const [name, value] = JSON.parse(String(await page.evaluate(`sessionStorage.getItem('call')`))) as [
      string,
      Record<string, string>,
    ];
    if (wallet === 'ALIPAY') {
      assert.equal(name, 'tradePay');
      assert.match(value['tradeNO'] ?? '', /^\d{28}$/);
    } else {
      assert.equal(name, 'getBrandWCPayRequest');
      assert.deepEqual(Object.keys(value).sort(), ['appId', 'nonceStr', 'package', 'paySign', 'signType', 'timeStamp']);
    }
    assert.equal(await scene.shop.state(no), 0);
    await scene.bank.pay({ merchantOrderNo: no });
    await page.getByRole('heading', { name: '付款成功' }).waitFor({ timeout: 15_000 });
    assert.deepEqual(trouble, []);
    await scene.setting({ alipayUserUrl: '', wechatUserUrl: '' });
  });

test('texts that would like to be code stay texts', async (t) => {
  const opened = await visit(t, camera);
  if (!opened) return;
  const { page, trouble } = opened;
  for (const subject of [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    `"'><svg/onload=alert(1)>`,
    '</title><script>alert(1)</script>',
    'javascript:alert(1)',
    '${alert(1)}`{{alert(1)}}',
  ]) {
    const { url } = await oneCode({ pay_subject: subject });
    await page.goto(`${url}&lang="><script>alert(2)</script>&back='><script>alert(3)</script>`);
    assert.ok((await page.innerText('main')).includes(subject.trim()), subject);
  }
  assert.deepEqual(trouble, []);
});

test('a wallet that says no: nothing is over, the same page tries again', async (t) => {
  const opened = await visit(t, agents.BESTPAY);
  if (!opened) return;
  const { page, trouble } = opened;
  // A channel that can say "failed": the other one knows only orders that have ended.
  const [merchant] = scene.gateway.sandbox?.facts.merchants ?? [];
  const route = { merchant: merchant?.id, protocol: 'fufu', method: 'qr', channel: 'bestpay-twin' };
  assert.equal((await scene.operator.call('POST', '/routes', route)).status, 200);
  const { no, url } = await oneCode();
  await page.goto(url);
  await page.getByRole('button', { name: 'Decline' }).click();
  await until(
    async () => textAt(await scene.seen(no), 'state'),
    (state) => state === 'new',
  );
  assert.equal(await scene.shop.state(no), 0, 'still to be paid, as its merchant sees it');
  await page.goto(`${url}&back=1`);
  assert.match(await page.innerText('.step'), /未产生扣款/);
  await page.getByRole('link', { name: '立即付款' }).click();
  await page.click('button.pay');
  await until(
    () => scene.shop.state(no),
    (state) => state === 1,
  );
  assert.deepEqual(trouble, []);
});
