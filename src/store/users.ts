/** People who use the console, and their tries to sign in. Passwords are argon2id texts, one-time codes SHA-256, second factors sealed. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../core/world.ts';
import { type Query, type Sql, sql } from './database.ts';
import { deciderRoles, moneyRoles, type Role } from './tokens.ts';

export interface UserRow {
  readonly id: bigint;
  /** Lower case. */
  readonly name: string;
  readonly role: Role;
  /** null = sees every merchant. */
  readonly merchantId: bigint | null;
  /** Encoded argon2id; null = not set up yet. */
  readonly password: string | null;
  readonly setupHash: Buffer | null;
  /** null = the one-time code has no end. */
  readonly setupUntil: bigint | null;
  /** Sealed TOTP secret. */
  readonly totp: Buffer | null;
  readonly state: 'active' | 'disabled';
  readonly createdAt: bigint;
}

const columns: Sql = sql`id, name, role, merchant_id as "merchantId", password, setup_hash as "setupHash", setup_until as "setupUntil",
  totp, state, created_at as "createdAt"`;

export async function userNamed(query: Query, name: string): Promise<UserRow | null> {
  const [row] = await query.run<UserRow>(sql`select ${columns} from console_users where name = ${name}`);
  return row ?? null;
}

export async function userById(query: Query, id: bigint): Promise<UserRow | null> {
  const [row] = await query.run<UserRow>(sql`select ${columns} from console_users where id = ${id}`);
  return row ?? null;
}

export function listUsers(query: Query): Promise<UserRow[]> {
  return query.run<UserRow>(sql`select ${columns} from console_users order by name`);
}

export async function hasUsers(query: Query): Promise<boolean> {
  return (await query.run(sql`select 1 from console_users limit 1`)).length > 0;
}

export type NewUser = Pick<UserRow, 'id' | 'name' | 'role' | 'merchantId' | 'setupUntil'> & {
  readonly setupCode: string;
};

/** Throws a unique violation when the name is taken. */
export async function insertUser(query: Query, user: NewUser, at: Instant): Promise<void> {
  await query.run(sql`
    insert into console_users (id, name, role, merchant_id, setup_hash, setup_until, created_at)
    values (${user.id}, ${user.name}, ${user.role}, ${user.merchantId}, ${codeHash(user.setupCode)}, ${user.setupUntil}, ${at})`);
}

/** Whoever took part in letting somebody in, and when; nobody = the machine's owner. */
export async function noteAccess(query: Query, id: bigint, people: readonly bigint[], at: Instant): Promise<void> {
  await query.run(
    sql`update console_users set access_by = ${[...people]}::bigint[], access_at = ${at} where id = ${id}`,
  );
}

const mayDecide: Sql = sql`merchant_id is null and role = any(${[...deciderRoles]}::text[])`;

/** Was anybody else ever set up to decide for operators? They count also when they are disabled or lowered by now. */
export async function othersCouldDecide(query: Query, besides: bigint | null): Promise<boolean> {
  const rows = await query.run(
    sql`select 1 from console_users where could_decide and id is distinct from ${besides}::bigint limit 1`,
  );
  return rows.length > 0;
}

/** May the first one still ask, and is one hand in the access of both since `since`: their own, or a third person's? */
export async function handsOf(
  query: Query,
  asker: bigint,
  decider: bigint,
  since: Instant,
): Promise<{ readonly mayAsk: boolean; readonly isOneHand: boolean } | null> {
  const hands = (alias: Sql) =>
    sql`(case when ${alias}.access_at > ${since} then ${alias}.access_by else '{}' end || ${alias}.id)`;
  const [row] = await query.run<{ mayAsk: boolean; isOneHand: boolean }>(sql`
    select a.state = 'active' and a.role = any(${[...moneyRoles]}::text[]) as "mayAsk", ${hands(sql`a`)} && ${hands(sql`d`)} as "isOneHand"
    from console_users a, console_users d where a.id = ${asker} and d.id = ${decider}`);
  return row ?? null;
}

function codeHash(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

/** Is it the one-time code of that user, in time? */
export function opensSetup(user: Pick<UserRow, 'setupHash' | 'setupUntil'>, code: string, now: Instant): boolean {
  const wanted = codeHash(code);
  const isSame = user.setupHash !== null && timingSafeEqual(user.setupHash, wanted);
  return isSame && (user.setupUntil === null || Number(user.setupUntil) > now);
}

/** The row, which nobody else changes until the transaction ends. */
export async function lockUser(query: Query, id: bigint): Promise<UserRow | null> {
  const [row] = await query.run<UserRow>(sql`select ${columns} from console_users where id = ${id} for update`);
  return row ?? null;
}

/** A new one-time code: password and second factor are gone until it is used. */
export async function resetUser(query: Query, id: bigint, code: string, until: Instant): Promise<boolean> {
  const rows = await query.run(sql`
    update console_users set password = null, totp = null, setup_hash = ${codeHash(code)}, setup_until = ${until}
    where id = ${id} returning id`);
  return rows.length > 0;
}

/** Ends the set-up: the one-time code opens nothing any more. → false when somebody else was faster. */
export async function finishSetup(
  query: Query,
  id: bigint,
  made: { readonly password: string; readonly totp: Uint8Array | null; readonly totpStep: number },
): Promise<boolean> {
  const totp = made.totp === null ? null : Buffer.from(made.totp);
  const rows = await query.run(sql`
    update console_users set password = ${made.password}, totp = ${totp}, totp_step = ${made.totpStep}, setup_hash = null, setup_until = null,
      could_decide = could_decide or (${mayDecide})
    where id = ${id} and setup_hash is not null returning id`);
  return rows.length > 0;
}

/** A time step opens once: → false for this one or an earlier one again (RFC 6238 section 5.2). */
export async function useTotpStep(query: Query, id: bigint, step: number): Promise<boolean> {
  const rows = await query.run(
    sql`update console_users set totp_step = ${step} where id = ${id} and totp_step < ${step} returning id`,
  );
  return rows.length > 0;
}

export interface UserChange {
  readonly role?: Role;
  readonly state?: 'active' | 'disabled';
}

export async function updateUser(query: Query, id: bigint, change: UserChange): Promise<boolean> {
  const rows = await query.run(sql`
    update console_users set role = coalesce(${change.role ?? null}, role), state = coalesce(${change.state ?? null}, state)
    where id = ${id} returning id`);
  if (change.role !== undefined)
    await query.run(
      sql`update console_users set could_decide = true where id = ${id} and totp is not null and ${mayDecide}`,
    );
  return rows.length > 0;
}

/** How many tries are free, and how long the waits grow. */
export interface TryRule {
  readonly free: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Tries older than this are forgotten. */
  readonly memoryMs: number;
}

/** Counts a try before anything is looked at, so that tries made at once count too. → false while the subject has to wait. */
export async function mayTry(query: Query, subject: string, now: Instant, rule: TryRule): Promise<boolean> {
  const counted = sql`(case when t.at < ${now - rule.memoryMs} then 0 else t.tries end + 1)`;
  const rows = await query.run(sql`
    insert into sign_in_tries as t (subject, tries, at) values (${subject}, 1, ${now})
    on conflict (subject) do update set tries = ${counted}, at = ${now},
      blocked_until = case when ${counted} < ${rule.free} then 0
        else ${now} + least(${rule.longestWaitMs}, ${rule.firstWaitMs} * power(2, least(${counted} - ${rule.free}, 20)))::bigint end
    where t.blocked_until <= ${now} returning subject`);
  return rows.length > 0;
}

/** The try made at `at` fitted and does not count, nor does the wait it brought; what others tried from there still does. */
export async function takeTryBack(query: Query, subject: string, at: Instant): Promise<void> {
  await query.run(sql`
    update sign_in_tries set tries = greatest(tries - 1, 0), blocked_until = case when at = ${at} then 0 else blocked_until end
    where subject = ${subject}`);
}

/** Removes tries since which nobody tried again, and for which nobody waits any more. → how many */
export async function forgetOldTries(query: Query, before: Instant, now: Instant, most: number): Promise<number> {
  const rows = await query.run(sql`
    with old as (select subject from sign_in_tries where at < ${before} and blocked_until <= ${now} order by at limit ${most})
    delete from sign_in_tries t using old o where t.subject = o.subject and t.at < ${before} returning t.subject`);
  return rows.length;
}

export async function forgetTries(query: Query, subject: string): Promise<void> {
  await query.run(sql`delete from sign_in_tries where subject = ${subject}`);
}
