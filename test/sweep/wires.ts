/** The network of a script: it is always fine, but for what the script says will go wrong, and how often. */
import type { OutboundRequest, SendLimits, Sent } from '../../src/core/world.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Journal } from '../simulation/journal.ts';
import type { Edge } from '../simulation/weather.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** null = the connection ends without an answer. Need not ever resolve: its process may die. */
export type Serve = (request: OutboundRequest) => Promise<Answer | null>;

export interface Trouble {
  readonly edge: Edge;
  /** In the address or the body. */
  readonly match: RegExp;
  /** Nothing left; left and never arrived; carried out and never answered; carried out and answered with a page. */
  readonly what: 'refused' | 'lost-request' | 'lost-answer' | 'http-500';
  /** How often it happens. */
  readonly times: number;
}

/** One way. */
const latencyMs = 7;

export class Wires {
  readonly #clock: Clock;
  readonly #journal: Journal;
  /** A server that fails has seen something that must not be: the run is over, whoever waits for the answer. */
  readonly #broken: (error: unknown) => void;
  readonly #servers = new Map<string, () => Serve | null>();
  #troubles: { readonly trouble: Trouble; left: number }[] = [];

  constructor(clock: Clock, journal: Journal, broken: (error: unknown) => void) {
    this.#broken = broken;
    this.#clock = clock;
    this.#journal = journal;
  }

  listen(host: string, server: () => Serve | null): void {
    this.#servers.set(host, server);
  }

  trouble(trouble: Trouble): void {
    this.#troubles.push({ trouble, left: trouble.times });
  }

  /** As `World.send`: never rejects. */
  async send(edge: Edge, request: OutboundRequest, limits: SendLimits): Promise<Sent> {
    const what = this.#troubleWith(edge, request);
    this.#journal.note('wires', `${edge} ${request.url.slice(0, 100)}${what === null ? '' : ` (${what})`}`);
    const sent = await Promise.race([this.#carry(request, what), this.#timeOut(limits.totalTimeoutMs)]);
    this.#journal.note('wires', `${edge} ${sent.kind} ${sent.kind === 'ANSWER' ? sent.status : sent.why}`);
    return sent;
  }

  async #carry(request: OutboundRequest, what: Trouble['what'] | null): Promise<Sent> {
    await this.#clock.sleep(latencyMs);
    const server = this.#servers.get(new URL(request.url).host)?.();
    if (what === 'refused' || !server) return { kind: 'NOT_SENT', why: 'connection refused' };
    const answer = what === 'lost-request' ? undefined : await this.#serve(server, request);
    if (what === 'lost-request' || what === 'lost-answer') return new Promise(() => undefined);
    await this.#clock.sleep(latencyMs);
    if (!answer) return { kind: 'UNKNOWN', why: 'connection reset' };
    const page = { status: 500, headers: {}, body: Buffer.from('<!doctype html><title>oops</title>') };
    return { kind: 'ANSWER', ...(what === 'http-500' ? page : answer), truncated: false };
  }

  #serve(server: Serve, request: OutboundRequest): Promise<Answer | null> {
    return server(request).catch((error: unknown) => {
      this.#broken(error);
      return null;
    });
  }

  async #timeOut(ms: number): Promise<Sent> {
    await this.#clock.sleep(ms);
    return { kind: 'UNKNOWN', why: 'time-out' };
  }

  #troubleWith(edge: Edge, request: OutboundRequest): Trouble['what'] | null {
    const text = `${request.url} ${Buffer.from(request.body).toString()}`;
    const found = this.#troubles.find(
      ({ trouble, left }) => left > 0 && trouble.edge === edge && trouble.match.test(text),
    );
    if (!found) return null;
    found.left -= 1;
    return found.trouble.what;
  }
}
