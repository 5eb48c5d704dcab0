/** The doctor's look at the payment page: as shipped, and with something slipped in on the way. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { checkPage } from '../../src/cli/page-check.ts';
import { type CashierScene, cashierScene } from '../web/cashier-scene.ts';

/** What somebody in between does to a reply's text. */
type Tamper = (path: string, text: string) => string;

let s: CashierScene;
let server: http.Server;
let base: string;
let tamper: Tamper;
let policy: string | null;

before(async () => {
  s = await cashierScene();
  server = http.createServer((request, response) => {
    void s.visit((request.url ?? '').split('?')[0] ?? '').then((reply) => {
      const text = Buffer.from(reply.body as Uint8Array).toString();
      response.writeHead(reply.status, {
        ...reply.headers,
        ...(policy === null ? {} : { 'content-security-policy': policy }),
      });
      response.end(tamper(request.url ?? '', text));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  await new Promise((resolve) => server.close(resolve));
  await s.close();
});

async function foundWith(change: Tamper, rules: string | null = null): Promise<string> {
  tamper = change;
  policy = rules;
  const { ok, found, todo } = await checkPage(base);
  assert.equal(ok, todo === '');
  return `${ok ? 'fine' : 'wrong'}: ${found}`;
}

test('is fine when nobody touches it', async () => {
  assert.equal(await foundWith((_, text) => text), 'fine: 2 files, as shipped');
});

test('names a changed file, a slipped-in element, a swapped hash and a loosened policy', async () => {
  const skimmed: Tamper = (path, text) => (path.includes('cashier.js') ? `${text};steal()` : text);
  assert.match(await foundWith(skimmed), /wrong: cashier\.js is not the file that was shipped/);
  const inline: Tamper = (_, text) => text.replace('</head>', '<script>steal()</script></head>');
  assert.match(await foundWith(inline), /not ours: <script>/);
  const foreign: Tamper = (_, text) =>
    text.replace('</head>', '<script src="https://evil.example/x.js"></script></head>');
  assert.match(await foundWith(foreign), /not ours: <script src=/);
  const swapped: Tamper = (_, text) => text.replace(/sha256-.{10}/, 'sha256-AAAAAAAAAA');
  assert.match(await foundWith(swapped), /vouches for another cashier\.css/);
  assert.match(
    await foundWith((_, text) => text, "default-src *; script-src 'self'"),
    /lacks default-src 'none'.*lacks frame-ancestors/,
  );
});

test('says so when nothing answers', async () => {
  const { ok, found } = await checkPage('http://127.0.0.1:9');
  assert.equal(ok, false);
  assert.notEqual(found, '');
});
