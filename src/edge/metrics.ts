/**
 * What `/metrics` shows, in Prometheus' text format. Labels take few values by their types: never an order, a merchant or an address, which would
 * make a series each. `outcome` words are the core's.
 */
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
  text(): string;
  readonly contentType: string;
}

/** From a signed reply out of memory to a call that timed out, in seconds. */
const secondsBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** One family of series: a name, and a value per set of labels. */
class Family<V> {
  readonly #name: string;
  readonly #kind: 'counter' | 'gauge' | 'histogram';
  readonly #help: string;
  readonly #labels: readonly string[];
  readonly series = new Map<string, V>();

  constructor(name: string, kind: 'counter' | 'gauge' | 'histogram', help: string, labels: readonly string[]) {
    this.#name = name;
    this.#kind = kind;
    this.#help = help;
    this.#labels = labels;
  }

  /** Label values are words of ours: they need no escaping. */
  key(values: readonly string[]): string {
    return this.#labels.map((label, index) => `${label}="${values[index] ?? ''}"`).join(',');
  }

  lines(write: (name: string, labels: string, value: V) => readonly string[]): string[] {
    const head = [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} ${this.#kind}`];
    return [...head, ...[...this.series].flatMap(([labels, value]) => write(this.#name, labels, value))];
  }
}

function plainLine(name: string, labels: string, value: number): string[] {
  return [`${name}${labels === '' ? '' : `{${labels}}`} ${value}`];
}

function histogramLines(name: string, labels: string, value: Histogram): string[] {
  const buckets = secondsBuckets.map((le, index) => `${name}_bucket{le="${le}",${labels}} ${value.counts[index] ?? 0}`);
  return [
    ...buckets,
    `${name}_bucket{le="+Inf",${labels}} ${value.count}`,
    `${name}_sum{${labels}} ${value.sum}`,
    `${name}_count{${labels}} ${value.count}`,
  ];
}

/**
 * @param protocols the names that may appear as a label; anything else is counted as 'none', so that no caller can
 * make series by inventing names.
 */
export function makeMetrics(protocols: readonly string[], withProcess = true): Metrics {
  const known = new Set(protocols);
  const named = (protocol: string) => (known.has(protocol) ? protocol : 'none');
  const requests = new Family<Histogram>(
    'kanal_request_duration_seconds',
    'histogram',
    'Requests by arrow, protocol and outcome, and how long they took.',
    ['arrow', 'protocol', 'outcome'],
  );
  const counter = (name: string, help: string, labels: readonly string[]) =>
    new Family<number>(name, 'counter', help, labels);
  const gauge = (name: string, help: string, labels: readonly string[]) =>
    new Family<number>(name, 'gauge', help, labels);
  const notices = counter('kanal_notice_attempts_total', 'Attempts to deliver a notice to a merchant.', [
    'protocol',
    'outcome',
  ]);
  const chases = counter('kanal_chases_total', 'Queries to a channel about an unknown outcome.', [
    'protocol',
    'outcome',
  ]);
  const forged = counter('kanal_forged_callbacks_total', 'Callbacks whose signature was wrong.', ['protocol']);
  const waiting = gauge('kanal_queue_waiting', 'Rows waiting for a worker.', ['queue']);
  const oldest = gauge('kanal_queue_oldest_seconds', 'How long the oldest waiting row has been due.', ['queue']);
  const imbalance = gauge(
    'kanal_ledger_imbalance',
    'Findings of the last ledger check; anything but 0 is an alarm.',
    [],
  );
  const inFlight = gauge('kanal_requests_in_flight', 'Inbound requests being served now.', []);
  const plain = [notices, chases, forged, waiting, oldest, imbalance, inFlight];

  const add = (family: Family<number>, ...values: string[]) => {
    const key = family.key(values);
    family.series.set(key, (family.series.get(key) ?? 0) + 1);
  };
  const set = (family: Family<number>, value: number, ...values: string[]) =>
    family.series.set(family.key(values), value);
  return {
    request(arrow, protocol, outcome, durationMs) {
      const key = requests.key([arrow, named(protocol), outcome]);
      const present = requests.series.get(key) ?? { counts: secondsBuckets.map(() => 0), sum: 0, count: 0 };
      requests.series.set(key, observed(present, durationMs / 1000));
    },
    notice: (protocol, outcome) => add(notices, named(protocol), outcome),
    chase: (protocol, outcome) => add(chases, named(protocol), outcome),
    forgedCallback: (protocol) => add(forged, named(protocol)),
    queue(name, rows, oldestMs) {
      set(waiting, rows, name);
      set(oldest, oldestMs / 1000, name);
    },
    ledgerImbalance: (findings) => set(imbalance, findings),
    inFlight: (count) => set(inFlight, count),
    text() {
      const lines = [...requests.lines(histogramLines), ...plain.flatMap((family) => family.lines(plainLine))];
      return `${[...lines, ...(withProcess ? processLines() : [])].join('\n')}\n`;
    },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  };
}

/** Counted in place: a histogram lives as long as the process. */
function observed(histogram: Histogram, seconds: number): Histogram {
  secondsBuckets.forEach((le, index) => {
    if (seconds <= le) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
  });
  histogram.sum += seconds;
  histogram.count += 1;
  return histogram;
}

function processLines(): string[] {
  const { user, system } = process.cpuUsage();
  return [
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  ];
}
