/**
 * The one listener: node:http turned into `RequestWire` in and `ReplyWire` out. Everything a hostile or slow peer can
 * do to a socket is bounded here, so that what lies behind sees only whole requests of a known size.
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../core/world.ts';
import type { Headers, ReplyWire, RequestWire } from '../protocols/protocol.ts';
import { networkOf } from '../core/network.ts';
import { callerAddress, isTrusted, parseProxies, plainAddress, type Proxies } from './peer.ts';
import {
  bareGuards,
  plainReply,
  ReplyStream,
  type Reply,
  type StreamReply,
  writeLastReply,
  writeReply,
} from './reply.ts';

/** Why a request is answered without `onRequest`, or after it failed. */
export type Unserved =
  /** The body is longer than allowed; `body` of the request is empty. The connection closes. */
  | 'too-large'
  /** Content-Encoding other than identity. */
  | 'encoded'
  /** Too many requests in flight; nothing was done. */
  | 'busy'
  /** `onRequest` threw: nobody knows what was done. */
  | 'failed';

export interface HttpLimits {
  /** Longest body unless `bodyLimit` says otherwise, in bytes. */
  readonly bodyBytes: number;
  /** How much of a body that is too long is read away before the answer. */
  readonly drainBytes: number;
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** How often time-outs are looked for. */
  readonly checkEveryMs: number;
  /** A socket on which nothing moves for so long is cut, also when the peer does not take our answer. */
  readonly idleMs: number;
  /** How long a closing connection goes on reading, so that the peer gets to see the answer. */
  readonly lingerMs: number;
  readonly headerCount: number;
  readonly headerBytes: number;
  readonly connections: number;
  /** Sockets from one address (of IPv6: one /64); trusted proxies are not counted. */
  readonly connectionsPerAddress: number;
  /** Requests inside `onRequest` at the same time. */
  readonly inFlight: number;
}

const httpLimits: HttpLimits = {
  bodyBytes: 65_536,
  drainBytes: 262_144,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveMs: 30_000,
  checkEveryMs: 2_000,
  idleMs: 120_000,
  lingerMs: 1_000,
  headerCount: 100,
  headerBytes: 16_384,
  connections: 10_000,
  connectionsPerAddress: 2_000,
  inFlight: 1_024,
};

export interface HttpOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly onRequest: (request: RequestWire) => Promise<Reply>;
  /** The bytes of a refusal in the grammar of whoever is asked; null = a plain `{}` with a fitting status */
  readonly refuse?: (why: Unserved, request: RequestWire) => ReplyWire | null;
  /** Longest body for this target, in bytes; null = the general limit. */
  readonly bodyLimit?: (method: string, target: string) => number | null;
  readonly limits?: Partial<HttpLimits>;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  readonly log: Log;
  readonly monotonic: () => number;
}

export interface HttpServer {
  readonly port: number;
  /** Requests inside `onRequest` now. */
  inFlight(): number;
  /** Stops accepting, lets what is under way finish for `graceMs`, cuts the rest. */
  close(how: { readonly graceMs: number }): Promise<void>;
}

const allowedMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const plainStatus: Readonly<Record<Unserved, number>> = { 'too-large': 413, encoded: 415, busy: 503, failed: 500 };

const nothing = new Uint8Array(0);

export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const listener = new Listener(options);
  await listener.listen(options.host, options.port);
  return listener;
}

class Listener implements HttpServer {
  readonly #options: HttpOptions;
  readonly #limits: HttpLimits;
  readonly #proxies: Proxies;
  readonly #server: http.Server;
  readonly #perAddress = new Map<string, number>();
  /** Open sockets and the reply being made on each. */
  readonly #sockets = new Map<Duplex, http.ServerResponse | null>();
  readonly #endless = new Set<() => void>();
  #inFlight = 0;
  #isClosing = false;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#limits = { ...httpLimits, ...options.limits };
    this.#proxies = parseProxies(options.trustedProxies ?? []);
    this.#server = http.createServer({
      headersTimeout: this.#limits.headersTimeoutMs,
      requestTimeout: this.#limits.requestTimeoutMs,
      keepAliveTimeout: this.#limits.keepAliveMs,
      connectionsCheckingInterval: this.#limits.checkEveryMs,
      maxHeaderSize: this.#limits.headerBytes,
      insecureHTTPParser: false,
      requireHostHeader: true,
      noDelay: true,
    });
    this.#server.timeout = this.#limits.idleMs;
    this.#server.maxConnections = this.#limits.connections;
    // Node would silently drop the surplus, and a dropped header may be the signature: they are counted below instead.
    this.#server.maxHeadersCount = 0;
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('clientError', (error, socket) => this.#answerNonsense(error, socket));
    this.#server.on('request', (request, response) => this.#receive(request, response));
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  inFlight(): number {
    return this.#inFlight;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log.error('http.server', { error: error.message }));
        resolve();
      });
    });
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const end of this.#endless) end();
    // Node counts a socket that never said anything as busy.
    for (const [socket, response] of this.#sockets) {
      if (response === null && 'bytesRead' in socket && socket.bytesRead === 0) socket.destroy();
    }
    const sweep = setInterval(() => this.#server.closeIdleConnections(), 50);
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }

  #admit(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const network = networkOf(address);
    const count = (this.#perAddress.get(network) ?? 0) + 1;
    if (count > this.#limits.connectionsPerAddress && !isTrusted(address, this.#proxies)) {
      socket.destroy();
      return;
    }
    this.#perAddress.set(network, count);
    this.#sockets.set(socket, null);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(network) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(network, left);
      else this.#perAddress.delete(network);
    });
  }

  /** What is not HTTP, or took too long. Bytes are written only where no reply has begun that they could be mixed into. */
  #answerNonsense(error: NodeJS.ErrnoException, socket: Duplex): void {
    const begun = this.#sockets.get(socket)?.headersSent === true;
    if (error.code === 'ECONNRESET' || !socket.writable || begun) {
      socket.destroy();
      return;
    }
    const status = nonsenseStatus[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    setTimeout(() => socket.destroy(), this.#limits.lingerMs).unref();
  }

  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    // Both end by 'close'; without listeners an error on a gone peer would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    this.#sockets.set(request.socket, response);
    response.once('close', () => {
      if (this.#sockets.get(request.socket) === response) this.#sockets.set(request.socket, null);
    });

    const head = this.#headOf(request);
    const status = statusOfHead(head, this.#limits);
    if (status === 200) this.#collect(request, response, head);
    else writeLastReply(request, response, plainReply(status), this.#limits.lingerMs);
  }

  #headOf(request: http.IncomingMessage): RequestWire {
    const headers = pairs(request.rawHeaders);
    return {
      kind: 'request',
      method: request.method ?? '',
      target: request.url ?? '',
      headers,
      body: nothing,
      remote: callerAddress(request.socket.remoteAddress ?? '', headers, this.#proxies),
    };
  }

  /** Reads the body as far as it is allowed to be, then goes on. */
  #collect(request: http.IncomingMessage, response: http.ServerResponse, head: RequestWire): void {
    const limit = this.#options.bodyLimit?.(head.method, head.target) ?? this.#limits.bodyBytes;
    const readable = Math.max(limit, this.#limits.drainBytes);
    if (announcedLength(request) > readable) {
      this.#refuseBody(request, response, head);
      return;
    }
    let chunks: Buffer[] = [];
    let length = 0;
    let isRefused = false;
    request.on('data', (chunk: Buffer) => {
      if (isRefused) return;
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else chunks = [];
      if (length > readable) {
        isRefused = true;
        this.#refuseBody(request, response, head);
      }
    });
    request.on('end', () => {
      if (isRefused) return;
      const [only] = chunks;
      const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      if (length > limit) this.#refuseBody(request, response, head);
      else this.#dispatch(response, { ...head, body });
    });
  }

  #refuseBody(request: http.IncomingMessage, response: http.ServerResponse, head: RequestWire): void {
    writeLastReply(request, response, this.#refusal('too-large', head), this.#limits.lingerMs);
  }

  #dispatch(response: http.ServerResponse, wire: RequestWire): void {
    if (wire.method === 'OPTIONS') this.#reply(response, wire, optionsReply);
    else if (isEncoded(wire)) this.#reply(response, wire, this.#refusal('encoded', wire));
    else if (this.#inFlight >= this.#limits.inFlight) this.#reply(response, wire, this.#refusal('busy', wire));
    else void this.#serve(response, wire);
  }

  async #serve(response: http.ServerResponse, wire: RequestWire): Promise<void> {
    const began = this.#options.monotonic();
    let reply: Reply;
    this.#inFlight++;
    try {
      reply = await this.#options.onRequest(wire);
    } catch (error) {
      this.#logFailure('http.failed', wire, error, began);
      reply = this.#refusal('failed', wire);
    }
    this.#inFlight--;
    this.#reply(response, wire, reply);
  }

  #refusal(why: Unserved, wire: RequestWire): ReplyWire {
    try {
      return this.#options.refuse?.(why, wire) ?? plainReply(plainStatus[why]);
    } catch (error) {
      this.#logFailure('http.refusal-failed', wire, error, this.#options.monotonic());
      return plainReply(plainStatus[why]);
    }
  }

  #logFailure(event: string, wire: RequestWire, error: unknown, began: number): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const ms = Math.round(this.#options.monotonic() - began);
    this.#options.log.error(event, { method: wire.method, path: loggedPath(wire.target), ms, error: stack });
  }

  #reply(response: http.ServerResponse, wire: RequestWire, reply: Reply): void {
    if (reply.kind === 'stream') {
      void this.#stream(response, wire, reply);
      return;
    }
    try {
      writeReply(response, reply, this.#isClosing);
    } catch (error) {
      this.#logFailure('http.bad-reply', wire, error, this.#options.monotonic());
      writeReply(response, plainReply(500), true);
    }
  }

  async #stream(response: http.ServerResponse, wire: RequestWire, reply: StreamReply): Promise<void> {
    const began = this.#options.monotonic();
    const stream = new ReplyStream(response, reply);
    const end = () => stream.end();
    if (reply.isEndless === true) this.#endless.add(end);
    try {
      await stream.run(reply, { isLast: this.#isClosing, isHeadOnly: wire.method === 'HEAD' });
    } catch (error) {
      this.#logFailure('http.stream-failed', wire, error, began);
      response.destroy();
    }
    this.#endless.delete(end);
  }
}

const nonsenseStatus: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};

const optionsReply: ReplyWire = {
  kind: 'reply',
  status: 204,
  headers: [['allow', [...allowedMethods].join(', ')], ...Object.entries(bareGuards)],
  body: nothing,
};

function statusOfHead(head: RequestWire, limits: HttpLimits): number {
  if (head.headers.length > limits.headerCount) return 431;
  if (!allowedMethods.has(head.method)) return 405;
  const isPath = head.target.startsWith('/') || (head.method === 'OPTIONS' && head.target === '*');
  return isPath ? 200 : 400;
}

function pairs(raw: readonly string[]): Headers {
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([(raw[i] ?? '').toLowerCase(), raw[i + 1] ?? '']);
  return headers;
}

function announcedLength(request: http.IncomingMessage): number {
  const text = request.headers['content-length'] ?? '0';
  return /^\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : Number.POSITIVE_INFINITY;
}

function isEncoded(wire: RequestWire): boolean {
  return wire.headers.some(([name, value]) => name === 'content-encoding' && !/^(identity)?$/i.test(value.trim()));
}

/** Without query, and without segments that may be a token. */
function loggedPath(target: string): string {
  const [path = ''] = target.split('?', 1);
  return path
    .split('/')
    .map((segment) => (segment.length > 24 ? '…' : segment))
    .join('/')
    .slice(0, 200);
}
