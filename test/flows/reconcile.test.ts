/** A day's statement against the books in a real database: differences have owners and suspense, and nothing is done twice (T062, T028). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import type { Ask, CommandName } from '../../src/core/commands.ts';
import { dayText } from '../../src/core/days.ts';
import { type Money, money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import type { Event } from '../../src/core/rules.ts';
import { ownStatement, readStatement, type StatementLine } from '../../src/core/statement.ts';
import { decideReview } from '../../src/flows/administer.ts';
import { bareEvidence, reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { learnStatement, reconcileDay, type Reconciled, tryDay } from '../../src/flows/reconcile-day.ts';
import { settleStatement } from '../../src/flows/settle-statement.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import type { ChannelRow } from '../../src/store/directory.ts';
import { homeOfChannel, listRuns } from '../../src/store/reconciliations.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { payAsk, paymentAnswer, payOutAsk, payoutAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
/** The day of the test at hand; each has its own. */
let day: string;

before(async () => {
  t = await testGate();
});
after(async () => {
  assert.equal((await verifyAudit(t.database.db)).intact, true);
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

const yuan = money(1_280n, 'CNY');
let payoutSays: 'accepted' | 'nothing' = 'accepted';

beforeEach(() => {
  payoutSays = 'accepted';
  t.pass(86_400_000);
  day = dayText(t.world.now(), 'Asia/Shanghai');
  t.script(((command: CommandName, ask: Ask) => {
    const instruction = { payCode: null, payUrl: 'https://pay.test/1', deskUrl: null, confirmNo: null };
    if (command === 'pay')
      return Promise.resolve({
        kind: 'answered',
        answer: paymentAnswer({ platformNo: null, amount: (ask as Ask<'pay'>).amount, instruction }),
      });
    if (command === 'pay-out' && payoutSays === 'accepted')
      return Promise.resolve({ kind: 'answered', answer: payoutAnswer({ platformNo: null }) });
    return Promise.resolve({ kind: 'unknown', why: 'in the test' });
  }) as never);
});

interface Made {
  readonly kind: 'payment' | 'payout';
  readonly id: bigint;
  readonly home: number;
  readonly channelId: bigint;
  readonly reference: string;
}

async function made(kind: 'payment' | 'payout', orderNo: string): Promise<Made> {
  const [row] = await rowsOf(t.database, `select * from kanal.${kind}s where order_no = '${orderNo}'`);
  assert.ok(row);
  const [home, id] = [Number(row['home']), row['id'] as bigint];
  return { kind, id, home, channelId: row['channel_id'] as bigint, reference: String(row['reference']) };
}

async function payment(amount: Money = yuan): Promise<Made> {
  const ask = payAsk({ amount, method: 'qr', option: 'ALIPAY', expiresInS: 60, extras: { merchantNo: 'S1' } });
  await pay(t.gate, t.caller(0, 'bestpay'), ask, Buffer.from(ask.orderNo));
  return made('payment', ask.orderNo);
}

async function payout(): Promise<Made> {
  const ask = payOutAsk();
  await payOut(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo)).catch(() => undefined);
  return made('payout', ask.orderNo);
}

async function paid(): Promise<Made> {
  const one = await payment();
  const about = { kind: 'payment', channelId: one.channelId, reference: one.reference } as const;
  const report = paymentAnswer({ amount: yuan, platformNo: `U${one.reference}`, state: 'paid', paid: yuan });
  const evidence = reportEvidence(about, 'callback', report, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  return one;
}

async function stateOf({ kind, id }: Made): Promise<unknown> {
  return (await rowsOf(t.database, `select state from kanal.${kind}s where id = ${id}`))[0]?.['state'];
}

type Line = readonly [
  kind: string,
  reference: string,
  upstreamNo: string,
  amount: string,
  currency: string,
  state: string,
];

function linesOf(rows: readonly Line[]): { text: string; lines: StatementLine[] } {
  const text = [
    'kind,reference,upstream_no,amount,currency,state,at,fee',
    ...rows.map((row) => `${row.join()},,`),
  ].join('\r\n');
  return { text, lines: readStatement(Buffer.from(text), ownStatement) };
}

function channelOf(name: string): ChannelRow {
  const found = [...t.gate.directory().channels.values()].find(({ protocol }) => protocol === name);
  assert.ok(found);
  return found;
}

function ask(
  channel: string,
  rows: readonly Line[],
  changes: { learns?: boolean; isAnyway?: boolean } = {},
): Promise<Reconciled> {
  const { text, lines } = linesOf(rows);
  const digest = createHash('sha256').update(text).digest();
  const how = { learns: true, isAnyway: false, ...changes };
  return reconcileDay({ gate: t.gate }, 'finance', channelOf(channel), day, { source: 'file', digest, lines }, how);
}

function types({ differences }: Reconciled): string[] {
  return differences.map(({ type }) => type).sort();
}

async function reviews() {
  return rowsOf(t.database, `select * from kanal.reviews where detail ->> 'day' = '${day}' order by reason, id`);
}

async function suspense(channel: string) {
  const account = `channel/${channelOf(channel).id}/suspense`;
  return rowsOf(
    t.database,
    `select * from kanal.moves where reason ~ 'statement' and '${account}' in (from_account, to_account) and at = ${t.world.now()}`,
  );
}

const lineFor = (one: Made, state = 'paid', upstreamNo = `U${one.reference}`): Line =>
  one.kind === 'payment'
    ? lineOf(one, '12.80', 'CNY', state, upstreamNo)
    : lineOf(one, '50000', 'IDR', state, upstreamNo);

function lineOf(
  { kind, reference }: Made,
  sum: string,
  currency: string,
  state = 'paid',
  upstreamNo = `U${reference}`,
): Line {
  return [kind, reference, upstreamNo, sum, currency, state];
}

test('equal books differ in nothing, and the same statement is the same run', async () => {
  const orders = [await paid(), await paid()];
  await payment();
  t.pass(3_600_000);
  const first = await ask(
    'bestpay',
    orders.map((one) => lineFor(one)),
  );
  assert.deepEqual([types(first), first.matched, first.open], [[], 2, 0]);
  assert.deepEqual(
    first.sums.map(({ theirs, ours }) => [theirs.minor, ours.minor]),
    [[2_560n, 2_560n]],
  );
  const again = await ask(
    'bestpay',
    orders.map((one) => lineFor(one)),
  );
  assert.equal(again.run, first.run);
  assert.deepEqual(await reviews(), []);
});

test('each difference has one review with an owner and, where money is concerned, one suspense entry, however often it is found', async () => {
  const [ours, wrong] = [await paid(), await payment()];
  t.pass(3_600_000);
  const rows: Line[] = [['payment', 'NEVER-SEEN', 'U9', '7.00', 'CNY', 'paid'], lineOf(wrong, '9.99', 'CNY')];
  const first = await ask('bestpay', rows);
  assert.deepEqual(types(first), ['amount-differs', 'unknown-here', 'unknown-there']);
  assert.equal(first.open, 3);
  const opened = await reviews();
  assert.deepEqual(
    opened.map(({ reason, state }) => [reason, state]),
    [
      ['statement-amount-differs', 'open'],
      ['statement-unknown-here', 'open'],
      ['statement-unknown-there', 'open'],
    ],
  );
  assert.ok(opened.every(({ detail }) => (detail as { owner: string }).owner === 'finance'));
  const entries = await suspense('bestpay');
  assert.deepEqual(entries.map(({ reason, amount }) => `${String(reason).split('/')[0]} ${String(amount)}`).sort(), [
    'suspense-in 700',
    'suspense-out 1280',
  ]);
  assert.equal(await stateOf(ours), 'paid');
  // The door itself has put the other sum aside, under review.
  const [aside] = await rowsOf(t.database, `select * from kanal.moves where object_id = ${wrong.id}`);
  assert.equal(aside?.['amount'], 999n);
  assert.equal(await stateOf(wrong), 'pending');

  await ask('bestpay', rows);
  assert.equal((await reviews()).length, 3);
  assert.equal((await suspense('bestpay')).length, 2);
  // Decided by a person, it stays decided.
  const office = { gate: t.gate } as Parameters<typeof decideReview>[0];
  for (const { id } of opened) await decideReview(office, 'finance', id as bigint, null, 'looked into');
  const last = await ask('bestpay', rows);
  assert.equal(last.open, 0);
  assert.equal((await reviews()).filter(({ state }) => state === 'open').length, 0);
});

test('of an order that is booked, only what the statement has more, or less, comes into suspense; settling it is in the books once', async () => {
  const [more, less] = [await paid(), await paid()];
  t.pass(3_600_000);
  const rows = [lineOf(more, '15.00', 'CNY'), lineOf(less, '12.00', 'CNY')];
  const first = await ask('bestpay', rows);
  assert.deepEqual(types(first), ['amount-differs', 'amount-differs']);
  const entries = async () =>
    (await suspense('bestpay')).map(({ reason, amount }) => `${String(reason).split('/')[0]} ${String(amount)}`).sort();
  assert.deepEqual(await entries(), ['suspense-in 220', 'suspense-out 80']);
  for (const one of [more, less]) {
    assert.equal(await stateOf(one), 'paid');
    assert.deepEqual(
      await rowsOf(
        t.database,
        `select reason from kanal.moves where object_id = ${one.id} and reason like 'suspense%'`,
      ),
      [],
    );
  }
  await ask('bestpay', rows);
  assert.deepEqual(await entries(), ['suspense-in 220', 'suspense-out 80']);
  const { theirs, ours } = first.sums[0] ?? assert.fail('no sums');
  assert.deepEqual([theirs.minor, ours.minor], [2_700n, 2_560n]);
  const clearing = `channel/${channelOf('bestpay').id}/clearing`;
  const [flow] = await rowsOf(
    t.database,
    `select coalesce(sum(case when from_account = '${clearing}' then amount else -amount end), 0)::bigint as minor from kanal.moves
    where '${clearing}' in (from_account, to_account) and (object_id in (${more.id}, ${less.id}) or object_id in (select id from kanal.reviews where detail ->> 'day' = '${day}'))`,
  );
  assert.equal(flow?.['minor'], 2_700n, 'what the channel holds for us is what it says');
});

test('a paid line ends an unknown payout and a payment that is still waited for; a returned and a failed one likewise', async () => {
  payoutSays = 'nothing';
  const [gone, failed, back] = [await payout(), await payout(), await payout()];
  t.pass(3_600_000);
  assert.equal(await stateOf(gone), 'unknown');
  const found = await ask('payin', [lineFor(gone), lineFor(failed, 'failed'), lineFor(back, 'returned')]);
  assert.deepEqual(types(found), ['state-differs', 'state-differs', 'state-differs']);
  assert.deepEqual(
    [await stateOf(gone), await stateOf(failed), await stateOf(back)],
    ['succeeded', 'failed', 'returned'],
  );
  // Visible as decided by the statement; nothing is left to do.
  assert.equal(found.open, 0);
  assert.ok((await reviews()).every(({ decision }) => (decision as { by: string }).by === 'statement'));
  assert.deepEqual(await suspense('payin'), []);

  const waited = await payment();
  t.pass(3_600_000);
  await ask('bestpay', [lineFor(waited)]);
  assert.equal(await stateOf(waited), 'paid');
});

test('an unknown payout that the statement does not have is evidence for whoever decides it, and no money moves', async () => {
  payoutSays = 'nothing';
  const one = await payout();
  t.pass(3_600_000);
  const found = await ask('payin', []);
  assert.deepEqual(types(found), ['unknown-there']);
  assert.equal(await stateOf(one), 'unknown');
  assert.deepEqual(await suspense('payin'), []);
});

test('they say failed, we say paid: nothing is undone, a person looks and the sum is missing in suspense', async () => {
  const one = await paid();
  t.pass(3_600_000);
  const found = await ask('bestpay', [lineFor(one, 'failed')]);
  assert.deepEqual(types(found), ['state-differs']);
  assert.equal(found.open, 1);
  assert.equal(await stateOf(one), 'paid');
  assert.deepEqual(
    (await suspense('bestpay')).map(({ reason, amount }) => [String(reason).split('/')[0], amount]),
    [['suspense-out', 1_280n]],
  );
});

test('the same line twice is one payment, and the second sum waits in suspense', async () => {
  const one = await paid();
  t.pass(3_600_000);
  for (let i = 0; i < 2; i += 1) {
    const found = await ask('bestpay', [lineFor(one), lineFor(one)]);
    assert.deepEqual(types(found), ['line-twice']);
  }
  assert.equal((await suspense('bestpay')).length, 1);
});

test('a file teaches nothing until somebody else agrees', async () => {
  const one = await payment();
  t.pass(3_600_000);
  const found = await ask('bestpay', [lineFor(one)], { learns: false });
  assert.equal(await stateOf(one), 'pending');
  assert.equal(found.open, 1);
  const filter = { homes: [homeOfChannel(one.channelId)], channelId: null, day: null, state: 'open', id: found.run };
  const [run] = await listRuns(t.gate.db, filter, { before: null, limit: 10 });
  assert.ok(run);
  await learnStatement({ gate: t.gate }, 'approver', run);
  assert.equal(await stateOf(one), 'paid');
  assert.equal((await reviews()).filter(({ state }) => state === 'open').length, 0);
});

test('a dry run stores nothing; another channel’s file and another day’s are refused', async () => {
  await paid();
  t.pass(3_600_000);
  const strange = ['A', 'B', 'C'].map((no): Line => ['payment', no, no, '1.00', 'CNY', 'paid']);
  const { lines } = linesOf(strange);
  const tried = await tryDay({ gate: t.gate }, channelOf('bestpay'), day, {
    source: 'file',
    digest: new Uint8Array(32),
    lines,
  });
  assert.equal(tried.differences.length, 4);
  await assert.rejects(ask('bestpay', strange), (error) => error instanceof Refusal && error.code === 'conflict');
  assert.deepEqual(await reviews(), []);
  assert.equal((await ask('bestpay', strange, { isAnyway: true })).open, 4);
  const early = lines.map((line) => ({ ...line, at: t.world.now() - 86_400_000 }));
  await assert.rejects(
    tryDay({ gate: t.gate }, channelOf('bestpay'), day, { source: 'file', digest: new Uint8Array(32), lines: early }),
    /line 2 is not of/,
  );
});

test('what lies in suspense goes to a merchant or to the channel, once', async () => {
  const { merchant } = t.caller(1, 'payin');
  const balance = async () => {
    const account = `merchant/${merchant.id}/available`;
    const rows = await rowsOf(
      t.database,
      `select * from kanal.balances where account = '${account}' and currency = 'CNY'`,
    );
    assert.deepEqual(
      rows.map(({ home }) => home),
      [merchant.home],
    );
    return rows[0]?.['available'] as bigint;
  };
  await ask('bestpay', [
    ['payment', 'LOST-1', '', '3.00', 'CNY', 'paid'],
    ['payment', 'LOST-2', '', '4.00', 'CNY', 'paid'],
  ]);
  const before = await balance();
  const [first, second] = await reviews();
  const keys = [first, second].map((row) => ({ home: Number(row?.['home']), id: row?.['id'] as bigint }));
  const sums = await Promise.all([
    settleStatement({ gate: t.gate }, 'a, b', keys[0] ?? { home: 0, id: 0n }, merchant, 'found'),
    settleStatement({ gate: t.gate }, 'a, b', keys[1] ?? { home: 0, id: 0n }, null, 'taken back'),
  ]);
  assert.equal((await balance()) - before, sums[0]?.[0]?.minor);
  await assert.rejects(settleStatement({ gate: t.gate }, 'a, b', keys[0] ?? { home: 0, id: 0n }, merchant, 'again'));
});

async function tell(one: Made, event: Event, upstreamNo: string | null, amount: Money): Promise<void> {
  const about = { kind: one.kind, channelId: one.channelId, reference: one.reference };
  const evidence = { ...bareEvidence(about, 'callback', event, t.world.now()), money: amount, upstreamNo };
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

/** What lies in suspense of a channel, in or out, of the day at hand: minor units. */
async function aside(channel: string): Promise<bigint> {
  const account = `channel/${channelOf(channel).id}/suspense`;
  const rows = await rowsOf(
    t.database,
    `select coalesce(sum(case when to_account = '${account}' then amount else -amount end), 0)::bigint as minor from kanal.moves
     where '${account}' in (from_account, to_account) and at > ${t.world.now()} - 80000000`,
  );
  return rows[0]?.['minor'] as bigint;
}

const rupiah = money(50_000n, 'IDR');

test('what came back leaves nothing missing, whatever the order says, and is told once for both of its lines', async () => {
  const [failed, done] = [await payout(), await payout()];
  await tell(failed, 'failed', `U${failed.reference}`, rupiah);
  await tell(done, 'succeeded', `U${done.reference}`, rupiah);
  t.pass(3_600_000);
  const rows = [failed, done].flatMap((one) => [lineFor(one), lineFor(one, 'returned')]);
  const found = await ask('payin', [...rows, ['payout', 'NOT-OURS', '', '70000', 'IDR', 'returned']]);
  assert.deepEqual([await stateOf(failed), await stateOf(done)], ['failed', 'returned']);
  assert.deepEqual(types(found), ['state-differs', 'state-differs', 'state-differs', 'unknown-here']);
  assert.equal(await aside('payin'), 0n);
  // What is left to look at: that a failed one had left after all, and a payout that is not ours.
  const again = await ask('payin', [...rows].reverse());
  assert.deepEqual([types(again), again.open], [[], 0]);

  const told = await payout();
  await tell(told, 'failed', 'U', rupiah);
  await tell(told, 'succeeded', 'U', rupiah);
  assert.equal(await aside('payin'), -50_000n);
  await ask('payin', [lineFor(told, 'returned', 'U')]);
  assert.equal(await aside('payin'), 0n);
});

test('a corrected statement tells again what the first did: it is booked once', async () => {
  const one = await paid();
  t.pass(3_600_000);
  await ask('bestpay', [lineFor(one, 'failed')]);
  const found = await ask('bestpay', [lineFor(one, 'failed'), ['payment', 'LATER', '', '1.00', 'CNY', 'paid']]);
  assert.equal(found.open, 2);
  assert.equal(await aside('bestpay'), -1_280n + 100n);
});

test('of two payments of one order, the line of the other number is the other one, before and after its callback', async () => {
  const one = await paid();
  t.pass(3_600_000);
  const rows = [lineFor(one), lineFor(one, 'paid', 'A-SORTS-FIRST')];
  await ask('bestpay', rows);
  await tell(one, 'succeeded', 'A-SORTS-FIRST', yuan);
  assert.equal(await aside('bestpay'), 1_280n);
  assert.deepEqual(types(await ask('bestpay', [...rows].reverse())), []);
});

test('what the channel tells of after its statement did is in the books once, when the day is compared again', async () => {
  const [one, late] = [await paid(), await payment()];
  t.pass(3_600_000);
  const onlyTheirs: Line = ['payment', '', 'ITS-OWN-NUMBER', '12.80', 'CNY', 'paid'];
  const rows = [lineFor(one, 'paid', ''), lineFor(one, 'paid', ''), onlyTheirs];
  assert.deepEqual(types(await ask('bestpay', rows)), ['line-twice', 'unknown-here']);
  await tell(one, 'succeeded', 'SECOND', yuan);
  await tell(late, 'succeeded', 'ITS-OWN-NUMBER', yuan);
  // A file that nobody has agreed to takes nothing back.
  const [first] = await ask('bestpay', [...rows].reverse(), { learns: false }).then(({ differences }) => [differences]);
  assert.deepEqual(first, []);
  assert.equal(await aside('bestpay'), 3n * 1_280n);
  const again = await ask('bestpay', rows);
  assert.deepEqual([again.open, await aside('bestpay')], [0, 1_280n]);
  await ask('bestpay', rows);
  assert.equal(await aside('bestpay'), 1_280n);
});

test('a movement that is not ours is booked once, whether statements tell of it with one number or with both', async () => {
  const [one, other]: Line[] = [
    ['payment', 'FEW', '', '2.00', 'CNY', 'paid'],
    ['payment', '', 'MORE', '3.00', 'CNY', 'paid'],
  ];
  assert.ok(one && other);
  await ask('bestpay', [one, other]);
  const both: Line[] = [
    ['payment', 'FEW', 'F1', '2.00', 'CNY', 'paid'],
    ['payment', 'BOTH', 'MORE', '3.00', 'CNY', 'paid'],
  ];
  for (const rows of [both, [one], both]) await ask('bestpay', rows);
  assert.equal(await aside('bestpay'), 500n);
  // Lines of one statement are movements of their own.
  await ask('bestpay', [...both, ['payment', 'FEW', 'F2', '2.00', 'CNY', 'paid']], { isAnyway: true });
  assert.equal(await aside('bestpay'), 700n);
});

test('what another day’s statement lists is not missing on this one', async () => {
  const [listed, missing] = [await paid(), await paid()];
  t.pass(3_600_000);
  const today = day;
  day = dayText(t.world.now() - 86_400_000, 'Asia/Shanghai');
  await ask('bestpay', [lineFor(listed)]);
  day = today;
  const found = await ask('bestpay', []);
  assert.deepEqual(
    found.differences.map(({ type, booked }) => [type, booked?.id]),
    [['unknown-there', missing.id]],
  );
});

test('what two persons gave a merchant, and the channel tells of as an order’s money since, is looked at once', async () => {
  const late = await payment();
  t.pass(3_600_000);
  const rows: Line[] = [['payment', '', `OWN-${late.id}`, '12.80', 'CNY', 'paid']];
  await ask('bestpay', rows);
  const [lost] = await reviews();
  const key = { home: Number(lost?.['home']), id: lost?.['id'] as bigint };
  await settleStatement({ gate: t.gate }, 'a, b', key, t.caller(1, 'payin').merchant, 'theirs');
  await tell(late, 'succeeded', `OWN-${late.id}`, yuan);
  for (let i = 0; i < 2; i += 1) await ask('bestpay', rows);
  const found = await rowsOf(t.database, `select * from kanal.reviews where reason = 'settled-and-told'`);
  assert.deepEqual(
    found.map((row) => [row['object_id'], (row['detail'] as { review: string }).review]),
    [[late.id, String(key.id)]],
  );
  assert.equal(await aside('bestpay'), 0n);
});

test('nothing has ended later than now, whatever time a line has', async () => {
  const one = await payment();
  t.pass(3_600_000);
  const lines = linesOf([lineFor(one)]).lines.map((line) => ({ ...line, at: t.world.now() + 600_000 }));
  const statement = { source: 'file', digest: new Uint8Array(32).fill(7), lines } as const;
  await reconcileDay({ gate: t.gate }, 'admin', channelOf('bestpay'), day, statement, {
    learns: true,
    isAnyway: false,
  });
  const [row] = await rowsOf(t.database, `select state, finished_at from kanal.payments where id = ${one.id}`);
  assert.deepEqual([row?.['state'], Number(row?.['finished_at'])], ['paid', t.world.now()]);
});
