/** What is told: a pre-order was paid (section 2.3). Nothing else is, and nothing about barcodes: those are answered. */
import type { Report } from '../../core/commands.ts';
import { type Fields, Obj, fields } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Opened, Scene } from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { paymentIn, paymentMembers } from './answers.ts';
import { isSuccess } from './codes.ts';

/** The table lists no state: such a notice exists because the order was paid, if it says when. */
export function readNotice(notice: Opened, scene: Scene): Report {
  const { result, data } = { result: notice.fields.get('result'), data: notice.fields.get('data') };
  if (result instanceof Obj && !isSuccess(scalarText(result.get('return_code'))))
    throw invalid('result', 'a notice without success tells nothing');
  if (!(data instanceof Obj)) throw missing('data');
  const busiId = scalarText(data.get('busi_id'));
  if (busiId !== '' && busiId !== scene.keys.sender) throw invalid('busi_id', 'another merchant');
  const ended = scalarText(data.get('end_time')) !== '';
  const report = paymentIn(data, ended ? 'paid' : 'unknown');
  if (report.orderNo === null) throw missing('out_trade_no');
  return report;
}

/** Both busi_id and state are there (row 22). The body is that of the moment of payment; only the sign is renewed. */
export function writeNotice(report: Report, scene: Scene): Fields | null {
  if (report.kind !== 'payment' || report.state !== 'paid' || report.method === 'barcode') return null;
  // As it became paid: a later refund is not what this notice is about.
  const paid = { ...report, refunds: null };
  const members = paymentMembers(paid, report.extras['time_zone'] ?? null, scene);
  return fields({
    result: fields({ return_msg: 'OK', return_code: 'SUCCESS' }),
    data: fields({ busi_id: scene.keys.sender, ...members }),
  });
}
