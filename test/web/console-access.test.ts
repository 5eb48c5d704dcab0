/** Two names are not two persons: who may let whom in, and who may then decide with whom (T039, T089). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { issueToken } from '../../src/flows/administer.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import { insertToken, roles } from '../../src/store/tokens.ts';
import { codeAt, stepAt } from '../../src/web/console/totp.ts';
import { ownerToken } from '../../src/wiring/owner-token.ts';
import { rowsOf } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene, type Page } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(async () => {
  const { findings } = await verifyAudit(c.scene.t.database.owner);
  await c.close();
  assert.deepEqual(findings, []);
});

const password = 'correct horse battery';
const dayMs = 24 * 3_600_000;

async function one(text: string): Promise<Record<string, unknown>> {
  const [row] = await rowsOf(c.scene.t.database, text);
  return row ?? {};
}

const userId = async (name: string) =>
  String((await one(`select id from kanal.console_users where name = '${name}'`))['id']);
const count = async (what: string) => Number((await one(`select count(*)::int as n from kanal.${what}`))['n']);

function codeOn({ text }: Page): string {
  return /<pre class="secret">((?:[A-Z0-9]{5}-?){4})<\/pre>/.exec(text)?.[1] ?? assert.fail('no code on the page');
}

function bytesOf(secret: string): Buffer {
  const bits = secret
    .split('')
    .map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'));
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Uses a one-time code as its owner, or whoever saw it. */
async function settled(name: string, setupCode: string): Promise<Browser> {
  const browser = c.visitor();
  await browser.post('/console/sign-in', { user: name, password: setupCode });
  const { text } = await browser.get('/console/setup');
  const secret = bytesOf(/<code class="secret">([A-Z2-7]+)</.exec(text)?.[1] ?? assert.fail('no secret'));
  const code = codeAt(secret, stepAt(c.scene.t.world.now()));
  assert.equal((await browser.post('/console/setup', { password, again: password, code })).status, 303);
  return browser;
}

async function newest(): Promise<string> {
  return String((await one('select id from kanal.approvals order by id desc limit 1'))['id']);
}

async function agree(by: Browser): Promise<Page> {
  return by.post(`/console/approvals/${await newest()}/approved`);
}

const fee = { merchant: '*', method: 'qr', currency: 'CNY', fixed: '1', percent: '0', least: '0', most: '', why: 'x' };

let founder: Browser;

describe('an installation with one admin', () => {
  test('lets the second person in without another, and the two are one hand for a day', async () => {
    founder = await c.person('admin');
    const made = await founder.post('/console/users', { name: 'second', role: 'approver' });
    assert.equal(made.status, 200, made.text);
    const second = await settled('second', codeOn(made));
    await founder.post('/console/fees', fee);
    const refused = await agree(second);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /let the other in less than a day ago/);
    assert.equal((await one(`select state from kanal.approvals where id = ${await newest()}`))['state'], 'open');
    assert.equal((await second.post(`/console/approvals/${await newest()}/refused`)).status, 303, 'no takes one');
  });

  test('from then on a money role takes two, whatever becomes of the second', async () => {
    const before = await count('console_users');
    const id = await userId('second');
    for (const state of ['active', 'disabled'] as const) {
      if (state === 'disabled') await founder.post(`/console/users/${id}/state`, { state });
      for (const role of ['finance', 'approver', 'admin'])
        assert.equal((await founder.post('/console/users', { name: 'puppet', role, why: 'alone' })).status, 303, role);
    }
    assert.equal(
      (await founder.post(`/console/users/${id}/role`, { role: 'viewer' })).status,
      303,
      'lowering takes one',
    );
    assert.equal((await founder.post('/console/users', { name: 'puppet', role: 'admin', why: 'alone' })).status, 303);
    assert.equal(await count('console_users'), before);
    assert.equal((await founder.post('/console/users', { name: 'reader', role: 'support' })).status, 200);
  });

  test('after a day they are two', async () => {
    c.scene.t.pass(dayMs);
    const [asker, second] = [await c.person('admin'), await c.person('approver')];
    const [mine, theirs] = ['admin-2', 'approver-3'];
    const by = await userId(mine);
    const at = c.scene.t.world.now() - dayMs;
    await rowsOf(
      c.scene.t.database,
      `update kanal.console_users set access_by = '{${by}}', access_at = ${at} where name = '${theirs}' returning id`,
    );
    await asker.post('/console/fees', fee);
    assert.equal((await agree(second)).status, 303);
  });
});

describe('a money role', () => {
  test('is given by two; the code is shown to whoever agreed, who cannot decide with the new one either', async () => {
    const [asker, other] = [await c.person('admin'), await c.person('approver')];
    const asked = await asker.post('/console/users', { name: 'third', role: 'approver', why: 'joins' });
    assert.match(decodeURIComponent(asked.headers['location'] ?? ''), /note=/);
    assert.equal((await agree(asker)).status, 403);
    const shown = await agree(other);
    const third = await settled('third', codeOn(shown));
    for (const maker of [asker, other]) {
      await maker.post('/console/fees', fee).then(({ status }) => assert.ok(status === 303 || status === 403));
      if (maker === asker) assert.equal((await agree(third)).status, 403);
    }
    await (await c.person('finance')).post('/console/fees', fee);
    assert.equal((await agree(third)).status, 303, 'with anybody else it can');
    const actions = await rowsOf(c.scene.t.database, `select actor, action from kanal.audit order by id desc limit 40`);
    const added = actions.find(({ action }) => action === 'user.add');
    assert.match(String(added?.['actor']), /^admin-\d+, approver-\d+$/);
  });

  test('two whom the same one let in are one hand too', async () => {
    const maker = await userId('admin-2');
    const [b, d] = [await c.person('finance'), await c.person('approver')];
    const last = await rowsOf(c.scene.t.database, 'select name from kanal.console_users order by id desc limit 2');
    const names = last.map(({ name }) => `'${String(name)}'`).join(', ');
    await rowsOf(
      c.scene.t.database,
      `update kanal.console_users set access_by = '{${maker}}', access_at = ${c.scene.t.world.now()} where name in (${names}) returning id`,
    );
    await b.post('/console/fees', fee);
    assert.equal((await agree(d)).status, 403);
  });

  test('by raising it takes two and a new way in; within what one has already, or downwards, one', async () => {
    const [asker, other] = [await c.person('admin'), await c.person('admin')];
    const made = await asker.post('/console/users', { name: 'riser', role: 'viewer' });
    const old = codeOn(made);
    const id = await userId('riser');
    assert.equal((await asker.post(`/console/users/${id}/role`, { role: 'approver' })).status, 400, 'with a reason');
    await asker.post(`/console/users/${id}/role`, { role: 'approver', why: 'promoted' });
    assert.equal((await one(`select role from kanal.console_users where id = ${id}`))['role'], 'viewer');
    const shown = await agree(other);
    assert.equal((await c.visitor().post('/console/sign-in', { user: 'riser', password: old })).status, 401);
    const riser = await settled('riser', codeOn(shown));
    await asker.post(`/console/users/${id}/role`, { role: 'admin', why: 'promoted again' });
    const own = await agree(riser);
    assert.equal(own.status, 403);
    assert.match(own.text, /access of their own/);
    assert.equal((await asker.post(`/console/users/${id}/role`, { role: 'finance' })).status, 303);
    assert.equal((await one(`select role from kanal.console_users where id = ${id}`))['role'], 'finance');
    assert.match((await riser.get('/console')).headers['location'] ?? '', /sign-in/, 'at once');
  });

  test('of somebody who has one is not renewed by one', async () => {
    const asker = await c.person('admin');
    const id = await userId('third');
    const before = await one(`select password, totp from kanal.console_users where id = ${id}`);
    assert.equal((await asker.post(`/console/users/${id}/renew`)).status, 400);
    assert.equal((await asker.post(`/console/users/${id}/renew`, { why: 'lost the phone' })).status, 303);
    assert.deepEqual(await one(`select password, totp from kanal.console_users where id = ${id}`), before);
  });

  test('a request of somebody who may not ask any more, or is not let in, is not agreed to', async () => {
    const lowered = await c.person('finance');
    const { id: lowerId } = await one('select id from kanal.console_users order by id desc limit 1');
    await lowered.post('/console/fees', fee);
    await (await c.person('admin')).post(`/console/users/${String(lowerId)}/role`, { role: 'support' });
    assert.equal((await agree(await c.person('approver'))).status, 403);
    const asker = await c.person('finance');
    const { id, name } = await one('select id, name from kanal.console_users order by id desc limit 1');
    assert.match(String(name), /^finance-/);
    await asker.post('/console/fees', fee);
    await (await c.person('admin')).post(`/console/users/${String(id)}/state`, { state: 'disabled' });
    const { status, text } = await agree(await c.person('approver'));
    assert.equal(status, 403);
    assert.match(text, /may not ask any more/);
  });
});

describe('over the operator API', () => {
  test('the data folder’s token is its owner’s, also where it was made before owners were told apart', async () => {
    const { gate, vault, world, database } = c.scene.t;
    const made = await ownerToken(gate.db, vault, world);
    await rowsOf(database, `update kanal.operator_tokens set is_owner = false where is_owner returning id`);
    const ask = (name: string) => c.scene.ask(made, 'POST', '/users', { name, role: 'approver' });
    assert.equal((await ask('before-start')).status, 403);
    assert.equal(await ownerToken(gate.db, vault, world), made);
    assert.equal((await ask('after-start')).status, 200);
  });

  for (const role of roles)
    test(`a token makes ${role}s only where that takes one; the folder's own makes any`, async () => {
      const { gate, world } = c.scene.t;
      const ask = { name: 'owner of the data folder', role: 'admin', merchantId: null } as const;
      const { token } = await issueToken({ gate }, 'test', ask);
      const wanted = role === 'viewer' || role === 'support' ? 200 : 403;
      const name = `api-${role}`;
      assert.equal((await c.scene.ask(token, 'POST', '/users', { name, role })).status, wanted);
      assert.equal((await c.scene.ask(token, 'POST', '/tokens', { name, role })).status, wanted);
      const own = `kop_${Buffer.from(world.nonce(32)).toString('base64url')}`;
      const row = { ...ask, id: world.newId(), createdAt: BigInt(world.now()), isOwner: true };
      await insertToken(gate.db, row, own);
      assert.equal((await c.scene.ask(own, 'POST', '/users', { name: `own-${role}`, role })).status, 200);
      for (const verb of ['renew', 'disable', 'enable']) {
        const { status } = await c.scene.ask(token, 'POST', `/users/own-${role}/${verb}`);
        assert.equal(status, verb === 'disable' ? 200 : wanted, verb);
      }
      assert.equal((await c.scene.ask(own, 'POST', `/users/own-${role}/renew`)).status, 200);
      const by = await rowsOf(
        c.scene.t.database,
        `select actor from kanal.audit where action = 'user.change' order by id desc limit 1`,
      );
      const isByToken = wanted === 200 || by[0]?.['actor'] === `token ${ask.name}`;
      assert.ok(isByToken, 'a token is told apart from a person of its name');
    });
});
