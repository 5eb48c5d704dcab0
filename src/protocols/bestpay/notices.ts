/** Callbacks of payments and refunds ↔ reports (page, section 7, rows 1, 3, 4, 7, 14, 16, 17). */
import type { PaymentReport, RefundReport, Report } from '../../core/commands.ts';
import { type Currency, type Money, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { type Fields, Obj } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Opened, Scene } from '../protocol.ts';
import { blankPayment, scalarExtras } from '../reading.ts';
import { currencyNamed, noticeTypes, orderWords, refundWords, stateOfWord, yuanCode } from './codes.ts';
import { discountOf, paidOf } from './orders.ts';
import { blankRefund } from './refunds.ts';
import { isSet, settingOf, shopsOf } from './settings.ts';
import * as wire from './wire.ts';

/** What a channel told. Another shop's or institution's is none of ours (`why` is 'account', T007). */
export function readNotice(message: Opened, scene: Scene): Report {
  const said = wire.notice.read(message.fields);
  if (said.institutionCode !== scene.keys.sender || !shopsOf(scene.keys).includes(said.merchantNo))
    throw new Refusal('invalid-request', { field: 'merchantNo', why: 'account', text: 'another shop' });
  if (said.tradeAmt === null) throw missing('tradeAmt');
  const currency = currencyOf(said, message.fields);
  const extras = scalarExtras(message.fields, 'bestpay');
  if (said.tradeType === noticeTypes.refund) return refundOf(said, money(said.tradeAmt, currency), extras, scene);
  return paymentOf(said, money(said.tradeAmt, currency), extras);
}

/** A currency that is not the order's goes on to be compared with it; one that nobody knows cannot be read. */
function currencyOf(said: wire.Notice, members: Obj): Currency {
  const cyrillic = members.get(wire.cyrillicCcy);
  const ccy = said.ccy ?? (typeof cyrillic === 'string' ? cyrillic : null);
  if (ccy === null) throw missing('ccy');
  const currency = currencyNamed(ccy);
  if (currency === null) throw invalid('ccy', 'ccy is not known');
  return currency;
}

function paymentOf(said: wire.Notice, amount: Money, extras: Report['extras']): PaymentReport {
  const state = stateOfWord(said.tradeStatus);
  const paid = paidOf(amount.minor, said.payAmt, said.discountAmt) ?? amount.minor;
  return {
    ...blankPayment,
    orderNo: said.outTradeNo,
    platformNo: said.tradeNo === '' ? null : said.tradeNo,
    state,
    amount,
    paid: state === 'paid' ? money(paid, amount.currency) : null,
    finishedAt: said.tradeFinishedDate,
    reason: state === 'failed' || state === 'closed' ? reasonIn(said) : null,
    extras,
  };
}

/** Row 7: the refund's number is our own member when it is there, else in outTradeNo; of a channel that puts the order's there, nowhere. */
function refundOf(said: wire.Notice, amount: Money, extras: Report['extras'], scene: Scene): RefundReport {
  const namesOrder = settingOf(scene.keys, 'refundNotifyOutTradeNo') === 'order';
  const state = stateOfWord(said.tradeStatus);
  return {
    ...blankRefund,
    refundNo: said.outRequestNo ?? (namesOrder ? null : said.outTradeNo),
    orderNo: said.outTradeNo,
    platformNo: said.originalTradeNo,
    platformRefundNo: said.tradeNo === '' ? null : said.tradeNo,
    state,
    amount,
    finishedAt: said.tradeFinishedDate,
    reason: state === 'failed' || state === 'closed' ? reasonIn(said) : null,
    extras,
  };
}

function reasonIn(said: wire.Notice) {
  return said.resultCode === null ? null : { code: said.resultCode, text: said.resultMsg ?? '' };
}

/** Payments that were paid and refunds that ended; failed and closed payments by setting (page, section 7). */
export function writeNotice(report: Report, scene: Scene): Fields | null {
  switch (report.kind) {
    case 'payout':
      return null;
    case 'payment':
      return paymentNotice(report, scene);
    case 'refund':
      return refundNotice(report, scene);
  }
}

const overStates: ReadonlySet<string> = new Set(['failed', 'closed', 'reversed']);

function paymentNotice(report: PaymentReport, scene: Scene): Fields | null {
  const isPaid = report.state === 'paid';
  if (!isPaid && !(overStates.has(report.state) && isSet(scene.keys, 'notifyFailures'))) return null;
  const discount = discountOf(report);
  return wire.notice.write({
    ...shared(report, report.finishedAt ?? scene.moment, scene),
    tradeNo: report.platformNo ?? '',
    outTradeNo: report.orderNo ?? '',
    tradeType: noticeTypes.payment,
    tradeAmt: report.amount?.minor ?? null,
    payAmt: isPaid ? (report.paid?.minor ?? 0n) - discount : 0n,
    discountAmt: discount,
    tradeStatus: orderWords[report.state],
    goodsInfo: report.extras['goodsInfo'] ?? '',
    originalTradeNo: null,
    outRequestNo: null,
  });
}

/** Row 16: the amounts are the refund's, the goods are the order's. */
function refundNotice(report: RefundReport, scene: Scene): Fields | null {
  if (report.state === 'pending' || report.state === 'unknown') return null;
  const namesOrder = settingOf(scene.keys, 'refundNotifyOutTradeNo') === 'order';
  return wire.notice.write({
    ...shared(report, report.finishedAt ?? scene.moment, scene),
    tradeNo: report.platformRefundNo ?? '',
    outTradeNo: (namesOrder ? report.orderNo : report.refundNo) ?? '',
    tradeType: noticeTypes.refund,
    tradeAmt: report.amount?.minor ?? null,
    payAmt: report.amount?.minor ?? null,
    discountAmt: 0n,
    tradeStatus: refundWords[report.state],
    goodsInfo: report.extras['payment.goodsInfo'] ?? report.extras['goodsInfo'] ?? '',
    originalTradeNo: report.platformNo,
    outRequestNo: report.refundNo,
  });
}

function shared(report: PaymentReport | RefundReport, finishedAt: Instant, scene: Scene) {
  const isBad = overStates.has(report.state);
  return {
    tradeFinishedDate: finishedAt,
    merchantNo: report.extras['merchantNo'] ?? shopsOf(scene.keys)[0],
    ccy: yuanCode,
    resultCode: isBad ? (report.reason?.code ?? 'FAIL') : '200',
    resultMsg: isBad ? (report.reason?.text ?? '') : '成功',
    institutionCode: scene.keys.sender,
  };
}
