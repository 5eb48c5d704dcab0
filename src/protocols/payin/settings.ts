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
    about: 'Appended to the body before MD5; the same key signs requests and notices.',
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
    about: "Letter case of the signatures we send. mirror: as the merchant signed the order's request, else upper.",
  },
  {
    name: 'strictBody',
    side: 'merchant',
    pattern: yesOrNo,
    default: 'false',
    about: 'A notice counts as taken only if the body says success besides HTTP 200, 301 or 302.',
  },
  {
    name: 'asciiRemark',
    side: 'both',
    pattern: yesOrNo,
    default: 'false',
    about: 'Merchant: remark must be plain ASCII. Channel: a remark that is not is replaced by a plain word.',
  },
  {
    name: 'deskUrlMirrors',
    side: 'merchant',
    pattern: /^(?:desk|payUrl)$/,
    default: 'desk',
    about: 'payUrl: payDeskUrl of a wallet order shows the wallet link, as in the documented create sample.',
  },
  {
    name: 'bankIds',
    side: 'channel',
    pattern: /^(?:[A-Z0-9_]+=[1-9][0-9]{0,8})(?:,[A-Z0-9_]+=[1-9][0-9]{0,8})*$/,
    default: null,
    about: 'The platform\'s own bankId per core bank code ("BCA=1,BRI=3"), from its live bank list.',
  },
  {
    name: 'payerName',
    side: 'channel',
    pattern: /^[A-Za-z][A-Za-z .'-]{0,63}$/,
    default: 'Customer',
    about: 'realName of an order whose payer has neither name nor telephone number.',
  },
  {
    name: 'tokenDuplicate',
    side: 'both',
    pattern: token,
    default: tokenSettings.tokenDuplicate,
    about: 'Error token for a mchOrderNo that was used for something else.',
  },
  {
    name: 'tokenAmount',
    side: 'merchant',
    pattern: token,
    default: tokenSettings.tokenAmount,
    about: 'Error token for an amount outside the limits.',
  },
  {
    name: 'tokenProductClosed',
    side: 'merchant',
    pattern: token,
    default: tokenSettings.tokenProductClosed,
    about: 'Error token for a payType that cannot be used.',
  },
  {
    name: 'tokenUnknownOrder',
    side: 'both',
    pattern: token,
    default: tokenSettings.tokenUnknownOrder,
    about: 'Error token for an order that does not exist.',
  },
] as const satisfies readonly SettingSpec[];

export type SettingName = (typeof settingSpecs)[number]['name'];

const defaults: ReadonlyMap<string, string | null> = new Map(settingSpecs.map((spec) => [spec.name, spec.default]));

/** The setting, or its default; '' when it has none. */
export function settingOf(keys: Keys, name: SettingName): string {
  return keys.setting(name) ?? defaults.get(name) ?? '';
}
