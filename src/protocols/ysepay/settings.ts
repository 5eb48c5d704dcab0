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
    about: "The other party's RSA key (PEM, or a certificate): sign_type RSA.",
  },
  {
    name: 'sm2PublicKey',
    kind: 'public-key',
    issued: false,
    required: false,
    about: "The other party's SM2 key (PEM, curve 1.2.156.10197.1.301): sign_type SM.",
  },
  {
    name: 'privateKey',
    kind: 'private-key',
    issued: true,
    required: false,
    about: 'Our RSA key towards this party.',
  },
  {
    name: 'sm2PrivateKey',
    kind: 'private-key',
    issued: true,
    required: false,
    about: 'Our SM2 key towards this party.',
  },
];

export const settingSpecs = [
  {
    name: 'windowS',
    side: 'merchant',
    pattern: /^[0-9]{1,8}$/,
    default: '600',
    about: 'How far a timestamp may be from our clock, in seconds, in either direction.',
  },
  {
    name: 'dateRule',
    side: 'merchant',
    pattern: /^(?:on|off)$/,
    default: 'off',
    about: 'on: out_trade_no must begin with the day (yyyyMMdd, China) of the request, one day more or less.',
  },
  {
    name: 'signType',
    side: 'channel',
    pattern: /^(?:RSA|SM)$/,
    default: null,
    about: 'Algorithm of our requests; without it RSA, or SM when there is only an SM2 key.',
  },
  {
    name: 'charset',
    side: 'channel',
    pattern: /^(?:UTF-8|GBK)$/,
    default: 'UTF-8',
    about: 'Charset of our requests and of the replies to them.',
  },
  {
    name: 'sellerId',
    side: 'channel',
    pattern: /^[0-9A-Za-z_.@-]{1,20}$/,
    default: null,
    about: "seller_id of what we ask for; without it the partner's own number.",
  },
  {
    name: 'sellerName',
    side: 'channel',
    pattern: /^[^\p{Cc}]{1,50}$/u,
    default: 'Kanal',
    about: 'seller_name of what we ask for.',
  },
  {
    name: 'businessCode',
    side: 'channel',
    pattern: /^[0-9]{1,10}$/,
    default: '01000010',
    about: 'business_code of payments, as the platform assigned it.',
  },
  {
    name: 'instalmentCode',
    side: 'channel',
    pattern: /^[0-9]{1,10}$/,
    default: '00510140',
    about: 'business_code of payments by instalments.',
  },
  {
    name: 'lateMoney',
    side: 'channel',
    pattern: /^(?:revive|refund|suspense)$/,
    default: 'refund',
    about: 'What becomes of a success after the end: it goes back by itself, the order revives, or a person decides.',
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
