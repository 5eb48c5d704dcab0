/**
 * The file behind `ysepay.online.bill.downloadurl.get`. The document names the command and not the columns; these are the usual ones of
 * such bills (fufu page, section 9.5): one line per paid order and accepted refund, China time, a summary at the end. A Kanal as the
 * channel hands out its own columns.
 */
import type { Kind } from '../../core/order.ts';
import { money } from '../../core/money.ts';
import {
  BadCell,
  currencyOf,
  type HeaderReader,
  type LineReader,
  type LineState,
  minorOf,
  numbersOf,
} from '../../core/statement.ts';

const billColumns =
  'trade time,type,platform no,merchant no,refund no,channel,channel no,amount,refund amount,fee,currency,status';
const kanalColumns = 'kind,order_no,platform_no,amount,currency,fee,state,finished_at';

const kinds: Readonly<Record<string, Kind>> = { PAY: 'payment', PAYOUT: 'payout', REFUND: 'refund' };
const billStates: Readonly<Record<string, LineState>> = { SUCCESS: 'paid', REVOKED: 'reversed', RETURNED: 'returned' };

export const statement: HeaderReader = (cells) => {
  const found = readers[cells.join()];
  return found ?? `the first line is neither ${billColumns} nor ${kanalColumns}`;
};

const billLine: LineReader = (cells, no) => {
  const [time = '', type = '', platformNo = '', merchantNo = '', refundNo = '', , , amount = '', refunded = ''] = cells;
  const [, , , , , , , , , fee = '', currency = '', status = ''] = cells;
  if (time === 'total') return null;
  const kind = kinds[type];
  const state = billStates[status];
  if (cells.length !== 12 || kind === undefined || state === undefined)
    throw new BadCell('twelve cells; type is PAY, PAYOUT or REFUND; status is SUCCESS, REVOKED or RETURNED');
  const isRefund = kind === 'refund';
  const unit = currencyOf(currency);
  return {
    no,
    kind,
    ...numbersOf(isRefund ? refundNo : merchantNo, platformNo),
    money: money(minorOf('amount', isRefund ? refunded : amount, unit), unit),
    state,
    at: chinaTime(time),
    fee: fee === '' ? null : minorOf('fee', fee, unit),
  };
};

const kanalStates: Readonly<Record<string, LineState>> = { paid: 'paid', succeeded: 'paid', returned: 'returned' };

const kanalLine: LineReader = (cells, no) => {
  const [kind = '', orderNo = '', platformNo = '', amount = '', currency = '', fee = '', state = '', at = ''] = cells;
  const isKind = kind === 'payment' || kind === 'payout' || kind === 'refund';
  const said = kanalStates[state];
  const finishedAt = Date.parse(at);
  if (cells.length !== 8 || !isKind || said === undefined || Number.isNaN(finishedAt))
    throw new BadCell('eight cells: a kind, numbers, amounts, a state and a time');
  const unit = currencyOf(currency);
  return {
    no,
    kind,
    ...numbersOf(orderNo, platformNo),
    money: money(minorOf('amount', amount, unit), unit),
    state: said,
    at: finishedAt,
    fee: minorOf('fee', fee, unit),
  };
};

const readers: Readonly<Record<string, LineReader>> = { [billColumns]: billLine, [kanalColumns]: kanalLine };

function chinaTime(text: string): number {
  const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text.replace(' ', 'T')}+08:00`) : Number.NaN;
  if (Number.isNaN(at)) throw new BadCell('trade time is like 2030-01-02 11:04:05');
  return at;
}
