/** A merchant's end of notices: keeps every raw request, answers what a test says, checks signatures by the protocol pages. */
import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { member } from './http.ts';

export interface Got {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly json: unknown;
}

/** What is answered: a status, or 'cut' = the connection is closed without a word. */
export type Say = number | 'cut';

export interface Receiver {
  readonly url: string;
  /** Everything that came to the path of an order, oldest first. */
  at(path: string): readonly Got[];
  readonly all: readonly Got[];
  /** The next answers for a path, one each; afterwards 200 again. */
  answer(path: string, ...says: Say[]): void;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const all: Got[] = [];
  const says = new Map<string, Say[]>();
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', headers, rawHeaders } = request;
      all.push({ at: Date.now(), method, path, headers, rawHeaders, body, json: parsed(body) });
      const say = says.get(path)?.shift() ?? 200;
      if (say === 'cut') return void request.socket.destroy();
      response.writeHead(say, say >= 300 && say < 400 ? { location: `/followed${path}` } : {}).end('SUCCESS');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    all,
    at: (path) => all.filter((got) => got.path === path),
    answer: (path, ...more) => void says.set(path, [...(says.get(path) ?? []), ...more]),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Payin page, section 3: MD5 over the raw body and the key, in either case. */
export function isPayinSigned(got: Got, apiKey: string): boolean {
  const expected = createHash('md5')
    .update(got.body + apiKey)
    .digest('hex');
  return String(got.headers['sign']).toLowerCase() === expected;
}

const callbackOrder = 'cmd bt_id msisdn operator paytype price productid status t_id currency interfacetype'.split(' ');

/** Unified page, section 6.2: a merchant can still verify by rebuilding the text in the channel's order. */
export function isUnifiedSigned(got: Got, key: string): boolean {
  const origin = member(got.json, 'originChannelCallBack');
  const text = callbackOrder.map((name) => `${name}=${String(member(origin, name))}`).join('&');
  const expected = createHash('md5')
    .update(text + key)
    .digest('hex');
  return member(origin, 'encrypt') === expected;
}

/** Standard Webhooks: HMAC-SHA256 over id.timestamp.body with the decoded secret. */
export function isStandardWebhook(got: Got, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const text = ['webhook-id', 'webhook-timestamp']
    .map((name) => String(got.headers[name]))
    .concat(got.body)
    .join('.');
  const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return String(got.headers['webhook-signature']).split(' ').includes(expected);
}
