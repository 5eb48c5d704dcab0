/**
 * What operators did: an insert-only table whose rows are chained by hash, so that an edit, a deletion or another order shows.
 * The head of the chain is kept beside (`settings`), so that cutting off its end shows as well.
 */
import { createHash } from 'node:crypto';
import type { Instant } from '../core/world.ts';
import { type Query, sql } from './database.ts';

export interface AuditEntry {
  readonly at: Instant;
  /** Name of the operator token, or of what acted by itself. */
  readonly actor: string;
  /** 'merchant.add', 'credential.rotate' … */
  readonly action: string;
  /** Texts, numbers and lists of them; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditRow extends AuditEntry {
  readonly id: bigint;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

/** One writer at a time; any constant nobody else uses. */
const chainLock = 4_711_001;
const beginning = Buffer.alloc(32);
const headName = 'audit-head';

/** JSON with sorted names and no blanks: the same text before and after PostgreSQL kept it as jsonb. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'bigint') return JSON.stringify(String(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

function auditHash(id: bigint, entry: AuditEntry, previous: Uint8Array): Buffer {
  const { at, actor, action, detail } = entry;
  return createHash('sha256')
    .update(previous)
    .update(canonical({ id: String(id), at: String(at), actor, action, detail }))
    .digest();
}

/** Appends to the chain. The lock is held until the transaction ends, so this comes last in it. */
export async function appendAudit(query: Query, entry: AuditEntry): Promise<void> {
  await query.run(sql`select pg_advisory_xact_lock(${chainLock})`);
  const [last] = await query.run<{ id: bigint; hash: Buffer }>(
    sql`select id, hash from audit order by id desc limit 1`,
  );
  const id = (last?.id ?? 0n) + 1n;
  const previous = last?.hash ?? beginning;
  const hash = auditHash(id, entry, previous);
  await query.run(sql`
    insert into audit (id, at, actor, action, detail, previous, hash)
    values (${id}, ${entry.at}, ${entry.actor}, ${entry.action}, ${canonical(entry.detail)}::jsonb, ${previous}, ${hash})`);
  await query.run(sql`
    insert into settings (name, value) values (${headName}, ${canonical({ id, hash: hash.toString('hex') })}::jsonb)
    on conflict (name) do update set value = excluded.value`);
}

export interface AuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  /** What is off, in words; empty when intact. */
  readonly findings: readonly string[];
}

const pageSize = 1000;

/** Reads the whole chain, oldest first, and computes it again. */
export async function verifyAudit(query: Query): Promise<AuditVerdict> {
  const findings: string[] = [];
  let id = 0n;
  let previous: Buffer = beginning;
  for (;;) {
    const rows = await auditAfter(query, id, pageSize);
    for (const row of rows) {
      if (row.id !== id + 1n) findings.push(`entry ${id + 1n} is missing`);
      if (!row.previous.equals(previous)) findings.push(`entry ${row.id} does not follow the one before it`);
      if (!row.hash.equals(auditHash(row.id, row, row.previous))) findings.push(`entry ${row.id} was changed`);
      id = row.id;
      previous = row.hash;
    }
    if (rows.length < pageSize) break;
  }
  const head = await auditHead(query);
  if (head.id !== String(id) || (id > 0n && head.hash !== previous.toString('hex')))
    findings.push(`the chain should end with entry ${head.id}, it ends with ${id}`);
  return { intact: findings.length === 0, entries: Number(id), findings };
}

async function auditAfter(query: Query, after: bigint, limit: number): Promise<AuditRow[]> {
  const rows = await query.run<Omit<AuditRow, 'at'> & { at: bigint }>(sql`
    select id, at, actor, action, detail, previous, hash from audit where id > ${after} order by id limit ${limit}`);
  return rows.map((row) => ({ ...row, at: Number(row.at) }));
}

async function auditHead(query: Query): Promise<{ id: string; hash: string }> {
  const [row] = await query.run<{ value: { id: string; hash: string } }>(
    sql`select value from settings where name = ${headName}`,
  );
  return row?.value ?? { id: '0', hash: '' };
}

/** Newest first, for reading. */
export async function listAudit(query: Query, before: bigint | null, limit: number): Promise<AuditRow[]> {
  const rows = await query.run<Omit<AuditRow, 'at'> & { at: bigint }>(sql`
    select id, at, actor, action, detail, previous, hash from audit
    where ${before}::bigint is null or id < ${before} order by id desc limit ${limit}`);
  return rows.map((row) => ({ ...row, at: Number(row.at) }));
}
