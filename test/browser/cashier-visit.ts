/** Payers in a real browser: a phone or a computer, in some language and zone, and what went wrong in their pages. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Scene } from '../e2e/harness.ts';
import { freshNo } from '../e2e/harness.ts';
import { textAt } from '../e2e/http.ts';

export const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  userAgent: 'Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36',
  locale: 'id-ID',
  timezoneId: 'Asia/Jakarta',
};
export const computer: BrowserContextOptions = {
  viewport: { width: 1280, height: 860 },
  locale: 'en',
  timezoneId: 'Asia/Makassar',
};

/**
 * A page in a context of its own. Afterwards no script may have broken, and the policy may have stopped nothing, but for what the
 * test means to break: `expected` names it.
 */
export async function visitor(
  t: TestContext,
  browser: Browser,
  options: BrowserContextOptions,
  expected: RegExp | null = null,
): Promise<Page> {
  const context = await browser.newContext(options);
  const trouble: string[] = [];
  t.after(async () => {
    await context.close();
    assert.deepEqual(
      trouble.filter((line) => !expected?.test(line)),
      [],
    );
  });
  const page = await context.newPage();
  page.on('dialog', (dialog) => {
    trouble.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error') trouble.push(line.text());
  });
  return page;
}

/** An order that leaves the choice to its payer: its number, and the address of its page. */
export async function payDesk(scene: Scene, changes: Readonly<Record<string, unknown>> = {}) {
  const no = freshNo('C');
  const { payType: _, ...members } = scene.a.payin.payMembers(no, 150_000, `${scene.receiver.url}/${no}`);
  const asked = { ...members, remark: 'Kopi Gayo', returnUrl: 'https://shop.example/thanks?order=1', ...changes };
  const { text } = await scene.a.payin.send('payDesk', JSON.stringify(asked));
  const url = textAt(JSON.parse(text), 'data', 'payUrl');
  assert.notEqual(url, '', text);
  return { no, url };
}

/** One touch on a way to pay. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).first().click();
  await page.waitForLoadState();
}

/** Which of the page's own addresses were asked: 'state', 'events' … */
export function askedOf(page: Page): readonly string[] {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname.split('/')[3] ?? ''));
  return asked;
}
