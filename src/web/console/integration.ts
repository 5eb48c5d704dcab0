/** For a merchant's developers: every credential, and for one its addresses and sample programs. */
import type { Integration, SampleLanguage, WrittenSample } from '../../core/integration.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CredentialRow } from '../../store/directory.ts';
import { type Html, html } from '../html.ts';
import { credentialHead, credentialOf, credentialPath } from './credential.ts';
import { badge, card, copyable, facts, headed, table } from './parts.ts';
import { everybody, type Eyes, page, type Row, type Visit } from './row.ts';

async function list({ desk, eyes, person }: Visit) {
  const { say } = eyes;
  const { credentials, merchants } = desk.gate.directory();
  const rows = [...credentials.values()]
    .filter(({ merchantId }) => person.merchantId === null || person.merchantId === merchantId)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return page(
    say('integration'),
    html`${headed(say('integration'))}<p class="hint">${say('integrationHelp')}</p><section class="card flush">${table<CredentialRow>(
      [
        {
          head: say('protocol'),
          cell: (row) => html`<a class="strong" href="${credentialPath(row)}">${row.protocol}</a>`,
        },
        { head: say('sender'), cell: ({ sender }) => sender, look: 'code' },
        ...(person.merchantId === null
          ? [
              {
                head: say('merchant'),
                cell: ({ merchantId }: CredentialRow) => merchants.get(merchantId)?.name ?? '–',
                look: 'name' as const,
              },
            ]
          : []),
        { head: say('state'), cell: ({ state }) => badge(eyes, state), isExtra: true },
        {
          head: '',
          cell: (row) =>
            html`<a href="${credentialPath(row)}/keys">${say('keys')}</a> · <a href="${credentialPath(row)}/webhook">${say('webhook')}</a>`,
          look: 'action',
        },
      ],
      rows,
      say('integrationNone'),
    )}</section>`,
  );
}

async function samples(visit: Visit) {
  const { desk, eyes, query } = visit;
  const { say } = eyes;
  const row = credentialOf(visit);
  const { languages } = desk.integrations;
  const language = languages.find(({ name }) => name === query.get('language')) ?? languages[0];
  const found = language && desk.integrations.show(row.id, language.name, query.get('variant'));
  if (!found) throw new Refusal('not-found');
  return page(
    `${row.protocol} · ${say('samples')}`,
    html`${credentialHead(visit, row, 'samples')}${addresses(eyes, row, found)}<div class="ways">${languageTabs(visit, row, language, found)}${variantTabs(eyes, row, language, found)}</div><p class="hint">${say('samplesHelp')} ${say('samplesNeed', { needs: language.needs[eyes.language] })}</p>${programs(eyes, language, found.samples)}`,
  );
}

function addresses({ say, language }: Eyes, row: CredentialRow, { senderWord, endpoints, signed }: Integration): Html {
  // Fifteen methods may share one address.
  const urls = [...new Set(endpoints.map(({ url }) => url))];
  const namesAt = (url: string) => endpoints.filter((one) => one.url === url).map(({ name }) => name);
  const context = Object.entries(row.settings).map(([name, value]) => [name, html`<code>${value}</code>`] as const);
  return html`<div class="columns">${card(
    say('ownAddresses'),
    facts([
      [senderWord, html`<code>${row.sender}</code>`],
      ...context,
      ...urls.map(
        (url) =>
          [
            namesAt(url).length > 3 ? say('any') : namesAt(url).join(', '),
            html`<code class="long">${url}</code>`,
          ] as const,
      ),
    ]),
  )}${card(
    say('signedSo'),
    facts([
      [say('signed.request'), signed.request[language]],
      [say('signed.reply'), signed.reply[language]],
      [say('signed.notice'), signed.notice[language]],
      [say('signed.ack'), signed.ack[language]],
    ]),
  )}</div>`;
}

function tab(row: CredentialRow, query: Readonly<Record<string, string>>, label: string, isHere: boolean): Html {
  const search = new URLSearchParams(query).toString();
  return html`<a href="${credentialPath(row)}?${search}" ${isHere && html`aria-current="true"`}>${label}</a>`;
}

function withVariant(language: string, variant: string | null): Readonly<Record<string, string>> {
  return variant === null ? { language } : { language, variant };
}

function languageTabs({ desk, eyes }: Visit, row: CredentialRow, here: SampleLanguage, { variant }: Integration): Html {
  const links = desk.integrations.languages.map(({ name, title }) =>
    tab(row, withVariant(name, variant), title, name === here.name),
  );
  return html`<nav class="tabs" aria-label="${eyes.say('samples')}">${links}</nav>`;
}

function variantTabs({ say }: Eyes, row: CredentialRow, here: SampleLanguage, found: Integration): Html | null {
  if (found.variants.length < 2) return null;
  const links = found.variants.map((one) => tab(row, withVariant(here.name, one), one, one === found.variant));
  return html`<nav class="tabs" aria-label="${say('signedSo')}">${links}</nav>`;
}

function programs(eyes: Eyes, language: SampleLanguage, samples: readonly WrittenSample[]): Html {
  const { say } = eyes;
  const written = samples.filter(({ code }) => code !== null);
  const isNone = written.length < samples.length;
  return html`${isNone && html`<p class="note">${say('sampleNone', { language: language.title })}</p>`}${written.map((one) => sample(eyes, language, one))}`;
}

function sample(eyes: Eyes, language: SampleLanguage, { purpose, about, code }: WrittenSample): Html {
  const title = eyes.say(`purpose.${purpose}`);
  return card(
    title,
    html`<p class="hint">${about[eyes.language]} · <code>${language.run}</code></p><pre class="code" tabindex="0" role="region" aria-label="${title}">${code}</pre>`,
    copyable(eyes, code ?? ''),
  );
}

export const integrationRows: readonly Row[] = [
  { method: 'GET', path: '/console/integration', roles: everybody, tenant: 'merchant-bound', answer: list },
  { method: 'GET', path: '/console/integration/{id}', roles: everybody, tenant: 'merchant-bound', answer: samples },
];
