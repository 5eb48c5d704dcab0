/** The words of Bestpay and what they mean in the core: wallets, states, currencies, error codes (page, section 9). */
import type { CommandName, ReportedState } from '../../core/commands.ts';
import type { Currency } from '../../core/money.ts';
import type { RefusalCode } from '../../core/refusal.ts';
import type { Verdict } from '../protocol.ts';

/** `tradeType` of an order: the app that scanned. TENPAY is WeChat Pay. */
export const tradeTypes = ['BESTPAY', 'ALIPAY', 'TENPAY'] as const;
export type TradeType = (typeof tradeTypes)[number];

const walletOfType: Readonly<Record<TradeType, string>> = { BESTPAY: 'BESTPAY', ALIPAY: 'ALIPAY', TENPAY: 'WECHAT' };

export function walletNamed(type: TradeType): string {
  return walletOfType[type];
}

export function tradeTypeOf(wallet: string | null): TradeType | null {
  return tradeTypes.find((type) => walletOfType[type] === wallet) ?? null;
}

/** Core option codes of the wallets. */
export const walletOptions: readonly string[] = tradeTypes.map(walletNamed);

/** `tradeType` of a callback: another dictionary (row 4). REAL_TIM is a misprint that may have been built (row 3). */
export const noticeTypes = { payment: 'REAL_TIME_PRO', refund: 'REFUND' } as const;

const stateWords: ReadonlyMap<string, ReportedState> = new Map([
  ['SUCCESS', 'paid'],
  ['FAIL', 'failed'],
  ['CLOSE', 'closed'],
  ['WAITFORPAY', 'pending'],
  // The present platform's word.
  ['NOTPAY', 'pending'],
]);

/** A word we do not know says nothing. */
export function stateOfWord(word: string): ReportedState {
  return stateWords.get(word) ?? 'unknown';
}

/** Refunds have no CLOSE; an order that was refunded stays SUCCESS. */
export const orderWords: Readonly<Record<ReportedState, string>> = {
  pending: 'WAITFORPAY',
  unknown: 'WAITFORPAY',
  paid: 'SUCCESS',
  failed: 'FAIL',
  closed: 'CLOSE',
  reversed: 'CLOSE',
  returned: 'CLOSE',
};
export const refundWords: Readonly<Record<ReportedState, string>> = {
  ...orderWords,
  closed: 'FAIL',
  reversed: 'FAIL',
  returned: 'FAIL',
};

/** `ccy`: 156 is what the API says; the letters are what others say. */
const currencies: ReadonlyMap<string, Currency> = new Map([
  ['156', 'CNY'],
  ['CNY', 'CNY'],
  ['RMB', 'CNY'],
  ['344', 'HKD'],
  ['HKD', 'HKD'],
  ['840', 'USD'],
  ['USD', 'USD'],
  ['764', 'THB'],
  ['THB', 'THB'],
  ['360', 'IDR'],
  ['IDR', 'IDR'],
  ['392', 'JPY'],
  ['JPY', 'JPY'],
]);
export const yuanCode = '156';

export function currencyNamed(ccy: string): Currency | null {
  return currencies.get(ccy) ?? null;
}

export const done = { code: '000000', text: '成功' } as const;

/** Code and text of every refusal we send. */
export const errors = {
  badSignature: { code: 'API100001', text: '签名认证失败' },
  transient: { code: 'API500005', text: '处理结果未知，请查询订单状态' },
  refused: { code: 'ORDER_FAIL', text: '订单处理失败' },
  requestDate: { code: 'ORDER_FAIL', text: '请求时间有效范围(T-1, T+1)' },
  numberUsed: { code: 'ORDER_FAIL', text: '商户订单号重复' },
  noBalance: { code: 'ORDER_FAIL', text: '商户余额不足' },
  limit: { code: 'ORDER_FAIL', text: '交易金额超出限制' },
  badRequest: { code: 'BE199999', text: '请求参数错误' },
  noRecord: { code: 'BE110062', text: '无匹配的记录' },
  tooLate: { code: 'BE110078', text: '原交易不存在或已超过退款期限' },
  unknownMerchant: { code: 'BE300000', text: '商户不存在' },
  noPermission: { code: 'BE300007', text: '商户无此交易权限' },
  address: { code: 'BE300013', text: '商户IP不合法' },
  noPartialRefund: { code: 'BE300018', text: '该订单不支持部分退款' },
  refundAmount: { code: 'BE301001', text: '退款金额异常' },
  notPaid: { code: 'BE301009', text: '订单未成功，不能退款' },
  refunded: { code: 'BE301011', text: '订单已退款或已撤销' },
  badCode: { code: 'BARCODE_VALIDATE_ERROR', text: '付款码无效' },
  busy: { code: 'BE999999', text: '系统繁忙' },
  amount: { code: '-302', text: '订单金额校验失败' },
} as const;
export type ErrorName = keyof typeof errors;

/** What a refusal with a finer word (`code/why`) is called. */
export const whyErrors: ReadonlyMap<string, ErrorName> = new Map([
  ['invalid-request/payment-code', 'badCode'],
  ['invalid-request/request-date', 'requestDate'],
  ['invalid-request/amount', 'amount'],
  ['unauthenticated/unknown-merchant', 'unknownMerchant'],
  ['forbidden/address', 'address'],
  ['conflict/not-paid', 'notPaid'],
  ['conflict/refunded', 'refunded'],
  ['limit-exceeded/refund-remainder', 'refundAmount'],
  ['limit-exceeded/refunded', 'refunded'],
  ['limit-exceeded/refund-period', 'tooLate'],
  ['limit-exceeded/rate', 'busy'],
]);

export const codeErrors: Readonly<Record<RefusalCode, ErrorName>> = {
  'invalid-request': 'badRequest',
  unauthenticated: 'badSignature',
  // Somebody else's shop is told from one that does not exist by nothing (T020, T021).
  forbidden: 'unknownMerchant',
  'not-found': 'noRecord',
  conflict: 'numberUsed',
  'limit-exceeded': 'limit',
  'insufficient-funds': 'noBalance',
  'channel-declined': 'refused',
  'channel-unavailable': 'noPermission',
  'outcome-unknown': 'transient',
  busy: 'busy',
  internal: 'busy',
};

/** Documented refusals: the request was turned away before anything was done. */
const clearNo: ReadonlySet<string> = new Set([
  'API100001',
  'ORDER_FAIL',
  'BE199999',
  'BE110078',
  'BE300000',
  '1001',
  'BE300001',
  '-301',
  'BE300007',
  '-304',
  'BE300013',
  'BE300018',
  'BE301001',
  'BE301009',
  // A refund of the order is being processed: this one was not taken.
  'BE301010',
  'BE301011',
  'BARCODE_VALIDATE_ERROR',
  '-302',
]);
const notThere: ReadonlySet<string> = new Set(['BE110062', 'BE110078']);

/** ORDER_FAIL is also said of a number that is taken: an order with our number may exist. */
const saysTaken = /重复|已存在|exist|duplicat/i;

/** What a reply with `success` other than true proves. A query's refusal proves nothing but that the order is unknown there. */
export function verdictOf(command: CommandName, code: string, text: string): Verdict {
  if (command.startsWith('query-')) return { kind: notThere.has(code) ? 'not-found' : 'unknown', code, text };
  if (code === 'ORDER_FAIL' && saysTaken.test(text)) return { kind: 'unknown', code, text };
  const isNo = clearNo.has(code) || (command === 'refund' && notThere.has(code));
  return { kind: isNo ? 'declined' : 'unknown', code, text };
}
