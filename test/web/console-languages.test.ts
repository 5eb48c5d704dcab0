/**
 * Every page of the console in Chinese and Indonesian: what stands there as on the English page, word for word, is a name, a number
 * or an identifier, or it was forgotten. Pages are those of the table of rows, so a new one is read here too.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { changeMerchant } from '../../src/flows/administer.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { enterQuarantine } from '../../src/flows/quarantine.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { keepRefused } from '../../src/store/refused-requests.ts';
import type { Row } from '../../src/web/console/row.ts';
import { rows } from '../../src/web/console/rows.ts';
import { answering, payAsk, paymentAnswer, payoutAnswer, payOutAsk, rowsOf, silence } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene, type Page } from './console-scene.ts';

let c: ConsoleScene;
let admin: Browser;
let approver: Browser;
let shop: Browser;
before(async () => {
  c = await consoleScene();
  admin = await c.person('admin');
  approver = await c.person('approver');
  shop = await c.person('admin', c.scene.b.merchant);
  await happenings();
});
after(() => c.close());

// ── one of everything that a page can tell of ─────────────────────────────────────────────────────────────────────────

const fee = { merchant: '*', method: 'qr', currency: 'CNY', fixed: '1.00', percent: '0.5', least: '0', most: '' };

async function happenings(): Promise<void> {
  const { t, a, b } = c.scene;
  for (const script of [
    answering('pay', paymentAnswer()),
    silence({ kind: 'unknown', why: 'no complete answer in time' }),
    silence({ kind: 'not-sent', why: 'no connection in time' }),
  ]) {
    t.script(script);
    const ask = payAsk();
    await pay(t.gate, t.caller(1, 'payin'), ask, Buffer.from(ask.orderNo)).catch(() => undefined);
  }
  t.script(answering('pay-out', payoutAnswer()));
  for (const limit of ['99999', '49999']) {
    await changeMerchant(c.desk, 'owner of the data folder', BigInt(b.merchant), {
      settings: { 'payoutLimit.IDR': limit },
    });
    const ask = payOutAsk({ amount: money(50_000n, 'IDR') });
    await payOut(t.gate, t.caller(1, 'payin'), ask, Buffer.from(ask.orderNo));
  }
  await admin.post('/console/fees', { ...fee, why: 'a tariff' });
  await admin.post(`/console/orders/${a.order}/refund`, { amount: '1000', why: 'goods came back' });
  const [asked] = await rowsOf(t.database, `select id from kanal.approvals where action = 'fee.set'`);
  await approver.post(`/console/approvals/${String(asked?.['id'])}/approved`);
  await keepRefused(t.gate.db, 1, {
    id: t.world.newId(),
    merchantId: BigInt(b.merchant),
    at: BigInt(t.world.now()),
    protocol: 'payin',
    why: 'key-forgotten',
    method: 'POST',
    target: '/api/payIn',
    body: Buffer.from('{}'),
    remote: '203.0.113.9',
    headers: [['sign', '0'.repeat(32)]],
  });
  await statement();
  await enterQuarantine(t, 'test', t.world.now(), 'restored from a backup');
}

/** A channel's statement with a sum that is none of ours and one that differs. */
async function statement(): Promise<void> {
  const { database } = c.scene.t;
  const [paid] = await rowsOf(
    database,
    `select reference, channel_id from kanal.payments where id = ${c.scene.a.order}`,
  );
  const finance = await c.person('finance');
  const { text } = await finance.get('/console/reconciliation');
  const [, path = ''] = /action="(\/console\/statement-files\/[^"]+)"/.exec(text) ?? [];
  const lines = ['payment,NOBODYS-1,,500,IDR,paid,,', `payment,${String(paid?.['reference'])},,19999,IDR,paid,,`];
  const file = ['kind,reference,upstream_no,amount,currency,state,at,fee', ...lines].join('\n');
  const form = { channel: String(paid?.['channel_id']), day: '2026-01-15' };
  assert.equal((await finance.upload(path, form, file)).status, 303);
}

// ── the pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What stands for `{id}`: everything there is of it. */
async function idsOf({ path }: Row): Promise<readonly string[]> {
  const { channels, credentials } = c.desk.gate.directory();
  const stored = async (table: string) =>
    (await rowsOf(c.scene.t.database, `select id from kanal.${table}`)).map(({ id }) => String(id));
  const own = [...credentials.values()].filter(({ merchantId }) => String(merchantId) === c.scene.b.merchant);
  const found: Readonly<Record<string, () => Promise<readonly string[]>>> = {
    orders: async () => [...(await stored('payments')), ...(await stored('payouts'))],
    reviews: () => stored('reviews'),
    approvals: () => stored('approvals'),
    doctor: () => stored('refused_requests'),
    reconciliation: () => stored('reconciliations'),
    merchants: () => Promise.resolve([c.scene.b.merchant]),
    channels: () => Promise.resolve([...channels.keys()].map(String)),
    integration: () => Promise.resolve(own.map(({ id }) => String(id))),
    credentials: () => Promise.resolve(own.map(({ id }) => String(id))),
  };
  const [, , place = ''] = path.split('/');
  return (await found[place]?.()) ?? assert.fail(`no sample for ${path}`);
}

/** Pages that say more when they are asked for it. */
function asked(): string[] {
  const order = `merchant=${c.scene.b.merchant}&amount=10`;
  return [
    ...channelProtocols.map(({ name }) => `/console/channels/add?protocol=${name}`),
    `/console/routes?${order}&protocol=payin&method=virtual-account&currency=CNY&option=BCA`,
    `/console/routes?${order}&protocol=payin&method=store-code&currency=IDR`,
    `/console/fees?${order}&method=qr&currency=CNY`,
  ];
}

async function addresses(): Promise<string[]> {
  const found: string[] = asked();
  for (const row of rows) {
    if (row.method !== 'GET' || row.path.includes('{format}')) continue;
    if (row.path.includes('{id}')) found.push(...(await idsOf(row)).map((id) => row.path.replace('{id}', id)));
    else found.push(row.path);
  }
  return found;
}

// ── their texts ───────────────────────────────────────────────────────────────────────────────────────────────────────

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** Texts of a page, and attributes that are read out or shown. Code, times and names of languages are as they are. */
function textsOf(page: string): Set<string> {
  const bare = page
    .replaceAll(/<(script|style|code|pre|time|textarea)\b[^>]*>.*?<\/\1>/gs, '')
    .replace(/<nav class="languages".*?<\/nav>/s, '');
  const attributes = [...bare.matchAll(/ (?:placeholder|title|aria-label|data-ask|data-yes|data-no)="([^"]*)"/g)];
  const texts = [...bare.split(/<[^>]*>/), ...attributes.map(([, value = '']) => value)];
  const plain = texts.map((text) => text.replaceAll(/&([a-z#0-9]+);/g, (all, name: string) => entities[name] ?? all));
  return new Set(plain.map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter((text) => /[A-Za-z]{2}/.test(text)));
}

/** What people typed, and what a document calls its own sample. */
const typed = 'Electronic Cigarettes goods came back a tariff test';
/** Words that Indonesian has from English, and terms of the trade that nobody translates. */
const shared =
  'Kanal Indonesia Menu Sandbox Admin Merchant Bank Port Debit Virtual account TypeScript Python Java Rp ms curl id UTC on';
const zones = 'Jakarta Shanghai Bangkok Hong Kong Tokyo';

/** Words that are the same in every language: also names of settings, keys, endpoints and parties, and values of settings. */
function sameWords(): Set<string> {
  const { merchants, channels } = c.desk.gate.directory();
  const named = c.desk.admissions
    .protocols()
    .flatMap(({ name, keys, settings }) => [
      name,
      ...keys.map((key) => key.name),
      ...settings.flatMap((setting) => [setting.name, setting.default ?? '']),
    ]);
  const endpoints = merchantProtocols.flatMap((protocol) => protocol.endpoints.map(({ name }) => name));
  const people = [...merchants.values(), ...channels.values()].map(({ name }) => name);
  return new Set([...named, ...endpoints, ...people, typed, shared, zones].flatMap((text) => text.split(/[ ,]+/)));
}

/** Numbers, codes, addresses, identifiers: nothing that somebody could have written in another language. */
const isData = (word: string) => /\d|[A-Z]{2}|[a-z][A-Z]|[_:/@=]|\w\.\w|^(?:admin|approver)-/.test(word);

function isEnglish(text: string, same: ReadonlySet<string>): boolean {
  const words = text.split(/[^\p{L}\p{N}_:/@=.'-]+/u).map((word) => word.replaceAll(/^['.-]+|['.:-]+$/g, ''));
  return words.some((word) => /[A-Za-z]{2}/.test(word) && !isData(word) && !same.has(word));
}

/** What a page in another language has word for word as in English, and should not; `ask` gets it anew in each. */
async function english(browser: Browser, where: string, ask: () => Promise<Page>): Promise<string[]> {
  const same = sameWords();
  browser.cookies.set('kanal-language', 'en');
  const here = textsOf((await ask()).text);
  const found: string[] = [];
  for (const language of ['zh', 'id'] as const) {
    browser.cookies.set('kanal-language', language);
    for (const text of textsOf((await ask()).text)) {
      const isMixed = language === 'zh' && / [a-z]{3,} [a-z]{3,} /.test(` ${text.replaceAll(/kanal [a-z -]+/g, '')} `);
      if ((here.has(text) && isEnglish(text, same)) || (isMixed && isEnglish(text, same)))
        found.push(`${language} ${where}: ${text}`);
    }
  }
  return found;
}

test('no page of operators has English in it', async () => {
  const all = await addresses();
  assert.ok(all.length > 60, String(all.length));
  const found: string[] = [];
  for (const path of all)
    found.push(
      ...(await english(admin, path, async () => {
        const page = await admin.get(path);
        assert.ok(page.status === 200 || page.status === 303, `${path} → ${page.status}`);
        return page;
      })),
    );
  assert.deepEqual(found, []);
});

test("nor has one of a merchant's own people", async () => {
  const found: string[] = [];
  for (const path of ['/console', '/console/payments', '/console/payouts', '/console/notices', '/console/integration'])
    found.push(...(await english(shop, path, () => shop.get(path))));
  assert.deepEqual(found, []);
});

test('nor what a second person reads: what is asked for, and what is shown once after it', async () => {
  const { a, t } = c.scene;
  const found = [
    ...(await english(approver, 'approvals', () => approver.get('/console/approvals'))),
    ...(await english(approver, 'review', () => approver.get(`/console/reviews/${a.review}`))),
  ];
  for (const [path, form] of [
    [`/console/credentials/${a.credential}/rotate`, { hours: '1', why: 'a leak' }],
    [`/console/merchants/${a.merchant}/webhook-secret`, { hours: '1', why: 'a leak' }],
  ] as const)
    found.push(
      ...(await english(approver, path, async () => {
        assert.equal((await admin.post(path, form)).status, 303, path);
        const [asked] = await rowsOf(t.database, 'select id from kanal.approvals order by id desc limit 1');
        const page = await approver.post(`/console/approvals/${String(asked?.['id'])}/approved`);
        assert.equal(page.status, 200, path);
        return page;
      })),
    );
  let users = 0;
  const added = () => admin.post('/console/users', { name: `rini-${++users}`, role: 'viewer' });
  found.push(...(await english(admin, 'a user added', added)));
  assert.deepEqual(found, []);
});

test('nor the pages in front of it: signing in, and setting an account up', async () => {
  const code = await c.newcomer('siti', 'admin');
  const visitor = c.visitor();
  const wrong = { user: 'siti', password: 'not the code' };
  const found = [
    ...(await english(visitor, 'sign-in', () => visitor.get('/console/sign-in'))),
    ...(await english(visitor, 'ended', () => visitor.get('/console/sign-in?ended'))),
    ...(await english(visitor, 'failed', () => visitor.post('/console/sign-in', wrong))),
  ];
  await visitor.post('/console/sign-in', { user: 'siti', password: code });
  found.push(...(await english(visitor, 'set up', () => visitor.get('/console/setup'))));
  for (const form of [
    { password: 'short', again: 'short' },
    { password: 'long enough for us', again: 'another one' },
  ])
    found.push(...(await english(visitor, 'not set up', () => visitor.post('/console/setup', form))));
  assert.deepEqual(found, []);
});

/** Forms that are refused, each for a reason of its own, beside every form that is sent empty. */
function mistakes(): (readonly [path: string, form: Readonly<Record<string, string>>])[] {
  const { a, b } = c.scene;
  const [channel] = c.desk.gate.directory().channels.keys();
  const at = (id: string, what: string) => `/console/orders/${id}/${what}`;
  const key = `/console/integration/${b.credential}/webhook`;
  return [
    [at(a.order, 'refund'), { amount: '999999', why: 'x' }],
    [at(a.order, 'refund'), { amount: '46.000', why: 'x' }],
    [at(a.order, 'settle'), { to: 'nobody', why: 'x' }],
    ['/console/quarantine/lift', { why: 'x' }],
    ['/console/fees', { ...fee, currency: 'XXX', why: 'x' }],
    ['/console/fees', { ...fee, percent: '101', why: 'x' }],
    ['/console/rates', { currency: 'THB', rate: '0', why: 'x' }],
    ['/console/channels', { protocol: 'payin', name: 'new', baseUrl: 'ftp://x', why: 'x' }],
    ['/console/channels', { protocol: 'payin', name: 'new', baseUrl: 'https://x', sender: '?', why: 'x' }],
    [`/console/channels/${String(channel)}/state`, { state: 'gone' }],
    ['/console/users', { name: 'no blanks', role: 'viewer' }],
    ['/console/doctor', { request: 'curl -F x=y', protocol: 'payin' }],
    [key, { url: 'http://shop.example/' }],
    [key, { url: 'https://shop.example/,https://shop.example/' }],
  ];
}

test('what is refused is refused in the language of whoever asked', async () => {
  const ids = { merchants: c.scene.a.merchant, orders: c.scene.a.order, reviews: c.scene.a.review } as const;
  const empty = rows
    .filter(({ method, path }) => method === 'POST' && !path.endsWith('/compare'))
    .map(({ path }) => {
      const [, , place = ''] = path.split('/');
      return [path.replace('{id}', ids[place as keyof typeof ids] ?? '1'), {}] as const;
    });
  const found: string[] = [];
  let refused = 0;
  for (const [path, form] of [...empty, ...mistakes()])
    found.push(
      ...(await english(admin, path, async () => {
        const page = await admin.post(path, form);
        if (page.status >= 400) refused += 1;
        return page;
      })),
    );
  assert.ok(refused > 90, String(refused));
  assert.deepEqual(found, []);
});
