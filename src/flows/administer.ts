/**
 * What operators do. Each change is one transaction with its audit entry; the directory is read again at once, so that it
 * counts in this process before the answer leaves, and within a second in the others (T074).
 */
import type { AdmissionAsk, Admissions, Admitted, RotationAsk } from '../core/admissions.ts';
import type { Method } from '../core/commands.ts';
import { isZone } from '../core/days.ts';
import { accounts } from '../core/ledger.ts';
import { type Currency, type Money, isCurrency, parseDecimal } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import { returnHostsPattern } from '../core/return-hosts.ts';
import type { Route } from '../core/routing.ts';
import {
  closeReview,
  deleteRoute,
  insertChannel,
  insertCredential,
  insertMerchant,
  insertRoute,
  type MerchantChange,
  putFee,
  recorded,
  replaceWebhookSecret,
  setOverdraft,
  updateChannel,
  updateCredential,
  updateMerchant,
} from '../store/admin.ts';
import type { Query } from '../store/database.ts';
import type { ChannelRow, CredentialRow, FeeRow, MerchantRow } from '../store/directory.ts';
import { book } from '../store/ledger.ts';
import { resendNotice } from '../store/notices.ts';
import { insertToken, revokeToken, revokeTokensNamed, type Role, type TokenRow } from '../store/tokens.ts';
import type { OpenGate } from './open-gate.ts';

export interface Office {
  readonly gate: OpenGate;
  readonly admissions: Admissions;
}

type Detail = Readonly<Record<string, unknown>>;

export async function change<T>(
  { gate }: Pick<Office, 'gate'>,
  actor: string,
  action: string,
  detail: Detail,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const entry = { at: gate.world.now(), actor, action, detail };
  const result = await recorded(gate.db, entry, work).catch((error: unknown) => {
    throw asConflict(error);
  });
  await gate.refresh();
  return result;
}

/** What the database refuses because it is there already, as the refusal it is. */
function asConflict(error: unknown): unknown {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (code === '23505') return new Refusal('conflict', { text: taken[String(constraint)] ?? 'exists already' });
  if (code === '23514' && constraint === 'balances_not_overdrawn')
    return new Refusal('conflict', { text: 'the balance is below that already' });
  return error;
}

const taken: Readonly<Record<string, string>> = {
  credentials_protocol_sender_key: 'that sender has a credential already',
  channels_name_key: 'a channel of that name exists',
};

function found(isThere: boolean, what: string): void {
  if (!isThere) throw new Refusal('not-found', { text: `no such ${what}` });
}

export interface NewMerchant {
  readonly name: string;
  readonly payouts: boolean;
}

/** → the merchant, and its webhook secret, which is shown this once. */
export async function addMerchant(
  office: Office,
  actor: string,
  ask: NewMerchant,
): Promise<{ merchant: MerchantRow; webhookSecret: string }> {
  const { world } = office.gate;
  const id = world.newId();
  const secret = office.admissions.webhookSecret(id);
  const merchant: MerchantRow = {
    id,
    name: ask.name,
    home: world.nonce(1)[0] ?? 0,
    state: 'active',
    payouts: ask.payouts,
    settings: {},
    webhookSecret: secret.sealed,
    webhookBefore: null,
  };
  await change(office, actor, 'merchant.add', { merchant: id, name: ask.name }, (query) =>
    insertMerchant(query, merchant, world.now()),
  );
  return { merchant, webhookSecret: secret.shown };
}

export interface MerchantPatch extends MerchantChange {
  readonly overdraft?: Money;
}

export async function changeMerchant(office: Office, actor: string, id: bigint, patch: MerchantPatch): Promise<void> {
  const merchant = merchantNamed(office, id);
  const { overdraft, ...rest } = patch;
  checkMerchantSettings(rest.settings ?? {});
  const settings = rest.settings && { settings: { ...merchant.settings, ...rest.settings } };
  await change(
    office,
    actor,
    'merchant.change',
    { merchant: id, ...rest, overdraft: overdraft ?? null },
    async (query) => {
      found(await updateMerchant(query, id, { ...rest, ...settings }), 'merchant');
      if (overdraft) await setOverdraft(query, merchant, overdraft.currency, overdraft.minor);
    },
  );
}

/** → the new secret, shown this once. Until `oldUntil` notices carry the signatures of both (T052). */
export async function rotateWebhookSecret(
  office: Office,
  actor: string,
  merchantId: bigint,
  oldUntil: number,
): Promise<string> {
  const { id } = merchantNamed(office, merchantId);
  const { sealed, shown } = office.admissions.webhookSecret(id);
  await change(office, actor, 'merchant.webhook', { merchant: id, oldUntil }, async (query) =>
    found(await replaceWebhookSecret(query, id, sealed, oldUntil), 'merchant'),
  );
  return shown;
}

/** Settings of a merchant. An empty value takes one back. */
const merchantSettings: readonly { readonly name: RegExp; readonly pattern: RegExp }[] = [
  /** Smallest units that may be paid out without two persons looking. */
  { name: /^payoutLimit\.[A-Z]{3}$/, pattern: /^(?:[0-9]{1,18})?$/ },
  /** Its own ladder of gaps between attempts, in seconds, for all protocols or for one. */
  { name: /^(?:[a-z]{1,20}\.)?noticeGapsS$/, pattern: /^(?:[0-9]{1,7}(?:,[0-9]{1,7}){0,63})?$/ },
  /** Where payers may be sent back to from our pages (T083): "shop.example,*.shop.example,localhost:3000". */
  { name: /^returnHosts$/, pattern: returnHostsPattern },
  /** Codes by text message to one telephone or about one card, from all its payment pages. */
  { name: /^cardTextsPer(?:Hour|Day)$/, pattern: /^(?:[1-9][0-9]{0,4})?$/ },
];

function checkMerchantSettings(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) {
    const row = merchantSettings.find((one) => one.name.test(name));
    if (!row)
      throw new Refusal('invalid-request', {
        field: name,
        text: 'no such setting; there are noticeGapsS, returnHosts, cardTextsPerHour, cardTextsPerDay and payoutLimit.IDR, .CNY …',
      });
    if (!row.pattern.test(value))
      throw new Refusal('invalid-request', { field: name, text: `must match ${row.pattern.source}` });
  }
}

function merchantNamed({ gate }: Pick<Office, 'gate'>, id: bigint): MerchantRow {
  const merchant = gate.directory().merchants.get(id);
  if (!merchant) throw new Refusal('not-found', { text: 'no such merchant' });
  return merchant;
}

/** Posts from the operator's account to the merchant's available balance. → the id of the posting. */
export async function fundMerchant(office: Office, actor: string, merchantId: bigint, amount: Money): Promise<bigint> {
  const { world } = office.gate;
  const merchant = merchantNamed(office, merchantId);
  const objectId = world.newId();
  const detail = { merchant: merchantId, amount: amount.minor, currency: amount.currency, posting: objectId };
  await change(office, actor, 'merchant.fund', detail, (query) =>
    book(query, [
      {
        home: merchant.home,
        objectKind: 'operator',
        objectId,
        reason: 'fund',
        from: accounts.funding,
        to: accounts.available(merchantId),
        amount: amount.minor,
        currency: amount.currency,
        at: world.now(),
      },
    ]),
  );
  return objectId;
}

export type CredentialAsk = Omit<AdmissionAsk, 'id'> & { readonly merchantId: bigint };

export async function addCredential(
  office: Office,
  actor: string,
  ask: CredentialAsk,
): Promise<{ credential: CredentialRow; admitted: Admitted }> {
  const { world } = office.gate;
  merchantNamed(office, ask.merchantId);
  const id = world.newId();
  const admitted = office.admissions.credential({ ...ask, id });
  const { sender, secrets, settings, addresses } = admitted;
  const credential: CredentialRow = {
    id,
    merchantId: ask.merchantId,
    protocol: ask.protocol,
    sender,
    secrets,
    settings,
    addresses,
    state: 'active',
  };
  const detail = { credential: id, merchant: ask.merchantId, protocol: ask.protocol, sender, settings, addresses };
  await change(office, actor, 'credential.add', detail, (query) => insertCredential(query, credential, world.now()));
  return { credential, admitted };
}

function credentialNamed({ gate }: Office, id: bigint): CredentialRow {
  const credential = gate.directory().credentials.get(id);
  if (!credential) throw new Refusal('not-found', { text: 'no such credential' });
  return credential;
}

export async function rotateCredential(
  office: Office,
  actor: string,
  id: bigint,
  ask: RotationAsk,
): Promise<Pick<Admitted, 'shown' | 'document'>> {
  const rotated = office.admissions.rotate(credentialNamed(office, id), ask);
  await change(office, actor, 'credential.rotate', { credential: id, oldUntil: ask.oldUntil }, async (query) =>
    found(await updateCredential(query, id, { secrets: rotated.secrets }), 'credential'),
  );
  return rotated;
}

type HolderState = 'active' | 'disabled';

export async function setCredentialState(office: Office, actor: string, id: bigint, state: HolderState): Promise<void> {
  await change(office, actor, `credential.${state}`, { credential: id }, async (query) =>
    found(await updateCredential(query, id, { state }), 'credential'),
  );
}

export type ChannelAsk = Omit<AdmissionAsk, 'id' | 'addresses' | 'allowWeakKey'> & {
  readonly name: string | null;
  readonly baseUrl: string;
  /** Default active. */
  readonly state?: HolderState;
};

export async function addChannel(office: Office, actor: string, ask: ChannelAsk): Promise<ChannelRow> {
  const { world } = office.gate;
  const id = world.newId();
  // Channel and platform keys of 1024 bit are what some upstreams have (rulings).
  const admitted = office.admissions.channel({ ...ask, id, addresses: [], allowWeakKey: true });
  const { sender, secrets, settings } = admitted;
  const channel: ChannelRow = {
    id,
    name: ask.name ?? `${ask.protocol}-${id.toString(36)}`,
    protocol: ask.protocol,
    baseUrl: ask.baseUrl.replace(/\/{1,9}$/, ''),
    sender,
    secrets,
    settings,
    state: ask.state ?? 'active',
  };
  const detail = {
    channel: id,
    name: channel.name,
    protocol: ask.protocol,
    baseUrl: channel.baseUrl,
    sender,
    settings,
  };
  await change(office, actor, 'channel.add', detail, (query) => insertChannel(query, channel, world.now()));
  return channel;
}

export async function setChannelState(office: Office, actor: string, id: bigint, state: HolderState): Promise<void> {
  await change(office, actor, `channel.${state}`, { channel: id }, async (query) =>
    found(await updateChannel(query, id, { state }), 'channel'),
  );
}

/** In which zone its statements count days: nothing else of a channel's settings may change under its orders. */
export async function setChannelZone(
  { gate }: Pick<Office, 'gate'>,
  actor: string,
  id: bigint,
  zone: string,
): Promise<void> {
  if (!isZone(zone)) throw new Refusal('invalid-request', { field: 'zone', text: 'an IANA name such as Asia/Jakarta' });
  const channel = gate.directory().channels.get(id);
  if (!channel) throw new Refusal('not-found', { text: 'no such channel' });
  const settings = { ...channel.settings, zone };
  await change({ gate }, actor, 'channel.zone', { channel: id, zone }, async (query) =>
    found(await updateChannel(query, id, { settings }), 'channel'),
  );
}

export async function addRoute(office: Office, actor: string, ask: Omit<Route, 'id'>): Promise<Route> {
  const { world } = office.gate;
  if (ask.merchantId !== null) merchantNamed(office, ask.merchantId);
  if (!office.gate.directory().channels.has(ask.channelId))
    throw new Refusal('not-found', { field: 'channel', text: 'no such channel' });
  if (ask.min !== null && ask.max !== null && ask.min > ask.max)
    throw new Refusal('invalid-request', { field: 'max', text: 'below the minimum' });
  const route: Route = { ...ask, id: world.newId() };
  await change(office, actor, 'route.add', { ...route }, (query) => insertRoute(query, route, world.now()));
  return route;
}

export async function removeRoute(office: Office, actor: string, id: bigint): Promise<void> {
  await change(office, actor, 'route.remove', { route: id }, async (query) =>
    found(await deleteRoute(query, id), 'route'),
  );
}

export interface FeeAsk {
  readonly merchantId: bigint | null;
  readonly method: Method | 'any';
  readonly currency: Currency;
  readonly fixed: bigint;
  /** Decimal text, at most four places: "0.7". */
  readonly percent: string;
  readonly min: bigint;
  readonly max: bigint | null;
}

/** A percent in parts per million: four decimals of it are whole parts. */
function ppmOf(percent: string): bigint {
  const ppm = parseDecimal(percent, 4);
  if (ppm === null || ppm > 1_000_000n)
    throw new Refusal('invalid-request', { field: 'percent', text: '0 to 100 with at most four decimals' });
  return ppm;
}

export async function setFee(office: Office, actor: string, ask: FeeAsk): Promise<FeeRow> {
  const { world } = office.gate;
  if (ask.merchantId !== null) merchantNamed(office, ask.merchantId);
  if (ask.max !== null && ask.min > ask.max)
    throw new Refusal('invalid-request', { field: 'max', text: 'below the minimum' });
  const { percent, ...rest } = ask;
  const fee: FeeRow = { ...rest, id: world.newId(), percentPpm: ppmOf(percent) };
  await change(office, actor, 'fee.set', { ...fee }, (query) => putFee(query, fee, world.now()));
  return fee;
}

/** Puts notices back on the work table. → which of them exist (for that merchant). */
export async function resendNotices(
  office: Office,
  actor: string,
  ids: readonly bigint[],
  merchantId: bigint | null,
): Promise<bigint[]> {
  const { gate } = office;
  const now = gate.world.now();
  const done = await change(office, actor, 'notice.resend', { notices: ids.map(String) }, async (query) => {
    const queued: bigint[] = [];
    for (const id of ids) if (await resendNotice(query, id, merchantId, now)) queued.push(id);
    found(queued.length > 0, 'notice');
    return queued;
  });
  gate.wakeNotices();
  return done;
}

export async function decideReview(
  office: Office,
  actor: string,
  id: bigint,
  merchantId: bigint | null,
  decision: string,
): Promise<void> {
  const now = office.gate.world.now();
  await change(office, actor, 'review.close', { review: id, decision }, async (query) =>
    found(await closeReview(query, id, merchantId, { text: decision, by: actor }, now), 'open review'),
  );
}

export interface TokenAsk {
  readonly name: string;
  readonly role: Role;
  readonly merchantId: bigint | null;
}

/** → the token, which is shown this once; only its hash is kept. */
export async function issueToken(
  { gate }: Pick<Office, 'gate'>,
  actor: string,
  ask: TokenAsk,
  /** Revoke older tokens of that name: the data folder has one, renewed at each start. */
  replace = false,
): Promise<{ row: TokenRow; token: string }> {
  if (ask.merchantId !== null) merchantNamed({ gate }, ask.merchantId);
  const now = gate.world.now();
  const token = `kop_${base64Url(gate.world.nonce(32))}`;
  const row: TokenRow = { ...ask, id: gate.world.newId(), createdAt: BigInt(now), revokedAt: null, isOwner: false };
  await change({ gate }, actor, 'token.add', { token: row.id, ...ask }, async (query) => {
    if (replace) await revokeTokensNamed(query, ask.name, now);
    await insertToken(query, row, token);
  });
  return { row, token };
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export async function withdrawToken(office: Office, actor: string, id: bigint): Promise<void> {
  const now = office.gate.world.now();
  await change(office, actor, 'token.revoke', { token: id }, async (query) =>
    found((await revokeToken(query, id, now)) > 0, 'token'),
  );
}

/** Amount and currency as an operator gives them: a positive whole number of smallest units. */
export function amountOf(minor: string, currency: string): Money {
  if (!isCurrency(currency))
    throw new Refusal('invalid-request', { field: 'currency', text: 'not a currency we know' });
  if (!/^[1-9][0-9]{0,17}$/.test(minor))
    throw new Refusal('invalid-request', { field: 'amount', text: 'a whole number of smallest units' });
  return { minor: BigInt(minor), currency };
}
