/** Four eyes: what moves money takes two persons, and happens as it was written down (T039). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changeMerchant } from '../../src/flows/administer.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import { answering, payoutAnswer, payOutAsk, rowsOf, silence } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(async () => {
  const books = await trialBalance(c.scene.t.database.owner);
  const chain = await verifyAudit(c.scene.t.database.owner);
  await c.close();
  assert.deepEqual([books.findings, chain.findings], [[], []]);
});

/** The newest request, whoever made it. */
async function newest(): Promise<Record<string, unknown>> {
  const [row] = await rowsOf(
    c.scene.t.database,
    'select id, state, result, action from kanal.approvals order by id desc limit 1',
  );
  return row ?? assert.fail('nobody asked for anything');
}

async function decide(by: Browser, what: 'approved' | 'refused') {
  const { id } = await newest();
  return by.post(`/console/approvals/${String(id)}/${what}`);
}

const fee = {
  merchant: '*',
  method: 'qr',
  currency: 'CNY',
  fixed: '1.00',
  percent: '0.5',
  least: '0',
  most: '',
  why: 'new tariff',
};

function feeOfCny() {
  return c.scene.t.gate.directory().fees.find(({ method, currency }) => method === 'qr' && currency === 'CNY');
}

describe('what takes two persons', () => {
  test('nothing happens by asking, nor by the same person agreeing', async () => {
    const asker = await c.person('admin');
    assert.equal((await asker.post('/console/fees', fee)).status, 303);
    assert.equal((await decide(asker, 'approved')).status, 403);
    assert.equal((await newest())['state'], 'open');
    assert.equal(feeOfCny(), undefined);
  });

  test('another person agrees, once', async () => {
    const approver = await c.person('approver');
    assert.equal((await decide(approver, 'approved')).status, 303);
    assert.equal(feeOfCny()?.fixed, 100n);
    assert.equal((await decide(await c.person('approver'), 'approved')).status, 409);
  });

  test('what was refused does not happen', async () => {
    await (await c.person('finance')).post('/console/fees', { ...fee, fixed: '9.99' });
    assert.equal((await decide(await c.person('approver'), 'refused')).status, 303);
    assert.equal(feeOfCny()?.fixed, 100n);
  });

  test('the database itself refuses one person in both places', async () => {
    await (await c.person('finance')).post('/console/fees', fee);
    const { id } = await newest();
    await assert.rejects(
      c.scene.t.database.owner.run({
        text: `update kanal.approvals set state = 'approved', decided_by = asked_by where id = ${String(id)}`,
        values: [],
      }),
      /approvals_two_persons/,
    );
  });

  test('without a reason nothing is asked', async () => {
    const before = (await newest())['id'];
    assert.equal((await (await c.person('finance')).post('/console/fees', { ...fee, why: ' ' })).status, 400);
    assert.equal((await newest())['id'], before);
  });

  test('new keys are shown to whoever agreed, once, and never in the list', async () => {
    const { a } = c.scene;
    await (await c.person('admin')).post(`/console/credentials/${a.credential}/rotate`, { hours: '1', why: 'leaver' });
    const approver = await c.person('admin');
    const { status, text } = await decide(approver, 'approved');
    assert.equal(status, 200);
    const [, key = ''] = /<pre class="secret">([^<]{20,})<\/pre>/.exec(text) ?? [];
    assert.ok(key.length >= 32);
    assert.equal((await approver.get('/console/approvals')).text.includes(key), false);
  });
});

describe('an outcome by hand', () => {
  async function unknownPayout(): Promise<string> {
    const { t } = c.scene;
    t.script(silence({ kind: 'unknown', why: 'cut' }));
    const ask = payOutAsk();
    const caller = t.caller(0, 'payin');
    await payOut(t.gate, caller, ask, Buffer.from(ask.orderNo));
    const [row] = await rowsOf(t.database, `select id, state from kanal.payouts where order_no = '${ask.orderNo}'`);
    assert.equal(row?.['state'], 'unknown');
    return String(row?.['id']);
  }

  async function stateOf(id: string): Promise<unknown> {
    const [row] = await rowsOf(c.scene.t.database, `select state from kanal.payouts where id = ${id}`);
    return row?.['state'];
  }

  test('goes through the one door: state, posting and notice, under both names', async () => {
    const id = await unknownPayout();
    await (await c.person('finance')).post(`/console/orders/${id}/outcome`, {
      outcome: 'failed',
      why: 'statement of the 14th',
    });
    assert.equal(await stateOf(id), 'unknown');
    assert.equal((await decide(await c.person('approver'), 'approved')).status, 303);
    assert.equal(await stateOf(id), 'failed');
    const moves = await rowsOf(
      c.scene.t.database,
      `select reason from kanal.moves where object_id = ${id} order by reason`,
    );
    assert.deepEqual(
      moves.map(({ reason }) => reason),
      ['hold', 'release'],
    );
    const notices = await rowsOf(c.scene.t.database, `select event from kanal.notices where object_id = ${id}`);
    assert.deepEqual(
      notices.map(({ event }) => event),
      ['payout.failed'],
    );
  });

  test('what the channel has decided meanwhile stays', async () => {
    const id = await unknownPayout();
    await (await c.person('finance')).post(`/console/orders/${id}/outcome`, { outcome: 'failed', why: 'so they say' });
    c.scene.t.script(answering('query-payout', payoutAnswer({ state: 'paid' })));
    await (await c.person('support')).post(`/console/orders/${id}/query`);
    assert.equal(await stateOf(id), 'succeeded');
    assert.equal((await decide(await c.person('approver'), 'approved')).status, 409);
    assert.equal(await stateOf(id), 'succeeded');
    assert.match(String((await newest())['result']), /^not done/);
  });
});

describe('a payout above the limit', () => {
  async function held(): Promise<string> {
    const { t } = c.scene;
    const ask = payOutAsk();
    const caller = t.caller(0, 'payin');
    await changeMerchant(c.desk, 'test', caller.merchant.id, {
      settings: { 'payoutLimit.IDR': '49999' },
    });
    const { state } = await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
    assert.equal(state, 'pending');
    const [row] = await rowsOf(t.database, `select id, state from kanal.payouts where order_no = '${ask.orderNo}'`);
    assert.equal(row?.['state'], 'requested');
    return String(row?.['id']);
  }

  async function stateOf(id: string): Promise<unknown> {
    const [row] = await rowsOf(c.scene.t.database, `select state from kanal.payouts where id = ${id}`);
    return row?.['state'];
  }

  const payouts = () => c.scene.t.calls.filter(({ command }) => command === 'pay-out').length;

  test('is held: no call, no query, the money set aside, until two persons agree', async () => {
    const { t } = c.scene;
    const before = t.calls.length;
    const id = await held();
    const [row] = await rowsOf(t.database, `select home, id as "objectId" from kanal.payouts where id = ${id}`);
    await lookAgain(t.gate, { home: Number(row?.['home']), objectId: BigInt(id), kind: 'payout', tries: 0 });
    assert.equal(t.calls.length, before);
    assert.equal(await stateOf(id), 'requested');
    const asker = await c.person('finance');
    const seen = (await asker.get(`/console/orders/${id}`)).text;
    assert.match(seen, /Held, not sent: /);
    assert.doesNotMatch(seen, /Sent to |\/query"/);
    await asker.post(`/console/orders/${id}/held`, { what: 'send', why: 'seen the invoice' });
    // Whoever decides sees which order it is, and how much: in the row and in the question.
    const shown = (await (await c.person('approver')).get('/console/approvals')).text;
    const [named] = await rowsOf(t.database, `select order_no as no from kanal.payouts where id = ${id}`);
    const orderNo = String(named?.['no']);
    assert.match(shown, new RegExp(`>${orderNo}</a> Rp[\\s\u00a0]`));
    assert.match(shown, new RegExp(`${orderNo}, Rp`));
    assert.equal((await decide(asker, 'approved')).status, 403);
    assert.equal(t.calls.length, before);
    t.script(answering('pay-out', payoutAnswer({ state: 'paid' })));
    assert.equal((await decide(await c.person('approver'), 'approved')).status, 303);
    assert.equal(await stateOf(id), 'succeeded');
  });

  test('goes out once, however often it is agreed to', async () => {
    const id = await held();
    const before = payouts();
    for (let i = 0; i < 2; i++)
      await (await c.person('finance')).post(`/console/orders/${id}/held`, { what: 'send', why: 'twice' });
    const open = await rowsOf(
      c.scene.t.database,
      `select id from kanal.approvals where state = 'open' and action = 'payout.send'`,
    );
    assert.equal(open.length, 2);
    const approver = await c.person('approver');
    const answers = await Promise.all(
      open.map(({ id: one }) => approver.post(`/console/approvals/${String(one)}/approved`)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).sort((a, b) => a - b),
      [303, 409],
    );
    assert.equal(payouts(), before + 1);
  });

  test('that the channel refuses, or two persons do, frees the money and is told', async () => {
    const { t } = c.scene;
    for (const [what, script] of [
      ['send', silence({ kind: 'not-sent', why: 'down' })],
      ['refuse', silence({ kind: 'unknown', why: 'must not be called' })],
    ] as const) {
      t.script(script);
      const id = await held();
      await (await c.person('finance')).post(`/console/orders/${id}/held`, { what, why: 'decided' });
      assert.equal((await decide(await c.person('approver'), 'approved')).status, 303);
      assert.equal(await stateOf(id), 'failed', what);
      const notices = await rowsOf(t.database, `select event from kanal.notices where object_id = ${id}`);
      assert.deepEqual(
        notices.map(({ event }) => event),
        ['payout.failed'],
        what,
      );
      const moves = await rowsOf(t.database, `select reason from kanal.moves where object_id = ${id} order by reason`);
      assert.deepEqual(
        moves.map(({ reason }) => reason),
        ['hold', 'release'],
        what,
      );
    }
  });
});

test('a review is closed with its reason and the name of who closed it', async () => {
  const { a } = c.scene;
  const approver = await c.person('approver');
  assert.equal((await approver.post(`/console/reviews/${a.review}/close`, { decision: 'money is there' })).status, 303);
  const [row] = await rowsOf(c.scene.t.database, `select state, decision from kanal.reviews where id = ${a.review}`);
  assert.equal(row?.['state'], 'closed');
  assert.match(JSON.stringify(row?.['decision']), /approver-\d+.*money is there/);
});

test('texts of merchants and channels are texts on every page', async () => {
  const { t, a } = c.scene;
  await t.database.owner.run({
    text: `update kanal.payments set detail = jsonb_set(detail, '{subject}', '"<img src=x onerror=alert(1)>"'), reason_code = '"><script>', state = 'failed' where id = ${a.order}`,
    values: [],
  });
  const admin = await c.person('admin');
  const { text } = await admin.get(`/console/orders/${a.order}`);
  assert.match(text, /&lt;img src=x onerror=alert\(1\)&gt;/);
  assert.doesNotMatch(text, /<img|"><script>/);
  await t.database.owner.run({ text: `update kanal.payments set state = 'paid' where id = ${a.order}`, values: [] });
});
