/** What people decide: reviews, and what takes two of them. */
import type { Move } from '../../core/ledger.ts';
import { isFinal, type Order } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { decideReview } from '../../flows/administer.ts';
import { askSecond, decide } from '../../flows/approve.ts';
import { type ApprovalRow, listApprovals } from '../../store/approvals.ts';
import { findOrders, type ListedReview, listReviews } from '../../store/lists.ts';
import { unsettledSuspense } from '../../store/ledger.ts';
import { statementReview } from '../../store/reconciliations.ts';
import { deciderRoles, moneyRoles } from '../../store/tokens.ts';
import { homesFor, idOf } from '../api/desk.ts';
import { html, type Html, type Piece } from '../html.ts';
import { askers, idIn, outcomeForm, settleForm, sumsAside } from './order.ts';
import {
  area,
  badge,
  card,
  choose,
  copyable,
  crumbs,
  dangerous,
  facts,
  field,
  headed,
  money,
  post,
  table,
  time,
  times,
} from './parts.ts';
import { heard, retold } from './retell.ts';
import { type ConsoleDesk, type Eyes, everybody, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

async function review({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const id = idIn(params);
  const filter = { merchantId: null, homes: homesFor(desk, null), state: null, number: String(id) };
  const row = (await listReviews(desk.gate.db, filter, { before: null, limit: 20 })).find((one) => one.id === id);
  if (!row) throw new Refusal('not-found');
  const found = row.objectId === null ? [] : await findOrders(desk.gate.db, String(row.objectId), null);
  const order = found.find((one) => one.id === row.objectId);
  const suspense = order === undefined ? [] : await unsettledSuspense(desk.gate.db, order.home, order.id);
  const ofStatement = await statementReview(desk.gate.db, id);
  const aside = ofStatement === null ? [] : await unsettledSuspense(desk.gate.db, ofStatement.home, id);
  const canAsk = may(person, { roles: askers, tenant: 'operator-only' });
  const canDecide = row.state === 'open' && may(person, { roles: deciderRoles, tenant: 'operator-only' });
  const reason = sayValue(say, 'review', row.reason);
  const advice = sayValue(say, 'advice', row.reason);
  return page(
    reason,
    html`${crumbs(eyes, 'reviews', '/console/reviews', reason)}${headed(html`${reason} ${badge(eyes, row.state)}`)}
<div class="split"><div>${row.state === 'open' && advice !== row.reason && html`<p class="note"><strong>${say('nextStep')}</strong> ${advice}</p>`}${card(say('facts'), facts(factsOf(eyes, desk, row, order)))}</div><div>${aside.length > 0 && canAsk && card(say('settleAsk'), statementForm(eyes, desk, String(id), aside, order?.merchantId ?? null))}${order !== undefined && suspense.length > 0 && canAsk && card(say('settleAsk'), settleForm(eyes, order, suspense))}${order && !isFinal(order) && canAsk && card(say('outcomeAsk'), outcomeForm(eyes, order))}${canDecide && card(say('decision'), post(eyes, `/console/reviews/${String(id)}/close`, html`${area(say('why'), 'decision', 4)}<button class="primary">${say('decide')}</button>`))}</div></div>`,
  );
}

/** Money that a comparison with a statement has put aside: the channel's, or a merchant's. */
function statementForm(
  eyes: Eyes,
  { gate }: ConsoleDesk,
  id: string,
  aside: readonly Move[],
  merchantId: bigint | null,
): Html {
  const { say } = eyes;
  const merchants = [...gate.directory().merchants.values()].map((one) => ({ value: String(one.id), label: one.name }));
  const choices = [{ value: '', label: say('settleNobody') }, ...merchants];
  const present = merchantId === null ? '' : String(merchantId);
  return html`<p class="hint">${say('settleHelp')}</p>${facts(sumsAside(eyes, aside))}${post(eyes, `/console/reviews/${id}/settle`, html`${choose(say('settleTo'), 'merchant', choices, present)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

async function askSettleStatement({ desk, eyes, person, params, form }: Visit) {
  const id = String(idIn(params));
  const why = form.required('why', 500);
  const merchant = form.text('merchant', 20);
  await askSecond(desk, person, 'statement.settle', { review: id, merchant, why }, why);
  return { kind: 'go', to: `/console/reviews/${id}`, note: eyes.say('asked') } as const;
}

function factsOf(
  eyes: Eyes,
  desk: ConsoleDesk,
  row: ListedReview,
  order: Order | undefined,
): readonly (readonly [string, Piece])[] {
  const { say } = eyes;
  const detail = Object.entries((row.detail ?? {}) as Record<string, unknown>).filter(
    ([name, value]) => value !== null && name !== 'mark',
  );
  const { text, by } = (row.decision ?? {}) as { text?: unknown; by?: unknown };
  return [
    [
      say('order'),
      order && html`<a href="/console/orders/${String(order.id)}">${order.orderNo}</a> ${badge(eyes, order.state)}`,
    ],
    [say('amount'), order && money(order.amount.minor, order.amount.currency)],
    [say('channel'), row.channelId === null ? null : desk.gate.directory().channels.get(row.channelId)?.name],
    [say('opened'), times(eyes, row.openedAt, row.currency ?? '')],
    ...detail.map(([name, value]) => [sayValue(say, 'heard', name), heard(eyes, name, value)] as const),
    [say('decision'), typeof text === 'string' ? text : null],
    [say('who'), typeof by === 'string' ? retold(eyes, by) : null],
  ];
}

async function close({ desk, eyes, person, params, form }: Visit) {
  const id = idIn(params);
  await decideReview(desk, person.name, id, null, form.required('decision', 4000));
  return { kind: 'go', to: `/console/reviews/${id}`, note: eyes.say('decided') } as const;
}

async function approvals({ desk, eyes, person }: Visit) {
  const { say } = eyes;
  const rows = await listApprovals(desk.gate.db, 200);
  const orders = await ordersOf(desk, rows);
  return page(
    say('approvals'),
    html`${headed(say('approvals'))}<section class="card flush">${table<ApprovalRow>(
      [
        {
          head: say('action'),
          cell: ({ action }) => html`<strong>${sayValue(say, 'action', action)}</strong>`,
          look: 'name',
        },
        { head: say('what'), cell: ({ detail }) => detailOf(eyes, desk, detail, orders) },
        { head: say('why'), cell: ({ reason }) => reason },
        {
          head: say('who'),
          cell: ({ askedName, askedAt }) => html`${retold(eyes, askedName)}<br>${time(eyes, askedAt)}`,
        },
        {
          head: say('state'),
          look: 'state',
          cell: (row) =>
            html`${badge(eyes, row.state)}${row.decidedName !== null && html`<br><small>${retold(eyes, row.decidedName)}</small>`}`,
        },
        {
          head: say('result'),
          cell: (row) =>
            row.state === 'open'
              ? decisionOf(
                  desk,
                  eyes,
                  row,
                  orders,
                  person.userId,
                  may(person, { roles: deciderRoles, tenant: 'operator-only' }),
                )
              : retold(eyes, row.result ?? ''),
          look: 'action',
        },
      ],
      rows,
      say('noApprovals'),
    )}</section>`,
  );
}

/** Whoever decides must see which order, and how much: those of the requests that are still open, by id. */
async function ordersOf(desk: ConsoleDesk, rows: readonly ApprovalRow[]): Promise<ReadonlyMap<string, Order>> {
  const ids = new Set(rows.flatMap(({ state, detail }) => (state === 'open' ? (detail['order'] ?? []) : [])));
  const found = await Promise.all([...ids].map((id) => findOrders(desk.gate.db, id, null)));
  return new Map(found.flat().map((order) => [String(order.id), order]));
}

/** Members of a request that are amounts of its currency. */
const amounts: ReadonlySet<string> = new Set(['amount', 'fixed', 'least', 'most', 'dailyCap', 'limit', 'overdraft']);

/** What was asked, as whoever decides reads it: names for ids, money as money. */
function detailOf(
  eyes: Eyes,
  desk: ConsoleDesk,
  detail: ApprovalRow['detail'],
  orders: ReadonlyMap<string, Order>,
): Html {
  const pairs = Object.entries(detail).filter(
    ([name, value]) =>
      name !== 'asker' &&
      name !== 'why' &&
      !(name === 'user' && detail['name'] !== undefined) &&
      value !== '' &&
      !(name === 'currency' && hasAmount(detail)),
  );
  return html`<span class="pairs">${pairs.map(([name, value]) => html`<span>${sayValue(eyes.say, 'detail', name)} ${name === 'order' ? orderLink(eyes, value, orders.get(value)) : valueOf(eyes, desk, detail, name, value)}</span>`)}</span>`;
}

function hasAmount(detail: ApprovalRow['detail']): boolean {
  return Object.entries(detail).some(([name, value]) => amounts.has(name) && value !== '');
}

function orderLink(eyes: Eyes, id: string, order: Order | undefined): Html {
  if (order === undefined) return html`<a href="/console/orders/${id}">${id}</a>`;
  const { minor, currency } = order.amount;
  return html`<a href="/console/orders/${id}">${order.orderNo}</a> ${money(minor, currency)} ${badge(eyes, order.state)}`;
}

function valueOf(
  { say }: Eyes,
  desk: ConsoleDesk,
  { currency }: ApprovalRow['detail'],
  name: string,
  value: string,
): Piece {
  const { merchants, channels } = desk.gate.directory();
  const id = idOf(value);
  if (amounts.has(name) && currency !== undefined && currency !== '' && id !== null) return money(id, currency);
  if (name === 'merchant' && value === '*') return say('everyone');
  if (name === 'merchant' && id !== null)
    return html`<a href="/console/merchants/${value}">${merchants.get(id)?.name ?? value}</a>`;
  if (name === 'channel' && id !== null)
    return html`<a href="/console/channels/${value}">${channels.get(id)?.name ?? value}</a>`;
  if (name === 'role') return sayValue(say, 'role', value);
  if (name === 'method') return sayValue(say, 'method', value);
  if (name === 'outcome') return sayValue(say, 'state', value);
  if (name === 'direction') return sayValue(say, 'direction', value);
  if (name === 'to') return value === 'merchant' ? say('settleMerchant') : say('settleChannel');
  return html`<code>${value.length > 80 ? `${value.slice(0, 80)}…` : value}</code>`;
}

/** Asked for over the whole of an order; elsewhere the order's sum is not what is agreed to. */
const wholeOrder: ReadonlySet<string> = new Set(['payout.send', 'payout.refuse', 'order.outcome']);

/** The sum that moves, or the limit that counts, if the request names one. */
function sumOf({ action, detail }: ApprovalRow, order: Order | undefined): string | null {
  const named = ['amount', 'limit', 'overdraft'].map((name) => idOf(detail[name] ?? '')).find((one) => one !== null);
  const { currency } = detail;
  if (named !== undefined && named !== null && currency) return money(named, currency);
  return order !== undefined && wholeOrder.has(action) ? money(order.amount.minor, order.amount.currency) : null;
}

/** Merchant and channel of a request, by name. */
function partiesOf(desk: ConsoleDesk, { merchant, channel }: ApprovalRow['detail']) {
  const { merchants, channels } = desk.gate.directory();
  const named = (of: ReadonlyMap<bigint, { readonly name: string }>, id: string | undefined) =>
    of.get(idOf(id ?? '') ?? -1n)?.name;
  return [named(merchants, merchant), named(channels, channel)];
}

function decisionOf(
  desk: ConsoleDesk,
  eyes: Eyes,
  row: ApprovalRow,
  orders: ReadonlyMap<string, Order>,
  userId: bigint,
  isDecider: boolean,
): Html | string {
  const { say } = eyes;
  if (row.askedBy === userId) return html`<small>${say('ownRequest')}</small>`;
  if (!isDecider) return '';
  const order = orders.get(row.detail['order'] ?? '');
  const about = [order?.orderNo, row.detail['name'], ...partiesOf(desk, row.detail), sumOf(row, order)];
  const action = [sayValue(say, 'action', row.action), ...about].filter(Boolean).join(', ');
  return html`<div class="acts">${dangerous(eyes, `/console/approvals/${String(row.id)}/approved`, say('approveAsk', { action, who: retold(eyes, row.askedName) }), html`<button class="primary small">${say('approve')}</button>`)}${post(eyes, `/console/approvals/${String(row.id)}/refused`, html`<button class="small">${say('refuse')}</button>`, 'inline')}</div>`;
}

function decision(state: 'approved' | 'refused'): Row {
  return {
    method: 'POST',
    path: `/console/approvals/{id}/${state}`,
    roles: deciderRoles,
    tenant: 'operator-only',
    async answer({ desk, eyes, person, params }) {
      const carried = await decide(desk, person, idIn(params), state);
      const note = eyes.say(state === 'approved' ? 'approved' : 'refusedNote');
      if (carried === null || Object.keys(carried.shown).length === 0)
        return { kind: 'go', to: '/console/approvals', note };
      return page(eyes.say('approved'), shownOnce(eyes, carried.shown, '/console/approvals'));
    },
  };
}

/** Secrets on the one page that ever has them. */
export function shownOnce(
  eyes: Eyes,
  shown: Readonly<Record<string, string>>,
  back: string,
  title: string = eyes.say('keys'),
): Html {
  const { say } = eyes;
  return html`${headed(say('shownOnce'))}${card(title, html`${facts(Object.entries(shown).map(([name, value]) => [sayValue(say, 'shown', name), html`<pre class="secret">${value}</pre>${copyable(eyes, value)}`] as const))}<p><a class="button" href="${back}">${say('back')}</a></p>`)}`;
}

export const decisionRows: readonly Row[] = [
  { method: 'GET', path: '/console/reviews/{id}', roles: everybody, tenant: 'operator-only', answer: review },
  {
    method: 'POST',
    path: '/console/reviews/{id}/settle',
    roles: askers,
    tenant: 'operator-only',
    answer: askSettleStatement,
  },
  { method: 'POST', path: '/console/reviews/{id}/close', roles: deciderRoles, tenant: 'operator-only', answer: close },
  { method: 'GET', path: '/console/approvals', roles: moneyRoles, tenant: 'operator-only', answer: approvals },
  decision('approved'),
  decision('refused'),
];
