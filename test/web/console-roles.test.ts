/** Role × route, and one merchant's people, both generated from the table of rows: a row that is not tried fails (T089, T021). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { roles } from '../../src/store/tokens.ts';
import { navigation } from '../../src/web/console/frame.ts';
import type { Row } from '../../src/web/console/row.ts';
import { rows } from '../../src/web/console/rows.ts';
import { type Browser, type ConsoleScene, consoleScene, type Page } from './console-scene.ts';
import { type Belongings, nowhere } from './operator-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(() => c.close());

/** What stands for `{id}` in each address, of somebody's belongings. */
const ids: Readonly<Record<string, (owner: Belongings) => string>> = {
  orders: ({ order }) => order,
  reviews: ({ review }) => review,
  reconciliation: () => nowhere,
  merchants: ({ merchant }) => merchant,
  credentials: ({ credential }) => credential,
  integration: ({ credential }) => credential,
  approvals: () => nowhere,
  channels: () => nowhere,
  routes: () => nowhere,
  users: () => nowhere,
  doctor: () => nowhere,
};

function pathOf(row: Row, owner: Belongings): string {
  const [, , place = ''] = row.path.split('/');
  return row.path
    .replace('{format}', 'csv')
    .replace('{id}', () => (ids[place] ?? assert.fail(`no sample for ${row.path}`))(owner));
}

/** Forms are sent empty: whoever may send them is told what is missing, and nothing happens. */
function ask(browser: Browser, row: Row, owner: Belongings): Promise<Page> {
  const path = pathOf(row, owner);
  return row.method === 'GET' ? browser.get(path) : browser.post(path);
}

const nothingAtAll: Belongings = {
  merchant: nowhere,
  order: nowhere,
  orderNo: 'NOWHERE',
  notice: nowhere,
  review: nowhere,
  credential: nowhere,
};

test('there are rows of every kind', () => {
  assert.ok(rows.length >= 50, String(rows.length));
  assert.ok(rows.some(({ method }) => method === 'POST') && rows.some(({ tenant }) => tenant === 'operator-only'));
});

describe('role × route', () => {
  for (const role of roles)
    test(`${role}: gets what its rows allow and nothing else`, async () => {
      const browser = await c.person(role);
      for (const row of rows) {
        const { status } = await ask(browser, row, nothingAtAll);
        const what = `${row.method} ${row.path} → ${status}`;
        if (row.roles.includes(role)) assert.ok(status !== 403 && status < 500, what);
        else assert.equal(status, 403, what);
      }
    });

  test('nobody who is not signed in gets anything', async () => {
    for (const row of rows) {
      const { status, headers } = await ask(c.visitor(), row, c.scene.a);
      assert.equal(status, 303);
      assert.match(headers['location'] ?? '', /^\/console\/sign-in/, row.path);
    }
  });

  test('navigation shows only what its reader may open', async () => {
    for (const role of roles) {
      const { text } = await (await c.person(role)).get('/console');
      for (const { path } of navigation.flatMap(({ places }) => places)) {
        const row = rows.find((one) => one.method === 'GET' && one.path === path) ?? assert.fail(path);
        assert.equal(text.includes(`<a href="${path}"`), row.roles.includes(role), `${role} ${path}`);
      }
    }
  });
});

describe("a merchant's own user", () => {
  test('is kept out of every row of operators', async () => {
    for (const role of roles) {
      const browser = await c.person(role, c.scene.b.merchant);
      for (const row of rows.filter(({ tenant }) => tenant === 'operator-only'))
        assert.equal((await ask(browser, row, c.scene.b)).status, 403, `${role} ${row.path}`);
    }
  });

  test('gets the same answer for what another merchant has as for what nobody has', async () => {
    const browser = await c.person('admin', c.scene.b.merchant);
    for (const row of rows.filter(({ tenant, path }) => tenant === 'merchant-bound' && path.includes('{id}'))) {
      const [theirs, none] = [await ask(browser, row, c.scene.a), await ask(browser, row, nothingAtAll)];
      assert.deepEqual([theirs.status, theirs.status], [none.status, 404], row.path);
    }
  });

  test('finds its own order, and nothing of another in lists, search and exports', async () => {
    const browser = await c.person('viewer', c.scene.b.merchant);
    const { a, b } = c.scene;
    for (const row of rows.filter(
      ({ tenant, method, path }) => tenant === 'merchant-bound' && method === 'GET' && !path.includes('{id}'),
    )) {
      for (const query of ['', `?merchant=${a.merchant}`, `?q=${a.orderNo}`]) {
        const { text } = await browser.get(pathOf(row, b) + query);
        const shown = text
          // Drawn anew for each session, and now and then with somebody's short number in it; so may be the files' hashes.
          .replaceAll(/name="csrf" value="[^"]*"|integrity="[^"]*"/g, '')
          .replaceAll(`value="${a.orderNo}"`, '')
          .replaceAll(encodeURIComponent(`q=${a.orderNo}`), '')
          .replaceAll(`q=${a.orderNo}`, '');
        for (const secret of [a.order, a.orderNo])
          assert.equal(shown.includes(secret), false, `${row.path}${query} has ${secret}`);
      }
    }
    assert.ok((await browser.get('/console/payments')).text.includes(b.orderNo));
    assert.ok((await browser.get('/console/payments/export/csv')).text.includes(b.orderNo));
    assert.equal(
      (await browser.get(`/console/search?q=${b.orderNo}`)).headers['location'],
      `/console/orders/${b.order}`,
    );
  });

  test("cannot have another merchant's notice sent again", async () => {
    const browser = await c.person('support', c.scene.b.merchant);
    assert.equal((await browser.post('/console/notices/resend', { id: c.scene.a.notice })).status, 404);
    assert.equal((await browser.post('/console/notices/resend', { id: c.scene.b.notice })).status, 303);
  });
});
