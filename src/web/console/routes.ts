/** Routes: which channel an order goes to, when, up to how much, and why; new ones and removals take two persons. */
import { methods } from '../../core/commands.ts';
import { isCurrency } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Route } from '../../core/routing.ts';
import { askSecond } from '../../flows/approve.ts';
import { explainRoutes } from '../../flows/route.ts';
import { plainPay, plainPayOut } from '../api/channels.ts';
import { idOf } from '../api/desk.ts';
import { type Html, html } from '../html.ts';
import { Form } from './form.ts';
import { idIn } from './order.ts';
import {
  amountField,
  card,
  choose,
  type Choice,
  type Column,
  currencyChoices,
  field,
  headed,
  methodChoices,
  money,
  post,
  table,
} from './parts.ts';
import { retold } from './retell.ts';
import { everybody, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const admins: Row['roles'] = ['admin'];
const operatorOnly = 'operator-only' as const;

/** Every merchant first. */
export function merchantChoices({ desk, eyes }: Visit): Choice[] {
  const all = [...desk.gate.directory().merchants.values()].map(({ id, name }) => ({ value: String(id), label: name }));
  return [{ value: '*', label: eyes.say('everyone') }, ...all];
}

export function anyMethod({ eyes }: Visit): Choice[] {
  return [{ value: 'any', label: sayValue(eyes.say, 'method', 'any') }, ...methodChoices(eyes)];
}

function merchantProtocols({ desk }: Visit): Choice[] {
  const sheets = desk.admissions.protocols().filter(({ sides }) => sides.includes('merchant'));
  return sheets.map(({ name }) => ({ value: name, label: name }));
}

/** Clocks of the places we know channels of; the rest by the hour. */
const cities: Readonly<Record<string, string>> = {
  '+00:00': 'UTC',
  '+07:00': 'Jakarta, Bangkok',
  '+08:00': 'Shanghai, Hong Kong',
  '+09:00': 'Tokyo',
};
const offsets: readonly Choice[] = Array.from({ length: 26 }, (_, index) => {
  const hours = index - 11;
  const value = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
  return { value, label: cities[value] === undefined ? value : `${value} ${cities[value]}` };
});

function routeColumns(visit: Visit): Column<Route>[] {
  const { desk, eyes } = visit;
  const { say } = eyes;
  const { merchants, channels } = desk.gate.directory();
  const limit = (minor: bigint | null, currency: string | null) =>
    minor === null ? '–' : currency === null ? String(minor) : money(minor, currency);
  return [
    {
      head: say('merchant'),
      cell: ({ merchantId }) => (merchantId === null ? say('everyone') : merchants.get(merchantId)?.name),
      look: 'name',
    },
    { head: say('protocol'), cell: ({ protocol }) => protocol ?? say('any') },
    { head: say('method'), cell: ({ method }) => sayValue(say, 'method', method) },
    {
      head: say('channel'),
      cell: ({ channelId }) =>
        html`<a href="/console/channels/${String(channelId)}">${channels.get(channelId)?.name}</a>`,
      look: 'name',
    },
    { head: say('weight'), cell: ({ weight }) => weight, look: 'number' },
    { head: say('least'), cell: ({ min, currency }) => limit(min, currency), look: 'number', isExtra: true },
    { head: say('most'), cell: ({ max, currency }) => limit(max, currency), look: 'number', isExtra: true },
    { head: say('dailyCap'), cell: ({ dailyCap, currency }) => limit(dailyCap, currency), look: 'number' },
    { head: say('hours'), cell: ({ hours }) => hours ?? say('always'), look: 'code' },
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
  return page(
    say('routes'),
    html`${headed(say('routes'))}<section class="card flush">${table([...routeColumns(visit), ...(isAdmin ? [remove] : [])], desk.gate.directory().routes, say('routeNone'))}</section>
${explained(visit)}
${isAdmin && card(say('addRoute'), addForm(visit))}`,
  );
}

function addForm(visit: Visit): Html {
  const { desk, eyes } = visit;
  const { say } = eyes;
  const any = { value: '', label: say('any') };
  const channels = [...desk.gate.directory().channels.values()].map(({ id, name }) => ({
    value: String(id),
    label: name,
  }));
  return post(
    eyes,
    '/console/routes',
    html`${choose(say('merchant'), 'merchant', merchantChoices(visit))}${choose(say('protocol'), 'protocol', [any, ...merchantProtocols(visit)])}${choose(say('method'), 'method', anyMethod(visit))}${choose(say('channel'), 'channel', channels)}${field(say('weight'), 'weight', { value: '1', type: 'number', help: say('weightHelp') })}${choose(say('currency'), 'currency', [any, ...currencyChoices])}${amountField(say('least'), 'least', null, { isOptional: true, chosen: '' })}${amountField(say('most'), 'most', null, { isOptional: true, chosen: '' })}${amountField(say('dailyCap'), 'dailyCap', null, { isOptional: true, chosen: '' })}${field(say('opens'), 'opens', { type: 'time', isOptional: true })}${field(say('closes'), 'closes', { type: 'time', isOptional: true })}${choose(say('clock'), 'clock', offsets, '+07:00')}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
  );
}

/** Limits are amounts of a currency: without one they would mean something else for each order. */
function limitsIn({ form }: Visit): Record<'currency' | 'least' | 'most' | 'dailyCap', string> {
  const currency = form.text('currency', 3);
  const names = ['least', 'most', 'dailyCap'] as const;
  if (!isCurrency(currency)) {
    const limit = names.find((name) => form.text(name) !== '');
    if (limit !== undefined)
      throw new Refusal('invalid-request', {
        field: limit,
        text: 'choose the currency it is in',
        why: 'needs-currency',
      });
    return { currency: '', least: '', most: '', dailyCap: '' };
  }
  const [least, most, dailyCap] = names.map((name) => form.minorOrNull(name, currency));
  if (least !== null && least !== undefined && most !== null && most !== undefined && least > most)
    throw new Refusal('invalid-request', { field: 'most', text: 'below the minimum', why: 'below-least' });
  return { currency, least: String(least ?? ''), most: String(most ?? ''), dailyCap: String(dailyCap ?? '') };
}

/** "01:00-23:00+07:00", or '' = always open. */
function hoursIn(form: Form): string {
  const [opens, closes, clock] = [form.text('opens', 5), form.text('closes', 5), form.text('clock', 6)];
  if (opens === '' && closes === '') return '';
  const time = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
  if (!time.test(opens) || !time.test(closes) || offsets.every(({ value }) => value !== clock))
    throw new Refusal('invalid-request', { field: 'hours', text: 'both ends, as 01:00 and 23:00', why: 'no-hours' });
  return `${opens}-${closes}${clock}`;
}

async function askAdd(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const weight = form.text('weight', 6) || '1';
  if (!/^[1-9]\d{0,4}$/.test(weight))
    throw new Refusal('invalid-request', { field: 'weight', text: 'a whole number from 1 to 99999', why: 'no-count' });
  const detail = {
    merchant: form.required('merchant', 20),
    protocol: form.text('protocol', 40),
    method: form.oneOf('method', ['any', ...methods]),
    channel: form.required('channel', 20),
    weight,
    ...limitsIn(visit),
    hours: hoursIn(form),
  };
  await askSecond(desk, person, 'route.add', detail, form.required('why', 500));
  return { kind: 'go', to: '/console/routes', note: eyes.say('asked') } as const;
}

async function askRemove({ desk, eyes, person, params, form }: Visit) {
  const route = idIn(params);
  await askSecond(desk, person, 'route.remove', { route: String(route) }, form.required('why', 500));
  return { kind: 'go', to: '/console/routes', note: eyes.say('asked') } as const;
}

/** Which route an order would take, and what speaks against the others. */
function explained(visit: Visit): Html {
  const { eyes, query } = visit;
  const { say } = eyes;
  const given = (name: string) => query.get(name) ?? '';
  const form = html`<form class="form" action="/console/routes">${choose(say('merchant'), 'merchant', merchantChoices(visit).slice(1), given('merchant'))}${choose(say('protocol'), 'protocol', merchantProtocols(visit), given('protocol'))}${choose(say('method'), 'method', methodChoices(eyes), given('method'))}${amountField(say('amount'), 'amount', null, { value: given('amount') || '100000' })}${choose(say('currency'), 'currency', currencyChoices, given('currency'))}${field(say('option'), 'option', { value: given('option'), isOptional: true, placeholder: 'BCA' })}<button class="primary">${say('explain')}</button></form>`;
  const asked = methods.find((one) => one === given('method'));
  const merchant = idOf(given('merchant'));
  if (asked === undefined || merchant === null) return card(say('explainRoute'), form);
  const verdicts = verdictsOf(visit, merchant, asked);
  const taken = verdicts.find(({ why }) => why === null);
  const columns: Column<(typeof verdicts)[number]>[] = [
    {
      head: say('verdict'),
      cell: (row) =>
        row === taken
          ? html`<span class="badge good">${say('taken')}</span>`
          : row.why === null
            ? say('usable')
            : retold(eyes, row.why),
      look: 'name',
    },
    ...routeColumns(visit).map(({ cell, ...column }) => ({
      ...column,
      cell: (row: (typeof verdicts)[number]) => cell(row.route),
    })),
  ];
  return card(say('explainRoute'), html`${form}${table(columns, verdicts, say('routeNone'))}`);
}

function verdictsOf({ desk, query }: Visit, merchant: bigint, method: (typeof methods)[number]) {
  const form = new Form(query);
  const amount = form.amount('amount', form.currency());
  const [protocol, option] = [form.text('protocol', 40), form.text('option', 40)];
  return method === 'bank-transfer'
    ? explainRoutes(desk.gate, merchant, protocol, 'pay-out', method, plainPayOut(amount, option || 'BCA'))
    : explainRoutes(desk.gate, merchant, protocol, 'pay', method, plainPay(amount, method, option || null));
}

export const routeRows: readonly Row[] = [
  { method: 'GET', path: '/console/routes', roles: everybody, tenant: operatorOnly, answer: routes },
  { method: 'POST', path: '/console/routes', roles: admins, tenant: operatorOnly, answer: askAdd },
  { method: 'POST', path: '/console/routes/{id}/remove', roles: admins, tenant: operatorOnly, answer: askRemove },
];
