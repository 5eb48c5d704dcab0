/** A fufu merchant's own client and its end of notices, written from the protocol page alone: nothing of the project is used. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, member, request, textAt } from './http.ts';

export type Members = Readonly<Record<string, unknown>>;

export function fufuSign(body: string | Uint8Array, key: string, timestamp: string = String(Date.now())): string {
  const stripped = Buffer.from(Buffer.from(body).filter((byte) => ![0x20, 9, 10, 11, 12, 13].includes(byte)));
  return `${createHash('md5').update(timestamp).update(key).update(stripped).digest('hex')}:${timestamp}`;
}

export interface Told {
  readonly text: string;
  readonly result: string;
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class FufuMerchant {
  readonly busiId: string;
  readonly key: string;
  readonly #url: () => string;

  constructor(url: () => string, keys: { readonly busiId: string; readonly key: string }) {
    this.#url = url;
    this.busiId = keys.busiId;
    this.key = keys.key;
  }

  /** Exactly this body and query. */
  raw(operation: string, body: string | Uint8Array, query = `?sign=${fufuSign(body, this.key)}`): Promise<Answer> {
    const url = `${this.#url()}/gateway/pay/${operation}${query}`;
    return request('POST', url, [['content-type', 'application/json; charset=UTF-8']], body, 100_000);
  }

  async ask(operation: string, members: Members): Promise<Told> {
    return toldIn(await this.raw(operation, JSON.stringify({ busi_id: this.busiId, ...members })));
  }

  order(no: string, changes: Members = {}): Promise<Told> {
    return this.ask('order', {
      operator_id: 'test1',
      terminal_id: '收银机1',
      total_fee: '250',
      channel_type: '1',
      auth_code: '288886863488188613',
      pay_subject: '测试商品1',
      out_trade_no: no,
      fee_type: 'CNY',
      ...changes,
    });
  }

  preOrder(no: string, changes: Members = {}): Promise<Told> {
    return this.ask('preOrder', {
      operator_id: '测试操作员',
      terminal_id: '05315830',
      total_fee: '10',
      channel_type: '0',
      pay_subject: '测试商户',
      out_trade_no: no,
      fee_type: 'CNY',
      trade_type: 'QRCODE',
      time_expire: '60',
      ...changes,
    });
  }

  query(no: string): Promise<Told> {
    return this.ask('query', { out_trade_no: no });
  }

  end(operation: 'cancel' | 'close', no: string, changes: Members = {}): Promise<Told> {
    return this.ask(operation, { operator_id: 'devid1', terminal_id: 'test1', out_trade_no: no, ...changes });
  }

  refund(no: string, refundNo: string, fee: unknown, changes: Members = {}): Promise<Told> {
    return this.ask('refund', {
      operator_id: 'devid1',
      terminal_id: 'terminal1',
      out_refund_no: refundNo,
      refund_fee: fee,
      out_trade_no: no,
      refund_subject: '退款',
      fee_type: 'CNY',
      ...changes,
    });
  }

  refundQuery(refundNo: string): Promise<Told> {
    return this.ask('refundQuery', { operator_id: 'devid1', terminal_id: 'test1', out_trade_no: refundNo });
  }

  async state(no: string): Promise<unknown> {
    return (await this.query(no)).data['state'];
  }
}

/** `result` is its return_code, `code` the word that says something. */
export function toldIn(answer: Answer): Told {
  const json: unknown = JSON.parse(answer.text);
  const data = (member(json, 'data') ?? {}) as Readonly<Record<string, unknown>>;
  const words = [data['return_msg'], data['return_code'], textAt(json, 'result', 'return_msg')];
  const code = words.find((word) => typeof word === 'string' && !['OK', 'SUCCESS', 'FAIL'].includes(word));
  const failed = data['return_code'] === 'FAIL' || textAt(json, 'result', 'return_code') === 'FAIL';
  return {
    text: answer.text,
    result: textAt(json, 'result', 'return_code'),
    code: typeof code === 'string' ? code : failed ? 'FAIL' : 'SUCCESS',
    data,
  };
}

export interface Notice {
  readonly at: number;
  readonly target: string;
  readonly body: string;
  readonly json: unknown;
}

export interface NoticeBox {
  readonly url: string;
  readonly all: readonly Notice[];
  /** What is answered from now on. */
  say(status: number, text: string): void;
  close(): Promise<void>;
}

export async function noticeBox(): Promise<NoticeBox> {
  const all: Notice[] = [];
  let answer: readonly [number, string] = [200, 'SUCCESS'];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      all.push({ at: Date.now(), target: incoming.url ?? '', body, json: JSON.parse(body) as unknown });
      response.writeHead(answer[0]).end(answer[1]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    all,
    say: (status, text) => void (answer = [status, text]),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
