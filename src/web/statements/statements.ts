/** A merchant's statement as CSV, at the address that `get-statement` has given out. Without a right mark, the page does not exist. */
import { timingSafeEqual } from 'node:crypto';
import { exponents, formatDecimal, isCurrency } from '../../core/money.ts';
import type { Gate } from '../../flows/gate.ts';
import { dayEnd, dayStart, statementMark } from '../../flows/get-statement.ts';
import { type StatementLine, statementLines } from '../../store/statement.ts';
import { isRead, type Room, type WebReply } from '../web.ts';

const address = /^\/statements\/(\d{1,19})\/(\d{4}-\d\d-\d\d)\/(\d{1,16})\/([A-Za-z0-9_-]{43})$/;
const columns = 'kind,order_no,platform_no,amount,currency,fee,state,finished_at';
const pageSize = 1_000;

export function statements(gate: Gate): Room {
  return async (request) => {
    const { path } = request;
    const [, id = '', day = '', until = '', mark = ''] = address.exec(path) ?? [];
    if (id === '') return null;
    const { credentials, merchants } = gate.directory();
    const expected = Buffer.from(statementMark(gate, id, day, until));
    const isGood = timingSafeEqual(expected, Buffer.from(mark)) && Number(until) > gate.world.now();
    const credential = isGood ? credentials.get(BigInt(id)) : undefined;
    const merchant = credential && merchants.get(credential.merchantId);
    if (!credential || !merchant || !isRead(request)) return nothing;
    const of = { home: merchant.home, merchantId: merchant.id, credentialId: credential.id };
    return {
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="statement-${day}.csv"`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
      body: csv(gate, of, day),
    };
  };
}

const nothing: WebReply = {
  status: 404,
  headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
  body: '',
};

async function* csv(gate: Gate, of: Parameters<typeof statementLines>[1], day: string): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const span = { from: dayStart(day), to: dayEnd(day) };
  yield encoder.encode(`${columns}\r\n`);
  for (let after = 0n; ; ) {
    const lines = await statementLines(gate.db, of, span, { after, limit: pageSize });
    if (lines.length > 0) yield encoder.encode(lines.map(lineOf).join(''));
    after = lines.at(-1)?.id ?? after;
    if (lines.length < pageSize) return;
  }
}

function lineOf({ kind, orderNo, platformNo, amount, currency, fee, state, finishedAt }: StatementLine): string {
  const exponent = isCurrency(currency) ? exponents[currency] : 0;
  const amounts = [formatDecimal(amount, exponent), currency, formatDecimal(fee, exponent)];
  const cells = [kind, cell(orderNo), cell(platformNo), ...amounts, state, new Date(Number(finishedAt)).toISOString()];
  return `${cells.join(',')}\r\n`;
}

/** Quoted; what a spreadsheet would run as a formula is made a text. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
