/** Keys and settings of a fufu credential or channel. */
import type { KeySpec, Keys, SettingSpec } from '../protocol.ts';
import { allWallets, documentedWallets } from './codes.ts';

export const keySpecs: readonly KeySpec[] = [
  {
    name: 'key',
    kind: 'text',
    issued: true,
    required: true,
    // Keys we issue have at least 32 characters and begin with a letter (T012); imported ones may be shorter, never empty.
    pattern: /^[\x21-\x7e]{1,128}$/,
    about: {
      en: 'mchtKey: stands between time stamp and body in every signature, of requests and of notices.',
      zh: 'mchtKey：请求与通知的每个签名中，位于时间戳与报文体之间。',
      id: 'mchtKey: berada di antara cap waktu dan isi pada setiap tanda tangan, baik permintaan maupun notifikasi.',
    },
  },
];

const httpsUrl = /^https?:\/\/[^\s#]{1,500}$/;
const yesOrNo = /^(?:true|false)$/;
const person = /^[^\s\p{Cc}]{1,32}$/u;

export const settingSpecs = [
  {
    name: 'signWindowS',
    side: 'both',
    pattern: /^[0-9]{1,6}$/,
    default: '0',
    about: {
      en: 'Seconds a signature may be away from our clock, both ways; 0 = any (as documented). 300 to 600 is sensible.',
      zh: '签名时间与我方时钟的最大偏差（秒），前后均适用；0 表示不限（按文档）。建议 300 至 600。',
      id: 'Selisih terbesar waktu tanda tangan dari jam kami, dalam detik, dua arah; 0 = bebas (sesuai dokumen). Disarankan 300 sampai 600.',
    },
  },
  {
    name: 'extraChannels',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'Use channel_type 3 (Bestpay) and 4 (UnionPay) beside the documented 1 and 2.',
      zh: '除文档中的 channel_type 1、2 外，还使用 3（翼支付）和 4（银联）。',
      id: 'Pakai juga channel_type 3 (Bestpay) dan 4 (UnionPay) di samping 1 dan 2 yang didokumentasikan.',
    },
  },
  {
    name: 'currencies',
    side: 'both',
    pattern: /^(?:CNY|THB|HKD)(?:,(?:CNY|THB|HKD)){0,2}$/,
    default: 'CNY,THB,HKD',
    about: {
      en: 'Currencies of fee_type. Foreign ones also need a rate (kanal rate set).',
      zh: 'fee_type 可用的币种。外币还须设置汇率（kanal rate set）。',
      id: 'Mata uang fee_type. Mata uang asing juga memerlukan kurs (kanal rate set).',
    },
  },
  {
    name: 'cancelHours',
    side: 'merchant',
    pattern: /^(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
    default: '01:00-23:00',
    about: {
      en: 'Chinese hours in which /cancel is open. Automatic reversals are not bound by them.',
      zh: '/cancel 的开放时段（中国时间）。自动冲正不受此限。',
      id: 'Jam buka /cancel (waktu Tiongkok). Pembatalan otomatis tidak terikat olehnya.',
    },
  },
  {
    name: 'endsAny',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: '/cancel also takes pre-orders and /close barcode orders.',
      zh: '/cancel 也受理预下单订单，/close 也受理付款码订单。',
      id: '/cancel juga menerima pra-pesanan dan /close juga menerima pesanan barcode.',
    },
  },
  {
    name: 'refundQueryByOrder',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'refundQuery also understands the number of the payment, when it has exactly one refund.',
      zh: '收款仅有一笔退款时，refundQuery 也可用收款单号查询。',
      id: 'refundQuery juga menerima nomor pembayaran bila hanya ada satu pengembalian.',
    },
  },
  {
    name: 'alipayUserUrl',
    side: 'merchant',
    pattern: httpsUrl,
    default: '',
    about: {
      en: 'Your page that finds out who an Alipay payer is: it gets redirect_uri and sends them back with openId added.',
      zh: '您用于识别支付宝付款人的页面：接收 redirect_uri，并附上 openId 跳转回来。',
      id: 'Halaman Anda yang mengenali pembayar Alipay: menerima redirect_uri dan mengirimnya kembali dengan tambahan openId.',
    },
  },
  {
    name: 'wechatUserUrl',
    side: 'merchant',
    pattern: httpsUrl,
    default: '',
    about: {
      en: 'The same for WeChat, under wechatAppId.',
      zh: '微信同上，使用 wechatAppId。',
      id: 'Sama untuk WeChat, dengan wechatAppId.',
    },
  },
  {
    name: 'wechatAppId',
    side: 'merchant',
    pattern: /^[0-9A-Za-z_-]{1,32}$/,
    default: '',
    about: {
      en: 'WeChat app under which wechatUserUrl gives openids.',
      zh: 'wechatUserUrl 提供的 openid 所属的微信应用。',
      id: 'Aplikasi WeChat pemilik openid yang diberikan wechatUserUrl.',
    },
  },
  {
    name: 'lateMoney',
    side: 'channel',
    pattern: /^(?:revive|refund|suspense)$/,
    default: 'refund',
    about: {
      en: 'What becomes of a success after the end: it goes back by itself, the order revives, or a person decides.',
      zh: '订单结束后才成功的款项如何处理：自动退款、恢复订单，或由人工判定。',
      id: 'Perlakuan atas sukses setelah pesanan berakhir: dana kembali sendiri, pesanan dihidupkan lagi, atau orang yang memutuskan.',
    },
  },
  {
    name: 'operatorId',
    side: 'channel',
    pattern: person,
    default: 'kanal',
    about: {
      en: 'operator_id of what we ask for.',
      zh: '我方请求中的 operator_id。',
      id: 'operator_id pada permintaan kami.',
    },
  },
  {
    name: 'terminalId',
    side: 'channel',
    pattern: person,
    default: 'kanal',
    about: {
      en: 'terminal_id of what we ask for.',
      zh: '我方请求中的 terminal_id。',
      id: 'terminal_id pada permintaan kami.',
    },
  },
] as const satisfies readonly SettingSpec[];

export type SettingName = (typeof settingSpecs)[number]['name'];

const defaults: ReadonlyMap<string, string> = new Map(settingSpecs.map((spec) => [spec.name, spec.default]));

export function settingOf(keys: Keys, name: SettingName): string {
  return keys.setting(name) ?? defaults.get(name) ?? '';
}

/** The wallets that have a channel_type between the two parties. */
export function walletsFor(keys: Keys): readonly string[] {
  return settingOf(keys, 'extraChannels') === 'true' ? allWallets : documentedWallets;
}
