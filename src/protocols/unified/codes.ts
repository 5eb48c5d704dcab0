/**
 * Codes of the unified API (section 7.1) and which of them a refusal becomes. Errors are HTTP 200; only `code` says it.
 * The texts follow the document's form: operation, comma, detail.
 */
import type { ReportedState } from '../../core/commands.ts';
import type { Refusal, RefusalCode } from '../../core/refusal.ts';

export const success = '100000';
/** What the document's prose says; samples and service say 100000 (row 1). */
export const proseSuccess = '10000';
export const successText = '成功';

export interface CodeRow {
  readonly text: string;
  /** Calling: what the code says about a create. Absent: the outcome is open. */
  readonly onCreate?: 'declined';
  /** Calling: what the code says about a query. */
  readonly onQuery?: 'not-found';
}

function row(text: string, more: Omit<CodeRow, 'text'> = {}): CodeRow {
  return { text, ...more };
}
const declined = { onCreate: 'declined' } as const;

export const codes = {
  '100001': row('校验渠道请求参数,参数错误', declined),
  // Repeats: the order exists, so the answer to its number is a query.
  '100002': row('保存pay_trade新记录,out_trade_no已存在'),
  '100003': row('保存收款记录,out_trade_no已存在'),
  '100004': row('请求渠道,http请求失败'),
  '100005': row('请求渠道,http状态码不是200'),
  // Declined only when the channel's own number says that nothing was executed: see `isClearNo`.
  '100006': row('请求渠道收款,渠道拒绝'),
  '100007': row('选择渠道,channelCode不存在', declined),
  '100008': row('保存放款记录,out_trade_no已存在'),
  '100009': row('请求渠道,AES加密失败', declined),
  '100010': row('请求渠道放款,渠道拒绝'),
  '100011': row('查询pay_trade记录,transactionCode不存在', { onQuery: 'not-found' }),
  '100012': row('查询渠道业务记录,记录不存在', { onQuery: 'not-found' }),
  '100013': row('选择渠道,渠道实现不存在', declined),
  '100014': row('选择渠道业务,channelBizCode不存在', declined),
  '100015': row('渠道回调,币种不一致'),
  '100016': row('渠道回调,金额不一致'),
  '100017': row('渠道回调,交易失败'),
  '100018': row('通知业务系统,通知失败'),
  '100019': row('通知业务系统,notifyType不支持', declined),
  '100020': row('通知业务系统,通知内容生成失败'),
  /** Not in the document: nothing was done, send again. */
  '100021': row('处理请求,系统繁忙请稍后重试', declined),
  /** Not in the document. */
  '100022': row('校验商户余额,余额不足', declined),
  /** Not in the document. */
  '100023': row('校验商户限额,超出限额', declined),
  '2000000': row('处理请求,系统异常'),
} as const satisfies Record<string, CodeRow>;
export type Code = keyof typeof codes;

export function codeRow(code: string): CodeRow | null {
  return Object.hasOwn(codes, code) ? codes[code as Code] : null;
}

/** Members whose absence the documented service reports as an unhandled exception (bean validation). */
const beanMembers: ReadonlySet<string> = new Set([
  'price',
  'currency',
  'notifyUrl',
  'outTradeNo',
  'channelBizCode',
  'transactionCode',
]);

/** Members whose wrong value has a code of its own. */
const memberCodes: ReadonlyMap<string, Code> = new Map([
  ['channelCode', '100007'],
  ['channelBizCode', '100014'],
]);

function invalidCode({ detail }: Refusal): Code {
  if (detail.why === 'malformed' || (detail.missing === true && beanMembers.has(detail.field ?? ''))) return '2000000';
  return memberCodes.get(detail.field ?? '') ?? '100001';
}

/** Is the channel's word that its HTTP status was not 200 the reason? */
function isHttpStatus({ detail }: Refusal): boolean {
  return detail.why === 'http-status' || /^http[- ]?\d{3}$/i.test(detail.channelCode ?? '');
}

/** The code of each refusal; the second function argument says whether the request was a loan. */
export const refusalCodes: Readonly<Record<RefusalCode, (refusal: Refusal, isLoan: boolean) => Code>> = {
  'invalid-request': invalidCode,
  unauthenticated: () => '100001',
  forbidden: () => '100001',
  'not-found': () => '100011',
  conflict: () => '100002',
  'limit-exceeded': () => '100023',
  'insufficient-funds': () => '100022',
  'channel-declined': (refusal, isLoan) => (isHttpStatus(refusal) ? '100005' : isLoan ? '100010' : '100006'),
  'channel-unavailable': (refusal) => (isHttpStatus(refusal) ? '100005' : '100004'),
  'outcome-unknown': (refusal) => (isHttpStatus(refusal) ? '100005' : '100004'),
  busy: () => '100021',
  internal: () => '2000000',
};

/** Text of a refusal. Unknown callers and wrong secrets read the same (rulings). */
export function refusalText(refusal: Refusal, code: Code): string {
  if (refusal.code === 'unauthenticated' || refusal.code === 'forbidden') return 'unauthorized';
  const { field, missing, text } = refusal.detail;
  if (code !== '100001' && !(code === '2000000' && missing === true)) return codes[code].text;
  const about = field === undefined ? '参数错误' : `${field}${missing === true ? '不能为空' : '不合法'}`;
  return `校验渠道请求参数,${about}${text === undefined || missing === true ? '' : `(${text})`}`;
}

/** BluePay's numbers that mean: checked and refused before anything was executed. */
const clearNo: ReadonlySet<string> = new Set(['400', '401', '506', '601', '649']);
export function isClearNo(channelNumber: string): boolean {
  return clearNo.has(channelNumber);
}

/** BluePay's number for a state, as queries and notices show it (section 7.2): 200, 201, or the channel's own number of failure. */
export function statusOf(state: ReportedState, reason: { readonly code: string } | null): string {
  switch (state) {
    case 'paid':
      return '200';
    case 'pending':
    case 'unknown':
      return '201';
    case 'closed':
    case 'reversed':
      return failureNumber(reason) ?? '203';
    case 'failed':
      return failureNumber(reason) ?? '202';
    case 'returned':
      // A query of a returned payout must not read 200.
      return '202';
  }
}

function failureNumber(reason: { readonly code: string } | null): string | null {
  const code = reason?.code ?? '';
  return /^[2-9][0-9]{2}$/.test(code) && code !== '200' && code !== '201' ? code : null;
}

/** The reverse, for reading: numbers that speak of the query rather than of the money decide nothing. */
export function stateOf(status: string): ReportedState {
  if (status === '200') return 'paid';
  if (status === '201') return 'pending';
  return ['404', '500', '999', ''].includes(status) ? 'unknown' : 'failed';
}
