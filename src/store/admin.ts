/** Writes to the small tables. Each runs inside `recorded`, which bumps the directory and appends to the audit chain. */
import { type Account, accounts } from '../core/ledger.ts';
import type { Currency } from '../core/money.ts';
import type { Route } from '../core/routing.ts';
import type { Instant } from '../core/world.ts';
import { type AuditEntry, appendAudit } from './audit.ts';
import { type Database, type Query, sql } from './database.ts';
import {
  type ChannelRow,
  type CredentialRow,
  type FeeRow,
  type MerchantRow,
  type SealedSecrets,
  type Settings,
  touchDirectory,
} from './directory.ts';

/** One change, its audit entry and the directory's new version, together or not at all. */
export function recorded<T>(db: Database, entry: AuditEntry, work: (query: Query) => Promise<T>): Promise<T> {
  return db.transaction(async (query) => {
    const result = await work(query);
    await touchDirectory(query);
    await appendAudit(query, entry);
    return result;
  });
}

export async function insertMerchant(query: Query, row: MerchantRow, at: Instant): Promise<void> {
  await query.run(sql`
    insert into merchants (id, name, home, state, payouts, settings, webhook_secret, created_at)
    values (${row.id}, ${row.name}, ${row.home}, ${row.state}, ${row.payouts}, ${JSON.stringify(row.settings)}::jsonb,
      ${Buffer.from(row.webhookSecret)}, ${at})`);
}

export type MerchantChange = Partial<Pick<MerchantRow, 'name' | 'state' | 'payouts' | 'settings'>>;

/** → false when there is no such merchant. Absent members stay. */
export async function updateMerchant(query: Query, id: bigint, change: MerchantChange): Promise<boolean> {
  const settings = change.settings === undefined ? null : JSON.stringify(change.settings);
  const rows = await query.run(sql`
    update merchants set name = coalesce(${change.name ?? null}, name), state = coalesce(${change.state ?? null}, state),
      payouts = coalesce(${change.payouts ?? null}::boolean, payouts), settings = coalesce(${settings}::jsonb, settings)
    where id = ${id} returning id`);
  return rows.length > 0;
}

/** The present secret becomes the one before, until then. → false when there is no such merchant. */
export async function replaceWebhookSecret(
  query: Query,
  id: bigint,
  sealed: Uint8Array,
  oldUntil: Instant,
): Promise<boolean> {
  const rows = await query.run(sql`
    update merchants set webhook_before = webhook_secret, webhook_before_until = ${oldUntil}, webhook_secret = ${Buffer.from(sealed)}
    where id = ${id} returning id`);
  return rows.length > 0;
}

/** How far the merchant's available balance may go below zero, minor units. Throws a check violation when it is there already. */
export async function setOverdraft(
  query: Query,
  merchant: Pick<MerchantRow, 'id' | 'home'>,
  currency: Currency,
  minor: bigint,
): Promise<void> {
  const account: Account = accounts.available(merchant.id);
  await query.run(sql`
    insert into balances (home, account, currency, available, floor) values (${merchant.home}, ${account}, ${currency}, 0, ${-minor})
    on conflict (home, account, currency) do update set floor = excluded.floor`);
}

export async function insertCredential(query: Query, row: CredentialRow, at: Instant): Promise<void> {
  await query.run(sql`
    insert into credentials (id, merchant_id, protocol, sender, secrets, settings, addresses, state, created_at)
    values (${row.id}, ${row.merchantId}, ${row.protocol}, ${row.sender}, ${JSON.stringify(row.secrets)}::jsonb,
      ${JSON.stringify(row.settings)}::jsonb, ${[...row.addresses]}::text[], ${row.state}, ${at})`);
}

export interface HolderChange {
  readonly state?: 'active' | 'disabled';
  readonly secrets?: SealedSecrets;
  readonly settings?: Settings;
}

export async function updateCredential(query: Query, id: bigint, change: HolderChange): Promise<boolean> {
  const rows = await query.run(sql`update credentials set ${holderColumns(change)} where id = ${id} returning id`);
  return rows.length > 0;
}

export async function insertChannel(query: Query, row: ChannelRow, at: Instant): Promise<void> {
  await query.run(sql`
    insert into channels (id, name, protocol, base_url, sender, secrets, settings, state, created_at)
    values (${row.id}, ${row.name}, ${row.protocol}, ${row.baseUrl}, ${row.sender}, ${JSON.stringify(row.secrets)}::jsonb,
      ${JSON.stringify(row.settings)}::jsonb, ${row.state}, ${at})`);
}

export async function updateChannel(query: Query, id: bigint, change: HolderChange): Promise<boolean> {
  const rows = await query.run(sql`update channels set ${holderColumns(change)} where id = ${id} returning id`);
  return rows.length > 0;
}

function holderColumns({ state, secrets, settings }: HolderChange) {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  return sql`state = coalesce(${state ?? null}, state), secrets = coalesce(${json(secrets)}::jsonb, secrets),
    settings = coalesce(${json(settings)}::jsonb, settings)`;
}

export async function insertRoute(query: Query, route: Route, at: Instant): Promise<void> {
  await query.run(sql`
    insert into routes (id, merchant_id, protocol, method, channel_id, weight, min_minor, max_minor, currency, hours, daily_cap,
      created_at)
    values (${route.id}, ${route.merchantId}, ${route.protocol}, ${route.method}, ${route.channelId}, ${route.weight}, ${route.min}, ${route.max},
      ${route.currency}, ${route.hours}, ${route.dailyCap}, ${at})`);
}

export async function deleteRoute(query: Query, id: bigint): Promise<boolean> {
  return (await query.run(sql`delete from routes where id = ${id} returning id`)).length > 0;
}

/** One rule per merchant, method and currency: a second one takes its place. */
export async function putFee(query: Query, fee: FeeRow, at: Instant): Promise<void> {
  await query.run(sql`
    insert into fees (id, merchant_id, method, currency, fixed_minor, percent_ppm, min_minor, max_minor, created_at)
    values (${fee.id}, ${fee.merchantId}, ${fee.method}, ${fee.currency}, ${fee.fixed}, ${fee.percentPpm}, ${fee.min}, ${fee.max}, ${at})
    on conflict (merchant_id, method, currency) do update set fixed_minor = excluded.fixed_minor,
      percent_ppm = excluded.percent_ppm, min_minor = excluded.min_minor, max_minor = excluded.max_minor`);
}

/** → false when there is no such open review (of that merchant's orders, if one is named). */
export async function closeReview(
  query: Query,
  id: bigint,
  merchantId: bigint | null,
  decision: Readonly<Record<string, string>>,
  at: Instant,
): Promise<boolean> {
  const rows = await query.run(sql`
    update reviews r set state = 'closed', closed_at = ${at}, decision = ${JSON.stringify(decision)}::jsonb
    where id = ${id} and state = 'open' and (${merchantId}::bigint is null or ${merchantId} = (
      select merchant_id from payments where home = r.home and id = r.object_id
      union all select merchant_id from payouts where home = r.home and id = r.object_id
      union all select merchant_id from refunds where home = r.home and id = r.object_id))
    returning id`);
  return rows.length > 0;
}
