/** Keys and settings of a ysepay credential or channel. A party holds an RSA pair, an SM2 pair, or both. */
import type { KeySpec, Keys, SettingSpec } from '../protocol.ts';

export type SignType = 'RSA' | 'SM';

/** Names of the two keys of each algorithm: theirs opens, ours seals. */
export const keyNames: Readonly<Record<SignType, { readonly theirs: string; readonly ours: string }>> = {
  RSA: { theirs: 'publicKey', ours: 'privateKey' },
  SM: { theirs: 'sm2PublicKey', ours: 'sm2PrivateKey' },
};

export const keySpecs: readonly KeySpec[] = [
  {
    name: 'publicKey',
    kind: 'public-key',
    issued: false,
    required: false,
    about: {
      en: "The other party's RSA key (PEM, or a certificate): sign_type RSA.",
      zh: '对方 RSA 公钥（PEM 或证书），用于 sign_type RSA。',
      id: 'Kunci RSA pihak lain (PEM atau sertifikat), untuk sign_type RSA.',
    },
  },
  {
    name: 'sm2PublicKey',
    kind: 'public-key',
    issued: false,
    required: false,
    about: {
      en: "The other party's SM2 key (PEM, curve 1.2.156.10197.1.301): sign_type SM.",
      zh: '对方 SM2 公钥（PEM，曲线 1.2.156.10197.1.301），用于 sign_type SM。',
      id: 'Kunci SM2 pihak lain (PEM, kurva 1.2.156.10197.1.301), untuk sign_type SM.',
    },
  },
  {
    name: 'privateKey',
    kind: 'private-key',
    issued: true,
    required: false,
    about: {
      en: 'Our RSA key towards this party.',
      zh: '我方用于该对方的 RSA 私钥。',
      id: 'Kunci RSA kami untuk pihak ini.',
    },
  },
  {
    name: 'sm2PrivateKey',
    kind: 'private-key',
    issued: true,
    required: false,
    about: {
      en: 'Our SM2 key towards this party.',
      zh: '我方用于该对方的 SM2 私钥。',
      id: 'Kunci SM2 kami untuk pihak ini.',
    },
  },
];

export const settingSpecs = [
  {
    name: 'windowS',
    side: 'merchant',
    pattern: /^[0-9]{1,8}$/,
    default: '600',
    about: {
      en: 'How far a timestamp may be from our clock, in seconds, in either direction.',
      zh: 'timestamp 与我方时钟的最大偏差（秒），前后均适用。',
      id: 'Selisih terbesar timestamp dari jam kami, dalam detik, ke depan maupun ke belakang.',
    },
  },
  {
    name: 'dateRule',
    side: 'merchant',
    pattern: /^(?:on|off)$/,
    default: 'off',
    about: {
      en: 'on: out_trade_no must begin with the day (yyyyMMdd, China) of the request, one day more or less.',
      zh: 'on：out_trade_no 须以请求日期（yyyyMMdd，中国时间）开头，允许相差一天。',
      id: 'on: out_trade_no harus diawali tanggal permintaan (yyyyMMdd, waktu Tiongkok), boleh selisih satu hari.',
    },
  },
  {
    name: 'signType',
    side: 'channel',
    pattern: /^(?:RSA|SM)$/,
    default: null,
    about: {
      en: 'Algorithm of our requests; without it RSA, or SM when there is only an SM2 key.',
      zh: '我方请求的签名算法；留空为 RSA，仅有 SM2 密钥时为 SM。',
      id: 'Algoritma permintaan kami; jika kosong RSA, atau SM bila hanya ada kunci SM2.',
    },
  },
  {
    name: 'charset',
    side: 'channel',
    pattern: /^(?:UTF-8|GBK)$/,
    default: 'UTF-8',
    about: {
      en: 'Charset of our requests and of the replies to them.',
      zh: '我方请求及其应答的字符集。',
      id: 'Charset permintaan kami dan jawabannya.',
    },
  },
  {
    name: 'sellerId',
    side: 'channel',
    pattern: /^[0-9A-Za-z_.@-]{1,20}$/,
    default: null,
    about: {
      en: "seller_id of what we ask for; without it the partner's own number.",
      zh: '我方请求中的 seller_id；留空则使用合作方自己的编号。',
      id: 'seller_id pada permintaan kami; jika kosong, nomor mitra sendiri.',
    },
  },
  {
    name: 'sellerName',
    side: 'channel',
    pattern: /^[^\p{Cc}]{1,50}$/u,
    default: 'Kanal',
    about: {
      en: 'seller_name of what we ask for.',
      zh: '我方请求中的 seller_name。',
      id: 'seller_name pada permintaan kami.',
    },
  },
  {
    name: 'businessCode',
    side: 'channel',
    pattern: /^[0-9]{1,10}$/,
    default: '01000010',
    about: {
      en: 'business_code of payments, as the platform assigned it.',
      zh: '收款所用的 business_code，由平台分配。',
      id: 'business_code pembayaran, sesuai yang diberikan platform.',
    },
  },
  {
    name: 'instalmentCode',
    side: 'channel',
    pattern: /^[0-9]{1,10}$/,
    default: '00510140',
    about: {
      en: 'business_code of payments by instalments.',
      zh: '分期收款所用的 business_code。',
      id: 'business_code pembayaran cicilan.',
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
] as const satisfies readonly SettingSpec[];

type SettingName = (typeof settingSpecs)[number]['name'];

const defaults: ReadonlyMap<string, string | null> = new Map(settingSpecs.map((spec) => [spec.name, spec.default]));

/** The setting, or its default; '' when it has none. */
export function settingOf(keys: Keys, name: SettingName): string {
  return keys.setting(name) ?? defaults.get(name) ?? '';
}

/** What we sign with towards this party unless a request said otherwise. */
export function ownSignType(keys: Keys): SignType {
  const wished = settingOf(keys, 'signType');
  if (wished === 'RSA' || wished === 'SM') return wished;
  return keys.keyObjects(keyNames.RSA.ours).length === 0 && keys.keyObjects(keyNames.SM.ours).length > 0 ? 'SM' : 'RSA';
}
