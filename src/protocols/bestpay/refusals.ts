/** What is answered instead of an answer (page, section 9.3; rulings on unknown outcomes). */
import type { PaymentReport, RefundReport } from '../../core/commands.ts';
import type { Refusal } from '../../core/refusal.ts';
import type { Fields } from '../json.ts';
import type { RefusalScene, RefusalTable } from '../protocol.ts';
import { codeErrors, errors, whyErrors } from './codes.ts';
import { refused } from './envelope.ts';
import { barcodeAnswer, failedOrder, reportOfAsk } from './orders.ts';
import { answeredRefund, refundOfAsk } from './refunds.ts';

/** The plain refusal: `success` false and a code. Names the member at fault, never its value. */
function plain({ code, detail }: Refusal): Fields {
  const name = whyErrors.get(`${code}/${detail.why ?? ''}`) ?? codeErrors[code];
  const { code: errorCode, text } = errors[name];
  const at = code === 'invalid-request' && detail.field !== undefined ? `: ${detail.field}` : '';
  return refused(errorCode, `${text}${at}`);
}

function isReport<K extends 'payment' | 'refund'>(
  report: unknown,
  kind: K,
): report is K extends 'payment' ? PaymentReport : RefundReport {
  return typeof report === 'object' && report !== null && 'kind' in report && report.kind === kind;
}

/**
 * A clear no to an order that was taken: the call was handled, the business outcome is FAIL (page, sections 0.5 and 10), with the
 * channel's word as an extra member. What was not even taken is refused plainly.
 */
function ended(refusal: Refusal, at: RefusalScene): Fields {
  const { scene, endpoint } = at;
  const { report, channelCode, text } = refusal.detail;
  const why = { code: channelCode ?? errors.refused.code, text: text ?? errors.refused.text };
  const isTaken = refusal.code === 'channel-declined' || report !== undefined;
  if (!isTaken || !scene.request) return plain(refusal);
  if (endpoint?.command === 'pay')
    return failedOrder(isReport(report, 'payment') ? report : reportOfAsk(scene.request, 'failed', why), scene);
  if (endpoint?.command !== 'refund') return plain(refusal);
  if (channelCode === errors.noPartialRefund.code) return refused(channelCode, errors.noPartialRefund.text);
  return answeredRefund(isReport(report, 'refund') ? report : refundOfAsk(scene.request, 'failed', why), scene);
}

/** Unknown is WAITFORPAY where the message can say it; a QR order without an address cannot be answered with success. */
function undecided(refusal: Refusal, { scene, endpoint }: RefusalScene): Fields {
  const { report } = refusal.detail;
  if (!scene.request) return plain(refusal);
  if (endpoint?.name === 'orderMixBrcode')
    return barcodeAnswer.write(
      isReport(report, 'payment') ? report : reportOfAsk(scene.request, 'unknown', null),
      scene,
    );
  if (endpoint?.command === 'refund')
    return answeredRefund(isReport(report, 'refund') ? report : refundOfAsk(scene.request, 'unknown', null), scene);
  return plain(refusal);
}

export const refusals: RefusalTable = {
  'invalid-request': plain,
  unauthenticated: plain,
  forbidden: plain,
  'not-found': plain,
  conflict: plain,
  'limit-exceeded': plain,
  'insufficient-funds': plain,
  'channel-declined': ended,
  'channel-unavailable': ended,
  'outcome-unknown': undecided,
  busy: plain,
  internal: plain,
};
