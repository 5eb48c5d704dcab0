/** BluePay's two queries, by our reference. Page, sections 4, 6 and 6.3. */
import type { Find, PaymentReport, PayoutReport } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { fields, JsonError, Num, Obj, parseJson, writeJson } from '../json.ts';
import { formatLocalTime, minorUnits, parseLocalTime, text } from '../leaves.ts';
import { field, missing, table } from '../message.ts';
import type { Keys, Message } from '../protocol.ts';
import { blankPayment, minutesEast, scalarExtras, scalarText } from '../reading.ts';
import { queriedState, statusFor } from './codes.ts';
import { productId, transactionId, transferAnswer } from './messages.ts';

const rupiah = minorUnits('text');

/** BluePay's times are those of its sandbox's evidence, UTC+8, unless the channel says otherwise (row 27). */
function offsetOf(keys: Keys): number {
  return minutesEast(keys.setting('utcOffset'), 8 * 60);
}

interface QueryWire {
  operatorId: string;
  productid: string;
  t_id: string;
}
const queryWire = table<QueryWire>({
  operatorId: field('operatorId', text({ max: 32, pattern: /^[0-9A-Za-z_-]+$/ })),
  productid: field('productid', productId),
  t_id: field('t_id', transactionId),
});

export const queryAsk: Message<Find> = {
  read(message) {
    return { orderNo: queryWire.read(message.fields).t_id, platformNo: null, refundNo: null, extras: {} };
  },
  write(find, { keys }) {
    if (find.orderNo === null) throw missing('t_id');
    return queryWire.write({
      operatorId: keys.setting('operatorId') ?? keys.sender,
      productid: keys.sender,
      t_id: find.orderNo,
    });
  },
};

/** `result` of a collection query: an object, or its JSON text (row 21). Null when there is none. */
export function resultOf(reply: Obj): Obj | null {
  const result = reply.get('result');
  if (result instanceof Obj) return result;
  if (typeof result !== 'string') return null;
  try {
    const parsed = parseJson(result);
    return parsed instanceof Obj ? parsed : null;
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
}

export const queryPaymentAnswer: Message<PaymentReport> = {
  read({ fields: reply }, { keys }) {
    const result = resultOf(reply);
    if (result === null) throw new Refusal('outcome-unknown', { field: 'result', text: 'the reply has no result' });
    const status = scalarText(result.get('record_status'));
    const state = queriedState(status);
    const amount =
      keys.setting('sandbox2257') === 'true' ? null : money(rupiah.read(result.get('price'), 'price'), 'IDR');
    const number = scalarText(result.get('innerid')) || null;
    const time = parseLocalTime(scalarText(result.get('timestamp')), offsetOf(keys));
    return {
      ...blankPayment,
      orderNo: scalarText(result.get('transactionId')) || null,
      platformNo: number,
      channelNo: number,
      state,
      amount,
      paid: state === 'paid' ? amount : null,
      finishedAt: state === 'pending' || state === 'unknown' ? null : time,
      reason: state === 'failed' ? { code: status, text: '' } : null,
      extras: scalarExtras(result, 'bluepay'),
    };
  },
  write(report, { keys }) {
    const result = fields({
      innerid: report.platformNo ?? report.channelNo ?? '',
      msisdn: report.extras['msisdn'] ?? 'nomsisdn',
      price: (report.paid ?? report.amount)?.minor.toString() ?? '',
      record_status: statusFor(report.state, report.reason),
      timestamp: timeText(report.finishedAt ?? report.createdAt, keys),
      transactionId: report.orderNo ?? '',
    });
    return fields({
      status: new Num('200'),
      result: keys.setting('resultForm') === 'text' ? writeJson(result) : result,
    });
  },
};

function timeText(instant: number | null, keys: Keys): string {
  return instant === null ? '' : formatLocalTime(instant, offsetOf(keys));
}

export const queryPayoutAnswer: Message<PayoutReport> = {
  read(message, scene) {
    const report = transferAnswer.read(message, scene);
    const time = parseLocalTime(scalarText(message.fields.get('time')), offsetOf(scene.keys));
    const isDecided = report.state !== 'pending' && report.state !== 'unknown';
    return { ...report, finishedAt: isDecided ? time : null, extras: scalarExtras(message.fields, 'bluepay') };
  },
  write(report, { keys }) {
    return fields({
      code: '200',
      // A payout that came back must not read as paid out; BluePay's own number for it is in no source.
      transferStatus: report.state === 'returned' ? '646' : statusFor(report.state, report.reason),
      time: timeText(report.finishedAt ?? report.createdAt, keys),
      transactionId: report.orderNo ?? '',
      productId: keys.sender,
    });
  },
};
