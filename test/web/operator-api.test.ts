import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { openApiDocument, operatorRoutes } from '../../src/web/api/api.ts';
import { roles } from '../../src/store/tokens.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import { rowsOf } from '../gate.ts';
import { nameOf, routeNamed, sampledRoutes, sampleOf } from './operator-requests.ts';
import { listStates } from '../../src/web/list-states.ts';
import { nowhere, type OperatorScene, operatorScene } from './operator-scene.ts';

let scene: OperatorScene;
before(async () => {
  scene = await operatorScene();
});
after(() => scene.close());

const list = z.array(z.record(z.string(), z.unknown()));
const error = z.object({
  error: z.strictObject({ code: z.string(), message: z.string(), field: z.string().optional() }),
});

describe('the route table', () => {
  test('has a request in these tests for each of its routes, and they for no other', () => {
    assert.ok(operatorRoutes.length > 30);
    assert.deepEqual(operatorRoutes.map(nameOf).sort(), [...sampledRoutes].sort());
  });

  test('is the OpenAPI document: the same paths, roles and tenants', () => {
    const { paths } = openApiDocument() as unknown as {
      paths: Record<string, Record<string, { 'x-roles': string[]; 'x-tenant': string; operationId: string }>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, row]) => `${method.toUpperCase()} ${path} ${row['x-roles'].join()} ${row['x-tenant']}`,
      ),
    );
    const routed = operatorRoutes.map((route) => `${nameOf(route)} ${route.roles.join()} ${route.tenant}`);
    assert.deepEqual(described.sort(), routed.sort());
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
  });

  for (const name of sampledRoutes)
    test(`answers ${name} as it says`, async () => {
      const { path, body } = await sampleOf(scene, name, scene.a);
      const route = routeNamed(name);
      const { status, json, text } = await scene.ask(await scene.token('admin'), route.method, path, body);
      assert.equal(status, 200, text);
      const schema = z.toJSONSchema(route.answers, { io: 'output', unrepresentable: 'any' });
      assert.deepEqual(undocumented(schema, json), [], 'members the document does not know');
      assert.deepEqual(route.answers.safeParse(json).error?.issues ?? [], []);
    });
});

/** Members of an answer that its schema does not name, as paths; a schema that is open says nothing. */
function undocumented(schema: unknown, value: unknown, at = ''): string[] {
  const { properties, items, additionalProperties } = schema as {
    properties?: Record<string, unknown>;
    items?: unknown;
    additionalProperties?: unknown;
  };
  if (Array.isArray(value)) return items ? value.flatMap((one) => undocumented(items, one, at)) : [];
  if (typeof value !== 'object' || value === null || !properties) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const known = properties[name];
    if (known !== undefined) return undocumented(known, member, `${at}.${name}`);
    return additionalProperties === false || additionalProperties === undefined ? [`${at}.${name}`] : [];
  });
}

describe('who may do what', () => {
  test('without a token, with a wrong, a revoked or a malformed one: the same 401', async () => {
    const revoked = await scene.ask(await scene.token('admin'), 'POST', '/tokens', { name: 'gone', role: 'admin' });
    const { id, token } = revoked.json as { id: string; token: string };
    assert.equal((await scene.ask(token, 'GET', '/merchants')).status, 200);
    await scene.ask(await scene.token('admin'), 'DELETE', `/tokens/${id}`);
    const answers = await Promise.all(
      ['', token, `kop_${'x'.repeat(43)}`, 'x', `${token}x`].map((one) => scene.ask(one, 'GET', '/merchants')),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401]);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  });

  test('unknown paths are 401 without a token and 404 with one', async () => {
    assert.equal((await scene.ask('', 'GET', '/nothing')).status, 401);
    assert.equal((await scene.ask(await scene.token('viewer'), 'GET', '/nothing')).status, 404);
  });

  for (const role of roles)
    test(`the role ${role} may do exactly what the table says`, async () => {
      const token = await scene.token(role);
      const wrong: string[] = [];
      for (const name of sampledRoutes) {
        const route = routeNamed(name);
        const { path, body } = await sampleOf(scene, name, scene.b);
        const { status } = await scene.ask(token, route.method, path, body);
        if ((status === 403) === route.roles.includes(role)) wrong.push(`${name}: ${status}`);
      }
      assert.deepEqual(wrong, []);
    });
});

describe('what comes in', () => {
  const bad: readonly (readonly [what: string, path: string, body: unknown, field: string | undefined])[] = [
    ['an unknown member', '/merchants', { name: 'x', role: 'admin' }, 'role'],
    ['an unknown member of a change', `/merchants/{a}`, { merchant_id: '1' }, 'merchant_id'],
    ['an empty name', '/merchants', { name: '' }, 'name'],
    ['a control character', '/merchants', { name: 'a\nb' }, 'name'],
    ['an amount below one', '/merchants/{a}/fund', { amount: '0', currency: 'IDR' }, 'amount'],
    ['a fraction', '/merchants/{a}/fund', { amount: 1.5, currency: 'IDR' }, 'amount'],
    ['a currency that is none', '/merchants/{a}/fund', { amount: '1', currency: 'XXX' }, 'currency'],
    ['a body that is a list', '/merchants', [], undefined],
    ['no JSON', '/merchants', '{', undefined],
  ];
  for (const [what, path, body, field] of bad)
    test(`${what} is refused and named`, async () => {
      const method = what.includes('change') ? 'PATCH' : 'POST';
      const { status, json } = await scene.ask(
        await scene.token('admin'),
        method,
        path.replace('{a}', scene.a.merchant),
        body,
      );
      assert.equal(status, 400);
      assert.equal(error.parse(json).error.field, field);
    });

  test('another content type, an unknown query, a repeated one', async () => {
    const token = await scene.token('admin');
    const form = await scene.ask(token, 'POST', '/merchants', 'name=x', { 'content-type': 'text/plain' });
    assert.equal(error.parse(form.json).error.field, 'content-type');
    for (const query of ['?nonsense=1', '?limit=1&limit=2', '?limit=0', '?limit=-1', '?number=a%00'])
      assert.equal((await scene.ask(token, 'GET', `/payments${query}`)).status, 400, query);
    assert.equal((await scene.ask(token, 'GET', '/orders/%00')).status, 400);
  });

  test('more than the limit is refused unread', async () => {
    const { status } = await scene.ask(await scene.token('admin'), 'POST', '/merchants', { name: 'x'.repeat(300_000) });
    assert.equal(status, 400);
  });
});

describe('lists', () => {
  test('newest first, by state, number and limit', async () => {
    const token = await scene.token('viewer');
    const all = list.parse((await scene.ask(token, 'GET', '/payments')).json);
    assert.deepEqual(
      all.map(({ id }) => id),
      [scene.b.order, scene.a.order],
    );
    const one = list.parse((await scene.ask(token, 'GET', '/payments?limit=1')).json);
    assert.deepEqual(
      one.map(({ id }) => id),
      [scene.b.order],
    );
    const [a] = all.slice(-1);
    for (const number of [a?.['id'], a?.['merchantOrderNo'], a?.['platformNo'], a?.['reference']]) {
      const found = list.parse((await scene.ask(token, 'GET', `/payments?number=${String(number)}`)).json);
      assert.deepEqual(
        found.map(({ id }) => id),
        [scene.a.order],
        String(number),
      );
    }
    assert.equal(list.parse((await scene.ask(token, 'GET', '/payments?state=failed')).json).length, 0);
    assert.equal(list.parse((await scene.ask(token, 'GET', '/payments?state=paid')).json).length, 2);
  });

  test('a state that a list does not have is a mistake that is named, not an empty list', async () => {
    const token = await scene.token('viewer');
    for (const [name, states] of Object.entries(listStates)) {
      const { status, json } = await scene.ask(token, 'GET', `/${name}?state=nonsense`);
      assert.equal(status, 400, name);
      assert.deepEqual(json, {
        error: { code: 'invalid-request', field: 'state', message: `one of ${states.join(', ')}` },
      });
      assert.equal((await scene.ask(token, 'GET', `/${name}?state=${states[0]}`)).status, 200, name);
    }
  });

  test('the document of new keys has all that its protocol needs', async () => {
    const token = await scene.token('admin');
    for (const [protocol, member] of [
      ['unified', 'context'],
      ['bestpay', 'merchantNo'],
    ] as const) {
      const body = { merchant: scene.a.merchant, protocol };
      const { json } = await scene.ask(token, 'POST', '/credentials', body);
      const { document } = z.object({ document: z.record(z.string(), z.unknown()) }).parse(json);
      assert.ok(document[member], `${protocol} ${member}`);
    }
  });

  test('hold the promised members: ids and amounts as text, times as ISO text, refunded beside the state', async () => {
    const [payment] = list.parse(
      (await scene.ask(await scene.token('viewer'), 'GET', `/payments?number=${scene.a.orderNo}`)).json,
    );
    assert.ok(payment);
    assert.deepEqual(payment['amount'], { minor: '20000', currency: 'IDR' });
    assert.deepEqual(payment['refunded'], { minor: '0', currency: 'IDR' });
    assert.equal(payment['merchant'], scene.a.merchant);
    assert.equal(payment['state'], 'paid');
    assert.match(String(payment['createdAt']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(String(payment['reference']), /^[0-9a-f]{32}$/);
  });

  test('a timeline tells the story in order, and the order is found by any of its numbers', async () => {
    const token = await scene.token('viewer');
    const shown = (await scene.ask(token, 'GET', `/orders/${scene.a.orderNo}`)).json as {
      id: string;
      timeline: { what: string; at: string }[];
    };
    assert.equal(shown.id, scene.a.order);
    const whats = shown.timeline.map(({ what }) => what);
    for (const what of ['created', 'attempt', 'event', 'move', 'notice', 'callback', 'review'])
      assert.ok(whats.includes(what), `${what} in ${whats.join()}`);
    assert.equal(whats[0], 'created');
    assert.deepEqual(
      shown.timeline.map(({ at }) => at),
      shown.timeline.map(({ at }) => at).toSorted(),
    );
  });
});

describe('money and keys by an operator', () => {
  test('funding is one balanced move; an overdraft lets a balance go below zero that far', async () => {
    const token = await scene.token('finance');
    const books = (await scene.ask(token, 'GET', '/ledger/check')).json as { balanced: boolean; findings: string[] };
    assert.deepEqual([books.balanced, books.findings], [true, []]);
    const moves = await rowsOf(
      scene.t.database,
      `select * from kanal.moves where reason = 'fund' and from_account = 'operator/funding'`,
    );
    assert.ok(moves.length > 0);
    await scene.ask(await scene.token('admin'), 'PATCH', `/merchants/${scene.a.merchant}`, {
      overdraft: { minor: '777', currency: 'IDR' },
    });
    const [floor] = await rowsOf(
      scene.t.database,
      `select floor from kanal.balances where account = 'merchant/${scene.a.merchant}/available' and currency = 'IDR'`,
    );
    assert.deepEqual(floor, { floor: -777n });
  });

  test('a rotated credential opens with both keys until the overlap is over; a disabled one with none', async () => {
    const token = await scene.token('admin');
    const made = (await scene.ask(token, 'POST', '/credentials', { merchant: scene.a.merchant, protocol: 'payin' }))
      .json as {
      id: string;
      shown: { apiKey: string };
    };
    const rotated = (await scene.ask(token, 'POST', `/credentials/${made.id}/rotate`, { overlapSeconds: 60 })).json as {
      shown: { apiKey: string };
    };
    assert.notEqual(rotated.shown.apiKey, made.shown.apiKey);
    const keysNow = () => {
      const row = scene.t.gate.directory().credentials.get(BigInt(made.id));
      assert.ok(row);
      const protocol = scene.t.keyring.keysOf(payin, 'credential', row);
      return protocol.secrets('apiKey');
    };
    assert.deepEqual(keysNow(), [rotated.shown.apiKey, made.shown.apiKey]);
    scene.t.pass(61_000);
    assert.deepEqual(keysNow(), [rotated.shown.apiKey]);
    await scene.ask(token, 'POST', `/credentials/${made.id}/disable`);
    assert.equal(
      scene.t.gate.directory().credentials.get(BigInt(made.id))?.state,
      'disabled',
      'at once, not after a refresh',
    );
  });

  test('a name or sender that is taken is a conflict; what does not exist is not found', async () => {
    const token = await scene.token('admin');
    const body = { merchant: scene.a.merchant, protocol: 'payin', sender: '4711' };
    assert.equal((await scene.ask(token, 'POST', '/credentials', body)).status, 200);
    assert.equal((await scene.ask(token, 'POST', '/credentials', body)).status, 409);
    for (const [method, path] of [
      ['GET', `/merchants/${nowhere}`],
      ['POST', `/credentials/${nowhere}/disable`],
      ['POST', `/channels/${nowhere}/disable`],
      ['DELETE', `/routes/${nowhere}`],
      ['DELETE', '/tokens/abc'],
      ['POST', `/notices/${nowhere}/resend`],
    ] as const)
      assert.equal((await scene.ask(token, method, path)).status, 404, path);
  });
});

test('in production there is no sandbox document', async () => {
  const production = await scene.ask(await scene.token('admin'), 'GET', '/sandbox', undefined, {}, 'production');
  assert.equal(production.status, 404);
});
