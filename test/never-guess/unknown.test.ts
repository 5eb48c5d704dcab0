/** What nobody knows stays unknown, held and told as pending, until a word or two persons end it (T002, T003, T024, T028). */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Ask, CallOutcome, CommandName, PayoutReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { Payout } from '../../src/core/order.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { askSecond, type Asking, decide } from '../../src/flows/approve.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { letGo } from '../../src/flows/held-payout.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { enterQuarantine, liftQuarantine } from '../../src/flows/quarantine.ts';
import { settleSuspense } from '../../src/flows/settle-suspense.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { orderByKey } from '../../src/store/orders.ts';
import { insertUser } from '../../src/store/users.ts';
import { payOutAsk, payoutAnswer, rowsOf, sql, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

type Word = 'accepted' | 'paid' | 'failed' | 'declined' | 'unknown' | 'not-sent' | 'not-found';
/** What the channel says to a payout, and to a question about it. */
const says: { pay: Word; query: Word } = { pay: 'unknown', query: 'not-found' };

function word(said: Word): CallOutcome<'pay-out'> {
  if (said === 'unknown' || said === 'not-sent') return { kind: said, why: 'in the test' };
  if (said === 'declined' || said === 'not-found') return { kind: said, code: 'DUPLICATE', text: '' };
  return { kind: 'answered', answer: payoutAnswer({ state: said === 'accepted' ? 'pending' : said }) };
}

beforeEach(async () => {
  says.pay = 'unknown';
  says.query = 'not-found';
  t.script(<C extends CommandName>(command: C) =>
    Promise.resolve(word(command === 'pay-out' ? says.pay : says.query) as CallOutcome<C>),
  );
  await setChannels({});
});

/** Settings of every payin channel, beside what it has. */
async function setChannels(settings: Readonly<Record<string, string>>): Promise<void> {
  await t.database.owner.transaction(async (q) => {
    await q.run(sql`update kanal.channels set settings = (settings - 'resends' - 'unknownHorizonMs') || ${settings}`);
    await q.run(sql`set local search_path = kanal`);
    await touchDirectory(q);
  });
  await t.gate.refresh();
}

async function sent(): Promise<Payout> {
  const ask = payOutAsk();
  await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  return payoutNamed(ask.orderNo);
}

async function payoutNamed(orderNo: string): Promise<Payout> {
  const [row] = await rowsOf(t.database, `select home, id from kanal.payouts where order_no = '${orderNo}'`);
  const order = await orderByKey(t.gate.db, 'payout', { home: Number(row?.['home']), id: row?.['id'] as bigint });
  if (order?.kind !== 'payout') throw new Error(`no payout ${orderNo}`);
  return order;
}

function dueOf({ home, id, kind }: Payout) {
  return { home, objectId: id, kind, tries: 1 };
}

function look(payout: Payout): Promise<void> {
  return lookAgain(t.gate, dueOf(payout));
}

/** Looks until the channel has said "unknown order" for longer than its settle window. */
async function lookThroughWindow(payout: Payout): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    await look(payout);
    t.pass(300_000);
  }
}

function referencesSent(): string[] {
  return t.calls.filter(({ command }) => command === 'pay-out').map(({ ask }) => (ask as Ask<'pay-out'>).orderNo);
}

async function movesOf({ id }: Payout): Promise<unknown[]> {
  const rows = await rowsOf(t.database, `select reason from kanal.moves where object_id = ${id} order by reason`);
  return rows.map(({ reason }) => reason);
}

async function tasksOf({ id }: Payout): Promise<unknown[]> {
  const rows = await rowsOf(t.database, `select reason from kanal.reviews where object_id = ${id} order by reason`);
  return rows.map(({ reason }) => reason);
}

describe('a payout that the channel does not know', () => {
  test('is not sent again by itself: no document promises that a repeated reference moves nothing twice', async () => {
    const payout = await sent();
    await lookThroughWindow(payout);
    assert.equal(referencesSent().filter((one) => one === payout.reference).length, 1);
    assert.deepEqual(await tasksOf(payout), ['payout-not-found']);
    assert.deepEqual(await movesOf(payout), ['hold']);
    for (const { name } of channelProtocols) {
      const channel = [...t.gate.directory().channels.values()].find(({ protocol }) => protocol === name);
      if (!channel) continue;
      for (const command of ['pay-out', 'refund'] as const)
        assert.equal(t.gate.facts.maySendAgain(channel, command), false, `${name} ${command}`);
    }
  });

  test('is sent again under the same reference where the provider has promised it, and may then succeed', async () => {
    await setChannels({ resends: 'pay-out' });
    const payout = await sent();
    says.pay = 'accepted';
    await look(payout);
    await look(payout);
    assert.equal(
      referencesSent().filter((one) => one === payout.reference).length,
      1,
      'asked first, for a whole window',
    );
    t.pass(600_000);
    await look(payout);
    assert.deepEqual(
      referencesSent().filter((one) => one === payout.reference),
      [payout.reference, payout.reference],
    );
    assert.equal((await payoutNamed(payout.orderNo)).state, 'pending');
    says.query = 'paid';
    await look(payout);
    assert.equal((await payoutNamed(payout.orderNo)).state, 'succeeded');
    assert.deepEqual(await movesOf(payout), ['hold', 'pay', 'pay-fee']);
    assert.deepEqual(await tasksOf(payout), []);
  });

  test('a no to what was sent again may mean "I have that": nothing is freed, the next query says', async () => {
    await setChannels({ resends: 'pay-out' });
    for (const no of ['declined', 'failed', 'not-sent'] as const) {
      says.query = 'not-found';
      const payout = await sent();
      says.pay = no;
      await lookThroughWindow(payout);
      assert.ok(referencesSent().filter((one) => one === payout.reference).length > 1);
      assert.equal((await payoutNamed(payout.orderNo)).state, 'unknown', no);
      assert.deepEqual(await movesOf(payout), ['hold'], no);
      says.query = 'paid';
      await look(payout);
      assert.equal((await payoutNamed(payout.orderNo)).state, 'succeeded', no);
      says.pay = 'unknown';
    }
  });

  test('is sent again three times at most, a settle window apart; then a person looks', async () => {
    await setChannels({ resends: 'pay-out' });
    const payout = await sent();
    for (let windows = 0; windows < 6; windows += 1) await lookThroughWindow(payout);
    assert.equal(referencesSent().filter((one) => one === payout.reference).length, 4);
    assert.deepEqual(await tasksOf(payout), ['payout-not-found']);
  });

  test('is not sent again in quarantine, nor for a merchant that was disabled', async () => {
    await setChannels({ resends: 'pay-out' });
    const { gate } = t;
    const payout = await sent();
    const directory = gate.directory();
    const quarantine = { id: 1n, begunAt: 0, backupAt: 0, cause: 'restore', comparedAt: null, compared: null };
    const quarantined = { ...directory, quarantine };
    const merchants = new Map(
      [...directory.merchants].map(([id, one]) => [id, { ...one, state: 'disabled' } as const]),
    );
    for (const other of [quarantined, { ...directory, merchants }])
      for (let times = 0; times < 4; times += 1) {
        await lookAgain({ ...gate, directory: () => other }, dueOf(payout));
        t.pass(300_000);
      }
    assert.equal(referencesSent().filter((one) => one === payout.reference).length, 1);
    assert.deepEqual(await tasksOf(payout), ['payout-not-found']);
  });

  test('is not sent again when it was made before a restore, also after the quarantine', async () => {
    await setChannels({ resends: 'pay-out' });
    const payout = await sent();
    t.pass(1_000);
    await enterQuarantine(t, 'test', t.world.now(), 'restored in the test');
    await liftQuarantine(t, 'test', 'compared in the test', true);
    await lookThroughWindow(payout);
    assert.equal(referencesSent().filter((one) => one === payout.reference).length, 1);
    assert.deepEqual(await tasksOf(payout), ['payout-not-found']);
  });

  test('whose end was heard while it was being sent again is not called for', async () => {
    await setChannels({ resends: 'pay-out' });
    const payout = await sent();
    await look(payout);
    await look(payout);
    t.pass(600_000);
    const about = { kind: 'payout', channelId: payout.channelId, reference: payout.reference } as const;
    const evidence = reportEvidence(about, 'callback', payoutAnswer({ state: 'paid' }), t.world.now());
    await Promise.all([learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null }), look(payout)]);
    assert.equal((await payoutNamed(payout.orderNo)).state, 'succeeded');
    assert.deepEqual(await movesOf(payout), ['hold', 'pay', 'pay-fee']);
  });
});

describe('what stays unknown', () => {
  const office = () => ({
    gate: t.gate,
    admissions: makeAdmissions({
      vault: t.vault,
      nonce: (bytes) => t.world.nonce(bytes),
      now: () => t.world.now(),
      merchantProtocols,
      channelProtocols,
    }),
  });
  let people = 0;
  async function person(): Promise<Asking> {
    const who = { id: t.world.newId(), name: `person-${++people}` };
    const user = { ...who, role: 'approver', merchantId: null, setupCode: 'unused', setupUntil: null } as const;
    await insertUser(t.gate.db, user, t.world.now());
    return { userId: who.id, name: who.name };
  }

  test('for longer than its horizon is a person’s task, once; two decide it on evidence, and both names are kept', async () => {
    says.query = 'unknown';
    const payout = await sent();
    await look(payout);
    assert.deepEqual(await tasksOf(payout), []);
    t.pass(86_400_000);
    await look(payout);
    await look(payout);
    assert.deepEqual(await tasksOf(payout), ['unknown-too-long']);
    assert.equal((await payoutNamed(payout.orderNo)).state, 'unknown');

    const [asker, other] = [await person(), await person()];
    const detail = { order: String(payout.id), outcome: 'failed' };
    const approval = await askSecond(office(), asker, 'order.outcome', detail, 'letter of the bank, 16 January');
    await assert.rejects(decide(office(), asker, approval, 'approved'), { code: 'forbidden' });
    assert.deepEqual(await movesOf(payout), ['hold']);
    await decide(office(), other, approval, 'approved');
    const after = await payoutNamed(payout.orderNo);
    assert.equal(after.state, 'failed');
    assert.deepEqual(await movesOf(payout), ['hold', 'release']);
    assert.equal(after.reason?.text, 'decided by the operator', 'a merchant may read it: no names');
    const audit = await rowsOf(
      t.database,
      `select actor, action, detail ->> 'reason' as reason from kanal.audit where detail ->> 'approval' = '${approval}' order by id`,
    );
    assert.deepEqual(audit, [
      { actor: asker.name, action: 'approval.ask', reason: 'letter of the bank, 16 January' },
      { actor: other.name, action: 'approval.approved', reason: null },
    ]);
    const told = await rowsOf(t.database, `select event from kanal.notices where object_id = ${payout.id}`);
    assert.deepEqual(told, [{ event: 'payout.failed' }]);
  });

  test('a channel’s own horizon counts', async () => {
    await setChannels({ unknownHorizonMs: '60000' });
    says.query = 'unknown';
    const payout = await sent();
    t.pass(60_000);
    await look(payout);
    assert.deepEqual(await tasksOf(payout), ['unknown-too-long']);
  });

  test('found paid after two persons had called it failed: nothing is rewritten, the money is in suspense', async () => {
    says.query = 'unknown';
    const payout = await sent();
    const [asker, other] = [await person(), await person()];
    const detail = { order: String(payout.id), outcome: 'failed' };
    await decide(office(), other, await askSecond(office(), asker, 'order.outcome', detail, 'told so'), 'approved');
    const about = { kind: 'payout', channelId: payout.channelId, reference: payout.reference } as const;
    const evidence = reportEvidence(about, 'callback', payoutAnswer({ state: 'paid' }), t.world.now());
    await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    assert.equal((await payoutNamed(payout.orderNo)).state, 'failed');
    assert.deepEqual(await tasksOf(payout), ['late-payout']);
    assert.match(String((await movesOf(payout)).at(-1)), /^suspense-out/);
  });
});

describe('a payout that comes back', () => {
  test('after its success: the amount is available again, the fee is not, both are told once', async () => {
    says.pay = 'paid';
    const payout = await sent();
    const about = { kind: 'payout', channelId: payout.channelId, reference: payout.reference } as const;
    const evidence = reportEvidence(about, 'callback', payoutAnswer({ state: 'returned' }), t.world.now());
    for (let times = 0; times < 3; times += 1)
      await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    assert.equal((await payoutNamed(payout.orderNo)).state, 'returned');
    assert.deepEqual(await movesOf(payout), ['hold', 'pay', 'pay-fee', 'return']);
    const told = await rowsOf(t.database, `select event from kanal.notices where object_id = ${payout.id} order by id`);
    assert.deepEqual(told, [{ event: 'payout.succeeded' }, { event: 'payout.returned' }]);
  });
});

describe('a payout that was told as failed, left all the same and came back', () => {
  const noon = Date.UTC(2026, 0, 15, 4, 0, 0);
  function tell(payout: Payout, state: 'failed' | 'paid' | 'returned', changes: Partial<PayoutReport> = {}) {
    const about = { kind: 'payout', channelId: payout.channelId, reference: payout.reference } as const;
    const report = payoutAnswer({ state, finishedAt: noon, ...changes });
    const evidence = reportEvidence(about, 'query', report, t.world.now());
    return learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  }
  async function late(): Promise<Payout> {
    const payout = await sent();
    await tell(payout, 'failed');
    await tell(payout, 'paid');
    assert.deepEqual(await tasksOf(payout), ['late-payout']);
    return payout;
  }
  const stateOf = async ({ id }: Payout) =>
    (await rowsOf(t.database, `select state, decision from kanal.reviews where object_id = ${id}`))[0];
  const suspense = async (payout: Payout) =>
    (await movesOf(payout)).map(String).filter((reason) => reason.includes('suspense'));

  test('is square by itself when sum and reference agree, once, however often that is told', async () => {
    const payout = await late();
    for (let times = 0; times < 3; times += 1) await tell(payout, 'returned');
    await tell(payout, 'paid');
    assert.equal((await payoutNamed(payout.orderNo)).state, 'failed');
    assert.deepEqual(
      new Set(await suspense(payout)),
      new Set(['settled/suspense-out/UPO1/50000', 'suspense-out/UPO1/50000']),
    );
    const decision = { by: 'channel', text: 'the very same sum came back' };
    assert.deepEqual(await stateOf(payout), { state: 'closed', decision });
    const events = await rowsOf(
      t.database,
      `select detail ->> 'posting' as posting from kanal.events where object_id = ${payout.id} and what = 'squared'`,
    );
    assert.deepEqual(events, [{ posting: 'settled/suspense-out/UPO1/50000' }]);
    const told = await rowsOf(t.database, `select event from kanal.notices where object_id = ${payout.id}`);
    assert.deepEqual(told, [{ event: 'payout.failed' }]);
    const order = await payoutNamed(payout.orderNo);
    await assert.rejects(settleSuspense({ gate: t.gate }, 'test', order, 'channel', 'claimed'), { code: 'conflict' });
  });

  test('also when both words come at once', async () => {
    const payout = await sent();
    await tell(payout, 'failed');
    await Promise.all([tell(payout, 'paid'), tell(payout, 'returned')]);
    assert.equal((await suspense(payout)).length, 2);
    assert.equal((await stateOf(payout))?.['state'], 'closed');
  });

  for (const [what, changes] of [
    ['another sum', { amount: money(49_999n, 'IDR') }],
    ['no sum at all', { amount: null }],
    ["another number of the channel's", { platformNo: 'UPO2' }],
  ] as const)
    test(`stays before a person when the channel says ${what}`, async () => {
      const payout = await late();
      await tell(payout, 'returned', changes);
      assert.deepEqual(await suspense(payout), ['suspense-out/UPO1/50000']);
      assert.equal((await stateOf(payout))?.['state'], 'open');
    });

  test('stays before a person when two sums are missing', async () => {
    const payout = await late();
    await tell(payout, 'paid', { platformNo: 'UPO2' });
    await tell(payout, 'returned');
    assert.equal((await suspense(payout)).length, 2);
    assert.equal((await stateOf(payout))?.['state'], 'open');
  });
});

describe('a payout that two persons let go', () => {
  async function held(): Promise<Payout> {
    const { merchant, credential } = t.caller(0, 'payin');
    const ask = payOutAsk();
    const strict = { ...merchant, settings: { ...merchant.settings, 'payoutLimit.IDR': '1' } };
    await payOut(t.gate, { credential, merchant: strict }, ask, Buffer.from(ask.orderNo));
    return payoutNamed(ask.orderNo);
  }

  before(async () => {
    await t.database.owner.transaction(async (q) => {
      await q.run(sql`set local search_path = kanal`);
      const second = t.world.newId();
      await q.run(sql`insert into channels (id, name, protocol, base_url, sender, secrets, settings, created_at)
        select ${second}, 'payin-second', protocol, base_url, sender, secrets, settings, created_at from channels where protocol = 'payin' order by id limit 1`);
      await q.run(
        sql`insert into routes (id, protocol, method, channel_id, created_at) values (${t.world.newId()}, 'payin', 'any', ${second}, 0)`,
      );
      await touchDirectory(q);
    });
    await t.gate.refresh();
  });
  /** The copy's keys are sealed to another row; nothing here is really sent. */
  const able = () => ({ ...t.gate, facts: { ...t.gate.facts, unable: () => null } });
  const attemptsOf = ({ id }: Payout) =>
    rowsOf(t.database, `select channel_id, reference, state from kanal.attempts where object_id = ${id} order by id`);

  test('goes to the next channel when nothing was sent: two attempts, one hold', async () => {
    const payout = await held();
    let calls = 0;
    t.script(<C extends CommandName>() => {
      calls += 1;
      return Promise.resolve(word(calls === 1 ? 'not-sent' : 'accepted') as CallOutcome<C>);
    });
    const after = await letGo(able(), payout);
    assert.equal(after.state, 'pending');
    const [first, next] = await attemptsOf(payout);
    assert.deepEqual([first?.['state'], next?.['state']], ['declined', 'accepted']);
    assert.notEqual(first?.['channel_id'], next?.['channel_id']);
    assert.equal(after.reference, next?.['reference']);
    assert.deepEqual(await movesOf(payout), ['hold']);
  });

  test('never after silence', async () => {
    const payout = await held();
    says.pay = 'unknown';
    assert.equal((await letGo(able(), payout)).state, 'unknown');
    assert.equal((await attemptsOf(payout)).length, 1);
  });

  test('that no channel took is failed, freed and told', async () => {
    const payout = await held();
    says.pay = 'not-sent';
    assert.equal((await letGo(able(), payout)).state, 'failed');
    assert.deepEqual(await movesOf(payout), ['hold', 'release']);
    assert.equal((await attemptsOf(payout)).length, 2);
  });

  for (const no of ['declined', 'not-sent'] as const)
    test(`heard of as taken before its call says ${no}: still held, the next query says`, async () => {
      const payout = await held();
      t.script(async <C extends CommandName>() => {
        const about = { kind: 'payout', channelId: payout.channelId, reference: payout.reference } as const;
        const evidence = reportEvidence(about, 'callback', payoutAnswer(), t.world.now());
        await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
        return word(no) as CallOutcome<C>;
      });
      assert.equal((await letGo(t.gate, payout)).state, 'pending');
      assert.deepEqual(await movesOf(payout), ['hold']);
    });
});
