/**
 * Bulkhead and breaker of each channel, in this process. The bulkhead bounds how many calls may be under way, so that a slow channel
 * cannot take every socket; the breaker only says that a channel is ailing, so that others are tried first. Neither ever decides
 * about an order: what is turned away here was not sent (T112).
 */
import type { CallOutcome, CommandName } from '../core/commands.ts';

export interface HealthLimits {
  /** Calls of one channel that may be under way. */
  readonly inFlight: number;
  /** How many of the last calls are looked at, and how many of them must have gone unanswered. */
  readonly window: number;
  readonly unanswered: number;
  /** An ailing channel is tried like the others again after this long. */
  readonly restMs: number;
}

const healthLimits: HealthLimits = { inFlight: 1_024, window: 20, unanswered: 10, restMs: 10_000 };

interface Record {
  inFlight: number;
  /** Of the last calls, oldest first: was there an answer? */
  answered: boolean[];
  ailingUntil: number;
}

export class ChannelHealth {
  readonly #limits: HealthLimits;
  readonly #monotonic: () => number;
  readonly #records = new Map<bigint, Record>();

  constructor(monotonic: () => number, limits: HealthLimits = healthLimits) {
    this.#monotonic = monotonic;
    this.#limits = limits;
  }

  isAiling(channelId: bigint): boolean {
    return (this.#records.get(channelId)?.ailingUntil ?? 0) > this.#monotonic();
  }

  /** The call, unless too many are under way already: then nothing was sent. */
  async run<C extends CommandName>(channelId: bigint, call: () => Promise<CallOutcome<C>>): Promise<CallOutcome<C>> {
    const record = this.#recordOf(channelId);
    if (record.inFlight >= this.#limits.inFlight)
      return { kind: 'not-sent', why: 'too many calls to this channel are under way' };
    record.inFlight += 1;
    try {
      const outcome = await call();
      this.#note(record, outcome.kind !== 'not-sent' && outcome.kind !== 'unknown');
      return outcome;
    } finally {
      record.inFlight -= 1;
    }
  }

  #recordOf(channelId: bigint): Record {
    const known = this.#records.get(channelId);
    if (known) return known;
    const made: Record = { inFlight: 0, answered: [], ailingUntil: 0 };
    this.#records.set(channelId, made);
    return made;
  }

  #note(record: Record, answered: boolean): void {
    record.answered.push(answered);
    if (record.answered.length > this.#limits.window) record.answered.shift();
    if (answered) {
      record.ailingUntil = 0;
      return;
    }
    const silent = record.answered.filter((one) => !one).length;
    if (silent >= this.#limits.unanswered) record.ailingUntil = this.#monotonic() + this.#limits.restMs;
  }
}
