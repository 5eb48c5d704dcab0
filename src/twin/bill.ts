/**
 * A day's bill as Chinese channels hand it out (fufu page, section 9.5): CSV in UTF-8 with a byte order mark, one line per paid
 * order and accepted refund, amounts in the currency's own decimals, a summary at the end. What was never paid is not on it.
 */
import { exponents, formatDecimal } from '../core/money.ts';
import type { LineState, StatementLine } from '../core/statement.ts';
import type { Instant } from '../core/world.ts';
import { paymentNumbers, type TwinOrder } from './order.ts';

const columns = [
  'trade time',
  'type',
  'platform no',
  'merchant no',
  'refund no',
  'channel',
  'channel no',
  'amount',
  'refund amount',
  'fee',
  'currency',
  'status',
] as const;

const listed: Readonly<Partial<Record<TwinOrder['outcome'], string>>> = {
  paid: 'SUCCESS',
  reversed: 'REVOKED',
  returned: 'RETURNED',
};

const types = { payment: 'PAY', payout: 'PAYOUT', refund: 'REFUND' } as const;

/** `offsetMinutes`: the zone of the times, east of UTC. */
export function billOf(orders: readonly TwinOrder[], offsetMinutes: number): string {
  const lines = orders.flatMap((order) => lineOf(order, offsetMinutes));
  const rows = [columns, ...lines, summaryOf(orders)].map((cells) => cells.map(cell).join(','));
  return `\ufeff${rows.join('\r\n')}\r\n`;
}

function lineOf(order: TwinOrder, offsetMinutes: number): string[][] {
  const status = listed[order.outcome];
  if (status === undefined || order.kind === 'agreement' || order.finishedAt === null) return [];
  const isRefund = order.kind === 'refund';
  const text = (minor: bigint) => formatDecimal(minor, exponents[order.amount.currency]);
  return [
    [
      clock(order.finishedAt, offsetMinutes),
      types[order.kind],
      order.upstreamNo,
      order.paymentReference ?? order.reference,
      isRefund ? order.reference : '',
      order.option ?? order.method ?? '',
      order.upstreamNo,
      isRefund ? '' : text(order.paid),
      isRefund ? text(order.amount.minor) : '',
      text(order.fee),
      order.amount.currency,
      status,
    ],
  ];
}

/** Counts and sums, by type. */
function summaryOf(orders: readonly TwinOrder[]): string[] {
  const counted = orders.filter(({ kind, outcome }) => kind !== 'agreement' && listed[outcome] !== undefined);
  const sum = (isRefund: boolean) => {
    const some = counted.filter(({ kind }) => (kind === 'refund') === isRefund);
    const minor = some.reduce((total, order) => total + (isRefund ? order.amount.minor : order.paid), 0n);
    const currency = some[0]?.amount.currency ?? counted[0]?.amount.currency ?? 'CNY';
    return { count: String(some.length), text: formatDecimal(minor, exponents[currency]) };
  };
  const [paid, refunded] = [sum(false), sum(true)];
  return ['total', '', paid.count, '', refunded.count, '', '', paid.text, refunded.text, '', '', ''];
}

function clock(at: Instant, offsetMinutes: number): string {
  return new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const said: Readonly<Partial<Record<TwinOrder['outcome'], LineState>>> = {
  paid: 'paid',
  declined: 'failed',
  cancelled: 'closed',
  closed: 'closed',
  reversed: 'reversed',
  returned: 'returned',
};

/** What is decided, also what came to nothing; an order that was paid several times has a line for each. */
export function statementLinesOf(order: TwinOrder): Omit<StatementLine, 'no'>[] {
  const { kind, outcome, reference, finishedAt } = order;
  const word = kind === 'payment' || outcome !== 'cancelled' ? said[outcome] : 'failed';
  if (kind === 'agreement' || word === undefined) return [];
  const minor = kind === 'payment' && order.paid > 0n ? order.paid : order.amount.minor;
  const count = kind === 'payment' && outcome === 'paid' ? order.count : 1;
  return paymentNumbers({ upstreamNo: order.upstreamNo, count }).map((upstreamNo) => ({
    kind,
    reference,
    upstreamNo,
    money: { minor, currency: order.amount.currency },
    state: word,
    at: finishedAt,
    fee: order.fee,
  }));
}
