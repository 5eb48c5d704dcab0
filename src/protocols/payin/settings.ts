/** Keys and settings of a payin credential or channel, and how a setting is looked up. */
import type { KeySpec, Keys, SettingSpec } from '../protocol.ts';
import { tokenSettings } from './codes.ts';

export const keySpecs: readonly KeySpec[] = [
  {
    name: 'apiKey',
    kind: 'text',
    issued: true,
    required: true,
    // Keys we issue have at least 32 characters and begin with a letter; imported ones may be shorter, never empty.
    pattern: /^[\x21-\x7e]{1,128}$/,
    about: {
      en: 'Appended to the body before MD5; the same key signs requests and notices.',
      zh: '计算 MD5 前附加在报文体之后；请求与通知使用同一密钥。',
      id: 'Ditambahkan di belakang isi sebelum MD5; kunci yang sama menandatangani permintaan dan notifikasi.',
    },
  },
];

const token = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const yesOrNo = /^(?:true|false)$/;

export const settingSpecs = [
  {
    name: 'signCase',
    side: 'both',
    pattern: /^(?:upper|lower|mirror)$/,
    default: 'mirror',
    about: {
      en: "Letter case of the signatures we send. mirror: as the merchant signed the order's request, else upper.",
      zh: '我方签名的大小写。mirror：与商户下单请求一致，否则为大写。',
      id: 'Huruf besar/kecil tanda tangan yang kami kirim. mirror: seperti merchant menandatangani permintaan pesanan, selain itu huruf besar.',
    },
  },
  {
    name: 'strictBody',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'A notice counts as taken only if the body says success besides HTTP 200, 301 or 302.',
      zh: '除 HTTP 200、301 或 302 外，应答正文还须为 success，通知才视为已送达。',
      id: 'Notifikasi dianggap diterima hanya bila isinya success, selain HTTP 200, 301, atau 302.',
    },
  },
  {
    name: 'asciiRemark',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: {
      en: 'Merchant: remark must be plain ASCII. Channel: a remark that is not is replaced by a plain word.',
      zh: '商户：remark 须为纯 ASCII。渠道：非 ASCII 的 remark 以普通词语替代。',
      id: 'Merchant: remark harus ASCII murni. Kanal: remark yang bukan ASCII diganti kata biasa.',
    },
  },
  {
    name: 'deskUrlMirrors',
    side: 'merchant',
    pattern: /^(?:desk|payUrl)$/,
    default: 'desk',
    about: {
      en: 'payUrl: payDeskUrl of a wallet order shows the wallet link, as in the documented create sample.',
      zh: 'payUrl：钱包订单的 payDeskUrl 返回钱包链接，与文档下单示例一致。',
      id: 'payUrl: payDeskUrl pesanan dompet berisi tautan dompet, seperti contoh pembuatan dalam dokumen.',
    },
  },
  {
    name: 'bankIds',
    side: 'channel',
    pattern: /^(?:[A-Z0-9_]+=[1-9][0-9]{0,8})(?:,[A-Z0-9_]+=[1-9][0-9]{0,8})*$/,
    default: null,
    about: {
      en: 'The platform\'s own bankId per core bank code ("BCA=1,BRI=3"), from its live bank list.',
      zh: '平台 bankId 与银行代码的对应（"BCA=1,BRI=3"），取自平台实时银行列表。',
      id: 'bankId platform untuk tiap kode bank ("BCA=1,BRI=3"), dari daftar banknya.',
    },
  },
  {
    name: 'payerName',
    side: 'channel',
    pattern: /^[A-Za-z][A-Za-z .'-]{0,63}$/,
    default: 'Customer',
    about: {
      en: 'realName of an order whose payer has neither name nor telephone number.',
      zh: '付款人既无姓名又无电话时使用的 realName。',
      id: 'realName untuk pesanan yang pembayarnya tanpa nama dan nomor telepon.',
    },
  },
  {
    name: 'tokenDuplicate',
    side: 'both',
    pattern: token,
    default: tokenSettings.tokenDuplicate,
    about: {
      en: 'Error token for a mchOrderNo that was used for something else.',
      zh: 'mchOrderNo 已用于其他订单时的错误码。',
      id: 'Token galat untuk mchOrderNo yang sudah dipakai untuk hal lain.',
    },
  },
  {
    name: 'tokenAmount',
    side: 'merchant',
    pattern: token,
    default: tokenSettings.tokenAmount,
    about: {
      en: 'Error token for an amount outside the limits.',
      zh: '金额超出限额时的错误码。',
      id: 'Token galat untuk jumlah di luar batas.',
    },
  },
  {
    name: 'tokenProductClosed',
    side: 'merchant',
    pattern: token,
    default: tokenSettings.tokenProductClosed,
    about: {
      en: 'Error token for a payType that cannot be used.',
      zh: 'payType 不可用时的错误码。',
      id: 'Token galat untuk payType yang tidak dapat dipakai.',
    },
  },
  {
    name: 'tokenUnknownOrder',
    side: 'both',
    pattern: token,
    default: tokenSettings.tokenUnknownOrder,
    about: {
      en: 'Error token for an order that does not exist.',
      zh: '订单不存在时的错误码。',
      id: 'Token galat untuk pesanan yang tidak ada.',
    },
  },
] as const satisfies readonly SettingSpec[];

export type SettingName = (typeof settingSpecs)[number]['name'];

const defaults: ReadonlyMap<string, string | null> = new Map(settingSpecs.map((spec) => [spec.name, spec.default]));

/** The setting, or its default; '' when it has none. */
export function settingOf(keys: Keys, name: SettingName): string {
  return keys.setting(name) ?? defaults.get(name) ?? '';
}
