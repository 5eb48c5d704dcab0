/** The console in a real browser, on a whole gateway: the way in, lists, the flight recorder, notices, reviews, exports, the doctor. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { codeAt, stepAt } from '../../src/web/console/totp.ts';
import { startScene, type Scene } from '../e2e/harness.ts';
import { textAt, until } from '../e2e/http.ts';
import { seriousFindings } from './axe.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: Scene;
let context: BrowserContext;
let page: Page;
/** Script errors and what the page's policy stopped. */
const trouble: string[] = [];
const paidNo = `PAID${process.pid}`;

before(async () => {
  browser = await openBrowser();
  if (!browser) return;
  scene = await startScene();
  context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    timezoneId: 'Asia/Makassar',
    locale: 'en',
  });
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

/** Leaves the test where there is no browser. */
function hasBrowser(t: TestContext): boolean {
  if (!browser) t.skip('no Chromium');
  return browser !== null;
}

const password = 'correct horse battery staple';
let secret: Buffer = Buffer.alloc(0);

function fromBase32(text: string): Buffer {
  const bits = text
    .split('')
    .map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'));
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

async function open(path: string): Promise<void> {
  await page.goto(scene.url + path);
}

async function pay(no: string, amount: number): Promise<void> {
  await scene.a.payin.pay(no, amount, `${scene.receiver.url}/${no}`);
}

function notices(count: number): Promise<boolean> {
  return until(`notice ${count}`, () => scene.receiver.at(`/${paidNo}`).length === count);
}

async function stateOf(no: string, state: string): Promise<void> {
  await until(`${no} ${state}`, async () => textAt(await scene.operator.get(`/orders/${no}`), 'state') === state);
}

test('the setup code of the sandbox document, a password and a code from an authenticator open it', async (t) => {
  if (!hasBrowser(t)) return;
  const document = await scene.operator.get('/sandbox');
  await open('/console');
  await page.fill('[name=user]', textAt(document, 'console', 'user'));
  await page.fill('[name=password]', textAt(document, 'console', 'setupCode'));
  await page.click('main button');
  await page.waitForURL('**/console/setup');
  secret = fromBase32((await page.textContent('code.secret')) ?? '');
  await page.fill('[name=password]', password);
  await page.fill('[name=again]', password);
  await page.fill('[name=code]', codeAt(secret, stepAt(Date.now())));
  await page.click('main button.primary');
  await page.waitForURL('**/console');
  assert.equal(await page.textContent('h1'), 'Home');
  assert.equal(textAt(await scene.operator.get('/sandbox'), 'console', 'setupCode'), '');
});

test('signing out and in again, with the next code', async (t) => {
  if (!hasBrowser(t)) return;
  await page.click('.who button');
  await page.waitForURL('**/sign-in?ended');
  await page.fill('[name=user]', 'admin');
  await page.fill('[name=password]', password);
  await page.fill('[name=code]', codeAt(secret, stepAt(Date.now()) + 1));
  await page.click('main button.primary');
  await page.waitForURL('**/console');
});

test('a payment is found by its number, and its recorder tells what happened, in the time of viewer and channel', async (t) => {
  if (!hasBrowser(t)) return;
  await pay(paidNo, 20_000);
  await scene.twin('payin').pay({ reference: paidNo });
  await stateOf(paidNo, 'paid');
  await notices(1);
  await page.fill('.search input', paidNo);
  await page.press('.search input', 'Enter');
  await page.waitForURL('**/console/orders/*');
  const told = (await page.textContent('.timeline')) ?? '';
  for (const words of [
    'asked: payIn',
    'We asked payin-twin: payIn',
    'Order created',
    'Sent to payin-twin',
    'Callback from payin-twin',
    'Pending → Paid',
    'Posted Rp',
    'Notice queued: Payment paid',
    'Notice attempt 1: acknowledged',
  ])
    assert.ok(told.includes(words), words);
  const iso = (await page.getAttribute('.timeline time', 'datetime')) ?? '';
  const there = new Date(Date.parse(iso) + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  assert.equal(await page.textContent('.timeline time'), there);
  assert.match((await page.textContent('.timeline .there')) ?? '', /Jakarta/);
});

test('a notice is sent again from the recorder', async (t) => {
  if (!hasBrowser(t)) return;
  const before = scene.receiver.at(`/${paidNo}`).length;
  await page.click('.timeline button:has-text("Resend")');
  await page.waitForSelector('.note');
  await notices(before + 1);
});

test('chosen notices are sent again from the list', async (t) => {
  if (!hasBrowser(t)) return;
  const before = scene.receiver.at(`/${paidNo}`).length;
  await open(`/console/notices?q=${paidNo}`);
  await page.check('tbody input[name=id]');
  await page.click('.bulk button');
  await page.waitForSelector('.note');
  await notices(before + 1);
});

test('the list of notices fits its frame, however long the addresses', async (t) => {
  if (!hasBrowser(t)) return;
  const no = `LONG${process.pid}`;
  await scene.a.payin.pay(no, 20_000, `${scene.receiver.url}/${'notices/'.repeat(12)}${no}`);
  await scene.twin('payin').pay({ reference: no });
  await stateOf(no, 'paid');
  await open('/console/notices');
  const [needed, there] = await page.$eval('.scroll', (frame) => [frame.scrollWidth, frame.clientWidth] as const);
  assert.ok(needed <= there, `${needed} in ${there}`);
});

test('a review stands on the first page, and is closed with a decision', async (t) => {
  if (!hasBrowser(t)) return;
  const no = `WRONG${process.pid}`;
  await pay(no, 30_000);
  await scene.twin('payin').call('POST', 'pay', { reference: no, amount: 31_000 });
  await until('a review', async () => (await scene.operator.list('reviews')).length > 0);
  await open('/console');
  await page.click('.needs a');
  await page.click('tbody a.strong');
  await page.fill('[name=decision]', 'asked the channel: a test payment');
  await page.click('button:has-text("Close with this decision")');
  await page.waitForSelector('.note');
  assert.match((await page.textContent('main')) ?? '', /Closed.*asked the channel/s);
});

test('what the filter leaves is exported', async (t) => {
  if (!hasBrowser(t)) return;
  await open(`/console/payments?state=paid&q=${paidNo}`);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('a:has-text("CSV")')]);
  const text = await readFile(await file.path(), 'utf8');
  assert.match(file.suggestedFilename(), /^kanal-payments-\d{4}-\d\d-\d\d\.csv$/);
  assert.equal(text.trim().split('\r\n').length, 2);
  assert.ok(text.includes(`"${paidNo}"`));
});

test('the signature doctor names the mistake in a refused request and in a pasted one', async (t) => {
  if (!hasBrowser(t)) return;
  const { apiKey, merchantId } = scene.a.payin.keys;
  const members = scene.a.payin.payMembers(`BAD${process.pid}`, 10_000, scene.receiver.url);
  const sorted = JSON.stringify(Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))));
  const sign = createHash('md5')
    .update(sorted + apiKey)
    .digest('hex');
  const body = JSON.stringify(members);
  await scene.a.payin.send('payIn', body, [
    ['Content-Type', 'application/json'],
    ['MerchantId', merchantId],
    ['Sign', sign],
  ]);
  // Written behind the reply.
  await until('the refused request', async () => {
    await open('/console/doctor');
    return (await page.$('tbody a')) !== null;
  });
  await page.click('tbody a');
  await page.waitForURL('**/console/doctor/*');
  assert.match((await page.textContent('.alarm')) ?? '', /sorted/);
  const shown = (await page.textContent('main')) ?? '';
  const right = createHash('md5')
    .update(body + apiKey)
    .digest('hex');
  assert.equal(
    shown.includes(apiKey) || shown.includes(right),
    false,
    'neither the key nor a signature that would work',
  );
  await open('/console/doctor');
  await page.selectOption('[name=protocol]', 'payin');
  await page.fill(
    '[name=request]',
    `POST /api/payIn\nContent-Type: application/json\nMerchantId: ${merchantId}\nSign: ${right}\n\n${body}`,
  );
  await page.click('button:has-text("Examine")');
  assert.equal(await page.textContent('h1'), 'The signature fits');
});

const places = [
  '',
  '/payments',
  '/refunds',
  '/payouts',
  '/agreements',
  '/ledger',
  '/reconciliation',
  '/notices',
  '/callbacks',
  '/reviews',
  '/approvals',
  '/doctor',
  '/merchants',
  '/channels',
  '/routes',
  '/fees',
  '/rates',
  '/channels/add?protocol=ysepay',
  '/settings',
  '/users',
  '/audit',
  '/health',
  '/quarantine',
];

test('every page speaks the three languages', async (t) => {
  if (!hasBrowser(t)) return;
  for (const [language, words] of [
    ['中文', '首页'],
    ['Bahasa Indonesia', 'Beranda'],
    ['English', 'Home'],
  ] as const) {
    await page.click(`footer a:has-text("${language}")`);
    await open('/console');
    assert.equal(await page.textContent('h1'), words);
  }
});

/** Opens what is folded; → fields and sentences that stick out of their card, where they are cut off. */
const clipped = `(() => {
  for (const one of document.querySelectorAll('main details')) one.open = true;
  return [...document.querySelectorAll('.card :is(input, select, textarea, button, p)')].filter((one) => {
    const [own, card] = [one.getBoundingClientRect(), one.closest('.card').getBoundingClientRect()];
    return own.width > 0 && own.right > card.right + 1 && !one.closest('.scroll');
  }).map((one) => one.name || one.textContent.slice(0, 60));
})()`;

test('no page is wider than a phone, and axe finds nothing serious in any, light and dark', async (t) => {
  if (!hasBrowser(t)) return;
  const order = textAt(await scene.operator.get(`/orders/${paidNo}`), 'id');
  // With its banner on every page, and its own page full.
  await scene.operator.call('POST', '/quarantine', { backupAt: '2026-01-01T00:00:00Z', reason: 'to look at' });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const place of [...places, `/orders/${order}`, `/merchants/${scene.a.id}`]) {
      await page.setViewportSize({ width: 390, height: 844 });
      await open(`/console${place}`);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      assert.equal(width, 390, `${place} at 390`);
      assert.deepEqual(await page.evaluate(clipped), [], `${place} at 390, opened`);
      await page.setViewportSize({ width: 1280, height: 860 });
      assert.equal(await seriousFindings(page), '', `${place} ${colorScheme}`);
    }
  }
});

test('no script broke, and the policy stopped nothing', (t) => {
  if (!hasBrowser(t)) return;
  assert.deepEqual(trouble, []);
});
