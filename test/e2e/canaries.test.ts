/**
 * Secrets planted in a whole gateway, and looked for in everything that comes out: log, replies to mistakes, operator lists and
 * timelines, metrics, and the database itself (T093, T094).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rawSql } from '../../src/store/database.ts';
import { type Canaries, canaries, type Output } from '../canaries.ts';
import { freshNo, newMerchant, type Scene, type SceneMerchant, shown, startScene } from './harness.ts';
import { member, request, textAt, until } from './http.ts';

let s: Scene;
let poor: SceneMerchant;
let planted: Canaries;
/** In the database these may stand sealed, hashed or as what they are, but keys never in clear. */
let keysOnly: Canaries;
const outputs: Record<string, string> = {};

/** Beneficiaries' accounts must not be in the log either; lists of operators show them masked or not at all. */
const account = '7340912855601';

before(async () => {
  s = await startScene({ flags: { 'log-level': 'debug' } });
  poor = await newMerchant(s, { payouts: true });
  const channels = s.gateway.sandbox?.facts.channels ?? [];
  const secrets = {
    'payin key of A': s.a.payin.keys.apiKey,
    'unified secret of A': (s.a.unified.keys.headers['x-api-key'] ?? '').split('.')[1] ?? '',
    'payin key of a new merchant': poor.payin.keys.apiKey,
    'unified secret of a new merchant': (poor.unified.keys.headers['x-api-key'] ?? '').split('.')[1] ?? '',
    'webhook secret of A': s.a.webhookSecret.replace('whsec_', ''),
    'webhook secret of a new merchant': poor.webhookSecret.replace('whsec_', ''),
    'operator token': s.token,
    ...Object.fromEntries(
      channels
        .filter(({ protocol }) => protocol === 'payin' || protocol === 'bluepay')
        .flatMap(({ protocol, secrets: own }) =>
          Object.entries(own).map(([name, value]) => [`${protocol} channel ${name}`, value] as const),
        ),
    ),
  };
  keysOnly = canaries(secrets);
  planted = canaries({ ...secrets, 'account of a beneficiary': account });
  await aDay();
});
after(() => s.stop());

/** Good and bad requests of all kinds; replies to mistakes are kept. */
async function aDay(): Promise<void> {
  const hook = `${s.receiver.url}/n/canary`;
  for (const merchant of [s.a.payin, s.a.unified, poor.payin, poor.unified]) {
    const told = await merchant.pay(freshNo(), 20_000, hook);
    await s.twin(merchant.twin).pay({ code: told.payCode });
  }
  const out = { accountNo: account };
  const loan = {
    ...(member(s.a.unified.payOutMembers('x', 1, hook), 'channelSpecialParams') as object),
    payeeAccount: account,
  };
  await s.a.payin.payOut(freshNo(), 20_000, hook, out);
  await s.a.unified.payOut(freshNo(), 20_000, hook, { channelSpecialParams: loan });
  outputs['reply: insufficient funds'] = (await poor.payin.payOut(freshNo(), 20_000_000, hook, out)).raw;
  outputs['reply: bad member'] = (await s.a.payin.pay(freshNo(), 20_000, 'not a url')).raw;
  outputs['reply: wrong sign'] = (
    await s.a.payin.send('payIn', '{}', [
      ['content-type', 'application/json'],
      ['MerchantId', s.a.payin.keys.merchantId],
      ['Sign', 'x'],
    ])
  ).text;
  outputs['reply: unauthorized'] = (
    await s.a.unified.send('loan', '{}', [
      ['content-type', 'application/json'],
      ['x-api-key', `${(s.a.unified.keys.headers['x-api-key'] ?? '').slice(0, -1)}`],
    ])
  ).text;
  outputs['reply: operator refused'] = (
    await request('GET', `${s.url}/admin/v1/merchants`, [['authorization', `Bearer ${s.token}0`]])
  ).text;
  outputs['reply: not JSON'] = (await s.operator.call('POST', '/merchants', 'x')).text;
  await s.twin('payin').plan({}, [{ kind: 'down' }]);
  outputs['reply: channel away'] = (await s.a.payin.payOut(freshNo(), 20_000, hook, out)).raw;
  await s.twin('payin').call('DELETE', 'plan');
  for (const { id, protocol } of s.gateway.sandbox?.facts.channels ?? []) {
    outputs[`reply: callback to ${protocol}`] = (await request('GET', `${s.url}/listen/${id}?cmd=CFM&encrypt=x`)).text;
    await request(
      'POST',
      `${s.url}/listen/${id}`,
      [
        ['content-type', 'application/json'],
        ['sign', 'x'],
      ],
      '{"a":1}',
    );
  }
  await until('all told', () => s.receiver.at('/n/canary').length >= 6);
}

function assertClean(found: Canaries, where: Output): void {
  assert.deepEqual(found.leaksIn(where), []);
}

describe('secrets stay inside', () => {
  test('of replies to mistakes', () => assertClean(planted, outputs));

  test('of the log, at its most talkative', () => {
    assert.ok(s.log.length > 0);
    assertClean(planted, { log: s.log.join('\n') });
  });

  test('of operator lists, timelines, documents and metrics', async () => {
    const pages: Record<string, string> = {};
    for (const path of [
      '/merchants',
      '/credentials',
      '/channels',
      '/routes',
      '/protocols',
      '/tokens',
      '/audit',
      '/openapi.json',
      '/payments',
      '/payouts',
      '/attempts',
      '/notices',
      '/callbacks',
      '/reviews',
      '/ledger/check',
    ])
      pages[path] = (await s.operator.call('GET', path)).text;
    for (const kind of ['payments', 'payouts'])
      for (const order of await s.operator.list(kind, '?limit=20'))
        pages[`order ${textAt(order, 'id')}`] = JSON.stringify(await shown(s, textAt(order, 'id')));
    pages['metrics'] = (await request('GET', `${s.url}/metrics`)).text;
    pages['health'] = (await request('GET', `${s.url}/health/ready`)).text;
    assert.ok(Object.values(pages).every((text) => text.length > 1));
    assertClean(planted, pages);
  });

  test('of every row of the gateway’s tables: keys are sealed, tokens hashed', async () => {
    const tables = await s.database.owner.run<{ name: string }>(
      rawSql(
        `select table_name as name from information_schema.tables where table_schema = 'kanal' and table_type = 'BASE TABLE'`,
      ),
    );
    assert.ok(tables.length > 15);
    const dump: Record<string, string> = {};
    for (const { name } of tables) {
      const rows = await s.database.owner.run<{ row: string }>(rawSql(`select t::text as row from kanal.${name} t`));
      dump[name] = rows.map(({ row }) => row).join('\n');
    }
    assert.ok((dump['credentials'] ?? '').length > 100);
    assertClean(keysOnly, dump);
  });

  test('and are found when one is out: the search itself works', () => {
    assert.equal(planted.leaksIn({ page: `<p>${s.a.payin.keys.apiKey}</p>` }).length, 1);
    assert.equal(keysOnly.leaksIn({ dump: Buffer.from(s.token).toString('hex') }).length, 1);
  });
});
