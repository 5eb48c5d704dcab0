/** What the signature doctor finds, and whom it knows. */
import type { Explanation, RawMessage } from '../core/inspection.ts';
import type { Keys } from '../protocols/protocol.ts';

/** Somebody whose keys we know. `own` side: messages of this protocol are made or received with them. */
export interface KnownParty {
  /** How people call it: 'credential 12 of merchant 7', 'channel bluepay-twin'. */
  readonly label: string;
  readonly protocol: string;
  readonly keys: Keys;
}

export type Finding = Omit<Explanation, 'protocol' | 'sender'>;

/** One protocol's analysis: the party that the message names, and everybody else, for mixed-up keys. */
export type Explainer = (message: RawMessage, party: KnownParty, others: readonly KnownParty[], now: number) => Finding;

/** Fills what a finding does not say. */
export function finding(verdict: Finding['verdict'], more: Partial<Finding> = {}): Finding {
  return { verdict, signedText: null, expected: null, received: null, mistake: null, advice: [], ...more };
}

export function headerOf(message: RawMessage, name: string): string | null {
  const found = message.headers.filter(([other]) => other === name);
  return found.length === 1 ? (found[0]?.[1] ?? null) : null;
}
