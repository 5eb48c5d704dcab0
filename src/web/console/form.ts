/** What a form said: texts only, each name once unless it is asked for as a list. Names nobody asks for have no effect (T089). */
import { type Currency, exponents, isCurrency, money, type Money, parseDecimal } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { checkNoNul } from '../nul.ts';
import type { WebRequest } from '../web.ts';
import { readMultipart } from './multipart.ts';

const maxFormBytes = 64 * 1024;
const longestText = 16_384;

export class Form {
  readonly #values: URLSearchParams;

  /** Of a form with a file; else empty. */
  readonly file: Uint8Array;

  constructor(values: URLSearchParams, file: Uint8Array = new Uint8Array()) {
    this.#values = values;
    this.file = file;
  }

  /** '' when it is not there. Throws Refusal `invalid-request` when it is there twice or too long. */
  text(name: string, most = longestText): string {
    const all = this.#values.getAll(name);
    if (all.length > 1) throw new Refusal('invalid-request', { field: name, text: 'given twice' });
    const [value = ''] = all;
    if (value.length > most)
      throw new Refusal('invalid-request', { field: name, text: `more than ${most} characters` });
    checkNoNul(value, name);
    return value.replaceAll('\r\n', '\n').trim();
  }

  required(name: string, most?: number): string {
    const value = this.text(name, most);
    if (value === '') throw new Refusal('invalid-request', { field: name, text: 'is missing', why: 'missing' });
    return value;
  }

  /** As it was typed, blanks and all: passwords. */
  raw(name: string): string {
    return this.#values.get(name) ?? '';
  }

  list(name: string, most: number): readonly string[] {
    return this.#values.getAll(name).slice(0, most);
  }

  /** One of our currencies. */
  currency(name = 'currency'): Currency {
    const value = this.text(name, 3);
    if (!isCurrency(value)) throw new Refusal('invalid-request', { field: name, text: 'not a currency we know' });
    return value;
  }

  /** A positive amount as people write it: in the currency's own units, "12.50" or "46000". */
  amount(name: string, currency: Currency): Money {
    const minor = this.minorOrNull(name, currency);
    if (minor === null) throw new Refusal('invalid-request', { field: name, text: 'is missing', why: 'missing' });
    if (minor === 0n) throw new Refusal('invalid-request', { field: name, text: 'more than nothing', why: 'nothing' });
    return money(minor, currency);
  }

  /** The same in smallest units, zero included; null = left empty. */
  minorOrNull(name: string, currency: Currency): bigint | null {
    const value = this.text(name, 40);
    if (value === '') return null;
    const places = exponents[currency];
    // "46.000" is forty-six thousand to one reader and forty-six to another: neither is taken.
    const decimals = value.split('.')[1]?.length ?? 0;
    const minor = parseDecimal(value, places);
    if (decimals > places && /^\d+\.\d+$/.test(value)) throw tooPrecise(name, places);
    if (minor === null || minor > largestMinor)
      throw new Refusal('invalid-request', {
        field: name,
        text: 'a plain number, like 1250 or 12.50',
        why: places === 0 ? 'no-whole-amount' : 'no-amount',
      });
    return minor;
  }

  /** One of a closed list. Throws Refusal `invalid-request` for anything else. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      throw new Refusal('invalid-request', { field: name, text: `one of ${choices.join(', ')}` });
    return found;
  }
}

/** What a form may ask for; the database holds a little more. */
const largestMinor = 999_999_999_999_999_999n;

function tooPrecise(field: string, places: number): Refusal {
  const text = places === 0 ? 'whole units only, no point' : `at most ${places} digits behind the point`;
  return new Refusal('invalid-request', { field, text, why: places === 0 ? 'no-decimals' : 'two-decimals' });
}

/** Throws Refusal `invalid-request` for anything but a form of ours in size and type. */
export function readForm({ method, path, headers, body }: WebRequest): Form {
  if (method !== 'POST') return new Form(new URLSearchParams());
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data' && path.startsWith('/console/statement-files/')) {
    const { values, file } = readMultipart(headers['content-type'] ?? '', body);
    return new Form(values, file);
  }
  if (type !== 'application/x-www-form-urlencoded' || body.byteLength > maxFormBytes)
    throw new Refusal('invalid-request', { text: 'not a form of this console' });
  return new Form(new URLSearchParams(new TextDecoder().decode(body)));
}
