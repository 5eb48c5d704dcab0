/** Operator tokens: kept as SHA-256, looked up by it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export const roles = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Nobody with one of these gets into the console without a second factor (T088). */
export const moneyRoles: readonly Role[] = ['finance', 'approver', 'admin'];
/** Those who may be the second person. */
export const deciderRoles: readonly Role[] = ['approver', 'admin'];

export function needsTotp(role: Role): boolean {
  return moneyRoles.includes(role);
}

export interface TokenRow {
  readonly id: bigint;
  readonly name: string;
  readonly role: Role;
  /** null = sees every merchant. */
  readonly merchantId: bigint | null;
  readonly createdAt: bigint;
  readonly revokedAt: bigint | null;
  /** Of whoever owns the data folder. */
  readonly isOwner: boolean;
}

function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The row of a token that is not revoked, or null. Compared again in constant time: the index only finds a candidate. */
export async function tokenOf(query: Query, token: string): Promise<TokenRow | null> {
  const wanted = tokenHash(token);
  const [row] = await query.run<TokenRow & { hash: Buffer }>(sql`
    select id, name, role, merchant_id as "merchantId", created_at as "createdAt", revoked_at as "revokedAt", is_owner as "isOwner", hash
    from operator_tokens where hash = ${wanted} and revoked_at is null`);
  if (!row || !timingSafeEqual(row.hash, wanted)) return null;
  const { hash: _hash, ...rest } = row;
  return rest;
}

export function listTokens(query: Query): Promise<TokenRow[]> {
  return query.run<TokenRow>(sql`
    select id, name, role, merchant_id as "merchantId", created_at as "createdAt", revoked_at as "revokedAt", is_owner as "isOwner"
    from operator_tokens order by id desc`);
}

export async function insertToken(query: Query, row: Omit<TokenRow, 'revokedAt'>, token: string): Promise<void> {
  await query.run(sql`
    insert into operator_tokens (id, name, role, merchant_id, hash, created_at, is_owner)
    values (${row.id}, ${row.name}, ${row.role}, ${row.merchantId}, ${tokenHash(token)}, ${row.createdAt}, ${row.isOwner})`);
}

/** A token is the owner's because the data folder has it, not because of its name, which anybody may give another one. */
export async function markOwner(query: Query, token: string): Promise<void> {
  await query.run(sql`update operator_tokens set is_owner = true where hash = ${tokenHash(token)} and not is_owner`);
}

/** → how many were revoked. */
export async function revokeToken(query: Query, id: bigint, at: Instant): Promise<number> {
  const rows = await query.run(
    sql`update operator_tokens set revoked_at = ${at} where id = ${id} and revoked_at is null returning id`,
  );
  return rows.length;
}

/** Revokes every token of that name: a new one takes its place (the data folder's own, once per start). */
export async function revokeTokensNamed(query: Query, name: string, at: Instant): Promise<void> {
  await query.run(sql`update operator_tokens set revoked_at = ${at} where name = ${name} and revoked_at is null`);
}
