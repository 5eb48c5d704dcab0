/** Statements in the console: handed in by finance, seen by everybody, exported, learnt only by a second person (T062). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { trialBalance } from '../../src/store/ledger.ts';
import { fileLimit, maxFileBytes } from '../../src/web/statement-file.ts';
import { rowsOf } from '../gate.ts';
import { type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(async () => {
  const books = await trialBalance(c.scene.t.database.owner);
  await c.close();
  assert.deepEqual(books.findings, []);
});

const header = 'kind,reference,upstream_no,amount,currency,state,at,fee';
const day = '2026-01-15';
const channelId = () =>
  String([...c.scene.t.gate.directory().channels.values()].find(({ protocol }) => protocol === 'payin')?.id);

async function address(): Promise<string> {
  const { text } = await (await c.person('finance')).get('/console/reconciliation');
  const [, path = ''] = /action="(\/console\/statement-files\/[^"]+)"/.exec(text) ?? [];
  assert.notEqual(path, '');
  return path;
}

test('finance hands a file in, sees what differs with links to order and review, and takes it along', async () => {
  const finance = await c.person('finance');
  const [paid] = await rowsOf(c.scene.t.database, `select reference from kanal.payments where id = ${c.scene.a.order}`);
  const file = [
    header,
    `payment,${String(paid?.['reference'])},,19999,IDR,paid,,`,
    'payment,NOBODYS-1,,500,IDR,paid,,',
  ];
  const handed = await finance.upload(await address(), { channel: channelId(), day }, file.join('\n'));
  assert.equal(handed.status, 303, handed.text);
  const [place = ''] = (handed.headers['location'] ?? '').split('?');
  const page = await finance.get(place);
  assert.equal(page.status, 200);
  for (const seen of [`/console/orders/${c.scene.a.order}`, '/console/reviews/', `${place}/learn`])
    assert.ok(page.text.includes(seen), seen);
  const viewer = await c.person('viewer');
  const seen = await viewer.get(place);
  assert.equal(seen.status, 200);
  assert.ok(!seen.text.includes(`${place}/learn`) && !seen.text.includes(`${place}/compare`));
  const [review = ''] = /\/console\/reviews\/\d+/.exec(page.text) ?? [];
  assert.match((await finance.get(review)).text, /Whose task it is<\/dt><dd>Finance</);
  const { text: order } = await finance.get(`/console/orders/${c.scene.a.order}`);
  const members = [...order.matchAll(/<p class="rest">.*?<\/p>/gs)].join('');
  assert.match(members, /Whose task it is Finance/);
  assert.doesNotMatch(members, /\{(?:"|&quot;|&#34;)/, 'in words, not as it is stored');
  const list = (await finance.get('/console/reconciliation')).text;
  assert.ok(list.includes('name="channel"') && !list.includes('name="merchant"'), 'a statement is of no merchant');
  const { text } = await finance.get('/console/differences/export/csv');
  assert.match(text, /"unknown-here","payment",500,"IDR"/);
  assert.match(text, /amount-differs/);
  const [run] = await rowsOf(c.scene.t.database, `select * from kanal.reconciliations`);
  assert.match(String(run?.['begun_by']), /^finance/);
  assert.equal(run?.['learnt_by'], null);
  const again = await finance.post(`${place}/compare`);
  assert.equal(again.status, 303, again.text);
  assert.equal((await rowsOf(c.scene.t.database, 'select id from kanal.differences')).length, 2);
});

test('a bad file is refused by the number of its line, and nothing is stored', async () => {
  const finance = await c.person('finance');
  const path = await address();
  const count = async () => (await rowsOf(c.scene.t.database, 'select id from kanal.reconciliations')).length;
  const before = await count();
  for (const [file, why] of [
    [`${header}\npayment,R,,1,IDR,paid,,\npayment,R,,1.5,IDR,paid,,`, /line 3/i],
    ['kind,amount\npayment,1', /line 1/i],
    ['', /file|missing/i],
  ] as const) {
    const { status, text } = await finance.upload(path, { channel: channelId(), day }, file);
    assert.equal(status, 400);
    assert.match(text, why);
  }
  assert.equal((await finance.post(path, { channel: channelId(), day })).status, 400);
  assert.equal(await count(), before);
});

test('only an address of ours takes more than a form, and for an hour', async () => {
  const { t } = c.scene;
  const path = await address();
  assert.equal(fileLimit(t.gate, path), maxFileBytes);
  assert.equal(fileLimit(t.gate, path.replace('/console/', '/admin/v1/')), maxFileBytes);
  assert.equal(fileLimit(t.gate, `${path.slice(0, -1)}${path.endsWith('A') ? 'E' : 'A'}`), null);
  assert.equal(fileLimit(t.gate, '/console/statement-files/9999999999999/x'), null);
  t.pass(3_600_001);
  assert.equal(fileLimit(t.gate, path), null);
});
