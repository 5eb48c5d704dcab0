/** Only `src/flows/learn-outcome.ts` changes the state of an order: by the text of the program, and by what the database sees. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { money } from '../../src/core/money.ts';
import { answering, payAsk, paymentAnswer, rowsOf, sql, type TestGate, testGate } from '../gate.ts';
import { importsOf, type Source, sourcesBelow } from '../repository/source.ts';
import { changesPastTheDoor, changesSeen } from '../watch.ts';

const door = 'src/flows/learn-outcome.ts';
const writer = 'src/store/settle.ts';
const sources = sourcesBelow('src');

/** Statements that write an order row, by what they set. */
function writesOf({ text }: Source): string[] {
  return [...text.matchAll(/\bupdate\s+(payments|payouts|refunds)\b\s*([^`]*)/g)].map(([, table, rest]) =>
    `${table} ${rest}`.replace(/\s+/g, ' '),
  );
}

describe('by the text of the program', () => {
  test('order rows are updated in three files, and only one of them sets a state', () => {
    const found = new Map(
      sources.map((one) => [one.path, writesOf(one)] as const).filter(([, writes]) => writes.length > 0),
    );
    assert.deepEqual([...found.keys()].sort(), ['src/store/create.ts', 'src/store/orders.ts', writer]);
    const others = [...found].filter(([path]) => path !== writer).flatMap(([, writes]) => writes);
    const set = others.map((write) => /\bset (\w+) =/.exec(write)?.[1]);
    assert.deepEqual(new Set(set), new Set(['expires_at', 'refund_pending']));
    for (const write of others) assert.doesNotMatch(write.split(/\bwhere\b/)[0] ?? '', /\bstate\s*=|\$\{set\}/);
  });

  test('what that file exports to write orders is imported by the door alone', () => {
    const writers = new Set(['settle', 'setFee', 'holdAgain']);
    const users = sources
      .filter((one) => importsOf(one).some(({ path, names }) => path === writer && names.some((n) => writers.has(n))))
      .map(({ path }) => path);
    assert.deepEqual(users, [door]);
  });

  test('and the timeline of changes is written by it alone', () => {
    const users = sources.filter(({ text }) => /\binsert into events\b/.test(text)).map(({ path }) => path);
    assert.deepEqual(users, [writer]);
  });
});

describe('by what the database sees', () => {
  let t: TestGate;
  before(async () => {
    t = await testGate();
  });
  after(() => t.close());

  test('a change through the door is explained by its event; one past it is found', async () => {
    t.script(answering('pay', paymentAnswer()));
    const ask = payAsk();
    await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from('seen'));
    const [row] = await rowsOf(t.database, `select * from kanal.payments where order_no = '${ask.orderNo}'`);
    const about = {
      kind: 'payment',
      channelId: row?.['channel_id'] as bigint,
      reference: String(row?.['reference']),
    } as const;
    const report = paymentAnswer({ state: 'paid', paid: money(20_000n, 'IDR') });
    const evidence = reportEvidence(about, 'callback', report, t.world.now());
    await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    const { owner, db } = t.database;
    assert.equal(await changesSeen(owner), 2);
    assert.deepEqual(await changesPastTheDoor(owner), []);
    const id = row?.['id'] as bigint;
    await db.run(sql`update payments set state = 'closed' where home = ${row?.['home']} and id = ${id}`);
    assert.deepEqual(await changesPastTheDoor(owner), [`payments ${id}: paid → closed`]);
    await owner.run(sql`delete from watch.changes where new = 'closed'`);
  });
});
