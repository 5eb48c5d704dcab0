/** What the signature doctor finds, and whom it knows. */
import type { Explanation, RawMessage } from '../core/inspection.ts';
import type { Mistake, Saying } from '../core/mistakes.ts';
import type { Keys } from '../protocols/protocol.ts';

/** Somebody whose keys we know. `own` side: messages of this protocol are made or received with them. */
export interface KnownParty {
  /** How people call it: 'credential 12 of merchant 7', 'channel bluepay-twin'. */
  readonly label: string;
  readonly protocol: string;
  readonly keys: Keys;
}

export type Finding = Omit<Explanation, 'protocol' | 'sender'>;

export interface Moment {
  /** When the message came, in milliseconds. */
  readonly now: number;
  /** Has it been looked at for as long as it may? Payments wait for the same thread. */
  isOver(): boolean;
}

/** One protocol's analysis: the party that the message names, and everybody else, for mixed-up keys. */
export type Explainer = (
  message: RawMessage,
  party: KnownParty,
  others: readonly KnownParty[],
  moment: Moment,
) => Finding;

/** Fills what a finding does not say. */
export function finding(verdict: Finding['verdict'], more: Partial<Finding> = {}): Finding {
  const nothing = { signedText: null, theirText: null, expected: null, received: null, mistakes: [], advice: [] };
  return { verdict, ...nothing, ...more };
}

export function headerOf(message: RawMessage, name: string): string | null {
  const found = message.headers.filter(([other]) => other === name);
  return found.length === 1 ? (found[0]?.[1] ?? null) : null;
}

export function ofOther({ label }: KnownParty): Mistake {
  return { key: 'key-of-other', fill: { whose: label } };
}

/** Where a signature is, that is missing where it belongs: other headers, the query, the top of the body. `place`: where it belongs. */
export function elsewhere(message: RawMessage, place: string, names: RegExp): readonly Mistake[] {
  const [header] = message.headers.find(([name]) => names.test(name) && name !== place.toLowerCase()) ?? [];
  const query = new URLSearchParams(message.target.split('?')[1] ?? '');
  const member = [...query.keys()].find((name) => names.test(name));
  const body = Buffer.from(message.body).toString('utf8');
  const inBody = [...body.matchAll(/"([A-Za-z_-]{1,20})"\s*:/g)].find(([, name = '']) => names.test(name))?.[1];
  const found = [
    header === undefined ? null : `header ${header}`,
    member === undefined || place === 'sign=' ? null : `URL: ${member}=`,
    inBody === undefined || place === 'body' ? null : `body: "${inBody}"`,
  ].find((one) => one !== null);
  return found === undefined ? [] : [{ key: 'sign-elsewhere', fill: { found: found ?? '', place } }];
}

/** A single saying, for lists of them. */
export function say<K extends Saying['key']>(key: K, fill?: Readonly<Record<string, string>>): Saying<K> {
  return fill ? { key, fill } : { key };
}
