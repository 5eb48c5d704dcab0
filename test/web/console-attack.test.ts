/**
 * The console's whole route table as somebody tries it who is signed in with little: a merchant's people of every role, with ids, queries
 * and forms that nobody types (T021, T083, T087, T089).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { roles } from '../../src/store/tokens.ts';
import type { Row } from '../../src/web/console/row.ts';
import { rows } from '../../src/web/console/rows.ts';
import { answering, paymentAnswer, rowsOf } from '../gate.ts';
import { type ConsoleScene, consoleScene, type Page } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(() => c.close());

const path = (row: Row, id: string) => row.path.replaceAll(/\{\w+\}/g, () => id);

/** What holds of every answer, whatever was asked: nothing is kept, framed or guessed at, and nobody is led elsewhere. */
function checkGuarded({ headers, status }: Page, what: string): void {
  assert.ok(status < 500, `${what}: ${status}`);
  assert.equal(headers['cache-control'], 'no-store', what);
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/, what);
  for (const value of Object.values(headers)) assert.doesNotMatch(value, /[\r\n\0]/, what);
  if (headers['location'] !== undefined) assert.match(headers['location'], /^\/console(?:[/?]|$)(?!\/)/, what);
}

const ids = [
  '0',
  '-1',
  '9223372036854775807',
  '99999999999999999999',
  '..',
  '%2e%2e',
  '1%0d%0aset-cookie:x=1',
  "1'or'1'='1",
  '%ff',
];
const queries = [
  '?q=%0d%0aset-cookie:x=1&note=%0d%0ax:1&before=1e3&state=%27&merchant=*&channel=-1&from=9999-99-99&to=x',
  '?account=..%2f..&currency=%3Cb%3E&days=-1&language=__proto__&variant=constructor&protocol=__proto__&days=1',
];

for (const role of roles)
  test(`${role} of a merchant: no id, query or format breaks a page, leads away or opens what is another's`, async () => {
    const browser = await c.person(role, c.scene.b.merchant);
    const { order, orderNo, credential, merchant, review } = c.scene.a;
    for (const row of rows) {
      const isForm = row.method === 'POST';
      for (const id of [...ids, order, credential, merchant, review]) {
        const asked = path(row, id);
        if (isForm && id !== order && id !== '0') continue;
        const page = await (isForm ? browser.post(asked) : browser.get(asked));
        checkGuarded(page, `${row.method} ${asked}`);
        // What is no UTF-8 is refused before it is looked whose it is.
        const no = id === '%ff' && row.path.includes('{') ? 400 : 403;
        if (row.tenant === 'operator-only') assert.equal(page.status, no, `${row.method} ${asked}`);
        assert.equal(page.text.includes(orderNo), false, asked);
      }
      if (isForm) continue;
      for (const query of queries) checkGuarded(await browser.get(path(row, 'csv') + query), row.path + query);
    }
  });

test('the language goes back to a page of the console, and to nowhere else', async () => {
  const visitor = c.visitor();
  for (const back of [
    '//evil.example',
    '/console/..//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/console?x=//e',
    '/console%0d%0ax:1',
  ])
    checkGuarded(await visitor.get(`/console/language?to=zh&back=${encodeURIComponent(back)}`), back);
  const { headers } = await visitor.get('/console/language?to=%0d%0ax&back=/console/payments');
  assert.equal(headers['location'], '/console/payments');
});

describe('of its own order, a merchant', () => {
  test('sees that a channel called and a person decided, not what they said; an operator sees it', async () => {
    const { order, review } = c.scene.b;
    await (await c.person('admin')).post(`/console/reviews/${review}/close`, { decision: 'we suspect the shop' });
    const [own, ours] = [await c.person('admin', c.scene.b.merchant), await c.person('viewer')];
    const secret = /encrypt=|\/listen\/1|we suspect/;
    assert.doesNotMatch((await own.get(`/console/orders/${order}`)).text, secret);
    assert.match((await ours.get(`/console/orders/${order}`)).text, secret);
    const { scene } = c;
    const [bound, whole] = [await scene.token('admin', scene.b.merchant), await scene.token('viewer')];
    assert.doesNotMatch((await scene.ask(bound, 'GET', `/orders/${order}`)).text, secret);
    assert.match((await scene.ask(whole, 'GET', `/orders/${order}`)).text, secret);
    assert.equal(
      (await scene.ask(bound, 'POST', `/reviews/${scene.b.review}/close`, { decision: 'fine' })).status,
      403,
    );
  });

  test('has the channel asked thirty times a minute at most, whoever presses', async () => {
    const { t } = c.scene;
    t.script(answering('query-payment', paymentAnswer()));
    const support = await c.person('support', c.scene.b.merchant);
    const statuses: number[] = [];
    for (let press = 0; press < 32; press += 1)
      statuses.push((await support.post(`/console/orders/${c.scene.b.order}/query`)).status);
    assert.deepEqual([statuses[29], statuses[30], statuses[31]], [303, 503, 503]);
    t.pass(60_000);
    assert.equal((await support.post(`/console/orders/${c.scene.b.order}/query`)).status, 303);
  });
});

test("a merchant's user has five requests open at most: those of operators do not sink below them", async () => {
  const admin = await c.person('admin', c.scene.b.merchant);
  const ask = () =>
    admin.post(`/console/integration/${c.scene.b.credential}/keys/rotate`, { hours: '1', why: 'again and again' });
  for (let nth = 0; nth < 5; nth += 1) assert.equal((await ask()).status, 303);
  assert.equal((await ask()).status, 409);
  const open = await rowsOf(c.scene.t.database, `select id from kanal.approvals where state = 'open' order by id`);
  assert.equal(open.length, 5);
  await (await c.person('approver')).post(`/console/approvals/${String(open[0]?.['id'])}/refused`);
  assert.equal((await ask()).status, 303);
});
