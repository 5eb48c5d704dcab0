/** Raw HTTP for tests: bytes out, bytes in, every header as written. Nothing of the project's own is used. */
import http from 'node:http';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** As it came, for bodies that are not UTF-8. */
  readonly body: Buffer;
}

export type HeaderList = readonly (readonly [string, string])[];

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

/** One request; rejects when there is no answer. A header may stand in the list twice. */
export function request(
  method: string,
  url: string,
  headers: HeaderList = [],
  body: string | Uint8Array = '',
  timeoutMs = 30_000,
): Promise<Answer> {
  const { hostname, port, pathname, search } = new URL(url);
  const bytes = Buffer.from(body);
  const length = method === 'GET' ? [] : ['content-length', String(bytes.length)];
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        agent,
        method,
        hostname,
        port,
        path: pathname + search,
        timeout: timeoutMs,
        headers: ['host', `${hostname}:${port}`, ...length, ...headers.flat()],
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString('utf8'),
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url} in ${timeoutMs} ms`)));
    sent.on('error', reject);
    sent.end(bytes);
  });
}

/** Whatever comes back for exactly these bytes, until the peer closes or `quietMs` pass without a byte. */
export function rawExchange(url: string, parts: readonly (string | Uint8Array)[], quietMs = 2_000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(quietMs, done);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', done);
    socket.on('error', (error) => (chunks.length > 0 ? done() : reject(error)));
    for (const part of parts) socket.write(part);
  });
}

/** A member deep inside parsed JSON; undefined where the path ends. */
export function member(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null ? Object.entries(at).find(([key]) => key === String(name))?.[1] : undefined,
    value,
  );
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = member(value, ...path);
  if (found === undefined || found === null) return '';
  return typeof found === 'string' ? found : JSON.stringify(found);
}

/** Asks until it is so. Real processes decide when. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 45_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await wait(25);
  }
}
