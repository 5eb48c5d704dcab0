/** The signature doctor in the console: whose refused requests one sees, and what a pasted request is told, stored nowhere. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { credentialKeys } from '../../src/wiring/ports.ts';
import { keepRefused } from '../../src/store/refused-requests.ts';
import { rowsOf } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
let operator: Browser;
let merchant: Browser;
before(async () => {
  c = await consoleScene();
  operator = await c.person('support');
  merchant = await c.person('support', c.scene.a.merchant);
});
after(() => c.close());

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const body = '{"merchantId":"%","amount":"20000","mchOrderNo":"D1"}';
const ids = new Map<string, bigint>();

function keysOf(index: 0 | 1, protocol: string, name: string) {
  const { credential } = c.scene.t.caller(index, protocol);
  return { sender: credential.sender, key: credentialKeys(c.scene.t.keyring, credential).secrets(name)[0] ?? '' };
}

/** A refused request of one of the two merchants, as it is kept. */
async function kept(index: 0 | 1, name: string, sign: (text: string, key: string) => string) {
  const { sender, key } = keysOf(index, 'payin', 'apiKey');
  const text = body.replace('%', sender);
  const id = c.scene.t.world.newId();
  ids.set(name, id);
  await keepRefused(c.scene.t.gate.db, ids.size, {
    id,
    merchantId: BigInt([c.scene.a, c.scene.b][index]?.merchant ?? '0'),
    at: BigInt(c.scene.t.world.now()),
    protocol: 'payin',
    why: 'signature',
    method: 'POST',
    target: '/api/payIn',
    headers: [
      ['content-type', 'application/json'],
      ['merchantid', sender],
      ['sign', sign(text, key)],
    ],
    body: Buffer.from(text),
    remote: '203.0.113.9',
  });
}

const count = (text: string, word: string) => text.split(word).length - 1;

test('the list is of one merchant or all, and of one protocol', async () => {
  await kept(0, 'a', (text) => md5(text));
  await kept(1, 'b', (text) => md5(text));
  const links = async (browser: Browser, query = '') =>
    count((await browser.get(`/console/doctor${query}`)).text, 'href="/console/doctor/');
  assert.equal(await links(operator), 2);
  assert.equal(await links(operator, `?merchant=${c.scene.b.merchant}`), 1);
  assert.equal(await links(operator, '?protocol=payin'), 2);
  assert.equal(await links(operator, '?protocol=fufu'), 0);
  assert.equal(await links(merchant), 1);
  assert.equal(await links(merchant, `?merchant=${c.scene.b.merchant}`), 1);
  assert.equal((await merchant.get(`/console/doctor/${ids.get('b')}`)).status, 404);
  const linked = (await operator.get(`/console/merchants/${c.scene.a.merchant}`)).text;
  assert.ok(linked.includes(`/console/doctor?merchant=${c.scene.a.merchant}`));
});

test('a refused request: the mistake, how to mend it, both texts, never a key, in three languages', async () => {
  const { key } = keysOf(0, 'payin', 'apiKey');
  await kept(0, 'spaced', (text, own) => md5(text.replaceAll('":', '": ').replaceAll(',"', ', "') + own));
  for (const [language, mistake, mend] of [
    ['en', 'written anew with blanks, as Python does', 'let no library write it again'],
    ['zh', '带空格形式（Python 默认如此）', '中间不要再序列化'],
    ['id', 'ditulis ulang dengan spasi, seperti Python', 'jangan biarkan pustaka menulisnya lagi'],
  ] as const) {
    merchant.cookies.set('kanal-language', language);
    const { text } = await merchant.get(`/console/doctor/${ids.get('spaced')}`);
    assert.ok(text.includes(mistake) && text.includes(mend), language);
    assert.match(text, /<ins>␣<\/ins>/);
    assert.ok(!text.includes(key) && !text.includes(md5(body + key)));
  }
  merchant.cookies.delete('kanal-language');
});

test('the key of another merchant is not named to a merchant', async () => {
  const other = keysOf(1, 'payin', 'apiKey');
  await kept(0, 'strange', (text) => md5(text + other.key));
  const path = `/console/doctor/${ids.get('strange')}`;
  assert.match((await operator.get(path)).text, new RegExp(`key of credential \\d+ \\(${other.sender}\\)`));
  const shown = (await merchant.get(path)).text;
  assert.ok(!shown.includes(other.sender) && !/key of credential/.test(shown));
  assert.match(shown, /None of the usual mistakes/);
});

test('what the secret of a header looked like is told by the reason that was kept', async () => {
  const { sender } = keysOf(0, 'unified', 'apiKey');
  const id = c.scene.t.world.newId();
  await keepRefused(c.scene.t.gate.db, 40, {
    id,
    merchantId: BigInt(c.scene.a.merchant),
    at: BigInt(c.scene.t.world.now()),
    protocol: 'unified',
    why: 'secret-bearer',
    method: 'POST',
    target: '/shop/pay/gather',
    headers: [['x-api-key', `${sender}.[redacted]`]],
    body: Buffer.from('{}'),
    remote: '203.0.113.9',
  });
  const { text } = await operator.get(`/console/doctor/${id}`);
  assert.ok(text.includes('The word Bearer stands before the key'));
});

async function tables(): Promise<string> {
  const names = await rowsOf(c.scene.t.database, "select tablename from pg_tables where schemaname = 'kanal'");
  const counts = [];
  for (const { tablename } of names)
    counts.push(
      await rowsOf(
        c.scene.t.database,
        `select '${String(tablename)}' as t, count(*) as n from kanal.${String(tablename)}`,
      ),
    );
  return JSON.stringify(counts.flat().map(({ t, n }) => `${String(t)} ${String(n)}`));
}

const paste = async (browser: Browser, request: string, protocol = '') =>
  (await browser.post('/console/doctor', { request, protocol })).text;
const heading = (text: string) => /<h1>(.*?)<\/h1>/.exec(text)?.[1];

test('a pasted request of any protocol, in any shape, is recognised and judged; nothing is stored', async () => {
  const before = await tables();
  const payin = keysOf(0, 'payin', 'apiKey');
  const fufu = keysOf(0, 'fufu', 'key');
  const unified = keysOf(0, 'unified', 'apiKey');
  const json = body.replace('%', payin.sender);
  const head = `MerchantId: ${payin.sender}\nContent-Type: application/json\n`;
  const order = `{"busi_id":"${fufu.sender}","out_trade_no":"T 1"}`;
  const stamp = '1700000000000';
  const sign = `${md5(stamp + fufu.key + order.replaceAll(' ', ''))}:${stamp}`;
  const rows: readonly (readonly [request: string, heading: string, word: string])[] = [
    [
      `curl https://x.test/api/payIn -H 'MerchantId: ${payin.sender}' -H 'Content-Type: application/json' -H 'Sign: ${md5(json + payin.key)}' -d '${json}'`,
      'The signature fits',
      'payin',
    ],
    [
      `POST /api/payIn HTTP/1.1\n${head}Sign: ${md5(json)}\n\n${json}`,
      'The signature differs',
      'The key was forgotten',
    ],
    [`${head}Sign: ${md5(json + payin.key)}\n\n${json}\n`, 'The signature fits', 'payin'],
    [`curl 'https://x.test/gateway/pay/order?sign=${sign}' -d '${order}'`, 'The signature fits', 'fufu'],
    [order, 'There is no signature', 'fufu'],
    [
      `POST /shop/pay/gather HTTP/1.1\nX-Api-Key: ${unified.sender}.${unified.key}\n\n{}`,
      'The signature fits',
      'unified',
    ],
    [`Authorization: Bearer ${unified.sender}.${unified.key}\n\n{}`, 'There is no signature', 'header authorization'],
    [`{"institutionCode":"${keysOf(0, 'bestpay', '').sender}","sign":"AAAA"}`, 'The signature differs', 'bestpay'],
    [`partner_id=${keysOf(0, 'ysepay', '').sender}&sign_type=RSA&sign=AAAA`, 'The signature differs', 'ysepay'],
  ];
  for (const [request, title, word] of rows) {
    const text = await paste(merchant, request);
    assert.equal(heading(text), title, request);
    assert.ok(text.includes(word), word);
  }
  assert.equal(await tables(), before);
});

test('a merchant’s person asks about the merchant’s own credentials only', async () => {
  const other = keysOf(1, 'payin', 'apiKey');
  const json = body.replace('%', other.sender);
  const request = `POST /api/payIn\nMerchantId: ${other.sender}\nContent-Type: application/json\nSign: ${md5(json + other.key)}\n\n${json}`;
  assert.equal(heading(await paste(operator, request)), 'The signature fits');
  assert.notEqual(heading(await paste(merchant, request)), 'The signature fits');
});

test('nothing, too much, or nobody knows what: said in words', async () => {
  assert.equal((await merchant.post('/console/doctor', { request: ' ' })).status, 400);
  assert.equal((await merchant.post('/console/doctor', { request: 'x'.repeat(33_000) })).status, 400);
  assert.match(await paste(merchant, 'hello'), /which protocol it is/);
  assert.equal(
    (await (await c.person('viewer', c.scene.a.merchant)).post('/console/doctor', { request: '{}' })).status,
    403,
  );
});

test('examining takes time from payments: so many in a minute and no more', async () => {
  const busy = await c.person('support');
  const ask = async () => (await busy.post('/console/doctor', { request: '{}', protocol: 'payin' })).status;
  const statuses = [];
  for (let asked = 0; asked < 21; asked++) statuses.push(await ask());
  assert.deepEqual([...new Set(statuses.slice(0, 20)), statuses[20]], [200, 503]);
  c.scene.t.pass(60_000);
});
