/** The words of payin and what they mean in the core: products, order states, error tokens. */
import type { CommandName, Method, ReportedState } from '../../core/commands.ts';
import type { Refusal, RefusalCode } from '../../core/refusal.ts';
import type { Verdict } from '../protocol.ts';

export interface Product {
  readonly payType: string;
  /** The platform's name of the product. */
  readonly product: string;
  readonly method: Method;
  /** Core option code. */
  readonly option: string;
  /** False: listed by the platform as "not supported yet". */
  readonly open: boolean;
}

function product(payType: string, name: string, method: Method, option: string, open = true): Product {
  return { payType, product: name, method, option, open };
}

/** Section 6. 46 is unassigned; 11 is the payout product; other countries' numbers are never reused. */
export const products: readonly Product[] = [
  product('21', 'BCAVA', 'virtual-account', 'BCA'),
  product('22', 'BRIVA', 'virtual-account', 'BRI'),
  product('23', 'BersamaVA', 'virtual-account', 'BERSAMA'),
  product('24', 'PermataVA', 'virtual-account', 'PERMATA'),
  product('25', 'MandiriVA', 'virtual-account', 'MANDIRI'),
  product('26', 'BNIVA', 'virtual-account', 'BNI'),
  product('27', 'CIMBVA', 'virtual-account', 'CIMB'),
  product('31', 'AlfaGroupVA', 'store-code', 'ALFAMART'),
  product('32', 'IndomaretVA', 'store-code', 'INDOMARET', false),
  product('41', 'QRIS', 'qr', 'QRIS'),
  product('42', 'Gopay', 'wallet', 'GOPAY', false),
  product('43', 'Dana', 'wallet', 'DANA'),
  product('44', 'ShopeeJumpApps', 'wallet', 'SHOPEEPAY'),
  product('45', 'LinkAja', 'wallet', 'LINKAJA', false),
  product('47', 'OVO_PUSH', 'wallet-push', 'OVO'),
];

/** What payout orders carry as `payType`. */
export const payoutPayType = '11';

/** Methods of which this protocol has one choice, or (stores) a default when the caller made none. */
const defaultOptions: Readonly<Partial<Record<Method, string>>> = {
  'store-code': 'ALFAMART',
  qr: 'QRIS',
  'wallet-push': 'OVO',
};

export function productOf(payType: string): Product | null {
  return products.find((p) => p.payType === payType) ?? null;
}

/** The product that collects by a method and option; null when payin has none. */
export function productFor(method: Method | 'any' | null, option: string | null): Product | null {
  if (method === null || method === 'any') return null;
  const wanted = option ?? defaultOptions[method];
  return products.find((p) => p.method === method && p.option === wanted) ?? null;
}

/** Core option codes of the open products of a method. */
export function optionsOf(method: Method): readonly string[] {
  return products.filter((p) => p.method === method && p.open).map((p) => p.option);
}

/** Section 7.8: only PAYING, SUCCESS and FAIL are emitted for payIn, PROCESSING, SUCCESS and FAIL for payOut. */
export const statusWords: Readonly<Record<ReportedState, { readonly payIn: string; readonly payOut: string }>> = {
  pending: { payIn: 'PAYING', payOut: 'PROCESSING' },
  unknown: { payIn: 'PAYING', payOut: 'PROCESSING' },
  paid: { payIn: 'SUCCESS', payOut: 'SUCCESS' },
  failed: { payIn: 'FAIL', payOut: 'FAIL' },
  closed: { payIn: 'FAIL', payOut: 'FAIL' },
  reversed: { payIn: 'FAIL', payOut: 'FAIL' },
  returned: { payIn: 'FAIL', payOut: 'FAIL' },
};

export const isFinal: Readonly<Record<ReportedState, boolean>> = {
  pending: false,
  unknown: false,
  paid: true,
  failed: true,
  closed: true,
  reversed: true,
  returned: true,
};

const finalWords: ReadonlyMap<string, ReportedState> = new Map([
  ['SUCCESS', 'paid'],
  ['FAIL', 'failed'],
  ['CANCEL', 'failed'],
  ['EXPIRED', 'failed'],
]);

/** Row 13. A word we do not know is not final: the platform warns that only final words may be acted on. */
export function stateOfWord(status: string): ReportedState {
  return finalWords.get(status) ?? 'pending';
}

/** A payout that came back after success. */
export const returnedDesc = 'PAYMENT_OFFSET';
const plainFailure = 'COMMON_FAILED';

/** `resultDesc` of payOut, the Indonesian list. */
const resultDescs: ReadonlySet<string> = new Set([
  'PAYMENT_SUSPECT_SURVEY',
  'PAYMENT_QUERY_FAIL',
  'BANK_ACCOUNT_ERROR',
  'BANK_ACCOUNT_ABNORMAL',
  'ACCOUNT_HOLDER_NAME_INVALID',
  'PHONE_NUMBER_ERROR',
  'BANK_NOT_SUPPORT',
  plainFailure,
  'UP_STREAM_SYSTEM_EXCEPTION',
  'BILL_NOT_FOUND',
  'CHANNEL_IB_TRY_AGAIN_LATER',
  'BANK_ACCOUNT_CLOSE',
  'BANK_REFUSE',
  'BANK_CLOSE',
  'BANK_ABNORMAL_OR_REFUSE',
  'ACCOUNT_RECEIVE_AMOUNT_LIMIT_EXCEEDED',
  'EACH_PAYMENT_LIMIT_EXCEEDED',
  'MONTHLY_PAYMENT_LIMIT_EXCEEDED',
  'SYSTEM_REJECTION',
  'MERCHANT_BALANCE_NOT_ENOUGH',
  'UNKNOWN_ERROR',
]);

/** `resultDesc` for a payout: null unless it failed. PAYMENT_OFFSET is said of returned money and of nothing else. */
export function resultDescOf(state: ReportedState, reason: { readonly code: string } | null): string | null {
  if (statusWords[state].payOut !== 'FAIL') return null;
  if (state === 'returned') return returnedDesc;
  return reason && resultDescs.has(reason.code) ? reason.code : plainFailure;
}

/** Tokens without a documented word are settings (section 8, last paragraph). */
export const tokenSettings = {
  tokenDuplicate: 'Params_mchOrderNo_error',
  tokenAmount: 'Params_amount_error',
  tokenProductClosed: 'Params_payType_error',
  tokenUnknownOrder: 'Order_not_exist',
} as const;
export type TokenSetting = keyof typeof tokenSettings;

/** What flows call a member, and what it is called on this wire. Not `orderNo`: that is a wire name too, of another number. */
const wireNames: Readonly<Record<string, string>> = {
  method: 'payType',
  option: 'payType',
  notify: 'notifyUrl',
  expiresInS: 'expireTime',
  subject: 'remark',
  bank: 'bankId',
  account: 'accountNo',
  accountKind: 'accountType',
};

/** Refusals with a finer word (`code/why`) that has a documented token of its own. */
const whyTokens: ReadonlyMap<string, string> = new Map([
  ['invalid-request/method', 'RequestMethod_not_post'],
  ['invalid-request/content-type', 'RequestContentType_not_json'],
  ['unauthenticated/merchant-missing', 'MerchantId_is_null'],
  ['unauthenticated/merchant-not-number', 'MerchantId_not_Number'],
  ['unauthenticated/unknown-merchant', 'MerchantId_is_error'],
  ['forbidden/address', 'Request_ip_notWhiteList'],
  ['invalid-request/body-empty', 'RequestBody_is_null'],
  ['unauthenticated/signature', 'Sign_verify_error'],
  ['invalid-request/json', 'Params_jsonFormat_error'],
  ['limit-exceeded/rate', 'System_busy'],
]);

/** The token of a refusal that neither a finer word nor a member decides; one of `tokenSettings` where it is configurable. */
const codeTokens: Readonly<Record<RefusalCode, string>> = {
  'invalid-request': 'Params_jsonFormat_error',
  unauthenticated: 'Sign_verify_error',
  forbidden: 'MerchantId_is_error',
  'not-found': 'tokenUnknownOrder',
  conflict: 'tokenDuplicate',
  'limit-exceeded': 'tokenAmount',
  // The documented payout word for it; merchants know it from resultDesc.
  'insufficient-funds': 'MERCHANT_BALANCE_NOT_ENOUGH',
  'channel-declined': 'Payin_Order_Error',
  // Nothing left us: the order, if there is one, has failed, and only another mchOrderNo helps.
  'channel-unavailable': 'Payin_Order_Error',
  'outcome-unknown': 'System_error',
  busy: 'System_busy',
  internal: 'System_error',
};

/** Members whose "wrong" token is configurable. */
const memberSettings: Readonly<Record<string, TokenSetting>> = { amount: 'tokenAmount', payType: 'tokenProductClosed' };

function memberToken(field: string, isMissing: boolean): string {
  const name = wireNames[field] ?? field;
  return isMissing ? `Params_${name}_Required` : (memberSettings[name] ?? `Params_${name}_error`);
}

/** The error token of a refusal (section 8), before settings: a token itself, or the name of the setting that has it. */
export function tokenOf(refusal: Refusal, command: CommandName | null): string {
  const { why, field, missing } = refusal.detail;
  const fine = why === undefined ? undefined : whyTokens.get(`${refusal.code}/${why}`);
  if (fine !== undefined) return fine;
  if (refusal.code === 'invalid-request' && field !== undefined) return memberToken(field, missing === true);
  const token = codeTokens[refusal.code];
  if (token === 'Payin_Order_Error' && command === 'pay-out') return 'Payout_Order_Error';
  return why === 'no-route' && command === 'pay' ? 'tokenProductClosed' : token;
}

/** Documented refusals: the request was turned away before anything was done. */
const clearNo =
  /^(?:Pay(?:in|out)_Order_Error|MERCHANT_BALANCE_NOT_ENOUGH|MerchantId_(?:is_null|not_Number|is_error)|Sign_verify_error|Request(?:Method_not_post|ContentType_not_json|Body_is_null|_ip_notWhiteList)|Params_[A-Za-z0-9]+_(?:Required|error)|Params_acc[A-Za-z0-9_]*)$/;

/**
 * What a refused call (`code` other than 200) proves. A query's refusal proves nothing about the order, except that it is
 * unknown there. A create refused because its number is taken proves that an order with our number may exist.
 */
export function verdictOf(command: CommandName, token: string, unknownOrder: string, duplicate: string): Verdict {
  const said = { code: token, text: '' };
  const isQuery = command.startsWith('query-') && command !== 'query-balance';
  if (isQuery) return { kind: token === unknownOrder ? 'not-found' : 'unknown', ...said };
  return { kind: clearNo.test(token) && token !== duplicate ? 'declined' : 'unknown', ...said };
}
