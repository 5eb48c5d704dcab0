/**
 * ysepay: quick pay by agreement of a Chinese acquirer. Signed forms over POST to one address, told apart by `method`; replies
 * signed over the text of one member; RSA or SM2; cards in DES members. See README.md beside this file.
 */
import { Refusal } from '../../core/refusal.ts';
import { fields } from '../json.ts';
import {
  type AnyEndpoint,
  type Capability,
  type Claim,
  endpoint,
  type NumberKind,
  type Numbers,
  type Opened,
  type Protocol,
  type RefusalScene,
  type RefusalTable,
  type RequestWire,
  type Scene,
  type Verdict,
} from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { decimalNumber, homeOfDecimal } from '../signing.ts';
import * as agreements from './agreement-asks.ts';
import * as answers from './answers.ts';
import * as asks from './asks.ts';
import { done, failed, subCodeFor, subCodes, verdictOf } from './codes.ts';
import { ack, bizOf, noded, nodeOf, notice, reply, request, secretMembers, unknownNode } from './legs.ts';
import { dayOf } from './members.ts';
import { readNotice, writeNotice } from './notices.ts';
import { samples } from './samples.ts';
import { keySpecs, settingSpecs } from './settings.ts';
import { statement } from './statement.ts';
import { asciiOf, formOf, isFormType, Unopened, wishesOf } from './signed-form.ts';

/** Section 1: the Java client waits 20 seconds. */
const waitMs = 20_000;
const secretsOut: ReadonlySet<string> = new Set(['timestamp', 'charset', 'sign_type', 'version', ...secretMembers]);
const row = { method: 'POST', path: '/gateway.do', volatile: secretsOut, timeoutMs: waitMs } as const;
const once = { ...row, repeatable: false } as const;
const again = { ...row, repeatable: true } as const;
/** Understood when served; calling uses the sibling without it. */
const servedOnly = { suits: () => false } as const;

const trusteeship = 'ysepay.trusteeship';
const trade = 'ysepay.online.trade';

const endpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...once,
    name: `${trusteeship}.sign`,
    command: 'sign-agreement',
    ask: agreements.signAsk,
    answer: answers.signAnswer,
  }),
  endpoint({
    ...once,
    name: `${trusteeship}.sign.confirm`,
    command: 'confirm-agreement',
    ask: agreements.signConfirmAsk,
    answer: answers.signConfirmAnswer,
  }),
  endpoint({
    ...once,
    name: `${trusteeship}.fastPay`,
    command: 'pay',
    ask: asks.payAsk,
    answer: answers.payAnswer,
  }),
  endpoint({
    ...once,
    name: `${trusteeship}.fastPay.confirm`,
    command: 'confirm-payment',
    ask: asks.payConfirmAsk,
    answer: answers.confirmAnswer,
  }),
  endpoint({
    ...once,
    name: `${trusteeship}.fastPay.reachievemsg`,
    command: 'resend-code',
    ask: asks.resendAsk,
    answer: answers.briefAnswer,
  }),
  endpoint({
    ...again,
    name: `${trusteeship}.fastPay.queryProtocol`,
    command: 'query-agreement',
    ask: agreements.agreementFindAsk,
    answer: answers.agreementQueryAnswer,
  }),
  endpoint({
    ...again,
    name: `${trusteeship}.sign.cancel`,
    command: 'cancel-agreement',
    ask: agreements.agreementCancelAsk,
    answer: answers.agreementCancelAnswer,
  }),
  endpoint({
    ...again,
    name: `${trade}.query`,
    command: 'query-payment',
    ask: asks.findAsk,
    answer: answers.queryAnswer,
  }),
  endpoint({
    ...again,
    ...servedOnly,
    name: `${trade}.order.query`,
    command: 'query-payment',
    ask: asks.findAsk,
    answer: answers.orderQueryAnswer,
  }),
  endpoint({
    ...once,
    name: `${trade}.refund`,
    command: 'refund',
    ask: asks.refundAsk,
    answer: answers.refundAnswer,
  }),
  endpoint({
    ...once,
    ...servedOnly,
    name: `${trade}.refund.general.account`,
    command: 'refund',
    ask: asks.refundAsk,
    answer: answers.refundAnswer,
  }),
  endpoint({
    ...once,
    ...servedOnly,
    name: `${trade}.refund.split`,
    command: 'refund',
    ask: asks.refundAsk,
    answer: answers.refundAnswer,
  }),
  endpoint({
    ...again,
    name: `${trade}.refund.query`,
    command: 'query-refund',
    ask: asks.refundFindAsk,
    answer: answers.refundQueryAnswer,
  }),
  endpoint({
    ...again,
    name: `${trade}.close`,
    command: 'close-payment',
    ask: asks.findAsk,
    answer: answers.briefAnswer,
  }),
  endpoint({
    ...again,
    name: 'ysepay.online.bill.downloadurl.get',
    command: 'get-statement',
    ask: asks.statementAsk,
    answer: answers.statementAnswer,
  }),
];

/**
 * Stands for every method there is not: who asks is found and checked all the same, so that the answer, under the node
 * `unknow_response`, is signed. Not in the list of endpoints: nobody can be asked for it.
 */
const noMethod: AnyEndpoint = endpoint({
  ...again,
  ...servedOnly,
  name: 'unknow',
  command: 'query-payment',
  ask: {
    read() {
      throw new Refusal('invalid-request', { field: 'method', why: 'unknown-method' });
    },
    write: (find, scene) => asks.findAsk.write(find, scene),
  },
  answer: answers.queryAnswer,
});

const byName: ReadonlyMap<string, AnyEndpoint> = new Map(endpoints.map((one) => [one.name, one]));
const paths = /^(?:\/[A-Za-z0-9._~-]+)*\/gateway\.do$/;

/** Who and which method, by the form alone. */
function identify(wire: RequestWire): Claim | null {
  if (!paths.test(wire.target.split('?', 1)[0] ?? '')) return null;
  if (wire.method !== 'POST') throw new Refusal('invalid-request', { field: 'method', why: 'unknown-method' });
  const form = formOf(wire.body);
  const flaw = new Refusal('invalid-request', { field: 'form' });
  if (form === null) throw flaw;
  const found = byName.get(asciiOf(form, 'method')) ?? noMethod;
  const sender = asciiOf(form, 'partner_id');
  if (sender === '' || sender.length > 20)
    throw isFormType(wire)
      ? new Unopened(form, new Refusal('invalid-request', { field: 'partner_id', missing: sender === '' }))
      : flaw;
  return { endpoint: found, sender, marks: wishesOf(form), ...(isFormType(wire) ? {} : { flaw }) };
}

/** Reads `code`; a failing reply is judged by its sub_code, without one nobody knows. A 5xx proves nothing. */
function judge({ fields: members, marks }: Opened, scene: Scene): Verdict {
  const code = scalarText(members.get('code'));
  const subCode = scalarText(members.get('sub_code'));
  const text = (scalarText(members.get('sub_msg')) || scalarText(members.get('msg'))).slice(0, 200);
  if (Number(marks['status'] ?? '200') >= 500) return { kind: 'unknown', code: subCode || code, text };
  if (code === done.code && marks['node'] !== unknownNode) return { kind: 'answered' };
  const command = scene.endpoint?.command ?? 'pay';
  return verdictOf(subCode === '' ? code : subCode, text, command.startsWith('query-'));
}

const keptText = 50;
/** Members by their core names, as flows name them. */
const wireNames: Readonly<Record<string, string>> = {
  orderNo: 'out_trade_no',
  platformNo: 'trade_no',
  refundNo: 'out_request_no',
  amount: 'total_amount',
  refundAmount: 'refund_amount',
  notifyUrl: 'notify_url',
  currency: 'currency',
};

/** code, msg, sub_code, sub_msg. Who or what cannot be told is answered under `unknow_response`. */
function refuse(
  refusal: Refusal,
  { scene, endpoint: asked, marks: wished = {} }: RefusalScene,
): ReturnType<typeof noded> {
  const subCode = subCodeFor(refusal);
  const { field, why } = refusal.detail;
  const about = field !== undefined && /^[\x21-\x7e]{1,32}$/.test(field) ? `: ${wireNames[field] ?? field}` : '';
  const members = fields({
    ...failed,
    sub_code: subCode,
    sub_msg: `${subCodes[subCode].text}${about}`.slice(0, keptText),
  });
  const isNobody = asked === null || why === 'unknown-merchant';
  const marks = refusal instanceof Unopened ? refusal.marks : wished;
  return noded(isNobody ? unknownNode : nodeOf(asked.name), members, scene.request === null ? marks : {});
}

/** An unknown outcome is never a failing word: payments say TRADE_PROCESS, refunds that they were accepted (rulings). */
function outcomeUnknown(refusal: Refusal, at: RefusalScene): ReturnType<typeof noded> {
  const { endpoint: asked, scene } = at;
  if (asked === null || scene.request === null) return refuse(refusal, at);
  const biz = bizOf(scene.request);
  const named = (name: string) => scalarText(biz.get(name)) || undefined;
  const numbers = { out_trade_no: named('out_trade_no'), trade_no: named('trade_no') };
  if (asked.command === 'pay' || asked.command === 'confirm-payment')
    return noded(
      nodeOf(asked.name),
      fields({ ...done, ...shownNumbers(refusal, numbers), trade_status: 'TRADE_PROCESS' }),
    );
  if (asked.command === 'refund')
    return noded(
      nodeOf(asked.name),
      fields({
        ...done,
        ...numbers,
        refund_amount: named('refund_amount'),
        out_request_no: named('out_request_no'),
        refund_state: 'in_process',
      }),
    );
  return refuse(refusal, at);
}

function shownNumbers({ detail }: Refusal, asked: { out_trade_no: string | undefined; trade_no: string | undefined }) {
  const report = detail.report;
  const of = (name: 'orderNo' | 'platformNo') => {
    const value: unknown = typeof report === 'object' && report !== null ? Reflect.get(report, name) : null;
    return typeof value === 'string' ? value : undefined;
  };
  const tradeNo = of('platformNo') ?? asked.trade_no;
  return { out_trade_no: of('orderNo') ?? asked.out_trade_no, trade_no: tradeNo, paysn: tradeNo };
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
  'outcome-unknown': outcomeUnknown,
  busy: refuse,
  internal: refuse,
};

/** trade_no: the day, then three digits of home and nineteen of chance. protocol_no: K, then nineteen digits (String(20)). */
const serial = 22;
const ours = /^(?:\d{8}(\d{22})|K(\d{19})|\d{8}([0-9a-f]{24}))$/;

const numbers: Numbers = {
  platformNo: (kind: NumberKind, home, nonce, now) =>
    kind === 'agreement' ? `K${decimalNumber(19, home, nonce)}` : `${dayOf(now)}${decimalNumber(serial, home, nonce)}`,
  /** out_trade_no and out_request_no begin with the day; 32 characters in all. */
  reference: (_kind, home, nonce, now) =>
    `${dayOf(now)}${home.toString(16).padStart(2, '0')}${Buffer.from(nonce(11)).toString('hex')}`,
  homeOf(number) {
    const [, platform, agreement, reference] = ours.exec(number) ?? [];
    if (reference !== undefined) return Number.parseInt(reference.slice(0, 2), 16);
    const digits = platform ?? agreement;
    return digits === undefined ? null : homeOfDecimal(digits);
  },
};

const most = 10_000_000_000n;

const capabilities: readonly Capability[] = [
  { method: 'quick-pay', currencies: ['CNY'], options: null, min: 1n, max: most, sides: 'both' },
];

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

export const ysepay: Protocol = {
  name: 'ysepay',
  title: {
    en: 'Chinese quick pay by agreement (ysepay)',
    zh: '协议快捷支付（ysepay）',
    id: 'Pembayaran cepat Tiongkok dengan perjanjian (ysepay)',
  },
  keys: keySpecs,
  settings: settingSpecs,
  endpoints,
  capabilities,
  maxBody: 128 * 1024,
  identify,
  request,
  reply,
  notice,
  ack,
  judge,
  refusals,
  readNotice,
  writeNotice,
  // Section 3: the platform's schedule is not public; this one is ours. The second row was seen 11 seconds after the first.
  statement,
  retry: {
    gapsMs: [
      10 * secondMs,
      minuteMs,
      5 * minuteMs,
      15 * minuteMs,
      hourMs,
      3 * hourMs,
      6 * hourMs,
      12 * hourMs,
      24 * hourMs,
    ],
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 10_000,
  },
  numbers,
  numberSpace(command) {
    if (command.endsWith('-agreement')) return 'ysepay:agreement';
    return command === 'refund' || command === 'query-refund' ? 'ysepay:refund' : 'ysepay:payment';
  },
  confidential: ['sign', 'mobile_verify_code', ...secretMembers],
  unkept: ['cardCvn2', 'cardExprDt'],
  samples,
};
