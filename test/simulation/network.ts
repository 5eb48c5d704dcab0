/** A network in memory: requests travel, are served by whoever has the address, and answers travel back; or something happens to them. */
import type { OutboundRequest, SendLimits, Sent } from '../../src/core/world.ts';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import type { Journal } from './journal.ts';
import { type Edge, type MessageFault, type Weather, drawMessageFault } from './weather.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Serves one request; null = the connection ends without an answer. Need not ever resolve: its process may die. */
export type Serve = (request: OutboundRequest) => Promise<Answer | null>;

/** A request that was seen on the wire, for whoever wants to replay or forge one. */
export interface Seen {
  readonly edge: Edge;
  readonly request: OutboundRequest;
}

const page = (status: number): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: Buffer.from('<!doctype html><title>oops</title>'),
});

type Damage = (answer: Answer, chance: Chance, before: Answer | undefined) => Answer;

/** What some faults make of an answer; the others leave it as it is, if it arrives. */
const damages: Readonly<Partial<Record<MessageFault, Damage>>> = {
  truncated: (answer, chance) => ({
    ...answer,
    body: answer.body.subarray(0, chance.whole(0, answer.body.length - 1)),
  }),
  'http-500': () => page(500),
  html: () => page(200),
  'stale-answer': (answer, _chance, before) => before ?? answer,
};

/** A refusal that names nothing would be believed by whoever gets it instead of another: no protocol can tell. */
function namesItsOrder({ url, body }: OutboundRequest, answer: Answer): boolean {
  const said = Buffer.from(answer.body).toString();
  const numbers = `${url} ${Buffer.from(body).toString()}`.match(/[0-9A-Za-z]{16,40}/g) ?? [];
  return numbers.some((number) => said.includes(number));
}

/** Longest that a request lingers on its way, beyond any time-out but within every settle window. */
export const longestDelayMs = 90_000;

export class Network {
  weather: Weather;
  readonly seen: Seen[] = [];
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #journal: Journal;
  readonly #spawn: (work: Promise<unknown>) => void;
  /** null = nobody listens now. */
  readonly #servers = new Map<string, () => Serve | null>();
  readonly #lastAnswers = new Map<string, Answer>();
  #exchanges = 0;

  constructor(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    weather: Weather,
    spawn: (work: Promise<unknown>) => void,
  ) {
    this.#spawn = spawn;
    this.#clock = clock;
    this.#chance = chance;
    this.#journal = journal;
    this.weather = weather;
  }

  listen(host: string, server: () => Serve | null): void {
    this.#servers.set(host, server);
  }

  /** As `World.send`: never rejects. */
  send(edge: Edge, request: OutboundRequest, limits: SendLimits): Promise<Sent> {
    const fault = drawMessageFault(this.#chance, edge, this.weather);
    const no = ++this.#exchanges;
    this.seen.push({ edge, request });
    if (this.seen.length > 200) this.seen.shift();
    if (fault) this.#journal.count(`${edge}: ${fault}`);
    return new Promise((resolve) => {
      const exchange = new Exchange(this.#clock, limits, (sent) => {
        this.#journal.note('net', `#${no} ${edge} ${told(sent)}`);
        resolve(sent);
      });
      this.#journal.note('net', `#${no} ${edge} ${request.method} ${short(request.url)}${fault ? ` ${fault}` : ''}`);
      this.#carry(edge, request, fault, exchange, limits);
    });
  }

  #carry(
    edge: Edge,
    request: OutboundRequest,
    fault: MessageFault | null,
    exchange: Exchange,
    limits: SendLimits,
  ): void {
    if (fault === 'refused') return exchange.end(this.#latency(), { kind: 'NOT_SENT', why: 'connection refused' });
    const late = this.#chance.between(limits.totalTimeoutMs, longestDelayMs);
    const there = fault === 'slow-request' ? late : this.#latency();
    if (fault === 'lost-request') return;
    if (fault === 'http-502-unexecuted') return exchange.answer(this.#latency(), page(502));
    this.#deliver(edge, request, there, fault, exchange);
    if (fault === 'doubled') this.#deliver(edge, request, there + this.#chance.between(0, 20_000), null, null);
  }

  #deliver(
    edge: Edge,
    request: OutboundRequest,
    ms: number,
    fault: MessageFault | null,
    exchange: Exchange | null,
  ): void {
    this.#clock.after(ms, async () => {
      const server = this.#servers.get(new URL(request.url).host)?.();
      if (!server) return exchange?.end(this.#latency(), { kind: 'NOT_SENT', why: 'nobody listens' });
      this.#spawn(server(request).then((answer) => this.#back(edge, request, answer, fault, exchange)));
    });
  }

  #back(
    edge: Edge,
    request: OutboundRequest,
    answer: Answer | null,
    fault: MessageFault | null,
    exchange: Exchange | null,
  ): void {
    if (!exchange || fault === 'lost-answer') return;
    const ms = this.#latency();
    if (answer === null || fault === 'cut-answer')
      return exchange.end(ms, { kind: 'UNKNOWN', why: 'connection reset' });
    const path = `${edge} ${short(request.url).split('?', 1)[0] ?? ''}`;
    const before = this.#lastAnswers.get(path);
    if (namesItsOrder(request, answer)) this.#lastAnswers.set(path, answer);
    const spoilt = fault === null ? undefined : damages[fault];
    exchange.answer(
      fault === 'slow-answer' ? this.#chance.between(20_000, longestDelayMs) : ms,
      spoilt ? spoilt(answer, this.#chance, before) : answer,
    );
  }

  /** Mostly some milliseconds, now and then a second: enough to reorder. */
  #latency(): number {
    return this.#chance.happens(0.1) ? this.#chance.between(100, 2_500) : this.#chance.between(1, 60);
  }
}

/** One request and whatever becomes of it; the time-out always comes. */
class Exchange {
  readonly #clock: Clock;
  readonly #resolve: (sent: Sent) => void;
  #isOver = false;

  constructor(clock: Clock, limits: SendLimits, resolve: (sent: Sent) => void) {
    this.#clock = clock;
    this.#resolve = resolve;
    this.end(limits.totalTimeoutMs, { kind: 'UNKNOWN', why: 'time-out' });
  }

  end(ms: number, sent: Sent): void {
    this.#clock.after(ms, () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#resolve(sent);
    });
  }

  answer(ms: number, answer: Answer): void {
    this.end(ms, { kind: 'ANSWER', ...answer, truncated: false });
  }
}

/** RSA keys, and what they sign, are other ones in each process; a journal is the same everywhere. */
const signatures = /[A-Za-z0-9+/=]{80,}/g;

function told(sent: Sent): string {
  return sent.kind === 'ANSWER'
    ? `${sent.status} ${Buffer.from(sent.body).toString().replace(signatures, '…').slice(0, 160)}`
    : `${sent.kind} ${sent.why}`;
}

function short(url: string): string {
  return url.replace(/^https?:\/\//, '').slice(0, 140);
}

/** As the receiver sees it. */
export function inbound(request: OutboundRequest): RequestWire {
  const { pathname, search } = new URL(request.url);
  return {
    kind: 'request',
    method: request.method,
    target: pathname + search,
    headers: Object.entries(request.headers),
    body: request.body,
    remote: '203.0.113.5',
  };
}
