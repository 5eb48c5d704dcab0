/**
 * Admitting keys and settings: what a protocol's tables say is generated or checked, sealed to its row, and shown once.
 * Nothing weak, empty or misplaced gets in (T009, T018); nothing that is thrown holds a secret (T093).
 */
import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { Admissions, Admitted, ProtocolFactSheet, RotationAsk, SealedSecret } from '../core/admissions.ts';
import { unknownHorizonMs } from '../core/evidence.ts';
import { Refusal } from '../core/refusal.ts';
import type { Wording } from '../core/wording.ts';
import type { Instant } from '../core/world.ts';
import type { KeySpec, Protocol, SettingSpec } from '../protocols/protocol.ts';
import { checkPrivateKey, checkPublicKey } from './admit-pem.ts';
import { type HolderKind, secretPlace } from './keyring.ts';
import { makePair, privatePem, publicPem, randomText } from './make-keys.ts';
import { isSm2, partyNames, pemMember, readPartyFile, writePartyFile } from './party-file.ts';
import type { Vault } from './vault.ts';

export interface AdmissionParts {
  readonly vault: Vault;
  readonly nonce: (bytes: number) => Uint8Array;
  readonly now: () => Instant;
  readonly merchantProtocols: readonly Protocol[];
  readonly channelProtocols: readonly Protocol[];
}

/** Where a merchant's Standard Webhooks secret is sealed to. */
export function webhookPlace(merchantId: bigint): string {
  return `merchant/${merchantId}/webhook`;
}

/** Settings of any channel, which the flows read. */
const channelSettings: readonly SettingSpec[] = [
  general('settleWindowMs', /^[0-9]{1,9}$/, '600000', {
    en: 'How long "unknown order" answers must go on before a payment counts as never created.',
    zh: '渠道须持续多久答复“订单不存在”，收款才视为从未创建（毫秒）。',
    id: 'Berapa lama jawaban "pesanan tidak dikenal" harus berlangsung sebelum pembayaran dianggap tidak pernah dibuat (milidetik).',
  }),
  general('expiresInS', /^[0-9]{1,8}$/, null, {
    en: 'Seconds until an unpaid order is closed, when the merchant names no time.',
    zh: '商户未指定时限时，未付订单关闭前等待的秒数。',
    id: 'Detik sampai pesanan yang belum dibayar ditutup, bila merchant tidak menyebut waktu.',
  }),
  general('defaultPhone', /^[0-9]{8,16}$/, null, {
    en: "Payer's number where the channel demands one and the order has none.",
    zh: '渠道要求付款人手机号而订单未提供时使用的号码。',
    id: 'Nomor pembayar bila kanal mewajibkannya dan pesanan tidak memilikinya.',
  }),
  general('lateMoney', /^(?:revive|refund|suspense)$/, 'revive', {
    en: 'What becomes of a success after the end: the order revives, the money goes back, or it waits for a person.',
    zh: '订单结束后才成功的款项如何处理：恢复订单、退款，或等待人工判定。',
    id: 'Perlakuan atas sukses setelah pesanan berakhir: pesanan dihidupkan lagi, dana dikembalikan, atau menunggu orang.',
  }),
  general('unknownHorizonMs', /^[0-9]{1,10}$/, String(unknownHorizonMs), {
    en: 'How old an order of unknown outcome may grow before a person is asked to decide it.',
    zh: '结果未知的订单多久后交由人工判定（毫秒）。',
    id: 'Berapa lama pesanan dengan hasil tidak diketahui boleh menunggu sebelum orang diminta memutuskannya (milidetik).',
  }),
  general('zone', /^[A-Za-z][A-Za-z0-9_+/-]{0,39}$/, 'Asia/Shanghai', {
    en: 'IANA name of the time zone in which the channel counts its days, for its statements.',
    zh: '渠道对账日所用的时区（IANA 名称）。',
    id: 'Nama IANA zona waktu yang dipakai kanal untuk menghitung harinya, untuk laporannya.',
  }),
  general('failoverCodes', /^[0-9A-Za-z_.-]{1,64}(?:,[0-9A-Za-z_.-]{1,64})*$/, null, {
    en: "The channel's own codes of a no after which another channel may be tried, comma-separated.",
    zh: '收到这些渠道拒绝码后可改走其他渠道，以逗号分隔。',
    id: 'Kode penolakan kanal yang setelahnya kanal lain boleh dicoba, dipisah koma.',
  }),
  general('resends', /^(?:pay-out|refund|pay-out,refund)$/, null, {
    en: 'What may be sent again under its own reference when the channel does not know it: only where the provider has promised that a repeated reference moves nothing twice.',
    zh: '渠道查无该单号时可以原单号重发的业务：仅限服务商承诺同一单号不会重复动账的情形。',
    id: 'Yang boleh dikirim ulang dengan nomornya sendiri bila kanal tidak mengenalnya: hanya bila penyedia menjamin nomor yang sama tidak memindahkan dana dua kali.',
  }),
];

function general(name: string, pattern: RegExp, fallback: string | null, about: Wording): SettingSpec {
  return { name, side: 'channel', pattern, default: fallback, about };
}

/** The settings a credential or channel of the protocol may have. */
export function settingsFor(protocol: Protocol, kind: HolderKind): readonly SettingSpec[] {
  const other = kind === 'credential' ? 'channel' : 'merchant';
  const own = protocol.settings.filter(({ side }) => side !== other);
  const shared = kind === 'channel' ? channelSettings : [];
  return [...own, ...shared.filter(({ name }) => own.every((spec) => spec.name !== name))];
}

export function makeAdmissions(parts: AdmissionParts): Admissions {
  const { merchantProtocols, channelProtocols } = parts;
  const all = new Map([...merchantProtocols, ...channelProtocols].map((protocol) => [protocol.name, protocol]));
  return {
    protocols: () => [...all.values()].map((protocol) => factSheet(protocol, parts)),
    credential(ask) {
      const protocol = named(merchantProtocols, ask.protocol);
      const file = readPartyFile(protocol, ask.file);
      const sender = checkSender(protocol, ask.sender ?? file.sender ?? partyNames(protocol.name).make(parts.nonce));
      const settings = checkSettings(protocol, 'credential', { ...file.settings, ...ask.settings });
      const keys = new Admission(parts, protocol, 'credential', ask).credentialKeys();
      return {
        sender,
        settings,
        addresses: checkAddresses(ask.addresses),
        ...keys,
        document: writePartyFile(protocol, sender, keys.shown, settings),
      };
    },
    channel(ask) {
      const protocol = named(channelProtocols, ask.protocol);
      const file = readPartyFile(protocol, ask.file);
      const sender = checkSender(protocol, ask.sender ?? file.sender ?? '');
      const settings = checkSettings(protocol, 'channel', { ...file.settings, ...ask.settings });
      const secrets = new Admission(parts, protocol, 'channel', ask).channelKeys(file.keys);
      return { sender, settings, secrets, addresses: [], shown: {}, document: {} };
    },
    rotate(credential, ask) {
      const protocol = named(merchantProtocols, credential.protocol);
      const admission = new Admission(parts, protocol, 'credential', { ...ask, id: credential.id });
      const fresh = admission.credentialKeys();
      const secrets: Record<string, readonly SealedSecret[]> = { ...credential.secrets };
      for (const [name, list] of Object.entries(fresh.secrets))
        secrets[name] = [...list, ...retired(credential.secrets[name] ?? [], ask.oldUntil, parts.now())];
      const document = writePartyFile(protocol, credential.sender, fresh.shown, credential.settings);
      return { secrets, shown: fresh.shown, document };
    },
    webhookSecret(merchantId) {
      const shown = `whsec_${Buffer.from(parts.nonce(32)).toString('base64')}`;
      return { sealed: parts.vault.seal(webhookPlace(merchantId), shown), shown };
    },
  };
}

/** Old secrets end at `until`, those that ended already go. */
function retired(old: readonly SealedSecret[], until: number, now: number): SealedSecret[] {
  return old
    .filter((secret) => secret.until === null || secret.until > now)
    .map((secret) => ({ ...secret, until: Math.min(secret.until ?? until, until) }));
}

function invalid(field: string, text: string): Refusal {
  return new Refusal('invalid-request', { field, text });
}

function named(list: readonly Protocol[], name: string): Protocol {
  const protocol = list.find((one) => one.name === name);
  if (!protocol) throw invalid('protocol', `one of ${list.map((one) => one.name).join(', ')}`);
  return protocol;
}

function checkSender(protocol: Protocol, sender: string): string {
  const { pattern, sender: word } = partyNames(protocol.name);
  if (!pattern.test(sender))
    throw invalid(
      'sender',
      `${word} of ${protocol.name}: ${sender === '' ? 'missing' : `must look like ${pattern.source}`}`,
    );
  return sender;
}

function checkSettings(protocol: Protocol, kind: HolderKind, settings: Readonly<Record<string, string>>) {
  const specs = settingsFor(protocol, kind);
  for (const [name, value] of Object.entries(settings)) {
    const spec = specs.find((one) => one.name === name);
    if (!spec)
      throw invalid(name, `${protocol.name} has no such setting; it has ${specs.map((one) => one.name).join(', ')}`);
    if (!spec.pattern.test(value)) throw invalid(name, `must match ${spec.pattern.source}`);
  }
  return { ...settings };
}

function checkAddresses(addresses: readonly string[]): readonly string[] {
  for (const network of addresses) {
    const [base = '', prefix, ...rest] = network.split('/');
    const widest = isIP(base) === 6 ? 128 : 32;
    const fits = prefix === undefined || (/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= widest);
    if (isIP(base) === 0 || !fits || rest.length > 0)
      throw invalid('addresses', 'an address or network, as 10.0.0.0/8');
  }
  return [...addresses];
}

function factSheet(protocol: Protocol, { merchantProtocols, channelProtocols }: AdmissionParts): ProtocolFactSheet {
  const isMerchants = merchantProtocols.includes(protocol);
  const isChannels = channelProtocols.includes(protocol);
  const settings = isChannels
    ? settingsFor(protocol, 'channel').filter((spec) => !protocol.settings.includes(spec))
    : [];
  return {
    name: protocol.name,
    title: protocol.title,
    sides: [...(isMerchants ? (['merchant'] as const) : []), ...(isChannels ? (['channel'] as const) : [])],
    sender: partyNames(protocol.name).sender,
    keys: protocol.keys.map(({ name, kind, issued, required, about }) => ({ name, kind, issued, required, about })),
    settings: [...protocol.settings, ...settings].map(({ name, side, default: fallback, about }) => ({
      name,
      side,
      default: fallback,
      about,
    })),
    methods: [...new Set(protocol.capabilities.map(({ method }) => method))],
    hasStatements: protocol.statement !== undefined,
  };
}

/** Keys an operator imports may be shorter than ours, never trivial (rulings, T009). */
const shortestGiven = 6;
const issuedLengths = [40, 32] as const;

type KeyAsk = Pick<RotationAsk, 'key' | 'publicKey' | 'keys' | 'file' | 'allowWeakKey'> & { readonly id: bigint };

/** One holder's keys on their way in. */
class Admission {
  readonly #parts: AdmissionParts;
  readonly #protocol: Protocol;
  readonly #kind: HolderKind;
  readonly #ask: KeyAsk;
  readonly #secrets: Record<string, SealedSecret[]> = {};
  readonly #shown: Record<string, string> = {};

  constructor(parts: AdmissionParts, protocol: Protocol, kind: HolderKind, ask: KeyAsk) {
    this.#parts = parts;
    this.#protocol = protocol;
    this.#kind = kind;
    this.#ask = ask;
  }

  /** A merchant's: texts are given or issued, its public key is given or made for it, our own pair is always ours. */
  credentialKeys(): Pick<Admitted, 'secrets' | 'shown'> {
    const given = this.#given(readPartyFile(this.#protocol, this.#ask.file).keys);
    for (const spec of this.#protocol.keys.filter(({ kind }) => kind === 'text')) {
      const text = given[spec.name] ?? (spec.issued ? this.#issueText(spec) : undefined);
      if (text === undefined) {
        if (spec.required) throw invalid(spec.name, 'missing');
        continue;
      }
      this.#seal(spec.name, checkText(spec, text, this.#kind));
      this.#shown[spec.name] = text;
    }
    for (const pair of this.#wantedPairs(given)) this.#admitPair(pair, given);
    return { secrets: this.#secrets, shown: this.#shown };
  }

  /** A channel's: all are given. */
  channelKeys(file: Readonly<Record<string, string>>): Admitted['secrets'] {
    const given = this.#given(file);
    for (const spec of this.#protocol.keys) {
      const value = given[spec.name];
      if (value === undefined && spec.required) throw invalid(spec.name, `missing: ${spec.about.en}`);
      if (value === undefined) continue;
      if (spec.kind === 'text') checkText(spec, value, this.#kind);
      else if (spec.kind === 'private-key') checkPrivateKey(spec.name, value, true);
      else checkPublicKey(spec.name, value, true);
      this.#seal(spec.name, value);
    }
    return this.#secrets;
  }

  /** Every way of giving a key, under the protocol's own names. Unknown names are refused. */
  #given(file: Readonly<Record<string, string>>): Record<string, string> {
    const { keys, key, publicKey } = this.#ask;
    const specs = this.#protocol.keys;
    const given: Record<string, string> = { ...file, ...keys };
    const unknown = Object.keys(given).find((name) => specs.every((spec) => spec.name !== name));
    if (unknown !== undefined)
      throw invalid(
        unknown,
        `${this.#protocol.name} has no such key; it has ${specs.map(({ name }) => name).join(', ')}`,
      );
    if (key !== null) given[this.#textKey().name] = key;
    if (publicKey !== null) given[this.#publicKeyFor(publicKey).name] = publicKey;
    return given;
  }

  #textKey(): KeySpec {
    const texts = this.#protocol.keys.filter(({ kind }) => kind === 'text');
    const spec = texts.find(({ issued }) => issued) ?? texts.find(({ required }) => required) ?? texts[0];
    if (!spec) throw invalid('key', `${this.#protocol.name} has no text key; give a public key`);
    return spec;
  }

  #publicKeyFor(pem: string): KeySpec {
    // Upstreams still have certificates of 1024 bits (rulings).
    const allowWeak = this.#ask.allowWeakKey || this.#kind === 'channel';
    const ofSm2 = checkPublicKey('publicKey', pem, allowWeak).asymmetricKeyType !== 'rsa';
    const spec = this.#protocol.keys.find(({ kind, name }) => kind === 'public-key' && isSm2(name) === ofSm2);
    if (!spec) throw invalid('publicKey', `${this.#protocol.name} takes no such public key`);
    return spec;
  }

  /** RSA, SM2 or both: those whose public key was given; when none was, all the protocol has. */
  #wantedPairs(given: Readonly<Record<string, string>>): readonly boolean[] {
    const publics = this.#protocol.keys.filter(({ kind }) => kind === 'public-key');
    const chosen = publics.filter(({ name }) => given[name] !== undefined);
    const all = this.#protocol.keys.filter(({ kind }) => kind !== 'text');
    return [...new Set((chosen.length > 0 ? chosen : all).map(({ name }) => isSm2(name)))];
  }

  #admitPair(ofSm2: boolean, given: Readonly<Record<string, string>>): void {
    const specs = this.#protocol.keys.filter(({ kind, name }) => kind !== 'text' && isSm2(name) === ofSm2);
    for (const spec of specs) {
      const pem = given[spec.name];
      if (spec.kind === 'public-key') this.#admitPublic(spec, pem, ofSm2);
      else this.#admitOurs(spec, pem, ofSm2);
    }
  }

  /** The merchant's public key; when it gives none, a pair is made and its private half shown once. */
  #admitPublic(spec: KeySpec, pem: string | undefined, ofSm2: boolean): void {
    if (pem !== undefined) {
      const key = checkPublicKey(spec.name, pem, this.#ask.allowWeakKey);
      this.#seal(spec.name, publicPem(key));
      return;
    }
    const pair = makePair(ofSm2);
    this.#seal(spec.name, publicPem(pair.publicKey));
    this.#shown[pemMember('private-key', ofSm2)] = privatePem(pair.privateKey);
  }

  /** Our private key towards this merchant; it sees the public half. */
  #admitOurs(spec: KeySpec, pem: string | undefined, ofSm2: boolean): void {
    const key =
      pem === undefined ? makePair(ofSm2).privateKey : checkPrivateKey(spec.name, pem, this.#ask.allowWeakKey);
    this.#seal(spec.name, privatePem(key));
    this.#shown[pemMember('public-key', ofSm2)] = publicPem(createPublicKey(key));
  }

  #seal(name: string, value: string): void {
    const place = secretPlace(this.#kind, this.#ask.id, name);
    const sealed = this.#parts.vault.seal(place, value).toString('base64');
    this.#secrets[name] = [{ sealed, addedAt: this.#parts.now(), until: null }];
  }

  /** A letter, then letters and digits. */
  #issueText(spec: KeySpec): string {
    const made = issuedLengths
      .map((length) => randomText(length, this.#parts.nonce))
      .find((text) => spec.pattern?.test(text) ?? true);
    if (made === undefined) throw new Error(`${spec.name}: no text of ours fits its pattern`);
    return made;
  }
}

function checkText(spec: KeySpec, text: string, kind: HolderKind): string {
  if (text.trim().length < (kind === 'credential' ? shortestGiven : 1)) throw invalid(spec.name, 'too short');
  if (spec.pattern && !spec.pattern.test(text)) throw invalid(spec.name, `must match ${spec.pattern.source}`);
  return text;
}
