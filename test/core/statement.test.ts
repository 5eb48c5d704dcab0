/** A file is read strictly, all or nothing, and no sum of it may bring an account near its end (T033, T062). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadStatement, ownStatement, readStatement, type StatementLine } from '../../src/core/statement.ts';

const header = 'kind,reference,upstream_no,amount,currency,state,at,fee';

function read(...lines: readonly string[]): StatementLine[] {
  return readStatement(Buffer.from([header, ...lines].join('\n')), ownStatement);
}

function refuses(what: RegExp, bytes: Uint8Array): void {
  assert.throws(
    () => readStatement(bytes, ownStatement),
    (error) => error instanceof BadStatement && what.test(error.message),
    String(what),
  );
}

test('a byte order mark, line ends of either kind, empty lines and quotes say nothing', () => {
  const text = `\ufeff${header}\r\n\r\n"payment","A,""1""",,"12.50",CNY,paid,,\r\n`;
  const [line, ...others] = readStatement(Buffer.from(text), ownStatement);
  assert.deepEqual([line?.reference, line?.money.minor, line?.no, others.length], ['A,"1"', 1_250n, 3, 0]);
});

test('what is not plainly a sum of that currency is refused with its line, and so is what no books can hold', () => {
  const amounts = [
    '',
    '-1',
    '+1',
    '1e3',
    'NaN',
    'Infinity',
    '0x10',
    '1,5',
    '１',
    '1.005',
    '=1+1',
    ' 1',
    '01',
    '1'.repeat(40),
  ];
  for (const amount of [...amounts, '100000000000.01', '999999999999999999'])
    refuses(/^line 3: amount /, Buffer.from(`${header}\npayment,A,,1,CNY,paid,,\npayment,B,,"${amount}",CNY,paid,,`));
  refuses(/^line 2: fee is more than/, Buffer.from(`${header}\npayment,A,,1,CNY,paid,,999999999999`));
  assert.equal(read('payment,A,,100000000000.00,CNY,paid,,')[0]?.money.minor, 10n ** 13n);
  const most = Array.from({ length: 101 }, (_, no) => `payout,P${no},,10000000000000,IDR,paid,,`);
  assert.equal(read(...most.slice(1)).length, 100);
  refuses(/^line 102: too much together/, Buffer.from([header, ...most].join('\n')));
});

test('zero bytes, other encodings, blanks in numbers, foreign words and endless lines are refused', () => {
  const rows: readonly (readonly [RegExp, string])[] = [
    [/reference: at most 128/, 'payment,A\0B,,1,CNY,paid,,'],
    [/reference: at most 128/, 'payment,A B,,1,CNY,paid,,'],
    [/neither a reference/, 'payment,,,1,CNY,paid,,'],
    [/kind is/, 'toString,A,,1,CNY,paid,,'],
    [/currency is/, 'payment,A,,1,constructor,paid,,'],
    [/state of a refund/, 'refund,A,,1,CNY,returned,,'],
    [/at is a time/, 'payment,A,,1,CNY,paid,2030-01-31 10:00:00,'],
    [/at is a time/, 'payment,A,,1,CNY,paid,2030-13-31T10:00:00Z,'],
    [/cells instead of 8/, 'payment,A,,1,CNY,paid,,,'],
    [/quotes do not fit/, 'payment,"A,,1,CNY,paid,,'],
    [/longer than 1000/, `payment,${'A'.repeat(1_000)},,1,CNY,paid,,`],
  ];
  for (const [what, line] of rows) refuses(what, Buffer.from(`${header}\n${line}`));
  refuses(/not UTF-8/, Buffer.concat([Buffer.from(`${header}\npayment,A`), Buffer.from([0xff, 0xfe])]));
  refuses(/longer than 1000/, Buffer.alloc(1_000_000, 0x41));
  refuses(/the first line must be/, Buffer.from('kind,reference\n'));
  refuses(/the file is empty/, new Uint8Array());
});
