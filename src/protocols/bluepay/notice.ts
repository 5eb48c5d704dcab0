/** BluePay's callback: what it reports, and how the twin writes it. Page, sections 5, 6.2 and 7.2. */
import { bankName } from '../../core/banks.ts';
import type { PaymentReport, PayoutReport, Report, ReportedState } from '../../core/commands.ts';
import { exponents, isCurrency, type Money, money, parseDecimal } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Fields, obj } from '../json.ts';
import { looseText, text } from '../leaves.ts';
import { field, invalid, table } from '../message.ts';
import type { Keys, Opened, Scene } from '../protocol.ts';
import { blankPayment, blankPayout, scalarExtras } from '../reading.ts';
import { notifiedState, statusFor } from './codes.ts';
import { transactionId } from './messages.ts';

interface CallbackWire {
  cmd: string;
  bt_id: string;
  msisdn: string;
  operator: string;
  paytype: string;
  price: string;
  productid: string;
  status: string;
  t_id: string;
  currency: string;
  interfacetype: string;
}
const loose = text({ min: 0, max: 256 });

/** The order of the rows is the order in which the samples of the document are signed (section 6.2). */
const callbackWire = table<CallbackWire>({
  cmd: field('cmd', text(16)),
  bt_id: field('bt_id', text({ max: 64, pattern: /^[0-9A-Za-z_-]+$/ })),
  msisdn: field('msisdn', loose),
  operator: field('operator', loose),
  paytype: field('paytype', loose),
  price: field('price', text(24)),
  productid: field('productid', looseText(16)),
  status: field('status', looseText({ max: 8, pattern: /^[0-9]+$/ })),
  t_id: field('t_id', transactionId),
  currency: field('currency', text(8)),
  interfacetype: field('interfacetype', text(24)),
});

/** Members of a callback that need not be there: nothing depends on them. */
const dispensable = ['msisdn', 'operator', 'paytype'] as const;

function readCallback(members: Fields): CallbackWire {
  const filled = obj([...dispensable.map((name) => [name, ''] as const), ...members]);
  return callbackWire.read(filled);
}

/**
 * The report of an authentic callback. A product other than the channel's own is refused (T007: `why` is 'account'); price
 * and currency are given on for comparison, except from the sandbox product whose currency is always THB (row 7).
 */
export function readNotice(notice: Opened, { keys }: Scene): Report {
  const wire = readCallback(notice.fields);
  if (wire.productid !== keys.sender) throw otherAccount('productid');
  const known = {
    orderNo: wire.t_id,
    platformNo: wire.bt_id,
    channelNo: wire.bt_id,
    amount: keys.setting('sandbox2257') === 'true' ? null : priceOf(wire),
    extras: scalarExtras(notice.fields, 'bluepay'),
  };
  const state = notifiedState(wire.status, wire.cmd);
  const reason = state === 'failed' ? { code: wire.status, text: '' } : null;
  switch (wire.interfacetype.toLowerCase()) {
    case 'bank':
      return { ...blankPayment, ...known, state, reason, paid: state === 'paid' ? known.amount : null };
    case 'cashout':
      return { ...blankPayout, ...known, state, reason };
    case 'refundcashout':
      // Whatever status stands beside it: the money came back (row 26).
      return { ...blankPayout, ...known, state: 'returned', reason: { code: wire.status, text: 'refundcashout' } };
    default:
      throw invalid('interfacetype', 'interfacetype is none of bank, cashout, refundcashout');
  }
}

function otherAccount(name: string): Refusal {
  return new Refusal('invalid-request', { field: name, why: 'account', text: `${name} is not this channel's` });
}

function priceOf(wire: CallbackWire): Money {
  const currency = wire.currency.toUpperCase();
  if (!isCurrency(currency)) throw invalid('currency', 'currency is not known');
  const minor = parseDecimal(wire.price, exponents[currency]);
  if (minor === null || minor === 0n) throw invalid('price', 'price is not an amount');
  return money(minor, currency);
}

/** The twin's callback for a report, in the documented order; `encrypt` is added when it is sealed. */
export function writeNotice(report: Report, { keys }: Scene): Fields | null {
  if (report.kind === 'refund') return null;
  return callbackWire.write({
    cmd: isOpen(report.state) ? 'CHG' : 'CFM',
    // A second payment of the same virtual account has a number of its own.
    bt_id: report.channelNo ?? report.platformNo ?? '',
    msisdn: report.extras['msisdn'] ?? 'nomsisdn',
    operator: operatorOf(report),
    paytype: 'pre',
    price: amountOf(report)?.minor.toString() ?? '',
    productid: keys.sender,
    status: statusFor(report.state, report.reason),
    t_id: report.orderNo ?? '',
    currency: currencyOf(report, keys),
    interfacetype: interfaceOf(report),
  });
}

function isOpen(state: ReportedState): boolean {
  return state === 'pending' || state === 'unknown';
}

function operatorOf(report: PaymentReport | PayoutReport): string {
  if (report.kind === 'payment') return report.method === 'store-code' ? 'otc' : 'atm';
  const bank = report.extras['payeeBankName'] ?? '';
  return bankName('bluepay.payeeBankName', bank) ?? bank;
}

function amountOf(report: PaymentReport | PayoutReport): Money | null {
  return report.kind === 'payment' ? (report.paid ?? report.amount) : report.amount;
}

/** Product 2257 of BluePay's sandbox calls rupiah THB in collections (row 7). */
function currencyOf(report: PaymentReport | PayoutReport, keys: Keys): string {
  if (report.kind === 'payment' && keys.setting('sandbox2257') === 'true') return 'THB';
  return amountOf(report)?.currency ?? 'IDR';
}

function interfaceOf(report: PaymentReport | PayoutReport): string {
  if (report.kind === 'payment') return 'bank';
  return report.state === 'returned' ? 'refundcashout' : 'cashout';
}
