/** A ysepay merchant's own client, written from the protocol page alone: nothing of the project is used. SM2 is OpenSSL's. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv, createSign, createVerify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, member, request, textAt } from './http.ts';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface YsepayKeys {
  readonly partnerId: string;
  readonly privateKeyPem: string;
  readonly sm2PrivateKeyPem: string;
  readonly platformPublicKeyPem: string;
  readonly platformSm2PublicKeyPem: string;
}

export type Members = Readonly<Record<string, unknown>>;

export interface How {
  readonly charset?: 'UTF-8' | 'GBK' | 'gb2312';
  readonly signType?: 'RSA' | 'SM';
  /** Outer members beside or instead of the usual ones; undefined leaves one out. */
  readonly outer?: Readonly<Record<string, string | undefined>>;
}

/** A reply: its node's name and members, and whether the platform's signature fits the node's text. */
export interface Told {
  readonly node: string;
  readonly is: Readonly<Record<string, string>>;
  readonly isSigned: boolean;
  readonly text: string;
  readonly json: unknown;
}

export const card = {
  name: '张三',
  number: '6228480402564890018',
  mobile: '13800138000',
  idNumber: '110101199003070011',
  cvv: '739',
  expiry: '1230',
} as const;

export class YsepayMerchant {
  readonly keys: YsepayKeys;
  readonly #url: () => string;
  #numbers = 0;

  constructor(url: () => string, keys: YsepayKeys) {
    this.#url = url;
    this.keys = keys;
  }

  /** An order number of today that nobody has used. */
  fresh(letter = 'e'): string {
    return `${chinaTime().slice(0, 10).replaceAll('-', '')}${letter}${process.pid}${++this.#numbers}`;
  }

  get today(): string {
    return chinaTime().slice(0, 10).replaceAll('-', '');
  }

  /** Exactly this body. */
  raw(body: string | Uint8Array, path = '/gateway.do'): Promise<Answer> {
    const headers = [['content-type', 'application/x-www-form-urlencoded']] as const;
    return request('POST', `${this.#url()}${path}`, headers, body, 100_000);
  }

  /** The members of a request, signed, as bytes in the charset. */
  form(
    method: string,
    biz: Members,
    { charset = 'UTF-8', signType = 'RSA', outer = {} }: How = {},
  ): Map<string, Buffer> {
    const members: Record<string, string | undefined> = {
      method,
      partner_id: this.keys.partnerId,
      timestamp: chinaTime(),
      charset,
      sign_type: signType,
      version: '3.0',
      biz_content: JSON.stringify(biz),
      ...outer,
    };
    const bytes = new Map<string, Buffer>();
    for (const [name, value] of Object.entries(members))
      if (value !== undefined) bytes.set(name, inCharset(value, charset));
    const names = [...bytes.keys()].filter((name) => bytes.get(name)?.toString('latin1').trim() !== '').sort();
    const parts = names.map((name) => Buffer.concat([Buffer.from(`${name}=`), bytes.get(name) ?? Buffer.alloc(0)]));
    const canonical = joined(parts);
    bytes.set('sign', Buffer.from(this.sign(canonical, signType)));
    return bytes;
  }

  sign(canonical: Uint8Array, signType: 'RSA' | 'SM'): string {
    if (signType === 'RSA') return createSign('RSA-SHA1').update(canonical).sign(this.keys.privateKeyPem, 'base64');
    return inFolder((file) => {
      writeFileSync(file('key'), this.keys.sm2PrivateKeyPem);
      writeFileSync(file('text'), canonical);
      const args = ['dgst', '-sm3', '-sign', file('key'), '-sigopt', 'distid:1234567812345678', file('text')];
      return execFileSync('openssl', args).toString('base64');
    });
  }

  /** Does the platform's signature fit? */
  verify(signed: Uint8Array, sign: string, signType: string): boolean {
    if (signType === 'RSA')
      return createVerify('RSA-SHA1').update(signed).verify(this.keys.platformPublicKeyPem, sign, 'base64');
    return inFolder((file) => {
      writeFileSync(file('key'), this.keys.platformSm2PublicKeyPem);
      writeFileSync(file('text'), signed);
      writeFileSync(file('sign'), Buffer.from(sign, 'base64'));
      const args = ['dgst', '-sm3', '-verify', file('key'), '-sigopt', 'distid:1234567812345678'];
      return spawnSync('openssl', [...args, '-signature', file('sign'), file('text')]).status === 0;
    });
  }

  async ask(method: string, biz: Members, how: How = {}): Promise<Told> {
    const answer = await this.raw(encoded(this.form(method, biz, how)));
    return this.told(answer, how);
  }

  told(answer: Answer, { charset = 'UTF-8', signType = 'RSA' }: How = {}): Told {
    const text = new TextDecoder(charset).decode(answer.body);
    const json: unknown = JSON.parse(text);
    const node = Object.keys(json as object).find((name) => name.endsWith('_response')) ?? '';
    const raw = text.slice(text.indexOf(`"${node}":`) + node.length + 3, -1);
    const members = Object.entries((member(json, node) ?? {}) as object);
    return {
      node,
      text,
      json,
      is: Object.fromEntries(members.filter(([, value]) => typeof value === 'string')) as Record<string, string>,
      isSigned: this.verify(inCharset(raw, charset), textAt(json, 'sign'), signType),
    };
  }

  des(plain: string): string {
    return desOf(plain, this.keys.partnerId);
  }

  signing(no: string, changes: Members = {}): Members {
    return {
      out_trade_no: no,
      seller_id: 'shop-1',
      seller_name: '测试商户',
      buyer_name: this.des(card.name),
      buyer_card_number: this.des(card.number),
      buyer_mobile: this.des(card.mobile),
      pyerIDNo: this.des(card.idNumber),
      cardCvn2: this.des(card.cvv),
      cardExprDt: this.des(card.expiry),
      user_id: 'user-1',
      ...changes,
    };
  }

  paying(no: string, protocolNo: string, changes: Members = {}): Members {
    return {
      out_trade_no: no,
      shopdate: this.today,
      subject: '测试订单',
      total_amount: '12.34',
      seller_id: 'shop-1',
      seller_name: '测试商户',
      timeout_express: '30m',
      business_code: '3010002',
      protocol_no: protocolNo,
      user_id: 'user-1',
      ...changes,
    };
  }

  refunding(no: string, refundNo: string, amount: string, changes: Members = {}): Members {
    return {
      out_trade_no: no,
      shopdate: this.today,
      refund_amount: amount,
      refund_reason: '退款',
      out_request_no: refundNo,
      ...changes,
    };
  }
}

/** A DES member (page, section 2.5): GBK, key of the partner's first eight characters. */
export function desOf(plain: string, partnerId: string): string {
  const key = Buffer.from(partnerId.slice(0, 8).padStart(8, ' '));
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null);
  return Buffer.concat([cipher.update(inCharset(plain, 'GBK')), cipher.final()]).toString('base64');
}

/** "yyyy-MM-dd HH:mm:ss" in China. */
function chinaTime(at: number = Date.now()): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Every byte escaped but letters and digits. */
export function encoded(form: ReadonlyMap<string, Uint8Array>): string {
  const escape = (bytes: Uint8Array) =>
    [...bytes]
      .map((byte) => {
        const char = String.fromCharCode(byte);
        return /[A-Za-z0-9]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
      })
      .join('');
  return [...form].map(([name, value]) => `${name}=${escape(value)}`).join('&');
}

/** As the Java client sends it: raw bytes, only `+` escaped. */
export function sloppy(form: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return joined(
    [...form].map(([name, value]) => {
      const text = Buffer.from(value).toString('latin1').replaceAll('+', '%2B');
      return Buffer.concat([Buffer.from(`${name}=`), Buffer.from(text, 'latin1')]);
    }),
  );
}

function joined(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('&'), part])));
}

/** GBK by a table of its own, made with Node's decoder. */
const gbk = new Map<string, Buffer>();

function inCharset(text: string, charset: string): Buffer {
  if (charset === 'UTF-8') return Buffer.from(text);
  if (gbk.size === 0) {
    const decoder = new TextDecoder('gbk');
    for (let lead = 0x81; lead <= 0xfe; lead += 1)
      for (let trail = 0x40; trail <= 0xfe; trail += 1)
        if (trail !== 0x7f) gbk.set(decoder.decode(Uint8Array.of(lead, trail)), Buffer.from([lead, trail]));
  }
  return Buffer.concat(
    Array.from(text, (char) => (char <= '\x7f' ? Buffer.from(char) : (gbk.get(char) ?? Buffer.from('?')))),
  );
}

function inFolder<T>(work: (file: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'kanal-ys-'));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
