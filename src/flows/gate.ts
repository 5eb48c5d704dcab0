/** What every flow works with: the world, the store, and ports to the arrows. Made once in main.ts and passed down. */
import type { Ask, CallOutcome, CommandName, Extras, Report } from '../core/commands.ts';
import type { Conduct } from '../core/conduct.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Kind, Order, Payment, Payout } from '../core/order.ts';
import type { StatementLine } from '../core/statement.ts';
import type { World } from '../core/world.ts';
import type { Batcher } from '../store/batch.ts';
import type { Made, NewOrder } from '../store/create.ts';
import type { Database } from '../store/database.ts';
import type { ChannelRow, CredentialRow, Directory, MerchantRow } from '../store/directory.ts';
import type { NoticeResult } from '../store/notices.ts';
import type { NewCallback } from '../store/settle.ts';
import type { Changes } from './changes.ts';

/** Who asks. */
export interface Caller {
  readonly merchant: MerchantRow;
  readonly credential: CredentialRow;
}

export type NumberKind = 'payment' | 'payout' | 'refund' | 'agreement' | 'desk';

/** Facts about protocols that flows need, without knowing any protocol. */
export interface ProtocolFacts {
  /** A new number for an order of that credential's protocol, carrying the home. */
  platformNo(protocol: string, kind: NumberKind, home: number): string;
  /** A new reference for an attempt at that channel. */
  reference(channel: ChannelRow, kind: NumberKind, home: number): string;
  /** The home a number or reference carries, null when it is none of ours. */
  homeOf(protocol: string, number: string): number | null;
  /** What that protocol's merchants are promised about repeats, barcodes, cancelling and currencies. */
  conduct(protocol: string): Conduct;
  /** Which of the caller's numbers exclude each other; the ask's extras may say whose they are inside one caller. */
  numberSpace(protocol: string, command: CommandName, extras?: Extras): string;
  /** A setting of a credential or channel, else its protocol's default; null when there is neither. */
  setting(holder: Pick<ChannelRow, 'protocol' | 'settings'>, name: string): string | null;
  /** Can the channel carry it out? null = yes, else why not. */
  unable(channel: ChannelRow, command: CommandName, ask: Ask): string | null;
  /** Has the channel promised that a reference it has seen moves nothing a second time? By its document, or by its operator's setting. */
  maySendAgain(channel: ChannelRow, command: 'pay-out' | 'refund'): boolean;
  /** Has the channel left calls unanswered lately? Others are tried first then. */
  isAiling(channelId: bigint): boolean;
  /** Our address as others see it, without a slash at the end. */
  publicUrl(): string;
  /** Where that channel shall call us back. */
  callbackUrl(channel: ChannelRow): string;
  /** Milliseconds a create may wait for its channel before the caller is answered. */
  answerTimeMs(protocol: string, command: CommandName): number;
}

/** What became of one attempt to deliver a notice. */
export interface Delivery {
  readonly delivered: boolean;
  /** 'acknowledged', 'refused' (an answer that is no acknowledgement), 'not-sent' or 'unknown'. */
  readonly outcome: string;
  readonly status: number | null;
  /** First characters of what the receiver said, or why nothing was heard. */
  readonly answer: string;
  /** Not sent, because this process stood still or is ending: no attempt in the receiver's eyes. */
  readonly ours?: boolean;
}

export interface NoticePort {
  /** Frozen members as JSON text, or null when that protocol tells nothing about the report. */
  freeze(credential: CredentialRow, report: Report): string | null;
  deliver(
    credential: CredentialRow,
    merchant: MerchantRow,
    letter: {
      readonly id: string;
      readonly url: string;
      readonly kind: 'http' | 'sqs';
      readonly body: string;
      readonly group: string;
    },
  ): Promise<Delivery>;
  /** Gaps before each further attempt, in milliseconds, not yet scaled; a merchant's own ladder goes before the protocol's. */
  gapsMs(protocol: string, merchant: MerchantRow): readonly number[];
  /** null = may be told there; else why not. */
  refuseTarget(target: { readonly kind: 'http' | 'sqs'; readonly url: string }): string | null;
  /** Several addresses in one member (ysepay), one each. */
  targetsOf(url: string): readonly string[];
}

/** One piece of evidence on its way through the door, with the callback it came by, if it did. */
export interface Learning {
  /** The order, when the caller knows it; else it is found by channel and reference. */
  readonly key: { readonly home: number; readonly id: bigint; readonly kind: Kind } | null;
  readonly evidence: Evidence;
  readonly callback: Omit<NewCallback, 'home' | 'id' | 'verdict' | 'objectKind' | 'objectId'> | null;
  /** When to look again if it stays undecided; null = leave the present appointment. */
  readonly lookAgainAt: number | null;
}

export type Learnt =
  | {
      readonly kind: 'learnt';
      readonly order: Order;
      readonly outcome: 'changed' | 'repeated' | 'contradiction' | 'mismatch' | 'second-success';
    }
  | { readonly kind: 'unmatched' };

export interface Batches {
  readonly payments: Batcher<NewOrder<Payment>, Made>;
  readonly payouts: Batcher<NewOrder<Payout>, Made>;
  readonly learn: Batcher<Learning, Learnt>;
  readonly notices: Batcher<NoticeResult, null>;
}

/** A channel's statement of a day; or why there is none. */
export type Fetched =
  | { readonly kind: 'statement'; readonly digest: Uint8Array; readonly lines: readonly StatementLine[] }
  | { readonly kind: 'none'; readonly why: string };

export interface Gate {
  readonly world: World;
  readonly db: Database;
  readonly batches: Batches;
  readonly changes: Changes;
  directory(): Directory;
  call<C extends CommandName>(channel: ChannelRow, command: C, ask: Ask<C>): Promise<CallOutcome<C>>;
  /** Asks the channel for its statement, and reads it as that protocol's folder says. */
  statement(channel: ChannelRow, day: string): Promise<Fetched>;
  readonly facts: ProtocolFacts;
  readonly notices: NoticePort;
  /** A keyed fingerprint: the same text has the same mark here, and nobody without the master key can search for it. */
  mark(purpose: string, text: string): Uint8Array;
  /** Address of a payment's hosted page. */
  deskUrl(payment: Payment): string | null;
  /** Told how each query after an undecided outcome ended, for metrics. */
  chased(protocol: string, how: 'settled' | 'still-unknown' | 'not-found' | 'failed'): void;
  /** Called after a commit that put notices on the work table, so that their delivery need not wait for the next poll. */
  wakeNotices(): void;
}
