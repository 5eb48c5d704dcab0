/**
 * fufu (付付) open API V1.1.1: barcode, one-code and in-app payments of China's wallets. JSON over POST, an MD5 over the body
 * without blanks in the URL's query, unsigned replies with two levels of result. See README.md beside this file.
 */
import type { Conduct } from '../../core/conduct.ts';
import type { Currency } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  type AnyEndpoint,
  type Capability,
  type Claim,
  type Numbers,
  type Protocol,
  type RequestWire,
  endpoint,
} from '../protocol.ts';
import { hexNumber, homeOfHex } from '../signing.ts';
import * as answers from './answers.ts';
import * as asks from './asks.ts';
import { allWallets } from './codes.ts';
import { ack, notice, parsedBody, reply, request } from './legs.ts';
import { readNotice, writeNotice } from './notices.ts';
import { judge, refusals } from './refusals.ts';
import { samples } from './samples.ts';
import { keySpecs, settingSpecs } from './settings.ts';
import { formatTime } from './zone.ts';

/** All members count; the signature is in the URL. */
const volatile: ReadonlySet<string> = new Set();
/** Our own calls; what is open after it is asked for, so that the 80 s of a barcode are kept overall. */
const callMs = 10_000;

const base = '/gateway/pay';
const create = { method: 'POST', volatile, timeoutMs: callMs, repeatable: false } as const;
const ask = { method: 'POST', volatile, timeoutMs: callMs, repeatable: true } as const;

const endpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...create,
    name: 'order',
    command: 'pay',
    path: `${base}/order`,
    ask: asks.orderAsk,
    answer: answers.orderAnswer,
    suits: ({ method }) => method === 'barcode',
  }),
  endpoint({
    ...create,
    name: 'preOrder',
    command: 'pay',
    path: `${base}/preOrder`,
    ask: asks.preOrderAsk,
    answer: answers.preOrderAnswer,
    suits: ({ method }) => method !== 'barcode',
  }),
  endpoint({
    ...create,
    name: 'refund',
    command: 'refund',
    path: `${base}/refund`,
    ask: asks.refundAsk,
    answer: answers.refundAnswer,
  }),
  endpoint({
    ...ask,
    name: 'query',
    command: 'query-payment',
    path: `${base}/query`,
    ask: asks.queryAsk,
    answer: answers.queryAnswer,
    meant: answers.declinedOrClosed,
  }),
  endpoint({
    ...ask,
    name: 'cancel',
    command: 'cancel-payment',
    path: `${base}/cancel`,
    ask: asks.endAsk,
    answer: answers.cancelAnswer,
  }),
  endpoint({
    ...ask,
    name: 'close',
    command: 'close-payment',
    path: `${base}/close`,
    ask: asks.endAsk,
    answer: answers.closeAnswer,
  }),
  endpoint({
    ...ask,
    name: 'refundQuery',
    command: 'query-refund',
    path: `${base}/refundQuery`,
    ask: asks.refundQueryAsk,
    answer: answers.refundQueryAnswer,
  }),
];

const byPath: ReadonlyMap<string, AnyEndpoint> = new Map(endpoints.map((row) => [row.path, row]));

/** Page 2.2: a body that is no JSON, or has no busi_id, is a bad parameter before anybody's key is looked for. */
function identify(wire: RequestWire): Claim | null {
  const row = byPath.get(wire.target.split('?', 1)[0] ?? '');
  if (row === undefined) return null;
  if (wire.method !== 'POST') throw new Refusal('invalid-request', { why: 'method', text: 'only POST is served' });
  const sender = parsedBody(wire.body)?.get('busi_id');
  if (typeof sender !== 'string' || !/^[0-9A-Za-z_-]{1,32}$/.test(sender))
    throw new Refusal('invalid-request', { field: 'busi_id', text: 'a JSON object with busi_id is needed' });
  return { endpoint: row, sender };
}

const homes = 256n;
/** All twelve digits of the number, home and chance in one. */
const span = 10n ** 12n / homes;

/** 20 digits as in the samples: yyyyMMdd on Chinese clocks, then home and chance. */
const numbers: Numbers = {
  platformNo(_kind, home, nonce, now) {
    const random = BigInt(`0x${Buffer.from(nonce(8)).toString('hex')}`) % span;
    return formatTime(now, null).slice(0, 8) + (random * homes + BigInt(home)).toString().padStart(12, '0');
  },
  reference: (_kind, home, nonce) => hexNumber(home, nonce),
  homeOf(number) {
    if (!/^[0-9]{20}$/.test(number)) return homeOfHex(number);
    const digits = BigInt(number.slice(8));
    return digits < span * homes ? Number(digits % homes) : null;
  },
};

const currencies: readonly Currency[] = ['CNY', 'THB', 'HKD'];
const any = { currencies, options: null, min: 1n, max: 999_999_999_999n } as const;

const capabilities: readonly Capability[] = [
  { ...any, method: 'barcode', options: allWallets, sides: 'both' },
  { ...any, method: 'in-app', options: allWallets, sides: 'both' },
  // The one-code page asks for the payer's wallet; as a channel we are given such a page's address to show as a code.
  { ...any, method: 'any', sides: 'ask' },
  { ...any, method: 'qr', sides: 'carry-out' },
];

/** Section 2.1, 2.6 and rows 16 to 18. */
const conduct: Partial<Conduct> = {
  repeats: 'refused',
  barcodeMs: asks.barcodeS * 1000,
  cancel: { methods: ['barcode'], minAgeMs: 15_000, hours: '01:00-23:00', zone: 'Asia/Shanghai' },
  settles: 'CNY',
  oneCodePage: true,
  showsRefunds: true,
};

export const fufu: Protocol = {
  name: 'fufu',
  title: {
    en: 'Fufu open API V1.1.1 (付付开放接口)',
    zh: '付付开放接口 V1.1.1',
    id: 'API terbuka Fufu V1.1.1 (付付开放接口)',
  },
  keys: keySpecs,
  settings: settingSpecs,
  endpoints,
  capabilities,
  maxBody: 64 * 1024,
  identify,
  request,
  reply,
  notice,
  ack,
  judge,
  refusals,
  readNotice,
  writeNotice,
  // Section 2.3, row 23: five tries, five seconds apart.
  retry: { gapsMs: [5_000, 5_000, 5_000, 5_000], connectTimeoutMs: 5_000, totalTimeoutMs: 5_000 },
  numbers,
  conduct,
  numberSpace: (command) => (command === 'refund' || command === 'query-refund' ? 'fufu:refund' : 'fufu:payment'),
  confidential: ['sign', 'key', 'auth_code', 'openId', 'paySign'],
  samples,
};
