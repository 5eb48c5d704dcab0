/** The small tables that everything joins, read whole and kept in memory; `directory_version` says when to read again. */
import type { Method } from '../core/commands.ts';
import type { Rate } from '../core/exchange.ts';
import type { FeeRule } from '../core/fees.ts';
import type { Route } from '../core/routing.ts';
import { type Query, sql } from './database.ts';
import { presentQuarantine, type Quarantine } from './quarantine.ts';
import { allRates } from './rates.ts';

/** One sealed secret; several per name while a rotation overlaps, newest first. */
export interface SealedSecret {
  readonly sealed: string;
  readonly addedAt: number;
  /** Accepted for opening until then; null = for good. */
  readonly until: number | null;
}
export type SealedSecrets = Readonly<Record<string, readonly SealedSecret[]>>;
export type Settings = Readonly<Record<string, string>>;

export interface MerchantRow {
  readonly id: bigint;
  readonly name: string;
  readonly home: number;
  readonly state: 'active' | 'disabled';
  readonly payouts: boolean;
  readonly settings: Settings;
  readonly webhookSecret: Uint8Array;
  /** The one before; notices are signed with it too until then. */
  readonly webhookBefore: { readonly sealed: Uint8Array; readonly until: number } | null;
}
export interface CredentialRow {
  readonly id: bigint;
  readonly merchantId: bigint;
  readonly protocol: string;
  readonly sender: string;
  readonly secrets: SealedSecrets;
  readonly settings: Settings;
  readonly addresses: readonly string[];
  readonly state: 'active' | 'disabled';
}
export interface ChannelRow {
  readonly id: bigint;
  readonly name: string;
  readonly protocol: string;
  readonly baseUrl: string;
  readonly sender: string;
  readonly secrets: SealedSecrets;
  readonly settings: Settings;
  readonly state: 'active' | 'disabled';
}
export interface FeeRow extends FeeRule {
  readonly id: bigint;
  readonly merchantId: bigint | null;
  readonly method: Method | 'any';
  readonly currency: string;
}

export interface Directory {
  readonly version: bigint;
  readonly merchants: ReadonlyMap<bigint, MerchantRow>;
  readonly credentials: ReadonlyMap<bigint, CredentialRow>;
  /** By "protocol/sender". */
  readonly senders: ReadonlyMap<string, CredentialRow>;
  readonly channels: ReadonlyMap<bigint, ChannelRow>;
  readonly routes: readonly Route[];
  readonly fees: readonly FeeRow[];
  readonly rates: readonly Rate[];
  /** Not null after a restore: nothing that sends money out may leave. */
  readonly quarantine: Quarantine | null;
}

interface StoredBefore {
  readonly sealed: Uint8Array | null;
  readonly until: bigint | null;
}

function merchantOf({ sealed, until, ...row }: Omit<MerchantRow, 'webhookBefore'> & StoredBefore): MerchantRow {
  return { ...row, webhookBefore: sealed === null ? null : { sealed, until: Number(until) } };
}

export async function directoryVersion(query: Query): Promise<bigint> {
  const [row] = await query.run<{ version: bigint }>(sql`select version from directory_version`);
  return row?.version ?? 0n;
}

/** Every change of the small tables calls this in its own transaction. */
export async function touchDirectory(query: Query): Promise<void> {
  await query.run(sql`update directory_version set version = version + 1`);
}

export async function loadDirectory(query: Query): Promise<Directory> {
  const version = await directoryVersion(query);
  const merchants = await query.run<Omit<MerchantRow, 'webhookBefore'> & StoredBefore>(
    sql`select id, name, home, state, payouts, settings, webhook_secret as "webhookSecret", webhook_before as sealed,
      webhook_before_until as until from merchants`,
  );
  const credentials = await query.run<CredentialRow>(
    sql`select id, merchant_id as "merchantId", protocol, sender, secrets, settings, addresses, state from credentials`,
  );
  const channels = await query.run<ChannelRow>(
    sql`select id, name, protocol, base_url as "baseUrl", sender, secrets, settings, state from channels`,
  );
  const routes = await query.run<Route>(
    sql`select id, merchant_id as "merchantId", protocol, method, channel_id as "channelId", weight, min_minor as min, max_minor as max, currency, hours, daily_cap as "dailyCap" from routes`,
  );
  const fees = await query.run<Omit<FeeRow, 'percentPpm'> & { percentPpm: number }>(
    sql`select id, merchant_id as "merchantId", method, currency, fixed_minor as fixed, percent_ppm as "percentPpm", min_minor as min, max_minor as max from fees`,
  );
  const rates = await allRates(query);
  const quarantine = await presentQuarantine(query);
  return {
    version,
    rates,
    quarantine,
    merchants: new Map(merchants.map((m) => [m.id, merchantOf(m)])),
    credentials: new Map(credentials.map((c) => [c.id, c])),
    senders: new Map(credentials.map((c) => [`${c.protocol}/${c.sender}`, c])),
    channels: new Map(channels.map((c) => [c.id, c])),
    routes,
    fees: fees.map((fee) => ({ ...fee, percentPpm: BigInt(fee.percentPpm) })),
  };
}
