/** The quarantine in the console: who hears what of it, and that it ends as the command ends it (T038). */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { pay } from '../../src/flows/pay.ts';
import { enterQuarantine, liftQuarantine } from '../../src/flows/quarantine.ts';
import { answering, payAsk, paymentAnswer, rowsOf } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(() => c.close());

const path = '/console/quarantine';
const banner = 'payouts and refunds wait until the restored books are compared';
const isOn = () => c.desk.gate.directory().quarantine !== null;

beforeEach(async () => {
  await enterQuarantine(c.scene.t, 'test', c.scene.t.world.now(), 'restored from a backup');
});
afterEach(async () => {
  if (isOn()) await liftQuarantine(c.scene.t, 'test', 'over', true);
});

async function text(browser: Browser, place: string): Promise<string> {
  const { status, text: found } = await browser.get(place);
  assert.equal(status, 200, place);
  return found;
}

test('while it lasts every page of operators says so, and says where to go', async () => {
  const browser = await c.person('viewer');
  for (const place of ['/console', '/console/payments', '/console/channels', path]) {
    const found = await text(browser, place);
    assert.ok(found.includes(banner), place);
    assert.ok(found.includes(`href="${path}"`), place);
  }
  const { text: missing } = await browser.get('/console/orders/1');
  assert.ok(missing.includes(banner));
  await liftQuarantine(c.scene.t, 'test', 'over', true);
  assert.equal((await text(browser, '/console')).includes(banner), false);
  assert.match(await text(browser, path), /There is no quarantine/);
});

test("a merchant's own people read that payouts and refunds wait, nothing of a restore, and open no page of it", async () => {
  const browser = await c.person('admin', c.scene.b.merchant);
  const found = await text(browser, '/console/payments');
  assert.ok(found.includes('Payouts and refunds wait for the moment'));
  assert.doesNotMatch(found, /uarantine|restore|backup/);
  assert.equal((await browser.get(path)).status, 403);
  assert.equal((await browser.post(`${path}/lift`, { why: 'let go', anyway: 'yes' })).status, 403);
  assert.equal(isOn(), true);
});

test('the page says since when, why, what waits and what to do; only an admin has the buttons', async () => {
  const seen = await text(await c.person('viewer'), path);
  for (const words of ['Restored from a backup', 'not yet', 'above the limit', 'late money', 'statements since then'])
    assert.ok(seen.includes(words), words);
  assert.equal(seen.includes('method="post" action="/console/quarantine'), false);
  assert.ok((await text(await c.person('admin'), path)).includes(`action="${path}/compare"`));
});

test('it ends after a comparison in which every channel has answered, with a reason, as with the command', async () => {
  const admin = await c.person('admin');
  const early = await admin.post(`${path}/lift`, { why: 'statements of both banks' });
  assert.equal(early.status, 409);
  assert.match(early.text, /Compare with the channels first/);
  assert.equal((await admin.post(`${path}/compare`)).status, 303);
  assert.equal((await admin.post(`${path}/lift`, { why: '' })).status, 400);
  assert.equal(isOn(), true);
  assert.equal((await admin.post(`${path}/lift`, { why: 'statements of both banks' })).status, 303);
  assert.equal(isOn(), false);
  const [entry] = await rowsOf(
    c.scene.t.database,
    `select actor, detail from kanal.audit where action = 'quarantine.lift' order by id desc limit 1`,
  );
  assert.ok(entry);
  assert.match(String(entry['actor']), /^admin-/);
  assert.equal((entry['detail'] as Record<string, unknown>)['reason'], 'statements of both banks');
});

test('while a channel is silent it ends only for two who say so', async () => {
  const { t } = c.scene;
  const ask = payAsk();
  t.script(answering('pay', paymentAnswer()));
  await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  t.script((() => Promise.resolve({ kind: 'unknown', why: 'in the test' })) as never);
  const admin = await c.person('admin');
  await admin.post(`${path}/compare`);
  const seen = await text(admin, path);
  assert.match(seen, /No answer: compare again<\/dt><dd><span class="badge warn">1</);
  const refused = await admin.post(`${path}/lift`, { why: 'asked by telephone' });
  assert.match(refused.text, /The channels have not answered about 1 orders/);
  assert.equal((await admin.post(`${path}/lift`, { why: 'asked by telephone', anyway: 'yes' })).status, 303);
  assert.equal(isOn(), true, 'asking does nothing');
  const [asked] = await rowsOf(t.database, `select id from kanal.approvals where action = 'quarantine.lift'`);
  const approved = `/console/approvals/${String(asked?.['id'])}/approved`;
  assert.equal((await admin.post(approved)).status, 403);
  assert.equal((await (await c.person('approver')).post(approved)).status, 303);
  assert.equal(isOn(), false);
});
