/**
 * A channel's statement of a day: what it says it has done under our references. Lines come from a file of our own making (the columns
 * below) or from a protocol that hands statements out; both become the same lines.
 */
import { type Currency, exponents, formatDecimal, isCurrency, type Money, money, parseDecimal } from './money.ts';
import type { Kind } from './order.ts';
import type { Instant } from './world.ts';

const lineStates = {
  payment: ['paid', 'failed', 'closed', 'reversed'],
  payout: ['paid', 'failed', 'returned'],
  refund: ['paid', 'failed'],
} as const satisfies Readonly<Record<Kind, readonly string[]>>;

/** `paid`: the money moved, whichever way the kind moves it. `returned`: it moved, and came back. The others: nothing moved. */
export type LineState = (typeof lineStates)[Kind][number];

export interface StatementLine {
  /** Line of the file, from 1: by that people find it. */
  readonly no: number;
  readonly kind: Kind;
  /** What we sent; null when the channel repeats only its own number. */
  readonly reference: string | null;
  /** The channel's own number. */
  readonly upstreamNo: string | null;
  readonly money: Money;
  readonly state: LineState;
  readonly at: Instant | null;
  /** What the channel keeps for it, minor units; null when the statement does not say. */
  readonly fee: bigint | null;
}

/** The header of our own file, word for word. */
const statementColumns = ['kind', 'reference', 'upstream_no', 'amount', 'currency', 'state', 'at', 'fee'] as const;

/** One bad line: its number, and what is wrong with it. */
export interface BadLine {
  readonly no: number;
  readonly why: string;
}

export class BadStatement extends Error {
  override readonly name = 'BadStatement';
  readonly lines: readonly BadLine[];

  /** At least one. */
  constructor(lines: readonly BadLine[]) {
    super(lines.map(({ no, why }) => `line ${no}: ${why}`).join('\n'));
    this.lines = lines;
  }
}

/** A day of a very busy channel; more is another file. */
const mostLines = 200_000;
const longestLine = 1_000;
/** Of one line, minor units; and of a whole file together, so that no file brings an account near its end. */
const mostMinor = 10n ** 13n;
const mostTogether = 10n ** 15n;
/** That many bad lines are named; then reading stops, as it is the wrong file. */
const mostBad = 20;

/** Reads lines one after another, each by the reader's own columns; a line of null is none (a summary, a heading). */
export type LineReader = (cells: readonly string[], no: number) => StatementLine | null;

/** Throws BadStatement when the first line is not the header it must be. */
export type HeaderReader = (cells: readonly string[]) => LineReader | string;

/** Reads a whole statement, UTF-8, piece by piece. All or nothing: throws BadStatement that names the first bad lines. */
export function readStatement(bytes: Uint8Array, header: HeaderReader): StatementLine[] {
  const bad: BadLine[] = [];
  const lines: StatementLine[] = [];
  let reader: LineReader | null = null;
  let together = 0n;
  for (const [text, no] of textLines(bytes)) {
    try {
      const cells = cellsOf(text);
      if (reader === null) {
        const found = header(cells);
        if (typeof found === 'string') throw new BadStatement([{ no, why: found }]);
        reader = found;
        continue;
      }
      const line = text === '' ? null : reader(cells, no);
      if (line) lines.push(line);
      together += line?.money.minor ?? 0n;
    } catch (error) {
      if (error instanceof BadStatement) throw error;
      if (!(error instanceof BadCell)) throw error;
      bad.push({ no, why: error.message });
      if (bad.length === mostBad) break;
    }
    if (lines.length > mostLines) throw new BadStatement([{ no, why: `more than ${mostLines} lines` }]);
    if (together > mostTogether) throw new BadStatement([{ no, why: 'too much together: is the unit right?' }]);
  }
  if (reader === null) throw new BadStatement([{ no: 1, why: 'the file is empty' }]);
  if (bad.length > 0) throw new BadStatement(bad);
  return lines;
}

/** What is wrong with a line, in words for whoever sent the file. */
export class BadCell extends Error {
  override readonly name = 'BadCell';
}

/** Lines without their ends, with their numbers. A byte order mark before the first is no part of it. */
function* textLines(bytes: Uint8Array): Generator<readonly [string, number]> {
  let rest = '';
  let no = 0;
  for (const text of texts(bytes, () => no + 1)) {
    rest += text;
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield [cleanLine(part, (no += 1)), no];
    if (rest.length > longestLine) throw tooLong(no + 1);
  }
  if (rest !== '') yield [cleanLine(rest, (no += 1)), no];
}

const sliceBytes = 65_536;

/** `line`: the one that is read now. */
function* texts(bytes: Uint8Array, line: () => number): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (from: number): string => {
    try {
      const isLast = from >= bytes.length;
      return decoder.decode(bytes.subarray(from, from + sliceBytes), { stream: !isLast });
    } catch {
      throw new BadStatement([{ no: line(), why: 'it, or a line soon after it, is not UTF-8' }]);
    }
  };
  for (let from = 0; from < bytes.length + sliceBytes; from += sliceBytes) yield decode(from);
}

function cleanLine(text: string, no: number): string {
  if (text.length > longestLine) throw tooLong(no);
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  return no === 1 && line.startsWith('\ufeff') ? line.slice(1) : line;
}

function tooLong(no: number): BadStatement {
  return new BadStatement([{ no, why: `longer than ${longestLine} characters` }]);
}

/** Comma-separated cells; a cell in quotes may have commas and doubled quotes in it, never a line end. */
function cellsOf(text: string): string[] {
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy;
  for (;;) {
    const match = pattern.exec(text);
    if (!match) throw new BadCell('quotes do not fit together');
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') return cells;
  }
}

/** Our own file: the eight columns in their order. */
export const ownStatement: HeaderReader = (cells) =>
  cells.join() === statementColumns.join() ? ownLine : `the first line must be ${statementColumns.join()}`;

function ownLine(cells: readonly string[], no: number): StatementLine {
  if (cells.length !== statementColumns.length)
    throw new BadCell(`${cells.length} cells instead of ${statementColumns.length}`);
  const [kind = '', reference = '', upstreamNo = '', amount = '', currency = '', state = '', at = '', fee = ''] = cells;
  if (!isKind(kind)) throw new BadCell('kind is payment, payout or refund');
  return {
    no,
    kind,
    ...numbersOf(reference, upstreamNo),
    money: money(minorOf('amount', amount, currencyOf(currency)), currencyOf(currency)),
    state: stateOf(kind, state),
    at: at === '' ? null : instantOf(at),
    fee: fee === '' ? null : minorOf('fee', fee, currencyOf(currency)),
  };
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(lineStates, text);
}

/** Both numbers as the channel has them, '' = none. One of them must be there. */
export function numbersOf(
  reference: string,
  upstreamNo: string,
): { readonly reference: string | null; readonly upstreamNo: string | null } {
  for (const [name, value] of [
    ['reference', reference],
    ['upstream number', upstreamNo],
  ] as const)
    if (!/^[\x21-\x7e]{0,128}$/.test(value))
      throw new BadCell(`${name}: at most 128 printable characters without blanks`);
  if (reference === '' && upstreamNo === '') throw new BadCell('neither a reference nor an upstream number');
  return { reference: reference || null, upstreamNo: upstreamNo || null };
}

export function currencyOf(text: string): Currency {
  if (!isCurrency(text)) throw new BadCell(`currency is one of ${Object.keys(exponents).join(', ')}`);
  return text;
}

/** Decimal text of the currency, "20000" or "200.00". */
export function minorOf(what: string, text: string, currency: Currency): bigint {
  const minor = parseDecimal(text, exponents[currency]);
  if (minor === null) throw new BadCell(`${what} is a decimal number of ${currency}`);
  if (minor > mostMinor) throw new BadCell(`${what} is more than ${formatDecimal(mostMinor, exponents[currency])}`);
  return minor;
}

function stateOf(kind: Kind, text: string): LineState {
  const found = lineStates[kind].find((state) => state === text);
  if (found === undefined) throw new BadCell(`state of a ${kind} is one of ${lineStates[kind].join(', ')}`);
  return found;
}

function instantOf(text: string): Instant {
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isIso ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new BadCell('at is a time with its offset, such as 2030-01-02T03:04:05+07:00');
  return at;
}

/** Our own file, for whoever writes one. */
export function writeStatement(lines: Iterable<Omit<StatementLine, 'no'>>): string {
  const rows = [...lines].map(({ kind, reference, upstreamNo, money: { minor, currency }, state, at, fee }) =>
    [
      kind,
      reference ?? '',
      upstreamNo ?? '',
      formatDecimal(minor, exponents[currency]),
      currency,
      state,
      at === null ? '' : new Date(at).toISOString(),
      fee === null ? '' : formatDecimal(fee, exponents[currency]),
    ].join(),
  );
  return `${[statementColumns.join(), ...rows].join('\r\n')}\r\n`;
}
