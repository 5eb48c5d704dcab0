/** What people do in the console, in a real browser with two of them: one asks, the other decides. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { codeAt, fromBase32, stepAt } from '../../src/web/console/totp.ts';
import { startScene, type Scene } from '../e2e/harness.ts';
import { textAt, until } from '../e2e/http.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: Scene;
let asker: Page;
let decider: Page;
const trouble: string[] = [];
const password = 'correct horse battery staple';

before(async () => {
  browser = await openBrowser();
  if (!browser) return;
  scene = await startScene();
  const document = await scene.operator.get('/sandbox');
  asker = await settled(textAt(document, 'console', 'user'), textAt(document, 'console', 'setupCode'));
});
after(async () => {
  if (!browser) return;
  await browser.close();
  await scene.stop();
});

/** Sets an account up in a browser of its own. */
async function settled(user: string, setupCode: string): Promise<Page> {
  const context = await browser?.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en' });
  const page = (await context?.newPage()) ?? assert.fail('no browser');
  page.on('pageerror', (error) => trouble.push(String(error)));
  await page.goto(`${scene.url}/console`);
  await page.fill('[name=user]', user);
  await page.fill('[name=password]', setupCode);
  await page.click('main button.primary');
  await page.waitForURL('**/console/setup');
  const secret = fromBase32((await page.textContent('code.secret')) ?? '') ?? assert.fail('no key on the page');
  assert.match(
    (await page.textContent('main')) ?? '',
    /bin\/kanal user code [A-Z2-7]{32}/,
    'the sandbox says how to get a code',
  );
  await page.fill('[name=password]', password);
  await page.fill('[name=again]', password);
  await page.fill('[name=code]', codeAt(secret, stepAt(Date.now())));
  await page.click('main button.primary');
  await page.waitForURL('**/console');
  return page;
}

function hasBrowser(t: TestContext): boolean {
  if (!browser) t.skip('no Chromium');
  return browser !== null;
}

const open = (page: Page, path: string) => page.goto(`${scene.url}/console${path}`);
const main = async (page: Page) => (await page.textContent('main')) ?? '';

/** Sends the form of a card that asks somebody else. */
async function ask(page: Page, card: string): Promise<void> {
  const form = page.locator(`section.card:has(h2:text-is("${card}"))`).locator('form.form');
  await form.locator('[name=why]').fill('as agreed');
  await form.locator('button.primary').click();
  await page.waitForSelector('.note');
}

/** The newest request is agreed to: the question that is asked first is answered with yes. */
async function agree(): Promise<void> {
  await open(decider, '/approvals');
  await decider.locator('tbody tr').first().locator('button:text-is("Approve")').click();
  await decider.locator('dialog button:text-is("Yes, do it")').click();
  await decider.waitForURL(/note=|\/approved$/);
}

test('a second person comes from the machine, the third from those two; the code is for whoever agreed', async (t) => {
  if (!hasBrowser(t)) return;
  const made = await scene.operator.call('POST', '/users', { name: 'budi', role: 'approver' });
  decider = await settled('budi', textAt(JSON.parse(made.text), 'setupCode'));
  assert.equal(await decider.textContent('h1'), 'Home');
  assert.equal(await decider.locator('nav a:text-is("Users")').count(), 0);
  await open(asker, '/users');
  const form = asker.locator('section.card:has(h2:text-is("Add a user")) form');
  await form.locator('[name=name]').fill('citra');
  await form.locator('[name=role]').selectOption('finance');
  await form.locator('[name=why]').fill('joins the team');
  await form.locator('button').click();
  await asker.waitForSelector('.note');
  await agree();
  assert.match(await main(decider), /One-time setup code\s*(?:[A-Z0-9]{5}-?){4}/);
});

test('a channel is added, lets nothing through until the other one agrees, and gets a route with hours and a cap', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, '/channels');
  await asker.click('a:text-is("Add a channel")');
  await asker.click('.choices a:has(strong:text-is("fufu"))');
  await asker.fill('[name=name]', 'fufu-live');
  await asker.fill('[name=baseUrl]', 'https://api.example.com');
  await asker.fill('[name=sender]', '581010199990001');
  await asker.fill('[name="key.key"]', 'k3y-of-the-upstream-0123456789abcdef');
  await ask(asker, 'A channel that speaks fufu');
  assert.match(await main(asker), /fufu-live.*Disabled/s);
  await agree();
  await open(asker, '/routes');
  const form = asker.locator('section.card:has(h2:text-is("Add a route")) form');
  await form.locator('[name=channel]').selectOption({ label: 'fufu-live' });
  await form.locator('[name=currency]').selectOption('CNY');
  await form.locator('[name=most]').fill('99.50');
  await form.locator('[name=dailyCap]').fill('1000');
  await form.locator('[name=opens]').fill('01:00');
  await form.locator('[name=closes]').fill('23:00');
  await form.locator('[name=clock]').selectOption('+08:00');
  await ask(asker, 'Add a route');
  await agree();
  await open(asker, '/routes');
  assert.match(await main(asker), /fufu-live.*¥\s?99\.50.*¥\s?1,000\.00.*01:00-23:00\+08:00/s);
});

test('a fee and a rate are set by two, and the calculator knows the fee', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, '/fees');
  const fee = asker.locator('section.card:has(h2:text-is("Set a fee")) form');
  await fee.locator('[name=method]').selectOption('qr');
  await fee.locator('[name=currency]').selectOption('CNY');
  await fee.locator('[name=fixed]').fill('0.10');
  await fee.locator('[name=percent]').fill('0.5');
  await ask(asker, 'Set a fee');
  await agree();
  await open(asker, '/fees');
  const quote = asker.locator('section.card:has(h2:text-is("What would an order cost?")) form');
  await quote.locator('[name=method]').selectOption('qr');
  // An example is one of the currency that is chosen: nobody types decimals of a rupiah.
  const example = () => quote.locator('[name=amount]').getAttribute('placeholder');
  assert.equal(await example(), '46000');
  await quote.locator('[name=currency]').selectOption('CNY');
  assert.equal(await example(), '12.50');
  await quote.locator('[name=amount]').fill('200');
  await quote.locator('button').click();
  assert.match((await asker.textContent('.note')) ?? '', /¥\s?200\.00 costs ¥\s?1\.10/);
  await open(asker, '/rates');
  await asker.locator('section.card:has(h2:text-is("Set a rate")) [name=rate]').fill('4.95');
  await ask(asker, 'Set a rate');
  await agree();
  await open(asker, '/rates');
  assert.match(await main(asker), /1 CNY = 4\.95 THB/);
});

test('a wrong amount is refused in words, and the form is still filled in one step back', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, `/merchants/${scene.a.id}`);
  await asker.click('summary:has(h2:text-is("Add funds"))');
  const form = asker.locator('section.card:has(h2:text-is("Add funds")) form');
  await form.locator('[name=amount]').fill('46.000');
  await form.locator('[name=currency]').selectOption('IDR');
  await form.locator('[name=why]').fill('typed as at home');
  await form.locator('button').click();
  assert.match((await asker.textContent('.alarm')) ?? '', /46000, not 46\.000/);
  await asker.click('a.back');
  await asker.waitForURL(`**/merchants/${scene.a.id}`);
  assert.equal(await asker.locator('section.card:has(h2:text-is("Add funds")) [name=amount]').inputValue(), '46.000');
});

test('keys are rotated by two, and shown once to the one who agreed', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, `/merchants/${scene.a.id}`);
  const row = asker.locator('tr:has(td:text-is("payin"))').first();
  await row.locator('summary').click();
  await row.locator('form:has-text("Rotate keys") [name=why]').fill('somebody left');
  await row.locator('button:text-is("Rotate keys")').click();
  await asker.waitForSelector('.note');
  await agree();
  const key = (await decider.textContent('pre.secret')) ?? '';
  assert.ok(key.length >= 32);
  await open(decider, '/approvals');
  assert.equal((await main(decider)).includes(key), false);
});

test('a disputed sum leaves suspense by two, and stopping asks first', async (t) => {
  if (!hasBrowser(t)) return;
  const no = `ODD${process.pid}`;
  await scene.a.payin.pay(no, 30_000, `${scene.receiver.url}/${no}`);
  await scene.twin('payin').call('POST', 'pay', { reference: no, amount: 31_000 });
  await until('a review', async () => (await scene.operator.list('reviews')).length > 0);
  await open(asker, '/reviews');
  await asker.click('tbody a.strong');
  assert.match(await main(asker), /Amount does not fit.*What to do.*Rp\s?31\.000/s);
  await ask(asker, 'Settle what lies in suspense');
  await agree();
  await open(asker, '/approvals');
  assert.match(await main(asker), /Suspense settled.*IDR 31000/s);
  await open(asker, '/channels');
  await asker.click('a:text-is("fufu-live")');
  await asker.click('button:text-is("Disable")');
  await asker.locator('dialog button:text-is("Cancel")').click();
  await asker.locator('dialog').waitFor({ state: 'detached' });
  assert.match(await main(asker), /Active/);
  await asker.click('button:text-is("Disable")');
  await asker.locator('dialog button:text-is("Yes, do it")').click();
  await asker.waitForSelector('.note');
  assert.match(await main(asker), /Disabled/);
});

test('all notices of a page are chosen at once and sent again', async (t) => {
  if (!hasBrowser(t)) return;
  const no = `MANY${process.pid}`;
  await scene.a.payin.pay(no, 20_000, `${scene.receiver.url}/${no}`);
  await scene.twin('payin').pay({ reference: no });
  await until('told', () => scene.receiver.at(`/${no}`).length === 1);
  await open(asker, `/notices?q=${no}`);
  await asker.check('th.pick input');
  await asker.click('.bulk button');
  await asker.waitForSelector('.note');
  await until('told again', () => scene.receiver.at(`/${no}`).length === 2);
});

test('filters narrow the list, and the export has what they leave', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, '/payments');
  await asker.selectOption('.filter [name=state]', 'paid');
  await asker.selectOption('.filter [name=method]', 'qr');
  await asker.click('.filter button');
  await asker.waitForURL('**state=paid**');
  const shown = await asker.locator('tbody tr').count();
  const [file] = await Promise.all([asker.waitForEvent('download'), asker.click('a:text-is("XLSX")')]);
  assert.match(file.suggestedFilename(), /\.xlsx$/);
  assert.equal((await readFile(await file.path())).subarray(0, 2).toString(), 'PK');
  const [csv] = await Promise.all([asker.waitForEvent('download'), asker.click('a:text-is("CSV")')]);
  assert.equal((await readFile(await csv.path(), 'utf8')).trim().split('\r\n').length, shown + 1);
});

test('what was done is in the audit log, in words, and the settings tell how the gateway was started', async (t) => {
  if (!hasBrowser(t)) return;
  await open(asker, '/audit');
  assert.match(await main(asker), /The chain of \d+ entries is intact.*Channel disabled/s);
  await open(asker, '/settings');
  assert.match(await main(asker), /Mode: sandbox or production.*sandbox/s);
  assert.deepEqual(trouble, []);
});
