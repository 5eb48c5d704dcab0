/** A Bestpay merchant's own client and its end of callbacks, written from the protocol page alone: nothing of the project is used. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, member, request } from './http.ts';

export type Members = Readonly<Record<string, unknown>>;

/** Page, section 3.1: sorted by code unit, nulls and empties kept, nested values as compact JSON with sorted keys. */
export function bestpayText(members: Members): string {
  return Object.keys(members)
    .filter((name) => name !== 'sign')
    .sort()
    .map((name) => `${name}=${plain(members[name])}`)
    .join('&');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : nested(value);
}

function nested(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(nested).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${nested(inner)}`).join(',')}}`;
}

/** "2024-01-02 10:20:30" in China. */
export function chinaTime(at: number = Date.now()): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

export interface Told {
  readonly text: string;
  readonly success: unknown;
  readonly code: unknown;
  readonly result: Readonly<Record<string, unknown>>;
  readonly status: unknown;
  /** SHA-1 over the members, by the platform. */
  readonly isSigned: boolean;
}

export interface BestpayKeys {
  readonly institutionCode: string;
  readonly merchantNo: string;
  readonly privateKeyPem: string;
  readonly platformPublicKeyPem: string;
}

const base = '/mapi/o2o/aggregatePayment';
const paths: Readonly<Record<string, string>> = {
  barcode: '/orderMixBrcode',
  qr: '/platform/orderMixQrcode',
  confirm: '/confirmOrderStatus',
  refund: '/refund',
  findRefund: '/queryRefundOrder',
};

export class BestpayMerchant {
  readonly keys: BestpayKeys;
  readonly #url: () => string;
  readonly #privateKey: KeyObject;
  readonly #platformKey: KeyObject;

  constructor(url: () => string, keys: BestpayKeys) {
    this.#url = url;
    this.keys = keys;
    this.#privateKey = createPrivateKey(keys.privateKeyPem);
    this.#platformKey = createPublicKey(keys.platformPublicKeyPem);
  }

  signature(members: Members, digest = 'sha256'): string {
    return sign(digest, Buffer.from(bestpayText(members)), this.#privateKey).toString('base64');
  }

  isByPlatform(members: Members): boolean {
    const signature = Buffer.from(String(members['sign']), 'base64');
    return verify('sha1', Buffer.from(bestpayText(members)), this.#platformKey, signature);
  }

  /** Exactly this body. */
  raw(path: string, body: string | Uint8Array, type = 'application/json; charset=utf-8'): Promise<Answer> {
    return request('POST', `${this.#url()}${base}${path}`, [['content-type', type]], body, 60_000);
  }

  /** Members as given, signed. An undefined member is left out. */
  async ask(operation: string, members: Members): Promise<Told> {
    const given = { institutionCode: this.keys.institutionCode, merchantNo: this.keys.merchantNo, ...members };
    const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const body = JSON.stringify({ ...asked, sign: this.signature(asked) });
    return this.told(await this.raw(paths[operation] ?? operation, body));
  }

  told(answer: Answer): Told {
    const json = JSON.parse(answer.text) as Members;
    const result = (
      typeof json['result'] === 'string' ? JSON.parse(json['result']) : (json['result'] ?? {})
    ) as Members;
    return {
      text: answer.text,
      success: json['success'],
      code: json['errorCode'],
      result,
      status: result['tradeStatus'],
      isSigned: this.isByPlatform(json),
    };
  }

  barcode(no: string, changes: Members = {}): Promise<Told> {
    return this.ask('barcode', {
      outTradeNo: no,
      tradeAmt: 1280,
      subject: '聚合支付付款码下单',
      mediumNo: '510123456789012345',
      requestDate: chinaTime(),
      timeOut: 1500,
      goodsInfo: '咖啡 x2',
      notifyUrl: 'http://127.0.0.1:9/nobody',
      operator: 'op01',
      ...changes,
    });
  }

  qr(no: string, changes: Members = {}): Promise<Told> {
    return this.ask('qr', {
      outTradeNo: no,
      tradeAmt: 1280,
      subject: '聚合支付收款码下单',
      tradeType: 'ALIPAY',
      requestDate: chinaTime(),
      timeOut: 1500,
      goodsInfo: '咖啡 x2',
      notifyUrl: 'http://127.0.0.1:9/nobody',
      operator: 'op01',
      ...changes,
    });
  }

  confirm(no: string, changes: Members = {}): Promise<Told> {
    return this.ask('confirm', { outTradeNo: no, tradeDate: chinaTime(), ...changes });
  }

  refund(no: string, refundNo: string, fen: unknown, changes: Members = {}): Promise<Told> {
    return this.ask('refund', {
      outTradeNo: no,
      outRequestNo: refundNo,
      refundAmt: fen,
      requestDate: chinaTime(),
      operator: 'op01',
      notifyUrl: 'http://127.0.0.1:9/nobody',
      ...changes,
    });
  }

  findRefund(no: string, refundNo: string, changes: Members = {}): Promise<Told> {
    return this.ask('findRefund', { outTradeNo: no, outRequestNo: refundNo, refundDate: chinaTime(), ...changes });
  }
}

export interface Callback {
  readonly at: number;
  readonly path: string;
  readonly json: Members;
}

export interface CallbackBox {
  readonly url: string;
  readonly all: readonly Callback[];
  about(no: string): readonly Callback[];
  /** What is answered from now on; by default the document's acknowledgement. */
  say(status: number, text: string): void;
  close(): Promise<void>;
}

export const acknowledged = '{"success":true,"errorCode":"000000","errorMsg":"成功","result":{"statusCode":200}}';

export async function callbackBox(): Promise<CallbackBox> {
  const all: Callback[] = [];
  let answer: readonly [number, string] = [200, acknowledged];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const json = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Members;
      all.push({ at: Date.now(), path: incoming.url ?? '', json });
      response.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    all,
    about: (no) => all.filter(({ json }) => member(json, 'outTradeNo') === no),
    say: (status, text) => void (answer = [status, text]),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
