/** Moments as people at the payer's place write them: the zone is named, because a deadline without one is none. */
import type { Currency } from '../../core/money.ts';
import type { Instant } from '../../core/world.ts';
import { type Html, html } from '../html.ts';
import { type Language, languageTags } from './words.ts';

/** Where people pay in that currency. The script of the page goes over to the viewer's own zone. */
const zones: Readonly<Record<Currency, string>> = {
  IDR: 'Asia/Jakarta',
  CNY: 'Asia/Shanghai',
  HKD: 'Asia/Hong_Kong',
  THB: 'Asia/Bangkok',
  JPY: 'Asia/Tokyo',
  USD: 'Etc/UTC',
};

/** English with the day first and 24 hours, as both countries write it. */
const locales: Readonly<Record<Language, string>> = { ...languageTags, en: 'en-GB' };

/** WIB, WITA and WIT are Indonesia's own names in every language; elsewhere the zone's full name in the page's language. */
function zoneName(at: Instant, timeZone: string, language: Language): string {
  const short = zonePart(at, { timeZone, timeZoneName: 'short' }, 'id');
  return short.startsWith('WI') ? short : zonePart(at, { timeZone, timeZoneName: 'long' }, languageTags[language]);
}

function zonePart(at: Instant, options: Intl.DateTimeFormatOptions, locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, options).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** "15 Jan 2026, 10.00 WIB". The page's script writes the same for another zone. */
function showMoment(at: Instant, timeZone: string, language: Language): string {
  const format = new Intl.DateTimeFormat(locales[language], { dateStyle: 'medium', timeStyle: 'short', timeZone });
  return `${format.format(at)} ${zoneName(at, timeZone, language)}`;
}

/** The moment as an element the script can find. */
export function moment(at: Instant, currency: Currency, language: Language): Html {
  return html`<time class="moment" datetime="${new Date(at).toISOString()}" data-locale="${locales[language]}">${showMoment(at, zones[currency], language)}</time>`;
}

/** "23:59:07"; days are hours. */
export function showTimeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}
