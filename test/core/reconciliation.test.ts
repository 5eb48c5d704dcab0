/** A statement against the books: equal ones differ in nothing, and each planted difference is found once (T062, T124). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { daySpan } from '../../src/core/days.ts';
import { money } from '../../src/core/money.ts';
import { type Booked, type Comparing, compare, type DifferenceType } from '../../src/core/reconciliation.ts';
import type { LineState, StatementLine } from '../../src/core/statement.ts';

const span = daySpan('2026-03-10', 'Asia/Shanghai');
const marginMs = 600_000;
const noon = (span.from + span.to) / 2;
const whole = { span, marginMs, elsewhere: new Set<string>(), hasBefore: true, hasAfter: true };

const states: Readonly<Record<Booked['kind'], readonly (readonly [Booked['state'], LineState | null])[]>> = {
  payment: [
    ['paid', 'paid'],
    ['closed', null],
    ['failed', 'failed'],
    ['reversed', 'reversed'],
    ['pending', null],
  ],
  payout: [
    ['succeeded', 'paid'],
    ['returned', 'returned'],
    ['failed', 'failed'],
  ],
  refund: [
    ['succeeded', 'paid'],
    ['failed', null],
  ],
};

function booked(no: number, changes: Partial<Booked> = {}): Booked {
  return {
    home: no % 256,
    id: BigInt(no + 1),
    kind: 'payment',
    state: 'paid',
    reference: `R${no}`,
    formerReferences: [],
    upstreamNo: `U${no}`,
    amount: money(BigInt(1000 + no), 'CNY'),
    aside: [],
    at: noon,
    ...changes,
  };
}

function lineOf(one: Booked, state: LineState, changes: Partial<StatementLine> = {}): StatementLine {
  const { kind, reference, upstreamNo, amount, at } = one;
  return { no: Number(one.id) + 1, kind, reference, upstreamNo, money: amount, state, at, fee: null, ...changes };
}

/** A day on which channel and books agree. */
const days = fc
  .array(
    fc.record({
      kind: fc.constantFrom('payment' as const, 'payout' as const, 'refund' as const),
      pick: fc.nat(4),
      minor: fc.bigInt(1n, 10n ** 12n),
      at: fc.integer({ min: span.from + marginMs, max: span.to - marginMs - 1 }),
      namesOurs: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((rows) => {
    const books = rows.map(({ kind, pick, minor, at }, no) => {
      const [state = 'paid'] = states[kind][pick % states[kind].length] ?? [];
      return booked(no, { kind, state, amount: money(minor, 'IDR'), at });
    });
    const lines = books.flatMap((one, no) => {
      const [, state = null] = states[one.kind].find(([own]) => own === one.state) ?? [];
      if (state === null) return [];
      return [lineOf(one, state, rows[no]?.namesOurs === false ? { reference: null } : {})];
    });
    return { books, lines };
  });

/** What is planted, and how it must come out. */
const plants: Readonly<
  Record<
    string,
    {
      readonly type: DifferenceType;
      plant(day: Pick<Comparing, 'books' | 'lines'>): Pick<Comparing, 'books' | 'lines'>;
    }
  >
> = {
  'the channel alone has it': {
    type: 'unknown-here',
    plant: ({ books, lines }) => ({ books, lines: [...lines, lineOf(booked(900), 'paid')] }),
  },
  'we alone have it': {
    type: 'unknown-there',
    plant: ({ books, lines }) => ({ books: [...books, booked(900)], lines }),
  },
  'a payout nobody knows of': {
    type: 'unknown-there',
    plant: ({ books, lines }) => ({ books: [...books, booked(900, { kind: 'payout', state: 'unknown' })], lines }),
  },
  'another amount': {
    type: 'amount-differs',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900)],
      lines: [...lines, lineOf(booked(900), 'paid', { money: money(7n, 'CNY') })],
    }),
  },
  'another currency': {
    type: 'amount-differs',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900)],
      lines: [...lines, lineOf(booked(900), 'paid', { money: money(1900n, 'THB') })],
    }),
  },
  'they were paid, we do not know': {
    type: 'state-differs',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900, { state: 'unknown' })],
      lines: [...lines, lineOf(booked(900), 'paid')],
    }),
  },
  'they failed, we succeeded': {
    type: 'state-differs',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900, { kind: 'refund', state: 'succeeded' })],
      lines: [...lines, lineOf(booked(900, { kind: 'refund' }), 'failed')],
    }),
  },
  'it came back there alone': {
    type: 'state-differs',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900, { kind: 'payout', state: 'succeeded' })],
      lines: [...lines, lineOf(booked(900, { kind: 'payout' }), 'returned')],
    }),
  },
  'the same line twice': {
    type: 'line-twice',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900)],
      lines: [...lines, lineOf(booked(900), 'paid'), lineOf(booked(900), 'paid', { no: 77 })],
    }),
  },
  'a second payment of one order': {
    type: 'unknown-here',
    plant: ({ books, lines }) => ({
      books: [...books, booked(900)],
      lines: [...lines, lineOf(booked(900), 'paid'), lineOf(booked(900), 'paid', { no: 77, upstreamNo: 'U-again' })],
    }),
  },
};

test('equal books differ in nothing, whatever order the lines come in', () => {
  fc.assert(
    fc.property(days, fc.infiniteStream(fc.nat()), ({ books, lines }, chance) => {
      const found = compare({ ...whole, books, lines: shuffled(lines, chance) });
      assert.deepEqual(found.differences, []);
      assert.equal(found.matched.length, lines.length);
    }),
  );
});

for (const [name, planted] of Object.entries(plants))
  test(`found exactly once: ${name}`, () => {
    fc.assert(
      fc.property(days, fc.infiniteStream(fc.nat()), (day, chance) => {
        const { books, lines } = planted.plant(day);
        const found = compare({ ...whole, books, lines: shuffled(lines, chance) });
        assert.deepEqual(
          found.differences.map((one) => one.type),
          [planted.type],
        );
        assert.deepEqual(found, compare({ ...whole, books, lines }), 'the order of the lines changed it');
      }),
      { numRuns: 40 },
    );
  });

function shuffled<T>(items: readonly T[], chance: Iterator<number>): T[] {
  return items
    .map((item) => [Number(chance.next().value), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

test('money in suspense is what a line of that sum tells of', () => {
  const aside = [{ money: money(500n, 'CNY'), at: noon, isOpen: true }];
  const closed = booked(1, { state: 'closed', aside });
  assert.deepEqual(
    compare({ ...whole, books: [closed], lines: [lineOf(closed, 'paid', { money: money(500n, 'CNY') })] }).differences,
    [],
  );
  const [left] = compare({ ...whole, books: [closed], lines: [] }).differences;
  assert.equal(left?.type, 'unknown-there');
  assert.deepEqual(left.money, money(500n, 'CNY'));
});

test('near midnight, the statement that comes last decides', () => {
  const edge = booked(1, { at: span.to - 1 });
  const ask = (changes: Partial<Comparing>) => compare({ ...whole, books: [edge], lines: [], ...changes });
  assert.deepEqual(ask({ hasAfter: false }).differences, []);
  assert.equal(ask({ hasAfter: false }).carried.length, 1);
  assert.equal(ask({ hasAfter: true }).differences[0]?.type, 'unknown-there');
  assert.deepEqual(ask({ hasAfter: true, elsewhere: new Set(['payment/R1']) }).differences, []);
  // A quarter of an hour before midnight is this day's alone; after the margin it is the next day's.
  assert.equal(ask({ books: [booked(1, { at: span.to - marginMs - 1 })], hasAfter: false }).differences.length, 1);
  assert.deepEqual(ask({ books: [booked(1, { at: span.to + marginMs })] }).differences, []);
});

test('an attempt that counts at another channel is none of this one', () => {
  const moved = booked(1, { reference: null, formerReferences: ['R1'] });
  assert.deepEqual(compare({ ...whole, books: [moved], lines: [] }).differences, []);
  assert.deepEqual(
    compare({ ...whole, books: [moved], lines: [lineOf(moved, 'failed', { reference: 'R1' })] }).differences,
    [],
  );
  const [second] = compare({
    ...whole,
    books: [moved],
    lines: [lineOf(moved, 'paid', { reference: 'R1' })],
  }).differences;
  assert.equal(second?.type, 'unknown-here');
});

test('a payout that was paid and came back has two lines, on one day or on two', () => {
  const returned = booked(1, { kind: 'payout', state: 'returned' });
  for (const lines of [[lineOf(returned, 'paid')], [lineOf(returned, 'paid'), lineOf(returned, 'returned')]])
    assert.deepEqual(compare({ ...whole, books: [returned], lines }).differences, []);
});

test('days are those of the zone, also when clocks change', () => {
  const hours = (day: string, zone: string) => {
    const { from, to } = daySpan(day, zone);
    return [new Date(from).toISOString(), (to - from) / 3_600_000];
  };
  assert.deepEqual(hours('2026-03-10', 'Asia/Shanghai'), ['2026-03-09T16:00:00.000Z', 24]);
  assert.deepEqual(hours('2026-03-29', 'Europe/Berlin'), ['2026-03-28T23:00:00.000Z', 23]);
  assert.deepEqual(hours('2026-10-25', 'Europe/Berlin'), ['2026-10-24T22:00:00.000Z', 25]);
  // Clocks went forward at midnight: the day began at one.
  assert.deepEqual(hours('2018-11-04', 'America/Sao_Paulo'), ['2018-11-04T03:00:00.000Z', 23]);
  assert.deepEqual(hours('2026-03-10', 'Pacific/Kiritimati'), ['2026-03-09T10:00:00.000Z', 24]);
});
