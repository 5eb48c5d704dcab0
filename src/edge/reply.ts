/** How a reply becomes bytes on a node:http response: whole, as the last one of a connection, or as a stream. */
import type http from 'node:http';
import type { Headers, ReplyWire } from '../protocols/protocol.ts';

/** A reply whose body is made while it is sent (server-sent events, CSV). Sent chunked; an error cuts it visibly. */
export interface StreamReply {
  readonly kind: 'stream';
  readonly status: number;
  readonly headers: Headers;
  /** Its `return` is called when the client leaves; a generator notices at its next step. */
  readonly body: AsyncIterable<Uint8Array>;
  /** It never ends by itself: end it at once when the server closes instead of waiting for it. */
  readonly isEndless?: boolean;
}

export type Reply = ReplyWire | StreamReply;

/** Headers that belong to the connection; a reply's own are dropped. */
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** For what is no page: nothing of it is to be run, framed, guessed at or kept. */
export const bareGuards = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** A reply in nobody's grammar: `{}` and a status. */
export function plainReply(status: number): ReplyWire {
  const body = new TextEncoder().encode('{}');
  const headers: Headers = [['content-type', 'application/json'], ...Object.entries(bareGuards)];
  return { kind: 'reply', status, headers, body };
}

/** Writes a whole reply. Throws before the first byte when a header cannot be written. */
export function writeReply(response: http.ServerResponse, reply: ReplyWire, isLast: boolean): void {
  if (response.destroyed || response.writableEnded) return;
  response.writeHead(reply.status, headLines(reply, reply.body.byteLength, isLast));
  response.end(reply.body);
}

/**
 * Answers while the peer may still be sending, and closes. A socket closed with unread bytes is reset, which can
 * destroy the answer on its way: so the answer is written whole, then we go on reading for `lingerMs`.
 */
export function writeLastReply(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  reply: ReplyWire,
  lingerMs: number,
): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(reply.status, headLines(reply, reply.body.byteLength, true));
  if (reply.body.byteLength > 0) response.write(reply.body);
  else response.flushHeaders();
  request.resume();
  if (request.complete) {
    response.end();
    return;
  }
  const linger = setTimeout(() => response.end(), lingerMs);
  request.once('end', () => response.end());
  response.once('close', () => clearTimeout(linger));
}

function headLines(reply: Reply, length: number | null, isLast: boolean): string[] {
  const lines: string[] = [];
  for (const [name, value] of reply.headers) {
    if (!connectionHeaders.has(name)) lines.push(name, value);
  }
  if (length !== null && reply.status !== 204 && reply.status !== 304) lines.push('content-length', String(length));
  if (isLast) lines.push('connection', 'close');
  return lines;
}

/** One stream on its way out. `end` finishes it early, cleanly. */
export class ReplyStream {
  readonly #response: http.ServerResponse;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #wake: () => void = () => {};
  #isStopped = false;

  constructor(response: http.ServerResponse, reply: StreamReply) {
    this.#response = response;
    this.#iterator = reply.body[Symbol.asyncIterator]();
    response.once('close', () => this.end());
  }

  end(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** Rejects when the body does or the head cannot be written; the caller then cuts the connection. */
  async run(reply: StreamReply, how: { readonly isLast: boolean; readonly isHeadOnly: boolean }): Promise<void> {
    try {
      this.#response.writeHead(reply.status, headLines(reply, null, how.isLast));
      this.#response.flushHeaders();
      while (!how.isHeadOnly && !this.#isStopped) {
        const step = await this.#next();
        if (step === null || step.done === true) break;
        const isFull = step.value.byteLength > 0 && !this.#response.write(step.value);
        if (isFull) await this.#room();
      }
      this.#response.end();
    } finally {
      this.#iterator.return?.().catch(() => {});
    }
  }

  /** A fresh promise for each step: racing against one long-lived promise would keep every step in memory. */
  #next(): Promise<IteratorResult<Uint8Array, unknown> | null> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(null);
      this.#iterator.next().then(resolve, reject);
    });
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#response.once('drain', resolve);
    });
  }
}
