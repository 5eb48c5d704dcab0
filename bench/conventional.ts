/**
 * The usual way, as a peer for the HTTP row: node:http and pg, the same signature check, the same rows, one transaction per
 * request on a pool of 16. Less is checked than in Kanal: no strict JSON, no fingerprint of the content, no routes, no limits.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { DatabaseTarget } from '../src/store/database.ts';
import { idMaker } from '../src/world.ts';
import { answerParent } from './child.ts';
import { firstCredential, firstMerchant, keyOf } from './parties.ts';

const newId = idMaker(1023, () => Date.now());
let pool: pg.Pool | null = null;

interface Ask {
  readonly mchOrderNo: string;
  readonly amount: string;
  readonly remark: string;
  readonly realName: string;
  readonly notifyUrl: string;
  readonly expireTime: number;
}

async function store(client: pg.PoolClient, m: number, ask: Ask, body: Buffer): Promise<string> {
  const id = newId();
  const now = Date.now();
  const merchant = firstMerchant + m;
  const platformNo = `PAYDESK${100 + m}${randomBytes(8).readBigUInt64BE().toString().padStart(16, '0').slice(0, 16)}`;
  const fingerprint = createHash('sha256').update(body).digest();
  await client.query('begin');
  try {
    const taken = await client.query({
      name: 'number',
      text: `insert into numbers (home, merchant_id, space, number, kind, object_id, fingerprint)
        values ($1, $2, 'payin:payment', $3, 'payment', $4, $5) on conflict do nothing returning object_id`,
      values: [m, merchant, ask.mchOrderNo, id, fingerprint],
    });
    if (taken.rowCount !== 1) throw new Error('number used');
    await client.query({
      name: 'payment',
      text: `insert into payments (home, id, merchant_id, credential_id, protocol, order_no, platform_no, state, method, option,
          amount, currency, fee, channel_id, reference, created_at, expires_at, detail)
        values ($1, $2, $3, $4, 'payin', $5, $6, 'new', 'any', null, $7, 'IDR', 2500, null, null, $8, $9, $10)`,
      values: [
        m,
        id,
        merchant,
        firstCredential + m,
        ask.mchOrderNo,
        platformNo,
        BigInt(ask.amount.replace('.00', '')),
        now,
        now + ask.expireTime * 1000,
        JSON.stringify({
          subject: ask.remark,
          payer: { name: ask.realName, phone: null, email: null, country: 'ID' },
          notify: { kind: 'http', url: ask.notifyUrl },
          returnUrl: null,
          extras: { remark: ask.remark, signCase: 'upper' },
        }),
      ],
    });
    await client.query({
      name: 'work',
      text: `insert into work (home, object_id, kind, due_at) values ($1, $2, 'payment', $3)`,
      values: [m, id, now + ask.expireTime * 1000],
    });
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  return platformNo;
}

async function answer(sender: string, sign: string, body: Buffer): Promise<string> {
  const m = Number(sender) - firstMerchant;
  const wanted = Buffer.from(createHash('md5').update(body).update(keyOf(m)).digest('hex').toUpperCase());
  const given = Buffer.from(sign.toUpperCase());
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return '{"msg":"Sign_verify_error","code":500}';
  const ask = JSON.parse(body.toString()) as Ask;
  const client = await pool?.connect();
  if (!client) throw new Error('not started');
  try {
    const platformNo = await store(client, m, ask, body);
    return JSON.stringify({
      msg: 'SUCCESS',
      code: 200,
      data: {
        merchantId: sender,
        mchOrderNo: ask.mchOrderNo,
        orderNo: platformNo,
        amount: '20000',
        payUrl: 'http://127.0.0.1/',
      },
    });
  } finally {
    client.release();
  }
}

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    answer(String(request.headers['merchantid']), String(request.headers['sign']), Buffer.concat(chunks)).then(
      (text) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` });
        response.end(text);
      },
      (error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      },
    );
  });
});

answerParent({
  async start(target: DatabaseTarget) {
    pool = new pg.Pool({ ...target, max: 16, options: '-c search_path=kanal' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
});
process.once('SIGTERM', () => process.exit(0));
