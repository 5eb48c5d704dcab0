/** Words of this wire: business codes (document, section 8.1), states of orders (8.2), refunds and agreements. */
import type { AgreementReport, PaymentReport, RefundReport, ReportedState } from '../../core/commands.ts';
import type { Refusal, RefusalCode } from '../../core/refusal.ts';
import type { Verdict } from '../protocol.ts';

/** "10000" says that the request was processed, never that anybody paid. */
export const done = { code: '10000', msg: 'Success' } as const;
export const failed = { code: '40004', msg: 'Business Failed' } as const;

/**
 * What a business code says about the request it answers. `no`: refused, nothing executed. `unknown`: ask again. `elsewhere`:
 * the order is in another state than the request supposes, which only a query can tell.
 */
type Sort = 'no' | 'unknown' | 'not-found' | 'elsewhere';

export const subCodes = {
  'ACQ.SYSTEM_ERROR': { text: '接口返回错误', sort: 'unknown' },
  'ACQ.INVALID_PARAMETER': { text: '参数无效', sort: 'no' },
  'ACQ.ACCESS_FORBIDDEN': { text: '无权限使用接口', sort: 'no' },
  'ACQ.EXIST_FORBIDDEN_WORD': { text: '订单信息中包含违禁词', sort: 'no' },
  'ACQ.TOTAL_FEE_EXCEED': { text: '订单总金额超过限额', sort: 'no' },
  'ACQ.CONTEXT_INCONSISTENT': { text: '交易信息被篡改', sort: 'elsewhere' },
  'ACQ.TRADE_HAS_SUCCESS': { text: '交易已被支付', sort: 'elsewhere' },
  'ACQ.TRADE_HAS_CLOSE': { text: '交易已经关闭', sort: 'elsewhere' },
  'ACQ.BUYER_SELLER_EQUAL': { text: '买卖家不能相同', sort: 'no' },
  'ACQ.TRADE_BUYER_NOT_MATCH': { text: '交易买家不匹配', sort: 'no' },
  'ACQ.BUYER_ENABLE_STATUS_FORBID': { text: '买家状态非法', sort: 'no' },
  'ACQ.SELLER_BEEN_BLOCKED': { text: '商家账号被冻结', sort: 'no' },
  'ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT': { text: '买家未通过人行认证', sort: 'no' },
  'ACQ.QUERY_NO_RECORD': { text: '暂未查询到交易,请检查订单号/流水号后重试', sort: 'not-found' },
  'ACQ.CUSTID_NO_MATCH': { text: '发起方客户号不匹配', sort: 'no' },
  // Not in this document; a sibling of 2017 knows it, as one more "unknown".
  'ACQ.BUSINESS_TIMEOUT_ERROR': { text: '业务处理超时', sort: 'unknown' },
} as const satisfies Readonly<Record<string, { readonly text: string; readonly sort: Sort }>>;
export type SubCode = keyof typeof subCodes;

/** Also written `ACQ_…` on one page. Null for a word that is not in the table. */
function subCodeOf(word: string): SubCode | null {
  const dotted = word.replace(/^ACQ_/, 'ACQ.');
  return Object.hasOwn(subCodes, dotted) ? (dotted as SubCode) : null;
}

/** A failing reply in core words. What we do not understand is unknown, never a failure (page, section 1.3). */
export function verdictOf(word: string, text: string, asks: boolean): Verdict {
  const known = subCodeOf(word);
  const said = { code: word, text };
  if (known === null) return { kind: 'unknown', ...said };
  const { sort } = subCodes[known];
  if (sort === 'no') return { kind: 'declined', ...said };
  return sort === 'not-found' && asks ? { kind: 'not-found', ...said } : { kind: 'unknown', ...said };
}

const byWhy: Readonly<Record<string, SubCode>> = {
  'unknown-merchant': 'ACQ.ACCESS_FORBIDDEN',
  unsupported: 'ACQ.ACCESS_FORBIDDEN',
  'no-route': 'ACQ.ACCESS_FORBIDDEN',
  'no-refund': 'ACQ.ACCESS_FORBIDDEN',
  'unknown-method': 'ACQ.ACCESS_FORBIDDEN',
  busy: 'ACQ.SYSTEM_ERROR',
  paid: 'ACQ.TRADE_HAS_SUCCESS',
  refunded: 'ACQ.TRADE_HAS_SUCCESS',
  closed: 'ACQ.TRADE_HAS_CLOSE',
  'not-paid': 'ACQ.INVALID_PARAMETER',
  currency: 'ACQ.INVALID_PARAMETER',
  customer: 'ACQ.TRADE_BUYER_NOT_MATCH',
  agreement: 'ACQ.INVALID_PARAMETER',
  'other-partner': 'ACQ.CUSTID_NO_MATCH',
};

const byCode: Readonly<Record<RefusalCode, SubCode>> = {
  'invalid-request': 'ACQ.INVALID_PARAMETER',
  unauthenticated: 'ACQ.INVALID_PARAMETER',
  forbidden: 'ACQ.ACCESS_FORBIDDEN',
  'not-found': 'ACQ.QUERY_NO_RECORD',
  conflict: 'ACQ.CONTEXT_INCONSISTENT',
  'limit-exceeded': 'ACQ.TOTAL_FEE_EXCEED',
  'insufficient-funds': 'ACQ.TOTAL_FEE_EXCEED',
  'channel-declined': 'ACQ.INVALID_PARAMETER',
  'channel-unavailable': 'ACQ.SYSTEM_ERROR',
  'outcome-unknown': 'ACQ.SYSTEM_ERROR',
  busy: 'ACQ.SYSTEM_ERROR',
  internal: 'ACQ.SYSTEM_ERROR',
};

/** A channel's own ACQ code goes before ours. */
export function subCodeFor({ code, detail }: Refusal): SubCode {
  const channels = detail.channelCode === undefined ? null : subCodeOf(detail.channelCode);
  if (channels !== null) return channels;
  const { why } = detail;
  return (why !== undefined && Object.hasOwn(byWhy, why) ? byWhy[why] : undefined) ?? byCode[code];
}

/** `trade_status`, read. `pending` = exists and is not decided; escrow counts as undecided. */
const tradeStates: Readonly<Record<string, ReportedState>> = {
  WAIT_CONFIRM: 'pending',
  WAIT_BUYER_PAY: 'pending',
  TRADE_USERPAYING: 'pending',
  TRADE_PROCESS: 'unknown',
  TRADE_ABNORMALITY: 'unknown',
  WAIT_SELLER_SEND_GOODS: 'pending',
  WAIT_BUYER_CONFIRM_GOODS: 'pending',
  TRADE_SUCCESS: 'paid',
  TRADE_PART_REFUND: 'paid',
  TRADE_ALL_REFUND: 'paid',
  TRADE_CLOSED: 'closed',
  TRADE_FAILD: 'failed',
  TRADE_FAILED: 'failed',
};

export function stateOfTrade(word: string): ReportedState {
  return Object.hasOwn(tradeStates, word) ? (tradeStates[word] ?? 'unknown') : 'unknown';
}

/** Sic: the platform spells it so; both spellings are read. */
const failedWord = 'TRADE_FAILD';

const tradeWords: Readonly<Record<ReportedState, string>> = {
  pending: 'WAIT_BUYER_PAY',
  unknown: 'TRADE_PROCESS',
  paid: 'TRADE_SUCCESS',
  failed: failedWord,
  closed: 'TRADE_CLOSED',
  reversed: 'TRADE_CLOSED',
  returned: failedWord,
};

/** Reasons of an undecided payment that mean: the code was given, the bank has not answered. */
const inProcess: ReadonlySet<string> = new Set(['confirming', 'TRADE_PROCESS', 'TRADE_ABNORMALITY']);

/** `trade_status`, written: refunds show as states of the payment. */
export function tradeWordOf({ state, reason, refunds, amount }: PaymentReport): string {
  if (state === 'paid' && refunds !== null && refunds.done > 0n)
    return amount !== null && refunds.done >= amount.minor ? 'TRADE_ALL_REFUND' : 'TRADE_PART_REFUND';
  if (state === 'pending' && reason !== null && inProcess.has(reason.code)) return 'TRADE_PROCESS';
  return tradeWords[state];
}

/** A notice tells one of two words (document, section 6); null = nothing is told. */
export function noticeWordOf(state: ReportedState): 'TRADE_SUCCESS' | 'TRADE_CLOSED' | null {
  if (state === 'paid') return 'TRADE_SUCCESS';
  return state === 'pending' || state === 'unknown' ? null : 'TRADE_CLOSED';
}

/** `refund_state`, all five. A refund in manual handling is not over. */
const refundStates: Readonly<Record<string, ReportedState>> = {
  success: 'paid',
  in_process: 'pending',
  fail_to_manual_deal: 'pending',
  fail: 'failed',
  fail_due_manual_close: 'failed',
};

export function stateOfRefund(word: string): ReportedState {
  return Object.hasOwn(refundStates, word) ? (refundStates[word] ?? 'unknown') : 'unknown';
}

export function refundWordOf({ state, reason }: RefundReport): string {
  const shown = state === 'unknown' ? 'pending' : state;
  if (reason !== null && Object.hasOwn(refundStates, reason.code) && refundStates[reason.code] === shown)
    return reason.code;
  if (shown === 'paid') return 'success';
  return shown === 'pending' ? 'in_process' : 'fail';
}

type AgreementState = AgreementReport['state'];

/** `trade_status` of an agreement: WAIT_CONFIRM is documented, the others are ours. */
const agreementWords: Readonly<Record<AgreementState, string>> = {
  'wait-confirm': 'WAIT_CONFIRM',
  active: 'TRADE_SUCCESS',
  cancelled: 'TRADE_CLOSED',
  failed: failedWord,
  unknown: 'TRADE_PROCESS',
};

export function agreementWordOf(state: AgreementState): string {
  return agreementWords[state];
}

export function stateOfAgreement(word: string): AgreementState {
  if (word === 'WAIT_CONFIRM') return 'wait-confirm';
  const state = stateOfTrade(word);
  if (state === 'paid') return 'active';
  if (state === 'closed') return 'cancelled';
  return state === 'failed' ? 'failed' : 'unknown';
}
