/** The lists of the console, as values. */
import type { Order, Payment } from '../../core/order.ts';
import {
  type ListedAgreement,
  type ListedCallback,
  type ListedNotice,
  type ListedReview,
  listAgreements,
  listCallbacks,
  listNotices,
  listReviews,
} from '../../store/lists.ts';
import { searchOrders } from '../../store/search.ts';
import { masked } from '../api/mask.ts';
import { type Html, html } from '../html.ts';
import { numberCell, textCell } from '../sheet.ts';
import { type Export, homesOf, type Listing, rowsOf } from './listing.ts';
import { badge, type Column, money, plainDecimal, post, time } from './parts.ts';
import { type ConsoleDesk, everybody, may, type Row, type Visit } from './row.ts';

function merchantName(desk: ConsoleDesk, id: bigint | null): string {
  return id === null ? '' : (desk.gate.directory().merchants.get(id)?.name ?? String(id));
}

function channelName(desk: ConsoleDesk, id: bigint | null): string {
  return id === null ? '' : (desk.gate.directory().channels.get(id)?.name ?? String(id));
}

function iso(at: number | bigint | null): string {
  return at === null ? '' : new Date(Number(at)).toISOString();
}

function orderColumns<O extends Order>({ desk, eyes, person }: Visit, more: readonly Column<O>[] = []): Column<O>[] {
  const { say } = eyes;
  return [
    {
      head: say('amount'),
      cell: (o) =>
        html`<a class="strong" href="/console/orders/${String(o.id)}">${money(o.amount.minor, o.amount.currency)}</a>`,
      look: 'number',
    },
    { head: say('state'), cell: (o) => badge(eyes, o.state) },
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
    { head: say('channel'), cell: (o) => channelName(desk, o.channelId) || '–', isExtra: true },
    { head: say('created'), cell: (o) => time(eyes, o.createdAt), look: 'code' },
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
  isByHome: true,
  roles: everybody,
  tenant: 'merchant-bound',
  states: ['new', 'sending', 'pending', 'unknown', 'paid', 'failed', 'closed', 'reversed'],
  filters: ['channel', 'method', 'day'],
  read: ({ gate }, filter, where) => searchOrders(gate.db, 'payment', filter, where),
  columns: (visit) =>
    orderColumns<Order>(visit, [{ head: visit.eyes.say('method'), cell: (o) => methodOf(o), isExtra: true }]),
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

export function methodOf(order: Order): string {
  if (order.kind !== 'payment') return '';
  const { method, option }: Payment = order;
  return option === null ? method : `${method} · ${option}`;
}

const payouts: Listing<Order> = {
  ...payments,
  word: 'payouts',
  path: '/console/payouts',
  states: ['requested', 'approved', 'sending', 'pending', 'unknown', 'succeeded', 'failed', 'returned'],
  filters: ['channel', 'day'],
  read: ({ gate }, filter, where) => searchOrders(gate.db, 'payout', filter, where),
  columns: (visit) =>
    orderColumns<Order>(visit, [
      { head: 'Bank', cell: (o) => (o.kind === 'payout' ? o.detail.payee.bank : ''), isExtra: true },
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
  states: ['requested', 'sending', 'pending', 'unknown', 'succeeded', 'failed', 'cancelled'],
  filters: ['channel', 'day'],
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
  states: ['sending', 'unknown', 'wait-confirm', 'active', 'cancelled', 'failed'],
  filters: [],
  read: ({ gate }, filter, where) => listAgreements(gate.db, filter, where),
  columns: ({ desk, eyes }) => {
    const { say } = eyes;
    return [
      { head: say('platformNo'), cell: (row) => row.agreementNo, look: 'code' },
      { head: say('state'), cell: (row) => badge(eyes, row.state) },
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

/** Roles that may have a notice sent again. */
export const resenders: Row['roles'] = ['support', 'admin'];

function subjectLink(row: { readonly objectId: bigint | null; readonly orderNo: string | null }): Html | string {
  return row.objectId === null
    ? '–'
    : html`<a href="/console/orders/${String(row.objectId)}">${row.orderNo ?? String(row.objectId)}</a>`;
}

const notices: Listing<ListedNotice> = {
  word: 'notices',
  path: '/console/notices',
  roles: everybody,
  tenant: 'merchant-bound',
  states: ['pending', 'done', 'exhausted'],
  filters: [],
  read: ({ gate }, filter, where) => listNotices(gate.db, filter, where),
  columns: ({ eyes, person }) => {
    const { say } = eyes;
    const canResend = may(person, { roles: resenders, tenant: 'merchant-bound' });
    return [
      ...(canResend
        ? [
            {
              head: '',
              cell: (row: ListedNotice) =>
                html`<input type="checkbox" name="id" value="${String(row.id)}" aria-label="${say('resend')} ${row.orderNo}">`,
              look: 'action' as const,
            },
          ]
        : []),
      { head: say('event'), cell: (row) => row.event },
      {
        head: say('state'),
        cell: (row) =>
          html`${badge(eyes, row.state)}${row.dueAt !== null && html`<span class="below" title="${say('nextTry')}">→ ${time(eyes, row.dueAt)}</span>`}`,
      },
      { head: say('order'), cell: subjectLink, look: 'code' },
      {
        head: say('address'),
        cell: (row) => html`<span class="long">${row.targetUrl}</span>`,
        look: 'code',
        isExtra: true,
      },
      {
        head: say('tries'),
        cell: (row) => [row.attempts, row.lastStatus ?? row.lastOutcome].filter((one) => one !== null).join(' · '),
        isExtra: true,
      },
      { head: say('created'), cell: (row) => time(eyes, row.createdAt), look: 'code' },
    ];
  },
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'merchant', cell: (desk, row) => textCell(merchantName(desk, row.merchantId)) },
    { head: 'event', cell: (_desk, row) => textCell(row.event) },
    { head: 'state', cell: (_desk, row) => textCell(row.state) },
    { head: 'merchantOrderNo', cell: (_desk, row) => textCell(row.orderNo) },
    { head: 'url', cell: (_desk, row) => textCell(row.targetUrl) },
    { head: 'attempts', cell: (_desk, row) => numberCell(String(row.attempts)) },
    { head: 'lastStatus', cell: (_desk, row) => textCell(row.lastStatus === null ? '' : String(row.lastStatus)) },
    { head: 'lastOutcome', cell: (_desk, row) => textCell(row.lastOutcome) },
    { head: 'createdAt', cell: (_desk, row) => textCell(iso(row.createdAt)) },
  ],
  around: ({ eyes, person }, rows, shown) =>
    rows.length === 0 || !may(person, { roles: resenders, tenant: 'merchant-bound' })
      ? shown
      : post(
          eyes,
          '/console/notices/resend',
          html`${shown}<div class="bulk"><button class="primary">${eyes.say('resendChosen')}</button></div>`,
          'many',
        ),
};

const callbacks: Listing<ListedCallback> = {
  word: 'callbacks',
  path: '/console/callbacks',
  roles: everybody,
  tenant: 'operator-only',
  states: ['changed', 'repeated', 'contradiction', 'mismatch', 'second-success', 'unmatched', 'forged', 'unusable'],
  filters: [],
  read: ({ gate }, filter, where) => listCallbacks(gate.db, filter, where),
  columns: ({ desk, eyes }) => {
    const { say } = eyes;
    return [
      { head: say('verdict'), cell: (row) => badge(eyes, row.verdict) },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId) },
      { head: say('order'), cell: subjectLink, look: 'code' },
      {
        head: say('raw'),
        cell: (row) =>
          html`<details class="raw"><summary>${row.method} ${masked(row.target)}</summary><pre>${masked(row.body)}</pre></details>`,
        isExtra: false,
      },
      { head: say('received'), cell: (row) => time(eyes, row.receivedAt), look: 'code' },
    ];
  },
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'verdict', cell: (_desk, row) => textCell(row.verdict) },
    { head: 'channel', cell: (desk, row) => textCell(channelName(desk, row.channelId)) },
    { head: 'merchantOrderNo', cell: (_desk, row) => textCell(row.orderNo) },
    { head: 'target', cell: (_desk, row) => textCell(masked(row.target)) },
    { head: 'body', cell: (_desk, row) => textCell(masked(row.body)) },
    { head: 'receivedAt', cell: (_desk, row) => textCell(iso(row.receivedAt)) },
  ],
};

const reviews: Listing<ListedReview> = {
  word: 'reviews',
  path: '/console/reviews',
  roles: everybody,
  tenant: 'operator-only',
  states: ['open', 'closed'],
  filters: [],
  read: ({ gate }, filter, where) => listReviews(gate.db, filter, where),
  columns: ({ desk, eyes }: Visit) => {
    const { say } = eyes;
    return [
      {
        head: say('reason'),
        cell: (row) => html`<a class="strong" href="/console/reviews/${String(row.id)}">${row.reason}</a>`,
      },
      { head: say('state'), cell: (row) => badge(eyes, row.state) },
      { head: say('order'), cell: subjectLink, look: 'code' },
      {
        head: say('amount'),
        cell: (row) => (row.amount === null || row.currency === null ? '–' : money(row.amount, row.currency)),
        look: 'number',
      },
      { head: say('merchant'), cell: (row) => merchantName(desk, row.merchantId), isExtra: true },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId) || '–', isExtra: true },
      { head: say('opened'), cell: (row) => time(eyes, row.openedAt), look: 'code' },
    ];
  },
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'reason', cell: (_desk, row) => textCell(row.reason) },
    { head: 'state', cell: (_desk, row) => textCell(row.state) },
    { head: 'merchant', cell: (desk, row) => textCell(merchantName(desk, row.merchantId)) },
    { head: 'merchantOrderNo', cell: (_desk, row) => textCell(row.orderNo) },
    { head: 'openedAt', cell: (_desk, row) => textCell(iso(row.openedAt)) },
    { head: 'closedAt', cell: (_desk, row) => textCell(iso(row.closedAt)) },
  ],
};

/** One box for any number: straight to the order when there is one, else the list that has several. */
async function search({ desk, person, query }: Visit) {
  const number = query.get('q')?.trim().slice(0, 200) ?? '';
  const { merchants } = desk.gate.directory();
  const filter = {
    merchantId: person.merchantId,
    homes: homesOf([...merchants.values()].filter(({ id }) => person.merchantId === null || person.merchantId === id)),
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
  ...rowsOf(notices),
  ...rowsOf(callbacks),
  ...rowsOf(reviews),
  { method: 'GET', path: '/console/search', roles: everybody, tenant: 'merchant-bound', answer: search },
];
