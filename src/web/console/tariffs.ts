/** What orders cost their merchants, and the rates of foreign currencies. Both decide about money: a change takes two persons. */
import { dayIn } from '../../core/conduct.ts';
import { methods } from '../../core/commands.ts';
import { directions, isRate, type Rate } from '../../core/exchange.ts';
import { formatDecimal, parseDecimal } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { askSecond } from '../../flows/approve.ts';
import { feeFor } from '../../flows/route.ts';
import type { FeeRow } from '../../store/directory.ts';
import { idOf } from '../api/desk.ts';
import { type Html, html } from '../html.ts';
import { Form } from './form.ts';
import {
  amountField,
  card,
  choose,
  currencyChoices,
  field,
  headed,
  methodChoices,
  money,
  post,
  table,
} from './parts.ts';
import { everybody, may, page, type Row, type Visit } from './row.ts';
import { anyMethod, merchantChoices } from './routes.ts';
import { sayValue } from './words.ts';

const setters: Row['roles'] = ['finance', 'admin'];
const operatorOnly = 'operator-only' as const;

function trimmed(decimal: string): string {
  return decimal.replace(/\.?0{1,20}$/, '');
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
          look: 'name',
        },
        { head: say('method'), cell: ({ method }) => sayValue(say, 'method', method) },
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
      say('feeNone'),
    )}</section>${card(say('feeQuote'), quote(visit))}${may(person, { roles: setters, tenant: operatorOnly }) && card(say('setFee'), feeForm(visit))}`,
  );
}

function feeForm(visit: Visit): Html {
  const { eyes } = visit;
  const { say } = eyes;
  return html`<p class="hint">${say('feeHelp')}</p>${post(eyes, '/console/fees', html`${choose(say('merchant'), 'merchant', merchantChoices(visit))}${choose(say('method'), 'method', anyMethod(visit))}${choose(say('currency'), 'currency', currencyChoices)}${amountField(say('fixed'), 'fixed', null, { value: '0' })}${field(say('percent'), 'percent', { value: '0', hint: '%' })}${amountField(say('least'), 'least', null, { value: '0' })}${amountField(say('most'), 'most', null, { isOptional: true })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

/** What an order would cost now. */
function quote(visit: Visit): Html {
  const { desk, eyes, query } = visit;
  const { say } = eyes;
  const given = (name: string) => query.get(name) ?? '';
  const form = html`<form class="form" action="/console/fees">${choose(say('merchant'), 'merchant', merchantChoices(visit).slice(1), given('merchant'))}${choose(say('method'), 'method', methodChoices(eyes), given('method'))}${amountField(say('amount'), 'amount', null, { value: given('amount') })}${choose(say('currency'), 'currency', currencyChoices, given('currency'))}<button class="primary">${say('feeAsk')}</button></form>`;
  const merchant = idOf(given('merchant'));
  const method = methods.find((one) => one === given('method'));
  if (merchant === null || method === undefined) return form;
  const asked = new Form(query);
  const amount = asked.amount('amount', asked.currency());
  const fee = feeFor(desk.gate, merchant, method, amount);
  return html`${form}<p class="note" role="status">${say('feeIs', { amount: money(amount.minor, amount.currency), fee: money(fee, amount.currency) })}</p>`;
}

async function askFee({ desk, eyes, person, form }: Visit) {
  const currency = form.currency();
  const percent = form.text('percent', 16) || '0';
  const ppm = parseDecimal(percent, 4);
  if (ppm === null || ppm > 1_000_000n)
    throw new Refusal('invalid-request', {
      field: 'percent',
      text: '0 to 100, at most four decimals',
      why: 'no-percent',
    });
  const minor = (name: string) => String(form.minorOrNull(name, currency) ?? '');
  const detail = {
    merchant: form.required('merchant', 20),
    method: form.oneOf('method', ['any', ...methods]),
    currency,
    fixed: minor('fixed'),
    percent,
    least: minor('least'),
    most: minor('most'),
  };
  await askSecond(desk, person, 'fee.set', detail, form.required('why', 500));
  return { kind: 'go', to: '/console/fees', note: eyes.say('asked') } as const;
}

const home = 'CNY';

/** "1 CNY = 4.95 THB": either way of quoting, read aloud. */
function spoken({ currency, rate, direction }: Pick<Rate, 'currency' | 'rate' | 'direction'>): string {
  return direction === 'foreign-per-unit' ? `1 ${home} = ${rate} ${currency}` : `1 ${currency} = ${rate} ${home}`;
}

async function rates(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const today = dayIn(desk.gate.world.now(), 'Asia/Shanghai');
  const quotes = directions.map((value) => ({ value, label: sayValue(say, 'direction', value) }));
  return page(
    say('rates'),
    html`${headed(say('rates'))}<p class="hint lead">${say('rateHelp')}</p><section class="card flush">${table<Rate>(
      [
        { head: say('day'), cell: ({ day }) => day, look: 'code' },
        { head: say('currency'), cell: ({ currency }) => currency },
        { head: say('rate'), cell: spoken, look: 'number' },
        { head: say('direction'), cell: ({ direction }) => sayValue(say, 'direction', direction), isExtra: true },
      ],
      desk.gate.directory().rates,
      say('rateNone'),
    )}</section>${
      may(person, { roles: setters, tenant: operatorOnly }) &&
      card(
        say('setRate'),
        post(
          eyes,
          '/console/rates',
          html`${choose(
            say('currency'),
            'currency',
            currencyChoices.filter(({ value }) => value !== home),
            'THB',
          )}${field(say('rate'), 'rate')}${choose(say('direction'), 'direction', quotes)}${field(say('day'), 'day', { type: 'date', value: today })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
        ),
      )
    }`,
  );
}

async function askRate({ desk, eyes, person, form }: Visit) {
  const rate = form.required('rate', 24);
  if (!isRate(rate))
    throw new Refusal('invalid-request', { field: 'rate', text: 'a positive decimal', why: 'no-rate' });
  const day = form.required('day', 10);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day)))
    throw new Refusal('invalid-request', { field: 'day', text: 'a date, yyyy-MM-dd' });
  const currency = form.currency();
  const detail = { currency, rate, day, direction: form.oneOf('direction', directions) };
  await askSecond(desk, person, 'rate.set', detail, form.required('why', 500));
  return { kind: 'go', to: '/console/rates', note: eyes.say('asked') } as const;
}

export const tariffRows: readonly Row[] = [
  { method: 'GET', path: '/console/fees', roles: everybody, tenant: operatorOnly, answer: fees },
  { method: 'POST', path: '/console/fees', roles: setters, tenant: operatorOnly, answer: askFee },
  { method: 'GET', path: '/console/rates', roles: everybody, tenant: operatorOnly, answer: rates },
  { method: 'POST', path: '/console/rates', roles: setters, tenant: operatorOnly, answer: askRate },
];
