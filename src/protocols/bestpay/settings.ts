/** Keys and settings of a Bestpay credential or channel, and how a setting is looked up. */
import type { KeySpec, Keys, SettingSpec } from '../protocol.ts';
import type { Digest } from './signing.ts';

export const keySpecs: readonly KeySpec[] = [
  {
    name: 'privateKey',
    kind: 'private-key',
    issued: true,
    required: true,
    about: 'Ours, RSA in PEM: signs what we send to this party.',
  },
  {
    name: 'publicKey',
    kind: 'public-key',
    issued: false,
    required: true,
    about: "The other party's, RSA in PEM: verifies what it sends (a channel: the platform's certificate).",
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
    about:
      'Merchant: the shops its institutionCode may act for, by comma. Channel: the shop we trade for. Without it the institution itself.',
  },
  {
    name: 'requestDigest',
    side: 'both',
    pattern: digest,
    default: 'sha256',
    about: 'Hash under requests.',
  },
  {
    name: 'responseDigest',
    side: 'both',
    pattern: digest,
    default: 'sha1',
    about: 'Hash under replies and callbacks; production signs with SHA-1.',
  },
  {
    name: 'otherDigest',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: 'Also accept the other hash from this party.',
  },
  {
    name: 'signCompat',
    side: 'merchant',
    pattern: /^(?:strict|lenient)$/,
    default: 'strict',
    about: 'lenient: also accept signatures that leave null and empty members out.',
  },
  {
    name: 'requestWindowS',
    side: 'merchant',
    pattern: /^[0-9]{1,7}$/,
    default: '86400',
    about: 'How far requestDate may be from our clock, in seconds; 0 = not looked at.',
  },
  {
    name: 'faceToken',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: 'Accept a face token (fp…) as mediumNo.',
  },
  {
    name: 'wechatUserCode',
    side: 'both',
    pattern: /^(?:required|optional)$/,
    default: 'required',
    about: 'Must a TENPAY order carry userCode? Channel: without one such an order is not sent there.',
  },
  {
    name: 'stringResult',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: '`result` of refund and queryRefundOrder as a JSON string instead of an object.',
  },
  {
    name: 'refundNotifyOutTradeNo',
    side: 'both',
    pattern: /^(?:refund|order)$/,
    default: 'refund',
    about: "outTradeNo of a refund's callback: the refund's number or the order's.",
  },
  {
    name: 'notifyFailures',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: 'Also tell payments that failed or were closed.',
  },
  {
    name: 'ackCompat',
    side: 'merchant',
    pattern: /^(?:strict|lenient)$/,
    default: 'strict',
    about: 'lenient: {"resultCode":"SUCCESS"} is an acknowledgement too.',
  },
  {
    name: 'refundPeriodDays',
    side: 'merchant',
    pattern: /^[0-9]{1,5}$/,
    default: '365',
    about: 'How long after payment a refund may be asked for.',
  },
  {
    name: 'operator',
    side: 'channel',
    pattern: /^[0-9A-Za-z_.@-]{1,32}$/,
    default: 'kanal',
    about: 'operator of the orders and refunds we send.',
  },
  {
    name: 'closesUnpaid',
    side: 'channel',
    pattern: yesOrNo,
    default: 'true',
    about: 'Twin: an unpaid order ends by itself after its timeOut, as there is no call that closes it.',
  },
  {
    name: 'lateMoney',
    side: 'channel',
    pattern: /^(?:revive|refund|suspense)$/,
    default: 'refund',
    about: 'A success after the end: the money goes back by itself, the order revives, or a person decides.',
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
