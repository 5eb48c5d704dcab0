/** Keys of one credential: what may be seen of them, and asking for new ones. Whoever asks does not decide (T039). */
import type { HeldKey } from '../../core/integration.ts';
import { askSecond } from '../../flows/approve.ts';
import type { CredentialRow } from '../../store/directory.ts';
import { type Html, html } from '../html.ts';
import { credentialHead, credentialOf, credentialPath, hoursIn } from './credential.ts';
import { area, card, copyable, facts, field, post, time } from './parts.ts';
import { everybody, type Eyes, may, page, type Row, type Visit } from './row.ts';
import type { Word } from './words.ts';

const askers: Row['roles'] = ['admin'];

const kinds: Readonly<Record<HeldKey['kind'], Word>> = {
  shared: 'keysShared',
  merchant: 'keysMerchant',
  platform: 'keysPlatform',
};

async function keys(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const row = credentialOf(visit);
  const held = desk.integrations.keys(row.id);
  const cards = held.map((one) => keyCard(eyes, one));
  const content = may(person, { roles: askers, tenant: 'merchant-bound' })
    ? html`<div class="split"><div>${cards}</div><div>${rotation(eyes, row, held)}</div></div>`
    : html`<div class="columns">${cards}</div>`;
  return page(
    `${row.protocol} · ${say('keys')}`,
    html`${credentialHead(visit, row, 'keys')}<p class="hint">${say('keysHelp')}</p>${content}`,
  );
}

function keyCard(eyes: Eyes, key: HeldKey): Html {
  const { say } = eyes;
  return card(
    say(kinds[key.kind]),
    html`${facts([
      [say('name'), key.kind === 'shared' && html`<code>${key.name}</code>`],
      [say('algorithm'), key.algorithm],
      [say('fingerprint'), html`<code class="long">${key.fingerprint}</code>`],
      [say('validFrom'), time(eyes, key.addedAt)],
      [say('validUntil'), key.until === null ? say('forGood') : time(eyes, key.until)],
    ])}${key.pem !== null && html`<pre class="code" tabindex="0" role="region" aria-label="${say(kinds[key.kind])}">${key.pem}</pre>`}`,
    key.pem === null ? null : copyable(eyes, key.pem),
  );
}

function rotation(eyes: Eyes, row: CredentialRow, held: readonly HeldKey[]): Html {
  const { say } = eyes;
  const hasPairs = held.some(({ kind }) => kind === 'merchant');
  return card(
    say('rotateAsk'),
    html`<p class="hint">${say('rotateHelp')}</p>${post(
      eyes,
      `${credentialPath(row)}/keys/rotate`,
      html`${hasPairs && area(say('rotatePublic'), 'publicKey', 4)}${field(say('overlapHours'), 'hours', { value: '24' })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
    )}`,
  );
}

async function rotate(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const row = credentialOf(visit);
  const detail = { credential: String(row.id), hours: hoursIn(visit), publicKey: form.text('publicKey') };
  await askSecond(desk, person, 'credential.rotate', detail, form.required('why', 500));
  return { kind: 'go', to: `${credentialPath(row)}/keys`, note: eyes.say('asked') } as const;
}

export const heldKeyRows: readonly Row[] = [
  { method: 'GET', path: '/console/integration/{id}/keys', roles: everybody, tenant: 'merchant-bound', answer: keys },
  {
    method: 'POST',
    path: '/console/integration/{id}/keys/rotate',
    roles: askers,
    tenant: 'merchant-bound',
    answer: rotate,
  },
];
