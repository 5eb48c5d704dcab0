/**
 * payin: an Indonesian collection and payout platform's merchant API. JSON over POST, `Sign = MD5(body + apiKey)` in a
 * header, replies unsigned, notices signed like requests. See README.md beside this file.
 */
import type { CommandName, Method } from '../../core/commands.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Fields, Num, Obj, decodeUtf8, fields, parseObject, writeJson } from '../json.ts';
import { invalid } from '../message.ts';
import {
  type AckLeg,
  type AckWord,
  type AnyEndpoint,
  type Capability,
  type Claim,
  type Headers,
  type Keys,
  type Leg,
  type NumberKind,
  type Numbers,
  type Opened,
  type Protocol,
  type RefusalScene,
  type RefusalTable,
  type ReplyWire,
  type RequestWire,
  type Scene,
  type Verdict,
  endpoint,
  header,
  opened,
  secret,
} from '../protocol.ts';
import { decimalNumber, hexNumber, homeOfDecimal, homeOfHex } from '../signing.ts';
import * as answers from './answers.ts';
import * as asks from './asks.ts';
import { optionsOf, tokenOf, tokenSettings, verdictOf } from './codes.ts';
import { readNotice, signCaseWish, writeNotice } from './notices.ts';
import { samples } from './samples.ts';
import { keySpecs, settingOf, settingSpecs } from './settings.ts';
import { type SignCase, caseOf, inCase, signOf, verifies } from './signing.ts';
import { minAmount } from './members.ts';

const createMs = 15_000;
const queryMs = 10_000;
const volatile: ReadonlySet<string> = new Set(['nonceStr']);

function isDesk(find: { platformNo: string | null; extras: Readonly<Record<string, string>> }): boolean {
  return find.platformNo?.startsWith('PAYDESK') === true || find.extras['desk'] === 'true';
}

const post = { method: 'POST', volatile } as const;
const create = { ...post, timeoutMs: createMs, repeatable: false } as const;
const query = { ...post, timeoutMs: queryMs, repeatable: true } as const;

const endpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...create,
    name: 'payIn',
    command: 'pay',
    path: '/api/payIn',
    ask: asks.payInAsk,
    answer: answers.payInAnswer,
    suits: (ask) => ask.method !== 'any',
  }),
  endpoint({
    ...create,
    name: 'payDesk',
    command: 'pay',
    path: '/api/payDesk',
    ask: asks.payDeskAsk,
    answer: answers.payDeskAnswer,
    suits: (ask) => ask.method === 'any',
  }),
  endpoint({
    ...query,
    name: 'payInQuery',
    command: 'query-payment',
    path: '/api/payInQuery',
    ask: asks.findAsk,
    answer: answers.payInQueryAnswer,
    suits: (find) => !isDesk(find),
  }),
  endpoint({
    ...query,
    name: 'payDeskQuery',
    command: 'query-payment',
    path: '/api/payDeskQuery',
    ask: asks.findAsk,
    answer: answers.payInQueryAnswer,
    suits: isDesk,
  }),
  endpoint({
    ...create,
    name: 'payOut',
    command: 'pay-out',
    path: '/api/payOut',
    ask: asks.payOutAsk,
    answer: answers.payOutAnswer,
  }),
  endpoint({
    ...query,
    name: 'payOutQuery',
    command: 'query-payout',
    path: '/api/payOutQuery',
    ask: asks.findAsk,
    answer: answers.payOutQueryAnswer,
  }),
  endpoint({
    ...query,
    name: 'getBalance',
    command: 'query-balance',
    path: '/api/getBalance',
    ask: asks.balanceAsk,
    answer: answers.balanceAnswer,
  }),
  endpoint({
    ...query,
    name: 'bankListQuery',
    command: 'list-banks',
    path: '/api/bankListQuery',
    ask: asks.payOutBanksAsk,
    answer: answers.banksAnswer,
    suits: (ask) => ask.purpose === 'pay-out',
  }),
  endpoint({
    ...query,
    name: 'payInBankListQuery',
    command: 'list-banks',
    path: '/api/payInBankListQuery',
    ask: asks.payInBanksAsk,
    answer: answers.banksAnswer,
    suits: (ask) => ask.purpose === 'pay',
  }),
];

const byPath: ReadonlyMap<string, AnyEndpoint> = new Map(endpoints.map((row) => [row.path, row]));
/** Any prefix of plain path segments before `/api/<name>` (section 1, base URL). */
const paths = /^(?:\/[A-Za-z0-9._~-]+)*?(\/api\/[A-Za-z]+)$/;
const jsonType = /^application\/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i;

/** Section 3.5: method, content type, MerchantId present, numeric. The rest of the order is in `request.open` and `read`. */
function identify(wire: RequestWire): Claim | null {
  const path = paths.exec(wire.target.split('?', 1)[0] ?? '')?.[1];
  const row = path === undefined ? undefined : byPath.get(path);
  if (row === undefined) return null;
  if (wire.method !== 'POST') throw new Refusal('invalid-request', { why: 'method' });
  if (!jsonType.test(header(wire, 'content-type') ?? '')) throw new Refusal('invalid-request', { why: 'content-type' });
  const sender = header(wire, 'merchantid') ?? '';
  if (sender === '') throw new Refusal('unauthenticated', { why: 'merchant-missing' });
  if (!/^[0-9]{1,19}$/.test(sender)) throw new Refusal('unauthenticated', { why: 'merchant-not-number' });
  return { endpoint: row, sender };
}

/** Checks the signature over the received bytes, then parses them. The header's merchant is authoritative (row 3, T020). */
function openSigned(wire: RequestWire, scene: Scene): Opened {
  if (wire.body.length === 0) throw new Refusal('invalid-request', { why: 'body-empty' });
  const sign = header(wire, 'sign') ?? '';
  const isOurs = header(wire, 'merchantid') === scene.keys.sender;
  const isSigned = verifies(sign, wire.body, scene.keys.secrets('apiKey'));
  if (!isOurs || !isSigned) throw new Refusal('unauthenticated', { why: 'signature' });
  const members = parsed(wire.body);
  if (members === null) throw new Refusal('invalid-request', { why: 'json' });
  const named = members.get('merchantId') ?? null;
  const merchantId = named instanceof Num ? named.raw : named;
  if (merchantId !== null && merchantId !== scene.keys.sender) throw invalid('merchantId', 'not the one of the header');
  return opened(members, { signCase: caseOf(sign) });
}

function parsed(body: Uint8Array): Obj | null {
  try {
    return parseObject(body);
  } catch {
    return null;
  }
}

function emittedCase(keys: Keys, wish: unknown): SignCase {
  const setting = settingOf(keys, 'signCase');
  return (setting === 'mirror' ? wish : setting) === 'lower' ? 'lower' : 'upper';
}

/** Serialises once, signs those bytes, sends those bytes. */
function sealSigned(members: Fields, scene: Scene): RequestWire {
  const sent = new Obj([...members].filter(([name]) => name !== signCaseWish));
  const body = new TextEncoder().encode(writeJson(sent));
  const sign = signOf(body, secret(scene.keys, 'apiKey'));
  const headers: Headers = [
    ['content-type', 'application/json'],
    ['merchantid', scene.keys.sender],
    ['sign', inCase(sign, emittedCase(scene.keys, members.get(signCaseWish)))],
  ];
  return { kind: 'request', method: 'POST', target: scene.url, headers, body, remote: '' };
}

const signedLeg: Leg<RequestWire> = {
  signature: {
    en: 'Sign header = MD5(body bytes + apiKey), 32 hex digits; MerchantId header names the merchant',
    zh: '请求头 Sign = MD5(报文体字节 + apiKey)，32 位十六进制；请求头 MerchantId 为商户号',
    id: 'Header Sign = MD5(byte isi + apiKey), 32 digit heksadesimal; header MerchantId menyebut merchant',
  },
  open: openSigned,
  seal: sealSigned,
};

const reply: Leg<ReplyWire> = {
  signature: {
    en: 'unsigned (the platform does not sign replies)',
    zh: '不签名（平台不对应答签名）',
    id: 'tidak ditandatangani (platform tidak menandatangani jawaban)',
  },
  open(wire) {
    const members = parsed(wire.body);
    if (members === null) throw new Refusal('outcome-unknown', { text: 'the reply is not a JSON object' });
    return opened(members, { status: String(wire.status) });
  },
  seal: (members) => ({
    kind: 'reply',
    status: 200,
    headers: [['content-type', 'application/json;charset=UTF-8']],
    body: new TextEncoder().encode(writeJson(members)),
  }),
};

const doneStatuses: readonly number[] = [200, 301, 302];
const ackWords: Readonly<Record<AckWord, readonly [status: number, text: string]>> = {
  taken: [200, 'SUCCESS'],
  forged: [401, 'Sign_verify_error'],
  again: [503, 'System_busy'],
};

/** Row 17. Redirects are never followed. */
const ack: AckLeg = {
  signature: {
    en: 'unsigned (HTTP status)',
    zh: '不签名（以 HTTP 状态码应答）',
    id: 'tidak ditandatangani (status HTTP)',
  },
  open(wire, keys) {
    if (!doneStatuses.includes(wire.status)) return false;
    return settingOf(keys, 'strictBody') !== 'true' || saysSuccess(wire.body);
  },
  seal(word) {
    const [status, text] = ackWords[word];
    return { kind: 'reply', status, headers: [['content-type', 'text/plain']], body: new TextEncoder().encode(text) };
  },
};

function saysSuccess(body: Uint8Array): boolean {
  try {
    return /^success$/i.test(decodeUtf8(body).trim());
  } catch {
    return false;
  }
}

/** `code` 200 = accepted; anything else is the token in `msg`. A 5xx proves nothing, whatever it says (section 12). */
function judge(opened: Opened, scene: Scene): Verdict {
  const command: CommandName = scene.endpoint?.command ?? 'pay';
  const code = opened.fields.get('code');
  const said = opened.fields.get('msg');
  const token = typeof said === 'string' ? said.slice(0, 64) : '';
  if (Number(opened.marks['status'] ?? '200') >= 500) return { kind: 'unknown', code: token, text: 'HTTP 5xx' };
  const number = code instanceof Num ? code.raw : code;
  if (number === '200') return { kind: 'answered' };
  if (typeof number !== 'string') return { kind: 'unknown', code: token, text: 'no code' };
  return verdictOf(command, token, settingOf(scene.keys, 'tokenUnknownOrder'), settingOf(scene.keys, 'tokenDuplicate'));
}

function isTokenSetting(word: string): word is keyof typeof tokenSettings {
  return Object.hasOwn(tokenSettings, word);
}

/** `{"msg","code"}` in that order, no data, HTTP 200 (rows 21 and 22). */
function refuse(refusal: Refusal, { scene, endpoint: row }: RefusalScene): Fields {
  const word = tokenOf(refusal, row?.command ?? null);
  const msg = isTokenSetting(word) ? settingOf(scene.keys, word) : word;
  return fields({ msg, code: new Num('500') });
}

const refusals: RefusalTable = {
  'invalid-request': refuse,
  unauthenticated: refuse,
  forbidden: refuse,
  'not-found': refuse,
  conflict: refuse,
  'limit-exceeded': refuse,
  'insufficient-funds': refuse,
  'channel-declined': refuse,
  'channel-unavailable': refuse,
  'outcome-unknown': refuse,
  busy: refuse,
  internal: refuse,
};

/** The documented prefixes; the platform has no refunds or agreements, so those two are never given out. */
const prefixes: Readonly<Record<NumberKind, string>> = {
  payment: 'PAYIN',
  payout: 'PAYOUT',
  desk: 'PAYDESK',
  refund: 'PAYREF',
  agreement: 'PAYAGR',
};

const numbers: Numbers = {
  platformNo: (kind, home, nonce) => prefixes[kind] + decimalNumber(19, home, nonce),
  reference: (_kind, home, nonce) => hexNumber(home, nonce),
  homeOf(number) {
    const digits = /^PAY(?:IN|OUT|DESK|REF|AGR)([0-9]{19})$/.exec(number)?.[1];
    return digits === undefined ? homeOfHex(number) : homeOfDecimal(digits);
  },
};

function collects(method: Method, max: bigint | null): Capability {
  return { method, currencies: ['IDR'], options: optionsOf(method), min: minAmount, max, sides: 'both' };
}

const capabilities: readonly Capability[] = [
  collects('virtual-account', null),
  collects('store-code', null),
  collects('qr', asks.qrisMax),
  collects('wallet', null),
  collects('wallet-push', null),
  // Asked by payDesk. As a channel the choice is made in our own cashier, and then asked for by payIn.
  { method: 'any', currencies: ['IDR'], options: null, min: minAmount, max: null, sides: 'ask' },
  { method: 'bank-transfer', currencies: ['IDR'], options: null, min: minAmount, max: null, sides: 'both' },
];

const minuteMs = 60_000;

export const payin: Protocol = {
  name: 'payin',
  title: {
    en: 'Indonesian collection and payout platform (payIn)',
    zh: '印度尼西亚代收代付平台（payIn）',
    id: 'Platform penagihan dan pencairan Indonesia (payIn)',
  },
  keys: keySpecs,
  settings: settingSpecs,
  endpoints,
  capabilities,
  maxBody: 64 * 1024,
  identify,
  request: signedLeg,
  reply,
  notice: signedLeg,
  ack,
  judge,
  refusals,
  readNotice: readNotice,
  writeNotice: writeNotice,
  // Row 18: gaps after the attempt before; one first attempt and ten more.
  retry: {
    gapsMs: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((minutes) => minutes * minuteMs),
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 10_000,
  },
  numbers,
  numberSpace(command) {
    if (command === 'pay-out' || command === 'query-payout') return 'payin:payout';
    return command === 'refund' || command === 'query-refund' ? 'payin:refund' : 'payin:payment';
  },
  confidential: ['sign', 'apiKey', 'accountNo', 'accountName', 'bankAccount', 'idCard', 'realName', 'phone', 'email'],
  samples,
};
