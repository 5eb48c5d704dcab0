/** What every list has: one search box, filters, pages and exports of what the filter leaves. A list is a value of `Listing`. */
import { note } from '../../flows/users.ts';
import type { Page } from '../../store/lists.ts';
import type { SearchFilter } from '../../store/search.ts';
import { homesFor, idOf } from '../api/desk.ts';
import { type Html, html } from '../html.ts';
import { type Cell, csvOf, type Sheet, type SheetRow } from '../sheet.ts';
import { xlsxOf } from '../xlsx.ts';
import { choose, type Column, headed, methodChoices, table } from './parts.ts';
import { type ConsoleDesk, page, type Row, type Visit } from './row.ts';
import { sayValue, type Word } from './words.ts';

export interface Export<T> {
  readonly head: string;
  readonly cell: (desk: ConsoleDesk, row: T) => Cell;
}

export interface Listing<T> {
  readonly word: Word;
  readonly path: string;
  readonly roles: Row['roles'];
  readonly tenant: Row['tenant'];
  readonly states: readonly string[];
  /** Said while there is nothing at all; default "nothing fits". */
  readonly empty?: Word;
  /** Which filters beside number and state; nobody bound to a merchant sees that of merchants. */
  readonly filters: readonly ('merchant' | 'channel' | 'method' | 'day')[];
  read(desk: ConsoleDesk, filter: SearchFilter, page: Page): Promise<readonly T[]>;
  columns(visit: Visit): readonly Column<T>[];
  readonly cells: readonly Export<T>[];
  /** Around the table: a form for many rows. */
  around?(visit: Visit, rows: readonly T[], shown: Html): Html;
}

const pageSize = 50;
/** Small: rows become text between two pages, and payments must not wait for that (T122). */
const exportPage = 100;

function dayStart(text: string | null): number | null {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) || null : null;
}

/** The filter of an address; a bound user's merchant cannot be asked away. */
function filterOf({ desk, person, query }: Visit): SearchFilter {
  const given = (name: string) => query.get(name)?.trim() || null;
  const { merchants } = desk.gate.directory();
  const asked = person.merchantId ?? idOf(given('merchant') ?? '');
  const merchant = asked === null ? undefined : merchants.get(asked);
  const to = dayStart(given('to'));
  return {
    merchantId: person.merchantId ?? merchant?.id ?? null,
    homes: homesFor(desk, person.merchantId ?? merchant?.id ?? null),
    state: given('state'),
    number: given('q')?.slice(0, 200) ?? null,
    channelId: idOf(given('channel') ?? ''),
    method: given('method'),
    from: dayStart(given('from')),
    to: to === null ? null : to + 86_400_000,
  };
}

function filterForm<T>({ desk, eyes, person, query }: Visit, listing: Listing<T>): Html {
  const { say } = eyes;
  const any = { value: '', label: say('any') };
  const present = (name: string) => query.get(name) ?? '';
  const { merchants, channels } = desk.gate.directory();
  const has = (name: Listing<T>['filters'][number]) => listing.filters.includes(name);
  return html`<form class="filter" action="${listing.path}"><label class="grow"><span>${say('searchAny')}</span><input type="search" name="q" value="${present('q')}" maxlength="200"></label>${choose(say('state'), 'state', [any, ...listing.states.map((value) => ({ value, label: sayValue(say, 'state', value) }))], present('state'))}${has('merchant') && person.merchantId === null && choose(say('merchant'), 'merchant', [any, ...[...merchants.values()].map(({ id, name }) => ({ value: String(id), label: name }))], present('merchant'))}${has('channel') && person.merchantId === null && choose(say('channel'), 'channel', [any, ...[...channels.values()].map(({ id, name }) => ({ value: String(id), label: name }))], present('channel'))}${has('method') && choose(say('method'), 'method', [any, ...methodChoices(eyes)], present('method'))}${has('day') && html`<label><span>${say('from')}</span><input type="date" name="from" value="${present('from')}"></label><label><span>${say('to')}</span><input type="date" name="to" value="${present('to')}"></label>`}<div class="buttons"><button class="primary">${say('filter')}</button>${query.size > 0 && html`<a class="button" href="${listing.path}">${say('clear')}</a>`}</div></form>`;
}

/** The same query with one member more or less. */
function withQuery(path: string, query: URLSearchParams, changes: Readonly<Record<string, string | null>>): string {
  const made = new URLSearchParams(query);
  made.delete('note');
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) made.delete(name);
    else made.set(name, value);
  }
  return made.size === 0 ? path : `${path}?${made.toString()}`;
}

/** Nothing fits the filter, or nothing is there yet: either has another next step. */
function nothing<T>({ eyes, query }: Visit, { path, empty }: Listing<T>): Html {
  const { say } = eyes;
  const isFiltered = [...query].some(([name, value]) => name !== 'note' && value !== '');
  return isFiltered
    ? html`<p class="empty">${say('nothing')} <a href="${path}">${say('clear')}</a></p>`
    : html`<p class="empty">${say(empty ?? 'nothingYet')}</p>`;
}

async function screen<T extends { readonly id: bigint }>(visit: Visit, listing: Listing<T>) {
  const { desk, eyes, query } = visit;
  const { say } = eyes;
  const before = idOf(query.get('before') ?? '');
  const found = await listing.read(desk, filterOf(visit), { before, limit: pageSize + 1 });
  const rows = found.slice(0, pageSize);
  const shown = rows.length > 0 ? table(listing.columns(visit), rows, '') : nothing(visit, listing);
  const exports = html`<span class="quiet">${say('exportAs')}</span><a class="button small" href="${withQuery(`${listing.path}/export/csv`, query, { before: null })}" download>CSV</a><a class="button small" href="${withQuery(`${listing.path}/export/xlsx`, query, { before: null })}" download>XLSX</a>`;
  const last = rows.at(-1);
  const pages = html`<nav class="pages">${before !== null && html`<a class="button" href="${withQuery(listing.path, query, { before: null })}">${say('newest')}</a>`}${found.length > pageSize && last !== undefined && html`<a class="button" href="${withQuery(listing.path, query, { before: String(last.id) })}">${say('older')}</a>`}</nav>`;
  return page(
    say(listing.word),
    html`${headed(say(listing.word), exports)}${filterForm(visit, listing)}<section class="card flush">${listing.around ? listing.around(visit, rows, shown) : shown}</section>${pages}`,
  );
}

/** Home by home, by its own key, page by page: each continues where the one before ended, whatever came in meanwhile. */
async function* allRows<T extends { readonly id: bigint }>(
  { desk }: Visit,
  listing: Listing<T>,
  whole: SearchFilter,
): AsyncGenerator<readonly SheetRow[]> {
  for (const home of whole.homes) {
    const filter = { ...whole, homes: [home] };
    for (let before: bigint | null = null; ; ) {
      const rows: readonly T[] = await listing.read(desk, filter, { before, limit: exportPage });
      yield rows.map((row) => listing.cells.map(({ cell }) => cell(desk, row)));
      before = rows.at(-1)?.id ?? null;
      if (rows.length < exportPage) break;
    }
  }
}

const types: Readonly<
  Record<string, { readonly type: string; readonly of: (sheet: Sheet) => AsyncIterable<Uint8Array> }>
> = {
  csv: { type: 'text/csv; charset=utf-8', of: csvOf },
  xlsx: { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', of: (sheet) => xlsxOf(sheet) },
};

async function exported<T extends { readonly id: bigint }>(visit: Visit, listing: Listing<T>) {
  const { desk, person, params, query } = visit;
  const format = params['format'] ?? '';
  const found = Object.hasOwn(types, format) ? types[format] : undefined;
  if (!found) return { kind: 'go', to: listing.path } as const;
  // Who took what out of the house is on the record.
  await note(desk.gate, person.name, 'list.export', { list: listing.word, format, filter: String(query) });
  const day = new Date(desk.gate.world.now()).toISOString().slice(0, 10);
  const sheet = {
    name: listing.word,
    heads: listing.cells.map(({ head }) => head),
    rows: allRows(visit, listing, filterOf(visit)),
  };
  return {
    kind: 'file',
    reply: {
      status: 200,
      headers: {
        'content-type': found.type,
        'content-disposition': `attachment; filename="kanal-${listing.word}-${day}.${format}"`,
      },
      body: found.of(sheet),
    },
  } as const;
}

export function rowsOf<T extends { readonly id: bigint }>(listing: Listing<T>): Row[] {
  const { path, roles, tenant } = listing;
  return [
    { method: 'GET', path, roles, tenant, answer: (visit) => screen(visit, listing) },
    { method: 'GET', path: `${path}/export/{format}`, roles, tenant, answer: (visit) => exported(visit, listing) },
  ];
}
