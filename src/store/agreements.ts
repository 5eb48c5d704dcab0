/** Agreements as rows. Every look-up that a merchant causes names its merchant (T021). */
import type { Agreement, AgreementState } from '../core/agreement.ts';
import type { Extras } from '../core/commands.ts';
import type { Key } from '../core/order.ts';
import type { Instant } from '../core/world.ts';
import { named, type Query, type Sql, sql } from './database.ts';

interface AgreementRow {
  home: number;
  id: bigint;
  merchant_id: bigint;
  credential_id: bigint;
  protocol: string;
  order_no: string;
  agreement_no: string;
  user_id: string;
  payee_no: string;
  scope: string;
  card_mark: Uint8Array;
  card_last4: string;
  phone_mask: string | null;
  fingerprint: Uint8Array;
  state: string;
  channel_id: bigint;
  reference: string;
  upstream_no: string | null;
  extras: Extras;
  created_at: bigint;
  changed_at: bigint;
}

function agreementOf(row: AgreementRow): Agreement {
  return {
    home: row.home,
    id: row.id,
    merchantId: row.merchant_id,
    credentialId: row.credential_id,
    protocol: row.protocol,
    orderNo: row.order_no,
    agreementNo: row.agreement_no,
    userId: row.user_id,
    payeeNo: row.payee_no,
    scope: row.scope as Agreement['scope'],
    cardMark: row.card_mark,
    cardLast4: row.card_last4,
    phoneMask: row.phone_mask,
    fingerprint: row.fingerprint,
    state: row.state as AgreementState,
    channelId: row.channel_id,
    reference: row.reference,
    upstreamNo: row.upstream_no,
    extras: row.extras,
    createdAt: Number(row.created_at),
    changedAt: Number(row.changed_at),
  };
}

async function select(query: Query, name: string, rest: Sql): Promise<Agreement | null> {
  const [row] = await query.run<AgreementRow>(named(`agreements-${name}`, sql`select * from agreements ${rest}`));
  return row ? agreementOf(row) : null;
}

/** The new agreement, or the one that has the merchant's number already. */
export async function makeAgreement(query: Query, a: Agreement): Promise<{ agreement: Agreement; isNew: boolean }> {
  const rows = await query.run<AgreementRow>(sql`
    insert into agreements (home, id, merchant_id, credential_id, protocol, order_no, agreement_no, user_id, payee_no, scope, card_mark,
      card_last4, phone_mask, fingerprint, state, channel_id, reference, upstream_no, extras, created_at, changed_at)
    values (${a.home}, ${a.id}, ${a.merchantId}, ${a.credentialId}, ${a.protocol}, ${a.orderNo}, ${a.agreementNo}, ${a.userId}, ${a.payeeNo},
      ${a.scope}, ${Buffer.from(a.cardMark)}, ${a.cardLast4}, ${a.phoneMask}, ${Buffer.from(a.fingerprint)}, ${a.state}, ${a.channelId},
      ${a.reference}, ${a.upstreamNo}, ${JSON.stringify(a.extras)}::jsonb, ${a.createdAt}, ${a.changedAt})
    on conflict (home, merchant_id, protocol, order_no) do nothing returning *`);
  const [row] = rows;
  if (row) return { agreement: agreementOf(row), isNew: true };
  const known = await agreementByOrderNo(query, a.home, a.merchantId, a.protocol, a.orderNo);
  if (!known) throw new Error(`number ${a.orderNo} neither free nor taken`);
  return { agreement: known, isNew: false };
}

export function agreementByOrderNo(
  query: Query,
  home: number,
  merchantId: bigint,
  protocol: string,
  orderNo: string,
): Promise<Agreement | null> {
  return select(
    query,
    'by-order-no',
    sql`where home = ${home} and merchant_id = ${merchantId} and protocol = ${protocol} and order_no = ${orderNo}`,
  );
}

export function agreementByNo(
  query: Query,
  home: number,
  merchantId: bigint,
  agreementNo: string,
): Promise<Agreement | null> {
  return select(
    query,
    'by-no',
    sql`where home = ${home} and agreement_no = ${agreementNo} and merchant_id = ${merchantId}`,
  );
}

/** A customer's newest one, a usable one before all others. */
export function agreementOfUser(
  query: Query,
  home: number,
  merchantId: bigint,
  protocol: string,
  userId: string,
): Promise<Agreement | null> {
  return select(
    query,
    'by-user',
    sql`where home = ${home} and merchant_id = ${merchantId} and user_id = ${userId} and protocol = ${protocol}
        order by (state = 'active') desc, created_at desc, id desc limit 1`,
  );
}

/**
 * Changes a state if it still is the one the decision was made on. `upstreamNo` and `extras` are kept when null. Returns the row as
 * it is now.
 */
export async function changeAgreement(
  query: Query,
  agreement: Agreement,
  change: {
    readonly state: AgreementState;
    readonly upstreamNo: string | null;
    readonly extras: Extras;
    readonly at: Instant;
  },
): Promise<Agreement> {
  const { home, id } = agreement;
  await query.run(sql`
    update agreements set state = ${change.state}, upstream_no = coalesce(${change.upstreamNo}, upstream_no),
      extras = extras || ${JSON.stringify(change.extras)}::jsonb, changed_at = ${change.at}
    where home = ${home} and id = ${id} and state = ${agreement.state}`);
  return (await select(query, 'by-key', sql`where home = ${home} and id = ${id}`)) ?? agreement;
}

export interface Confirmation {
  readonly state: 'open' | 'asked' | 'done';
  readonly sentAt: Instant;
  readonly tries: number;
  readonly askedAt: Instant | null;
  readonly accepted: Uint8Array | null;
}

/** The code's row, made when nobody has asked for it before. */
export async function confirmationOf(query: Query, { home, id }: Key, sentAt: Instant): Promise<Confirmation> {
  await query.run(
    named(
      'confirmations-make',
      sql`insert into confirmations (home, object_id, sent_at) values (${home}, ${id}, ${sentAt}) on conflict do nothing`,
    ),
  );
  const [row] = await query.run<{
    state: string;
    sent_at: bigint;
    tries: number;
    asked_at: bigint | null;
    accepted: Uint8Array | null;
  }>(
    named(
      'confirmations-of',
      sql`select state, sent_at, tries, asked_at, accepted from confirmations where home = ${home} and object_id = ${id}`,
    ),
  );
  if (!row) throw new Error(`no confirmation of ${id}`);
  return {
    state: row.state as Confirmation['state'],
    sentAt: Number(row.sent_at),
    tries: row.tries,
    askedAt: row.asked_at === null ? null : Number(row.asked_at),
    accepted: row.accepted,
  };
}

/** Takes one try, before anything is forwarded: a crash must not give a free one. False = there is none to take. */
export async function takeTry(
  query: Query,
  { home, id }: Key,
  now: Instant,
  rule: { readonly sentAfter: Instant; readonly tries: number },
): Promise<boolean> {
  const rows = await query.run(sql`
    update confirmations set tries = tries + 1, state = 'asked', asked_at = ${now}
    where home = ${home} and object_id = ${id} and state = 'open' and tries < ${rule.tries} and sent_at > ${rule.sentAfter}
    returning tries`);
  return rows.length > 0;
}

/** After a no: the next try may come. `untried`: nothing had left us, so it did not count. */
export async function reopen(query: Query, { home, id }: Key, untried: boolean): Promise<void> {
  await query.run(sql`
    update confirmations set state = 'open', tries = greatest(0, tries - ${untried ? 1 : 0})
    where home = ${home} and object_id = ${id} and state = 'asked'`);
}

export async function markAccepted(query: Query, { home, id }: Key, fingerprint: Uint8Array): Promise<void> {
  await query.run(sql`
    update confirmations set state = 'done', accepted = ${Buffer.from(fingerprint)}
    where home = ${home} and object_id = ${id} and state <> 'done'`);
}

export interface ResendRule {
  readonly sentBefore: Instant;
  readonly tries: number;
  readonly perDay: number;
  /** Names the day that `perDay` counts in. */
  readonly day: string;
}

/** A further attempt has a code of its own, with all its tries; it counts as a resend of the payment's. False = not now. */
export async function renewConfirmation(
  query: Query,
  { home, id }: Key,
  now: Instant,
  rule: ResendRule,
): Promise<boolean> {
  const rows = await query.run(sql`
    insert into confirmations as c (home, object_id, sent_at, resends, resend_day) values (${home}, ${id}, ${now}, 0, ${rule.day})
    on conflict (home, object_id) do update set sent_at = excluded.sent_at, tries = 0, state = 'open', accepted = null,
      resend_day = excluded.resend_day, resends = case when c.resend_day = excluded.resend_day then c.resends + 1 else 1 end
    where c.sent_at <= ${rule.sentBefore} and (c.resend_day <> excluded.resend_day or c.resends < ${rule.perDay})
    returning c.home`);
  return rows.length > 0;
}

/** Takes one resend: a gap after the last code, so many a day, and none once the tries are used up. */
export async function takeResend(query: Query, { home, id }: Key, now: Instant, rule: ResendRule): Promise<boolean> {
  const rows = await query.run(sql`
    update confirmations set sent_at = ${now}, resend_day = ${rule.day},
      resends = case when resend_day = ${rule.day} then resends + 1 else 1 end
    where home = ${home} and object_id = ${id} and state = 'open' and tries < ${rule.tries} and sent_at <= ${rule.sentBefore}
      and (resend_day <> ${rule.day} or resends < ${rule.perDay})
    returning resends`);
  return rows.length > 0;
}

/** Is there a payment of that number, whoever's? Says nothing else about it. */
export async function isPlatformNoTaken(query: Query, home: number, platformNo: string): Promise<boolean> {
  const rows = await query.run(sql`select 1 from payments where home = ${home} and platform_no = ${platformNo}`);
  return rows.length > 0;
}
