/** A token bound to merchant B must not be able to tell A's things from things that do not exist (T021, T089). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operatorRoutes } from '../../src/web/api/api.ts';
import type { ApiRoute } from '../../src/web/route-table.ts';
import type { Desk } from '../../src/web/api/desk.ts';
import { nameOf, routeNamed, sampledRoutes, sampleOf } from './operator-requests.ts';
import { type Belongings, nowhere, type OperatorScene, operatorScene } from './operator-scene.ts';

let scene: OperatorScene;
before(async () => {
  scene = await operatorScene();
});
after(() => scene.close());

const bound = operatorRoutes.filter(({ tenant }) => tenant === 'merchant-bound').map(nameOf);
const reserved = operatorRoutes.filter(({ tenant }) => tenant === 'operator-only').map(nameOf);

/** The same request about somebody else's things, or about nothing at all. */
const nothingAtAll: Belongings = {
  merchant: nowhere,
  order: nowhere,
  orderNo: 'NOWHERE',
  notice: nowhere,
  review: nowhere,
  credential: nowhere,
};

function strongest(route: ApiRoute<Desk>) {
  return route.roles.includes('admin') ? 'admin' : (route.roles.at(-1) ?? 'admin');
}

describe('a token bound to one merchant', () => {
  test('both kinds of route exist', () => {
    assert.ok(bound.length > 10);
    assert.ok(reserved.length > 10);
  });

  for (const name of reserved)
    test(`is kept out of ${name}`, async () => {
      const route = routeNamed(name);
      const { path, body } = await sampleOf(scene, name, scene.b);
      const { status } = await scene.ask(
        await scene.token(strongest(route), scene.b.merchant),
        route.method,
        path,
        body,
      );
      assert.equal(status, 403);
    });

  for (const name of bound)
    test(`gets the same answer from ${name} for A's ids as for none`, async () => {
      const route = routeNamed(name);
      const token = await scene.token(strongest(route), scene.b.merchant);
      const [theirs, none] = [await sampleOf(scene, name, scene.a), await sampleOf(scene, name, nothingAtAll)];
      const first = await scene.ask(token, route.method, theirs.path, theirs.body);
      const second = await scene.ask(token, route.method, none.path, none.body);
      assert.deepEqual([first.status, first.text], [second.status, second.text]);
      if (name.includes('{id}')) assert.equal(first.status, 404);
      for (const id of Object.values(scene.a)) assert.ok(!first.text.includes(`"${id}"`), `${id} of A in ${name}`);
    });

  for (const kind of ['payments', 'attempts', 'notices', 'credentials', 'merchants'])
    test(`sees its own ${kind}, and only those`, async () => {
      const { json } = await scene.ask(await scene.token('admin', scene.b.merchant), 'GET', `/${kind}`);
      assert.ok(Array.isArray(json) && json.length > 0);
      const owners = new Set(json.map((row: Record<string, unknown>) => row[kind === 'merchants' ? 'id' : 'merchant']));
      assert.deepEqual([...owners], [scene.b.merchant]);
    });

  for (const kind of ['payments', 'payouts', 'refunds', 'agreements', 'attempts', 'notices', 'callbacks', 'reviews'])
    test(`cannot search ${kind} for what is A's`, async () => {
      const token = await scene.token('admin', scene.b.merchant);
      for (const filter of ['merchant', 'number'] as const) {
        const theirs = filter === 'merchant' ? [scene.a.merchant] : [scene.a.order, scene.a.orderNo, scene.a.notice];
        for (const value of theirs) {
          const first = await scene.ask(token, 'GET', `/${kind}?${filter}=${value}`);
          const second = await scene.ask(token, 'GET', `/${kind}?${filter}=${nowhere}`);
          assert.deepEqual([first.status, first.text], [second.status, second.text], `${filter}=${value}`);
        }
      }
    });

  test('leaves what is A’s as it was', async () => {
    const token = await scene.token('admin', scene.b.merchant);
    await scene.ask(token, 'POST', `/reviews/${scene.a.review}/close`, { decision: 'mine now' });
    await scene.ask(token, 'POST', '/notices/resend', { ids: [scene.a.notice, scene.b.notice] });
    const reviews = (await scene.ask(await scene.token('admin'), 'GET', `/reviews?number=${scene.a.order}`)).json;
    assert.ok(Array.isArray(reviews));
    assert.deepEqual(
      reviews.map((row: Record<string, unknown>) => row['state']),
      ['open'],
    );
    const due = await scene.t.database.owner.run<{ id: bigint; manual: boolean }>({
      text: 'select id, manual from kanal.notices_due',
      values: [],
    });
    const manual = due.filter((row) => row.manual).map(({ id }) => String(id));
    assert.ok(!manual.includes(scene.a.notice));
  });

  test('is walked through every bound route', () => {
    for (const name of bound) assert.ok(sampledRoutes.includes(name), name);
  });
});
