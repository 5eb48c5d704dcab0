/** Our own statement file: read back as it was written, strict in every cell, bad lines named by number, bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Currency, money } from '../../src/core/money.ts';
import {
  BadStatement,
  ownStatement,
  readStatement,
  type StatementLine,
  writeStatement,
} from '../../src/core/statement.ts';

const header = 'kind,reference,upstream_no,amount,currency,state,at,fee';
const read = (text: string) => readStatement(Buffer.from(text), ownStatement);

function bad(text: string): readonly { readonly no: number; readonly why: string }[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof BadStatement) return error.lines;
    throw error;
  }
  return [];
}

const lines = fc.array(
  fc.record({
    kind: fc.constant('payment' as const),
    reference: fc.stringMatching(/^[\x21-\x7e]{1,64}$/).filter((text) => !/[",]/.test(text)),
    upstreamNo: fc.option(fc.stringMatching(/^[A-Za-z0-9]{1,32}$/)),
    money: fc
      .tuple(fc.bigInt(0n, 10n ** 12n), fc.constantFrom<Currency>('IDR', 'CNY', 'JPY', 'USD'))
      .map(([minor, currency]) => money(minor, currency)),
    state: fc.constantFrom('paid' as const, 'failed' as const, 'closed' as const),
    at: fc.option(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) })),
    fee: fc.option(fc.bigInt(0n, 10n ** 9n)),
  }),
  { maxLength: 20 },
);

test('what is written is read back, whatever the line ends', () => {
  fc.assert(
    fc.property(lines, fc.constantFrom('\r\n', '\n'), fc.boolean(), (given, end, hasMark) => {
      const text = `${hasMark ? '\ufeff' : ''}${writeStatement(given).replaceAll('\r\n', end)}`;
      assert.deepEqual(
        read(text),
        given.map((line, index): StatementLine => ({ no: index + 2, ...line })),
      );
    }),
  );
});

test('every cell is strict, and each bad line is named', () => {
  const good = 'payment,R1,U1,12.50,CNY,paid,2030-01-02T03:04:05+07:00,0.10';
  assert.equal(read(`${header}\n${good}\n"payment","R1","","12.5","CNY","paid","",""\n`).length, 2);
  const wrong = [
    'Payment,R1,,1,CNY,paid,,',
    'payment,,,1,CNY,paid,,',
    'payment,R 1,,1,CNY,paid,,',
    'payment,R1,,1.234,CNY,paid,,',
    'payment,R1,,1e3,CNY,paid,,',
    'payment,R1,,-1,CNY,paid,,',
    'payment,R1,,1,EUR,paid,,',
    'payment,R1,,1,CNY,success,,',
    'payout,R1,,1,CNY,closed,,',
    'payment,R1,,1,CNY,paid,2030-01-02 03:04:05,',
    'payment,R1,,1,CNY,paid,2030-13-02T03:04:05Z,',
    'payment,R1,,1,CNY,paid,,x',
    'payment,R1,,1,CNY,paid,',
    'payment,R1,,1,CNY,paid,,,',
    'payment,"R1,,1,CNY,paid,,',
  ];
  assert.deepEqual(
    bad([header, good, ...wrong].join('\n')).map(({ no }) => no),
    wrong.map((_, index) => index + 3),
  );
  assert.equal(bad([header, ...Array.from({ length: 50 }, () => 'x')].join('\n')).length, 20);
});

test('another header, no header, too long a line, too many lines and other bytes are refused', () => {
  assert.deepEqual(
    bad('').map(({ no }) => no),
    [1],
  );
  assert.deepEqual(
    bad('amount,kind\n').map(({ no }) => no),
    [1],
  );
  assert.deepEqual(
    bad(`${header}\npayment,${'9'.repeat(2_000)},,1,CNY,paid,,\n`).map(({ no }) => no),
    [2],
  );
  assert.deepEqual(
    bad(`${header}\n${'9'.repeat(200_000)}`).map(({ no }) => no),
    [2],
  );
  assert.match(bad(`${header}\n${'payment,R,,1,IDR,paid,,\n'.repeat(200_001)}`)[0]?.why ?? '', /more than/);
  assert.throws(() => readStatement(Buffer.from([...Buffer.from(`${header}\n`), 0xff, 0xfe]), ownStatement), /UTF-8/);
});
