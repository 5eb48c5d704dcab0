/** What a merchant's own developer is shown: addresses, keys, sample programs, a notice to try. Made in `src/wiring/integrations.ts`. */
import type { Wording } from './wording.ts';

/** A language that sample programs are written in. */
export interface SampleLanguage {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly run: string;
  readonly needs: Wording;
}

export type SamplePurpose = 'pay' | 'query' | 'refund' | 'pay-out' | 'notice';

export interface WrittenSample {
  readonly purpose: SamplePurpose;
  readonly about: Wording;
  /** Null: the language has nothing for this way of signing. */
  readonly code: string | null;
}

/** How one credential speaks to us. Nothing of it is secret. */
export interface Integration {
  /** Ways of signing that the credential has a key for; one of them when there is no choice. */
  readonly variants: readonly string[];
  readonly variant: string | null;
  /** What the sender is called on the wire. */
  readonly senderWord: string;
  readonly endpoints: readonly { readonly name: string; readonly method: string; readonly url: string }[];
  readonly samples: readonly WrittenSample[];
  /** How requests, replies and notices are signed, in words. */
  readonly signed: Readonly<Record<'request' | 'reply' | 'notice' | 'ack', Wording>>;
}

/** A key that is held for a credential: enough to tell it from another one, never the secret. */
export interface HeldKey {
  readonly name: string;
  readonly about: Wording;
  /** Known to both sides, the merchant's public key, or ours. */
  readonly kind: 'shared' | 'merchant' | 'platform';
  /** Of a public key SHA-256 over its DER; of a shared one a mark that only we can make. */
  readonly fingerprint: string;
  /** Of a public key: 'RSA 2048', 'SM2'. */
  readonly algorithm: string | null;
  readonly addedAt: number;
  readonly until: number | null;
  /** A public key as PEM; null for what is secret. */
  readonly pem: string | null;
}

/** A notice that was sent to be looked at: no order is behind it, and nothing is kept of it. */
export interface NoticeTrial {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** What was signed; a shared key stands as ***. Null where that cannot be told. */
  readonly signedText: string | null;
  /** Would a true notice count as delivered? */
  readonly isAcknowledged: boolean;
  /** 'acknowledged', 'refused', 'not-sent' or 'unknown'. */
  readonly outcome: string;
  readonly status: number | null;
  /** First 4 KiB of the answer as text, or why there is none. */
  readonly answer: string;
  readonly tookMs: number;
}

export interface Integrations {
  readonly languages: readonly SampleLanguage[];
  /** Null when there is no such credential, or its protocol is no merchant's. */
  show(credentialId: bigint, language: string, variant: string | null): Integration | null;
  keys(credentialId: bigint): readonly HeldKey[];
  /** Throws Refusal: `invalid-request` for an address that may not be called, `busy` when too many were sent. */
  tryNotice(credentialId: bigint, url: string): Promise<NoticeTrial>;
}
