/**
 * BluePay: the upstream behind the unified merchant API. Virtual accounts, store codes and disbursements in rupiah.
 * All calls are GET requests with a query; callbacks are GET requests to `/listen/{channelId}`. README.md says the rest.
 */
import { Refusal } from '../../core/refusal.ts';
import type { Wording } from '../../core/wording.ts';
import type { Fields } from '../json.ts';
import {
  type AnyEndpoint,
  type Claim,
  endpoint,
  type KeySpec,
  type NumberKind,
  type Numbers,
  type Opened,
  type Protocol,
  type RequestWire,
  type RetryLadder,
  type Scene,
  type SettingSpec,
  type Verdict,
} from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { hexNumber, homeOfHex } from '../signing.ts';
import { statusOf } from './codes.ts';
import { ack, notice, queryOf, reply, request } from './legs.ts';
import { createAnswer, createAsk, transferAnswer, transferAsk } from './messages.ts';
import { queryAsk, queryPaymentAnswer, queryPayoutAnswer, resultOf } from './queries.ts';
import { readNotice, writeNotice } from './notice.ts';
import { refusals } from './refusals.ts';
import { splitQuery } from './signing.ts';

/** MD5 signatures and the encrypted block differ whenever the key is rotated; the members are what is compared. */
const volatile: ReadonlySet<string> = new Set(['encrypt', 'data']);

const create = endpoint({
  name: 'create',
  command: 'pay',
  method: 'GET',
  path: '/bluepay/offline.php',
  ask: createAsk,
  answer: createAnswer,
  suits: (ask) => ask.method === 'virtual-account' || ask.method === 'store-code',
  volatile,
  timeoutMs: 12_000,
  repeatable: false,
});

const transfer = endpoint({
  name: 'transfer',
  command: 'pay-out',
  method: 'GET',
  path: '/charge/indonesiaFintechTransfer/transferBalance',
  ask: transferAsk,
  answer: transferAnswer,
  volatile,
  timeoutMs: 12_000,
  repeatable: false,
});

const queryTransfer = endpoint({
  name: 'queryTransfer',
  command: 'query-payout',
  method: 'GET',
  path: '/charge/indonesiaFintechTransfer/queryTransfer',
  ask: queryAsk,
  answer: queryPayoutAnswer,
  volatile,
  timeoutMs: 10_000,
  repeatable: true,
});

const queryTransDetail = endpoint({
  name: 'queryTransDetail',
  command: 'query-payment',
  method: 'GET',
  path: '/charge/service/queryTransDetail',
  ask: queryAsk,
  answer: queryPaymentAnswer,
  volatile,
  timeoutMs: 10_000,
  repeatable: true,
});

const endpoints: readonly AnyEndpoint[] = [create, transfer, queryTransfer, queryTransDetail];

/** Older and test addresses of the same endpoints. */
const otherPaths: readonly (readonly [path: string, row: AnyEndpoint])[] = [
  ['/indonesia/express/gather/mo', create],
  ['/thaiCharge/service/queryTransDetail', queryTransDetail],
];
const byPath: ReadonlyMap<string, AnyEndpoint> = new Map([
  ...endpoints.map((row) => [row.path, row] as const),
  ...otherPaths,
]);

function identify(wire: RequestWire): Claim | null {
  const row = byPath.get(wire.target.split('?', 1)[0] ?? '');
  if (row === undefined) return null;
  if (wire.method !== row.method) throw new Refusal('invalid-request', { text: `${row.path} takes ${row.method}` });
  const raw = splitQuery(queryOf(wire.target));
  const sender = raw.find(([name]) => name === 'productId' || name === 'productid')?.[1] ?? '';
  if (!/^[0-9]{1,16}$/.test(sender)) throw new Refusal('unauthenticated', { field: 'productId' });
  return { endpoint: row, sender };
}

/** The number that decides about a reply, and where the order's own state stands beside it. */
const numbersIn: Readonly<Record<string, (reply: Fields) => readonly string[]>> = {
  create: (reply) => [scalarText(reply.get('status'))],
  transfer: (reply) => [scalarText(reply.get('code')), scalarText(reply.get('transferStatus'))],
  queryTransfer: (reply) => [scalarText(reply.get('code')), scalarText(reply.get('transferStatus'))],
  queryTransDetail: (reply) => [scalarText(reply.get('status')), scalarText(resultOf(reply)?.get('record_status'))],
};

function judge(opened: Opened, scene: Scene): Verdict {
  const name = scene.endpoint?.name ?? '';
  const [code = '', state = ''] = numbersIn[name]?.(opened.fields) ?? [];
  const said = scalarText(opened.fields.get('description')) || scalarText(opened.fields.get('message'));
  const verdict = (kind: 'declined' | 'not-found' | 'unknown', number: string): Verdict => ({
    kind,
    code: number,
    text: said || statusOf(scene.keys, number).text,
  });
  switch (name) {
    case 'create':
      return onCreate(code);
    case 'transfer':
      // 200 is the request's success here; then the transfer's own number counts.
      if (code === '200') return state === '200' ? { kind: 'answered' } : onCreate(state);
      return onCreate(code);
    default:
      if (code === '404' || (code === '200' && state === '404')) return verdict('not-found', '404');
      return code === '200' && state !== '' ? { kind: 'answered' } : verdict('unknown', code);
  }
  function onCreate(number: string): Verdict {
    const { onCreate: meaning } = statusOf(scene.keys, number);
    return meaning === 'accepted' ? { kind: 'answered' } : verdict(meaning, number);
  }
}

const keys: readonly KeySpec[] = [
  {
    name: 'key',
    kind: 'text',
    issued: false,
    required: true,
    pattern: /^[\x21-\x7e]{1,128}$/,
    about: {
      en: 'Key of the product: behind every signed text, and (cut or filled to 16) for the data of disbursements',
      zh: '产品密钥：附在每段签名文本之后；截取或补足至 16 位后用于加密代付数据。',
      id: 'Kunci produk: di belakang setiap teks yang ditandatangani, dan (dipotong atau digenapi menjadi 16) untuk data pencairan.',
    },
  },
  {
    name: 'iv',
    kind: 'text',
    issued: false,
    required: true,
    pattern: /^[\x20-\x7e]{16}$/,
    about: {
      en: 'Initialisation vector of the data of disbursements, 16 characters, issued with the key',
      zh: '代付数据加密的初始向量，16 个字符，与密钥一同发放。',
      id: 'Vektor inisialisasi data pencairan, 16 karakter, diterbitkan bersama kunci.',
    },
  },
];

function channel(name: string, pattern: RegExp, fallback: string | null, about: Wording): SettingSpec {
  return { name, side: 'channel', pattern, default: fallback, about };
}
const address = /^https?:\/\/[^\s#]{1,500}$/;
const path = /^\/[A-Za-z0-9/._-]{1,200}$/;
const yesNo = /^(?:true|false)$/;

const settings: readonly SettingSpec[] = [
  channel('codeSet', /^(?:fintech|general)$/, 'fintech', {
    en: 'Which meaning of status numbers the product has (506 and 601 differ)',
    zh: '产品采用的状态码含义（506 与 601 有差异）。',
    id: 'Arti nomor status yang dipakai produk (506 dan 601 berbeda).',
  }),
  channel('sandbox2257', yesNo, 'false', {
    en: 'Sandbox product: callbacks say THB; currency and price are not compared',
    zh: '沙箱产品：回调中币种为 THB；不核对币种与金额。',
    id: 'Produk sandbox: callback menyebut THB; mata uang dan harga tidak dibandingkan.',
  }),
  channel('staticVa', yesNo, 'false', {
    en: 'Ask for static virtual accounts; the payer needs a mobile number',
    zh: '申请静态虚拟账户；付款人须有手机号。',
    id: 'Minta virtual account statis; pembayar harus punya nomor ponsel.',
  }),
  channel('querySign', /^(?:operator|product)$/, 'operator', {
    en: 'Text that queries sign: the documented one, or that of the older demo',
    zh: '查询签名的文本：按文档，或按旧版示例。',
    id: 'Teks yang ditandatangani kueri: menurut dokumen, atau menurut demo lama.',
  }),
  channel('operatorId', /^[0-9A-Za-z_-]{1,32}$/, null, {
    en: 'Operator number for queries; without it the product number',
    zh: '查询所用的运营商编号；留空则使用产品编号。',
    id: 'Nomor operator untuk kueri; jika kosong, nomor produk.',
  }),
  channel('promotionId', /^[0-9A-Za-z_-]{1,32}$/, '1000', {
    en: 'promotionId of creates and disbursements',
    zh: '下单与代付所用的 promotionId。',
    id: 'promotionId untuk pembuatan pesanan dan pencairan.',
  }),
  channel('msisdn', /^62[0-9]{6,15}$/, null, {
    en: 'Number to give when an order has none',
    zh: '订单没有号码时使用的手机号。',
    id: 'Nomor yang diberikan bila pesanan tidak memilikinya.',
  }),
  channel('utcOffset', /^[+-][0-9]{2}:[0-9]{2}$/, '+08:00', {
    en: 'Zone of the times in replies',
    zh: '应答中时间的时区。',
    id: 'Zona waktu dalam jawaban.',
  }),
  channel('expiresInS', /^[0-9]{2,7}$/, '86400', {
    en: 'Seconds until an unpaid virtual account is closed on our side',
    zh: '我方关闭未付虚拟账户前等待的秒数。',
    id: 'Detik sampai virtual account yang belum dibayar ditutup di sisi kami.',
  }),
  channel('resultForm', /^(?:object|text)$/, 'object', {
    en: 'Twin: result of a collection query as an object or as JSON text',
    zh: '模拟渠道：收款查询的 result 以对象或 JSON 文本返回。',
    id: 'Simulator: result kueri penagihan sebagai objek atau teks JSON.',
  }),
  channel('url.create', address, null, {
    en: 'Base URL for creating orders, where its host is another',
    zh: '下单的基础地址（主机不同时）。',
    id: 'URL dasar untuk membuat pesanan, bila host-nya lain.',
  }),
  channel('url.transfer', address, null, {
    en: 'Base URL for disbursements',
    zh: '代付的基础地址。',
    id: 'URL dasar untuk pencairan.',
  }),
  channel('url.queryTransfer', address, null, {
    en: 'Base URL for queries of disbursements',
    zh: '代付查询的基础地址。',
    id: 'URL dasar untuk kueri pencairan.',
  }),
  channel('url.queryTransDetail', address, null, {
    en: 'Base URL for queries of collections',
    zh: '收款查询的基础地址。',
    id: 'URL dasar untuk kueri penagihan.',
  }),
  channel('path.create', path, null, {
    en: 'Other path for creating orders: /indonesia/express/gather/mo of older products',
    zh: '其他下单路径：旧产品使用 /indonesia/express/gather/mo。',
    id: 'Path lain untuk membuat pesanan: /indonesia/express/gather/mo pada produk lama.',
  }),
  channel('path.queryTransDetail', path, null, {
    en: 'Other path for queries of collections: /thaiCharge/service/queryTransDetail in test',
    zh: '其他收款查询路径：测试环境使用 /thaiCharge/service/queryTransDetail。',
    id: 'Path lain untuk kueri penagihan: /thaiCharge/service/queryTransDetail di lingkungan uji.',
  }),
];

/** Ours; BluePay documents none: at once, then 5 s, 30 s, 2 min, 10 min, 1 h. */
const retry: RetryLadder = {
  gapsMs: [5_000, 30_000, 120_000, 600_000, 3_600_000],
  connectTimeoutMs: 5_000,
  totalTimeoutMs: 10_000,
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As BluePay's own: product, five digits, epoch milliseconds, six letters (section 1.1). The first three digits are the home. */
function bluepayNo(_kind: NumberKind, home: number, nonce: (bytes: number) => Uint8Array, now: number): string {
  const random = nonce(7);
  const two = String((random[6] ?? 0) % 100).padStart(2, '0');
  const tail = Array.from(random.slice(0, 6), (byte) => letters[byte % letters.length]).join('');
  return `2257${String(home).padStart(3, '0')}${two}${String(now).padStart(13, '0')}${tail}`;
}

function homeOfBluepayNo(number: string): number | null {
  const home = Number(/^[0-9]{4}([0-9]{3})[0-9]{2}[0-9]{13}[A-Za-z]{6}$/.exec(number)?.[1] ?? 256);
  return home < 256 ? home : null;
}

const numbers: Numbers = {
  platformNo: bluepayNo,
  reference: (_kind, home, nonce) => hexNumber(home, nonce),
  homeOf: (number) => homeOfHex(number) ?? homeOfBluepayNo(number),
};

export const bluepay: Protocol = {
  name: 'bluepay',
  title: { en: 'BluePay Indonesia', zh: 'BluePay 印度尼西亚', id: 'BluePay Indonesia' },
  keys,
  settings,
  endpoints,
  capabilities: [
    {
      method: 'virtual-account',
      currencies: ['IDR'],
      options: ['BNI', 'MANDIRI', 'PERMATA'],
      min: 10_000n,
      max: null,
      sides: 'carry-out',
    },
    { method: 'store-code', currencies: ['IDR'], options: ['ALFAMART'], min: 10_000n, max: null, sides: 'carry-out' },
    { method: 'bank-transfer', currencies: ['IDR'], options: null, min: 10_000n, max: 14_075_000n, sides: 'carry-out' },
  ],
  maxBody: 16_384,
  identify,
  request,
  reply,
  notice,
  ack,
  judge,
  refusals,
  readNotice,
  writeNotice,
  retry,
  numbers,
  numberSpace: () => 'bluepay',
  confidential: ['key', 'iv', 'encrypt', 'data', 'payeeAccount', 'payeeName', 'payeeMsisdn', 'msisdn'],
};
