/** The blocks of replies: envelope, and `data` of gather, loan and query. Sections 1 to 4. Members in the order of the samples. */
import type { PaymentReport, PayoutReport } from '../../core/commands.ts';
import type { Money } from '../../core/money.ts';
import { type Fields, fields, type Json } from '../json.ts';
import { formatLocalTime } from '../leaves.ts';
import type { Keys } from '../protocol.ts';
import { minutesEast } from '../reading.ts';
import { md5Hex } from '../signing.ts';
import { statusOf, success, successText } from './codes.ts';
import { gatherCodes, loanCode } from './messages.ts';

export type OrderReport = PaymentReport | PayoutReport;

/** Both names of the text (row 2). `data` is always there. */
export function envelope(code: string, message: string, data: Fields | null): Fields {
  return fields({ code, message, msg: message, data });
}

/** The merchant's own success code (row 1). */
export function successEnvelope(data: Fields, keys: Keys): Fields {
  return envelope(keys.setting('successCode') ?? success, successText, data);
}

function block(payServeBizType: string, report: OrderReport, bizParams: Fields): Fields {
  return fields({ payServeBizType, transactionCode: report.platformNo, bizParams });
}

/** A raw member of the channel's last message, when the channel was BluePay. */
export function channelMember(report: OrderReport, name: string): string | null {
  return report.channelExtras[`bluepay.${name}`] ?? null;
}

export function bizCodeOf(report: OrderReport): string {
  return report.extras['channelBizCode'] ?? (report.kind === 'payment' ? gatherCodes[0] : loanCode);
}

export function productIdOf(report: OrderReport, keys: Keys): string {
  return report.extras['productId'] ?? channelMember(report, 'productid') ?? keys.setting('productId') ?? '2257';
}

/** What the channel said, as far as a caller may see it: numbers and texts of BluePay's kind. */
interface Said {
  readonly httpStatusCode: string;
  readonly status: string;
  readonly description: string;
}

/** Accepted (or decided since): the reply is that of the first time. */
const accepted = { httpStatusCode: '200', status: '201' } as const;

/** `isOpen`: the channel has given no code to pay with. */
function gatherSaid(report: PaymentReport, isOpen: boolean): Said {
  if (report.state === 'failed' && isOpen) return refusedSaid(report);
  if (isOpen) return { httpStatusCode: '0', status: '', description: 'processing' };
  return { ...accepted, description: 'Success' };
}

function loanSaid(report: PayoutReport): Said {
  if (report.state === 'failed') return refusedSaid(report);
  // Rulings: an open payout is told as accepted, and no HTTP status is invented.
  if (report.state === 'unknown') return { httpStatusCode: '0', status: '201', description: 'processing' };
  return { ...accepted, description: 'success' };
}

/** BluePay's number for "network" (section 7.2). The merchant need not know what our own network said. */
const unreachable: Said = { httpStatusCode: '0', status: '503', description: 'network' };

function refusedSaid(report: OrderReport): Said {
  if (report.reason?.code === 'not-sent') return unreachable;
  // Callers know BluePay's numbers; another channel's word for it is none.
  const status = statusOf(report.state, report.reason);
  return { httpStatusCode: httpStatusOf(report), status, description: report.reason?.text || 'refused' };
}

function httpStatusOf(report: OrderReport): string {
  const given = channelMember(report, 'httpStatusCode') ?? '200';
  return /^[0-9]{1,3}$/.test(given) ? given : '200';
}

/** Is there nothing that the payer could use yet? Then the order is not "placed" (section 2.3). */
export function lacksPayCode(report: PaymentReport): boolean {
  return report.instruction.payCode === null;
}

export function gatherData(report: PaymentReport): Fields {
  const said = gatherSaid(report, lacksPayCode(report));
  const bizCode = bizCodeOf(report);
  const isStatic = bizCode === 'gather_static_VA_bluepay' || channelMember(report, 'isStatic') === '1';
  return block(
    'gather',
    report,
    fields({
      bizStatusMessage: said.description,
      isStatic: isStatic ? '1' : '0',
      otcFee: channelMember(report, 'otcFee') ?? '0',
      paymentCode: report.instruction.payCode,
      bizStatusCode: said.status,
      vaFee: channelMember(report, 'vaFee') ?? '0',
      description: said.description,
      transactionCode: report.platformNo,
      channelBizCode: bizCode,
      httpStatusCode: said.httpStatusCode,
      status: said.status,
      channelCode: 'bluepay',
    }),
  );
}

export function loanData(report: PayoutReport): Fields {
  const said = loanSaid(report);
  return block(
    'loan',
    report,
    fields({
      bizStatusMessage: said.description,
      code: '200',
      transferStatus: said.status,
      bizStatusCode: said.status,
      description: said.description,
      transactionCode: report.platformNo,
      channelBizCode: bizCodeOf(report),
      transactionId: report.platformNo,
      httpStatusCode: said.httpStatusCode,
      channelCode: 'bluepay',
    }),
  );
}

/** All times are UTC+8, as in the samples, unless the merchant wants otherwise (row 27). */
export function offsetOf(keys: Keys): number {
  return minutesEast(keys.setting('utcOffset'), 8 * 60);
}

function timeOf(report: OrderReport, keys: Keys): Json {
  const instant = report.finishedAt ?? report.createdAt;
  return instant === null ? null : formatLocalTime(instant, offsetOf(keys));
}

export function priceText(amount: Money | null): string {
  return amount === null ? '' : amount.minor.toString();
}

/**
 * BluePay's number of the order: its own when BluePay carried it out, else one in its form, made from our number alone so
 * that it is the same in every message: product, five digits, thirteen digits, six letters (section 1.1).
 */
export function bluepayNoOf(report: OrderReport, keys: Keys): string {
  const own = channelMember(report, 'bt_id') ?? channelMember(report, 'innerid') ?? report.channelNo;
  if (own !== null && /^[0-9]{9,12}[0-9]{13}[A-Za-z]{6}$/.test(own)) return own;
  const digest = BigInt(`0x${md5Hex(report.platformNo ?? report.orderNo ?? '')}`);
  const five = String(digest % 100_000n).padStart(5, '0');
  const millis = String(1_500_000_000_000n + ((digest >> 20n) % 100_000_000_000n));
  return `${productIdOf(report, keys)}${five}${millis}${lettersOf(digest >> 64n)}`;
}

function lettersOf(digest: bigint): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from({ length: 6 }, (_, i) => alphabet[Number((digest >> BigInt(i * 8)) % 52n)] ?? 'A').join('');
}

function queryGatherData(report: PaymentReport, keys: Keys): Fields {
  const result = fields({
    innerid: bluepayNoOf(report, keys),
    record_status: statusOf(report.state, report.reason),
    price: priceText(report.paid ?? report.amount),
    msisdn: 'nomsisdn',
    transactionId: report.platformNo,
    timestamp: timeOf(report, keys),
  });
  return block(
    'query_gather',
    report,
    fields({ result, channelBizCode: 'query_gather_detail_bluepay', status: '200', channelCode: 'bluepay' }),
  );
}

function queryLoanData(report: PayoutReport, keys: Keys): Fields {
  return block(
    'query_loan',
    report,
    fields({
      transferStatus: statusOf(report.state, report.reason),
      code: '200',
      productId: productIdOf(report, keys),
      time: timeOf(report, keys),
      channelBizCode: 'query_loan_detail_bluepay',
      transactionId: report.platformNo,
      channelCode: 'bluepay',
      // Not in the document: tells a returned payout from one that never went out (row 26).
      interfacetype: report.state === 'returned' ? 'refundcashout' : undefined,
    }),
  );
}

export function queryData(report: OrderReport, keys: Keys): Fields {
  return report.kind === 'payment' ? queryGatherData(report, keys) : queryLoanData(report, keys);
}
