/**
 * `npm run bench -- --only g`: what ysepay's signatures cost.
 * 1. Requests opened and replies sealed per second of one processor, by algorithm.
 * 2. Another merchant's latency while somebody sends bad signatures as fast as 32 connections can.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fields } from '../../src/protocols/json.ts';
import type { Keys, Scene } from '../../src/protocols/protocol.ts';
import { formatLocalTime } from '../../src/protocols/leaves.ts';
import { ysepay } from '../../src/protocols/ysepay/protocol.ts';
import type { Told } from './gateway.ts';

const row = ysepay.endpoints.find(({ command }) => command === 'query-payment') ?? null;
const method = row?.name ?? '';

// ── one processor ───────────────────────────────────────────────────────────────────────────────────────────────────

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const algorithms: readonly [name: string, sm2: boolean, make: () => Pair][] = [
  ['RSA-1024', false, () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ['RSA-2048', false, () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['SM2', true, () => generateKeyPairSync('ec', { namedCurve: 'SM2' })],
];

/** One pair for both sides: who holds which half does not change the time. */
function sceneWith({ privateKey, publicKey }: Pair, sm2: boolean): Scene {
  const names = sm2 ? ['sm2PrivateKey', 'sm2PublicKey'] : ['privateKey', 'publicKey'];
  const keys: Keys = {
    sender: 'bench',
    secrets: () => [],
    keyObjects: (name) => (name === names[0] ? [privateKey] : name === names[1] ? [publicKey] : []),
    setting: (name) => (name === 'signType' ? (sm2 ? 'SM' : 'RSA') : null),
  };
  return { endpoint: row, keys, moment: Date.now(), nonce: (bytes) => randomBytes(bytes), url: '', request: null };
}

function perSecond(work: () => void, seconds = 1.5): number {
  for (let i = 0; i < 20; i += 1) work();
  const before = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    work();
    count += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return Math.round(count / ((user + system) / 1e6));
}

function costs(): void {
  console.log('\nper second of one processor          open (verify)   open and seal (verify, sign)');
  for (const [name, sm2, make] of algorithms) {
    const scene = sceneWith(make(), sm2);
    const body = ysepay.request.seal(fields({ biz_content: fields({ out_trade_no: '1' }) }), scene).body;
    // A fresh copy each time: what was parsed once is remembered by its bytes.
    const open = () =>
      ysepay.request.open(
        { kind: 'request', method: 'POST', target: '/gateway.do', headers: [], body: Buffer.from(body), remote: '' },
        scene,
      );
    const told = fields({ x_response: fields({ code: '10000', msg: 'Success', trade_status: 'TRADE_SUCCESS' }) });
    const both = () => ysepay.reply.seal(told, { ...scene, request: open() });
    console.log(`${name.padEnd(34)} ${String(perSecond(open)).padStart(15)} ${String(perSecond(both)).padStart(30)}`);
  }
}

// ── another merchant's latency ──────────────────────────────────────────────────────────────────────────────────────

const connections = 32;

async function latencies(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'kanal-bench-'));
  const gateway = fork(new URL('./gateway.js', import.meta.url), [data]);
  try {
    const told = await new Promise<Told>((resolve) => gateway.once('message', (message) => resolve(message as Told)));
    const victim = queryOf(told);
    await sampled(victim, 1_500);
    console.log(`\nlatency of another merchant's query (payin), ms    p50     p95     p99`);
    print('no flood', await sampled(victim, 4_000));
    for (const signType of ['RSA', 'SM']) {
      const flood = fork(new URL('./flood.js', import.meta.url), [
        told.url,
        badRequest(told, signType),
        String(connections),
      ]);
      const rate = counted(flood);
      await wait(1_500);
      print(`bad ${signType} signatures, ${connections} connections`, await sampled(victim, 5_000));
      flood.kill();
      console.log(`  the flood came to ${rate()} requests a second`);
      await wait(500);
    }
  } finally {
    gateway.send('stop');
    await new Promise((resolve) => gateway.once('exit', resolve));
    await rm(data, { recursive: true, force: true });
  }
}

function counted(flood: ChildProcess): () => number {
  const seconds: number[] = [];
  flood.on('message', (count) => seconds.push(Number(count)));
  return () => Math.max(0, ...seconds);
}

function badRequest({ partnerId }: Told, signType: string): string {
  // Right in form, so that it is really checked.
  const sm2 = Buffer.concat([
    Buffer.from('3044022011', 'hex'),
    Buffer.alloc(31, 0x22),
    Buffer.from('022011', 'hex'),
    Buffer.alloc(31, 0x33),
  ]);
  return new URLSearchParams({
    method,
    partner_id: partnerId,
    timestamp: formatLocalTime(Date.now(), 480),
    charset: 'UTF-8',
    sign_type: signType,
    version: '3.0',
    biz_content: '{"out_trade_no":"x"}',
    sign: (signType === 'SM' ? sm2 : Buffer.alloc(256, 0x11)).toString('base64'),
  }).toString();
}

function queryOf({ url, merchantId, apiKey }: Told): () => Promise<number> {
  const agent = new http.Agent({ keepAlive: true });
  const body = JSON.stringify({ merchantId, mchOrderNo: 'none', nonceStr: '1' });
  const sign = createHash('md5')
    .update(body + apiKey)
    .digest('hex');
  const headers = { 'content-type': 'application/json', merchantid: merchantId, sign, 'content-length': body.length };
  return () =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const sent = http.request(`${url}/api/payInQuery`, { agent, method: 'POST', headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(performance.now() - began));
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

async function sampled(query: () => Promise<number>, ms: number): Promise<number[]> {
  const took: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end; await wait(10)) took.push(await query());
  return took.sort((a, b) => a - b);
}

function print(name: string, took: readonly number[]): void {
  const at = (part: number) => (took[Math.floor(took.length * part)] ?? Number.NaN).toFixed(1).padStart(7);
  console.log(`${name.padEnd(47)} ${at(0.5)} ${at(0.95)} ${at(0.99)}`);
}

export async function measureSignatures(): Promise<void> {
  costs();
  await latencies();
}
