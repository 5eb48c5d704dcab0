/** What flows said in English, to whoever reads another language. */
import { type Piece, html } from '../html.ts';
import { money, time } from './parts.ts';
import type { Eyes } from './row.ts';
import { sayValue } from './words.ts';
import { told } from './words/told.ts';

const rows = told
  .map((wording) => ({
    wording,
    pattern: patternOf(wording.en),
    literal: wording.en.replaceAll(/\{\w+\}/g, '').length,
  }))
  // The most exact one first: "it cannot do qr in IDR" is also "it cannot do" something.
  .toSorted((a, b) => b.literal - a.literal);

/** 'the order is {state} already' → /^the order is (?<state>.+) already$/ */
function patternOf(text: string): RegExp {
  const literal = text.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll(/\{(\w+)\}/g, '(?<$1>.+)')}$`, 's');
}

/** The same in the reader's language; as it is where nobody has said it in that one: words of channels, of other people. */
export function retold(eyes: Eyes, text: string): string {
  if (eyes.language === 'en') return text;
  for (const { wording, pattern } of rows) {
    const found = pattern.exec(text);
    if (found)
      return wording[eyes.language].replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        filled(eyes, name, found.groups?.[name] ?? ''),
      );
  }
  return text;
}

/** Most of what is filled in means the same in every language; states, ways to pay and reasons have words. */
function filled(eyes: Eyes, name: string, value: string): string {
  if (name === 'state') return sayValue(eyes.say, 'state', value);
  if (name === 'why' || name === 'text') return retold(eyes, value);
  if (name !== 'way') return value;
  const [method = '', ...option] = value.split(' ');
  return [sayValue(eyes.say, 'method', method), ...option].join(' ');
}

/** `code: text` of why an order ended, or an attempt failed: our own words in the reader's language, a channel's as they came. */
export function reasonText(eyes: Eyes, { code, text }: { readonly code?: unknown; readonly text?: unknown }): string {
  return [code, text]
    .filter((one): one is string => typeof one === 'string' && one !== '')
    .map((one) => retold(eyes, one))
    .join(': ');
}

/** Told texts are parts of a sentence on the command line, and sentences here. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What was written down with a review or about a movement: in words where there are some, money as money, times as times. */
export function heard(eyes: Eyes, name: string, value: unknown): Piece {
  const { say } = eyes;
  if (name.toLowerCase().endsWith('happenedat') && typeof value === 'number') return time(eyes, value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const [, minor = '', currency = ''] = /^(\d{1,18}) ([A-Z]{3})$/.exec(text) ?? [];
  if (minor !== '') return money(BigInt(minor), currency);
  if (name === 'state' || name === 'said') return sayValue(say, 'state', text);
  if (name === 'event') return sayValue(say, 'said', text);
  if (name === 'source') return sayValue(say, 'source', text);
  if (name === 'owner') return sayValue(say, 'role', text);
  return html`<code>${text}</code>`;
}
