/** Barcodes whose merchant waits: every order of query, payment and reversal; and cancelling, at the edges of its rules. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CallOutcome, CommandName, Find, PaymentReport } from '../../src/core/commands.ts';
import { isWithinHours } from '../../src/core/conduct.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { cancelPayment } from '../../src/flows/cancel-payment.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { type CallScript, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

let t: TestGate;
before(async () => {
  t = await testGate();
});
after(async () => {
  const books = await trialBalance(t.database.owner);
  await t.close();
  assert.deepEqual(books.findings, []);
});

const amount = money(250n, 'CNY');
const barcode = () =>
  payAsk({
    amount,
    method: 'barcode',
    option: 'ALIPAY',
    authCode: '288886863488188613',
    notify: null,
    expiresInS: 80,
    extras: {},
  });
const said = (changes: Partial<PaymentReport> = {}): PaymentReport =>
  paymentAnswer({
    amount,
    platformNo: 'UP1',
    instruction: { payCode: null, payUrl: null, deskUrl: null, confirmNo: null },
    ...changes,
  });
const paid = said({ state: 'paid', paid: amount });
const pending = said({ state: 'pending' });

type Say = CallOutcome<'pay'>;
const answered = (answer: PaymentReport): Say => ({ kind: 'answered', answer });
const declined = (code: string): Say => ({ kind: 'declined', code, text: '' });
const unclear: Say = { kind: 'unknown', why: 'no answer' };

/** What each command comes to; the last one of a list repeats. */
function saying(words: Readonly<Partial<Record<CommandName, readonly Say[]>>>): CallScript {
  const used = new Map<CommandName, number>();
  return (<C extends CommandName>(command: C): Promise<CallOutcome<C>> => {
    const list = words[command] ?? [unclear];
    const at = used.get(command) ?? 0;
    used.set(command, at + 1);
    return Promise.resolve((list[at] ?? list.at(-1) ?? unclear) as CallOutcome<C>);
  }) as CallScript;
}

const print = (text: string) => Buffer.from(text);
const caller = () => t.caller(0, 'fufu');
const order = (ask = barcode()) => pay(t.gate, caller(), ask, print(ask.orderNo));
const find = (orderNo: string): Find => ({ orderNo, platformNo: null, refundNo: null, extras: {} });
const cancel = (orderNo: string) => cancelPayment(t.gate, caller(), find(orderNo));

async function whyOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.code} ${error.detail.why ?? error.detail.channelCode ?? ''}`.trim();
  }
  return 'done';
}

async function row(orderNo: string): Promise<Record<string, unknown>> {
  const [found] = await rowsOf(t.database, `select * from kanal.payments where order_no = '${orderNo}'`);
  assert.ok(found);
  return found;
}

const callsOf = (command: CommandName) => t.calls.filter((call) => call.command === command).length;

describe('a barcode whose merchant waits', () => {
  test('paid at once: one call', async () => {
    t.calls.length = 0;
    t.script(saying({ pay: [answered(paid)] }));
    const began = t.world.now();
    assert.equal((await order()).state, 'paid');
    assert.deepEqual([t.calls.length, t.world.now() - began], [1, 0]);
  });

  test('a pending one is asked about every 3 to 5 seconds, and answered as soon as it is paid', async () => {
    t.calls.length = 0;
    t.script(
      saying({ pay: [answered(pending)], 'query-payment': [answered(pending), answered(pending), answered(paid)] }),
    );
    const began = t.world.now();
    assert.equal((await order()).state, 'paid');
    assert.equal(callsOf('query-payment'), 3);
    assert.equal(t.world.now() - began, 12_000);
  });

  test('not decided in time: the last query, the reversal, and an answer before the 80 seconds are over', async () => {
    t.calls.length = 0;
    t.script(
      saying({
        pay: [answered(pending)],
        'query-payment': [answered(pending)],
        'cancel-payment': [answered(said({ state: 'reversed' }))],
      }),
    );
    const began = t.world.now();
    assert.equal((await order()).state, 'reversed');
    const took = t.world.now() - began;
    assert.ok(took >= 76_000 && took <= 80_000, String(took));
    assert.deepEqual(
      t.calls.slice(-2).map(({ command }) => command),
      ['query-payment', 'cancel-payment'],
    );
  });

  test('the last query says paid: nothing is reversed', async () => {
    t.calls.length = 0;
    const queries = [...Array.from({ length: 20 }, () => answered(pending)), answered(paid)];
    t.script(saying({ pay: [answered(pending)], 'query-payment': queries, 'cancel-payment': [unclear] }));
    assert.equal((await order()).state, 'paid');
    assert.equal(callsOf('cancel-payment'), 0);
  });

  test('paid between the last query and the reversal: the channel refuses, and the query tells the truth', async () => {
    const queries = [...Array.from({ length: 21 }, () => answered(pending)), answered(paid)];
    t.script(saying({ pay: [unclear], 'query-payment': queries, 'cancel-payment': [declined('订单已成功')] }));
    assert.equal((await order()).state, 'paid');
  });

  test('declined for good: the channel’s own word, at once', async () => {
    t.script(saying({ pay: [declined('SOUNDWAVE_PARSER_FAIL')] }));
    assert.equal(await whyOf(order()), 'channel-declined SOUNDWAVE_PARSER_FAIL');
  });

  test('reversal unclear: told as unknown, and done again in the background until the channel answers', async () => {
    const ask = barcode();
    t.script(saying({ pay: [answered(pending)], 'query-payment': [answered(pending)], 'cancel-payment': [unclear] }));
    const first = await order(ask);
    assert.equal(first.state, 'pending');
    t.pass(5_000);
    const { home, id } = await row(ask.orderNo);
    const due = { home: Number(home), objectId: id as bigint, kind: 'payment', tries: 1 } as const;
    await lookAgain(t.gate, due);
    assert.equal((await row(ask.orderNo))['state'], 'pending');
    const [work] = await rowsOf(t.database, `select due_at from kanal.work where object_id = ${String(id)}`);
    assert.ok(Number(work?.['due_at']) - t.world.now() <= 15_000, 'looked at again within seconds');
    t.script(
      saying({ 'query-payment': [answered(pending)], 'cancel-payment': [answered(said({ state: 'reversed' }))] }),
    );
    await lookAgain(t.gate, due);
    assert.equal((await row(ask.orderNo))['state'], 'reversed');
  });

  test('money after the reversal is late money: it is booked, and the order does not look paid by accident', async () => {
    const ask = barcode();
    t.script(
      saying({
        pay: [answered(pending)],
        'query-payment': [answered(pending)],
        'cancel-payment': [answered(said({ state: 'reversed' }))],
      }),
    );
    await order(ask);
    const { channel_id, reference } = await row(ask.orderNo);
    const about = { kind: 'payment', channelId: channel_id as bigint, reference: String(reference) } as const;
    const evidence = reportEvidence(about, 'callback', paid, t.world.now());
    await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    const reviews = await rowsOf(
      t.database,
      `select reason from kanal.reviews where object_id = ${String((await row(ask.orderNo))['id'])}`,
    );
    const moves = await rowsOf(
      t.database,
      `select reason from kanal.moves where object_id = ${String((await row(ask.orderNo))['id'])}`,
    );
    assert.ok(reviews.length + moves.length > 0, 'money left a trace');
  });

  test('a channel without reversal is closed instead, and counts as reversed', async () => {
    const unable = t.gate.facts.unable.bind(t.gate.facts);
    t.gate.facts.unable = (channel, command, ask) =>
      command === 'cancel-payment' ? 'no' : unable(channel, command, ask);
    t.script(
      saying({
        pay: [answered(pending)],
        'query-payment': [answered(pending)],
        'close-payment': [answered(said({ state: 'closed' }))],
      }),
    );
    assert.equal((await order()).state, 'reversed');
    t.gate.facts.unable = unable;
  });

  test('the same number again is refused, whatever it says', async () => {
    const ask = barcode();
    t.script(saying({ pay: [answered(paid)] }));
    await order(ask);
    assert.equal(await whyOf(order(ask)), 'conflict number-used');
    assert.equal(await whyOf(order({ ...ask, amount: money(1n, 'CNY') })), 'conflict number-used');
  });

  test('the merchant of another protocol is answered with what the wallet said first', async () => {
    t.script(saying({ pay: [answered(pending)] }));
    const conduct = t.gate.facts.conduct.bind(t.gate.facts);
    t.gate.facts.conduct = (name) => ({ ...conduct(name), barcodeMs: null });
    assert.equal((await order()).state, 'pending');
    t.gate.facts.conduct = conduct;
  });
});

describe('cancelling', () => {
  /** An undecided barcode: its reversal was unclear. */
  async function undecided(): Promise<string> {
    const ask = { ...barcode(), expiresInS: 3_600 };
    t.gate.facts.conduct = (name) => ({ ...conduct(name), barcodeMs: null });
    t.script(saying({ pay: [answered(pending)] }));
    await order(ask);
    t.gate.facts.conduct = conduct;
    t.script(
      saying({ 'query-payment': [answered(pending)], 'cancel-payment': [answered(said({ state: 'reversed' }))] }),
    );
    return ask.orderNo;
  }
  let conduct: TestGate['gate']['facts']['conduct'];
  before(() => {
    conduct = t.gate.facts.conduct.bind(t.gate.facts);
  });

  /** To a time of day in China. */
  function atChineseTime(hours: number, minutes: number, seconds: number): void {
    const day = 86_400_000;
    const now = (t.world.now() + 8 * 3_600_000) % day;
    const wanted = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    t.pass((wanted - now + day) % day);
  }

  test('not within 15 seconds', async () => {
    atChineseTime(12, 0, 0);
    const no = await undecided();
    t.pass(14_999);
    assert.equal(await whyOf(cancel(no)), 'invalid-request too-early');
    t.pass(1);
    assert.equal((await cancel(no)).state, 'reversed');
    assert.equal(await whyOf(cancel(no)), 'conflict reversed');
  });

  test('from 01:00:00 to 23:00:00 in China, both included', async () => {
    for (const [hours, minutes, seconds, answer] of [
      [0, 59, 59, 'channel-unavailable hours'],
      [1, 0, 0, 'done'],
      [23, 0, 0, 'done'],
      [23, 0, 1, 'channel-unavailable hours'],
    ] as const) {
      atChineseTime((hours + 23) % 24, minutes, seconds);
      const no = await undecided();
      t.pass(3_600_000);
      assert.equal(await whyOf(cancel(no)), answer, `${hours}:${minutes}:${seconds}`);
    }
  });

  test('what is looked at first: existence, then state, then age, then the hour', async () => {
    atChineseTime(23, 30, 0);
    assert.equal(await whyOf(cancel('NOSUCH')), 'not-found');
    const no = await undecided();
    assert.equal(await whyOf(cancel(no)), 'invalid-request too-early');
    t.script(saying({ 'query-payment': [answered(paid)] }));
    assert.equal(await whyOf(cancel(no)), 'conflict paid');
    const ask = barcode();
    t.script(saying({ pay: [declined('X')] }));
    await whyOf(order(ask));
    assert.equal(await whyOf(cancel(ask.orderNo)), 'conflict failed');
  });

  test('while the reversal is unclear nothing is promised, and the worker goes on', async () => {
    atChineseTime(12, 0, 0);
    const no = await undecided();
    t.pass(15_000);
    t.script(saying({ 'query-payment': [answered(pending)], 'cancel-payment': [unclear] }));
    assert.equal(await whyOf(cancel(no)), 'outcome-unknown');
    const { expires_at, id } = await row(no);
    assert.ok(Number(expires_at) <= t.world.now(), 'being revoked');
    const [work] = await rowsOf(t.database, `select due_at from kanal.work where object_id = ${String(id)}`);
    assert.equal(Number(work?.['due_at']), t.world.now() + 5_000);
  });

  test('what is not a barcode is not cancelled, unless the merchant asked for that', async () => {
    const ask = payAsk({ amount, method: 'any', option: null, extras: {} });
    await pay(t.gate, caller(), ask, print(ask.orderNo));
    assert.equal(await whyOf(cancel(ask.orderNo)), 'invalid-request other-kind');
  });
});

test('hours may span midnight, and follow the clocks of their zone', () => {
  const at = (text: string) => Date.parse(text);
  assert.equal(isWithinHours(at('2026-01-01T00:30:00Z'), '22:00-02:00', 'UTC'), true);
  assert.equal(isWithinHours(at('2026-01-01T12:00:00Z'), '22:00-02:00', 'UTC'), false);
  // The night New York's clocks jump from 2 to 3.
  assert.equal(isWithinHours(at('2026-03-08T06:59:59Z'), '03:00-04:00', 'America/New_York'), false);
  assert.equal(isWithinHours(at('2026-03-08T07:00:00Z'), '03:00-04:00', 'America/New_York'), true);
  assert.equal(isWithinHours(at('2026-01-01T15:59:59Z'), '00:00-24:00', 'Asia/Shanghai'), true);
});
