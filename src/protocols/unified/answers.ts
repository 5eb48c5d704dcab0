/** Replies of the unified API and what it says instead of one. Sections 2.3, 3.2, 4, 7.1 and the rulings on unknown outcomes. */
import { noInstruction, type PaymentReport, type PayoutReport } from '../../core/commands.ts';
import { type Money, money } from '../../core/money.ts';
import { Refusal, type RefusalCode } from '../../core/refusal.ts';
import { type Fields, type Json, Obj } from '../json.ts';
import { parseLocalTime } from '../leaves.ts';
import { missing } from '../message.ts';
import type { Keys, Message, Opened, RefusalScene, RefusalTable, Scene, Verdict } from '../protocol.ts';
import { blankPayment, blankPayout, scalarExtras, scalarText } from '../reading.ts';
import {
  envelope,
  gatherData,
  lacksPayCode,
  loanData,
  offsetOf,
  type OrderReport,
  queryData,
  successEnvelope,
} from './blocks.ts';
import { codeRow, codes, isClearNo, proseSuccess, refusalCodes, refusalText, stateOf, success } from './codes.ts';

function inner(members: Obj, name: string): Obj {
  const value = members.get(name);
  return value instanceof Obj ? value : new Obj();
}

function transactionCodeOf(block: Obj, biz: Obj): string {
  const number = scalarText(block.get('transactionCode')) || scalarText(biz.get('transactionCode'));
  if (!/^[0-9A-Za-z_-]{1,128}$/.test(number)) throw missing('transactionCode');
  return number;
}

function blocksOf({ fields }: Opened): { readonly block: Obj; readonly biz: Obj; readonly number: string } {
  const block = inner(fields, 'data');
  const biz = inner(block, 'bizParams');
  return { block, biz, number: transactionCodeOf(block, biz) };
}

export const gatherAnswer: Message<PaymentReport> = {
  read(message) {
    const { biz, number } = blocksOf(message);
    return {
      ...blankPayment,
      platformNo: number,
      state: 'pending',
      instruction: { ...noInstruction, payCode: scalarText(biz.get('paymentCode')) || null },
      extras: scalarExtras(biz, 'bluepay'),
    };
  },
  /** 100000 means "placed": without a code to pay with it is 100004 while open, 100006 once the channel refused. */
  write(report, { keys }) {
    const data = gatherData(report);
    if (!lacksPayCode(report)) return successEnvelope(data, keys);
    const code = report.state === 'failed' ? '100006' : '100004';
    return envelope(code, codes[code].text, data);
  },
};

export const loanAnswer: Message<PayoutReport> = {
  read(message) {
    const { biz, number } = blocksOf(message);
    const status = scalarText(biz.get('transferStatus'));
    // "Accepted" with HTTP status 0 is how a loan is told whose outcome is open (rulings): pending either way.
    return {
      ...blankPayout,
      platformNo: number,
      state: status === '200' ? 'paid' : 'pending',
      extras: scalarExtras(biz, 'bluepay'),
    };
  },
  write(report, { keys }) {
    const data = loanData(report);
    return report.state === 'failed' ? envelope('100010', codes['100010'].text, data) : successEnvelope(data, keys);
  },
};

export const queryAnswer: Message<OrderReport> = {
  read(message, scene) {
    const { block, biz, number } = blocksOf(message);
    const kind = scalarText(block.get('payServeBizType')) || scalarText(biz.get('channelBizCode'));
    // The two documented spellings share a prefix (row 6).
    if (kind.startsWith('query_gather')) return readQueryGather(number, biz, scene.keys);
    if (kind.startsWith('query_loan')) return readQueryLoan(number, biz, scene.keys);
    throw new Refusal('outcome-unknown', { field: 'payServeBizType', text: 'neither query_gather nor query_loan' });
  },
  write: (report, { keys }) => successEnvelope(queryData(report, keys), keys),
};

function isDecided(report: OrderReport): boolean {
  return report.state !== 'pending' && report.state !== 'unknown';
}

function rupiahOf(text: string): Money | null {
  return /^[1-9][0-9]{0,15}$/.test(text) ? money(BigInt(text), 'IDR') : null;
}

function readQueryGather(number: string, biz: Obj, keys: Keys): PaymentReport {
  const result = inner(biz, 'result');
  const status = scalarText(result.get('record_status'));
  const state = stateOf(status);
  const amount = rupiahOf(scalarText(result.get('price')));
  const report: PaymentReport = {
    ...blankPayment,
    platformNo: number,
    channelNo: scalarText(result.get('innerid')) || null,
    state,
    amount,
    paid: state === 'paid' ? amount : null,
    reason: state === 'failed' ? { code: status, text: '' } : null,
    extras: scalarExtras(result, 'bluepay'),
  };
  return { ...report, finishedAt: isDecided(report) ? timeOf(result.get('timestamp'), keys) : null };
}

function readQueryLoan(number: string, biz: Obj, keys: Keys): PayoutReport {
  const status = scalarText(biz.get('transferStatus'));
  const isReturned = scalarText(biz.get('interfacetype')) === 'refundcashout';
  const state = isReturned ? 'returned' : stateOf(status);
  const report: PayoutReport = {
    ...blankPayout,
    platformNo: number,
    state,
    reason: state === 'failed' || isReturned ? { code: status, text: '' } : null,
    extras: scalarExtras(biz, 'bluepay'),
  };
  return { ...report, finishedAt: isDecided(report) ? timeOf(biz.get('time'), keys) : null };
}

function timeOf(value: Json | undefined, keys: Keys): number | null {
  return parseLocalTime(scalarText(value), offsetOf(keys));
}

// ── verdict of a reply (calling) ────────────────────────────────────────────────────────────────────────────────────

/** 100000 and 10000, as text or number, are success (row 1); any other code an error, whose meaning is in the table of codes. */
export function judge({ fields }: Opened, scene: Scene): Verdict {
  const code = scalarText(fields.get('code'));
  const text = scalarText(fields.get('message')) || scalarText(fields.get('msg'));
  if (code === success || code === proseSuccess) return { kind: 'answered' };
  const isQuery = scene.endpoint?.command === 'query-order';
  const row = codeRow(code);
  if (isQuery) return { kind: row?.onQuery ?? 'unknown', code, text };
  if (code === '100006' || code === '100010')
    return channelRefusal(code, text, inner(inner(fields, 'data'), 'bizParams'));
  return { kind: row?.onCreate ?? 'unknown', code, text };
}

/** "The channel refused" covers numbers after which money may still move: only a clear no counts as one. */
function channelRefusal(code: string, text: string, biz: Obj): Verdict {
  const request = scalarText(biz.get('code'));
  const status =
    scalarText(biz.get('transferStatus')) || scalarText(biz.get('bizStatusCode')) || scalarText(biz.get('status'));
  const number = request !== '' && request !== '200' ? request : status;
  return { kind: isClearNo(number) ? 'declined' : 'unknown', code: number || code, text };
}

// ── refusals (serving) ──────────────────────────────────────────────────────────────────────────────────────────────

function reportOf(refusal: Refusal): OrderReport | null {
  const { report } = refusal.detail;
  return isOrderReport(report) ? report : null;
}

function isOrderReport(value: unknown): value is OrderReport {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    (value.kind === 'payment' || value.kind === 'payout')
  );
}

/** Which refusals show what is known of the order, so that the caller learns its transactionCode (section 1). */
const filled: ReadonlySet<RefusalCode> = new Set(['channel-declined', 'channel-unavailable', 'outcome-unknown']);

function dataOf(refusal: Refusal): Fields | null {
  const report = filled.has(refusal.code) ? reportOf(refusal) : null;
  if (report === null) return null;
  const shown = refusal.code === 'channel-declined' ? refusedReport(report, refusal) : report;
  return shown.kind === 'payment' ? gatherData(shown) : loanData(shown);
}

function refusedReport(report: OrderReport, { detail }: Refusal): OrderReport {
  const code = detail.channelCode ?? report.reason?.code;
  const reason = code === undefined ? null : { code, text: report.reason?.text || (detail.text ?? '') };
  return { ...report, state: 'failed', reason };
}

function write(refusal: Refusal, at: RefusalScene): Fields {
  const isLoan = at.endpoint?.name === 'loan' || reportOf(refusal)?.kind === 'payout';
  const code = refusalCodes[refusal.code](refusal, isLoan);
  return envelope(code, refusalText(refusal, code), dataOf(refusal));
}

/** A loan whose outcome is open is told as accepted, never with a failing code (rulings). */
function writeUnknown(refusal: Refusal, at: RefusalScene): Fields {
  const report = reportOf(refusal);
  if (report?.kind === 'payout' && at.endpoint?.name === 'loan')
    return successEnvelope(loanData({ ...report, state: 'unknown' }), at.scene.keys);
  return write(refusal, at);
}

export const refusals: RefusalTable = {
  'invalid-request': write,
  unauthenticated: write,
  forbidden: write,
  'not-found': write,
  conflict: write,
  'limit-exceeded': write,
  'insufficient-funds': write,
  'channel-declined': write,
  'channel-unavailable': write,
  'outcome-unknown': writeUnknown,
  busy: write,
  internal: write,
};
