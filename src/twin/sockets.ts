/** The listener of a twin's own protocol: unlike the gateway's it can cut, stay silent, and go down and come back on its port. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../core/world.ts';
import type { Headers, RequestWire } from '../protocols/protocol.ts';
import type { Emission } from './twin.ts';

export interface Sockets {
  readonly port: number;
  /** Refuses connections and ends the open ones, or listens again. */
  setDown(isDown: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly maxBody: number;
  readonly log: Log;
  answer(wire: RequestWire): Promise<Emission>;
}

export async function openSockets(options: SocketOptions): Promise<Sockets> {
  let server = await listen(options, options.port);
  const { port } = server.address() as AddressInfo;
  let isDown = false;
  return {
    port,
    async setDown(wanted) {
      if (wanted === isDown) return;
      isDown = wanted;
      if (wanted) await end(server);
      else server = await listen(options, port);
    },
    close: () => end(server),
  };
}

function listen(options: SocketOptions, port: number): Promise<http.Server> {
  const server = http.createServer({ keepAliveTimeout: 30_000, noDelay: true }, (request, response) => {
    void receive(options, request, response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, options.host, () => {
      server.off('error', reject);
      server.on('error', (error) => options.log.error('twin-listener', { error: error.message }));
      resolve(server);
    });
  });
}

function end(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function receive(options: SocketOptions, request: http.IncomingMessage, response: http.ServerResponse) {
  // Both end by 'close'; without listeners an error on a gone peer would end the process.
  request.on('error', () => {});
  response.on('error', () => {});
  try {
    const body = await readBody(request, options.maxBody);
    if (body === null) response.destroy();
    else emit(response, await options.answer(wireOf(request, body)));
  } catch (error) {
    options.log.error('twin-failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    response.destroy();
  }
}

/** Null when it is too long or breaks off. */
async function readBody(request: http.IncomingMessage, max: number): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > max) return null;
      chunks.push(bytes);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

function wireOf(request: http.IncomingMessage, body: Uint8Array): RequestWire {
  const raw = request.rawHeaders;
  const headers: Headers = Array.from({ length: raw.length / 2 }, (_, i) => [
    (raw[2 * i] ?? '').toLowerCase(),
    raw[2 * i + 1] ?? '',
  ]);
  const remote = request.socket.remoteAddress ?? '';
  return { kind: 'request', method: request.method ?? '', target: request.url ?? '', headers, body, remote };
}

function emit(response: http.ServerResponse, emission: Emission): void {
  if (emission.kind === 'silence' || response.destroyed) return;
  if (emission.kind === 'cut') {
    response.destroy();
    return;
  }
  const { reply, cutAfter } = emission;
  const head = [...reply.headers.flat(), 'content-length', String(reply.body.length)];
  response.writeHead(reply.status, head);
  if (cutAfter === null) {
    response.end(reply.body);
    return;
  }
  response.flushHeaders();
  // The bytes must have left before the connection goes, or the peer sees none of them.
  response.write(reply.body.subarray(0, cutAfter), () => response.destroy());
}
