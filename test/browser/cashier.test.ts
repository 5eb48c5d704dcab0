/** The hosted cashier in a real browser, on a whole gateway: every way to pay, what becomes of it, and what the page must not do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { FufuMerchant } from '../e2e/fufu-party.ts';
import { freshNo, type Scene, shown, startScene } from '../e2e/harness.ts';
import { textAt, until } from '../e2e/http.ts';
import { seriousFindings } from './axe.ts';
import { askedOf, choose, computer, payDesk, phone, visitor } from './cashier-visit.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser | null;
let scene: Scene;
let isStopped = false;

before(async () => {
  browser = await openBrowser();
  // A minute of business is six seconds: time for a code to be typed, and a deadline one can wait for.
  if (browser) scene = await startScene({ flags: { 'time-scale': '10' } });
});
after(async () => {
  if (!browser) return;
  await browser.close();
  if (!isStopped) await scene.stop();
});

function open(
  t: TestContext,
  options: Parameters<typeof visitor>[2],
  expected: RegExp | null = null,
): Promise<Page> | null {
  if (!browser) t.skip('no Chromium');
  return browser && visitor(t, browser, options, expected);
}

const bank = () => scene.twin('payin');
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).waitFor({ timeout: 15_000 });
const stateOf = async (no: string) => textAt(await shown(scene, no), 'state');

test('a phone in Jakarta: wallets first, a QR code to keep, told of the payment without asking, and back to the shop', async (t) => {
  const page = await open(t, phone);
  if (!page) return;
  const asked = askedOf(page);
  const { no, url } = await payDesk(scene);
  await page.goto(url);
  assert.equal(await page.getAttribute('html', 'lang'), 'id');
  assert.equal(await page.textContent('h1'), 'Rp\u00a0150.000');
  assert.match(await page.innerText('.summary'), /Toko Melati[\s\S]*Kopi Gayo[\s\S]*WIB/);
  assert.equal(await page.locator('.face').first().innerText(), 'DANA');
  await choose(page, 'QRIS');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('Simpan kode QR').click()]);
  assert.equal(file.suggestedFilename(), 'payment-qr.png');
  assert.equal((await readFile(await file.path())).subarray(1, 4).toString(), 'PNG');
  assert.equal(await page.getByText('Kembali ke toko').count(), 0);
  await bank().pay({ reference: no });
  await heading(page, 'Sudah dibayar');
  assert.ok(asked.includes('events'));
  assert.ok(!asked.includes('state'), 'the stream is enough');
  assert.equal(await page.getByText('Kembali ke toko').getAttribute('href'), 'https://shop.example/thanks?order=1');
});

test('the saved picture is the code of the page', async (t) => {
  const page = await open(t, phone);
  if (!page) return;
  const { url } = await payDesk(scene);
  await page.goto(url);
  await choose(page, 'QRIS');
  // Both drawn on a canvas of one pixel per module and compared, by the browser's own decoder.
  const same = await page.evaluate(`(async () => {
    const size = document.querySelector('svg.qr').viewBox.baseVal.width;
    const pixels = async (blob) => {
      const bitmap = await createImageBitmap(blob, { resizeWidth: size, resizeHeight: size, resizeQuality: 'pixelated' });
      const canvas = new OffscreenCanvas(size, size).getContext('2d');
      canvas.drawImage(bitmap, 0, 0);
      return [...canvas.getImageData(0, 0, size, size).data].filter((_, i) => i % 4 === 0).map((v) => (v < 128 ? 1 : 0)).join('');
    };
    const png = await pixels(await (await fetch(location.pathname + '/qr.png')).blob());
    const svg = [...document.querySelector('svg.qr path').getAttribute('d').matchAll(/M(\\d+) (\\d+)h(\\d+)/g)];
    const drawn = Array.from({ length: size * size }, () => 0);
    for (const [, x, y, run] of svg) for (let i = 0; i < +run; i++) drawn[+y * size + +x + i] = 1;
    return png === drawn.join('');
  })()`);
  assert.equal(same, true);
});

test('a computer in Makassar: codes first, an account number to copy, the steps of its bank, and its own clock', async (t) => {
  const page = await open(t, { ...computer, permissions: ['clipboard-read', 'clipboard-write'] });
  if (!page) return;
  const { no, url } = await payDesk(scene);
  await page.goto(url);
  assert.match(await page.locator('.face').first().innerText(), /^QRIS/);
  assert.match(await page.innerText('.summary'), /Pay before\s+\d+ \w+ \d{4}, \d\d:\d\d WITA/);
  await choose(page, 'BCA');
  const number = (await page.locator('.number').first().innerText()).replace(/\s/g, '');
  await page.getByRole('button', { name: 'Copy: Virtual account number' }).click();
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), number);
  assert.equal(await page.locator('.copy').first().innerText(), 'Copied');
  for (const [place, app] of [
    ['Mobile banking', 'myBCA'],
    ['Internet banking', 'KlikBCA'],
    ['ATM', 'Transaksi Lainnya'],
    ['From another bank', 'Antar Bank'],
  ] as const) {
    const steps = page
      .locator('.steps details')
      .filter({ has: page.locator('summary', { hasText: new RegExp(`^${place}`) }) });
    await steps.locator('summary').click();
    const text = await steps.innerText();
    assert.ok(text.includes(app) && text.includes(number), text);
  }
  await bank().pay({ code: number });
  await heading(page, 'Paid');
  assert.equal(await stateOf(no), 'paid');
});

test('where a stream does not get through, the page asks', async (t) => {
  const page = await open(t, computer, /503/);
  if (!page) return;
  const asked = askedOf(page);
  await page.route('**/events', (route) => route.fulfill({ status: 503, body: '' }));
  const { no, url } = await payDesk(scene);
  await page.goto(url);
  await choose(page, 'Alfamart');
  await heading(page, 'Pay at the counter');
  await bank().pay({ reference: no });
  await heading(page, 'Paid');
  assert.ok(asked.includes('state'));
});

test('a wallet: to its page, paid there, and back with the browser’s arrow', async (t) => {
  const page = await open(t, phone);
  if (!page) return;
  const { url } = await payDesk(scene);
  await page.goto(url);
  await choose(page, 'DANA');
  await page.getByRole('link', { name: 'Lanjut ke DANA' }).click();
  await page.click('button.pay');
  await page.getByText('paid').first().waitFor();
  await page.goBack();
  await page.goBack();
  await heading(page, 'Sudah dibayar');
  assert.equal(page.url().split('?')[0], url.split('?')[0]);
});

test('OVO asks for the phone; a no opens the choice again, and the next try is paid', async (t) => {
  const page = await open(t, computer);
  if (!page) return;
  const { no, url } = await payDesk(scene);
  await page.goto(url);
  const push = async () => {
    await page.locator('summary', { hasText: 'OVO' }).click();
    await page.fill('[name=phone]', '0812 3456 7890');
    await page.getByRole('button', { name: 'Continue' }).click();
    await heading(page, 'Confirm on your phone');
  };
  await page.locator('summary', { hasText: 'OVO' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  assert.equal(await stateOf(no), 'new', 'no number, no push');
  await page.locator('summary', { hasText: 'OVO' }).click();
  await push();
  assert.doesNotMatch(await page.content(), /81234567890/);
  await bank().pay({ reference: no, outcome: 'declined' });
  await page.locator('.note', { hasText: 'nothing was charged' }).waitFor();
  assert.equal(scene.receiver.at(`/${no}`).length, 0, 'a try is not the end of the order');
  await push();
  await bank().pay({ reference: no });
  await heading(page, 'Paid');
});

test('a bank card: two codes, a wrong one between, a new one after a while', async (t) => {
  const page = await open(t, { ...computer, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  if (!page) return;
  const [merchant] = scene.gateway.sandbox?.facts.merchants ?? [];
  assert.ok(merchant);
  const route = { merchant: merchant.id, protocol: 'fufu', method: 'quick-pay', channel: 'ysepay-twin' };
  const { status, text } = await scene.operator.call('POST', '/routes', route);
  assert.equal(status, 200, text);
  const no = freshNo('K');
  const shop = new FufuMerchant(() => scene.url, merchant.protocols.fufu);
  const told = await shop.preOrder(no, { total_fee: '12800', time_expire: 1440 });
  const smsCode = async (reference: string) => {
    const { json } = await scene.twin('ysepay').call('GET', `sms?reference=${reference}`);
    return textAt(json, 'code');
  };
  const say = async (code: string) => {
    await page.fill('[name=code]', code);
    await page.locator('.fields .button').click();
    await page.waitForLoadState();
  };
  await page.goto(String(told.data['qr_code']));
  assert.equal(await page.locator('svg.qr').count(), 1, 'a computer shows the code to the phone beside it');
  await page.getByRole('link', { name: '银行卡快捷支付' }).click();
  await page.fill('[name=number]', '6222020200000000005');
  await page.fill('[name=holder]', '张三');
  await page.fill('[name=identity]', '110101199003078031');
  await page.fill('[name=mobile]', '13800138000');
  await page.getByRole('button', { name: '获取验证码' }).click();
  assert.equal(await page.evaluate(`document.querySelector('[name=number]').validity.valid`), false, 'check digit');
  await page.fill('[name=number]', '');
  await page.type('[name=number]', '6222020200000000006');
  assert.equal(await page.inputValue('[name=number]'), '6222 0202 0000 0000 006');
  await page.getByRole('button', { name: '获取验证码' }).click();
  await heading(page, '验证银行卡');
  assert.match(await page.innerText('.step'), /尾号 0006[\s\S]*138\*+00/);
  const [agreement] = await scene.operator.list('agreements');
  await say(await smsCode(textAt(agreement, 'reference')));
  await heading(page, '输入验证码完成付款');
  await say('000000');
  await page.locator('.note', { hasText: '验证码错误' }).waitFor();
  assert.equal(await stateOf(no), 'pending');
  const reference = textAt(await shown(scene, no), 'reference');
  const first = await smsCode(reference);
  const again = page.locator('[data-wait]');
  assert.equal(await again.isDisabled(), true);
  await page.waitForSelector('[data-wait]:enabled', { timeout: 10_000 });
  await again.click();
  await page.locator('.note.good').waitFor();
  if (first !== (await smsCode(reference))) await say(first);
  await say(await smsCode(reference));
  await heading(page, '付款成功');
  assert.equal(await page.textContent('h1'), '¥128.00');
  assert.equal(scene.log.filter((line) => /62220202|110101199003078031|13800138000/.test(line)).length, 0);
});

test('without script: chosen, shown, looked at again with a link', async (t) => {
  const page = await open(t, { ...phone, javaScriptEnabled: false });
  if (!page) return;
  const { no, url } = await payDesk(scene);
  await page.goto(url);
  await choose(page, 'BNI');
  assert.match(await page.innerText('.number >> nth=0'), /^[\d\s]{10,}$/);
  await page.locator('.steps summary').first().click();
  assert.ok(await page.getByText('Virtual Account Billing').first().isVisible());
  assert.equal(await page.locator('.copy').first().isVisible(), false);
  await bank().pay({ reference: no });
  await until('it is paid', async () => (await stateOf(no)) === 'paid');
  await page.getByText('Periksa lagi').click();
  await heading(page, 'Sudah dibayar');
  assert.equal(await page.getByText('Kembali ke toko').count(), 1);
});

test('the first load is small, whole and all ours: every script and style has the bytes its page vouches for', async (t) => {
  const page = await open(t, phone);
  if (!page) return;
  let bytes = 0;
  const seen: { readonly url: string; readonly hash: string }[] = [];
  const reading: Promise<void>[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/events')) return;
    const read = async () => {
      const body = await response.body();
      bytes += body.byteLength;
      seen.push({ url: response.url(), hash: `sha256-${createHash('sha256').update(body).digest('base64')}` });
    };
    reading.push(read());
  });
  const { url } = await payDesk(scene);
  await page.goto(url, { waitUntil: 'load' });
  await Promise.all(reading);
  assert.ok(bytes < 60_000 && bytes > 10_000, `${bytes} bytes`);
  assert.deepEqual([...new Set(seen.map((one) => new URL(one.url).origin))], [scene.url]);
  const inventory = (await page.evaluate(
    `[...document.querySelectorAll('script, link[rel=stylesheet]')].map((one) => [one.src || one.href, one.integrity])`,
  )) as [string, string][];
  assert.deepEqual(inventory.map(([address]) => new URL(address).pathname).sort(), [
    '/assets/cashier.css',
    '/assets/cashier.js',
  ]);
  for (const [address, integrity] of inventory)
    assert.equal(seen.find((one) => one.url === address)?.hash, integrity, address);
  assert.equal(await page.evaluate('document.fonts.size'), 0);
});

test('a script that was changed on the way is not run', async (t) => {
  const page = await open(t, phone, /integrity/);
  if (!page) return;
  await page.route('**/assets/cashier.js*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${await answer.text()};document.title='skimmed'` });
  });
  const { url } = await payDesk(scene);
  await page.goto(url);
  await page.waitForLoadState('networkidle');
  assert.doesNotMatch(await page.title(), /skimmed/);
});

test('texts that would like to be code stay texts, and no page frames it', async (t) => {
  const page = await open(t, phone, /frame|ERR_BLOCKED|404/i);
  if (!page) return;
  for (const remark of [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '</title><svg/onload=alert(1)>',
  ]) {
    const { url } = await payDesk(scene, { remark });
    await page.goto(`${url}?lang="><script>alert(2)</script>&note=<script>alert(3)</script>`);
    assert.ok((await page.innerText('.title')).includes(remark));
  }
  const { url } = await payDesk(scene);
  await page.goto(`${scene.url}/health/live`);
  await page.setContent(`<iframe src="${url}"></iframe>`);
  await page.waitForTimeout(300);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  assert.doesNotMatch((await frame?.content()) ?? '', /150\.000/);
});

interface State {
  readonly name: string;
  readonly url: string;
}

/** A page of each kind that stands still. */
async function states(page: Page): Promise<State[]> {
  const made: State[] = [{ name: 'missing', url: `${scene.url}/cashier/nothing` }];
  made.push({ name: 'choose', url: (await payDesk(scene)).url });
  for (const name of ['QRIS', 'Bank Mandiri', 'DANA', 'Alfamart']) {
    const { url } = await payDesk(scene);
    await page.goto(url);
    await choose(page, name);
    made.push({ name, url });
  }
  const paid = await payDesk(scene);
  await page.goto(paid.url);
  await choose(page, 'QRIS');
  await bank().pay({ reference: paid.no });
  await page.locator('.mark.done').waitFor();
  made.push({ name: 'paid', url: paid.url });
  const [merchant] = scene.gateway.sandbox?.facts.merchants ?? [];
  assert.ok(merchant);
  const no = freshNo('A');
  await new FufuMerchant(() => scene.url, merchant.protocols.fufu).preOrder(no, {
    total_fee: '500',
    time_expire: 1440,
  });
  const card = textAt(await shown(scene, no), 'cashierUrl');
  made.push({ name: 'one code', url: card }, { name: 'card', url: `${card}?way=card&note=card` });
  return made;
}

test('no state is wider than a small phone, and axe finds nothing serious in any, light and dark, in three languages', async (t) => {
  const page = await open(t, computer, /404/);
  if (!page) return;
  const languages = ['en', 'zh', 'id'];
  for (const [index, { name, url }] of (await states(page)).entries())
    for (const [turn, colorScheme] of (['light', 'dark'] as const).entries()) {
      const lang = languages[(index + turn) % languages.length] ?? '';
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(turn === 0 ? { width: 360, height: 740 } : { width: 1280, height: 860 });
      await page.goto(`${url}${url.includes('?') ? '&' : '?'}lang=${lang}`);
      const where = `${name} ${lang} ${colorScheme}`;
      await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
      const width: unknown = await page.evaluate('document.documentElement.scrollWidth');
      assert.equal(width, turn === 0 ? 360 : 1280, where);
      assert.equal(await seriousFindings(page), '', where);
      const small: unknown = await page.evaluate(
        `[...document.querySelectorAll('.step button, .step .button, .offer')].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches('.plain') && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)`,
      );
      assert.deepEqual(small, [], `${where}: too small to touch`);
    }
});

test('time runs out before the payer’s eyes', async (t) => {
  const page = await open(t, computer);
  if (!page) return;
  const { url } = await payDesk(scene, { expireTime: 60 });
  await page.goto(url);
  assert.match(await page.innerText('.countdown'), /^00:00:0\d$/);
  await heading(page, 'The time to pay is over');
  assert.equal(await page.locator('form').count(), 0);
});

test('an open page does not keep the gateway from stopping', async (t) => {
  const page = await open(t, computer, /ERR_/);
  if (!page) return;
  const { url } = await payDesk(scene);
  const stream = page.waitForResponse('**/events');
  await page.goto(url);
  assert.equal((await stream).status(), 200);
  const began = performance.now();
  isStopped = true;
  await scene.stop();
  assert.ok(performance.now() - began < 12_000, 'it would wait for fifteen seconds');
});
