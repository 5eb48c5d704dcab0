/** One order with its timeline: the order's own row, attempts, events, moves, notices, callbacks and reviews, oldest first. */
import { z } from 'zod';
import type { Order } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { findOrders, mostSpecific } from '../../store/lists.ts';
import {
  attemptsOf,
  callbacksAbout,
  eventsOf,
  movesAbout,
  noticeAttemptsAbout,
  noticesAbout,
  reviewsAbout,
} from '../../store/timeline.ts';
import { transcriptsAbout } from '../../store/transcripts.ts';
import { type Actor, type ApiRoute, one } from '../route-table.ts';
import type { Desk } from './desk.ts';
import { shownOrder, shownPayment } from './lists.ts';
import { masked } from './mask.ts';
import * as shapes from './shapes.ts';

export type Entry = z.infer<typeof shapes.timelineEntry>;

/** Entries of the same millisecond: in the order in which one thing leads to another. */
const ranks = [
  'exchange',
  'created',
  'attempt',
  'callback',
  'event',
  'move',
  'notice',
  'notice-attempt',
  'review',
  'review-closed',
];

function inOrder(entries: readonly Entry[]): Entry[] {
  const rank = ({ what }: Entry) => ranks.indexOf(what);
  return entries.toSorted((a, b) => (a.at === b.at ? rank(a) - rank(b) : a.at < b.at ? -1 : 1));
}

/** The order an id or number names. Unknown, somebody else's and impossible ones are the same answer (T021). */
export async function orderNamed(desk: Desk, actor: Pick<Actor, 'merchantId'>, number: string): Promise<Order> {
  const orders = mostSpecific(await findOrders(desk.gate.db, number, actor.merchantId), number);
  if (orders.length > 1)
    throw new Refusal('conflict', {
      text: `several orders have that number: ${orders.map((order) => `${order.kind} ${order.id}`).join(', ')}`,
    });
  const [order] = orders;
  if (!order) throw new Refusal('not-found', { text: 'no such order' });
  return order;
}

/** `merchantId`: whose person looks; null = an operator, who also sees what channels and we said to each other, and what people decided. */
export async function timeline(desk: Desk, order: Order, merchantId: bigint | null): Promise<Entry[]> {
  const { db } = desk.gate;
  const parts = await Promise.all([
    triesAndEvents(desk, order),
    money(desk, order),
    told(desk, order),
    callbacksAbout(db, order).then((rows) =>
      rows.map(({ id, channelId, receivedAt, method, target, body, verdict }) => ({
        at: shapes.iso(receivedAt),
        what: 'callback',
        id: String(id),
        channel: String(channelId),
        ...(merchantId === null ? { method, target: masked(target), body: masked(body) } : {}),
        verdict,
      })),
    ),
    reviews(desk, order, merchantId),
    exchanges(desk, order, merchantId),
  ]);
  return inOrder([{ at: shapes.iso(order.createdAt), what: 'created', state: 'new' }, ...parts.flat()]);
}

async function triesAndEvents({ gate }: Desk, order: Order): Promise<Entry[]> {
  const attempts = await attemptsOf(gate.db, order);
  const events = await eventsOf(gate.db, order);
  return [
    ...attempts.map((row) => ({
      at: shapes.iso(row.createdAt),
      what: 'attempt',
      id: String(row.id),
      channel: String(row.channelId),
      channelName: gate.directory().channels.get(row.channelId)?.name ?? null,
      reference: row.reference,
      state: row.state,
      answeredAt: shapes.isoOrNull(row.answeredAt),
      notFoundAnswers: row.notFound,
    })),
    ...events.map((row) => ({
      at: shapes.iso(row.at),
      what: 'event',
      id: String(row.id),
      outcome: row.what,
      ...row.detail,
    })),
  ];
}

const latestOfEach = 40;

async function exchanges({ gate }: Desk, order: Order, merchantId: bigint | null): Promise<Entry[]> {
  const { channels, merchants } = gate.directory();
  const asked = [order.orderNo, order.platformNo].map((number) => ({
    home: merchants.get(order.merchantId)?.home ?? order.home,
    side: 'merchant' as const,
    partyId: order.merchantId,
    number,
  }));
  const references = (await attemptsOf(gate.db, order)).map(({ channelId, reference }) => ({ channelId, reference }));
  if (order.channelId !== null && order.upstreamNo !== null)
    references.push({ channelId: order.channelId, reference: order.upstreamNo });
  const called = references.map(({ channelId, reference }) => ({
    home: gate.facts.homeOf(channels.get(channelId)?.protocol ?? order.protocol, reference) ?? 0,
    side: 'channel' as const,
    partyId: channelId,
    number: reference,
  }));
  const rows = await transcriptsAbout(gate.db, merchantId === null ? [...asked, ...called] : asked, latestOfEach);
  return rows.map((row) => ({
    at: shapes.iso(row.at),
    what: 'exchange',
    id: String(row.id),
    side: row.side,
    party: (row.side === 'merchant' ? merchants : channels).get(row.partyId)?.name ?? null,
    endpoint: row.endpoint,
    outcome: row.outcome,
    status: row.status,
    tookMs: row.tookMs,
    request: row.request,
    reply: row.reply,
  }));
}

async function money({ gate }: Desk, order: Order): Promise<Entry[]> {
  return (await movesAbout(gate.db, order)).map(({ at, reason, from, to, amount, currency }) => ({
    at: shapes.iso(at),
    what: 'move',
    reason,
    from,
    to,
    amount: shapes.moneyText(amount, currency),
  }));
}

async function told({ gate }: Desk, order: Order): Promise<Entry[]> {
  const notices = await noticesAbout(gate.db, order);
  const attempts = await noticeAttemptsAbout(gate.db, order);
  return [
    ...notices.map((row) => ({
      at: shapes.iso(row.createdAt),
      what: 'notice',
      id: String(row.id),
      event: row.event,
      target: row.targetKind,
      url: row.targetUrl,
      state: row.state,
      dueAt: shapes.isoOrNull(row.dueAt),
      body: masked(row.body),
    })),
    ...attempts.map((row) => ({
      at: shapes.iso(row.at),
      what: 'notice-attempt',
      notice: String(row.noticeId),
      no: row.no,
      tookMs: row.tookMs,
      outcome: row.outcome,
      status: row.status,
      answer: row.answer,
    })),
  ];
}

async function reviews({ gate }: Desk, order: Order, merchantId: bigint | null): Promise<Entry[]> {
  const isOperator = merchantId === null;
  return (await reviewsAbout(gate.db, order)).flatMap((row) => [
    {
      at: shapes.iso(row.openedAt),
      what: 'review',
      id: String(row.id),
      reason: row.reason,
      ...(isOperator ? { detail: row.detail } : {}),
      state: row.state,
    },
    ...(row.closedAt === null
      ? []
      : [
          {
            at: shapes.iso(row.closedAt),
            what: 'review-closed',
            id: String(row.id),
            ...(isOperator ? { decision: row.decision } : {}),
          },
        ]),
  ]);
}

export const showTable: readonly ApiRoute<Desk>[] = [
  one({
    method: 'GET',
    path: '/admin/v1/orders/{id}',
    about: 'One order with its timeline; by id, or by any number it is known by',
    roles: ['viewer', 'support', 'finance', 'approver', 'admin'],
    tenant: 'merchant-bound',
    answers: z.looseObject({ ...shapes.listedOrder.shape, timeline: z.array(shapes.timelineEntry) }),
    async run(desk: Desk, { actor, params }) {
      const order = await orderNamed(desk, actor, params['id'] ?? '');
      const shown = order.kind === 'payment' ? shownPayment(desk, order) : shownOrder(desk, order);
      return { ...shown, timeline: await timeline(desk, order, actor.merchantId) };
    },
  }),
];
