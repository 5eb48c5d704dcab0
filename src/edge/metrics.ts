/**
 * What `/metrics` shows. Labels take few values by their types: never an order, a merchant or an address, which would
 * make a series each. `outcome` words are the core's.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RefusalCode } from '../core/refusal.ts';

export type Arrow = 'serve' | 'call' | 'notify' | 'listen';

/** `answered`, a refusal, or for calls what `Sent` says when there was no answer. */
export type RequestOutcome = 'answered' | 'not-sent' | 'unknown' | 'forged' | RefusalCode;

export type NoticeOutcome = 'acknowledged' | 'refused' | 'unreachable' | 'exhausted';

export type ChaseOutcome = 'settled' | 'still-unknown' | 'not-found' | 'failed';

/** Work tables that a worker empties. */
export type Queue = 'notices' | 'chases' | 'expiries' | 'reviews';

export interface Metrics {
  /** One request of an arrow, when it is over. `protocol` is one of ours, or 'none' when it was not recognised. */
  request(arrow: Arrow, protocol: string, outcome: RequestOutcome, durationMs: number): void;
  /** One attempt to deliver a notice. */
  notice(protocol: string, outcome: NoticeOutcome): void;
  /** One query after an unknown outcome. */
  chase(protocol: string, outcome: ChaseOutcome): void;
  /** A callback whose signature was wrong. */
  forgedCallback(protocol: string): void;
  /** Rows waiting, and how long the oldest has been due. */
  queue(name: Queue, waiting: number, oldestMs: number): void;
  /** Accounts whose kept balance differs from their entries, plus currencies whose debits and credits differ. 0 is the only good value. */
  ledgerImbalance(findings: number): void;
  inFlight(requests: number): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** From a signed reply out of memory to a call that timed out. */
const secondsBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/**
 * @param protocols the names that may appear as a label; anything else is counted as 'none', so that no caller can
 * make series by inventing names.
 */
export function makeMetrics(protocols: readonly string[], withProcess = true): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const known = new Set(protocols);
  const named = (protocol: string) => (known.has(protocol) ? protocol : 'none');
  if (withProcess) collectDefaultMetrics({ register: registry });

  const requests = new Histogram({
    name: 'kanal_request_duration_seconds',
    help: 'Requests by arrow, protocol and outcome, and how long they took.',
    labelNames: ['arrow', 'protocol', 'outcome'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const notices = new Counter({
    name: 'kanal_notice_attempts_total',
    help: 'Attempts to deliver a notice to a merchant.',
    labelNames: ['protocol', 'outcome'] as const,
    registers,
  });
  const chases = new Counter({
    name: 'kanal_chases_total',
    help: 'Queries to a channel about an unknown outcome.',
    labelNames: ['protocol', 'outcome'] as const,
    registers,
  });
  const forged = new Counter({
    name: 'kanal_forged_callbacks_total',
    help: 'Callbacks whose signature was wrong.',
    labelNames: ['protocol'] as const,
    registers,
  });
  const waiting = new Gauge({
    name: 'kanal_queue_waiting',
    help: 'Rows waiting for a worker.',
    labelNames: ['queue'] as const,
    registers,
  });
  const oldest = new Gauge({
    name: 'kanal_queue_oldest_seconds',
    help: 'How long the oldest waiting row has been due.',
    labelNames: ['queue'] as const,
    registers,
  });
  const imbalance = new Gauge({
    name: 'kanal_ledger_imbalance',
    help: 'Findings of the last ledger check; anything but 0 is an alarm.',
    registers,
  });
  const inFlight = new Gauge({
    name: 'kanal_requests_in_flight',
    help: 'Inbound requests being served now.',
    registers,
  });

  return {
    request: (arrow, protocol, outcome, durationMs) =>
      requests.observe({ arrow, protocol: named(protocol), outcome }, durationMs / 1000),
    notice: (protocol, outcome) => notices.inc({ protocol: named(protocol), outcome }),
    chase: (protocol, outcome) => chases.inc({ protocol: named(protocol), outcome }),
    forgedCallback: (protocol) => forged.inc({ protocol: named(protocol) }),
    queue: (name, rows, oldestMs) => {
      waiting.set({ queue: name }, rows);
      oldest.set({ queue: name }, oldestMs / 1000);
    },
    ledgerImbalance: (findings) => imbalance.set(findings),
    inFlight: (count) => inFlight.set(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
