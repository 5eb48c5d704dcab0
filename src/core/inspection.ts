/** Looking into signatures and keys without showing any: ports of the signature doctor. Made in `src/edge/explain.ts`. */
import type { Mistake, Saying } from './mistakes.ts';

/** A message as it was received or is about to be sent. */
export interface RawMessage {
  readonly protocol: string;
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** When it came, in milliseconds, for messages that were kept; absent = now. */
  readonly receivedAt?: number;
}

export interface Explanation {
  readonly protocol: string;
  /** Who claims to speak; '' when the message does not say. */
  readonly sender: string;
  /** In one word: does the signature fit? */
  readonly verdict: 'fits' | 'differs' | 'missing' | 'unknown-sender' | 'unsigned' | 'not-this-protocol';
  /** What has to be hashed or signed, exactly; the key stands as ***. Null when that is not known. */
  readonly signedText: string | null;
  /** What the sender has signed instead, the key as ***. Null when that is not known, or when it was the right text. */
  readonly theirText: string | null;
  readonly expected: string | null;
  readonly received: string | null;
  /** The usual mistakes that together yield exactly what was received; none = none of those we know. */
  readonly mistakes: readonly Mistake[];
  /** What to do, and what else is worth knowing. */
  readonly advice: readonly Saying[];
}

/**
 * What a person may be shown: enough of the right signature to compare, too little to use. A whole valid one would let its reader speak
 * as the merchant.
 */
export function shownExplanation(found: Explanation): Explanation {
  if (found.verdict === 'fits' || found.expected === null) return found;
  return { ...found, expected: `${found.expected.slice(0, 8)}…` };
}

export interface Inspections {
  /** With the keys of everybody, or of one merchant's credentials alone: `merchantId`. */
  explain(message: RawMessage, merchantId: bigint | null): Explanation;
  /** Protocols that the message may be of, by its path, headers and body; the likeliest first. */
  protocolsOf(message: Omit<RawMessage, 'protocol'>, merchantId: bigint | null): readonly string[];
  /** Why the keys of a credential or channel cannot be used; null = they open. Never a secret. */
  keyProblem(kind: 'credential' | 'channel', id: bigint): string | null;
}
