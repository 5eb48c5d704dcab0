/** The lists of the console, as values. */
import type { Order, Payment } from '../../core/order.ts';
import { type ListedAgreement, listAgreements } from '../../store/lists.ts';
import { searchOrders } from '../../store/search.ts';
import { homesFor } from '../api/desk.ts';
import { html } from '../html.ts';
import { listStates } from '../list-states.ts';
import { numberCell, textCell } from '../sheet.ts';
import { type Export, type Listing, rowsOf } from './listing.ts';
import { channelName, iso, merchantName } from './naming.ts';
import { badge, type Column, money, plainDecimal, time, times } from './parts.ts';
import { everybody, type Eyes, type Row, type Visit } from './row.ts';
import { trafficRows } from './traffic.ts';
import { sayValue } from './words.ts';

function orderColumns<O extends Order>({ desk, eyes, person }: Visit, more: readonly Column<O>[] = []): Column<O>[] {
  const { say } = eyes;
  return [
    {
      head: say('amount'),
      cell: (o) =>
        html`<a class="strong" href="/console/orders/${String(o.id)}">${money(o.amount.minor, o.amount.currency)}</a>`,
      look: 'number',
    },
    { head: say('state'), cell: (o) => badge(eyes, o.state), look: 'state' },
    {
      head: say('orderNo'),
      cell: (o) => html`<a href="/console/orders/${String(o.id)}">${o.orderNo}</a>`,
      look: 'code',
    },
    ...(person.merchantId === null
      ? [
          {
            head: say('merchant'),
            cell: (o: O) => merchantName(desk, o.merchantId),
            look: 'name' as const,
            isExtra: true,
          },
        ]
      : []),
    ...more,
    { head: say('channel'), cell: (o) => channelName(desk, o.channelId) || '–', look: 'name', isExtra: true },
    { head: say('created'), cell: (o) => times(eyes, o.createdAt, o.amount.currency), look: 'code' },
  ];
}

const orderCells: readonly Export<Order>[] = [
  { head: 'id', cell: (_desk, o) => textCell(String(o.id)) },
  { head: 'merchant', cell: (desk, o) => textCell(merchantName(desk, o.merchantId)) },
  { head: 'protocol', cell: (_desk, o) => textCell(o.protocol) },
  { head: 'merchantOrderNo', cell: (_desk, o) => textCell(o.orderNo) },
  { head: 'platformNo', cell: (_desk, o) => textCell(o.platformNo) },
  { head: 'state', cell: (_desk, o) => textCell(o.state) },
  { head: 'amount', cell: (_desk, o) => numberCell(plainDecimal(o.amount.minor, o.amount.currency)) },
  { head: 'currency', cell: (_desk, o) => textCell(o.amount.currency) },
  { head: 'fee', cell: (_desk, o) => numberCell(plainDecimal(o.fee, o.amount.currency)) },
  { head: 'channel', cell: (desk, o) => textCell(channelName(desk, o.channelId)) },
  { head: 'reference', cell: (_desk, o) => textCell(o.reference) },
  { head: 'upstreamNo', cell: (_desk, o) => textCell(o.upstreamNo) },
  { head: 'reason', cell: (_desk, o) => textCell(o.reason?.text) },
  { head: 'createdAt', cell: (_desk, o) => textCell(iso(o.createdAt)) },
  { head: 'finishedAt', cell: (_desk, o) => textCell(iso(o.finishedAt)) },
];

const payments: Listing<Order> = {
  word: 'payments',
  path: '/console/payments',
  roles: everybody,
  tenant: 'merchant-bound',
  states: listStates.payments,
  filters: ['merchant', 'channel', 'method', 'day'],
  read: ({ gate }, filter, where) => searchOrders(gate.db, 'payment', filter, where),
  columns: (visit) =>
    orderColumns<Order>(visit, [
      { head: visit.eyes.say('method'), cell: (o) => methodOf(visit.eyes, o), isExtra: true },
    ]),
  cells: [
    ...orderCells,
    { head: 'method', cell: (_desk, o) => textCell(o.kind === 'payment' ? o.method : '') },
    { head: 'option', cell: (_desk, o) => textCell(o.kind === 'payment' ? o.option : '') },
    {
      head: 'refunded',
      cell: (_desk, o) =>
        o.kind === 'payment' ? numberCell(plainDecimal(o.refunded, o.amount.currency)) : textCell(''),
    },
  ],
};

/** "QR code · QRIS". */
export function methodOf({ say }: Eyes, order: Order): string {
  if (order.kind !== 'payment') return '';
  const { method, option }: Payment = order;
  const name = sayValue(say, 'method', method);
  return option === null ? name : `${name} · ${option}`;
}

const payouts: Listing<Order> = {
  ...payments,
  word: 'payouts',
  path: '/console/payouts',
  states: listStates.payouts,
  filters: ['merchant', 'channel', 'day'],
  read: ({ gate }, filter, where) => searchOrders(gate.db, 'payout', filter, where),
  columns: (visit) =>
    orderColumns<Order>(visit, [
      { head: visit.eyes.say('bank'), cell: (o) => (o.kind === 'payout' ? o.detail.payee.bank : ''), isExtra: true },
    ]),
  cells: [
    ...orderCells,
    { head: 'bank', cell: (_desk, o) => textCell(o.kind === 'payout' ? o.detail.payee.bank : '') },
  ],
};

const refunds: Listing<Order> = {
  ...payments,
  word: 'refunds',
  path: '/console/refunds',
  states: listStates.refunds,
  filters: ['merchant', 'channel', 'day'],
  read: ({ gate }, filter, where) => searchOrders(gate.db, 'refund', filter, where),
  columns: (visit) =>
    orderColumns<Order>(visit, [
      {
        head: visit.eyes.say('kind.payment'),
        cell: (o) =>
          o.kind === 'refund'
            ? html`<a href="/console/orders/${String(o.paymentId)}">${o.detail.paymentOrderNo}</a>`
            : '',
        look: 'code',
        isExtra: true,
      },
    ]),
  cells: [
    ...orderCells,
    { head: 'payment', cell: (_desk, o) => textCell(o.kind === 'refund' ? o.detail.paymentOrderNo : '') },
  ],
};

const agreements: Listing<ListedAgreement> = {
  word: 'agreements',
  path: '/console/agreements',
  roles: everybody,
  tenant: 'merchant-bound',
  states: listStates.agreements,
  filters: ['merchant'],
  read: ({ gate }, filter, where) => listAgreements(gate.db, filter, where),
  columns: ({ desk, eyes }) => {
    const { say } = eyes;
    return [
      { head: say('platformNo'), cell: (row) => row.agreementNo, look: 'code' },
      { head: say('state'), cell: (row) => badge(eyes, row.state), look: 'state' },
      { head: say('orderNo'), cell: (row) => row.orderNo, look: 'code' },
      { head: say('userName'), cell: (row) => row.userId, look: 'code' },
      { head: say('card'), cell: (row) => `•••• ${row.cardLast4}`, look: 'name' },
      { head: say('merchant'), cell: (row) => merchantName(desk, row.merchantId), look: 'name', isExtra: true },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId), isExtra: true },
      { head: say('created'), cell: (row) => time(eyes, row.createdAt), look: 'code' },
    ];
  },
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'merchant', cell: (desk, row) => textCell(merchantName(desk, row.merchantId)) },
    { head: 'agreementNo', cell: (_desk, row) => textCell(row.agreementNo) },
    { head: 'merchantOrderNo', cell: (_desk, row) => textCell(row.orderNo) },
    { head: 'user', cell: (_desk, row) => textCell(row.userId) },
    { head: 'cardLast4', cell: (_desk, row) => textCell(row.cardLast4) },
    { head: 'scope', cell: (_desk, row) => textCell(row.scope) },
    { head: 'state', cell: (_desk, row) => textCell(row.state) },
    { head: 'createdAt', cell: (_desk, row) => textCell(iso(row.createdAt)) },
  ],
};

/** One box for any number: straight to the order when there is one, else the list that has several. */
async function search({ desk, person, query }: Visit) {
  const number = query.get('q')?.trim().slice(0, 200) ?? '';
  const filter = {
    merchantId: person.merchantId,
    homes: homesFor(desk, person.merchantId),
    state: null,
    number,
    channelId: null,
    method: null,
    from: null,
    to: null,
  };
  for (const [kind, path] of [
    ['payment', '/console/payments'],
    ['payout', '/console/payouts'],
    ['refund', '/console/refunds'],
  ] as const) {
    const found = await searchOrders(desk.gate.db, kind, filter, { before: null, limit: 2 });
    const [first] = found;
    if (first && found.length === 1) return { kind: 'go', to: `/console/orders/${first.id}` } as const;
    if (first) return { kind: 'go', to: `${path}?${new URLSearchParams({ q: number }).toString()}` } as const;
  }
  return { kind: 'go', to: `/console/payments?${new URLSearchParams({ q: number }).toString()}` } as const;
}

export const listRows: readonly Row[] = [
  ...rowsOf(payments),
  ...rowsOf(payouts),
  ...rowsOf(refunds),
  ...rowsOf(agreements),
  ...trafficRows,
  { method: 'GET', path: '/console/search', roles: everybody, tenant: 'merchant-bound', answer: search },
];
