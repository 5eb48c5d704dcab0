/**
 * bestpay: the aggregate acquiring of a Chinese wallet (v1.8). JSON over POST, RSA over the sorted members, SHA-256 on requests and
 * SHA-1 on what comes back. Barcodes, QR orders, refunds, callbacks. See README.md beside this file.
 */
import { Refusal } from '../../core/refusal.ts';
import { scalarText } from '../reading.ts';
import {
  type AnyEndpoint,
  type Capability,
  type Claim,
  endpoint,
  type NumberKind,
  type Numbers,
  type Opened,
  type Protocol,
  type RequestWire,
  type Scene,
  type Verdict,
} from '../protocol.ts';
import { decimalNumber, homeOfDecimal } from '../signing.ts';
import { verdictOf, walletOptions } from './codes.ts';
import { ack, isJson, membersOf, notice, reply, request } from './legs.ts';
import { readNotice, writeNotice } from './notices.ts';
import { barcodeAnswer, barcodeAsk, findAnswer, findAsk, qrAnswer, qrAsk } from './orders.ts';
import { findRefundAnswer, findRefundAsk, refundAnswer, refundAsk } from './refunds.ts';
import { refusals } from './refusals.ts';
import { samples } from './samples.ts';
import { keySpecs, settingSpecs } from './settings.ts';

const base = '/mapi/o2o/aggregatePayment';
const volatile: ReadonlySet<string> = new Set(['sign', 'requestDate']);
/** Our own merchants wait 60 seconds for their answer; a channel's must be over before. */
const createMs = 45_000;
const otherMs = 6_000;

const endpoints: readonly AnyEndpoint[] = [
  endpoint({
    name: 'orderMixBrcode',
    command: 'pay',
    method: 'POST',
    path: `${base}/orderMixBrcode`,
    ask: barcodeAsk,
    answer: barcodeAnswer,
    suits: (ask) => ask.method === 'barcode',
    volatile,
    timeoutMs: createMs,
    repeatable: false,
  }),
  endpoint({
    name: 'orderMixQrcode',
    command: 'pay',
    method: 'POST',
    path: `${base}/platform/orderMixQrcode`,
    ask: qrAsk,
    answer: qrAnswer,
    suits: (ask) => ask.method === 'qr' || ask.method === 'wallet',
    volatile,
    timeoutMs: createMs,
    repeatable: false,
  }),
  endpoint({
    name: 'confirmOrderStatus',
    command: 'query-payment',
    method: 'POST',
    path: `${base}/confirmOrderStatus`,
    ask: findAsk,
    answer: findAnswer,
    volatile,
    timeoutMs: otherMs,
    repeatable: true,
  }),
  endpoint({
    name: 'refund',
    command: 'refund',
    method: 'POST',
    path: `${base}/refund`,
    ask: refundAsk,
    answer: refundAnswer,
    volatile,
    timeoutMs: otherMs,
    // That the same outRequestNo never pays twice is usual, but nowhere promised (page, section 8.3).
    repeatable: false,
  }),
  endpoint({
    name: 'queryRefundOrder',
    command: 'query-refund',
    method: 'POST',
    path: `${base}/queryRefundOrder`,
    ask: findRefundAsk,
    answer: findRefundAnswer,
    volatile,
    timeoutMs: otherMs,
    repeatable: true,
  }),
];

/** Row 15: the document's spelling is the address; what people take it for is understood. */
const aliases: Readonly<Record<string, string>> = {
  [`${base}/orderMixBarcode`]: 'orderMixBrcode',
  [`${base}/orderMixQrcode`]: 'orderMixQrcode',
};
const byPath: ReadonlyMap<string, AnyEndpoint> = new Map(
  endpoints.flatMap((row) => [
    [row.path, row] as const,
    ...Object.entries(aliases)
      .filter(([, name]) => name === row.name)
      .map(([path]) => [path, row] as const),
  ]),
);

/** The order of checks (section 11): JSON, then who it is. The signature comes with `request.open`. */
function identify(wire: RequestWire): Claim | null {
  const row = byPath.get(wire.target.split('?', 1)[0] ?? '');
  if (row === undefined) return null;
  if (wire.method !== 'POST') throw new Refusal('invalid-request', { why: 'method', text: 'POST only' });
  const isTyped = isJson(wire);
  const flaw = new Refusal('invalid-request', { why: 'content-type', text: 'application/json only' });
  const sender = membersOf(wire.body)?.get('institutionCode');
  if (sender === undefined && membersOf(wire.body) === null)
    throw isTyped ? new Refusal('invalid-request', { why: 'json', text: 'the body is not a JSON object' }) : flaw;
  if (typeof sender !== 'string' || sender === '')
    throw isTyped ? new Refusal('invalid-request', { field: 'institutionCode', missing: true }) : flaw;
  return { endpoint: row, sender, ...(isTyped ? {} : { flaw }) };
}

/** `success` says that the call was handled; the outcome is read from the result. A 5xx proves nothing, whatever it says. */
function judge(opened: Opened, scene: Scene): Verdict {
  const code = scalarText(opened.fields.get('errorCode')).slice(0, 64);
  const text = scalarText(opened.fields.get('errorMsg')).slice(0, 256);
  if (Number(opened.marks['status'] ?? '200') >= 500) return { kind: 'unknown', code, text: 'HTTP 5xx' };
  const success = opened.fields.get('success');
  if (success === true) return { kind: 'answered' };
  if (success !== false) return { kind: 'unknown', code, text: 'no success' };
  return verdictOf(scene.endpoint?.command ?? 'pay', code, text);
}

/** 32 digits, like the platform's own. References begin with a letter, so that no number is both. */
const numbers: Numbers = {
  platformNo: (_kind: NumberKind, home, nonce) => decimalNumber(32, home, nonce),
  reference: (_kind, home, nonce) =>
    `k${home.toString(16).padStart(2, '0')}${Buffer.from(nonce(15)).toString('hex').slice(0, 29)}`,
  homeOf(number) {
    const hex = /^k([0-9a-f]{2})[0-9a-f]{29}$/.exec(number)?.[1];
    if (hex !== undefined) return Number.parseInt(hex, 16);
    return /^[0-9]{32}$/.test(number) ? homeOfDecimal(number) : null;
  },
};

const yuan = { currencies: ['CNY'], options: walletOptions, min: 1n, max: 10_000_000_000n } as const;
const capabilities: readonly Capability[] = [
  { ...yuan, method: 'barcode', sides: 'both' },
  { ...yuan, method: 'qr', sides: 'both' },
  // The address leads the payer to the wallet's page; what a wallet's bridge is called with (in-app) it is not.
  { ...yuan, method: 'wallet', sides: 'carry-out' },
];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const bestpay: Protocol = {
  name: 'bestpay',
  title: {
    en: 'Bestpay aggregate acquiring (v1.8)',
    zh: '翼支付聚合收单（v1.8）',
    id: 'Akuisisi agregat Bestpay (v1.8)',
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
  // Section 7: the provider's own schedule of another product; v1.8 has none.
  retry: {
    gapsMs: [minuteMs, 3 * minuteMs, 5 * minuteMs, hourMs, 2 * hourMs, 4 * hourMs, 8 * hourMs],
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 6_000,
  },
  numbers,
  /** Order numbers are a shop's, and an institution may have many. */
  numberSpace(command, extras = {}) {
    const space = command === 'refund' || command === 'query-refund' ? 'bestpay:refund' : 'bestpay:payment';
    const shop = extras['merchantNo'];
    return shop === undefined ? space : `${space}/${shop}`;
  },
  conduct: { failedRefunds: 'begun-again' },
  confidential: ['sign', 'mediumNo', 'buyerLoginNo', 'userCode'],
  samples,
};
