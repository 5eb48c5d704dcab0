/** Agreements: a standing permission of a card holder, and the rules of the codes that confirm it and what is charged by it. */
import type { AgreementReport, AgreementScope, Extras } from './commands.ts';
import type { Key } from './order.ts';
import type { Instant } from './world.ts';

export type AgreementState = 'sending' | AgreementReport['state'];

export interface Agreement extends Key {
  readonly merchantId: bigint;
  readonly credentialId: bigint;
  readonly protocol: string;
  readonly orderNo: string;
  readonly agreementNo: string;
  readonly userId: string;
  readonly payeeNo: string;
  readonly scope: AgreementScope;
  readonly cardMark: Uint8Array;
  readonly cardLast4: string;
  readonly phoneMask: string | null;
  readonly fingerprint: Uint8Array;
  readonly state: AgreementState;
  readonly channelId: bigint;
  /** What we called it towards the channel. */
  readonly reference: string;
  readonly upstreamNo: string | null;
  readonly extras: Extras;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

/** Business waits; scaled where they are used. Tries and sendings are not times. */
export const codeRules = {
  lifeMs: 600_000,
  resendGapMs: 60_000,
  tries: 5,
  resendsPerDay: 5,
} as const;

/** Text messages to one telephone, or about one card, from all payment pages of a merchant; its settings may say otherwise. */
export const cardTexts = { perHour: 10, perDay: 20 } as const;

/** Who may charge it: the caller who signed, for the same customer, and for the payee unless it allows any. */
export function whyNotChargeable(
  agreement: Agreement,
  use: { readonly credentialId: bigint; readonly userId: string; readonly payeeNo: string },
): 'agreement' | 'customer' | 'payee' | null {
  if (agreement.state !== 'active' || agreement.upstreamNo === null) return 'agreement';
  if (agreement.credentialId !== use.credentialId) return 'agreement';
  if (agreement.userId !== use.userId) return 'customer';
  return agreement.scope === 'one-payee' && agreement.payeeNo !== use.payeeNo ? 'payee' : null;
}

/** What a report of the channel makes of it. Nothing revives what was cancelled. */
export function agreementAfter(present: AgreementState, said: AgreementReport['state']): AgreementState {
  if (present === 'cancelled') return 'cancelled';
  if (said === 'unknown') return present === 'sending' ? 'unknown' : present;
  if (present === 'active' && said !== 'cancelled') return 'active';
  return said;
}

export function agreementReport(agreement: Agreement): AgreementReport {
  const { orderNo, agreementNo, state, userId, extras } = agreement;
  return {
    kind: 'agreement',
    orderNo,
    agreementNo,
    state: state === 'sending' ? 'unknown' : state,
    extras: { ...extras, user_id: userId },
  };
}

/** Three digits at the front, two at the end. */
export function maskPhone(phone: string | null): string | null {
  if (phone === null || phone.length < 7) return null;
  return `${phone.slice(0, -8)}${'*'.repeat(6)}${phone.slice(-2)}`;
}
