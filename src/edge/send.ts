/**
 * The one way bytes leave us: `Send`. What it returns decides whether money may move again, so it never guesses:
 * `NOT_SENT` is said only while the request has not been handed to a socket, `ANSWER` only for a complete reply.
 */
import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Log, OutboundRequest, Send, SendLimits, Sent } from '../core/world.ts';
import { checkAddress, checkTarget, hostPort, type TargetRules } from './targets.ts';

export interface SendOptions extends TargetRules {
  readonly log: Log;
  readonly monotonic: () => number;
  /** Most sockets to one origin; further requests wait for one, as long as their connect time-out allows. */
  readonly connectionsPerOrigin?: number;
  /** How long an idle socket is kept, in milliseconds, when the server says nothing about it. */
  readonly idleMs?: number;
  /** Name resolution; the system's unless a test gives another. */
  readonly resolve?: Resolve;
  /** PEM of further certificate authorities, for channels with a private one. */
  readonly certificateAuthorities?: readonly string[];
}

export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly dns.LookupAddress[]) => void,
) => void;

export interface Sender {
  readonly send: Send;
  /** Ends all sockets; requests still under way become UNKNOWN (NOT_SENT when not yet begun). */
  close(): Promise<void>;
}

/** How often the event loop is looked at, and from when on it was still: stopped from outside, starved, or busy. */
const lookMs = 250;
const stillMs = 1_000;

/** Only a backstop: each request brings its own connect time-out. */
const longestConnectMs = 20_000;

class ForbiddenAddress extends Error {}

/** One answer for a name that leads inside and for one that leads nowhere: or merchants could read our inside network by its names. */
export const noPublicAddress = 'no public address under that name';

export function makeSend(options: SendOptions): Sender {
  const guarded = makeAgent(options, true);
  const open = makeAgent(options, false);
  const agentFor = (url: URL, limits: SendLimits) =>
    limits.targets === 'any' || options.allowHosts.has(hostPort(url)) ? open : guarded;

  const loop = new LoopWatch(options.monotonic);

  const send: Send = async (request, limits) => {
    const refused = limits.targets === 'public' ? checkTarget(request.url, options) : checkScheme(request.url);
    if (refused !== null) return { kind: 'NOT_SENT', why: `forbidden target: ${refused}` };
    const url = new URL(request.url);
    const began = options.monotonic();
    const sent = blamed(await new Exchange(limits).run(agentFor(url, limits), url, request), loop, began);
    if (sent.kind !== 'ANSWER') {
      const ms = Math.round(options.monotonic() - began);
      options.log.info('send.no-answer', { origin: url.origin, kind: sent.kind, why: sent.why, ms });
    }
    return sent;
  };
  const close = async () => {
    loop.end();
    await Promise.all([guarded.destroy(), open.destroy()]);
  };
  return { send, close };
}

/** Of what was not sent: whether it was our own doing. */
function blamed(sent: Sent, loop: LoopWatch, began: number): Sent {
  return sent.kind === 'NOT_SENT' && loop.stoodStillSince(began) ? { ...sent, ours: true } : sent;
}

/** Knows when this process last stood still, or that it is ending. */
class LoopWatch {
  readonly #monotonic: () => number;
  readonly #timer: NodeJS.Timeout;
  #seen: number;
  #stoodStill = Number.NEGATIVE_INFINITY;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#seen = monotonic();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  stoodStillSince(began: number): boolean {
    this.#look();
    return this.#stoodStill >= began;
  }

  /** What ends with the process is its doing. */
  end(): void {
    clearInterval(this.#timer);
    this.#stoodStill = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    const now = this.#monotonic();
    if (now - this.#seen > stillMs) this.#stoodStill = Math.max(this.#stoodStill, now);
    this.#seen = now;
  }
}

function checkScheme(text: string): string | null {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? null : 'not an absolute http or https URL';
}

/** One request and what becomes of it. The first verdict stands; later events are ignored. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #limits: SendLimits;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  /** True from the moment undici is about to write: from then on nobody can prove that nothing left. */
  #started = false;
  #verdict: Sent | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (sent: Sent) => void = () => {};

  constructor(limits: SendLimits) {
    this.#limits = limits;
  }

  run(agent: Dispatcher, url: URL, request: OutboundRequest): Promise<Sent> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#fail('no connection in time'), this.#limits.connectTimeoutMs);
      try {
        agent.dispatch(
          {
            origin: url.origin,
            path: url.pathname + url.search,
            method: request.method,
            headers: { ...request.headers },
            body: request.body.byteLength === 0 ? null : request.body,
          },
          this,
        );
      } catch (error) {
        this.#fail(reasonOf(error));
      }
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Either we gave up while it waited for a socket, or undici wants to write it a second time: neither may be written.
    if (this.#verdict !== null || this.#started) {
      controller.abort(new Error('not to be written'));
      this.#fail('the request would have been repeated');
      return;
    }
    this.#started = true;
    this.#controller = controller;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail('no complete answer in time'), this.#limits.totalTimeoutMs);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = joined(headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#verdict !== null) return;
    const room = this.#limits.maxResponseBytes - this.#length;
    // A copy: the chunk is a window into the socket's whole read buffer.
    this.#chunks.push(Buffer.from(chunk.length > room ? chunk.subarray(0, room) : chunk));
    this.#length += Math.min(chunk.length, room);
    if (chunk.length > room) this.#answer(true);
  }

  onResponseEnd(): void {
    this.#answer(false);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(reasonOf(error));
  }

  #answer(truncated: boolean): void {
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#settle({ kind: 'ANSWER', status: this.#status, headers: this.#headers, body, truncated });
    if (truncated) this.#controller?.abort(new Error('answer longer than wanted'));
  }

  #fail(why: string): void {
    this.#settle({ kind: this.#started ? 'UNKNOWN' : 'NOT_SENT', why });
    // Ends the socket too: nothing that follows on it could be told from the rest of this answer.
    this.#controller?.abort(new Error(why));
  }

  #settle(sent: Sent): void {
    if (this.#verdict !== null) return;
    this.#verdict = sent;
    clearTimeout(this.#timer);
    this.#resolve(sent);
  }
}

/** Repeated headers joined with ", "; without prototype, because names come from outside. */
function joined(headers: object): Readonly<Record<string, string>> {
  const result: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    result[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return result;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Happy eyeballs reports the attempts as an aggregate without a message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : error.message;
  // Node's own messages often name the code already.
  return (inner.includes(code) ? inner : `${code} ${inner}`).slice(0, 300);
}

/** No redirect, retry or decompression: those are undici interceptors that are simply not installed. */
function makeAgent(options: SendOptions, isGuarded: boolean): Agent {
  const connector = buildConnector({
    timeout: longestConnectMs,
    lookup: lookupWith(options, isGuarded),
    allowH2: false,
    ...(options.certificateAuthorities ? { ca: [...options.certificateAuthorities] } : {}),
  });
  return new Agent({
    connections: options.connectionsPerOrigin ?? 128,
    pipelining: 1,
    keepAliveTimeout: options.idleMs ?? 4_000,
    keepAliveMaxTimeout: 30_000,
    keepAliveTimeoutThreshold: 1_000,
    // Each exchange has its own timers, which also bound a slow drip.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16_384,
    connect: isGuarded ? guardConnection(connector, options) : connector,
  });
}

/** Looks once more at whom we are really connected to, before a byte of the request is written. */
export function guardConnection(connector: buildConnector.connector, rules: TargetRules): buildConnector.connector {
  return (target, done) =>
    connector(target, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) return done(error, null);
      const refused = checkAddress(socket.remoteAddress ?? '', rules);
      if (refused === null) return done(null, socket);
      socket.destroy();
      return done(new ForbiddenAddress(refused), null);
    });
}

const resolveBySystem: Resolve = (hostname, done) =>
  dns.lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));

/**
 * `lookup` for `net.connect`: every address must be allowed, else none is used, so that nobody can hide a private one
 * among public ones. The socket connects to what was checked here, not to a second resolution.
 */
function lookupWith(options: SendOptions, isGuarded: boolean): LookupFunction {
  const resolve = options.resolve ?? resolveBySystem;
  return (hostname, wanted, done) =>
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      const missing = error ?? (first === undefined ? new Error(`${hostname}: no address`) : null);
      const reasons = isGuarded ? addresses.map(({ address }) => checkAddress(address, options)) : [];
      const refused = missing?.message ?? reasons.find((reason) => reason !== null) ?? null;
      if (isGuarded && refused !== null) {
        options.log.info('send.no-address', { host: hostname, why: refused });
        return done(new ForbiddenAddress(noPublicAddress), '');
      }
      if (missing !== null || first === undefined) return done(missing, '');
      if (wanted.all === true) return done(null, [...addresses]);
      return done(null, first.address, first.family);
    });
}
