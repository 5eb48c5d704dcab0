/**
 * World: everything that is not a pure function, as one value that is passed down.
 * `src/world.ts` makes the real one; simulation and tests make others. Nothing else reads a clock, chance or a socket.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A request as it leaves us. `url` is absolute; header names are lower case. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What limits one outbound request. Socket time-outs are never scaled. */
export interface SendLimits {
  readonly connectTimeoutMs: number;
  /** From the first byte written to the last byte read. */
  readonly totalTimeoutMs: number;
  /** Bytes of the answer that are kept; reading stops there. */
  readonly maxResponseBytes: number;
  /** `public`: only public unicast addresses and the allow-list (merchant-chosen targets). `any`: the operator chose the target. */
  readonly targets: 'public' | 'any';
}

/**
 * What became of an outbound request. There is deliberately no "failed":
 * - `NOT_SENT`: nothing was written to the socket (refused, unresolvable, forbidden address, connect time-out). `ours`: because
 *   this process stood still or is ending, which says nothing about the other side.
 * - `UNKNOWN`: at least one byte may have left and there is no complete answer.
 * - `ANSWER`: a complete answer (`truncated` when it was longer than `maxResponseBytes`; then it must not be parsed).
 */
export type Sent =
  | { readonly kind: 'NOT_SENT'; readonly why: string; readonly ours?: true }
  | { readonly kind: 'UNKNOWN'; readonly why: string }
  | {
      readonly kind: 'ANSWER';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      readonly truncated: boolean;
    };

export type Send = (request: OutboundRequest, limits: SendLimits) => Promise<Sent>;

export interface World {
  /** Wall clock. */
  readonly now: () => Instant;
  /** Monotonic milliseconds, for durations. */
  readonly monotonic: () => number;
  /** Cryptographic random bytes. */
  readonly nonce: (bytes: number) => Uint8Array;
  /** A 63-bit, time-ordered, unique identifier. */
  readonly newId: () => bigint;
  /** Resolves after `ms` real milliseconds, or earlier when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Shortens a business wait (retry ladder, expiry, back-off) by the sandbox's time scale. */
  readonly scaled: (ms: number) => number;
  readonly send: Send;
  readonly log: Log;
}
