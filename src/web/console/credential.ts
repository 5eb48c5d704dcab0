/** One credential as its own developers see it: the tabs that its pages share, and who may look. */
import { Refusal } from '../../core/refusal.ts';
import type { CredentialRow } from '../../store/directory.ts';
import { type Html, html } from '../html.ts';
import { idIn } from './order.ts';
import { badge, headed } from './parts.ts';
import type { Visit } from './row.ts';
import type { Word } from './words.ts';

/** A merchant's people find its own credentials; everybody else's do not exist for them (T021). */
export function credentialOf({ desk, person, params }: Pick<Visit, 'desk' | 'person' | 'params'>): CredentialRow {
  const row = desk.gate.directory().credentials.get(idIn(params));
  if (!row || (person.merchantId !== null && row.merchantId !== person.merchantId)) throw new Refusal('not-found');
  return row;
}

/** How long the old keys of a rotation stay good. */
export function hoursIn({ form }: Pick<Visit, 'form'>): string {
  const hours = form.required('hours', 4);
  if (!/^\d{1,4}$/.test(hours))
    throw new Refusal('invalid-request', { field: 'hours', text: 'a whole number of hours' });
  return hours;
}

const tabs: readonly { readonly word: Word; readonly path: string }[] = [
  { word: 'samples', path: '' },
  { word: 'keys', path: '/keys' },
  { word: 'webhook', path: '/webhook' },
];

export function credentialPath({ id }: Pick<CredentialRow, 'id'>): string {
  return `/console/integration/${id}`;
}

/** Head of the three pages; `here` is the tab that is open. */
export function credentialHead({ desk, eyes, person }: Visit, row: CredentialRow, here: Word): Html {
  const { say } = eyes;
  const { merchants } = desk.gate.directory();
  const links = tabs.map(
    ({ word, path }) =>
      html`<a href="${credentialPath(row)}${path}" ${word === here && html`aria-current="page"`}>${say(word)}</a>`,
  );
  return html`<p class="crumb"><a href="/console/integration">${say('integration')}</a></p>${headed(html`${row.protocol} <small>${[row.sender, person.merchantId === null ? merchants.get(row.merchantId)?.name : null].filter(Boolean).join(' · ')}</small> ${badge(eyes, row.state)}`, html`<nav class="tabs" aria-label="${say('integration')}">${links}</nav>`)}`;
}
