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
    about: 'mchtKey: stands between time stamp and body in every signature, of requests and of notices.',
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
    about:
      'Seconds a signature may be away from our clock, both ways; 0 = any (as documented). 300 to 600 is sensible.',
  },
  {
    name: 'extraChannels',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: 'Use channel_type 3 (Bestpay) and 4 (UnionPay) beside the documented 1 and 2.',
  },
  {
    name: 'currencies',
    side: 'both',
    pattern: /^(?:CNY|THB|HKD)(?:,(?:CNY|THB|HKD)){0,2}$/,
    default: 'CNY,THB,HKD',
    about: 'Currencies of fee_type. Foreign ones also need a rate (kanal rate set).',
  },
  {
    name: 'cancelHours',
    side: 'merchant',
    pattern: /^(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
    default: '01:00-23:00',
    about: 'Chinese hours in which /cancel is open. Automatic reversals are not bound by them.',
  },
  {
    name: 'endsAny',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: '/cancel also takes pre-orders and /close barcode orders.',
  },
  {
    name: 'refundQueryByOrder',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: 'refundQuery also understands the number of the payment, when it has exactly one refund.',
  },
  {
    name: 'alipayUserUrl',
    side: 'merchant',
    pattern: httpsUrl,
    default: '',
    about:
      'Your page that finds out who an Alipay payer is: it gets redirect_uri and sends them back with openId added.',
  },
  {
    name: 'wechatUserUrl',
    side: 'merchant',
    pattern: httpsUrl,
    default: '',
    about: 'The same for WeChat, under wechatAppId.',
  },
  {
    name: 'wechatAppId',
    side: 'merchant',
    pattern: /^[0-9A-Za-z_-]{1,32}$/,
    default: '',
    about: 'WeChat app under which wechatUserUrl gives openids.',
  },
  {
    name: 'lateMoney',
    side: 'channel',
    pattern: /^(?:revive|refund|suspense)$/,
    default: 'refund',
    about: 'What becomes of a success after the end: it goes back by itself, the order revives, or a person decides.',
  },
  {
    name: 'operatorId',
    side: 'channel',
    pattern: person,
    default: 'kanal',
    about: 'operator_id of what we ask for.',
  },
  {
    name: 'terminalId',
    side: 'channel',
    pattern: person,
    default: 'kanal',
    about: 'terminal_id of what we ask for.',
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
