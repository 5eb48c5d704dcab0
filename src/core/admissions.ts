/** What administering needs of protocols and the vault, without knowing either. Made in `src/edge/admission.ts`. */
import type { Wording } from './wording.ts';

/** One sealed secret; several per name while a rotation overlaps, newest first. */
export interface SealedSecret {
  readonly sealed: string;
  readonly addedAt: number;
  /** Accepted for opening until then; null = for good. */
  readonly until: number | null;
}
export type SealedSecrets = Readonly<Record<string, readonly SealedSecret[]>>;
type Settings = Readonly<Record<string, string>>;

/** What a rotation needs of the credential's row. */
export interface RotatedRow {
  readonly id: bigint;
  readonly protocol: string;
  readonly sender: string;
  readonly secrets: SealedSecrets;
  readonly settings: Settings;
}

/** What an operator gives for a new credential or channel, as texts. */
export interface AdmissionAsk {
  readonly id: bigint;
  readonly protocol: string;
  /** Public name in the protocol; null = take it from `file`, or make one. */
  readonly sender: string | null;
  /** The protocol's one text key, when it has just one. */
  readonly key: string | null;
  /** PEM of the other party's public key. */
  readonly publicKey: string | null;
  /** By the protocol's own key names. */
  readonly keys: Readonly<Record<string, string>>;
  /** The protocol's part of the sandbox document, plus key and setting names. */
  readonly file: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
  /** CIDR list (credentials only); empty = from anywhere. */
  readonly addresses: readonly string[];
  /** Take an RSA key of 1024 to 2047 bits from a merchant all the same. */
  readonly allowWeakKey: boolean;
}

export interface Admitted {
  readonly sender: string;
  readonly secrets: SealedSecrets;
  readonly settings: Settings;
  readonly addresses: readonly string[];
  /** What its owner needs, by key name: shown now and never again. */
  readonly shown: Readonly<Record<string, string>>;
  /** The same in the words of the protocol's part of the sandbox document. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface RotationAsk extends Pick<AdmissionAsk, 'key' | 'publicKey' | 'keys' | 'file' | 'allowWeakKey'> {
  /** The old secrets are accepted until then. */
  readonly oldUntil: number;
}

export interface KeyFacts {
  readonly name: string;
  readonly kind: string;
  readonly issued: boolean;
  readonly required: boolean;
  readonly about: Wording;
}
export interface SettingFacts {
  readonly name: string;
  readonly side: string;
  readonly default: string | null;
  readonly about: Wording;
}
export interface ProtocolFactSheet {
  readonly name: string;
  readonly title: Wording;
  /** May it be a merchant's, a channel's? */
  readonly sides: readonly ('merchant' | 'channel')[];
  /** What the sender is called on the wire. */
  readonly sender: string;
  readonly keys: readonly KeyFacts[];
  readonly settings: readonly SettingFacts[];
  readonly methods: readonly string[];
  /** A channel of it can be asked for its statement of a day. */
  readonly hasStatements: boolean;
}

/** All of these throw Refusal `invalid-request` that names the field; nothing they throw holds a secret. */
export interface Admissions {
  protocols(): readonly ProtocolFactSheet[];
  credential(ask: AdmissionAsk): Admitted;
  channel(ask: AdmissionAsk): Admitted;
  /** New secrets before the old ones, which stay valid for the overlap. */
  rotate(credential: RotatedRow, ask: RotationAsk): Pick<Admitted, 'secrets' | 'shown' | 'document'>;
  /** A merchant's Standard Webhooks secret: sealed for the row, and as its owner sees it (`whsec_…`). */
  webhookSecret(merchantId: bigint): { readonly sealed: Uint8Array; readonly shown: string };
}
