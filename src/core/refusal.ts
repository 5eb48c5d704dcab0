/** Refusals: the closed list of reasons why a request was not carried out. Protocols translate them; flows throw them. */

export type RefusalCode =
  | 'invalid-request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'limit-exceeded'
  | 'insufficient-funds'
  | 'channel-declined'
  | 'channel-unavailable'
  | 'outcome-unknown'
  | 'busy'
  | 'internal';

/** May the caller send the very same request again and hope for another answer? */
export const mayRepeat: Readonly<Record<RefusalCode, boolean>> = {
  'invalid-request': false,
  unauthenticated: false,
  forbidden: false,
  'not-found': false,
  conflict: false,
  'limit-exceeded': true,
  'insufficient-funds': true,
  'channel-declined': false,
  'channel-unavailable': true,
  'outcome-unknown': true,
  busy: true,
  internal: true,
};

export interface RefusalDetail {
  /** What is wrong, in words for the caller's developer. Never a secret, never another tenant's data. */
  readonly text?: string;
  /** The wire name of the member at fault (`invalid-request`, `conflict`). */
  readonly field?: string;
  /** Was the member absent, rather than wrong? */
  readonly missing?: boolean;
  /** A finer word inside the code, which protocols may map: 'address', 'closed-already', 'amount', 'unknown-merchant' … */
  readonly why?: string;
  /** The channel's own code, for `channel-declined`. */
  readonly channelCode?: string;
  /** What the caller may see of the order all the same (unified fills `data` on a channel's refusal). */
  readonly report?: unknown;
}

export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly detail: RefusalDetail;

  constructor(code: RefusalCode, detail: RefusalDetail = {}) {
    super(`${code}${detail.field ? ` (${detail.field})` : ''}${detail.text ? `: ${detail.text}` : ''}`);
    this.name = 'Refusal';
    this.code = code;
    this.detail = detail;
  }
}
