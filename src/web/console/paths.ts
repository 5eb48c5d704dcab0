/** Channels, routes with their reasons, and fees: how payments find their way and what that costs. */
import { methods } from '../../core/commands.ts';
import { exponents, formatDecimal } from '../../core/money.ts';
import type { Route } from '../../core/routing.ts';
import { amountOf, setChannelState } from '../../flows/administer.ts';
import { askSecond, type DeedName } from '../../flows/approve.ts';
import { explainRoutes } from '../../flows/route.ts';
import type { FeeRow } from '../../store/directory.ts';
import { plainPay, plainPayOut } from '../api/channels.ts';
import { channelBy, idOf } from '../api/desk.ts';
import { keyList } from '../api/merchants.ts';
import { type Html, html } from '../html.ts';
import { idIn } from './order.ts';
import { badge, card, choose, type Choice, type Column, facts, field, headed, money, post, table } from './parts.ts';
import { everybody, may, page, type Row, type Visit } from './row.ts';

const admins: Row['roles'] = ['admin'];
const feeRoles: Row['roles'] = ['finance', 'admin'];
const operatorOnly = 'operator-only' as const;

async function channels({ desk, eyes }: Visit) {
  const { say } = eyes;
  return page(
    say('channels'),
    html`${headed(say('channels'))}<section class="card flush">${table(
      [
        {
          head: say('name'),
          cell: ({ name, id }) => html`<a class="strong" href="/console/channels/${String(id)}">${name}</a>`,
        },
        { head: say('state'), cell: ({ state }) => badge(eyes, state) },
        { head: say('protocol'), cell: ({ protocol }) => protocol },
        {
          head: say('baseUrl'),
          cell: ({ baseUrl }) => html`<span class="long">${baseUrl}</span>`,
          look: 'code',
          isExtra: true,
        },
      ],
      [...desk.gate.directory().channels.values()],
      say('nothing'),
    )}</section>`,
  );
}

async function channel({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const row = channelBy(desk, params['id'] ?? '');
  const { secrets } = row;
  const next = row.state === 'active' ? 'disabled' : 'active';
  return page(
    row.name,
    html`<p class="crumb"><a href="/console/channels">${say('channels')}</a></p>${headed(html`${row.name} ${badge(eyes, row.state)}`, html`<a class="button small" href="/console/payments?channel=${String(row.id)}">${say('payments')}</a>`)}
<div class="split"><div>${card(
      say('facts'),
      facts([
        ['id', html`<code>${String(row.id)}</code>`],
        [say('protocol'), row.protocol],
        [say('sender'), html`<code>${row.sender}</code>`],
        [say('baseUrl'), html`<span class="long">${row.baseUrl}</span>`],
        [say('callbackUrl'), html`<span class="long">${desk.gate.facts.callbackUrl(row)}</span>`],
        ...keyList(secrets).map(({ name, addedAt }) => [`${say('keys')}: ${name}`, addedAt.slice(0, 10)] as const),
        ...Object.entries(row.settings).map(([name, value]) => [name, html`<code>${value}</code>`] as const),
      ]),
    )}</div><div>${may(person, { roles: admins, tenant: operatorOnly }) && card(say('actions'), post(eyes, `/console/channels/${String(row.id)}/state`, html`<input type="hidden" name="state" value="${next}"><button>${say(next === 'active' ? 'enable' : 'disable')}</button>`, 'inline'))}</div></div>`,
  );
}

async function setState({ desk, eyes, person, params, form }: Visit) {
  const { id } = channelBy(desk, params['id'] ?? '');
  await setChannelState(desk, person.name, id, form.oneOf('state', ['active', 'disabled']));
  return { kind: 'go', to: `/console/channels/${id}`, note: eyes.say('saved') } as const;
}

function merchantChoices({ desk, eyes }: Visit): Choice[] {
  const all = [...desk.gate.directory().merchants.values()].map(({ id, name }) => ({ value: String(id), label: name }));
  return [{ value: '*', label: eyes.say('everyone') }, ...all];
}

const currencyChoices: readonly Choice[] = Object.keys(exponents).map((value) => ({ value, label: value }));
const methodChoices: readonly Choice[] = ['any', ...methods].map((value) => ({ value, label: value }));

function routeColumns(visit: Visit): Column<Route>[] {
  const { desk, eyes } = visit;
  const { say } = eyes;
  const { merchants, channels: all } = desk.gate.directory();
  const limit = (minor: bigint | null, currency: string | null) =>
    minor === null ? '–' : currency === null ? String(minor) : money(minor, currency);
  return [
    {
      head: say('merchant'),
      cell: ({ merchantId }) => (merchantId === null ? say('everyone') : merchants.get(merchantId)?.name),
    },
    { head: say('protocol'), cell: ({ protocol }) => protocol ?? say('any'), isExtra: true },
    { head: say('method'), cell: ({ method }) => method },
    {
      head: say('channel'),
      cell: ({ channelId }) => html`<a href="/console/channels/${String(channelId)}">${all.get(channelId)?.name}</a>`,
    },
    { head: say('weight'), cell: ({ weight }) => weight, look: 'number', isExtra: true },
    { head: say('least'), cell: ({ min, currency }) => limit(min, currency), look: 'number', isExtra: true },
    { head: say('most'), cell: ({ max, currency }) => limit(max, currency), look: 'number', isExtra: true },
  ];
}

async function routes(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const isAdmin = may(person, { roles: admins, tenant: operatorOnly });
  const remove: Column<Route> = {
    head: '',
    cell: ({ id }) =>
      html`<details class="drop"><summary>${say('remove')}</summary>${post(eyes, `/console/routes/${String(id)}/remove`, html`${field(say('why'), 'why')}<button class="small">${say('askSecond')}</button>`)}</details>`,
    look: 'action',
  };
  const channelChoices = [...desk.gate.directory().channels.values()].map(({ id, name }) => ({
    value: String(id),
    label: name,
  }));
  const protocolChoices = [
    { value: '', label: say('any') },
    ...desk.admissions
      .protocols()
      .filter(({ sides }) => sides.includes('merchant'))
      .map(({ name }) => ({ value: name, label: name })),
  ];
  return page(
    say('routes'),
    html`${headed(say('routes'))}<section class="card flush">${table([...routeColumns(visit), ...(isAdmin ? [remove] : [])], desk.gate.directory().routes, say('nothing'))}</section>
${explained(visit)}
${isAdmin && card(say('addRoute'), post(eyes, '/console/routes', html`${choose(say('merchant'), 'merchant', merchantChoices(visit))}${choose(say('protocol'), 'protocol', protocolChoices)}${choose(say('method'), 'method', methodChoices)}${choose(say('channel'), 'channel', channelChoices)}${field(say('weight'), 'weight', { value: '1' })}${choose(say('currency'), 'currency', [{ value: '', label: say('any') }, ...currencyChoices])}${field(say('least'), 'least', { hint: say('smallestUnits'), isOptional: true })}${field(say('most'), 'most', { hint: say('smallestUnits'), isOptional: true })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`))}`,
  );
}

/** Which route an order would take, and what speaks against the others. */
function explained(visit: Visit): Html {
  const { desk, eyes, query } = visit;
  const { say } = eyes;
  const given = (name: string) => query.get(name) ?? '';
  const protocols = desk.admissions.protocols().filter(({ sides }) => sides.includes('merchant'));
  const method = methods.find((one) => one === given('method'));
  const merchant = idOf(given('merchant'));
  const form = html`<form class="form" action="/console/routes">${choose(say('merchant'), 'merchant', merchantChoices(visit).slice(1), given('merchant'))}${choose(
    say('protocol'),
    'protocol',
    protocols.map(({ name }) => ({ value: name, label: name })),
    given('protocol'),
  )}${choose(say('method'), 'method', methodChoices.slice(1), given('method'))}${field(say('amount'), 'amount', { value: given('amount') || '100000', hint: say('smallestUnits') })}${choose(say('currency'), 'currency', currencyChoices, given('currency'))}${field('Option', 'option', { value: given('option'), isOptional: true })}<button class="primary">${say('explain')}</button></form>`;
  if (method === undefined || merchant === null) return card(say('explainRoute'), form);
  const amount = amountOf(given('amount'), given('currency'));
  const verdicts =
    method === 'bank-transfer'
      ? explainRoutes(
          desk.gate,
          merchant,
          given('protocol'),
          'pay-out',
          method,
          plainPayOut(amount, given('option') || 'BCA'),
        )
      : explainRoutes(
          desk.gate,
          merchant,
          given('protocol'),
          'pay',
          method,
          plainPay(amount, method, given('option') || null),
        );
  const taken = verdicts.find(({ why }) => why === null);
  const columns: Column<(typeof verdicts)[number]>[] = [
    {
      head: say('verdict'),
      cell: (row) =>
        row === taken ? html`<span class="badge good">${say('taken')}</span>` : (row.why ?? say('usable')),
    },
    ...routeColumns(visit).map(({ cell, ...column }) => ({
      ...column,
      cell: (row: (typeof verdicts)[number]) => cell(row.route),
    })),
  ];
  return card(say('explainRoute'), html`${form}${table(columns, verdicts, say('nothing'))}`);
}

async function fees(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const { merchants, fees: all } = desk.gate.directory();
  return page(
    say('fees'),
    html`${headed(say('fees'))}<section class="card flush">${table<FeeRow>(
      [
        {
          head: say('merchant'),
          cell: ({ merchantId }) => (merchantId === null ? say('everyone') : merchants.get(merchantId)?.name),
        },
        { head: say('method'), cell: ({ method }) => method },
        { head: say('currency'), cell: ({ currency }) => currency },
        { head: say('fixed'), cell: ({ fixed, currency }) => money(fixed, currency), look: 'number' },
        {
          head: say('percent'),
          cell: ({ percentPpm }) => `${trimmed(formatDecimal(percentPpm, 4))} %`,
          look: 'number',
        },
        { head: say('least'), cell: ({ min, currency }) => money(min, currency), look: 'number', isExtra: true },
        {
          head: say('most'),
          cell: ({ max, currency }) => (max === null ? '–' : money(max, currency)),
          look: 'number',
          isExtra: true,
        },
      ],
      all,
      say('nothing'),
    )}</section>${may(person, { roles: feeRoles, tenant: operatorOnly }) && card(say('setFee'), post(eyes, '/console/fees', html`${choose(say('merchant'), 'merchant', merchantChoices(visit))}${choose(say('method'), 'method', methodChoices)}${choose(say('currency'), 'currency', currencyChoices)}${field(say('fixed'), 'fixed', { value: '0', hint: say('smallestUnits') })}${field(say('percent'), 'percent', { value: '0' })}${field(say('least'), 'least', { value: '0', hint: say('smallestUnits') })}${field(say('most'), 'most', { hint: say('smallestUnits'), isOptional: true })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`))}`,
  );
}

function trimmed(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}

/** A form whose fields are frozen as they are and decided by somebody else. */
function asking(action: DeedName, path: string, names: readonly string[], roles: Row['roles']): Row {
  return {
    method: 'POST',
    path,
    roles,
    tenant: operatorOnly,
    async answer({ desk, eyes, person, form, params }) {
      const given = names.map((name) => [name, form.text(name, 200)] as const);
      const detail = {
        ...Object.fromEntries(given),
        ...(params['id'] === undefined ? {} : { route: String(idIn(params)) }),
      };
      await askSecond(desk, person, action, detail, form.required('why', 500));
      return { kind: 'go', to: action === 'fee.set' ? '/console/fees' : '/console/routes', note: eyes.say('asked') };
    },
  };
}

export const pathRows: readonly Row[] = [
  { method: 'GET', path: '/console/channels', roles: everybody, tenant: operatorOnly, answer: channels },
  { method: 'GET', path: '/console/channels/{id}', roles: everybody, tenant: operatorOnly, answer: channel },
  { method: 'POST', path: '/console/channels/{id}/state', roles: admins, tenant: operatorOnly, answer: setState },
  { method: 'GET', path: '/console/routes', roles: everybody, tenant: operatorOnly, answer: routes },
  asking(
    'route.add',
    '/console/routes',
    ['merchant', 'protocol', 'method', 'channel', 'weight', 'currency', 'least', 'most'],
    admins,
  ),
  asking('route.remove', '/console/routes/{id}/remove', [], admins),
  { method: 'GET', path: '/console/fees', roles: everybody, tenant: operatorOnly, answer: fees },
  asking('fee.set', '/console/fees', ['merchant', 'method', 'currency', 'fixed', 'percent', 'least', 'most'], feeRoles),
];
