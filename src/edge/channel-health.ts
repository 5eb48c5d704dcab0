/**
 * Bulkhead and breaker of each channel, in this process. The bulkhead bounds how many calls may be under way, so that a slow channel
 * cannot take every socket, nor its questions every worker; the breaker only says that a channel is ailing, so that others are tried
 * first, and lets one call at a time find out whether it is well again. Neither ever decides about an order: what is turned away here
 * was not sent (T112).
 */
import type { CallOutcome, CommandName } from '../core/commands.ts';

export interface HealthLimits {
  /** Calls of one channel that may be under way. */
  readonly inFlight: number;
  /** Questions about orders that may be under way at a channel that leaves calls unanswered. */
  readonly questionsWhileIll: number;
  /** How many of the last calls are looked at, and how many of them must have gone unanswered. */
  readonly window: number;
  readonly unanswered: number;
  /** After this long without an answer one call goes the usual way again, to see. */
  readonly restMs: number;
}

const healthLimits: HealthLimits = {
  inFlight: 1_024,
  questionsWhileIll: 8,
  window: 20,
  unanswered: 10,
  restMs: 10_000,
};

interface Record {
  inFlight: number;
  questions: number;
  /** Calls begun after the rest that have not ended. */
  probes: number;
  /** Of the last calls, oldest first: was there an answer? */
  answered: boolean[];
  isIll: boolean;
  restsUntil: number;
}

function isQuestion(command: CommandName): boolean {
  return command.startsWith('query-');
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
    const record = this.#records.get(channelId);
    return record !== undefined && record.isIll && (this.#isResting(record) || record.probes > 0);
  }

  /** The call, unless too many are under way already: then nothing was sent. */
  async run<C extends CommandName>(
    channelId: bigint,
    command: C,
    call: () => Promise<CallOutcome<C>>,
  ): Promise<CallOutcome<C>> {
    const record = this.#recordOf(channelId);
    const asks = isQuestion(command);
    const isFull = record.inFlight >= this.#limits.inFlight;
    const isAskedEnough = asks && record.isIll && record.questions >= this.#limits.questionsWhileIll;
    if (isFull || isAskedEnough) return { kind: 'not-sent', why: 'too many calls to this channel are under way' };
    const isProbe = record.isIll && !this.#isResting(record);
    record.inFlight += 1;
    record.questions += Number(asks);
    record.probes += Number(isProbe);
    try {
      const outcome = await call();
      this.#note(record, outcome.kind !== 'not-sent' && outcome.kind !== 'unknown');
      return outcome;
    } finally {
      record.inFlight -= 1;
      record.questions -= Number(asks);
      record.probes -= Number(isProbe);
    }
  }

  #isResting(record: Record): boolean {
    return record.restsUntil > this.#monotonic();
  }

  #recordOf(channelId: bigint): Record {
    const known = this.#records.get(channelId);
    if (known) return known;
    const made: Record = { inFlight: 0, questions: 0, probes: 0, answered: [], isIll: false, restsUntil: 0 };
    this.#records.set(channelId, made);
    return made;
  }

  #note(record: Record, answered: boolean): void {
    // Well again: what was before no longer counts.
    if (answered && record.isIll) Object.assign(record, { isIll: false, answered: [] });
    record.answered.push(answered);
    if (record.answered.length > this.#limits.window) record.answered.shift();
    if (answered) return;
    const silent = record.answered.filter((one) => !one).length;
    if (!record.isIll && silent < this.#limits.unanswered) return;
    record.isIll = true;
    record.restsUntil = this.#monotonic() + this.#limits.restMs;
  }
}
