/** Refunds and their queries ↔ core commands and reports (page, section 8). */
import type { Find, RefundAsk, RefundReport } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { type Fields, type Json, type Obj, writeJson } from '../json.ts';
import { missing } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { scalarExtras } from '../reading.ts';
import { refundWords, stateOfWord } from './codes.ts';
import { answered, resultOf } from './envelope.ts';
import { checkRequestDate, checkShop, keptExtras, lineOf, reasonOf, unambiguous, yuan } from './orders.ts';
import { isSet, settingOf, shopsOf } from './settings.ts';
import * as wire from './wire.ts';

export const blankRefund: RefundReport = {
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

export const refundAsk: Message<RefundAsk> = {
  read(message, scene) {
    const asked = wire.refundAsk.read(message.fields);
    checkRequestDate(asked.requestDate, scene);
    checkShop(asked.merchantNo, scene);
    const { merchantNo, operator, remark, refundCause } = asked;
    return {
      refundNo: asked.outRequestNo,
      orderNo: asked.outTradeNo,
      platformNo: null,
      amount: money(asked.refundAmt, 'CNY'),
      reason: refundCause,
      notify: { kind: 'http', url: asked.notifyUrl },
      extras: keptExtras({ merchantNo, operator, remark, refundCause }),
    };
  },
  write(ask, scene) {
    if (ask.orderNo === null) throw missing('outTradeNo');
    if (ask.notify?.kind !== 'http') throw missing('notifyUrl');
    const cause = unambiguous(lineOf(ask.reason, 256, ''));
    return wire.refundAsk.write({
      institutionCode: scene.keys.sender,
      merchantNo: shopsOf(scene.keys)[0],
      outTradeNo: ask.orderNo,
      outRequestNo: ask.refundNo,
      refundAmt: ask.amount.minor,
      requestDate: scene.moment,
      operator: settingOf(scene.keys, 'operator'),
      notifyUrl: ask.notify.url,
      refundCause: cause === '' ? null : cause,
      remark: null,
    });
  },
};

/** Rows 6 and `stringResult`: an object, or the JSON text that some merchants expect. */
function resultIn(result: Obj, scene: Scene): Json {
  return isSet(scene.keys, 'stringResult') ? writeJson(result) : result;
}

export function answeredRefund(report: RefundReport, scene: Scene): Fields {
  const isOver = report.state === 'failed';
  const result = wire.refundResult.write({
    tradeNo: report.platformRefundNo ?? report.platformNo,
    refundAmt: report.amount?.minor ?? null,
    tradeStatus: refundWords[report.state],
    outTradeNo: report.refundNo,
    tradeprodNo: report.platformRefundNo,
    buyerLoginNo: null,
    errorMsgCode: isOver ? (report.reason?.code ?? null) : null,
    errorMsgDesc: isOver ? (report.reason?.text ?? null) : null,
  });
  return answered(resultIn(result, scene));
}

export const refundAnswer: Message<RefundReport> = {
  read(reply) {
    const result = resultOf(reply);
    const said = wire.refundResult.read(result);
    const state = stateOfWord(said.tradeStatus);
    return {
      ...blankRefund,
      refundNo: said.outTradeNo,
      platformRefundNo: said.tradeNo,
      state,
      amount: yuan(said.refundAmt),
      reason: state === 'failed' ? reasonOf(said) : null,
      extras: withoutBuyer(result),
    };
  },
  write: answeredRefund,
};

/** Who the payer is stays out of our books. */
function withoutBuyer(result: Obj) {
  const { 'bestpay.buyerLoginNo': _, ...kept } = scalarExtras(result, 'bestpay');
  return kept;
}

/** The refund of a request whose answer we do not have, from what was asked. */
export function refundOfAsk(
  { fields: asked }: Opened,
  state: RefundReport['state'],
  why: RefundReport['reason'],
): RefundReport {
  const number = asked.get('outRequestNo');
  return {
    ...blankRefund,
    refundNo: typeof number === 'string' ? number : null,
    state,
    amount: yuan(wire.fenIn(asked, 'refundAmt')),
    reason: why,
  };
}

export const findRefundAsk: Message<Find> = {
  read(message, scene) {
    const { merchantNo, outTradeNo, outRequestNo } = wire.findRefundAsk.read(message.fields);
    checkShop(merchantNo, scene);
    return { orderNo: outTradeNo, platformNo: null, refundNo: outRequestNo, extras: { merchantNo } };
  },
  write(find, scene) {
    if (find.orderNo === null) throw missing('outTradeNo');
    if (find.refundNo === null) throw missing('outRequestNo');
    return wire.findRefundAsk.write({
      institutionCode: scene.keys.sender,
      merchantNo: shopsOf(scene.keys)[0],
      outTradeNo: find.orderNo,
      outRequestNo: find.refundNo,
      refundDate: find.orderedAt ?? scene.moment,
    });
  },
};

export const findRefundAnswer: Message<RefundReport> = {
  read(reply) {
    const said = wire.findRefundResult.read(resultOf(reply));
    return {
      ...blankRefund,
      refundNo: said.outRequestNo,
      orderNo: said.outTradeNo,
      platformRefundNo: said.tradeNo,
      state: stateOfWord(said.tradeStatus),
      amount: yuan(said.refundAmt),
      paymentAmount: yuan(said.tradeAmt),
      createdAt: said.refundRequestDate,
    };
  },
  write: (report, scene) =>
    answered(
      resultIn(
        wire.findRefundResult.write({
          outTradeNo: report.orderNo,
          tradeNo: report.platformRefundNo ?? report.platformNo,
          outRequestNo: report.refundNo,
          refundCause: report.extras['refundCause'] ?? null,
          refundAmt: report.amount?.minor ?? null,
          tradeAmt: report.paymentAmount?.minor ?? null,
          tradeStatus: refundWords[report.state],
          refundRequestDate: report.createdAt,
        }),
        scene,
      ),
    ),
};
