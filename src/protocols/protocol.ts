/**
 * The contract between the four arrows and a protocol. A protocol is four legs (request, reply, notice, ack), each of
 * which can be opened (verify, decrypt, parse) and sealed (write, sign), and a table of endpoints that translate
 * between wire members and the core's commands. The same value serves merchants, calls upstreams and runs a twin.
 *
 * Design, section 2. A protocol that needs something else changes this file first, and says why in docs/decisions/.
 */
import type { KeyObject } from 'node:crypto';
import type { Answer, Ask, CommandName, Extras, Method, Report } from '../core/commands.ts';
import type { Conduct } from '../core/conduct.ts';
import type { Currency } from '../core/money.ts';
import type { Refusal, RefusalCode } from '../core/refusal.ts';
import type { HeaderReader } from '../core/statement.ts';
import type { Wording } from '../core/wording.ts';
import type { Instant } from '../core/world.ts';
import type { Fields } from './json.ts';
import type { SamplePlace, SampleSet } from './sample.ts';

/** Headers in the order received or to be sent; names are lower case; a repeated header is two entries. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** A request as bytes. Inbound `target` is the raw path with query; outbound it is the absolute URL. */
export interface RequestWire {
  readonly kind: 'request';
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Address of the peer, inbound; '' outbound. */
  readonly remote: string;
}

export interface ReplyWire {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The one value of a header; null when absent or given more than once (T008: repeated headers are never joined). */
export function header(wire: { readonly headers: Headers }, name: string): string | null {
  const found = wire.headers.filter(([n]) => n === name);
  return found.length === 1 ? (found[0]?.[1] ?? null) : null;
}

/** Key material and settings of one party in one protocol: a merchant's credential, or a channel's. */
export interface Keys {
  /** The party's public name in the protocol (MerchantId, productId, partner_id …). */
  readonly sender: string;
  /** Newest first; more than one while a rotation overlaps. Sealing uses the first, opening may try all. Empty when absent. */
  secrets(name: string): readonly string[];
  /** Asymmetric keys, parsed once; newest first. */
  keyObjects(name: string): readonly KeyObject[];
  setting(name: string): string | null;
}

/** The newest secret. A missing one is our configuration fault and never verifies anything. */
export function secret(keys: Keys, name: string): string {
  const [first] = keys.secrets(name);
  if (first === undefined || first === '') throw new Error(`${keys.sender}: no secret "${name}"`);
  return first;
}

/** Everything a leg or message needs beside the members themselves. */
export interface Scene {
  readonly endpoint: AnyEndpoint | null;
  readonly keys: Keys;
  /** The moment of sealing, or of receipt. */
  readonly moment: Instant;
  /** Random bytes for nonces. */
  nonce(bytes: number): Uint8Array;
  /** Outbound: the absolute URL to send to (channel base URL + endpoint path, or the merchant's notice URL). Inbound: ''. */
  readonly url: string;
  /** For replies: the request that is answered (charset, nonce, echoes). Null when it could not be opened. */
  readonly request: Opened | null;
  /** Outcomes of the leg's costly checks; a check that is not among them is made on the spot. */
  readonly proofs?: readonly Proof[];
}

/** An SM2 signature to be checked: half a millisecond and more, made on a thread where there is one. */
export interface CostlyCheck {
  /** The public key, an uncompressed or compressed point. */
  readonly point: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}
export interface Proof {
  readonly check: CostlyCheck;
  readonly holds: boolean;
}

declare const verified: unique symbol;

/** Members whose signature was checked over the received bytes. Only `open` makes one: unverified members cannot be read. */
export interface Opened {
  readonly [verified]: true;
  readonly fields: Fields;
  /** What the wire said beside the members and a later leg needs: letter case of the signature, charset, header values. */
  readonly marks: Readonly<Record<string, string>>;
}

/** To be called by a leg's `open` alone, after it has verified the bytes (or for a leg that is written down as unsigned). */
export function opened(fields: Fields, marks: Readonly<Record<string, string>> = {}): Opened {
  return { fields, marks } as Opened;
}

/** One of the four kinds of message. `signature` says in words how it is signed; an unsigned leg says so visibly. */
export interface Leg<W> {
  readonly signature: Wording;
  /** What `open` will have to check that is too long for the event loop. Never throws; absent = nothing ever. */
  costly?(wire: W, keys: Keys): readonly CostlyCheck[];
  /** Verifies and parses received bytes. Throws Refusal `unauthenticated` or `invalid-request`. */
  open(wire: W, scene: Scene): Opened;
  /** Writes and signs. Pure but for `scene`. */
  seal(fields: Fields, scene: Scene): W;
}

export type AckWord =
  /** Stored; do not send again. */
  | 'taken'
  /** The signature was wrong. */
  | 'forged'
  /** Could not be stored now; send again. */
  | 'again';

export interface AckLeg {
  readonly signature: Wording;
  /** Did the receiver acknowledge? Decides done or retry; whatever else it says is not looked at. */
  open(wire: ReplyWire, keys: Keys): boolean;
  seal(word: AckWord): ReplyWire;
}

/** Core type ↔ wire members. `read` throws Refusal `invalid-request` that names the wire member. */
export interface Message<T> {
  read(message: Opened, scene: Scene): T;
  write(value: T, scene: Scene): Fields;
}

export interface EndpointOf<C extends CommandName> {
  /** Wire name, unique in the protocol: "payIn", "gather", "ysepay.trusteeship.sign". */
  readonly name: string;
  readonly command: C;
  readonly method: 'GET' | 'POST';
  /** Path below the base URL, with a leading slash. */
  readonly path: string;
  readonly ask: Message<Ask<C>>;
  readonly answer: Message<Answer<C>>;
  /** Calling: is this the endpoint for that ask? Absent = for every ask of the command. */
  suits?(ask: Ask<C>): boolean;
  /** Calling: what an answer means to that ask, where its words alone do not say. Absent = what they say. */
  meant?(answer: Answer<C>, ask: Ask<C>): Answer<C>;
  /** Top-level members that do not count when two requests are compared (signatures, nonces, time stamps). */
  readonly volatile: ReadonlySet<string>;
  /** How long a call may take from the first byte to the last, and how long a served create may wait for its channel. */
  readonly timeoutMs: number;
  /**
   * Does the document promise that the same call with the same reference moves nothing a second time (queries trivially)? Only then may
   * it be sent again after an unknown outcome. A provider's promise outside the document is the channel's setting `resends`.
   */
  readonly repeatable: boolean;
}
export type AnyEndpoint = { [C in CommandName]: EndpointOf<C> }[CommandName];

/** Gives an endpoint row its exact type. */
export function endpoint<C extends CommandName>(row: EndpointOf<C>): EndpointOf<C> {
  return row;
}

/** What an opened reply says about the call itself, before the answer is read. */
export type Verdict =
  /** Carried out or accepted: `answer.read` gives the report. */
  | { readonly kind: 'answered' }
  /** A clear no: nothing was executed and nothing will be. */
  | { readonly kind: 'declined'; readonly code: string; readonly text: string }
  /** A query: this order is not known there. Never proof on its own. */
  | { readonly kind: 'not-found'; readonly code: string; readonly text: string }
  /** The answerer does not know, or says something we do not understand. */
  | { readonly kind: 'unknown'; readonly code: string; readonly text: string };

/** Who claims to speak and what they want: unverified, good only for finding keys. */
export interface Claim {
  readonly endpoint: AnyEndpoint;
  /** Public name of the sender, '' when the wire names none. */
  readonly sender: string;
  /** How it wants to be answered (a charset, say), as far as that shows before the request is opened. Belongs to the protocol. */
  readonly marks?: Readonly<Record<string, string>>;
  /** What is wrong with the message whoever sends it: it is refused, signed for its sender where that is one of ours. */
  readonly flaw?: Refusal;
}

/** Where, in the serve arrow, a refusal happens; some protocols put it at another level afterwards. */
export interface RefusalScene {
  readonly scene: Scene;
  readonly endpoint: AnyEndpoint | null;
  /** Those of the claim. */
  readonly marks?: Readonly<Record<string, string>>;
}

export type RefusalTable = Readonly<Record<RefusalCode, (refusal: Refusal, at: RefusalScene) => Fields>>;

export interface RetryLadder {
  /** Gaps before each further attempt, in milliseconds, counted from the end of the attempt before. Attempts = length + 1. */
  readonly gapsMs: readonly number[];
  readonly connectTimeoutMs: number;
  readonly totalTimeoutMs: number;
}

export type NumberKind = 'payment' | 'payout' | 'refund' | 'agreement' | 'desk';

/** Numbers we give out in this protocol's format. Each carries its home (0–255) so that any later message finds its shard. */
export interface Numbers {
  /** Our number as the merchant sees it. */
  platformNo(kind: NumberKind, home: number, nonce: (bytes: number) => Uint8Array, now: Instant): string;
  /** The reference we send upstream when this protocol is the channel's. */
  reference(kind: NumberKind, home: number, nonce: (bytes: number) => Uint8Array, now: Instant): string;
  /** The home of either, null when the text cannot be one of ours. */
  homeOf(number: string): number | null;
}

export interface KeySpec {
  readonly name: string;
  readonly kind: 'text' | 'private-key' | 'public-key';
  /** Do we make it for a new merchant (`issued`), or is it given to us? Channels are always given theirs. */
  readonly issued: boolean;
  readonly required: boolean;
  /** For texts: what an acceptable value is. */
  readonly pattern?: RegExp;
  readonly about: Wording;
}

export interface SettingSpec {
  readonly name: string;
  readonly side: 'merchant' | 'channel' | 'both';
  readonly pattern: RegExp;
  readonly default: string | null;
  readonly about: Wording;
}

/** A method this protocol can ask for (as a merchant's) and carry out (as a channel's). */
export interface Capability {
  readonly method: Method | 'any';
  readonly currencies: readonly Currency[];
  /** Core option codes; null when the method has none; empty never. */
  readonly options: readonly string[] | null;
  readonly min: bigint;
  readonly max: bigint | null;
  readonly sides: 'ask' | 'carry-out' | 'both';
}

export interface Protocol {
  readonly name: string;
  readonly title: Wording;
  readonly keys: readonly KeySpec[];
  readonly settings: readonly SettingSpec[];
  readonly endpoints: readonly AnyEndpoint[];
  readonly capabilities: readonly Capability[];
  /** Largest request body, bytes. */
  readonly maxBody: number;

  /** Null when the path is none of this protocol's. Throws Refusal when it is, but the message does not say who speaks. */
  identify(wire: RequestWire): Claim | null;
  readonly request: Leg<RequestWire>;
  readonly reply: Leg<ReplyWire>;
  readonly notice: Leg<RequestWire>;
  readonly ack: AckLeg;
  /** Reads a reply's own verdict on the call. */
  judge(reply: Opened, scene: Scene): Verdict;
  readonly refusals: RefusalTable;
  /** What an opened notice from a channel reports. Throws Refusal `invalid-request` when it is not one we can use. */
  readNotice(notice: Opened, scene: Scene): Report;
  /** The notice for a report; null when this protocol tells nothing about that state. */
  writeNotice(report: Report, scene: Scene): Fields | null;
  /** How the file behind `get-statement` is read; absent where the document describes none. */
  readonly statement?: HeaderReader;
  readonly retry: RetryLadder;
  readonly numbers: Numbers;
  /** Rules that flows keep for merchants of this protocol, where they differ from the usual. */
  readonly conduct?: Partial<Conduct>;
  /**
   * Two commands with the same space share one set of caller's numbers (unified: gather and loan). A caller that acts for several
   * shops has a set for each (bestpay), named in the ask's extras.
   */
  numberSpace(command: CommandName, extras?: Extras): string;
  /** Members, by wire name at any depth, and headers that never reach a transcript, log or export in clear. */
  readonly confidential: readonly string[];
  /** Members, by wire name inside JSON, that may not be stored in any form, not even in the sandbox (a card's CVV). */
  readonly unkept?: readonly string[];
  /** Programs for a merchant's developer; a protocol that merchants speak has them. */
  samples?(place: SamplePlace): readonly SampleSet[];
}
