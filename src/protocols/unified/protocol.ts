/**
 * The unified payment API: collect (`gather`), pay out (`loan`), query, and one notice per order. Its document knows no
 * authentication, so this folder is closed by default; README.md says how a caller proves itself and what is ours.
 */
import { Refusal } from '../../core/refusal.ts';
import type { Wording } from '../../core/wording.ts';
import {
  type Claim,
  endpoint,
  type AnyEndpoint,
  type KeySpec,
  type Numbers,
  type Protocol,
  type RequestWire,
  type SettingSpec,
} from '../protocol.ts';
import { hexNumber, homeOfHex } from '../signing.ts';
import { gatherAnswer, judge, loanAnswer, queryAnswer, refusals } from './answers.ts';
import { ack, notice, reply, request, routeOf } from './legs.ts';
import { gatherAsk, loanAsk, queryAsk } from './messages.ts';
import { readNotice, writeNotice } from './notice.ts';
import { samples } from './samples.ts';
import { apiKeyOf } from './signing.ts';

/** All members count: credentials and time stamps are headers here. */
const volatile: ReadonlySet<string> = new Set();

const endpoints: readonly AnyEndpoint[] = [
  endpoint({
    name: 'gather',
    command: 'pay',
    method: 'POST',
    path: '/pay/gather',
    ask: gatherAsk,
    answer: gatherAnswer,
    volatile,
    timeoutMs: 15_000,
    repeatable: false,
  }),
  endpoint({
    name: 'loan',
    command: 'pay-out',
    method: 'POST',
    path: '/pay/loan',
    ask: loanAsk,
    answer: loanAnswer,
    volatile,
    timeoutMs: 15_000,
    repeatable: false,
  }),
  endpoint({
    name: 'query',
    command: 'query-order',
    method: 'POST',
    path: '/pay/query',
    ask: queryAsk,
    answer: queryAnswer,
    volatile,
    timeoutMs: 10_000,
    repeatable: true,
  }),
];

/** The key's id, or, without the header, the context: a credential that an operator opened for a list of addresses. */
function identify(wire: RequestWire): Claim | null {
  const route = routeOf(wire.target);
  const row = endpoints.find(({ name }) => name === route?.name);
  if (route === null || row === undefined) return null;
  if (wire.method !== row.method)
    throw new Refusal('invalid-request', { why: 'malformed', text: 'only POST is served' });
  return { endpoint: row, sender: apiKeyOf(wire.headers)?.keyId ?? `@${route.context}` };
}

const keys: readonly KeySpec[] = [
  {
    name: 'apiKey',
    kind: 'text',
    issued: true,
    required: false,
    pattern: /^[A-Za-z][A-Za-z0-9_-]{31,127}$/,
    about: {
      en: 'Secret half of x-api-key: the header is <key id>.<secret>. Only a credential opened for addresses has none',
      zh: 'x-api-key 的密钥部分，请求头为 <key id>.<secret>。仅按来源地址开通的凭证没有此项。',
      id: 'Bagian rahasia x-api-key: header berbentuk <key id>.<secret>. Hanya kredensial yang dibuka untuk alamat tertentu yang tidak memilikinya.',
    },
  },
  {
    name: 'hmacKey',
    kind: 'text',
    issued: false,
    required: false,
    pattern: /^[\x21-\x7e]{32,256}$/,
    about: {
      en: 'Signs requests (x-timestamp, x-signature) and notices; without it notices are signed with the API key',
      zh: '用于请求（x-timestamp、x-signature）与通知的签名；留空则以 API 密钥签名通知。',
      id: 'Menandatangani permintaan (x-timestamp, x-signature) dan notifikasi; tanpanya notifikasi ditandatangani dengan kunci API.',
    },
  },
  {
    name: 'productKey',
    kind: 'text',
    issued: false,
    required: false,
    pattern: /^[\x21-\x7e]{1,128}$/,
    about: {
      en: 'Key of encrypt in originChannelCallBack; without it the API key',
      zh: 'originChannelCallBack 中 encrypt 所用的密钥；留空则使用 API 密钥。',
      id: 'Kunci encrypt dalam originChannelCallBack; tanpanya kunci API.',
    },
  },
];

function row(
  name: string,
  side: SettingSpec['side'],
  pattern: RegExp,
  fallback: string | null,
  about: Wording,
): SettingSpec {
  return { name, side, pattern, default: fallback, about };
}
const yesNo = /^(?:true|false)$/;

const settings: readonly SettingSpec[] = [
  row('successCode', 'merchant', /^10000{1,2}$/, '100000', {
    en: 'Success code: 100000 as in samples and service, 10000 as in the prose',
    zh: '成功码：100000 与示例及实际服务一致，10000 与文档正文一致。',
    id: 'Kode sukses: 100000 seperti pada contoh dan layanan, 10000 seperti pada teks dokumen.',
  }),
  row('context', 'merchant', /^[A-Za-z0-9_-]{1,64}$/, null, {
    en: 'First path segment that the credential may use; without it any',
    zh: '该凭证可用的首段路径；留空不限。',
    id: 'Segmen path pertama yang boleh dipakai kredensial; jika kosong, bebas.',
  }),
  row('hmac', 'merchant', /^(?:optional|required)$/, 'optional', {
    en: 'Must requests carry x-timestamp and x-signature?',
    zh: '请求是否必须带 x-timestamp 与 x-signature？',
    id: 'Apakah permintaan harus memuat x-timestamp dan x-signature?',
  }),
  row('lenientMobile', 'merchant', yesNo, 'false', {
    en: 'Accept orders without a usable mobile number',
    zh: '接受没有有效手机号的订单。',
    id: 'Terima pesanan tanpa nomor ponsel yang valid.',
  }),
  row('notifyProcess', 'merchant', yesNo, 'false', {
    en: 'Tell orders in progress as well',
    zh: '处理中的订单也发送通知。',
    id: 'Beri tahu juga pesanan yang sedang diproses.',
  }),
  row('environment', 'merchant', /^(?:sandbox|production)$/, null, {
    en: 'Refuse orders whose prodFlag names the other environment',
    zh: '拒绝 prodFlag 指向另一环境的订单。',
    id: 'Tolak pesanan yang prodFlag-nya menyebut lingkungan lain.',
  }),
  row('productId', 'both', /^[0-9]{1,16}$/, '2257', {
    en: 'Product number that is shown, or sent, when an order names none',
    zh: '订单未指定时显示或发送的产品编号。',
    id: 'Nomor produk yang ditampilkan, atau dikirim, bila pesanan tidak menyebutkannya.',
  }),
  row('utcOffset', 'both', /^[+-][0-9]{2}:[0-9]{2}$/, '+08:00', {
    en: 'Zone of all times',
    zh: '所有时间的时区。',
    id: 'Zona untuk semua waktu.',
  }),
  row('sendBackName', 'channel', yesNo, 'false', {
    en: 'Send payeeBackName beside payeeBankName',
    zh: '除 payeeBankName 外同时发送 payeeBackName。',
    id: 'Kirim payeeBackName di samping payeeBankName.',
  }),
  row('sandbox2257', 'channel', yesNo, 'false', {
    en: 'Sandbox product: notices say THB; currency and price are not compared',
    zh: '沙箱产品：通知中币种为 THB；不核对币种与金额。',
    id: 'Produk sandbox: notifikasi menyebut THB; mata uang dan harga tidak dibandingkan.',
  }),
];

const numbers: Numbers = {
  platformNo: (_kind, home, nonce) => hexNumber(home, nonce),
  reference: (_kind, home, nonce) => hexNumber(home, nonce),
  homeOf: homeOfHex,
};

export const unified: Protocol = {
  name: 'unified',
  title: { en: 'Unified payment API', zh: '统一支付接口', id: 'API pembayaran terpadu' },
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
      sides: 'both',
    },
    { method: 'store-code', currencies: ['IDR'], options: ['ALFAMART'], min: 10_000n, max: null, sides: 'both' },
    { method: 'bank-transfer', currencies: ['IDR'], options: null, min: 10_000n, max: 14_075_000n, sides: 'both' },
  ],
  maxBody: 65_536,
  identify,
  request,
  reply,
  notice,
  ack,
  judge,
  refusals,
  readNotice,
  writeNotice,
  /** One attempt, as documented; a longer ladder is a merchant's setting (row 18). */
  retry: { gapsMs: [], connectTimeoutMs: 5_000, totalTimeoutMs: 18_000 },
  numbers,
  /** One set of outTradeNo for gather and loan together. */
  numberSpace: () => 'unified',
  confidential: [
    'x-api-key',
    'x-signature',
    'apiKey',
    'hmacKey',
    'productKey',
    'encrypt',
    'payeeAccount',
    'payeeName',
    'mobile',
    'msisdn',
  ],
  samples,
};
