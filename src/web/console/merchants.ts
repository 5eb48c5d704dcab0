/** Merchants and their credentials. Keys are asked for by one person and given out to another one, once. */
import { addMerchant, changeMerchant, setCredentialState } from '../../flows/administer.ts';
import { askSecond } from '../../flows/approve.ts';
import type { CredentialRow, MerchantRow } from '../../store/directory.ts';
import { balancesOf } from '../../store/ledger.ts';
import { merchantBy } from '../api/desk.ts';
import { keyList } from '../api/merchants.ts';
import { Refusal } from '../../core/refusal.ts';
import { exponents } from '../../core/money.ts';
import { type Html, html } from '../html.ts';
import { shownOnce } from './decisions.ts';
import { idIn } from './order.ts';
import { area, badge, card, choose, facts, field, headed, merchantLink, money, post, table } from './parts.ts';
import { everybody, may, page, type Row, type Visit } from './row.ts';

const admins: Row['roles'] = ['admin'];
const funders: Row['roles'] = ['finance', 'admin'];
const operatorOnly = 'operator-only' as const;

const currencies = Object.keys(exponents).map((value) => ({ value, label: value }));

function visible({ desk, person }: Visit): MerchantRow[] {
  const all = [...desk.gate.directory().merchants.values()];
  return all.filter(({ id }) => person.merchantId === null || person.merchantId === id);
}

async function list(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const { credentials } = desk.gate.directory();
  const protocols = (id: bigint) =>
    [
      ...new Set(
        [...credentials.values()].filter(({ merchantId }) => merchantId === id).map(({ protocol }) => protocol),
      ),
    ]
      .sort()
      .join(', ');
  return page(
    say('merchants'),
    html`${headed(say('merchants'))}<section class="card flush">${table(
      [
        { head: say('name'), cell: ({ name, id }) => merchantLink(name, id) },
        { head: say('state'), cell: ({ state }) => badge(eyes, state) },
        { head: say('protocol'), cell: ({ id }) => protocols(id) },
        { head: say('payoutsAllowed'), cell: ({ payouts }) => say(payouts ? 'yes' : 'no'), isExtra: true },
        { head: 'id', cell: ({ id }) => String(id), look: 'code', isExtra: true },
      ],
      visible(visit),
      say('nothing'),
    )}</section>${may(person, { roles: admins, tenant: operatorOnly }) && card(say('addMerchant'), post(eyes, '/console/merchants', html`${field(say('name'), 'name')}${choose(say('payoutsAllowed'), 'payouts', yesNo(visit))}<button class="primary">${say('add')}</button>`))}`,
  );
}

function yesNo({ eyes: { say } }: Visit) {
  return [
    { value: 'no', label: say('no') },
    { value: 'yes', label: say('yes') },
  ];
}

async function add({ desk, eyes, person, form }: Visit) {
  const name = form.required('name', 200);
  const { merchant, webhookSecret } = await addMerchant(desk, person.name, {
    name,
    payouts: form.text('payouts') === 'yes',
  });
  return page(name, shownOnce(eyes, { webhookSecret }, `/console/merchants/${merchant.id}`));
}

async function one(visit: Visit) {
  const { desk, eyes, person, params } = visit;
  const { say } = eyes;
  const merchant = merchantBy(desk, person, params['id'] ?? '');
  const balances = await balancesOf(desk.gate.db, merchant.home, merchant.id);
  const credentials = [...desk.gate.directory().credentials.values()].filter(
    ({ merchantId }) => merchantId === merchant.id,
  );
  const isAdmin = may(person, { roles: admins, tenant: operatorOnly });
  const id = String(merchant.id);
  return page(
    merchant.name,
    html`<p class="crumb"><a href="/console/merchants">${say('merchants')}</a></p>${headed(html`${merchant.name} ${badge(eyes, merchant.state)}`, html`<a class="button small" href="/console/payments?merchant=${id}">${say('payments')}</a>`)}
<div class="split"><div>
<section class="card flush"><header><h2>${say('credentials')}</h2></header>${table(
      [
        { head: say('protocol'), cell: ({ protocol }) => protocol },
        { head: say('sender'), cell: ({ sender }) => sender, look: 'code' },
        { head: say('state'), cell: ({ state }) => badge(eyes, state) },
        { head: say('keys'), cell: (row) => keys(row), isExtra: true },
        { head: '', cell: (row) => (isAdmin ? credentialActs(visit, row) : null), look: 'action' },
      ],
      credentials,
      say('nothing'),
    )}</section>
${isAdmin && card(say('addCredential'), post(eyes, `/console/merchants/${id}/credentials`, html`${choose(say('protocol'), 'protocol', merchantProtocols(visit))}${field(say('sender'), 'sender', { isOptional: true })}${area(say('publicKey'), 'publicKey', 3, true)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`))}
</div><div>
${card(say('balances'), facts(balances.map(({ account, currency, available }) => [`${account.split('/')[2] ?? ''} ${currency}`, money(available, currency)] as const)))}
${card(say('settings'), facts([['id', html`<code>${id}</code>`], [say('payoutsAllowed'), say(merchant.payouts ? 'yes' : 'no')], ...Object.entries(merchant.settings).map(([name, value]) => [name, html`<code>${value}</code>`] as const)]))}
${isAdmin && card(say('actions'), html`<div class="stack">${post(eyes, `/console/merchants/${id}/state`, html`<input type="hidden" name="state" value="${merchant.state === 'active' ? 'disabled' : 'active'}"><button>${say(merchant.state === 'active' ? 'disable' : 'enable')}</button>`, 'inline')}</div>`)}
${
  isAdmin &&
  card(
    say('limit'),
    html`<p class="hint">${say('limitHelp')}</p>${post(
      eyes,
      `/console/merchants/${id}/limit`,
      html`${field(say('limit'), 'limit', { hint: say('smallestUnits'), isOptional: true })}${choose(say('currency'), 'currency', currencies)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
    )}`,
  )
}
${
  may(person, { roles: funders, tenant: operatorOnly }) &&
  card(
    say('fund'),
    post(
      eyes,
      `/console/merchants/${id}/fund`,
      html`${field(say('amount'), 'amount', { hint: say('smallestUnits') })}${choose(
        say('currency'),
        'currency',
        currencies,
      )}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
    ),
  )
}
</div></div>`,
  );
}

function merchantProtocols({ desk }: Visit) {
  const sheets = desk.admissions.protocols().filter(({ sides }) => sides.includes('merchant'));
  return sheets.map(({ name, title }) => ({ value: name, label: title === name ? name : `${name} – ${title}` }));
}

function keys({ secrets }: CredentialRow): Html {
  return html`<span class="pairs">${keyList(secrets).map(({ name, addedAt, until }) => html`<span>${name} <small>${addedAt.slice(0, 10)}${until !== null && ` → ${until.slice(0, 16)}`}</small></span>`)}</span>`;
}

function credentialActs({ eyes }: Visit, row: CredentialRow): Html {
  const { say } = eyes;
  const id = String(row.id);
  const next = row.state === 'active' ? 'disabled' : 'active';
  return html`<details class="drop"><summary>${say('actions')}</summary>${post(eyes, `/console/credentials/${id}/rotate`, html`${field(say('overlapHours'), 'hours', { value: '24' })}${field(say('why'), 'why')}<button class="primary small">${say('rotate')}</button>`)}${post(eyes, `/console/credentials/${id}/state`, html`<input type="hidden" name="state" value="${next}"><button class="small">${say(next === 'active' ? 'enable' : 'disable')}</button>`, 'inline')}</details>`;
}

async function setState({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  await changeMerchant(desk, person.name, id, { state: form.oneOf('state', ['active', 'disabled']) });
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('saved') } as const;
}

async function fund({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  const detail = { merchant: String(id), amount: form.required('amount', 20), currency: form.required('currency', 3) };
  await askSecond(desk, person, 'merchant.fund', detail, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('asked') } as const;
}

/** Raising or lifting the limit lets more money go unseen: two persons, as for the payouts themselves. */
async function setLimit({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  const detail = { merchant: String(id), limit: form.text('limit', 18), currency: form.required('currency', 3) };
  await askSecond(desk, person, 'merchant.limit', detail, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('asked') } as const;
}

async function addKeys({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  const detail = {
    merchant: String(id),
    protocol: form.required('protocol', 40),
    sender: form.text('sender', 200),
    publicKey: form.text('publicKey'),
  };
  await askSecond(desk, person, 'credential.add', detail, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('asked') } as const;
}

function credentialIn({ desk, params }: Visit): CredentialRow {
  const row = desk.gate.directory().credentials.get(idIn(params));
  if (!row) throw new Refusal('not-found');
  return row;
}

async function rotate(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const { id, merchantId } = credentialIn(visit);
  const hours = form.required('hours', 4);
  if (!/^\d{1,4}$/.test(hours))
    throw new Refusal('invalid-request', { field: 'hours', text: 'a whole number of hours' });
  await askSecond(desk, person, 'credential.rotate', { credential: String(id), hours }, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${merchantId}`, note: eyes.say('asked') } as const;
}

async function setKeysState(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const { id, merchantId } = credentialIn(visit);
  await setCredentialState(desk, person.name, id, form.oneOf('state', ['active', 'disabled']));
  return { kind: 'go', to: `/console/merchants/${merchantId}`, note: eyes.say('saved') } as const;
}

export const merchantRows: readonly Row[] = [
  { method: 'GET', path: '/console/merchants', roles: everybody, tenant: 'merchant-bound', answer: list },
  { method: 'POST', path: '/console/merchants', roles: admins, tenant: operatorOnly, answer: add },
  { method: 'GET', path: '/console/merchants/{id}', roles: everybody, tenant: 'merchant-bound', answer: one },
  { method: 'POST', path: '/console/merchants/{id}/state', roles: admins, tenant: operatorOnly, answer: setState },
  { method: 'POST', path: '/console/merchants/{id}/fund', roles: funders, tenant: operatorOnly, answer: fund },
  { method: 'POST', path: '/console/merchants/{id}/limit', roles: admins, tenant: operatorOnly, answer: setLimit },
  { method: 'POST', path: '/console/merchants/{id}/credentials', roles: admins, tenant: operatorOnly, answer: addKeys },
  { method: 'POST', path: '/console/credentials/{id}/rotate', roles: admins, tenant: operatorOnly, answer: rotate },
  {
    method: 'POST',
    path: '/console/credentials/{id}/state',
    roles: admins,
    tenant: operatorOnly,
    answer: setKeysState,
  },
];
