/** Merchants and their credentials. Keys are asked for by one person and given out to another one, once. */
import { addMerchant, changeMerchant, setCredentialState } from '../../flows/administer.ts';
import { askSecond, type DeedName } from '../../flows/approve.ts';
import type { CredentialRow, MerchantRow } from '../../store/directory.ts';
import { balancesOf } from '../../store/ledger.ts';
import { merchantBy } from '../api/desk.ts';
import { keyList } from '../api/merchants.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Html, html } from '../html.ts';
import { hoursIn } from './credential.ts';
import { shownOnce } from './decisions.ts';
import { idIn } from './order.ts';
import {
  amountField,
  area,
  badge,
  card,
  choose,
  crumbs,
  currencyChoices,
  dangerous,
  facts,
  field,
  headed,
  merchantLink,
  money,
  post,
  table,
} from './parts.ts';
import { everybody, type Eyes, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const admins: Row['roles'] = ['admin'];
const funders: Row['roles'] = ['finance', 'admin'];
const operatorOnly = 'operator-only' as const;
/** Its own people may ask for it, too. */
const bound = 'merchant-bound' as const;

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
        { head: say('state'), cell: ({ state }) => badge(eyes, state), look: 'state' },
        { head: say('protocol'), cell: ({ id }) => protocols(id) },
        { head: say('payoutsAllowed'), cell: ({ payouts }) => say(payouts ? 'yes' : 'no'), isExtra: true },
        { head: 'id', cell: ({ id }) => String(id), look: 'code', isExtra: true },
      ],
      visible(visit),
      say('merchantNone'),
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
  const order = ({ currency, account }: { readonly currency: string; readonly account: string }) => currency + account;
  const balances = await balancesOf(desk.gate.db, merchant.home, merchant.id);
  balances.sort((one, other) => (order(one) < order(other) ? -1 : 1));
  const credentials = [...desk.gate.directory().credentials.values()].filter(
    ({ merchantId }) => merchantId === merchant.id,
  );
  const isAdmin = may(person, { roles: admins, tenant: operatorOnly });
  const id = String(merchant.id);
  return page(
    merchant.name,
    html`${crumbs(eyes, 'merchants', '/console/merchants', merchant.name)}${headed(html`${merchant.name} ${badge(eyes, merchant.state)}`, html`<a class="button small" href="/console/payments?merchant=${id}">${say('payments')}</a><a class="button small" href="/console/doctor?merchant=${id}">${say('doctorRefused')}</a>`)}
<div class="split"><div>
<section class="card flush"><header><h2>${say('credentials')}</h2></header>${table(
      [
        { head: say('protocol'), cell: ({ protocol }) => protocol },
        { head: say('sender'), cell: ({ sender }) => sender, look: 'code' },
        { head: say('state'), cell: ({ state }) => badge(eyes, state), look: 'state' },
        { head: say('keys'), cell: (row) => keys(row), isExtra: true },
        { head: '', cell: (row) => (isAdmin ? credentialActs(visit, row) : null), look: 'action' },
      ],
      credentials,
      say('credentialNone'),
    )}</section>
${isAdmin && card(say('addCredential'), post(eyes, `/console/merchants/${id}/credentials`, html`${choose(say('protocol'), 'protocol', merchantProtocols(visit))}${field(say('sender'), 'sender', { isOptional: true })}${area(say('publicKey'), 'publicKey', 3, true)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`))}
</div><div>
${card(say('balances'), facts(balances.map(({ account, currency, available }) => [`${sayValue(say, 'side', account.split('/')[2] ?? '')} ${currency}`, money(available, currency)] as const)))}
${card(say('settings'), settingFacts(visit, merchant))}
${isAdmin && changes(visit, merchant)}
${
  may(person, { roles: admins, tenant: bound }) &&
  folded(visit, 'newWebhook', `/console/merchants/${id}/webhook-secret`, overlapField(say), say('newWebhookHelp'))
}
${
  may(person, { roles: funders, tenant: operatorOnly }) &&
  folded(
    visit,
    'fund',
    `/console/merchants/${id}/fund`,
    html`${amountField(say('amount'), 'amount', null)}${choose(say('currency'), 'currency', currencyChoices)}`,
  )
}
</div></div>`,
  );
}

/** What is set, with amounts as amounts. */
function settingFacts({ eyes: { say } }: Visit, { id, payouts, settings }: MerchantRow): Html {
  const shown = Object.entries(settings).map(([name, value]) => {
    const currency = /^payoutLimit\.([A-Z]{3})$/.exec(name)?.[1];
    if (currency !== undefined)
      return [`${say('limit')} ${currency}`, value === '' ? null : money(BigInt(value), currency)] as const;
    return [name, html`<code>${value}</code>`] as const;
  });
  return facts([
    ['ID', html`<code>${String(id)}</code>`],
    [say('payoutsAllowed'), say(payouts ? 'yes' : 'no')],
    ...shown,
  ]);
}

/** What an admin may change: what opens a way for money is asked of a second person. */
function changes(visit: Visit, merchant: MerchantRow): Html {
  const { eyes } = visit;
  const { say } = eyes;
  const id = String(merchant.id);
  const at = `/console/merchants/${id}`;
  const state =
    merchant.state === 'active'
      ? dangerous(
          eyes,
          `${at}/state`,
          say('merchantOffAsk', { name: merchant.name }),
          html`<input type="hidden" name="state" value="disabled"><button class="danger">${say('disable')}</button>`,
        )
      : post(
          eyes,
          `${at}/state`,
          html`<input type="hidden" name="state" value="active"><button>${say('enable')}</button>`,
          'inline',
        );
  const payouts = merchant.payouts
    ? post(
        eyes,
        `${at}/payouts`,
        html`<input type="hidden" name="payouts" value="no"><button>${say('payoutsStop')}</button>`,
        'inline',
      )
    : post(
        eyes,
        `${at}/payouts`,
        html`<input type="hidden" name="payouts" value="yes">${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
      );
  return html`${card(say('actions'), html`<div class="stack">${state}</div>`)}
${card(say('payoutsAllowed'), html`<p class="hint">${say('payoutsHelp')}</p>${payouts}`)}
${card(say('name'), post(eyes, `${at}/change`, html`${field(say('name'), 'name', { value: merchant.name })}${field(say('noticeGaps'), 'noticeGapsS', { value: merchant.settings['noticeGapsS'] ?? '', isOptional: true, help: say('noticeGapsHelp') })}<button class="primary">${say('save')}</button>`))}
${folded(visit, 'limit', `${at}/limit`, html`${amountField(say('limit'), 'limit', null, { isOptional: true })}${choose(say('currency'), 'currency', currencyChoices)}`, say('limitHelp'))}
${folded(visit, 'overdraft', `${at}/overdraft`, html`${amountField(say('overdraft'), 'overdraft', null)}${choose(say('currency'), 'currency', currencyChoices)}`, say('overdraftHelp'))}`;
}

/** A card that is opened by whoever needs it: seldom, and with two persons. */
function folded(
  { eyes }: Visit,
  word: 'fund' | 'limit' | 'newWebhook' | 'overdraft',
  action: string,
  fields: Html,
  help = '',
): Html {
  const { say } = eyes;
  return html`<section class="card"><details><summary><h2>${say(word)}</h2></summary>${help !== '' && html`<p class="hint">${help}</p>`}${post(eyes, action, html`${fields}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}</details></section>`;
}

function overlapField(say: Eyes['say']): Html {
  return field(say('overlapHours'), 'hours', { value: '24', type: 'number' });
}

function merchantProtocols({ desk, eyes }: Visit) {
  const sheets = desk.admissions.protocols().filter(({ sides }) => sides.includes('merchant'));
  return sheets.map(({ name, title }) => ({ value: name, label: `${name} – ${title[eyes.language]}` }));
}

function keys({ secrets }: CredentialRow): Html {
  return html`<span class="pairs">${keyList(secrets).map(({ name, addedAt, until }) => html`<span>${name} <small>${addedAt.slice(0, 10)}${until !== null && ` → ${until.slice(0, 16)}`}</small></span>`)}</span>`;
}

function credentialActs({ eyes }: Visit, row: CredentialRow): Html {
  const { say } = eyes;
  const id = String(row.id);
  const state =
    row.state === 'active'
      ? dangerous(
          eyes,
          `/console/credentials/${id}/state`,
          say('credentialOffAsk'),
          html`<input type="hidden" name="state" value="disabled"><button class="danger small">${say('disable')}</button>`,
        )
      : post(
          eyes,
          `/console/credentials/${id}/state`,
          html`<input type="hidden" name="state" value="active">${field(say('why'), 'why')}<button class="small">${say('enable')}</button>`,
        );
  return html`<details class="drop"><summary>${say('actions')}</summary>${post(eyes, `/console/credentials/${id}/rotate`, html`${overlapField(say)}${area(say('publicKey'), 'publicKey', 3, true)}${field(say('why'), 'why')}<button class="primary small">${say('rotate')}</button>`)}${state}</details>`;
}

async function setState({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  await changeMerchant(desk, person.name, id, { state: form.oneOf('state', ['active', 'disabled']) });
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('saved') } as const;
}

async function change({ desk, eyes, person, params, form }: Visit) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  await changeMerchant(desk, person.name, id, {
    name: form.required('name', 200),
    settings: { noticeGapsS: form.text('noticeGapsS', 500).replaceAll(' ', '') },
  });
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('saved') } as const;
}

/** Stopping needs nobody else. */
async function setPayouts(visit: Visit) {
  const { desk, eyes, person, params, form } = visit;
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  if (form.oneOf('payouts', ['yes', 'no']) === 'yes') return ask(visit, 'merchant.payouts', { payouts: 'yes' });
  await changeMerchant(desk, person.name, id, { payouts: false });
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('saved') } as const;
}

/** What about this merchant somebody else has to agree to. */
async function ask({ desk, eyes, person, params, form }: Visit, deed: DeedName, detail: Record<string, string>) {
  const { id } = merchantBy(desk, person, params['id'] ?? '');
  await askSecond(desk, person, deed, { merchant: String(id), ...detail }, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${id}`, note: eyes.say('asked') } as const;
}

async function fund(visit: Visit) {
  const { minor, currency } = visit.form.amount('amount', visit.form.currency());
  return ask(visit, 'merchant.fund', { amount: String(minor), currency });
}

/** Raising or lifting the limit lets more money go unseen: two persons, as for the payouts themselves. */
async function setLimit(visit: Visit) {
  const currency = visit.form.currency();
  return ask(visit, 'merchant.limit', { limit: String(visit.form.minorOrNull('limit', currency) ?? ''), currency });
}

async function newWebhook(visit: Visit) {
  const { desk, person, params } = visit;
  // Before the form is looked at: another's merchant is no merchant, whatever was filled in (T021).
  merchantBy(desk, person, params['id'] ?? '');
  return ask(visit, 'merchant.webhook', { hours: hoursIn(visit) });
}

async function setOverdraft(visit: Visit) {
  const currency = visit.form.currency();
  return ask(visit, 'merchant.overdraft', {
    overdraft: String(visit.form.minorOrNull('overdraft', currency) ?? '0'),
    currency,
  });
}

async function addKeys(visit: Visit) {
  const { form } = visit;
  return ask(visit, 'credential.add', {
    protocol: form.required('protocol', 40),
    sender: form.text('sender', 200),
    publicKey: form.text('publicKey'),
  });
}

function credentialIn({ desk, params }: Visit): CredentialRow {
  const row = desk.gate.directory().credentials.get(idIn(params));
  if (!row) throw new Refusal('not-found');
  return row;
}

async function rotate(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const { id, merchantId } = credentialIn(visit);
  const detail = { credential: String(id), hours: hoursIn(visit), publicKey: form.text('publicKey') };
  await askSecond(desk, person, 'credential.rotate', detail, form.required('why', 500));
  return { kind: 'go', to: `/console/merchants/${merchantId}`, note: eyes.say('asked') } as const;
}

async function setKeysState(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const { id, merchantId } = credentialIn(visit);
  const to = `/console/merchants/${merchantId}`;
  if (form.oneOf('state', ['active', 'disabled']) === 'active') {
    await askSecond(desk, person, 'credential.enable', { credential: String(id) }, form.required('why', 500));
    return { kind: 'go', to, note: eyes.say('asked') } as const;
  }
  await setCredentialState(desk, person.name, id, 'disabled');
  return { kind: 'go', to, note: eyes.say('saved') } as const;
}

export const merchantRows: readonly Row[] = [
  { method: 'GET', path: '/console/merchants', roles: everybody, tenant: 'merchant-bound', answer: list },
  { method: 'POST', path: '/console/merchants', roles: admins, tenant: operatorOnly, answer: add },
  { method: 'GET', path: '/console/merchants/{id}', roles: everybody, tenant: 'merchant-bound', answer: one },
  { method: 'POST', path: '/console/merchants/{id}/state', roles: admins, tenant: operatorOnly, answer: setState },
  { method: 'POST', path: '/console/merchants/{id}/fund', roles: funders, tenant: operatorOnly, answer: fund },
  { method: 'POST', path: '/console/merchants/{id}/limit', roles: admins, tenant: operatorOnly, answer: setLimit },
  {
    method: 'POST',
    path: '/console/merchants/{id}/overdraft',
    roles: admins,
    tenant: operatorOnly,
    answer: setOverdraft,
  },
  { method: 'POST', path: '/console/merchants/{id}/payouts', roles: admins, tenant: operatorOnly, answer: setPayouts },
  { method: 'POST', path: '/console/merchants/{id}/webhook-secret', roles: admins, tenant: bound, answer: newWebhook },
  { method: 'POST', path: '/console/merchants/{id}/change', roles: admins, tenant: operatorOnly, answer: change },
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
