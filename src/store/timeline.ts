/** Everything that is known about one order, table by table. The callers have found the order with its merchant (T021). */
import type { Key } from '../core/order.ts';
import { type Query, sql } from './database.ts';

export interface TimelineAttempt {
  readonly id: bigint;
  readonly channelId: bigint;
  readonly reference: string;
  readonly state: string;
  readonly createdAt: bigint;
  readonly answeredAt: bigint | null;
  readonly notFound: number;
}

export function attemptsOf(query: Query, { home, id }: Key): Promise<TimelineAttempt[]> {
  return query.run<TimelineAttempt>(sql`
    select id, channel_id as "channelId", reference, state, created_at as "createdAt", answered_at as "answeredAt", not_found as "notFound"
    from attempts where home = ${home} and object_id = ${id} order by id`);
}

export function eventsOf(
  query: Query,
  { home, id }: Key,
): Promise<{ id: bigint; at: bigint; what: string; detail: Record<string, unknown> }[]> {
  return query.run(sql`select id, at, what, detail from events where home = ${home} and object_id = ${id} order by id`);
}

export interface TimelineMove {
  readonly at: bigint;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly currency: string;
}

export function movesAbout(query: Query, { home, id }: Key): Promise<TimelineMove[]> {
  return query.run<TimelineMove>(sql`
    select at, reason, from_account as "from", to_account as "to", amount, currency
    from moves where home = ${home} and object_id = ${id} order by at, reason`);
}

export interface TimelineNotice {
  readonly id: bigint;
  readonly event: string;
  readonly targetKind: string;
  readonly targetUrl: string;
  readonly body: string;
  readonly state: string;
  readonly createdAt: bigint;
  readonly dueAt: bigint | null;
}

export function noticesAbout(query: Query, { home, id }: Key): Promise<TimelineNotice[]> {
  return query.run<TimelineNotice>(sql`
    select n.id, n.event, n.target_kind as "targetKind", n.target_url as "targetUrl", n.body, n.state, n.created_at as "createdAt",
      d.due_at as "dueAt"
    from notices n left join notices_due d on d.home = n.home and d.id = n.id
    where n.home = ${home} and n.object_id = ${id} order by n.id`);
}

export interface TimelineNoticeAttempt {
  readonly noticeId: bigint;
  readonly no: number;
  readonly at: bigint;
  readonly tookMs: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly answer: string | null;
}

export function noticeAttemptsAbout(query: Query, { home, id }: Key): Promise<TimelineNoticeAttempt[]> {
  return query.run<TimelineNoticeAttempt>(sql`
    select a.notice_id as "noticeId", a.no, a.at, a.took_ms as "tookMs", a.outcome, a.status, a.answer
    from notices n join notice_attempts a on a.home = n.home and a.notice_id = n.id
    where n.home = ${home} and n.object_id = ${id} order by a.at, a.no`);
}

export interface TimelineCallback {
  readonly id: bigint;
  readonly channelId: bigint;
  readonly receivedAt: bigint;
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly verdict: string;
}

export function callbacksAbout(query: Query, { home, id }: Key): Promise<TimelineCallback[]> {
  return query.run<TimelineCallback>(sql`
    select id, channel_id as "channelId", received_at as "receivedAt", method, target, body, verdict
    from callbacks where home = ${home} and object_id = ${id} order by id`);
}

export interface TimelineReview {
  readonly id: bigint;
  readonly reason: string;
  readonly detail: Record<string, unknown>;
  readonly state: string;
  readonly openedAt: bigint;
  readonly closedAt: bigint | null;
  readonly decision: Record<string, unknown> | null;
}

export function reviewsAbout(query: Query, { home, id }: Key): Promise<TimelineReview[]> {
  return query.run<TimelineReview>(sql`
    select id, reason, detail, state, opened_at as "openedAt", closed_at as "closedAt", decision
    from reviews where home = ${home} and object_id = ${id} order by id`);
}
