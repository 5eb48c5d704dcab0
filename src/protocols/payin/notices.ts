/** What is told: results of payments and payouts ↔ notice members (sections 5 and 7.3). */
import type { Report } from '../../core/commands.ts';
import type { Fields } from '../json.ts';
import { missing } from '../message.ts';
import type { Opened, Scene } from '../protocol.ts';
import { checkMerchant, outcomeMembers, payTypeOf, paymentOf, payoutOf } from './answers.ts';
import { isFinal, payoutPayType, resultDescOf } from './codes.ts';
import * as wire from './wire.ts';

/** Carries the wish for a letter case from `writeNotice` to the notice leg, which removes it. Never sent. */
export const signCaseWish = '@signCase';

/** Which of the two notices: by the platform's number, else by what only payouts carry. */
function isPayoutNotice(said: wire.Notice): boolean {
  if (said.orderNo !== null && /^PAY(?:IN|DESK)/.test(said.orderNo)) return false;
  if (said.orderNo?.startsWith('PAYOUT')) return true;
  return said.payType === payoutPayType || said.resultDesc !== null;
}

/** `amount` of a SUCCESS is the amount really paid (row 28); the ordered one is not carried then. */
export function readNotice(message: Opened, scene: Scene): Report {
  const said = wire.notice.read(message.fields);
  checkMerchant(said.merchantId, scene);
  if (said.mchOrderNo === null && said.orderNo === null) throw missing('mchOrderNo');
  if (said.amount === null) throw missing('amount');
  if (isPayoutNotice(said)) return payoutOf(said);
  const report = paymentOf(said);
  return report.state === 'paid' ? { ...report, amount: null } : report;
}

/** Notices exist for SUCCESS and FAIL. nonceStr is the moment of freezing; retries carry the same bytes. */
export function writeNotice(report: Report, scene: Scene): Fields | null {
  if (report.kind === 'refund' || !isFinal[report.state]) return null;
  const isPayment = report.kind === 'payment';
  const told = wire.notice.write({
    ...outcomeMembers(report, scene),
    amount: (isPayment ? (report.paid ?? report.amount) : report.amount)?.minor ?? null,
    nonceStr: String(scene.moment),
    payType: isPayment ? payTypeOf(report) : payoutPayType,
    payCode: isPayment ? report.instruction.payCode : null,
    payUrl: isPayment ? report.instruction.payUrl : null,
    resultDesc: isPayment ? null : resultDescOf(report.state, report.reason),
  });
  const wish = report.extras['signCase'];
  if (wish !== undefined) told.set(signCaseWish, wish);
  return told;
}
