/** Secrets are shown when they are made, and by nothing else: no list, no timeline, no error, no audit entry, no table (T093, T094). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { canaries } from '../canaries.ts';
import { rowsOf } from '../gate.ts';
import { routeNamed, sampledRoutes, sampleOf } from './operator-requests.ts';
import { type OperatorScene, operatorScene } from './operator-scene.ts';

let scene: OperatorScene;
const planted: Record<string, string> = { 'channel key': 'canary-channel-key-0123456789' };

before(async () => {
  scene = await operatorScene();
  const token = await scene.token('admin');
  for (const merchant of scene.t.facts.merchants) {
    planted[`${merchant.name}'s payin key`] = merchant.protocols.payin.apiKey;
    planted[`${merchant.name}'s webhook secret`] = merchant.webhookSecret;
    planted[`${merchant.name}'s unified key`] = merchant.protocols.unified.headers['x-api-key'].split('.')[1] ?? '';
  }
  const ask = { merchant: scene.a.merchant, protocol: 'payin' };
  const issued = (await scene.ask(token, 'POST', '/credentials', ask)).json as { shown: { apiKey: string } };
  planted['issued key'] = issued.shown.apiKey;
  await scene.ask(token, 'POST', '/credentials', { ...ask, key: 'canary-imported-key-987' });
  planted['imported key'] = 'canary-imported-key-987';
  planted['operator token'] = token;
});
after(() => scene.close());

/** Routes whose answer shows what was just made. */
const showing = new Set([
  'POST /admin/v1/merchants/{id}/webhook-secret',
  'POST /admin/v1/merchants',
  'POST /admin/v1/credentials',
  'POST /admin/v1/credentials/{id}/rotate',
  'POST /admin/v1/tokens',
]);

test('no answer holds a secret that was made before', async () => {
  const outputs: Record<string, string> = {};
  for (const name of sampledRoutes) {
    const route = routeNamed(name);
    const { path, body } = await sampleOf(scene, name, scene.a);
    const { text } = await scene.ask(await scene.token('admin'), route.method, path, body);
    outputs[name] = text;
    if (!showing.has(name)) assert.ok(!/whsec_|kop_/.test(text), name);
  }
  assert.ok(Object.keys(outputs).length > 30);
  assert.deepEqual(canaries(planted).leaksIn(outputs), []);
});

test('errors do not repeat what was given', async () => {
  const token = await scene.token('admin');
  const secret = 'canary with blanks 0123456789';
  const pem =
    '-----BEGIN PRIVATE KEY-----\nY2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5\n-----END PRIVATE KEY-----';
  const ask = { merchant: scene.a.merchant, protocol: 'payin' };
  const answers = {
    'a key that does not fit': await scene.ask(token, 'POST', '/credentials', { ...ask, key: secret }),
    'a key under a wrong name': await scene.ask(token, 'POST', '/credentials', { ...ask, keys: { nokey: secret } }),
    'a private key': await scene.ask(token, 'POST', '/credentials', { ...ask, publicKey: pem }),
    'an unknown member': await scene.ask(token, 'POST', '/channels', { ...ask, password: secret }),
  };
  for (const [name, { status }] of Object.entries(answers)) assert.equal(status, 400, name);
  const texts = Object.fromEntries(Object.entries(answers).map(([name, { text }]) => [name, text]));
  assert.deepEqual(canaries({ secret, 'a line of the key': pem }).leaksIn(texts), []);
});

test('a dump of the database holds none of them in clear', async () => {
  const outputs: Record<string, string> = {};
  for (const table of ['merchants', 'credentials', 'channels', 'operator_tokens', 'settings', 'audit'])
    outputs[table] = JSON.stringify(await rowsOf(scene.t.database, `select to_jsonb(t) as row from kanal.${table} t`));
  assert.deepEqual(canaries(planted).leaksIn(outputs), []);
});

test('signatures inside raw callbacks are masked', async () => {
  const token = await scene.token('viewer');
  for (const path of ['/callbacks', `/orders/${scene.a.order}`]) {
    const { text } = await scene.ask(token, 'GET', path);
    assert.ok(!text.includes('S3CR3T') && !text.includes('0123456789abcdef'), path);
    assert.ok(text.includes('***'), path);
  }
});
