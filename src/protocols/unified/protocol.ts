/**
 * The unified payment API: collect (`gather`), pay out (`loan`), query, and one notice per order. Its document knows no
 * authentication, so this folder is closed by default; README.md says how a caller proves itself and what is ours.
 */
import { Refusal } from '../../core/refusal.ts';
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
    about: 'Secret half of x-api-key: the header is <key id>.<secret>. Only a credential opened for addresses has none',
  },
  {
    name: 'hmacKey',
    kind: 'text',
    issued: false,
    required: false,
    pattern: /^[\x21-\x7e]{32,256}$/,
    about: 'Signs requests (x-timestamp, x-signature) and notices; without it notices are signed with the API key',
  },
  {
    name: 'productKey',
    kind: 'text',
    issued: false,
    required: false,
    pattern: /^[\x21-\x7e]{1,128}$/,
    about: 'Key of encrypt in originChannelCallBack; without it the API key',
  },
];

function row(
  name: string,
  side: SettingSpec['side'],
  pattern: RegExp,
  fallback: string | null,
  about: string,
): SettingSpec {
  return { name, side, pattern, default: fallback, about };
}
const yesNo = /^(?:true|false)$/;

const settings: readonly SettingSpec[] = [
  row(
    'successCode',
    'merchant',
    /^10000{1,2}$/,
    '100000',
    'Success code: 100000 as in samples and service, 10000 as in the prose',
  ),
  row(
    'context',
    'merchant',
    /^[A-Za-z0-9_-]{1,64}$/,
    null,
    'First path segment that the credential may use; without it any',
  ),
  row('hmac', 'merchant', /^(?:optional|required)$/, 'optional', 'Must requests carry x-timestamp and x-signature?'),
  row('lenientMobile', 'merchant', yesNo, 'false', 'Accept orders without a usable mobile number'),
  row('notifyProcess', 'merchant', yesNo, 'false', 'Tell orders in progress as well'),
  row(
    'environment',
    'merchant',
    /^(?:sandbox|production)$/,
    null,
    'Refuse orders whose prodFlag names the other environment',
  ),
  row('productId', 'both', /^[0-9]{1,16}$/, '2257', 'Product number that is shown, or sent, when an order names none'),
  row('utcOffset', 'both', /^[+-][0-9]{2}:[0-9]{2}$/, '+08:00', 'Zone of all times'),
  row('sendBackName', 'channel', yesNo, 'false', 'Send payeeBackName beside payeeBankName'),
  row(
    'sandbox2257',
    'channel',
    yesNo,
    'false',
    'Sandbox product: notices say THB; currency and price are not compared',
  ),
];

const numbers: Numbers = {
  platformNo: (_kind, home, nonce) => hexNumber(home, nonce),
  reference: (_kind, home, nonce) => hexNumber(home, nonce),
  homeOf: homeOfHex,
};

export const unified: Protocol = {
  name: 'unified',
  title: 'Unified payment API',
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
