import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noInstruction, type Pay } from '../../src/core/commands.ts';
import { DeskTokens } from '../../src/edge/desk-token.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { readAssets } from '../../src/web/assets.ts';
import { cashier } from '../../src/web/cashier/cashier.ts';
import { Watch } from '../../src/web/cashier/watch.ts';
import type { Room, WebRequest } from '../../src/web/web.ts';
import { answering, paymentAnswer, rowsOf, silence, type TestGate } from '../gate.ts';
import { amount, bni, type CashierScene, cashierScene, codeOf, type Desk, textOf as text } from './cashier-scene.ts';

let s: CashierScene;
let t: TestGate;

before(async () => {
  s = await cashierScene();
  t = s.t;
});
after(() => s.close());

const visit = (path: string, more: Partial<WebRequest> = {}) => s.visit(path, more);
const choose = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  s.post(`${path}/choose`, form, headers);
const desk = (changes: Partial<Pay> = {}): Promise<Desk> => s.desk(changes);

describe('the page', () => {
  test('shows the amount first, the shop, the subject and what the merchant has routes for', async () => {
    const { path } = await desk();
    const reply = await visit(path);
    assert.equal(reply.status, 200);
    const page = text(reply);
    assert.match(page, /Rp\u00a0150\.000/);
    assert.match(page, /Electronic Cigarettes/);
    assert.ok(page.indexOf('150.000') < page.indexOf('Electronic'));
    assert.match(page, /name="method" value="virtual-account"><input type="hidden" name="option" value="BNI"/);
    // Closed at the channel, so not offered.
    assert.doesNotMatch(page, /INDOMARET/);
    assert.doesNotMatch(page, /Reza Wijaya|6285812345678/);
    // Whoever types a phone number must not lose it: only pages with nothing to fill in reload themselves without script.
    assert.doesNotMatch(page, /http-equiv="refresh"/);
    assert.match(page, /<a class="plain" href="\/cashier\/[^"]+">Check again/);
  });

  test('is under a strict policy, not stored, not framed', async () => {
    const { path } = await desk();
    for (const reply of [await visit(path), await visit(`${path}/state`), await visit('/cashier/nothing')]) {
      const policy = reply.headers['content-security-policy'] ?? '';
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
      ])
        assert.ok(policy.includes(part), part);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/);
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    }
  });

  test('has no inline script, style or event', async () => {
    const { path } = await desk();
    const page = text(await visit(path));
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:/i);
    const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)" integrity="sha256-[^"]{44}"/g)].map(
      ([, url]) => url ?? '',
    );
    assert.equal(files.length, 2);
    for (const url of files) {
      const reply = await visit(url);
      assert.equal(reply.status, 200);
      assert.match(reply.headers['cache-control'] ?? '', /immutable/);
      assert.ok((reply.body as Uint8Array).byteLength < 20_000);
    }
  });

  test('speaks the language asked for', async () => {
    const { path } = await desk();
    const asked = async (query: string, accept: string) =>
      /<html lang="([^"]+)"/.exec(text(await visit(path + query, { headers: { 'accept-language': accept } })))?.[1];
    assert.equal(await asked('', ''), 'en');
    assert.equal(await asked('', 'id-ID,id;q=0.9,en;q=0.8'), 'id');
    assert.equal(await asked('', 'fr, en;q=0.2, zh-CN;q=0.7'), 'zh-Hans');
    assert.equal(await asked('?lang=id', 'zh'), 'id');
    assert.equal(await asked('?lang=xx"><script>', 'zh'), 'zh-Hans');
  });
});

describe('hostile text', () => {
  const corpus = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</title><script>alert(1)</script>',
    '${7*7}{{7*7}}',
    '<svg/onload=alert(1)>',
    '\u202e<b>',
  ];

  for (const [index, payload] of corpus.entries()) {
    test(`${index}: stays text wherever it comes from`, async () => {
      const { path, present } = await desk({ subject: payload, returnUrl: payload });
      const before = text(await visit(path));
      t.script(answering('pay', codeOf(payload)));
      await choose(path, bni);
      assert.equal((await present()).state, 'pending');
      const waiting = text(await visit(path));
      for (const page of [before, waiting]) {
        assert.doesNotMatch(page, /<(?:script|img|svg|b)(?:\/|>|\s)[^>]*(?:alert|onerror)|<script>|<b>|<img/i);
        assert.equal((page.match(/<script/g) ?? []).length, 1);
      }
    });
  }

  test('links of channel and shop go to the web or nowhere', async () => {
    const { path, present } = await desk({ returnUrl: 'javascript:alert(1)' });
    t.script(
      answering(
        'pay',
        paymentAnswer({ amount, instruction: { ...noInstruction, payUrl: 'javascript:alert(document.domain)' } }),
      ),
    );
    await choose(path, { method: 'wallet', option: 'DANA' });
    assert.equal(await s.view(path), 'waiting');
    assert.doesNotMatch(text(await visit(path)), /javascript:/);
    const payment = await present();
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'LINK1' });
    const paid = text(await visit(path));
    assert.equal(await s.view(path), 'paid');
    assert.doesNotMatch(paid, /javascript:|Back to the shop/);
  });

  test('the wallet is https, in the sandbox also this machine', async () => {
    const sandbox = cashier(t.gate, {
      openToken: (token) => s.tokens.open(token),
      assets: await readAssets(),
      watch: new Watch(t.gate),
      isSandbox: true,
    });
    const pageFor = async (payUrl: string, from: Room) => {
      const { path } = await desk();
      t.script(answering('pay', paymentAnswer({ amount, instruction: { ...noInstruction, payUrl } })));
      await choose(path, { method: 'wallet', option: 'DANA' });
      const reply = await from({
        method: 'GET',
        path,
        query: new URLSearchParams(),
        headers: {},
        body: new Uint8Array(),
        remote: '',
      });
      return /<a class="button" href="([^"]*)"/.exec(text(reply ?? assert.fail('no page')))?.[1] ?? null;
    };
    assert.equal(await pageFor('https://wallet.example/pay?a=1&b=2', s.room), 'https://wallet.example/pay?a=1&amp;b=2');
    assert.equal(await pageFor('http://127.0.0.1:9/pay', s.room), null);
    assert.equal(await pageFor('http://127.0.0.1:9/pay', sandbox), 'http://127.0.0.1:9/pay');
    assert.equal(await pageFor('http://127.0.0.1.evil.example/pay', sandbox), null);
    assert.equal(await pageFor('https://user:secret@wallet.example/', s.room), null);
  });
});

describe('a token', () => {
  test('that is none gets the same page as one for an order that does not exist', async () => {
    const { path, present } = await desk();
    const payment = await present();
    const made = path.split('/')[2] ?? '';
    const absent = s.tokens.make({ home: payment.home, id: payment.id + 1n });
    const other = new DeskTokens(new Uint8Array(32).fill(3)).make(payment);
    const pages = new Set<string>();
    for (const wrong of [
      absent,
      other,
      made.slice(0, -1),
      `${made}A`,
      payment.platformNo,
      payment.orderNo,
      String(payment.id),
      '',
      '..',
      '%00',
    ]) {
      const reply = await visit(`/cashier/${wrong}`);
      assert.equal(reply.status, 404, wrong);
      pages.add(text(reply));
    }
    for (const deeper of [`${path}/`, `${path}/x`, `${path}/state/x`, `${path}/constructor`])
      assert.equal((await visit(deeper)).status, deeper.endsWith('/') ? 200 : 404, deeper);
    assert.equal(pages.size, 1);
    assert.doesNotMatch([...pages].join(''), new RegExp(`${payment.orderNo}\\b|Demo`));
  });

  test('is all there is: amounts and prices in the address change nothing', async () => {
    const { path } = await desk();
    assert.match(text(await visit(`${path}?amount=1&price=1`)), /150\.000/);
  });

  test('paths of others are not the cashier’s', async () => {
    for (const path of ['/', '/cashiers', '/console', '/asset/x'])
      assert.equal(
        await s.room({
          method: 'GET',
          path,
          query: new URLSearchParams(),
          headers: {},
          body: new Uint8Array(),
          remote: '',
        }),
        null,
      );
    for (const path of ['/assets/', '/assets/../package.json', '/assets/%2e%2e/package.json', '/assets/constructor'])
      assert.equal((await visit(path)).status, 404);
  });
});

describe('a choice', () => {
  test('is carried out once however often and in how many windows it is made', async () => {
    const { path, present } = await desk();
    t.script(answering('pay', codeOf('8808123456789012')));
    const before = t.calls.length;
    const replies = await Promise.all([
      choose(path, bni),
      choose(path, bni),
      choose(path, { method: 'virtual-account', option: 'BRI' }),
      choose(path, { method: 'qr', option: 'QRIS' }),
      choose(path, bni),
    ]);
    assert.deepEqual(
      replies.map((reply) => reply.status),
      [303, 303, 303, 303, 303],
    );
    assert.equal(t.calls.length - before, 1);
    const payment = await present();
    const attempts = await rowsOf(t.database, `select * from kanal.attempts where object_id = ${payment.id}`);
    assert.equal(attempts.length, 1);
    assert.equal(attempts[0]?.['reference'], payment.reference);
    assert.equal(payment.state, 'pending');
  });

  test('two different ones at the same moment: one is bound, the other is told so', async () => {
    const { path, present } = await desk();
    t.script(answering('pay', codeOf('8808000011112222')));
    const replies = await Promise.all([
      choose(path, bni),
      choose(path, { method: 'virtual-account', option: 'PERMATA' }),
    ]);
    const locations = replies.map((reply) => reply.headers['location'] ?? '').sort();
    assert.deepEqual(locations, [`${path}?lang=en`, `${path}?lang=en&note=taken`]);
    const { option } = await present();
    assert.ok(option === 'BNI' || option === 'PERMATA');
    const page = text(await visit(`${path}?note=taken`));
    assert.match(page, /chosen before/);
    assert.match(page, /<span>8808<\/span><span>0000<\/span><span>1111<\/span><span>2222<\/span>/);
    assert.match(page, /data-copy="8808000011112222"/);
  });

  test('the fee of the chosen method is taken when there is one, else what was quoted stays', async () => {
    const general = await desk();
    t.script(answering('pay', codeOf('1')));
    await choose(general.path, bni);
    assert.equal((await general.present()).fee, 6_000n);

    // Quoted before there was any rule for it.
    const kept = await desk();
    const own = (id: number, method: string, fixed: number) =>
      t.database.owner.run({
        text: `insert into kanal.fees (id, merchant_id, method, currency, fixed_minor, created_at) values ($1, $2, $3, 'IDR', $4, 0)`,
        values: [id, t.caller(0, 'payin').merchant.id, method, fixed],
      });
    await own(991, 'any', 1_234);
    await own(992, 'store-code', 7_777);
    await t.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
    await t.gate.refresh();
    await choose(kept.path, bni);
    assert.equal((await kept.present()).fee, 0n);
    const store = await desk();
    t.script(answering('pay', codeOf('ALFA123')));
    await choose(store.path, { method: 'store-code', option: 'ALFAMART' });
    const payment = await store.present();
    assert.equal(payment.fee, 7_777n);
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'FEE1' });
    const moves = await rowsOf(
      t.database,
      `select amount from kanal.moves where object_id = ${payment.id} and reason = 'receive-fee'`,
    );
    assert.deepEqual(moves, [{ amount: 7_777n }]);
  });

  test('that the channel refuses opens again; the next one works, and only one is ever paid', async () => {
    const { path, present } = await desk();
    t.script(() => Promise.resolve({ kind: 'declined', code: 'CLOSED', text: 'product closed' }));
    await choose(path, bni);
    const open = await present();
    assert.deepEqual([open.state, open.method, open.channelId, open.reference], ['new', 'any', null, null]);
    assert.match(text(await visit(path)), /nothing was charged/);
    const [former] = await rowsOf(t.database, `select * from kanal.attempts where object_id = ${open.id}`);
    assert.equal(former?.['state'], 'declined');

    t.script(answering('pay', codeOf('00020101021226')));
    await choose(path, { method: 'qr', option: 'QRIS' });
    const bound = await present();
    assert.deepEqual([bound.state, bound.method], ['pending', 'qr']);
    assert.match(text(await visit(path)), /<svg class="qr"/);
    assert.match(text(await visit(path)), /http-equiv="refresh"/);

    // What the first channel says afterwards no longer matters, unless it is money.
    const formerly = String(former?.['reference']);
    await s.callback(bound, formerly, { state: 'failed', platformNo: 'OLD1' });
    assert.equal((await present()).state, 'pending');
    await s.callback(bound, formerly, { state: 'paid', paid: amount, platformNo: 'OLD1' });
    const paid = await present();
    assert.deepEqual([paid.state, paid.reference, paid.upstreamNo], ['paid', formerly, 'OLD1']);
    await s.callback(bound, bound.reference, { state: 'paid', paid: amount, platformNo: 'NEW1' });
    const reasons = await rowsOf(t.database, `select reason from kanal.moves where object_id = ${open.id} order by 1`);
    assert.ok(reasons.some(({ reason }) => String(reason).startsWith('suspense-in/')));
    assert.equal(reasons.filter(({ reason }) => reason === 'receive').length, 1);
  });

  test('a time-out does not open it again', async () => {
    const { path, present } = await desk();
    t.script(silence({ kind: 'unknown', why: 'no answer' }));
    await choose(path, bni);
    assert.equal((await present()).state, 'unknown');
    const page = text(await visit(path));
    assert.match(page, /do not pay again/);
    assert.doesNotMatch(page, /<form/);
    await choose(path, { method: 'qr', option: 'QRIS' });
    assert.equal((await present()).method, 'virtual-account');
  });

  test('nothing that is not offered, nothing foreign, nothing malformed', async () => {
    const { path, present } = await desk();
    t.script(answering('pay', codeOf('1')));
    const before = t.calls.length;
    for (const origin of ['https://evil.example', 'null', 'http://pay.example.evil.example'])
      assert.equal((await choose(path, bni, { origin })).status, 403, origin);
    assert.equal((await choose(path, bni, { referer: 'https://evil.example/pay.example' })).status, 403);
    assert.equal((await choose(path, bni, { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await choose(path, bni, { 'content-type': 'text/plain' })).status, 400);
    assert.equal((await choose(path, { method: 'any', option: 'BNI' })).status, 400);
    assert.equal((await choose(path, { method: 'constructor', option: 'BNI' })).status, 400);
    assert.equal((await choose(path, { ...bni, phone: 'x'.repeat(3_000) })).status, 400);
    for (const form of [
      { method: 'virtual-account', option: 'NOBANK' },
      { method: 'store-code', option: 'INDOMARET' },
      { method: 'virtual-account', option: '' },
      { method: 'qr', option: '' },
    ])
      assert.match((await choose(path, form)).headers['location'] ?? '', /note=refused$/);
    assert.equal((await visit(`${path}/choose`)).status, 405);
    assert.equal((await visit(path, { method: 'POST' })).status, 405);
    assert.equal(t.calls.length, before);
    assert.equal((await present()).state, 'new');
    assert.equal((await choose(path, bni, { origin: 'https://pay.example' })).status, 303);
    assert.equal((await present()).state, 'pending');
  });

  test('a wallet on the phone asks for the number only when the shop gave none', async () => {
    const { path, present } = await desk({ payer: { name: null, phone: null, email: null, country: null } });
    assert.match(text(await visit(path)), /name="phone"/);
    assert.match(
      (await choose(path, { method: 'wallet-push', option: 'OVO', phone: '12' })).headers['location'] ?? '',
      /note=phone$/,
    );
    assert.match(
      (await choose(path, { method: 'wallet-push', option: 'OVO' })).headers['location'] ?? '',
      /note=phone$/,
    );
    t.script(answering('pay', paymentAnswer({ amount, instruction: noInstruction })));
    await choose(path, { method: 'wallet-push', option: 'OVO', phone: '+62 812-3456-7890' });
    const sent = t.calls.at(-1)?.ask as Pay;
    assert.equal(sent.payer.phone, '6281234567890');
    assert.equal(sent.returnUrl, t.gate.deskUrl(await present()));
    assert.match(text(await visit(path)), /in OVO on your phone/);
    assert.doesNotMatch(text(await visit(path)), /81234567890/);
  });
});

describe('states', () => {
  test('paid, with the way back to the shop only then', async () => {
    const { path, present } = await desk({ returnUrl: 'https://shop.example/done?order=1' });
    assert.doesNotMatch(text(await visit(path)), /shop\.example/);
    t.script(answering('pay', codeOf('8808')));
    await choose(path, bni);
    assert.doesNotMatch(text(await visit(path)), /shop\.example/);
    const stamp = text(await visit(`${path}/state`));
    const payment = await present();
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'PAID1' });
    const page = text(await visit(path));
    assert.match(page, /<h2>Paid<\/h2>/);
    assert.match(page, /href="https:\/\/shop\.example\/done\?order=1"/);
    assert.doesNotMatch(page, /8808|http-equiv="refresh"|data-poll="\//);
    assert.notEqual(text(await visit(`${path}/state`)), stamp);
  });

  test('failed, when the merchant chose or there is no time left', async () => {
    const { path, present } = await desk({ expiresInS: 60 });
    t.script(answering('pay', codeOf('8808')));
    await choose(path, bni);
    t.pass(61_000);
    const payment = await present();
    await s.callback(payment, payment.reference, { state: 'failed', platformNo: 'FAIL1' });
    assert.match(text(await visit(path)), /did not go through/);
    const told = await rowsOf(t.database, `select event from kanal.notices where object_id = ${payment.id}`);
    assert.deepEqual(told, [{ event: 'payment.failed' }]);
  });

  test('over: at once for the payer, then closed by the clock, once', async () => {
    const { path, present } = await desk({ expiresInS: 60 });
    t.pass(61_000);
    assert.equal(await s.view(path), 'expired');
    assert.match(text(await visit(path)), /time to pay is over/);
    t.script(answering('pay', codeOf('8808')));
    await choose(path, bni);
    const { home, id, state } = await present();
    assert.equal(state, 'new');
    await lookAgain(t.gate, { home, objectId: id, kind: 'payment', tries: 0 });
    assert.equal((await present()).state, 'closed');
    assert.equal(await s.view(path), 'expired');
  });

  test('past its time but with the channel: not to be paid, being checked', async () => {
    const { path } = await desk({ expiresInS: 60 });
    t.script(answering('pay', codeOf('88081111')));
    await choose(path, bni);
    assert.match(text(await visit(path)), /8808/);
    t.pass(61_000);
    assert.equal(await s.view(path), 'unknown');
    assert.doesNotMatch(text(await visit(path)), /8808/);
  });
});
