/** The signature doctor in a real browser: a merchant's developer finds the refused request, sees the difference, pastes one that fits. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openSession } from '../../src/store/sessions.ts';
import { insertUser } from '../../src/store/users.ts';
import { startScene, type Scene } from '../e2e/harness.ts';
import { until } from '../e2e/http.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: Scene;
let page: Page;
const trouble: string[] = [];

before(async () => {
  browser = await openBrowser();
  if (!browser) return;
  scene = await startScene();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' });
  const [id, token] = [7_000_001n, 'a-session-of-a-merchants-own-developer-xxxx'];
  const { db } = scene.database;
  const user = { id, name: 'developer', role: 'support', merchantId: BigInt(scene.a.id) } as const;
  await insertUser(db, { ...user, setupCode: 'unused', setupUntil: null }, Date.now());
  await openSession(db, token, { userId: id, stage: 'full', remote: '', pending: null }, Date.now());
  await context.addCookies([{ name: 'kanal-console', value: token, url: scene.url }]);
  page = await context.newPage();
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error') trouble.push(line.text());
  });
});
after(async () => {
  if (!browser) return;
  await browser.close();
  await scene.stop();
});

function hasBrowser(t: TestContext): boolean {
  if (!browser) t.skip('no Chromium');
  return browser !== null;
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** A payment whose body Python wrote with blanks before it was signed, and without them when it was sent. */
function spaced() {
  const { apiKey, merchantId } = scene.a.payin.keys;
  const body = JSON.stringify(scene.a.payin.payMembers(`DR${process.pid}`, 10_000, scene.receiver.url));
  const signed = body.replaceAll('":', '": ').replaceAll(',"', ', "');
  const headers = (sign: string) =>
    [
      ['Content-Type', 'application/json'],
      ['MerchantId', merchantId],
      ['Sign', sign],
    ] as const;
  return { body, headers, wrong: md5(signed + apiKey), right: md5(body + apiKey), apiKey };
}

test('what was refused is in the list of its merchant, with what people made of a secret', async (t) => {
  if (!hasBrowser(t)) return;
  const { body, headers, wrong } = spaced();
  await scene.a.payin.send('payIn', body, headers(wrong));
  const { unified } = scene.a;
  const own = Object.entries(unified.keys.headers).map(([name, value]) => [name, `Bearer ${value}`] as const);
  await unified.send('gather', '{}', [['content-type', 'application/json'], ...own]);
  await until('both', async () => {
    await page.goto(`${scene.url}/console/doctor`);
    return (await page.locator('tbody tr').count()) === 2;
  });
  assert.match((await page.textContent('tbody')) ?? '', /The word Bearer stands before the key/);
  await page.selectOption('.filter [name=protocol]', 'payin');
  await page.click('.filter button');
  assert.equal(await page.locator('tbody tr').count(), 1);
});

test('both texts stand side by side on a desk, one below the other on a phone, marked where they differ', async (t) => {
  if (!hasBrowser(t)) return;
  await page.click('tbody a');
  assert.match((await page.textContent('.alarm')) ?? '', /with blanks, as Python does/);
  assert.match((await page.textContent('.advice')) ?? '', /let no library write it again/);
  assert.equal(await page.textContent('.versus ins >> nth=0'), '␣');
  const { apiKey, right } = spaced();
  const shown = (await page.textContent('main')) ?? '';
  assert.ok(!shown.includes(apiKey) && !shown.includes(right));
  const places = async () => {
    const boxes = await Promise.all([0, 1].map((at) => page.locator('.versus pre').nth(at).boundingBox()));
    return boxes.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 });
  };
  const [left, beside] = await places();
  assert.ok(left && beside && beside.x > left.x + left.width - 1 && beside.y === left.y);
  await page.setViewportSize({ width: 390, height: 844 });
  const [above, below] = await places();
  assert.ok(above && below && below.x === above.x && below.y > above.y);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('a pasted curl command is recognised and fits; the same with a blank more in its body is not what was signed', async (t) => {
  if (!hasBrowser(t)) return;
  const { body, headers, right } = spaced();
  const curl = (data: string) =>
    `curl -X POST ${scene.url}/api/payIn \\\n${headers(right)
      .map(([name, value]) => `  -H '${name}: ${value}' \\\n`)
      .join('')}  -d '${data}'`;
  await page.goto(`${scene.url}/console/doctor`);
  await page.fill('[name=request]', curl(body));
  await page.click('button:has-text("Examine")');
  assert.equal(await page.textContent('h1'), 'The signature fits');
  assert.ok(((await page.textContent('pre.raw')) ?? '').includes(`${body}***`));
  await page.fill('[name=request]', curl(body.replace(':', ': ')));
  await page.click('button:has-text("Examine")');
  assert.match((await page.textContent('.alarm')) ?? '', /written anew without blanks/);
  assert.equal(await page.textContent('.versus del'), '␣');
});

test('no script broke, and the policy stopped nothing', (t) => {
  if (!hasBrowser(t)) return;
  assert.deepEqual(trouble, []);
});
