/** A new credential for people: what it is, then what the merchant gets, in a form that can be copied. */
import type { Row } from './gateway.ts';
import { fields, shown } from './table.ts';

/** `document` holds what `shown` holds, by the names of the protocol. PEM stands on lines of its own. */
export function credentialText(row: Row): string {
  const { shown: _same, document, keys, ...rest } = row;
  const given = Object.entries(typeof document === 'object' && document !== null ? document : {});
  const short = given.filter(([, value]) => !isLong(value));
  const long = given.filter(([, value]) => isLong(value));
  return [
    fields({ ...rest, ...(keys === undefined ? {} : { keys: keyNames(keys) }) }),
    '',
    'For the merchant, shown this once:',
    ...(short.length === 0 ? [] : [fields(Object.fromEntries(short))]),
    ...long.flatMap(([name, value]) => [`${name}:`, shown(value).trimEnd()]),
  ].join('\n');
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\n');
}

/** 'apiKey', or 'apiKey until 2026-…' for one that ends. */
function keyNames(keys: unknown): string {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [];
  return list
    .map((key) => {
      const { name, until } = { ...(key as Row) };
      return until === null || until === undefined ? shown(name) : `${shown(name)} until ${shown(until)}`;
    })
    .join(', ');
}
