/** A merchant developer's view of a credential, over the keys of this gateway: addresses, samples, fingerprints, a notice to try. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { type PaymentReport, type Report } from '../core/commands.ts';
import type { HeldKey, Integration, Integrations, NoticeTrial } from '../core/integration.ts';
import { money } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import { explain } from '../edge/explain.ts';
import type { Keyring } from '../edge/keyring.ts';
import { secretPlace } from '../edge/keyring.ts';
import { publicPem } from '../edge/make-keys.ts';
import { freeze, tryOut } from '../edge/notify.ts';
import { partyNames } from '../edge/party-file.ts';
import { noPublicAddress } from '../edge/send.ts';
import { languages, programIn } from '../edge/samples/languages.ts';
import type { Vault } from '../edge/vault.ts';
import type { Gate } from '../flows/gate.ts';
import { merchantProtocols } from '../protocols/all.ts';
import type { KeySpec, Protocol } from '../protocols/protocol.ts';
import { blankPayment } from '../protocols/reading.ts';
import type { CredentialRow } from '../store/directory.ts';
import { credentialKeys, webhookSecrets } from './ports.ts';

export interface IntegrationParts {
  readonly gate: Gate;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly publicUrl: () => string;
  /** May a notice be tried over plain http? In the sandbox only. */
  readonly isSandbox: boolean;
}

export function makeIntegrations(parts: IntegrationParts): Integrations {
  const pace = new Pace(() => parts.gate.world.monotonic());
  return {
    languages: languages.map(({ name, title, file, run, needs }) => ({ name, title, file, run, needs })),
    show(credentialId, language, variant) {
      const known = knownOf(parts.gate, credentialId);
      return known && shown(parts, known, language, variant);
    },
    keys(credentialId) {
      const known = knownOf(parts.gate, credentialId);
      return known ? heldKeys(parts, known) : [];
    },
    tryNotice(credentialId, url) {
      const known = knownOf(parts.gate, credentialId);
      if (!known) throw new Refusal('not-found');
      checkAddress(parts, url);
      pace.take(known.row.merchantId);
      return tried(parts, known, url);
    },
  };
}

interface Known {
  readonly row: CredentialRow;
  readonly protocol: Protocol;
}

function knownOf(gate: Gate, credentialId: bigint): Known | null {
  const row = gate.directory().credentials.get(credentialId);
  const protocol = merchantProtocols.find(({ name }) => name === row?.protocol);
  return row && protocol ? { row, protocol } : null;
}

// ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function shown(
  { gate, publicUrl }: IntegrationParts,
  { row, protocol }: Known,
  languageName: string,
  variant: string | null,
): Integration {
  const place = { baseUrl: publicUrl(), sender: row.sender, setting: (name: string) => gate.facts.setting(row, name) };
  const all = protocol.samples?.(place) ?? [];
  const own = all.filter(({ key }) => (row.secrets[key] ?? []).length > 0);
  const sets = own.length > 0 ? own : all.slice(0, 1);
  const set = sets.find((one) => one.variant === variant) ?? sets[0];
  const language = languages.find(({ name }) => name === languageName) ?? languages[0];
  return {
    variants: sets.flatMap((one) => (one.variant === null ? [] : [one.variant])),
    variant: set?.variant ?? null,
    senderWord: partyNames(protocol.name).sender,
    endpoints: protocol.endpoints.map(({ name, method, path }) => ({ name, method, url: `${set?.base ?? ''}${path}` })),
    samples: (set?.programs ?? []).map((program) => ({
      purpose: program.purpose,
      about: program.about,
      code: language ? programIn(language, program) : null,
    })),
    signed: {
      request: protocol.request.signature,
      reply: protocol.reply.signature,
      notice: protocol.notice.signature,
      ack: protocol.ack.signature,
    },
  };
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function heldKeys({ gate, vault }: IntegrationParts, { row, protocol }: Known): HeldKey[] {
  return protocol.keys.flatMap((spec) =>
    (row.secrets[spec.name] ?? []).map(({ sealed, addedAt, until }) => {
      const secret = vault.open(secretPlace('credential', row.id, spec.name), Buffer.from(sealed, 'base64')).toString();
      return { name: spec.name, about: spec.about, addedAt, until, ...faceOf(gate, spec, secret) };
    }),
  );
}

/** What of a key may be seen. A shared secret might be short: its mark is one that nobody else can compute. */
function faceOf(
  gate: Gate,
  spec: KeySpec,
  secret: string,
): Pick<HeldKey, 'kind' | 'fingerprint' | 'algorithm' | 'pem'> {
  if (spec.kind === 'text')
    return {
      kind: 'shared',
      fingerprint: Buffer.from(gate.mark('key', `${spec.name}/${secret}`))
        .toString('hex')
        .slice(0, 16),
      algorithm: null,
      pem: null,
    };
  const key = createPublicKey(secret);
  return {
    kind: spec.kind === 'public-key' ? 'merchant' : 'platform',
    fingerprint: fingerprintOf(key),
    algorithm: key.asymmetricKeyType === 'rsa' ? `RSA ${key.asymmetricKeyDetails?.modulusLength ?? ''}` : 'SM2',
    pem: publicPem(key),
  };
}

function fingerprintOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256')
    .update(der)
    .digest('hex')
    .replaceAll(/..(?!$)/g, '$&:');
}

// ── a notice to try ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Only a place that notices may go to, and encrypted on its way. */
function checkAddress({ gate, isSandbox }: IntegrationParts, url: string): void {
  const why =
    gate.notices.refuseTarget({ kind: 'http', url }) ??
    (url.includes(',') ? 'one address only' : null) ??
    (isSandbox || url.toLowerCase().startsWith('https:') ? null : 'an https address is needed');
  if (why !== null) throw new Refusal('invalid-request', { field: 'url', text: why });
}

const mostPerMinute = 6;
const minuteMs = 60_000;

/** So many per merchant and minute: nobody shall knock at other people's doors through us. */
class Pace {
  readonly #now: () => number;
  readonly #taken = new Map<bigint, readonly number[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  take(merchantId: bigint): void {
    const now = this.#now();
    const recent = (this.#taken.get(merchantId) ?? []).filter((at) => at > now - minuteMs);
    if (recent.length >= mostPerMinute)
      throw new Refusal('limit-exceeded', { text: `at most ${mostPerMinute} in a minute` });
    this.#taken.set(merchantId, [...recent, now]);
  }
}

/** Longer than most names take to be looked up. */
const nowhereMs = 2_000;

/** Says on the wire that it is none. */
const testMark = { 'kanal-test': 'true' } as const;

async function tried(parts: IntegrationParts, known: Known, url: string): Promise<NoticeTrial> {
  const { gate, keyring, vault } = parts;
  const { row, protocol } = known;
  const { world } = gate;
  const keys = credentialKeys(keyring, row);
  const merchant = gate.directory().merchants.get(row.merchantId);
  const body = freeze(world, protocol, keys, sampleReport(parts, known));
  if (!merchant || body === null) throw new Refusal('internal');
  const letter = {
    id: `test_${Buffer.from(world.nonce(12)).toString('hex')}`,
    url,
    body,
    webhookSecrets: webhookSecrets(world, vault)(merchant),
  };
  const trial = await tryOut(world, protocol, keys, letter, testMark);
  const { request, status, answer, outcome, delivered, tookMs } = trial;
  const isNowhere = outcome === 'not-sent' && /public|forbidden/.test(answer);
  // Nor does the time tell whether such a name is known inside.
  if (isNowhere) await world.sleep(Math.max(0, nowhereMs - tookMs));
  const headers = Object.entries(request.headers);
  const { pathname, search } = new URL(request.url);
  const target = pathname + search;
  const message = { protocol: protocol.name, method: 'POST', target, headers, body: request.body };
  const party = { label: row.sender, protocol: protocol.name, keys };
  return {
    url: request.url,
    headers,
    body: Buffer.from(request.body).toString('utf8'),
    signedText: explain(world, protocol, message, [party]).signedText,
    isAcknowledged: delivered,
    outcome,
    status,
    answer: isNowhere ? noPublicAddress : answer,
    tookMs: isNowhere ? nowhereMs : tookMs,
  };
}

/** A payment that was never made, paid. Its number is ours to choose, so that its signature is good for nothing else. */
function sampleReport({ gate }: IntegrationParts, { row, protocol }: Known): Report {
  const { world } = gate;
  const asked = protocol.capabilities.find(
    ({ sides, method }) =>
      sides !== 'carry-out' && method !== 'any' && method !== 'barcode' && method !== 'bank-transfer',
  );
  const currency = asked?.currencies[0] ?? 'IDR';
  const least = asked?.min ?? 0n;
  const amount = money(least > sampleMinor ? least : sampleMinor, currency);
  const paid: PaymentReport = {
    ...blankPayment,
    orderNo: `TEST${world.now()}`,
    platformNo: gate.facts.platformNo(row.protocol, 'payment', 0),
    state: 'paid',
    method: asked?.method ?? null,
    option: asked?.options?.[0] ?? null,
    amount,
    paid: amount,
    fee: money(0n, currency),
    createdAt: world.now(),
    finishedAt: world.now(),
  };
  return paid;
}

const sampleMinor = 20_000n;
