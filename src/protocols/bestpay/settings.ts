/** Keys and settings of a Bestpay credential or channel, and how a setting is looked up. */
import type { KeySpec, Keys, SettingSpec } from '../protocol.ts';
import type { Digest } from './signing.ts';

export const keySpecs: readonly KeySpec[] = [
  {
    name: 'privateKey',
    kind: 'private-key',
    issued: true,
    required: true,
    about: {
      en: 'Ours, RSA in PEM: signs what we send to this party.',
      zh: '我方 RSA 私钥（PEM）：用于签名发送给对方的报文。',
      id: 'Kunci RSA kami (PEM): menandatangani yang kami kirim ke pihak ini.',
    },
  },
  {
    name: 'publicKey',
    kind: 'public-key',
    issued: false,
    required: true,
    about: {
      en: "The other party's, RSA in PEM: verifies what it sends (a channel: the platform's certificate).",
      zh: '对方 RSA 公钥（PEM）：用于验证对方报文（渠道填写平台证书）。',
      id: 'Kunci RSA pihak lain (PEM): memverifikasi yang dikirimnya (untuk kanal: sertifikat platform).',
    },
  },
];

const yesOrNo = /^(?:true|false)$/;
const digest = /^(?:sha1|sha256)$/;
const id = '[0-9A-Za-z_.-]{1,64}';

export const settingSpecs = [
  {
    name: 'merchantNo',
    side: 'both',
    pattern: new RegExp(`^${id}(?:,${id}){0,999}$`),
    default: null,
    about: {
      en: 'Merchant: the shops its institutionCode may act for, by comma. Channel: the shop we trade for. Without it the institution itself.',
      zh: '商户：该 institutionCode 可代理的门店号，以逗号分隔。渠道：我方交易所用的门店号。留空则为机构本身。',
      id: 'Merchant: toko yang boleh diwakili institutionCode-nya, dipisah koma. Kanal: toko yang kami wakili. Jika kosong, lembaga itu sendiri.',
    },
  },
  {
    name: 'requestDigest',
    side: 'both',
    pattern: digest,
    default: 'sha256',
    about: {
      en: 'Hash under requests.',
      zh: '请求签名所用的摘要算法。',
      id: 'Algoritma hash untuk tanda tangan permintaan.',
    },
  },
  {
    name: 'responseDigest',
    side: 'both',
    pattern: digest,
    default: 'sha1',
    about: {
      en: 'Hash under replies and callbacks; production signs with SHA-1.',
      zh: '应答与回调签名所用的摘要算法；生产环境使用 SHA-1。',
      id: 'Algoritma hash untuk jawaban dan callback; lingkungan produksi memakai SHA-1.',
    },
  },
  {
    name: 'otherDigest',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'Also accept the other hash from this party.',
      zh: '同时接受对方使用另一种摘要算法。',
      id: 'Terima juga algoritma hash yang satunya dari pihak ini.',
    },
  },
  {
    name: 'signCompat',
    side: 'merchant',
    pattern: /^(?:strict|lenient)$/,
    default: 'strict',
    about: {
      en: 'lenient: also accept signatures that leave null and empty members out.',
      zh: 'lenient：也接受签名时忽略 null 和空值字段的签名。',
      id: 'lenient: terima juga tanda tangan yang melewatkan anggota null dan kosong.',
    },
  },
  {
    name: 'requestWindowS',
    side: 'merchant',
    pattern: /^[0-9]{1,7}$/,
    default: '86400',
    about: {
      en: 'How far requestDate may be from our clock, in seconds; 0 = not looked at.',
      zh: 'requestDate 与我方时钟的最大偏差（秒）；0 表示不检查。',
      id: 'Selisih terbesar requestDate dari jam kami, dalam detik; 0 = tidak diperiksa.',
    },
  },
  {
    name: 'faceToken',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'Accept a face token (fp…) as mediumNo.',
      zh: '允许以刷脸令牌（fp…）作为 mediumNo。',
      id: 'Terima token wajah (fp…) sebagai mediumNo.',
    },
  },
  {
    name: 'wechatUserCode',
    side: 'both',
    pattern: /^(?:required|optional)$/,
    default: 'required',
    about: {
      en: 'Must a TENPAY order carry userCode? Channel: without one such an order is not sent there.',
      zh: 'TENPAY 订单是否必须带 userCode？渠道：没有 userCode 的此类订单不会发往该渠道。',
      id: 'Apakah pesanan TENPAY harus memuat userCode? Kanal: tanpa itu, pesanan demikian tidak dikirim ke sana.',
    },
  },
  {
    name: 'stringResult',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: '`result` of refund and queryRefundOrder as a JSON string instead of an object.',
      zh: 'refund 与 queryRefundOrder 的 `result` 以 JSON 字符串而非对象返回。',
      id: '`result` dari refund dan queryRefundOrder sebagai string JSON, bukan objek.',
    },
  },
  {
    name: 'refundNotifyOutTradeNo',
    side: 'both',
    pattern: /^(?:refund|order)$/,
    default: 'refund',
    about: {
      en: "outTradeNo of a refund's callback: the refund's number or the order's.",
      zh: '退款回调中的 outTradeNo：退款单号或原订单号。',
      id: 'outTradeNo pada callback pengembalian: nomor pengembalian atau nomor pesanan.',
    },
  },
  {
    name: 'notifyFailures',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'Also tell payments that failed or were closed.',
      zh: '失败或已关闭的收款也发送通知。',
      id: 'Beri tahu juga pembayaran yang gagal atau ditutup.',
    },
  },
  {
    name: 'ackCompat',
    side: 'merchant',
    pattern: /^(?:strict|lenient)$/,
    default: 'strict',
    about: {
      en: 'lenient: {"resultCode":"SUCCESS"} is an acknowledgement too.',
      zh: 'lenient：{"resultCode":"SUCCESS"} 也视为确认应答。',
      id: 'lenient: {"resultCode":"SUCCESS"} juga dianggap sebagai konfirmasi.',
    },
  },
  {
    name: 'refundPeriodDays',
    side: 'merchant',
    pattern: /^[0-9]{1,5}$/,
    default: '365',
    about: {
      en: 'How long after payment a refund may be asked for.',
      zh: '付款后可申请退款的期限。',
      id: 'Berapa lama setelah pembayaran pengembalian boleh diminta.',
    },
  },
  {
    name: 'operator',
    side: 'channel',
    pattern: /^[0-9A-Za-z_.@-]{1,32}$/,
    default: 'kanal',
    about: {
      en: 'operator of the orders and refunds we send.',
      zh: '我方发出的订单与退款中的 operator。',
      id: 'operator pada pesanan dan pengembalian yang kami kirim.',
    },
  },
  {
    name: 'closesUnpaid',
    side: 'channel',
    pattern: yesOrNo,
    default: 'true',
    about: {
      en: 'Twin: an unpaid order ends by itself after its timeOut, as there is no call that closes it.',
      zh: '模拟渠道：由于没有关单接口，未付订单在 timeOut 后自动结束。',
      id: 'Simulator: pesanan yang belum dibayar berakhir sendiri setelah timeOut, karena tidak ada panggilan untuk menutupnya.',
    },
  },
  {
    name: 'lateMoney',
    side: 'channel',
    pattern: /^(?:revive|refund|suspense)$/,
    default: 'refund',
    about: {
      en: 'A success after the end: the money goes back by itself, the order revives, or a person decides.',
      zh: '订单结束后才收到成功结果：自动退款、恢复订单，或由人工判定。',
      id: 'Sukses setelah pesanan berakhir: dana kembali sendiri, pesanan dihidupkan lagi, atau orang yang memutuskan.',
    },
  },
] as const satisfies readonly SettingSpec[];

export type SettingName = (typeof settingSpecs)[number]['name'];

const defaults: ReadonlyMap<string, string | null> = new Map(settingSpecs.map((spec) => [spec.name, spec.default]));

/** The setting, or its default; '' when it has none. */
export function settingOf(keys: Keys, name: SettingName): string {
  return keys.setting(name) ?? defaults.get(name) ?? '';
}

export function isSet(keys: Keys, name: SettingName): boolean {
  return settingOf(keys, name) === 'true';
}

/** The digests a message of that direction may be signed with, the configured one first (T016: nothing in the message chooses). */
export function digestsOf(keys: Keys, name: 'requestDigest' | 'responseDigest'): readonly Digest[] {
  const own: Digest = settingOf(keys, name) === 'sha1' ? 'sha1' : 'sha256';
  return isSet(keys, 'otherDigest') ? [own, own === 'sha1' ? 'sha256' : 'sha1'] : [own];
}

/** The shops this party trades for; the first is the one we name when we speak for it. Never empty. */
export function shopsOf(keys: Keys): readonly [string, ...string[]] {
  const [first, ...others] = settingOf(keys, 'merchantNo').split(',');
  return first === undefined || first === '' ? [keys.sender] : [first, ...others];
}
