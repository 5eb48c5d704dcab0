/**
 * The sandbox: demo merchants, a twin for each channel protocol, routes and opening balances. Made once per data folder, found
 * again at every start; only the twins' addresses are new each time.
 */
import { dayIn } from '../core/conduct.ts';
import { accounts, type Move } from '../core/ledger.ts';
import { type Currency, exponents } from '../core/money.ts';
import type { World } from '../core/world.ts';
import { secretPlace } from '../edge/keyring.ts';
import type { Vault } from '../edge/vault.ts';
import { type Database, type Query, sql } from '../store/database.ts';
import { touchDirectory } from '../store/directory.ts';
import { book } from '../store/ledger.ts';
import { putRate } from '../store/rates.ts';
import { type DemoDocuments, demos } from './demo/all.ts';
import { type DemoChannel, type DemoMerchant, merchantNumbers } from './demo/demo.ts';

/** What `kanal sandbox --json` prints of merchants and channels; kept sealed in the database. */
export interface SandboxFacts {
  readonly merchants: readonly SandboxMerchant[];
  readonly channels: readonly SandboxChannel[];
}
export interface SandboxMerchant {
  readonly id: string;
  readonly name: string;
  readonly webhookSecret: string;
  readonly protocols: DemoDocuments;
}
export interface SandboxChannel extends DemoChannel {
  readonly id: string;
}

/** A demo merchant with our half of its keys, which is stored with its credentials and nowhere else. */
interface Invented {
  readonly merchant: SandboxMerchant;
  readonly ours: ReadonlyMap<string, DemoMerchant<unknown>>;
}

/** Where the facts are kept; there only in a sandbox. */
export const sandboxSetting = 'sandbox';
const place = 'settings/sandbox';

export async function readSandbox(db: Database, vault: Vault): Promise<SandboxFacts | null> {
  const [row] = await db.run<{ value: { sealed: string } }>(
    sql`select value from settings where name = ${sandboxSetting}`,
  );
  return row
    ? (JSON.parse(vault.open(place, Buffer.from(row.value.sealed, 'base64')).toString()) as SandboxFacts)
    : null;
}

/** Makes the demo parties unless they are there. */
export async function seedSandbox(db: Database, world: World, vault: Vault): Promise<SandboxFacts> {
  const present = await readSandbox(db, vault);
  if (present) return present;
  const invented = merchantNumbers.map((number, place) => inventMerchant(world, names[place] ?? number, number));
  const facts: SandboxFacts = { merchants: invented.map(({ merchant }) => merchant), channels: inventChannels(world) };
  await db.transaction(async (query) => {
    for (const one of invented) await insertMerchant(query, world, vault, one);
    for (const channel of facts.channels) await insertChannel(query, world, vault, channel);
    await insertRoutes(query, world, facts);
    await insertFees(query, world);
    await insertRates(query, world);
    const sealed = vault.seal(place, JSON.stringify(facts)).toString('base64');
    await query.run(sql`insert into settings (name, value) values (${sandboxSetting}, ${{ sealed }})`);
    await touchDirectory(query);
  });
  return facts;
}

/** The channels speak to the twins of this start. */
export async function pointChannels(db: Database, addresses: ReadonlyMap<string, string>): Promise<void> {
  await db.transaction(async (query) => {
    for (const [id, baseUrl] of addresses)
      await query.run(sql`update channels set base_url = ${baseUrl} where id = ${BigInt(id)}`);
    await touchDirectory(query);
  });
}

const names = ['Toko Melati', 'Warung Kenanga'] as const;

function inventMerchant(world: World, name: string, number: string): Invented {
  const ours = new Map(
    Object.entries(demos).map(([protocol, demo]) => [protocol, demo.merchant(number, world)] as const),
  );
  const documents = Object.fromEntries([...ours].map(([protocol, { document }]) => [protocol, document]));
  const merchant: SandboxMerchant = {
    id: String(world.newId()),
    name,
    webhookSecret: `whsec_${Buffer.from(world.nonce(32)).toString('base64')}`,
    protocols: documents as DemoDocuments,
  };
  return { merchant, ours };
}

function inventChannels(world: World): SandboxChannel[] {
  return Object.values(demos).map((demo) => ({ id: String(world.newId()), ...demo.channel(world) }));
}

function sealed(
  vault: Vault,
  world: World,
  kind: 'credential' | 'channel',
  id: bigint,
  secrets: Readonly<Record<string, string>>,
) {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [
      name,
      [
        {
          sealed: vault.seal(secretPlace(kind, id, name), value).toString('base64'),
          addedAt: world.now(),
          until: null,
        },
      ],
    ]),
  );
}

/** Shops on this machine, and those of the samples. */
const demoSettings = {
  returnHosts: 'localhost,127.0.0.1,[::1],shop.example,*.shop.example,shop.test',
  // The sandbox's texts reach nobody, and everybody tries the same card.
  cardTextsPerHour: '10000',
  cardTextsPerDay: '10000',
};

async function insertMerchant(query: Query, world: World, vault: Vault, { merchant, ours }: Invented): Promise<void> {
  const id = BigInt(merchant.id);
  const [home = 0] = world.nonce(1);
  const now = world.now();
  await query.run(sql`
    insert into merchants (id, name, home, payouts, settings, webhook_secret, created_at)
    values (${id}, ${merchant.name}, ${home}, true, ${demoSettings}, ${vault.seal(`merchant/${id}/webhook`, merchant.webhookSecret)}, ${now})`);
  for (const [protocol, { sender, secrets, settings }] of ours)
    await insertCredential(query, world, vault, id, protocol, sender, secrets, settings);
  await book(query, openingBalances(world, home, id));
}

/** IDR 1,000,000,000 and 1,000,000.00 of the others, from the operator's own account. */
function openingBalances(world: World, home: number, merchantId: bigint): Move[] {
  const whole: Readonly<Partial<Record<Currency, bigint>>> = {
    IDR: 1_000_000_000n,
    CNY: 1_000_000n,
    THB: 1_000_000n,
    HKD: 1_000_000n,
  };
  return (Object.entries(whole) as [Currency, bigint][]).map(([currency, units]) => ({
    home,
    objectKind: 'operator',
    objectId: world.newId(),
    reason: 'opening',
    from: accounts.funding,
    to: accounts.available(merchantId),
    amount: units * 10n ** BigInt(exponents[currency]),
    currency,
    at: world.now(),
  }));
}

async function insertCredential(
  query: Query,
  world: World,
  vault: Vault,
  merchantId: bigint,
  protocol: string,
  sender: string,
  secrets: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const id = world.newId();
  await query.run(sql`
    insert into credentials (id, merchant_id, protocol, sender, secrets, settings, created_at)
    values (${id}, ${merchantId}, ${protocol}, ${sender}, ${sealed(vault, world, 'credential', id, secrets)}, ${settings}, ${world.now()})`);
}

async function insertChannel(query: Query, world: World, vault: Vault, channel: SandboxChannel): Promise<void> {
  const id = BigInt(channel.id);
  await query.run(sql`
    insert into channels (id, name, protocol, base_url, sender, secrets, settings, created_at)
    values (${id}, ${`${channel.protocol}-twin`}, ${channel.protocol}, 'http://127.0.0.1:9', ${channel.sender},
      ${sealed(vault, world, 'channel', id, channel.secrets)}, ${channel.settings}, ${world.now()})`);
}

/** Every method of a demo merchant goes to the channel that stands behind its own protocol. */
async function insertRoutes(query: Query, world: World, { channels }: SandboxFacts): Promise<void> {
  for (const [place, protocol] of Object.keys(demos).entries())
    await query.run(sql`
      insert into routes (id, merchant_id, protocol, method, channel_id, created_at)
      values (${world.newId()}, null, ${protocol}, 'any', ${BigInt(channels[place]?.id ?? '0')}, ${world.now()})`);
}

/** Tariffs like those in the payin document's samples: DANA 1 700, QRIS 2 500, virtual account 4 %. */
const tariffs: readonly { readonly method: string; readonly fixed: bigint; readonly percentPpm: number }[] = [
  { method: 'qr', fixed: 2_500n, percentPpm: 0 },
  { method: 'wallet', fixed: 1_700n, percentPpm: 0 },
  { method: 'virtual-account', fixed: 0n, percentPpm: 40_000 },
  { method: 'store-code', fixed: 2_500n, percentPpm: 0 },
  { method: 'bank-transfer', fixed: 2_500n, percentPpm: 0 },
];

async function insertFees(query: Query, world: World): Promise<void> {
  for (const tariff of tariffs)
    await query.run(sql`
      insert into fees (id, merchant_id, method, currency, fixed_minor, percent_ppm, created_at)
      values (${world.newId()}, null, ${tariff.method}, 'IDR', ${tariff.fixed}, ${tariff.percentPpm}, ${world.now()})`);
}

/** What one yuan was in January 2018, as in the fufu document's sample. */
const sandboxRates = [
  ['THB', '4.93'],
  ['HKD', '1.2'],
] as const;

async function insertRates(query: Query, world: World): Promise<void> {
  const day = dayIn(world.now(), 'Asia/Shanghai');
  for (const [currency, rate] of sandboxRates)
    await putRate(query, { currency, day, rate, direction: 'foreign-per-unit' }, world.now());
}

/** For the twins' control API: whatever number a person has at hand, to the reference the twin knows. */
export async function resolveNumber(db: Database, number: string): Promise<string | null> {
  const [row] = await db.run<{ reference: string }>(sql`
    select reference from payments where reference is not null and (order_no = ${number} or platform_no = ${number} or reference = ${number})
    union all select reference from payouts where reference is not null and (order_no = ${number} or platform_no = ${number} or reference = ${number})
    union all select reference from refunds where reference is not null and (order_no = ${number} or platform_no = ${number} or reference = ${number})
    union all select reference from agreements where order_no = ${number} or agreement_no = ${number} or reference = ${number}
    limit 1`);
  return row?.reference ?? null;
}
