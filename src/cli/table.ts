/** Rows as a table for people: amounts and times written out, long texts cut. */
import { exponents, formatDecimal, grouped, isCurrency } from '../core/money.ts';

const widest = 40;

/** `{ minor, currency }` as "IDR 20,000". Anything else as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && 'minor' in value && 'currency' in value)
    return amountText(String(value.minor), String(value.currency));
  if (Array.isArray(value)) return value.map(shown).join(' ');
  return typeof value === 'object' ? members(value) : String(value as string | number | boolean);
}

/** What is in it, `name=value`, without what is empty; --json has everything. */
function members(value: object): string {
  return Object.entries(value)
    .map(([name, one]) => [name, shown(one)])
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}=${text}`)
    .join(' ');
}

export function amountText(minor: string, currency: string): string {
  return `${currency} ${groupedText(minor, currency)}`;
}

/** Smallest units as whole ones, without the currency's name: '1234567', 'CNY' → '12,345.67'. */
export function groupedText(minor: string, currency: string): string {
  if (!isCurrency(currency) || !/^-?\d+$/.test(minor)) return minor;
  const [whole = '', fraction] = formatDecimal(BigInt(minor), exponents[currency]).split('.');
  return `${grouped(whole, ',')}${fraction === undefined ? '' : `.${fraction}`}`;
}

export function table(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): string {
  if (rows.length === 0) return 'none';
  const cells = [columns, ...rows.map((row) => columns.map((name) => cut(shown(row[name]))))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
}

/** One object, a line each member. */
export function fields(row: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(row);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return names.map((name) => `${name.padEnd(width)}${shown(row[name])}`).join('\n');
}
