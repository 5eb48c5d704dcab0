/** What is told: results of payments and refunds ↔ members of a notice (document, section 6). */
import type { Report } from '../../core/commands.ts';
import { type Fields, fields } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Opened, Scene } from '../protocol.ts';
import { moneyText, paymentOf, refundOf, textOf } from './answers.ts';
import { noticeWordOf, refundWordOf } from './codes.ts';
import { dayOf } from './members.ts';

const paymentType = 'directpay.status.sync';
/** Refund notices exist (page, section 1.2, 10), their form is not public: this one is ours. */
const refundType = 'refund.status.sync';

/** Unknown members are kept; unknown types are refused: we could not say what they tell. */
export function readNotice({ fields: members }: Opened, _scene: Scene): Report {
  const type = textOf(members, 'notify_type');
  if (type === refundType) {
    const report = refundOf(members);
    if (report.refundNo === null) throw missing('out_request_no');
    if (report.reason === null) throw missing('refund_state');
    return report;
  }
  if (type !== paymentType) throw invalid('notify_type', 'not a notice about a payment or refund');
  const report = paymentOf(members);
  if (report.orderNo === null) throw missing('out_trade_no');
  if (report.amount === null && report.state === 'paid') throw missing('total_amount');
  return report;
}

/** Null while nothing is decided: only final states are told. sign_type is that of the request (rulings). */
export function writeNotice(report: Report, _scene: Scene): Fields | null {
  const signType = report.extras['sign_type'];
  if (report.kind === 'payout') return null;
  const finishedAt = report.finishedAt === null ? undefined : dayOf(report.finishedAt);
  if (report.kind === 'refund') {
    if (report.state === 'pending' || report.state === 'unknown') return null;
    return fields({
      sign_type: signType,
      notify_type: refundType,
      out_trade_no: report.orderNo ?? undefined,
      trade_no: report.platformNo ?? undefined,
      out_request_no: report.refundNo ?? undefined,
      refundsn: report.platformRefundNo ?? undefined,
      refund_amount: moneyText(report.amount),
      refund_state: refundWordOf(report),
      account_date: finishedAt,
    });
  }
  const word = noticeWordOf(report.state);
  if (word === null) return null;
  return fields({
    sign_type: signType,
    notify_type: paymentType,
    out_trade_no: report.orderNo ?? undefined,
    total_amount: moneyText(report.paid ?? report.amount),
    trade_no: report.platformNo ?? undefined,
    trade_status: word,
    account_date: word === 'TRADE_SUCCESS' ? finishedAt : undefined,
    fee: moneyText(report.fee),
    extra_common_param: report.extras['extra_common_param'],
  });
}
