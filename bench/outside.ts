/** Everybody but the gateway, in one process: shops that ask, the upstream that answers and calls back, the shop's notice sink. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { answerParent } from './child.ts';
import { channelKey, channelSender, keyOf, merchants, senderOf, signed } from './parties.ts';
import { inFlight, percentile } from './place.ts';

interface Letter {
  readonly path: string;
  readonly sender: string;
  readonly sign: string;
  readonly body: string;
}

export interface LoadAsk {
  readonly url: string;
  readonly kind: 'desk' | 'callback';
  readonly connections: number;
  readonly count: number;
  /** Makes order numbers unique; for callbacks the identifier of the first prepared payment. */
  readonly base: bigint;
}
export interface LoadAnswer {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

function deskLetter(i: number, base: bigint, notifyUrl: string, path = '/api/payDesk'): Letter {
  const m = i % merchants;
  const product = path === '/api/payIn' ? '"payType":"41",' : '';
  const body = `{"realName":"Reza Wijaya","amount":"20000.00","reusableStatus":false,${product}"expireTime":3600,"mchOrderNo":"B${base}-${i}","notifyUrl":"${notifyUrl}","currency":"IDR","remark":"Electronic Cigarettes","nonceStr":"16a5a70f43384134bfae33acc77132e0"}`;
  return { path, sender: senderOf(m), sign: signed(body, keyOf(m)), body };
}

function callbackBody(reference: string): string {
  return `{"amount":20000.00,"completionTime":"2026-01-15 10:07:06","fee":300.0000,"mchOrderNo":"${reference}","merchantId":"${channelSender}","nonceStr":"1733116026894","orderNo":"PAYIN8551790545658687488","orderStatus":"SUCCESS","payCode":"00020101","payType":"41"}`;
}

function callbackLetter(path: string, reference: string): Letter {
  const body = callbackBody(reference);
  return { path, sender: channelSender, sign: signed(body, channelKey), body };
}

function preparedReference(i: number, base: bigint): string {
  const id = base + BigInt(i) * 16n;
  const home = (i % merchants).toString(16).padStart(2, '0');
  return home + createHash('md5').update(`${id}`).digest('hex').slice(0, 30);
}

/** Resolves with the reply's text. Leaner than `request`, because the load shares two cores with what it measures. */
function post(pool: Pool, letter: Letter): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let status = 0;
    pool.dispatch(
      {
        path: letter.path,
        method: 'POST',
        headers: { 'content-type': 'application/json', merchantid: letter.sender, sign: letter.sign },
        body: letter.body,
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData(_controller, chunk) {
          text += chunk.toString('latin1');
        },
        onResponseEnd() {
          if (status === 200) resolve(text);
          else reject(new Error(`${letter.path}: ${status} ${text}`));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}

async function load(ask: LoadAsk): Promise<LoadAnswer> {
  const letters = Array.from({ length: ask.count }, (_, i) =>
    ask.kind === 'desk'
      ? deskLetter(i, ask.base, 'http://127.0.0.1:9999/hook')
      : callbackLetter('/listen/3000000', preparedReference(i, ask.base)),
  );
  const expected = ask.kind === 'desk' ? '"code":200' : 'SUCCESS';
  const pool = new Pool(ask.url, { connections: ask.connections, pipelining: 1 });
  const took: number[] = [];
  const seconds = await inFlight(ask.count, ask.connections, async (i) => {
    const letter = letters[i];
    if (!letter) return;
    const began = performance.now();
    const said = await post(pool, letter);
    took.push(performance.now() - began);
    if (!said.includes(expected)) throw new Error(`${letter.path}: ${said}`);
  });
  await pool.close();
  return { rate: ask.count / seconds, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

/** Notices that arrived, and who waits for one. */
let delivered = 0;
const waitingFor = new Map<string, () => void>();
let onDelivered: () => void = () => {};

function sink(request: http.IncomingMessage, response: http.ServerResponse): void {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '7' });
    response.end('SUCCESS');
    delivered++;
    onDelivered();
    const number = /"mchOrderNo":"([^"]+)"/.exec(text)?.[1];
    if (number === undefined) return;
    waitingFor.get(number)?.();
    waitingFor.delete(number);
  });
}

let callbacks: Pool | null = null;
let listenPath = '';
let broken: Error | null = null;

/** Answers a create with a code and calls back as soon as the answer is written. */
function upstream(request: http.IncomingMessage, response: http.ServerResponse): void {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  request.on('end', () => {
    const reference = /"mchOrderNo":"([^"]+)"/.exec(text)?.[1] ?? '';
    const reply = `{"msg":"SUCCESS","code":200,"data":{"merchantId":"${channelSender}","mchOrderNo":"${reference}","orderNo":"PAYIN8551790545658687488","payCode":"00020101","payUrl":"","payDeskUrl":"","amount":"20000","orderFee":"300"}}`;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': `${reply.length}` });
    response.end(reply);
    response.once('finish', () => {
      if (callbacks)
        post(callbacks, callbackLetter(listenPath, reference)).catch((error: Error) => {
          broken = error;
        });
    });
  });
}

/** On all addresses: a sink has sixteen loopback names. */
async function listening(server: http.Server): Promise<string> {
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let servers: { sink: string; upstream: string } | null = null;

async function open(): Promise<{ sink: string; upstream: string }> {
  servers ??= {
    sink: await listening(http.createServer(sink)),
    upstream: await listening(http.createServer(upstream)),
  };
  return servers;
}

export interface LivesAsk {
  readonly url: string;
  readonly count: number;
  readonly width: number;
  readonly base: bigint;
}

/** A life is over when its notice has arrived; `width` of them are under way. */
async function lives(ask: LivesAsk): Promise<{ rate: number }> {
  const { sink: sinkUrl } = await open();
  const pool = new Pool(ask.url, { connections: 64, pipelining: 1 });
  callbacks = new Pool(ask.url, { connections: 64, pipelining: 1 });
  listenPath = '/listen/3000000';
  const letters = Array.from({ length: ask.count }, (_, i) => deskLetter(i, ask.base, `${sinkUrl}/hook`, '/api/payIn'));
  const seconds = await inFlight(ask.count, ask.width, async (i) => {
    const letter = letters[i];
    if (!letter) return;
    const arrived = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(broken ?? new Error('no notice in 30 s')), 30_000);
      waitingFor.set(`B${ask.base}-${i}`, () => {
        clearTimeout(late);
        resolve();
      });
    });
    const said = await post(pool, letter);
    if (!said.includes('"code":200')) throw new Error(said);
    await arrived;
  });
  await Promise.all([pool.close(), callbacks.close()]);
  callbacks = null;
  return { rate: ask.count / seconds };
}

/** Resolves with the seconds until `count` notices have arrived, from the first one on. */
function arrivals(count: number): Promise<{ rate: number }> {
  delivered = 0;
  let began = 0;
  return new Promise((resolve) => {
    onDelivered = () => {
      if (delivered === 1) began = performance.now();
      if (delivered < count) return;
      onDelivered = () => {};
      resolve({ rate: (count - 1) / ((performance.now() - began) / 1000) });
    };
  });
}

answerParent({ open, load, lives, arrivals });
