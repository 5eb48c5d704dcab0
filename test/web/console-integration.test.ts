/** Keys and the webhook tester of a merchant's own people: what is asked for, refused, counted and put on the record. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { languages } from '../../src/edge/samples/languages.ts';
import { noPublicAddress } from '../../src/edge/send.ts';
import { merchantProtocols } from '../../src/protocols/all.ts';
import { makeIntegrations } from '../../src/wiring/integrations.ts';
import { rowsOf } from '../gate.ts';
import { type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(() => c.close());

const receiver = 'https://shop.example.com/hook';
const pathOf = (tail: string) => `/console/integration/${c.scene.b.credential}${tail}`;

function secretsOfB(): string[] {
  const protocols = c.scene.t.facts.merchants[1]?.protocols;
  assert.ok(protocols);
  return [protocols.payin.apiKey, protocols.fufu.key, protocols.unified.headers['x-api-key'].split('.')[1] ?? ''];
}

describe('samples and keys', () => {
  test('every protocol of merchants has samples for what it can do, in every language or with a word why not', () => {
    for (const protocol of merchantProtocols) {
      const sets = protocol.samples?.({ baseUrl: 'https://pay.example.com', sender: 's', setting: () => null }) ?? [];
      assert.ok(sets.length > 0, protocol.name);
      for (const { programs } of sets) {
        const purposes = programs.map(({ purpose }) => purpose);
        const commands = new Set(protocol.endpoints.map(({ command }) => command));
        for (const [purpose, command] of [
          ['pay', 'pay'],
          ['refund', 'refund'],
          ['pay-out', 'pay-out'],
        ] as const)
          assert.equal(purposes.includes(purpose), commands.has(command), `${protocol.name} ${purpose}`);
        assert.ok(purposes.includes('query') && purposes.includes('notice'), protocol.name);
      }
    }
    assert.deepEqual(
      languages.map(({ name }) => name),
      ['curl', 'typescript', 'python', 'java', 'php'],
    );
  });

  test('no page of theirs has a secret in it, in any language of ours', async () => {
    const browser = await c.person('admin', c.scene.b.merchant);
    const credentials = [...c.desk.gate.directory().credentials.values()].filter(
      ({ merchantId }) => String(merchantId) === c.scene.b.merchant,
    );
    assert.ok(credentials.length >= 5);
    for (const { id } of credentials)
      for (const tail of ['', '?language=python', '?language=php&variant=SM2', '/keys', '/webhook']) {
        const { status, text } = await browser.get(`/console/integration/${id}${tail}`);
        assert.equal(status, 200);
        for (const secret of [...secretsOfB(), 'PRIVATE KEY-----'])
          assert.equal(text.includes(secret), false, `${id}${tail}`);
      }
  });

  test('asking for new keys is a request that somebody else decides', async () => {
    const browser = await c.person('admin', c.scene.b.merchant);
    const form = { hours: '48', why: 'a laptop is gone' };
    assert.equal((await browser.post(pathOf('/keys/rotate'), form)).status, 303);
    const [asked] = await rowsOf(
      c.scene.t.database,
      `select * from kanal.approvals where action = 'credential.rotate'`,
    );
    assert.equal(asked?.['state'], 'open');
    assert.equal((asked['detail'] as Record<string, string>)['credential'], c.scene.b.credential);
    assert.equal((await browser.post(`/console/approvals/${String(asked['id'])}/approved`)).status, 403);
    const theirs = `/console/integration/${c.scene.a.credential}/keys/rotate`;
    assert.equal((await browser.post(theirs, form)).status, 404);
    assert.equal(
      (await (await c.person('support', c.scene.b.merchant)).post(pathOf('/keys/rotate'), form)).status,
      403,
    );
  });
});

describe('the webhook tester', () => {
  test('takes https only, one address, and nothing that notices may not go to', async () => {
    const browser = await c.person('support', c.scene.b.merchant);
    for (const url of ['http://shop.example.com/hook', `${receiver},${receiver}`, ''])
      assert.equal((await browser.post(pathOf('/webhook'), { url })).status, 400, url);
  });

  test('shows what was sent and answered, writes down who sent it, and keeps nothing else', async () => {
    const { database } = c.scene.t;
    const count = async () => (await rowsOf(database, 'select count(*) as n from kanal.notices'))[0]?.['n'];
    const before = await count();
    const browser = await c.person('support', c.scene.b.merchant);
    const { status, text } = await browser.post(pathOf('/webhook'), { url: receiver });
    assert.equal(status, 200);
    for (const words of [
      'kanal-test: true</pre>',
      'webhook-signature: v1,',
      'TEST',
      '<code>404</code>',
      'would not count',
    ])
      assert.ok(text.includes(words), words);
    assert.equal(await count(), before);
    const [entry] = await rowsOf(
      database,
      `select detail from kanal.audit where action = 'notice.try' order by id desc`,
    );
    assert.ok(entry);
    assert.equal((entry['detail'] as Record<string, string>)['url'], receiver);
  });

  test('in every protocol a notice can be written, and what was signed is told', async () => {
    c.scene.t.pass(61_000);
    const credentials = [...c.desk.gate.directory().credentials.values()].filter(
      ({ merchantId }) => String(merchantId) === c.scene.b.merchant,
    );
    assert.deepEqual(
      credentials.map(({ protocol }) => protocol).sort(),
      merchantProtocols.map(({ name }) => name).sort(),
    );
    for (const { id, protocol } of credentials) {
      const tried = await c.desk.integrations.tryNotice(id, receiver);
      assert.match(tried.signedText ?? '', /TEST\d/, protocol);
      assert.match(tried.body, /TEST\d/, protocol);
      for (const secret of secretsOfB()) assert.equal(JSON.stringify(tried).includes(secret), false, protocol);
    }
  });

  test('says the same of a name that leads inside and of one that leads nowhere, after the same time', async () => {
    c.scene.t.pass(61_000);
    const { world } = c.scene.t;
    const tried = async (why: string, ms: number) => {
      const send: typeof world.send = () => {
        c.scene.t.pass(ms);
        return Promise.resolve({ kind: 'NOT_SENT', why });
      };
      const gate = { ...c.desk.gate, world: { ...world, send } };
      const { keyring, vault } = c.scene.t;
      const parts = { gate, keyring, vault, publicUrl: () => 'https://pay.example', isSandbox: false };
      const began = world.now();
      const { answer, tookMs, status } = await makeIntegrations(parts).tryNotice(
        BigInt(c.scene.b.credential),
        receiver,
      );
      return { answer, tookMs, status, took: world.now() - began };
    };
    const inside = await tried(noPublicAddress, 3);
    assert.deepEqual(inside, { answer: noPublicAddress, tookMs: 2_000, status: null, took: 2_000 });
    assert.deepEqual(await tried(noPublicAddress, 80), inside);
    assert.deepEqual(await tried('forbidden target: address is not public', 0), inside);
    assert.match((await tried('connect ECONNREFUSED 93.184.216.34:443', 5)).answer, /ECONNREFUSED/);
  });

  test('sends six in a minute for a merchant, whoever asks, and then waits', async () => {
    c.scene.t.pass(61_000);
    const people = [await c.person('support', c.scene.b.merchant), await c.person('admin', c.scene.b.merchant)];
    const statuses: number[] = [];
    for (let count = 0; count < 7; count += 1)
      statuses.push((await people[count % 2]?.post(pathOf('/webhook'), { url: receiver }))?.status ?? 0);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200, 409]);
    c.scene.t.pass(61_000);
    assert.equal((await people[0]?.post(pathOf('/webhook'), { url: receiver }))?.status, 200);
  });
});
