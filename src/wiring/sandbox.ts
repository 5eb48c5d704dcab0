/**
 * The sandbox: demo merchants, a twin for each channel protocol, routes and opening balances. Made once per data folder, found
 * again at every start; only the twins' addresses are new each time.
 */
import type { CommandName } from '../core/commands.ts';
import { dayIn } from '../core/conduct.ts';
import { accounts, type Move } from '../core/ledger.ts';
import { type Currency, exponents } from '../core/money.ts';
import type { World } from '../core/world.ts';
import { secretPlace } from '../edge/keyring.ts';
import { findRsaPair, type KeyPair, makePair, privatePem, publicPem } from '../edge/make-keys.ts';
import { isSm2 } from '../edge/party-file.ts';
import type { Vault } from '../edge/vault.ts';
import { type Database, type Query, sql } from '../store/database.ts';
import { touchDirectory } from '../store/directory.ts';
import { book } from '../store/ledger.ts';
import { putRate } from '../store/rates.ts';

/** What `kanal sandbox --json` prints of merchants and channels; kept sealed in the database. */
export interface SandboxFacts {
  readonly merchants: readonly SandboxMerchant[];
  readonly channels: readonly SandboxChannel[];
}
export interface SandboxMerchant {
  readonly id: string;
  readonly name: string;
  readonly webhookSecret: string;
  readonly protocols: {
    readonly unified: { readonly context: string; readonly headers: { readonly 'x-api-key': string } };
    readonly payin: { readonly merchantId: string; readonly apiKey: string };
    readonly bestpay: {
      readonly institutionCode: string;
      readonly merchantNo: string;
      readonly privateKeyPem: string;
      readonly platformPublicKeyPem: string;
    };
    readonly fufu: { readonly busiId: string; readonly key: string };
    readonly ysepay: YsepayParty;
  };
}
interface YsepayParty {
  readonly partnerId: string;
  readonly privateKeyPem: string;
  readonly sm2PrivateKeyPem: string;
  readonly platformPublicKeyPem: string;
  readonly platformSm2PublicKeyPem: string;
}
export interface SandboxChannel {
  readonly id: string;
  readonly protocol: string;
  readonly sender: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  /** Secrets of the other side, the twin's, where the two sides do not share them. */
  readonly twin?: Readonly<Record<string, string>>;
}

/** What the gateway itself holds towards a demo merchant, by protocol and key name, where both sides do not share it. */
type OwnSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

const settingName = 'sandbox';
const place = 'settings/sandbox';

export async function readSandbox(db: Database, vault: Vault): Promise<SandboxFacts | null> {
  const [row] = await db.run<{ value: { sealed: string } }>(
    sql`select value from settings where name = ${settingName}`,
  );
  return row
    ? (JSON.parse(vault.open(place, Buffer.from(row.value.sealed, 'base64')).toString()) as SandboxFacts)
    : null;
}

/** Makes the demo parties unless they are there. */
export async function seedSandbox(db: Database, world: World, vault: Vault): Promise<SandboxFacts> {
  const present = await readSandbox(db, vault);
  if (present) return present;
  const facts = inventFacts(world);
  await db.transaction(async (query) => {
    for (const merchant of facts.merchants) await insertMerchant(query, world, vault, merchant);
    for (const channel of facts.channels) await insertChannel(query, world, vault, channel);
    await insertRoutes(query, world, facts);
    await insertFees(query, world);
    await insertRates(query, world);
    const sealed = vault.seal(place, JSON.stringify(facts)).toString('base64');
    await query.run(sql`insert into settings (name, value) values (${settingName}, ${{ sealed }})`);
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

function key(world: World, letters: string, length = 40): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  const random = [...world.nonce(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
  return `${letters}${random}`;
}

const pairs = new Map<string, { readonly privatePem: string; readonly publicPem: string }>();

/**
 * RSA pairs take long to find: one per name and process, so that every data folder has its own and tests do not wait. A name
 * with `sm2` in it is a pair on that curve.
 */
function demoPair(name: string) {
  return pairs.get(name) ?? keepPair(name, makePair(isSm2(name)));
}

function keepPair(name: string, { privateKey, publicKey }: KeyPair) {
  const made = { privatePem: privatePem(privateKey), publicPem: publicPem(publicKey) };
  pairs.set(name, made);
  return made;
}

const merchantNumbers = ['1002001', '1002002'] as const;

/** Finds the RSA pairs of a first start on other threads, while the database is being made. */
export async function findDemoPairs(): Promise<void> {
  const names = ['platform', ...merchantNumbers, 'channel', 'twin'].map((name) => `bestpay/${name}`);
  await Promise.all(names.map(async (name) => keepPair(name, await findRsaPair())));
}

function bestpayMerchant(number: string): SandboxMerchant['protocols']['bestpay'] {
  return {
    institutionCode: `317800000${number}`,
    merchantNo: `317800009${number}`,
    privateKeyPem: demoPair(`bestpay/${number}`).privatePem,
    platformPublicKeyPem: demoPair('bestpay/platform').publicPem,
  };
}

/** Our half of each pair; of the merchant's we keep the public half alone. */
function ownSecrets(number: string): OwnSecrets {
  return {
    bestpay: {
      privateKey: demoPair('bestpay/platform').privatePem,
      publicKey: demoPair(`bestpay/${number}`).publicPem,
    },
    ysepay: ysepaySide('platform', number),
  };
}

/** What one side keeps: its own private keys, the other's public ones. The platform's RSA pair is bestpay's, to save the time. */
function ysepaySide(own: string, other: string): Readonly<Record<string, string>> {
  const rsa = (name: string) => demoPair(`bestpay/${name}`);
  const sm2 = (name: string) => demoPair(`ysepay-sm2/${name}`);
  return {
    privateKey: rsa(own).privatePem,
    publicKey: rsa(other).publicPem,
    sm2PrivateKey: sm2(own).privatePem,
    sm2PublicKey: sm2(other).publicPem,
  };
}

/** As the merchant sees it: its own private keys, our public ones. */
function ysepayMerchant(number: string): YsepayParty {
  const { privateKey = '', publicKey = '', sm2PrivateKey = '', sm2PublicKey = '' } = ysepaySide(number, 'platform');
  return {
    partnerId: `ys${number}`,
    privateKeyPem: privateKey,
    sm2PrivateKeyPem: sm2PrivateKey,
    platformPublicKeyPem: publicKey,
    platformSm2PublicKeyPem: sm2PublicKey,
  };
}

function ysepayChannel(world: World): SandboxChannel {
  return {
    id: String(world.newId()),
    protocol: 'ysepay',
    sender: 'kanal_up01',
    secrets: ysepaySide('channel', 'twin'),
    settings: {},
    twin: ysepaySide('twin', 'channel'),
  };
}

/** Settings of the sandbox's channels by protocol: as much as each can do. */
export const channelSettings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Whoever has only a code on a screen does not know the payer yet.
  bestpay: { merchantNo: '3178000093006075', wechatUserCode: 'optional' },
  // Bestpay and UnionPay have no channel_type in the document.
  fufu: { extraChannels: 'true' },
};

function bestpayChannel(world: World): SandboxChannel {
  const own = demoPair('bestpay/channel');
  const upstream = demoPair('bestpay/twin');
  return {
    id: String(world.newId()),
    protocol: 'bestpay',
    sender: '3178000003006075',
    secrets: { privateKey: own.privatePem, publicKey: upstream.publicPem },
    settings: channelSettings['bestpay'] ?? {},
    twin: { privateKey: upstream.privatePem, publicKey: own.publicPem },
  };
}

function inventFacts(world: World): SandboxFacts {
  const merchant = (name: string, number: string, letter: string): SandboxMerchant => ({
    id: String(world.newId()),
    name,
    webhookSecret: `whsec_${Buffer.from(world.nonce(32)).toString('base64')}`,
    protocols: {
      unified: { context: 'bluepay-service', headers: { 'x-api-key': `demo${letter}${number}.${key(world, 'k')}` } },
      payin: { merchantId: number, apiKey: key(world, 'p') },
      bestpay: bestpayMerchant(number),
      fufu: { busiId: `58101019${number}`, key: key(world, 'f') },
      ysepay: ysepayMerchant(number),
    },
  });
  return {
    merchants: [merchant('Toko Melati', merchantNumbers[0], 'a'), merchant('Warung Kenanga', merchantNumbers[1], 'b')],
    channels: [
      {
        id: String(world.newId()),
        protocol: 'bluepay',
        sender: '2257',
        secrets: { key: key(world, 'b', 15), iv: key(world, 'i', 15) },
        settings: {},
      },
      {
        id: String(world.newId()),
        protocol: 'payin',
        sender: '3006075',
        secrets: { apiKey: key(world, 'c') },
        settings: {},
      },
      bestpayChannel(world),
      {
        id: String(world.newId()),
        protocol: 'fufu',
        sender: '733010220151343',
        secrets: { key: key(world, 'u') },
        settings: channelSettings['fufu'] ?? {},
      },
      ysepayChannel(world),
    ],
  };
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

async function insertMerchant(query: Query, world: World, vault: Vault, merchant: SandboxMerchant): Promise<void> {
  const id = BigInt(merchant.id);
  const [home = 0] = world.nonce(1);
  const now = world.now();
  await query.run(sql`
    insert into merchants (id, name, home, payouts, webhook_secret, created_at)
    values (${id}, ${merchant.name}, ${home}, true, ${vault.seal(`merchant/${id}/webhook`, merchant.webhookSecret)}, ${now})`);
  const [keyId = '', apiKey = ''] = merchant.protocols.unified.headers['x-api-key'].split('.');
  await insertCredential(query, world, vault, id, 'unified', keyId, { apiKey });
  await insertCredential(query, world, vault, id, 'payin', merchant.protocols.payin.merchantId, {
    apiKey: merchant.protocols.payin.apiKey,
  });
  const { bestpay, fufu, ysepay } = merchant.protocols;
  const own = ownSecrets(merchant.protocols.payin.merchantId);
  await insertCredential(query, world, vault, id, 'bestpay', bestpay.institutionCode, own['bestpay'] ?? {}, {
    merchantNo: bestpay.merchantNo,
  });
  await insertCredential(query, world, vault, id, 'fufu', fufu.busiId, { key: fufu.key });
  await insertCredential(query, world, vault, id, 'ysepay', ysepay.partnerId, own['ysepay'] ?? {});
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

/** Which channel a demo merchant's own protocol goes to. */
const homeChannel: Readonly<Record<string, string>> = {
  unified: 'bluepay',
  payin: 'payin',
  bestpay: 'bestpay',
  fufu: 'fufu',
  ysepay: 'ysepay',
};

async function insertRoutes(query: Query, world: World, facts: SandboxFacts): Promise<void> {
  for (const [protocol, channelProtocol] of Object.entries(homeChannel)) {
    const channel = facts.channels.find((one) => one.protocol === channelProtocol);
    if (!channel) continue;
    await query.run(sql`
      insert into routes (id, merchant_id, protocol, method, channel_id, created_at)
      values (${world.newId()}, null, ${protocol}, 'any', ${BigInt(channel.id)}, ${world.now()})`);
  }
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

/** The endpoint name of the printed sample command per protocol. */
export const sampleCommand: Readonly<Record<string, CommandName>> = {
  unified: 'pay',
  payin: 'pay',
  bestpay: 'pay',
  fufu: 'pay',
};
