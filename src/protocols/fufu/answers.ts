/** What is answered: core reports ↔ `data` of a reply. Every reply has `result` above it. */
import { type Extras, type Find, noInstruction, type PaymentReport, type RefundReport } from '../../core/commands.ts';
import type { Exchange } from '../../core/exchange.ts';
import { type Money, formatDecimal, isCurrency, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { type Fields, type Json, Num, Obj, fields } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Keys, Message, Opened, Scene } from '../protocol.ts';
import { blankPayment, scalarExtras, scalarText } from '../reading.ts';
import {
  bareWords,
  type ChannelType,
  channelTypeOf,
  channelTypes,
  credits,
  isChannelType,
  refundHeard,
  refundWordOf,
  revokedCodes,
  stateHeard,
  stateOf,
  states,
} from './codes.ts';
import * as leaf from './members.ts';
import { walletsFor } from './settings.ts';
import { formatTime, parseTime } from './zone.ts';

/** The samples' order: the message before the code. */
const ok = (): Obj => fields({ return_msg: 'OK', return_code: 'SUCCESS' });

export function success(data: Readonly<Record<string, Json | undefined>>): Fields {
  return fields({ result: ok(), data: fields({ return_code: 'SUCCESS', ...data }) });
}

/** The request was handled, the operation did not work (page 4.4, level "data"). */
export function failure(code: string, data: Readonly<Record<string, Json | undefined>> = {}): Fields {
  return fields({ result: ok(), data: fields({ return_code: 'FAIL', return_msg: code, ...data }) });
}

/** The request was not handled; there is no data then. */
export function refusal(code: string): Fields {
  return fields({ result: fields({ return_msg: code, return_code: 'FAIL' }) });
}

/** The zone of the request that is answered, else the order's. */
export function zoneOf(scene: Scene, extras: Extras): string | null {
  return scalarText(scene.request?.fields.get('time_zone')) || extras['time_zone'] || null;
}

function kept(extras: Extras, name: string): string | undefined {
  return extras[name];
}

/** Rate and amount only when the currency is foreign. */
function exchangeMembers(exchange: Exchange | null | undefined, amountName: string): Record<string, Json | undefined> {
  return exchange ? { exchange_rate: exchange.rate, [amountName]: new Num(exchange.minor) } : {};
}

/** Numbers on the wire are amounts in fen and the state; channel_type is a text, as in every sample (row 5). */
function fen(amount: Money | null): Json | undefined {
  return amount === null ? undefined : new Num(amount.minor);
}

function creditOf({ channelExtras }: PaymentReport): string | undefined {
  const heard = channelExtras['fufu.credit'];
  return heard !== undefined && credits.has(heard) ? heard : undefined;
}

/** The documented codes are all that a client has to know; a wallet without one shows `0`. */
function typeShown(option: string | null, keys: Keys): ChannelType {
  return option !== null && walletsFor(keys).includes(option) ? channelTypeOf(option) : '0';
}

/** Section 2.1.3: the base of /order, /query and the notice. `zone` is that of the times. */
export function paymentMembers(report: PaymentReport, zone: string | null, { keys, moment }: Scene) {
  const { extras, channelExtras } = report;
  const isPaid = report.state === 'paid';
  return {
    channel_type: typeShown(report.option, keys),
    out_trade_no: report.orderNo ?? undefined,
    trade_no: report.platformNo ?? undefined,
    channel_trade_no: isPaid ? (channelExtras['fufu.channel_trade_no'] ?? report.channelNo ?? undefined) : undefined,
    phone_code: isPaid ? (channelExtras['fufu.phone_code'] ?? report.platformNo ?? undefined) : undefined,
    operator_id: kept(extras, 'operator_id'),
    terminal_id: kept(extras, 'terminal_id'),
    merchant_param: kept(extras, 'merchant_param'),
    begin_time: report.createdAt === null ? undefined : formatTime(report.createdAt, zone),
    end_time: report.finishedAt === null ? undefined : formatTime(report.finishedAt, zone),
    total_fee: fen(report.amount),
    fee_type: report.amount?.currency,
    ...exchangeMembers(report.exchange, 'trans_amount_cny'),
    state: new Num(stateOf(report, moment)),
    credit: isPaid ? creditOf(report) : undefined,
    time_zone: zone ?? undefined,
  };
}

/** The payer's code is given back from the very request: it is kept nowhere. */
function echoedCode(scene: Scene): string | undefined {
  return scalarText(scene.request?.fields.get('auth_code')) || undefined;
}

function dataOf(reply: Opened): Obj {
  const data = reply.fields.get('data');
  if (data === undefined || data === null) throw missing('data');
  if (!(data instanceof Obj)) throw invalid('data', 'data must be an object');
  return data;
}

function textIn(data: Obj, name: string): string | null {
  return scalarText(data.get(name)) || null;
}

/** Members of a channel's message worth keeping; payment codes are not. */
function heardExtras(data: Obj): Extras {
  const { 'fufu.auth_code': _code, ...rest } = scalarExtras(data, 'fufu');
  return rest;
}

function moneyIn(data: Obj, name: string): Money | null {
  const value = data.get(name);
  if (value === undefined || value === null || value === '') return null;
  const currency = textIn(data, 'fee_type') ?? 'CNY';
  if (!isCurrency(currency)) throw invalid('fee_type', `unknown currency ${currency}`);
  return money(leaf.shownFee.read(value, name), currency);
}

/** What a message of a channel says about a payment. A state that is missing says nothing. */
export function paymentIn(data: Obj, stateless: PaymentReport['state'] = 'unknown'): PaymentReport {
  const code = textIn(data, 'state');
  const state = code === null ? stateless : stateHeard(code);
  const amount = moneyIn(data, 'total_fee');
  const type = textIn(data, 'channel_type') ?? '';
  const endTime = textIn(data, 'end_time');
  return {
    ...blankPayment,
    orderNo: textIn(data, 'out_trade_no'),
    platformNo: textIn(data, 'trade_no'),
    channelNo: textIn(data, 'channel_trade_no'),
    state,
    option: isChannelType(type) ? channelTypes[type] : null,
    amount,
    paid: state === 'paid' ? amount : null,
    finishedAt: endTime === null || state === 'pending' ? null : parseTime(endTime),
    reason: code === null ? null : { code, text: textIn(data, 'return_msg') ?? '' },
    extras: heardExtras(data),
  };
}

/**
 * /order is answered when it is decided: paid, or reversed. What is still open then is not known, and told so (rulings);
 * what the wallet declined comes as a refusal.
 */
export const orderAnswer: Message<PaymentReport> = {
  read: (reply) => paymentIn(dataOf(reply)),
  write(report, scene) {
    if (report.state === 'pending' || report.state === 'unknown') throw new Refusal('outcome-unknown', { report });
    const { time_zone, ...members } = paymentMembers(report, zoneOf(scene, report.extras), scene);
    const data = { ...members, auth_code: echoedCode(scene), time_zone };
    return report.state === 'paid' ? success(data) : failure(failureOf(report, scene.moment), data);
  },
};

/** The word for an order that ended unpaid. */
export function failureOf(report: PaymentReport, moment: Instant): string {
  return stateOf(report, moment) === states.revoked ? 'AREADY_REVOKED' : 'FAIL';
}

/** `price` is yuan and display only; the page takes the amount from the database. Ids hold nothing that needs escaping. */
function oneCodeUrl(report: PaymentReport, scene: Scene): string | undefined {
  const { deskUrl, payCode } = report.instruction;
  if (payCode !== null) return payCode;
  if (deskUrl === null || report.amount === null) return undefined;
  const { href } = new URL('/online/pay/', deskUrl);
  return `${href}?id=${scene.keys.sender}&tradeNo=${report.platformNo ?? ''}&price=${formatDecimal(report.amount.minor, 2)}`;
}

/** Section 2.2.3: a one-code URL, Alipay's trade number, or WeChat's parameters as JSON text. */
export const preOrderAnswer: Message<PaymentReport> = {
  read(reply) {
    const data = dataOf(reply);
    const info = data.get('payInfo');
    const payInfo = info === undefined || info === null ? null : leaf.payInfo.read(info, 'payInfo');
    return {
      ...blankPayment,
      orderNo: textIn(data, 'out_trade_no'),
      platformNo: textIn(data, 'trade_no'),
      state: 'pending',
      instruction: { ...noInstruction, payCode: textIn(data, 'qr_code') ?? textIn(data, 'prePayId') ?? payInfo },
      extras: heardExtras(data),
    };
  },
  write(report, scene) {
    const isInApp = report.method === 'in-app';
    const code = report.instruction.payCode ?? undefined;
    // Nobody can pay without it, and a payment that was made is not for the page to say.
    if (isInApp && code === undefined && report.state !== 'paid') throw new Refusal('outcome-unknown', { report });
    const isWechat = report.option === 'WECHAT';
    return success({
      out_trade_no: report.orderNo ?? undefined,
      trade_no: report.platformNo ?? undefined,
      qr_code: isInApp ? undefined : oneCodeUrl(report, scene),
      prePayId: isInApp && !isWechat ? code : undefined,
      payInfo: isInApp && isWechat ? code : undefined,
      time_zone: zoneOf(scene, report.extras) ?? undefined,
    });
  },
};

/** Row 9: total_fee and the sum of successful refunds, zero if none. */
export const queryAnswer: Message<PaymentReport> = {
  read: (reply) => paymentIn(dataOf(reply)),
  write(report, scene) {
    const { time_zone, ...members } = paymentMembers(report, zoneOf(scene, report.extras), scene);
    const refunds = report.refunds ?? { done: 0n, converted: 0n };
    return success({
      ...members,
      refund_fee: new Num(refunds.done),
      refund_amount_cny: report.exchange ? new Num(refunds.converted ?? 0n) : undefined,
      time_zone,
    });
  },
};

/**
 * State 6 is a pre-order that was closed, or a barcode that the wallet declined for good (page 4.3 and 5): a barcode is never closed but
 * by time. The wallet's word for it, where the answer has one, else the bare `FAIL`.
 */
export function declinedOrClosed(report: PaymentReport, { method }: Find): PaymentReport {
  if (method !== 'barcode' || report.state !== 'closed') return report;
  const word = report.reason?.text ?? '';
  return { ...report, state: 'failed', reason: { code: bareWords.has(word) ? 'FAIL' : word, text: '' } };
}

/** /cancel: nothing but the word. */
export const cancelAnswer: Message<PaymentReport> = {
  read: () => ({ ...blankPayment, state: 'reversed' }),
  write: (report, scene) => success({ time_zone: zoneOf(scene, report.extras) ?? undefined }),
};

export const closeAnswer: Message<PaymentReport> = {
  read(reply) {
    const data = dataOf(reply);
    return {
      ...blankPayment,
      orderNo: textIn(data, 'out_trade_no'),
      platformNo: textIn(data, 'trade_no'),
      state: revokedCodes.has(textIn(data, 'return_msg') ?? '') ? 'reversed' : 'closed',
    };
  },
  write(report, scene) {
    // Closed twice is closed (row 20); what failed or ran out of time is not ours to close any more.
    if (report.state === 'failed') throw new Refusal('conflict', { why: 'failed' });
    if (stateOf(report, scene.moment) === states.revoked) throw new Refusal('conflict', { why: 'reversed' });
    return success({
      out_trade_no: report.orderNo ?? undefined,
      trade_no: report.platformNo ?? undefined,
      time_zone: zoneOf(scene, report.extras) ?? undefined,
    });
  },
};

function convertedOf(report: RefundReport): Record<string, Json | undefined> {
  return exchangeMembers(report.exchange, 'refund_amount_cny');
}

/** Section 2.4.3: success means accepted (row 28); refundQuery tells the end. */
export const refundAnswer: Message<RefundReport> = {
  read(reply) {
    const data = dataOf(reply);
    return {
      ...blankRefund,
      refundNo: textIn(data, 'out_refund_no'),
      orderNo: textIn(data, 'out_trade_no'),
      platformNo: textIn(data, 'trade_no'),
      platformRefundNo: textIn(data, 'refund_no'),
      state: 'pending',
      amount: moneyIn(data, 'refund_fee'),
      extras: heardExtras(data),
    };
  },
  write(report, scene) {
    const zone = zoneOf(scene, report.extras);
    return success({
      out_trade_no: report.orderNo ?? undefined,
      trade_no: report.platformNo ?? undefined,
      operator_id: kept(report.extras, 'operator_id'),
      terminal_id: kept(report.extras, 'terminal_id'),
      begin_time: report.createdAt === null ? undefined : formatTime(report.createdAt, zone),
      end_time: report.finishedAt === null ? undefined : formatTime(report.finishedAt, zone),
      refund_fee: fen(report.amount),
      fee_type: report.amount?.currency,
      ...convertedOf(report),
      out_refund_no: report.refundNo ?? undefined,
      refund_no: report.platformRefundNo ?? undefined,
      channel_type: typeShown(report.paymentOption ?? null, scene.keys),
      time_zone: zone ?? undefined,
    });
  },
};

const blankRefund: RefundReport = {
  kind: 'refund',
  refundNo: null,
  orderNo: null,
  platformNo: null,
  platformRefundNo: null,
  state: 'unknown',
  amount: null,
  paymentAmount: null,
  createdAt: null,
  finishedAt: null,
  reason: null,
  extras: {},
  channelExtras: {},
};

/** Section 2.8.2: amount, reason and time only when it succeeded. `out_trade_no` is the refund's number. */
export const refundQueryAnswer: Message<RefundReport> = {
  read(reply) {
    const data = dataOf(reply);
    const word = textIn(data, 'trade_status') ?? '';
    const doneAt = textIn(data, 'gmt_refund_time');
    const state = refundHeard(word);
    return {
      ...blankRefund,
      refundNo: textIn(data, 'out_trade_no'),
      state,
      // Without its currency the number says nothing: this reply has no fee_type in the document.
      amount: textIn(data, 'fee_type') === null ? null : moneyIn(data, 'refund_fee'),
      finishedAt: doneAt === null ? null : parseTime(doneAt),
      reason: { code: word, text: textIn(data, 'return_msg') ?? '' },
      extras: heardExtras(data),
    };
  },
  write(report, scene) {
    const word = refundWordOf(report);
    const zone = zoneOf(scene, report.extras);
    const done =
      word === 'succ'
        ? {
            refund_fee: fen(report.amount),
            refund_subject: kept(report.extras, 'refund_subject'),
            gmt_refund_time: report.finishedAt === null ? undefined : formatTime(report.finishedAt, zone),
            operator_id: kept(report.extras, 'operator_id'),
            terminal_id: kept(report.extras, 'terminal_id'),
          }
        : {};
    return success({
      out_trade_no: report.refundNo ?? undefined,
      trade_no: report.platformNo ?? undefined,
      trade_status: word,
      ...done,
      time_zone: zone ?? undefined,
    });
  },
};
