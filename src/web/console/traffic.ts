/** The lists of what goes back and forth: notices to merchants, callbacks of channels, and reviews of what does not fit. */
import {
  type ListedCallback,
  type ListedNotice,
  type ListedReview,
  listCallbacks,
  listNotices,
  listReviews,
} from '../../store/lists.ts';
import { masked } from '../api/mask.ts';
import { type Html, html } from '../html.ts';
import { listStates } from '../list-states.ts';
import { numberCell, textCell } from '../sheet.ts';
import { type Listing, rowsOf } from './listing.ts';
import { channelName, iso, merchantName } from './naming.ts';
import { badge, money, rawRequest, time, times } from './parts.ts';
import { everybody, may, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

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
  states: listStates.notices,
  filters: ['merchant'],
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
              look: 'pick' as const,
            },
          ]
        : []),
      { head: say('event'), cell: (row) => sayValue(say, 'event', row.event) },
      {
        head: say('state'),
        look: 'state',
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
        cell: (row) =>
          [row.attempts, row.lastStatus ?? (row.lastOutcome && sayValue(say, 'told', row.lastOutcome))]
            .filter((one) => one !== null)
            .join(' · '),
        isExtra: true,
      },
      { head: say('created'), cell: (row) => times(eyes, row.createdAt, row.currency ?? ''), look: 'code' },
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
  around: ({ eyes, person }, rows, shown) => {
    const { say, csrf } = eyes;
    if (rows.length === 0 || !may(person, { roles: resenders, tenant: 'merchant-bound' })) return shown;
    return html`<form method="post" action="/console/notices/resend" class="many" data-all="${say('all')}"><input type="hidden" name="csrf" value="${csrf}">${shown}<div class="bulk"><button class="primary">${say('resendChosen')}</button></div></form>`;
  },
};

const callbacks: Listing<ListedCallback> = {
  word: 'callbacks',
  path: '/console/callbacks',
  roles: everybody,
  tenant: 'operator-only',
  states: listStates.callbacks,
  filters: ['merchant'],
  read: ({ gate }, filter, where) => listCallbacks(gate.db, filter, where),
  columns: ({ desk, eyes }) => {
    const { say } = eyes;
    return [
      { head: say('verdict'), cell: (row) => badge(eyes, row.verdict), look: 'state' },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId), look: 'name' },
      { head: say('order'), cell: subjectLink, look: 'code' },
      {
        head: say('raw'),
        cell: (row) => rawRequest(row.method, masked(row.target), masked(row.body)),
        isExtra: false,
      },
      { head: say('received'), cell: (row) => times(eyes, row.receivedAt, row.currency ?? ''), look: 'code' },
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
  states: listStates.reviews,
  filters: ['merchant'],
  empty: 'reviewNone',
  read: ({ gate }, filter, where) => listReviews(gate.db, filter, where),
  columns: ({ desk, eyes }: Visit) => {
    const { say } = eyes;
    return [
      {
        head: say('reason'),
        cell: (row) =>
          html`<a class="strong" href="/console/reviews/${String(row.id)}">${sayValue(say, 'review', row.reason)}</a>`,
      },
      { head: say('state'), cell: (row) => badge(eyes, row.state), look: 'state' },
      { head: say('order'), cell: subjectLink, look: 'code' },
      {
        head: say('amount'),
        cell: (row) => (row.amount === null || row.currency === null ? '–' : money(row.amount, row.currency)),
        look: 'number',
      },
      { head: say('merchant'), cell: (row) => merchantName(desk, row.merchantId), isExtra: true },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId) || '–', isExtra: true },
      { head: say('opened'), cell: (row) => times(eyes, row.openedAt, row.currency ?? ''), look: 'code' },
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

export const trafficRows: readonly Row[] = [...rowsOf(notices), ...rowsOf(callbacks), ...rowsOf(reviews)];
