/** Lists: one route per kind of thing, one shape each, newest first. Without a limit everything comes, page by page. */
import { z } from 'zod';
import type { Order, Payment } from '../../core/order.ts';
import {
  type HomeFilter,
  listAgreements,
  listAttempts,
  listCallbacks,
  listNotices,
  listOrders,
  listReviews,
  type ListedAgreement,
  type ListedAttempt,
  type ListedCallback,
  type ListedNotice,
  type ListedReview,
  type Page,
  type Subject,
} from '../../store/lists.ts';
import { type ApiRoute, type Call, many, type Tenant } from '../route-table.ts';
import { type ListName, listStates } from '../list-states.ts';
import { type Desk, homesFor, merchantScope } from './desk.ts';
import { masked } from './mask.ts';
import * as shapes from './shapes.ts';

const everybody = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;

/** What every list takes; `state` is one of its own. */
const listQuery = z.strictObject({
  merchant: shapes.reference.optional(),
  state: z.string().optional(),
  number: z.string().min(1).max(200).optional(),
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'a whole number above zero')
    .optional(),
});
type ListQuery = z.infer<typeof listQuery>;

/** The first page small, so that the first rows are there at once; the others large, since each sorts anew. */
const firstPage = 1_000;
const nextPages = 10_000;

/** Reads page after page until the limit or the end. */
async function* paged<T extends { readonly id: bigint }>(
  read: (filter: HomeFilter, page: Page) => Promise<readonly T[]>,
  desk: Desk,
  { actor, query }: Call<ListQuery, unknown>,
): AsyncGenerator<T> {
  const merchantId = merchantScope(desk, actor, query.merchant);
  const filter = {
    merchantId,
    homes: homesFor(desk, merchantId),
    state: query.state ?? null,
    number: query.number ?? null,
  };
  let left = query.limit === undefined ? Number.MAX_SAFE_INTEGER : Number(query.limit);
  let before: bigint | null = null;
  while (left > 0) {
    const size = Math.min(left, before === null ? firstPage : nextPages);
    const rows: readonly T[] = await read(filter, { before, limit: size });
    yield* rows;
    left -= rows.length;
    before = rows.at(-1)?.id ?? null;
    if (rows.length < size) return;
  }
}

/** One list: what is read, and how a row is shown. */
function list<T extends { readonly id: bigint }, A>(
  plural: ListName,
  about: string,
  answers: z.ZodType<A>,
  read: (desk: Desk, filter: HomeFilter, page: Page) => Promise<readonly T[]>,
  show: (desk: Desk, row: T) => A,
  tenant: Tenant = 'merchant-bound',
): ApiRoute<Desk> {
  return many({
    method: 'GET',
    path: `/admin/v1/${plural}`,
    about,
    roles: everybody,
    tenant,
    query: listQuery.extend({ state: z.enum(listStates[plural]).optional() }),
    answers,
    async *rows(desk: Desk, call: Call<ListQuery, unknown>) {
      for await (const row of paged((filter, page) => read(desk, filter, page), desk, call)) yield show(desk, row);
    },
  });
}

function channelName(desk: Desk, channelId: bigint | null): string | null {
  return channelId === null ? null : (desk.gate.directory().channels.get(channelId)?.name ?? null);
}

export function shownOrder(desk: Desk, order: Order): shapes.Listed<typeof shapes.listedOrder> {
  const { currency } = order.amount;
  return {
    id: String(order.id),
    merchant: String(order.merchantId),
    protocol: order.protocol,
    kind: order.kind,
    merchantOrderNo: order.orderNo,
    platformNo: order.platformNo,
    channel: order.channelId === null ? null : String(order.channelId),
    channelName: channelName(desk, order.channelId),
    reference: order.reference,
    amount: shapes.moneyText(order.amount.minor, currency),
    state: order.state,
    createdAt: shapes.iso(order.createdAt),
    fee: shapes.moneyText(order.fee, currency),
    upstreamNo: order.upstreamNo,
    reason: order.reason,
    finishedAt: shapes.isoOrNull(order.finishedAt),
    notifyUrl: order.detail.notify?.url ?? null,
    subject: order.kind === 'refund' ? order.detail.reason : order.detail.subject,
  };
}

export function shownPayment(desk: Desk, payment: Payment): shapes.Listed<typeof shapes.listedPayment> {
  const { currency } = payment.amount;
  return {
    ...shownOrder(desk, payment),
    method: payment.method,
    option: payment.option,
    paid: shapes.moneyText(payment.paid, currency),
    refunded: shapes.moneyText(payment.refunded, currency),
    refundPending: shapes.moneyText(payment.refundPending, currency),
    ...payment.instruction,
    cashierUrl: desk.gate.deskUrl(payment),
    expiresAt: shapes.isoOrNull(payment.expiresAt),
  };
}

/** What the rows of other tables have of the order they speak of. */
function ofSubject(desk: Desk, row: Subject, channelId: bigint | null) {
  return {
    merchant: row.merchantId === null ? null : String(row.merchantId),
    protocol: row.protocol,
    kind: row.kind,
    merchantOrderNo: row.orderNo,
    platformNo: row.platformNo,
    channel: channelId === null ? null : String(channelId),
    channelName: channelName(desk, channelId),
    reference: row.orderReference,
    amount: row.amount === null || row.currency === null ? null : shapes.moneyText(row.amount, row.currency),
  };
}

function shownAgreement(desk: Desk, row: ListedAgreement): shapes.Listed<typeof shapes.listedAgreement> {
  return {
    id: String(row.id),
    merchant: String(row.merchantId),
    protocol: row.protocol,
    kind: 'agreement',
    merchantOrderNo: row.orderNo,
    platformNo: row.agreementNo,
    channel: String(row.channelId),
    channelName: desk.gate.directory().channels.get(row.channelId)?.name ?? null,
    reference: row.reference,
    amount: null,
    state: row.state,
    createdAt: shapes.iso(row.createdAt),
    userId: row.userId,
    cardLast4: row.cardLast4,
    scope: row.scope,
  };
}

function shownAttempt(desk: Desk, row: ListedAttempt): shapes.Listed<typeof shapes.listedAttempt> {
  return {
    ...ofSubject(desk, row, row.channelId),
    id: String(row.id),
    order: String(row.objectId),
    reference: row.reference,
    state: row.state,
    createdAt: shapes.iso(row.createdAt),
    answeredAt: shapes.isoOrNull(row.answeredAt),
    notFoundAnswers: row.notFound,
  };
}

function shownNotice(desk: Desk, row: ListedNotice): shapes.Listed<typeof shapes.listedNotice> {
  return {
    ...ofSubject(desk, row, null),
    id: String(row.id),
    order: String(row.objectId),
    event: row.event,
    url: row.targetUrl,
    state: row.state,
    createdAt: shapes.iso(row.createdAt),
    attempts: row.attempts,
    lastAt: shapes.isoOrNull(row.lastAt),
    lastOutcome: row.lastOutcome,
    lastStatus: row.lastStatus,
    lastAnswer: row.lastAnswer,
    dueAt: shapes.isoOrNull(row.dueAt),
  };
}

function shownCallback(desk: Desk, row: ListedCallback): shapes.Listed<typeof shapes.listedCallback> {
  return {
    ...ofSubject(desk, row, row.channelId),
    id: String(row.id),
    order: row.objectId === null ? null : String(row.objectId),
    state: row.verdict,
    createdAt: shapes.iso(row.receivedAt),
    method: row.method,
    target: masked(row.target),
    body: masked(row.body),
  };
}

function shownReview(desk: Desk, row: ListedReview): shapes.Listed<typeof shapes.listedReview> {
  return {
    ...ofSubject(desk, row, row.channelId),
    id: String(row.id),
    order: row.objectId === null ? null : String(row.objectId),
    reason: row.reason,
    detail: row.detail,
    state: row.state,
    createdAt: shapes.iso(row.openedAt),
    closedAt: shapes.isoOrNull(row.closedAt),
    decision: row.decision,
  };
}

export const listTable: readonly ApiRoute<Desk>[] = [
  list(
    'payments',
    'Money in',
    shapes.listedPayment,
    async ({ gate }, filter, page) => {
      const orders = await listOrders(gate.db, 'payment', filter, page);
      return orders.filter((order) => order.kind === 'payment');
    },
    shownPayment,
  ),
  list(
    'payouts',
    'Money out',
    shapes.listedOrder,
    ({ gate }, filter, page) => listOrders(gate.db, 'payout', filter, page),
    shownOrder,
  ),
  list(
    'refunds',
    'Money back',
    shapes.listedRefund,
    async ({ gate }, filter, page) => {
      const orders = await listOrders(gate.db, 'refund', filter, page);
      return orders.filter((order) => order.kind === 'refund');
    },
    (desk, refund) => ({
      ...shownOrder(desk, refund),
      payment: String(refund.paymentId),
      paymentOrderNo: refund.detail.paymentOrderNo,
    }),
  ),
  list(
    'agreements',
    'Standing permissions to charge a card',
    shapes.listedAgreement,
    ({ gate }, filter, page) => listAgreements(gate.db, filter, page),
    shownAgreement,
  ),
  list(
    'attempts',
    'Single tries at a channel, with what was sent as reference',
    shapes.listedAttempt,
    ({ gate }, filter, page) => listAttempts(gate.db, filter, page),
    shownAttempt,
  ),
  list(
    'notices',
    'What merchants were or are to be told',
    shapes.listedNotice,
    ({ gate }, filter, page) => listNotices(gate.db, filter, page),
    shownNotice,
  ),
  list(
    'callbacks',
    'What channels told us, with our verdict as state',
    shapes.listedCallback,
    ({ gate }, filter, page) => listCallbacks(gate.db, filter, page),
    shownCallback,
    'operator-only',
  ),
  list(
    'reviews',
    'What needs a person',
    shapes.listedReview,
    ({ gate }, filter, page) => listReviews(gate.db, filter, page),
    shownReview,
    'operator-only',
  ),
];
