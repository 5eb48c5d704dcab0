/** What the door has decided, stored: order rows, books, timeline, notices and work, for many orders at once. */
import type { Review } from '../core/evidence.ts';
import type { Move } from '../core/ledger.ts';
import { isFinal, type Key, type Kind, type Order, type Payment, type Refund } from '../core/order.ts';
import type { Instant } from '../core/world.ts';
import { type Query, named, sql } from './database.ts';
import { book } from './ledger.ts';

export interface TimelineEvent extends Key {
  readonly objectId: bigint;
  readonly at: Instant;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface NewNotice extends Key {
  readonly merchantId: bigint;
  readonly credentialId: bigint;
  readonly protocol: string;
  readonly objectKind: Kind;
  readonly objectId: bigint;
  readonly event: string;
  readonly targetKind: 'http' | 'sqs';
  readonly targetUrl: string;
  readonly host: string;
  readonly body: string;
  readonly at: Instant;
}

export interface NewReview extends Key {
  readonly review: Review;
  readonly objectKind: Kind | null;
  readonly objectId: bigint | null;
  readonly channelId: bigint | null;
  readonly at: Instant;
}

export interface NewCallback extends Key {
  readonly channelId: bigint;
  readonly at: Instant;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly verdict: string;
  readonly objectKind: Kind | null;
  readonly objectId: bigint | null;
}

export type AttemptState = 'accepted' | 'unknown' | 'declined' | 'not-sent' | 'done';

export interface Settlement {
  readonly orders: readonly Order[];
  readonly moves: readonly Move[];
  readonly events: readonly TimelineEvent[];
  readonly notices: readonly NewNotice[];
  readonly reviews: readonly NewReview[];
  readonly callbacks: readonly NewCallback[];
  readonly attempts: readonly (Key & { readonly state: AttemptState; readonly at: Instant })[];
  /** Next look at the order; null = no further look. */
  readonly work: readonly (Key & { readonly kind: Kind; readonly dueAt: Instant | null })[];
}

/** Writes everything in lock order: orders first (payments before payouts before refunds), then the accounts; in one round trip. */
export async function settle(query: Query, s: Settlement): Promise<void> {
  await Promise.all([
    updatePayments(
      query,
      s.orders.filter((o): o is Payment => o.kind === 'payment'),
    ),
    updateOthers(
      query,
      'payout',
      s.orders.filter((o) => o.kind === 'payout'),
    ),
    updateOthers(
      query,
      'refund',
      s.orders.filter((o) => o.kind === 'refund'),
    ),
    updateRefunded(
      query,
      s.orders.filter((o): o is Refund => o.kind === 'refund'),
    ),
    updateAttempts(query, s.attempts),
    insertEvents(query, s.events),
    insertNotices(query, s.notices),
    insertReviews(query, s.reviews),
    insertCallbacks(query, s.callbacks),
    updateWork(query, s.work),
    // Last, so that the balance rows, which everybody shares, are locked for the shortest time.
    book(query, s.moves),
  ]);
}

async function updatePayments(query: Query, payments: readonly Payment[]): Promise<void> {
  if (payments.length === 0) return;
  const of = <T>(pick: (payment: Payment) => T) => payments.map(pick);
  await query.run(
    named(
      'payments-settle',
      sql`update payments p set state = n.state, paid = n.paid, upstream_no = n.upstream_no, pay_code = n.pay_code, pay_url = n.pay_url,
            confirm_no = n.confirm_no, reason_code = n.reason_code, reason_text = n.reason_text, finished_at = n.finished_at,
            channel_id = n.channel_id, reference = n.reference, method = n.method, option = n.option, channel_extras = n.channel_extras
          from unnest(${of((p) => p.home)}::smallint[], ${of((p) => p.id)}::bigint[], ${of((p) => p.state)}::text[], ${of((p) => p.paid)}::bigint[],
            ${of((p) => p.upstreamNo)}::text[], ${of((p) => p.instruction.payCode)}::text[], ${of((p) => p.instruction.payUrl)}::text[],
            ${of((p) => p.instruction.confirmNo)}::text[], ${of((p) => p.reason?.code ?? null)}::text[], ${of((p) => p.reason?.text ?? null)}::text[],
            ${of((p) => p.finishedAt)}::bigint[], ${of((p) => p.channelId)}::bigint[], ${of((p) => p.reference)}::text[], ${of((p) => p.method)}::text[],
            ${of((p) => p.option)}::text[], ${of((p) => JSON.stringify(p.channelExtras))}::jsonb[])
            as n (home, id, state, paid, upstream_no, pay_code, pay_url, confirm_no, reason_code, reason_text, finished_at, channel_id, reference, method, option, channel_extras)
          where p.home = n.home and p.id = n.id`,
    ),
  );
}

/** The fee is set when the order is made; only a payer's choice of method, or which choice was paid, may change it, before anything is posted. */
export async function setFee(query: Query, { home, id, fee }: Payment): Promise<void> {
  await query.run(sql`update payments set fee = ${fee} where home = ${home} and id = ${id} and paid = 0`);
}

async function updateOthers(query: Query, kind: 'payout' | 'refund', orders: readonly Order[]): Promise<void> {
  if (orders.length === 0) return;
  const of = <T>(pick: (order: Order) => T) => orders.map(pick);
  const news = sql`unnest(${of((o) => o.home)}::smallint[], ${of((o) => o.id)}::bigint[], ${of((o) => o.state)}::text[], ${of((o) => o.upstreamNo)}::text[],
    ${of((o) => o.reason?.code ?? null)}::text[], ${of((o) => o.reason?.text ?? null)}::text[], ${of((o) => o.finishedAt)}::bigint[],
    ${of((o) => o.channelId)}::bigint[], ${of((o) => o.reference)}::text[], ${of((o) => JSON.stringify(o.channelExtras))}::jsonb[])
    as n (home, id, state, upstream_no, reason_code, reason_text, finished_at, channel_id, reference, channel_extras)`;
  const set = sql`set state = n.state, upstream_no = n.upstream_no, reason_code = n.reason_code, reason_text = n.reason_text,
    finished_at = n.finished_at, channel_id = n.channel_id, reference = n.reference, channel_extras = n.channel_extras`;
  await query.run(
    kind === 'payout'
      ? named('payouts-settle', sql`update payouts o ${set} from ${news} where o.home = n.home and o.id = n.id`)
      : named('refunds-settle', sql`update refunds o ${set} from ${news} where o.home = n.home and o.id = n.id`),
  );
}

/** A refund's end moves its amount from "in progress" to "done" on the payment, or frees it. */
async function updateRefunded(query: Query, refunds: readonly Refund[]): Promise<void> {
  const ended = refunds.filter((refund) => isFinal(refund) && !refund.detail.isLate);
  await Promise.all(
    ended.map((refund) => {
      const done = refund.state === 'succeeded' ? refund.amount.minor : 0n;
      return query.run(sql`update payments set refund_pending = refund_pending - ${refund.amount.minor}, refunded = refunded + ${done}
        where home = ${refund.home} and id = ${refund.paymentId}`);
    }),
  );
}

/** A refund that is begun again takes its amount off the payment's remainder again; the check constraint has the last word. */
export async function holdAgain(query: Query, { home, id, paymentId, amount, detail }: Refund): Promise<void> {
  await query.run(
    sql`update payments set refund_pending = refund_pending + ${amount.minor} where home = ${home} and id = ${paymentId}`,
  );
  await query.run(
    sql`update refunds set detail = ${JSON.stringify(detail)}::jsonb where home = ${home} and id = ${id}`,
  );
}

async function updateAttempts(query: Query, attempts: Settlement['attempts']): Promise<void> {
  if (attempts.length === 0) return;
  await query.run(
    named(
      'attempts-settle',
      sql`update attempts a set state = n.state, answered_at = coalesce(a.answered_at, greatest(n.at, a.created_at))
          from unnest(${attempts.map((a) => a.home)}::smallint[], ${attempts.map((a) => a.id)}::bigint[], ${attempts.map((a) => a.state)}::text[],
            ${attempts.map((a) => a.at)}::bigint[]) as n (home, id, state, at)
          where a.home = n.home and a.id = n.id and a.state <> 'done'`,
    ),
  );
}

export async function insertEvents(query: Query, events: readonly TimelineEvent[]): Promise<void> {
  if (events.length === 0) return;
  await query.run(
    named(
      'events-insert',
      sql`insert into events (home, object_id, id, at, what, detail)
          select * from unnest(${events.map((e) => e.home)}::smallint[], ${events.map((e) => e.objectId)}::bigint[], ${events.map((e) => e.id)}::bigint[],
            ${events.map((e) => e.at)}::bigint[], ${events.map((e) => e.what)}::text[], ${events.map((e) => JSON.stringify(e.detail))}::jsonb[])`,
    ),
  );
}

/** Outbox: the notice and its place in the work table. What was told once (same order, event and target) is not told again. */
async function insertNotices(query: Query, notices: readonly NewNotice[]): Promise<void> {
  if (notices.length === 0) return;
  const of = <T>(pick: (notice: NewNotice) => T) => notices.map(pick);
  await query.run(
    named(
      'notices-insert',
      sql`with news as (select * from unnest(${of((n) => n.home)}::smallint[], ${of((n) => n.id)}::bigint[], ${of((n) => n.merchantId)}::bigint[],
            ${of((n) => n.credentialId)}::bigint[], ${of((n) => n.protocol)}::text[], ${of((n) => n.objectKind)}::text[], ${of((n) => n.objectId)}::bigint[],
            ${of((n) => n.event)}::text[], ${of((n) => n.targetKind)}::text[], ${of((n) => n.targetUrl)}::text[], ${of((n) => n.body)}::text[],
            ${of((n) => n.at)}::bigint[], ${of((n) => n.host)}::text[])
            as n (home, id, merchant_id, credential_id, protocol, object_kind, object_id, event, target_kind, target_url, body, at, host)),
          told as (insert into notices (home, id, merchant_id, credential_id, protocol, object_kind, object_id, event, target_kind, target_url, body, created_at)
            select home, id, merchant_id, credential_id, protocol, object_kind, object_id, event, target_kind, target_url, body, at from news
            on conflict (home, object_id, event, target_url) do nothing returning home, id)
          insert into notices_due (home, id, merchant_id, host, due_at)
          select home, id, merchant_id, host, at from news join told using (home, id)`,
    ),
  );
}

export async function insertReviews(query: Query, reviews: readonly NewReview[]): Promise<number> {
  const made = await Promise.all(
    reviews.map((one) =>
      query.run(sql`
      insert into reviews (home, id, reason, object_kind, object_id, channel_id, detail, opened_at)
      values (${one.home}, ${one.id}, ${one.review.reason}, ${one.objectKind}, ${one.objectId}, ${one.channelId}, ${JSON.stringify(one.review.detail)}::jsonb, ${one.at})
      on conflict do nothing returning id`),
    ),
  );
  return made.flat().length;
}

/** Orders about which authentic word of another sum than ordered waits for a person. */
export async function sumsUnderReview(query: Query, keys: readonly Key[]): Promise<ReadonlySet<bigint>> {
  if (keys.length === 0) return new Set();
  const rows = await query.run<{ id: bigint }>(
    named(
      'reviews-of-sums',
      sql`select r.object_id as id from unnest(${keys.map((k) => k.home)}::smallint[], ${keys.map((k) => k.id)}::bigint[]) as k (home, object_id)
          join reviews r using (home, object_id)
          where r.reason = 'amount-mismatch' and r.state = 'open' and r.detail ->> 'event' = 'succeeded'`,
    ),
  );
  return new Set(rows.map((row) => row.id));
}

/** A later word of the channel's has answered what a person was to find out. */
export async function closeReviews(
  query: Query,
  { home, id }: Key,
  reasons: readonly string[],
  why: string,
  at: Instant,
): Promise<void> {
  await query.run(sql`
    update reviews set state = 'closed', closed_at = ${at}, decision = ${{ by: 'channel', text: why }}
    where home = ${home} and object_id = ${id} and reason = any(${reasons}::text[]) and state = 'open'`);
}

export async function insertCallbacks(query: Query, callbacks: readonly NewCallback[]): Promise<void> {
  if (callbacks.length === 0) return;
  const of = <T>(pick: (callback: NewCallback) => T) => callbacks.map(pick);
  await query.run(
    named(
      'callbacks-insert',
      sql`insert into callbacks (home, id, channel_id, received_at, method, target, headers, body, verdict, object_kind, object_id)
          select * from unnest(${of((c) => c.home)}::smallint[], ${of((c) => c.id)}::bigint[], ${of((c) => c.channelId)}::bigint[], ${of((c) => c.at)}::bigint[],
            ${of((c) => c.method)}::text[], ${of((c) => c.target)}::text[], ${of((c) => JSON.stringify(c.headers))}::jsonb[], ${of((c) => c.body)}::text[],
            ${of((c) => c.verdict)}::text[], ${of((c) => c.objectKind)}::text[], ${of((c) => c.objectId)}::bigint[])`,
    ),
  );
}

async function updateWork(query: Query, work: Settlement['work']): Promise<void> {
  await Promise.all([
    endWork(
      query,
      work.filter((w) => w.dueAt === null),
    ),
    appointWork(
      query,
      work.filter((w) => w.dueAt !== null),
    ),
  ]);
}

async function endWork(query: Query, done: Settlement['work']): Promise<void> {
  if (done.length === 0) return;
  await query.run(
    named(
      'work-done',
      sql`delete from work where (home, object_id) in (select * from unnest(${done.map((w) => w.home)}::smallint[], ${done.map((w) => w.id)}::bigint[]))`,
    ),
  );
}

async function appointWork(query: Query, later: Settlement['work']): Promise<void> {
  if (later.length === 0) return;
  await query.run(
    named(
      'work-later',
      sql`insert into work (home, object_id, kind, due_at)
          select * from unnest(${later.map((w) => w.home)}::smallint[], ${later.map((w) => w.id)}::bigint[], ${later.map((w) => w.kind)}::text[],
            ${later.map((w) => w.dueAt)}::bigint[])
          on conflict (home, object_id) do update set due_at = excluded.due_at, tries = 0`,
    ),
  );
}
