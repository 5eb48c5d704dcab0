/** Looking into signatures and keys without showing any: ports of the signature doctor. Made in `src/edge/explain.ts`. */

/** A message as it was received or is about to be sent. */
export interface RawMessage {
  readonly protocol: string;
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export interface Explanation {
  readonly protocol: string;
  /** Who claims to speak; '' when the message does not say. */
  readonly sender: string;
  /** In one word: does the signature fit? */
  readonly verdict: 'fits' | 'differs' | 'missing' | 'unknown-sender' | 'unsigned' | 'not-this-protocol';
  /** What has to be hashed or signed, exactly; the key stands as ***. Null when that is not known. */
  readonly signedText: string | null;
  readonly expected: string | null;
  readonly received: string | null;
  /** The usual mistake that yields exactly what was received; null = none of those we know. */
  readonly mistake: string | null;
  /** What to do, in sentences. */
  readonly advice: readonly string[];
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
  explain(message: RawMessage): Explanation;
  /** Why the keys of a credential or channel cannot be used; null = they open. Never a secret. */
  keyProblem(kind: 'credential' | 'channel', id: bigint): string | null;
}
