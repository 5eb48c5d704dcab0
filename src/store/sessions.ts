/** Sessions of the console: the cookie's value is kept as SHA-256, so that a copy of the database opens nothing. */
import { createHash } from 'node:crypto';
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';
import type { Role } from './tokens.ts';

/** `setup`: opened with a one-time code, good for choosing a password and nothing else. */
export type Stage = 'setup' | 'full';

export interface SessionRow {
  readonly userId: bigint;
  readonly stage: Stage;
  /** A second factor that is being set up, sealed. */
  readonly pending: Buffer | null;
  readonly name: string;
  readonly role: Role;
  readonly merchantId: bigint | null;
}

const idleMs = 15 * 60_000;
const absoluteMs = 8 * 3_600_000;
/** Written at most that often, so that reading pages does not write rows. */
const touchEveryMs = 30_000;

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export async function openSession(
  query: Query,
  token: string,
  session: {
    readonly userId: bigint;
    readonly stage: Stage;
    readonly remote: string;
    readonly pending: Uint8Array | null;
  },
  now: Instant,
): Promise<void> {
  const pending = session.pending === null ? null : Buffer.from(session.pending);
  await query.run(sql`
    insert into console_sessions (hash, user_id, stage, pending, created_at, seen_at, remote)
    values (${hashOf(token)}, ${session.userId}, ${session.stage}, ${pending}, ${now}, ${now}, ${session.remote})`);
}

/** The session and its user, if neither has ended, idled out, grown too old or been disabled. Seen by being read. */
export async function sessionOf(query: Query, token: string, now: Instant): Promise<SessionRow | null> {
  const hash = hashOf(token);
  const [row] = await query.run<SessionRow & { seenAt: bigint }>(sql`
    select s.user_id as "userId", s.stage, s.pending, s.seen_at as "seenAt", u.name, u.role, u.merchant_id as "merchantId"
    from console_sessions s join console_users u on u.id = s.user_id
    where s.hash = ${hash} and s.ended_at is null and u.state = 'active'
      and s.seen_at > ${now - idleMs} and s.created_at > ${now - absoluteMs}`);
  if (!row) return null;
  if (Number(row.seenAt) <= now - touchEveryMs)
    await query.run(sql`update console_sessions set seen_at = ${now} where hash = ${hash} and ended_at is null`);
  return row;
}

export async function endSession(query: Query, token: string, now: Instant): Promise<void> {
  await query.run(
    sql`update console_sessions set ended_at = ${now} where hash = ${hashOf(token)} and ended_at is null`,
  );
}

/** Signs a user out everywhere. */
export async function endSessionsOf(query: Query, userId: bigint, now: Instant): Promise<void> {
  await query.run(sql`update console_sessions set ended_at = ${now} where user_id = ${userId} and ended_at is null`);
}

/** Removes those that were opened before `before`, longer ago than any lasts. → how many */
export async function forgetSessions(query: Query, before: Instant, most: number): Promise<number> {
  const rows = await query.run(sql`
    with old as (select hash from console_sessions where created_at < ${before} limit ${most})
    delete from console_sessions s using old o where s.hash = o.hash returning s.user_id`);
  return rows.length;
}
