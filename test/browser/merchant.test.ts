/** A merchant's own person in a real browser: samples to copy, a notice to try, one to send again, and nothing of anybody else. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { packageRoot } from '../../src/store/package-root.ts';
import { startScene, type Scene } from '../e2e/harness.ts';
import { textAt, until } from '../e2e/http.ts';
import { isPayinSigned, isStandardWebhook } from '../e2e/receiver.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: Scene;
let context: BrowserContext;
let page: Page;
/** Script errors and what the page's policy stopped. */
const trouble: string[] = [];
const paidNo = `SHOP${process.pid}`;
/** Where pictures of the pages go, when somebody wants to look at them. */
const album = process.env['KANAL_SCREENSHOTS'];

before(async () => {
  browser = await openBrowser();
  if (!browser) return;
  scene = await startScene();
  context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    timezoneId: 'Asia/Jakarta',
    locale: 'en',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  page = await context.newPage();
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().includes('status of 400')) trouble.push(line.text());
  });
});
after(async () => {
  if (!browser) return;
  await browser.close();
  await scene.stop();
});

/** Leaves the test where there is no browser. */
function hasBrowser(t: TestContext): boolean {
  if (!browser) t.skip('no Chromium');
  return browser !== null;
}

async function open(path: string): Promise<void> {
  await page.goto(`${scene.url}/console${path}`);
}

function idOf(protocol: string, merchant = scene.a.id): string {
  const all = [...scene.gateway.gate.directory().credentials.values()];
  const found = all.find((row) => row.protocol === protocol && String(row.merchantId) === merchant);
  assert.ok(found, protocol);
  return String(found.id);
}

function main(): Promise<string> {
  return page.innerText('main');
}

test('a person of the merchant signs in by a one-time code', async (t) => {
  if (!hasBrowser(t)) return;
  const made = await scene.operator.call('POST', '/users', { name: 'dewi', role: 'support', merchant: scene.a.id });
  await open('');
  await page.fill('[name=user]', 'dewi');
  await page.fill('[name=password]', textAt(JSON.parse(made.text), 'setupCode'));
  await page.click('main button');
  await page.waitForURL('**/console/setup');
  await page.fill('[name=password]', 'correct horse battery staple');
  await page.fill('[name=again]', 'correct horse battery staple');
  await page.click('main button.primary');
  await page.waitForURL('**/console');
  const links = await page.innerText('nav#menu');
  assert.match(links, /Integration/);
  assert.doesNotMatch(links, /Channels|Ledger|Reviews|Health/);
});

test('the integration page has the addresses of this gateway, and a sample to copy without the secret', async (t) => {
  if (!hasBrowser(t)) return;
  const { apiKey, merchantId } = scene.a.payin.keys;
  await page.click('nav#menu a:has-text("Integration")');
  await page.click('tbody a.strong:has-text("payin")');
  assert.match(await main(), new RegExp(`${scene.url}/api/payIn`));
  await page.click('.tabs a:has-text("Python")');
  await page.click('section.card:has(h2:has-text("Create a payment")) .copy');
  await until('the clipboard', async () => (await clipboard()).includes('import hashlib'));
  const copied = await clipboard();
  assert.ok(copied.includes(`"${scene.url}/api/payIn"`) && copied.includes(`"MerchantId": "${merchantId}"`));
  assert.equal((await page.content()).includes(apiKey), false);
});

async function clipboard(): Promise<string> {
  return String(await page.evaluate('navigator.clipboard.readText()'));
}

test('what a language cannot sign is said, not shown', async (t) => {
  if (!hasBrowser(t)) return;
  await open(`/integration/${idOf('ysepay')}?language=java&variant=SM2`);
  assert.match(await main(), /Java has nothing of its own for this way of signing/);
  await page.click('.tabs a:has-text("curl")');
  assert.match(await main(), /-sigopt distid:1234567812345678/);
});

test('keys show fingerprints and our public key, and never a secret', async (t) => {
  if (!hasBrowser(t)) return;
  await open(`/integration/${idOf('bestpay')}/keys`);
  const keys = scene.gateway.sandbox?.facts.merchants[0]?.protocols.bestpay;
  assert.ok(keys);
  const text = await main();
  assert.ok(text.replaceAll(/\s/g, '').includes(keys.platformPublicKeyPem.replaceAll(/\s/g, '')));
  assert.match(text, /(?:[0-9a-f]{2}:){31}[0-9a-f]{2}/);
  assert.doesNotMatch(text, /PRIVATE KEY/);
  await open(`/integration/${idOf('payin')}/keys`);
  assert.equal((await page.content()).includes(scene.a.payin.keys.apiKey), false);
});

test('a test notice is signed as a true one, marked, and answered for; the notices know nothing of it', async (t) => {
  if (!hasBrowser(t)) return;
  const before = (await scene.operator.list('notices')).length;
  await open(`/integration/${idOf('payin')}/webhook`);
  await page.fill('[name=url]', `${scene.receiver.url}/try`);
  await page.click('button:has-text("Send a test notice")');
  await page.waitForSelector('.note.good');
  const [got] = scene.receiver.at('/try');
  assert.ok(got);
  assert.equal(got.headers['kanal-test'], 'true');
  assert.ok(isPayinSigned(got, scene.a.payin.keys.apiKey));
  assert.ok(isStandardWebhook(got, scene.a.webhookSecret));
  assert.match(textAt(got.json, 'mchOrderNo'), /^TEST/);
  const text = await main();
  for (const words of [got.body, `${got.body}***`, 'SUCCESS', 'kanal-test: true', String(got.headers['sign'])])
    assert.ok(text.includes(words), words);
  assert.equal(text.includes(scene.a.payin.keys.apiKey), false);

  scene.receiver.answer('/try', 500);
  await page.click('button:has-text("Send a test notice")');
  await page.waitForSelector('.alarm');
  assert.match(await main(), /would not count as delivered/);
  assert.equal((await scene.operator.list('notices')).length, before);
  assert.deepEqual(await scene.operator.list('payments'), []);
});

test('an address that is not public is not called', async (t) => {
  if (!hasBrowser(t)) return;
  await open(`/integration/${idOf('payin')}/webhook`);
  for (const url of ['http://10.1.2.3/hook', 'http://169.254.169.254/latest', `${scene.url}/console`]) {
    await page.fill('[name=url]', url);
    await page.click('button:has-text("Send a test notice")');
    assert.equal(await page.textContent('h1'), 'That was not done', url);
    await page.goBack();
  }
});

test('a notice is sent again', async (t) => {
  if (!hasBrowser(t)) return;
  await scene.a.payin.pay(paidNo, 20_000, `${scene.receiver.url}/${paidNo}`);
  await scene.twin('payin').pay({ reference: paidNo });
  await until('the notice', () => scene.receiver.at(`/${paidNo}`).length === 1);
  await open(`/notices?q=${paidNo}`);
  await page.check('tbody input[name=id]');
  await page.click('.bulk button');
  await page.waitForSelector('.note');
  await until('it again', () => scene.receiver.at(`/${paidNo}`).length === 2);
});

test("another merchant's credential is not there", async (t) => {
  if (!hasBrowser(t)) return;
  for (const tail of ['', '/keys', '/webhook']) {
    const reply = await page.request.get(`${scene.url}/console/integration/${idOf('payin', scene.b.id)}${tail}`);
    assert.equal(reply.status(), 404);
  }
});

test('no page is wider than a phone, and axe finds nothing serious in any, light and dark', async (t) => {
  if (!hasBrowser(t)) return;
  const axe = await readFile(join(packageRoot, 'node_modules/axe-core/axe.min.js'), 'utf8');
  const places = ['/integration', `/integration/${idOf('unified')}?language=java`, `/integration/${idOf('ysepay')}`];
  const more = [`/integration/${idOf('bestpay')}/keys`, `/integration/${idOf('fufu')}/webhook`];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [index, place] of [...places, ...more].entries()) {
      await page.setViewportSize({ width: 390, height: 844 });
      await open(place);
      if (index === 4) await tryHere();
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, `${place} at 390`);
      await picture(`${index}-${colorScheme}-390`);
      await page.setViewportSize({ width: 1280, height: 860 });
      await picture(`${index}-${colorScheme}-1280`);
      assert.equal(await axeFindings(axe), '', `${place} ${colorScheme}`);
    }
  }
});

async function tryHere(): Promise<void> {
  await page.fill('[name=url]', `${scene.receiver.url}/fufu`);
  await page.click('button:has-text("Send a test notice")');
  await page.waitForSelector('[role=status]');
}

async function picture(name: string): Promise<void> {
  if (album === undefined) return;
  await mkdir(album, { recursive: true });
  await page.screenshot({ path: join(album, `${name}.png`), fullPage: name.endsWith('390') });
}

/** Into a world of its own, past the page's policy, which would rightly refuse it. */
async function axeFindings(axe: string): Promise<unknown> {
  const session = await context.newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  await session.send('Runtime.evaluate', { contextId, expression: axe });
  const { result } = await session.send('Runtime.evaluate', {
    contextId,
    awaitPromise: true,
    returnByValue: true,
    expression: `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ' ' + nodes[0].html).join('\\n'))`,
  });
  await session.detach();
  return result.value;
}

test('no script broke, and the policy stopped nothing', (t) => {
  if (!hasBrowser(t)) return;
  assert.deepEqual(trouble, []);
});
