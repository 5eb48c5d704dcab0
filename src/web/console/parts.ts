/** Pieces that all pages of the console are made of: tables, badges, money, times, forms. */
import { methods } from '../../core/commands.ts';
import { type Currency, exponents, formatDecimal, isCurrency } from '../../core/money.ts';
import { showMoney } from '../cashier/view.ts';
import { type Html, html, type Piece } from '../html.ts';
import type { Eyes } from './row.ts';
import { sayValue, type Word } from './words.ts';

/** Looks of a badge by what it says: good, waiting, bad, quiet. */
const tones: Readonly<Record<string, 'good' | 'wait' | 'bad' | 'warn' | 'quiet'>> = {
  paid: 'good',
  succeeded: 'good',
  done: 'good',
  active: 'good',
  approved: 'good',
  taken: 'good',
  changed: 'good',
  repeated: 'quiet',
  accepted: 'wait',
  new: 'wait',
  sending: 'wait',
  pending: 'wait',
  requested: 'wait',
  open: 'warn',
  unknown: 'warn',
  unmatched: 'warn',
  mismatch: 'bad',
  contradiction: 'bad',
  'second-success': 'bad',
  forged: 'bad',
  foreign: 'bad',
  failed: 'bad',
  declined: 'bad',
  exhausted: 'bad',
  returned: 'bad',
  refused: 'bad',
  'not-sent': 'bad',
};

export function badge({ say }: Eyes, state: string, group: 'state' | 'attempt' = 'state'): Html {
  return html`<span class="badge ${tones[state] ?? 'quiet'}">${sayValue(say, group, state)}</span>`;
}

export function money(minor: bigint, currency: string): string {
  if (!isCurrency(currency)) return `${minor} ${currency}`;
  return minor < 0n ? `−${showMoney({ minor: -minor, currency })}` : showMoney({ minor, currency });
}

/** For a cell of an export: plain decimal text. */
export function plainDecimal(minor: bigint, currency: string): string {
  return formatDecimal(minor, exponents[currency as Currency] ?? 0);
}

/** Zones in which money of a currency is booked: the channel's side of a time. */
const zones: Readonly<Partial<Record<string, string>>> = {
  IDR: 'Asia/Jakarta',
  CNY: 'Asia/Shanghai',
  THB: 'Asia/Bangkok',
  HKD: 'Asia/Hong_Kong',
  JPY: 'Asia/Tokyo',
};

function zoneOf(currency: string): string | null {
  return zones[currency] ?? null;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(zone, made);
  return made;
}

export function isZone(text: string): boolean {
  try {
    formatFor(text);
    return /^[A-Za-z0-9_+/-]{1,64}$/.test(text);
  } catch {
    return false;
  }
}

/** "2026-01-15 10:00:00" in a zone. */
export function timeText(at: number | bigint, zone: string): string {
  return formatFor(zone).format(new Date(Number(at)));
}

/** Both clocks, one below the other: the viewer's, and the channel's where it is another one. */
export function times(eyes: Eyes, at: number | bigint, currency: string): Html {
  return html`<span class="clocks">${time(eyes, at)}${timeThere(eyes, at, currency)}</span>`;
}

/** In the viewer's zone; the script writes it anew when the browser's zone is another one. */
export function time({ zone }: Eyes, at: number | bigint | null): Html | null {
  if (at === null) return null;
  const iso = new Date(Number(at)).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${timeText(at, zone)}</time>`;
}

/** The same moment as the channel's side writes it, where its zone is known and another one. */
export function timeThere({ zone }: Eyes, at: number | bigint, currency: string): Html | null {
  const there = zoneOf(currency);
  if (there === null || there === zone) return null;
  const [day = '', clock = ''] = timeText(at, there).split(' ');
  const isSameDay = timeText(at, zone).startsWith(day);
  return html`<span class="there">${isSameDay ? clock : `${day.slice(5)} ${clock}`} ${there.split('/')[1]?.replace('_', ' ')}</span>`;
}

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => Piece;
  /** Money and counts stand on the right; long numbers in digits of one width. */
  readonly look?: 'number' | 'code' | 'name' | 'state' | 'pick' | 'action';
  /** Hidden on a phone. */
  readonly isExtra?: boolean;
}

function looks<T>({ look, isExtra }: Column<T>): string {
  return [look, isExtra === true ? 'extra' : ''].filter(Boolean).join(' ');
}

export function table<T>(columns: readonly Column<T>[], rows: readonly T[], empty: string): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll"><table><thead><tr>${columns.map((one) => html`<th scope="col" class="${looks(one)}">${one.head}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map((one) => html`<td class="${looks(one)}" data-head="${one.head}">${one.cell(row)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** A request as it came: one line of it, and behind that the rest. A query may be longer than everything else on the page. */
export function rawRequest(method: string, target: string, body: string): Html {
  const [path = '', query] = target.split('?');
  const rest = [query === undefined ? '' : `?${query}`, body].filter((one) => one !== '').join('\n');
  return html`<details class="raw"><summary>${method} ${path}${query !== undefined && '?…'}</summary><pre tabindex="0" role="region" aria-label="${method} ${path}">${rest}</pre></details>`;
}

export function facts(pairs: readonly (readonly [string, Piece])[]): Html {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '');
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function card(title: string, content: Piece, beside: Piece = null): Html {
  return html`<section class="card"><header><h2>${title}</h2>${beside}</header>${content}</section>`;
}

export function headed(title: Piece, beside: Piece = null): Html {
  return html`<header class="head"><h1>${title}</h1><div class="beside">${beside}</div></header>`;
}

/** A form that does something: with the token that proves where it came from. */
export function post({ csrf }: Eyes, action: string, content: Piece, looksLike = 'form'): Html {
  return html`<form method="post" action="${action}" class="${looksLike}"><input type="hidden" name="csrf" value="${csrf}">${content}</form>`;
}

/** The same for what cannot be taken back, or hurts at once: the script asks before it is sent. */
export function dangerous(
  { csrf, say }: Eyes,
  action: string,
  question: string,
  content: Piece,
  looksLike = 'inline',
): Html {
  return html`<form method="post" action="${action}" class="${looksLike}" data-ask="${question}" data-yes="${say('yesDoIt')}" data-no="${say('cancel')}"><input type="hidden" name="csrf" value="${csrf}">${content}</form>`;
}

interface FieldLook {
  readonly value?: string;
  readonly hint?: string;
  readonly isOptional?: boolean;
  readonly type?: 'text' | 'date' | 'time' | 'number' | 'url';
  /** Shown while it is empty. */
  readonly placeholder?: string;
  /** Below the field, for who does not know it. */
  readonly help?: string;
}

export function field(label: string, name: string, more: FieldLook = {}): Html {
  return html`<label><span>${label}${more.hint && html` <small>${more.hint}</small>`}</span><input name="${name}" type="${more.type ?? 'text'}" value="${more.value ?? ''}" placeholder="${more.placeholder ?? ''}" autocomplete="off" ${more.isOptional === true ? null : html`required`}>${more.help && html`<small class="help">${more.help}</small>`}</label>`;
}

/** How an amount of a currency is typed. */
const examples = Object.fromEntries(
  Object.entries(exponents).map(([currency, places]) => [currency, places === 0 ? '46000' : '12.50']),
);

/**
 * An amount in the units people count in. `currency`: its name, or null where the form has a choice of it beside; of that,
 * `chosen` is the one chosen at first ('' = any), and the script shows the example of another one.
 */
export function amountField(
  label: string,
  name: string,
  currency: string | null,
  { chosen, ...more }: FieldLook & { readonly chosen?: string } = {},
): Html {
  const example = examples[currency ?? chosen ?? currencyChoices[0]?.value ?? ''] ?? '';
  return html`<label><span>${label} <small>${currency}</small></span><input name="${name}" inputmode="decimal" value="${more.value ?? ''}" placeholder="${example}" ${currency === null && html`data-examples="${JSON.stringify(examples)}"`} autocomplete="off" maxlength="22" ${more.isOptional === true ? null : html`required`}></label>`;
}

export const currencyChoices: readonly Choice[] = Object.keys(exponents).map((value) => ({ value, label: value }));

export function methodChoices({ say }: Eyes): readonly Choice[] {
  return methods.map((value) => ({ value, label: sayValue(say, 'method', value) }));
}

/** Where a page belongs: the way back, and what this one is. */
export function crumbs({ say }: Eyes, word: Word, path: string, here: Piece): Html {
  return html`<nav class="crumb" aria-label="${say('crumbs')}"><ol><li><a href="${path}">${say(word)}</a></li><li aria-current="page">${here}</li></ol></nav>`;
}

export function area(label: string, name: string, rows: number, isOptional = false, help = ''): Html {
  return html`<label class="wide"><span>${label}</span><textarea name="${name}" rows="${rows}" spellcheck="false" ${isOptional ? null : html`required`}></textarea>${help !== '' && html`<small class="help">${help}</small>`}</label>`;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function choose(label: string, name: string, choices: readonly Choice[], present = ''): Html {
  return html`<label><span>${label}</span><select name="${name}">${choices.map(
    ({ value, label: text }) =>
      html`<option value="${value}" ${value === present ? html`selected` : null}>${text}</option>`,
  )}</select></label>`;
}

/** Something to copy: the button appears with the script only. */
export function copyable({ say }: Eyes, text: string, label = say('copy')): Html {
  return html`<button type="button" class="copy small" data-copy="${text}" data-copied="${say('copied')}" hidden>${label}</button>`;
}

export function merchantLink(name: string, id: bigint): Html {
  return html`<a href="/console/merchants/${String(id)}">${name}</a>`;
}
