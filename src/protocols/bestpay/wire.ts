/** The members of every Bestpay message, in the order of the document's tables; how single members are read and written. */
import { parseDecimal } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { Num, type Obj } from '../json.ts';
import { formatLocalTime, integer, localTime, nullable, optional, parseLocalTime, text, word } from '../leaves.ts';
import { field, invalid, type Leaf, missing, type Table, table } from '../message.ts';
import { type TradeType, tradeTypes } from './codes.ts';
import type { Grammar } from './signing.ts';

/** China time has no zone on this wire (row 14). */
const chinaMinutes = 480;
const mostFen = 10_000_000_000n;

/** Rulings, "Bestpay ids". */
const id = text({ max: 64, pattern: /^[0-9A-Za-z_.-]+$/ });
/** What the other side calls an order: printable ASCII without blanks. */
const number = text({ max: 64, pattern: /^[\x21-\x7e]+$/ });
const line = text(256);
/** What the other side says: any text. */
const said = text({ min: 0, max: 1_024 });
const time = localTime(chinaMinutes);

/** The letters `null` sign like a null (T015), so they must mean the same. */
function free<T>(leaf: Leaf<T>): Leaf<T | null> {
  const inner = optional(leaf);
  return {
    read: (value, name) => (value === 'null' ? null : inner.read(value, name)),
    write: (value) => inner.write(value),
  };
}

/** Fen: a number token or a text of digits. Nothing, or less, is its own error (`-302`). */
const fen: Leaf<bigint> = {
  read(value, name) {
    if (value === undefined || value === null || value === '') throw missing(name);
    const token = value instanceof Num ? value.raw : value;
    if (typeof token !== 'string') throw invalid(name, `${name} must be a whole number of fen`);
    if (/^(?:0|-[0-9]{1,18})$/.test(token))
      throw new Refusal('invalid-request', { field: name, why: 'amount', text: `${name} must be above 0` });
    const minor = token.length <= 11 ? parseDecimal(token, 0) : null;
    if (minor === null || token.includes('.')) throw invalid(name, `${name} must be a whole number of fen`);
    if (minor > mostFen) throw invalid(name, `${name} must be at most ${mostFen}`);
    return minor;
  },
  write: (minor) => new Num(minor),
};

/** What the other side says of an amount; nothing and zero are legal there (a discount of none). */
const saidFen: Leaf<bigint | null> = {
  read(value, name) {
    if (value === undefined || value === null || value === '') return null;
    const token = value instanceof Num ? value.raw : value;
    const minor = typeof token === 'string' && /^[0-9]{1,18}$/.test(token) ? BigInt(token) : null;
    if (minor === null) throw invalid(name, `${name} must be a whole number of fen`);
    return minor;
  },
  write: (minor) => (minor === null ? null : new Num(minor)),
};

/** An amount of a request that was read before; null when it was not. */
export function fenIn(members: Obj, name: string): bigint | null {
  const value = members.get(name);
  const token = value instanceof Num ? value.raw : value;
  return typeof token === 'string' && /^[0-9]{1,11}$/.test(token) ? BigInt(token) : null;
}

/** Absolute, http or https. Where it may lead is checked where it is used. */
const address: Leaf<string> = {
  read(value, name) {
    const url = text(1_024).read(value, name);
    if (!/^https?:\/\/[^\s]+$/i.test(url) || !URL.canParse(url)) throw invalid(name, `${name} must be an http address`);
    return url;
  },
  write: (url) => url,
};

const defaultTimeOutS = 1_500;
const mostTimeOutS = 86_400;

/** Seconds. Absent and 0 are the default of 25 minutes (row 12). */
const timeOut: Leaf<number> = {
  read(value, name) {
    if (value === undefined || value === null || value === '') return defaultTimeOutS;
    return integer({ min: 0, max: mostTimeOutS }).read(value, name) || defaultTimeOutS;
  },
  write: (seconds) => new Num(String(Math.min(Math.max(seconds, 1), mostTimeOutS))),
};

/** `yyyyMMddHHmmss`, in callbacks only (row 14). */
const compactTime: Leaf<Instant | null> = {
  read(value) {
    const match = typeof value === 'string' ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(value) : null;
    if (!match) return null;
    const [, year, month, day, hour, minute, second] = match;
    // An authentic word about money must not be lost over its time.
    return parseLocalTime(`${year}-${month}-${day} ${hour}:${minute}:${second}`, chinaMinutes);
  },
  write: (instant) => (instant === null ? '' : formatLocalTime(instant, chinaMinutes).replaceAll(/[^0-9]/g, '')),
};

interface OrderAsk {
  readonly institutionCode: string;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly tradeAmt: bigint;
  readonly subject: string;
  readonly requestDate: Instant;
  readonly timeOut: number;
  readonly goodsInfo: string;
  readonly notifyUrl: string;
  readonly operator: string;
  readonly remark: string | null;
}
export interface BarcodeAsk extends OrderAsk {
  readonly mediumNo: string;
}
export interface QrAsk extends OrderAsk {
  readonly tradeType: TradeType;
  readonly userCode: string | null;
}

const parties = { institutionCode: field('institutionCode', id), merchantNo: field('merchantNo', id) } as const;
const orderHead = {
  ...parties,
  outTradeNo: field('outTradeNo', id),
  tradeAmt: field('tradeAmt', fen),
  subject: field('subject', line),
} as const;
const orderTail = {
  requestDate: field('requestDate', time),
  timeOut: field('timeOut', timeOut),
  goodsInfo: field('goodsInfo', line),
  notifyUrl: field('notifyUrl', address),
  operator: field('operator', text(64)),
  remark: field('remark', free(line)),
} as const;

const barcodeRows = { ...orderHead, mediumNo: field('mediumNo', text(64)), ...orderTail } as const;
const qrRows = {
  ...orderHead,
  tradeType: field('tradeType', word<TradeType>(tradeTypes)),
  ...orderTail,
  userCode: field('userCode', free(text(256))),
} as const;
/** Section 4. */
export const barcodeAsk: Table<BarcodeAsk> = table<BarcodeAsk>(barcodeRows);
/** Section 5. */
export const qrAsk: Table<QrAsk> = table<QrAsk>(qrRows);

export interface FindAsk {
  readonly institutionCode: string;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly tradeDate: Instant;
}
const findRows = {
  ...parties,
  outTradeNo: field('outTradeNo', id),
  tradeDate: field('tradeDate', time),
} as const;
/** Section 6. */
export const findAsk: Table<FindAsk> = table<FindAsk>(findRows);

export interface RefundAsk {
  readonly institutionCode: string;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly outRequestNo: string;
  readonly refundAmt: bigint;
  readonly requestDate: Instant;
  readonly operator: string;
  readonly notifyUrl: string;
  readonly refundCause: string | null;
  readonly remark: string | null;
}
const refundRows = {
  ...parties,
  outTradeNo: field('outTradeNo', id),
  outRequestNo: field('outRequestNo', id),
  refundAmt: field('refundAmt', fen),
  requestDate: field('requestDate', time),
  operator: field('operator', text(64)),
  notifyUrl: field('notifyUrl', address),
  refundCause: field('refundCause', free(line)),
  remark: field('remark', free(line)),
} as const;
/** Section 8.1. */
export const refundAsk: Table<RefundAsk> = table<RefundAsk>(refundRows);

export interface FindRefundAsk {
  readonly institutionCode: string;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly outRequestNo: string;
  readonly refundDate: Instant;
}
const findRefundRows = {
  ...parties,
  outTradeNo: field('outTradeNo', id),
  outRequestNo: field('outRequestNo', id),
  refundDate: field('refundDate', time),
} as const;
/** Section 8.2. */
export const findRefundAsk: Table<FindRefundAsk> = table<FindRefundAsk>(findRefundRows);

interface OrderResult {
  readonly tradeNo: string | null;
  readonly tradeprodNo: string | null;
  readonly merchantNo: string | null;
  readonly tradeStatus: string;
  readonly outTradeNo: string | null;
  readonly tradeAmt: bigint | null;
}
/** `errorMsgCode` and `errorMsgDesc` are ours (extra members are legal): why an order FAILed. */
interface Why {
  readonly errorMsgCode: string | null;
  readonly errorMsgDesc: string | null;
}
export interface BarcodeResult extends OrderResult, Why {
  readonly payAmt: bigint | null;
  readonly disCountAmt: bigint | null;
  readonly bankRequestNo: string | null;
}
export interface QrResult extends OrderResult, Why {
  readonly paymentUrl: string | null;
  readonly bankRequestNo: string | null;
}
const shown = nullable(said);
const kept = optional(said);
const resultRows = {
  tradeNo: field('tradeNo', shown),
  tradeprodNo: field('tradeprodNo', shown),
  merchantNo: field('merchantNo', shown),
  tradeStatus: field('tradeStatus', text(32)),
  outTradeNo: field('outTradeNo', shown),
  tradeAmt: field('tradeAmt', saidFen),
} as const;
const whyRows = { errorMsgCode: field('errorMsgCode', kept), errorMsgDesc: field('errorMsgDesc', kept) } as const;

export const barcodeResult: Table<BarcodeResult> = table<BarcodeResult>({
  ...resultRows,
  payAmt: field('payAmt', saidFen),
  // Capital C in this message alone (row 5).
  disCountAmt: field('disCountAmt', saidFen),
  bankRequestNo: field('bankRequestNo', shown),
  ...whyRows,
});
export const qrResult: Table<QrResult> = table<QrResult>({
  ...resultRows,
  paymentUrl: field('paymentUrl', nullable(text(2_048))),
  bankRequestNo: field('bankRequestNo', shown),
  ...whyRows,
});

export interface FindResult extends Why {
  readonly tradeStatus: string;
}
export const findResult: Table<FindResult> = table<FindResult>({
  tradeStatus: field('tradeStatus', text(32)),
  errorMsgCode: field('errorMsgCode', shown),
  errorMsgDesc: field('errorMsgDesc', shown),
});

export interface RefundResult extends Why {
  readonly tradeNo: string | null;
  readonly refundAmt: bigint | null;
  readonly tradeStatus: string;
  /** The refund's number here (row 7). */
  readonly outTradeNo: string | null;
  readonly tradeprodNo: string | null;
  readonly buyerLoginNo: string | null;
}
export const refundResult: Table<RefundResult> = table<RefundResult>({
  tradeNo: field('tradeNo', shown),
  refundAmt: field('refundAmt', saidFen),
  tradeStatus: field('tradeStatus', text(32)),
  outTradeNo: field('outTradeNo', shown),
  tradeprodNo: field('tradeprodNo', shown),
  buyerLoginNo: field('buyerLoginNo', shown),
  ...whyRows,
});

export interface FindRefundResult {
  /** The order's number here (row 7). */
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
  readonly outRequestNo: string | null;
  readonly refundCause: string | null;
  readonly refundAmt: bigint | null;
  readonly tradeAmt: bigint | null;
  readonly tradeStatus: string;
  readonly refundRequestDate: Instant | null;
}
export const findRefundResult: Table<FindRefundResult> = table<FindRefundResult>({
  outTradeNo: field('outTradeNo', shown),
  tradeNo: field('tradeNo', shown),
  outRequestNo: field('outRequestNo', shown),
  refundCause: field('refundCause', shown),
  refundAmt: field('refundAmt', saidFen),
  tradeAmt: field('tradeAmt', saidFen),
  tradeStatus: field('tradeStatus', text(32)),
  refundRequestDate: field('refundRequestDate', { ...nullable(time), read: readTime }),
});

/** A time that cannot be read counts as absent. */
function readTime(value: Parameters<typeof time.read>[0]): Instant | null {
  return typeof value === 'string' ? parseLocalTime(value, chinaMinutes) : null;
}

export interface Notice {
  readonly tradeNo: string;
  readonly outTradeNo: string;
  readonly tradeType: string | null;
  readonly tradeAmt: bigint | null;
  readonly tradeFinishedDate: Instant | null;
  readonly merchantNo: string;
  readonly payAmt: bigint | null;
  readonly discountAmt: bigint | null;
  readonly ccy: string | null;
  readonly tradeStatus: string;
  readonly goodsInfo: string | null;
  readonly resultCode: string | null;
  readonly resultMsg: string | null;
  readonly originalTradeNo: string | null;
  readonly institutionCode: string;
  /** Ours, in refunds (row 7). */
  readonly outRequestNo: string | null;
}
const noticeRows = {
  tradeNo: field('tradeNo', said),
  outTradeNo: field('outTradeNo', number),
  tradeType: field('tradeType', kept),
  tradeAmt: field('tradeAmt', saidFen),
  tradeFinishedDate: field('tradeFinishedDate', compactTime),
  merchantNo: field('merchantNo', id),
  payAmt: field('payAmt', saidFen),
  discountAmt: field('discountAmt', saidFen),
  ccy: field('ccy', kept),
  tradeStatus: field('tradeStatus', text(32)),
  goodsInfo: field('goodsInfo', shown),
  resultCode: field('resultCode', kept),
  resultMsg: field('resultMsg', kept),
  originalTradeNo: field('originalTradeNo', kept),
  institutionCode: field('institutionCode', id),
  outRequestNo: field('outRequestNo', optional(number)),
} as const;
/** Section 7. */
export const notice: Table<Notice> = table<Notice>(noticeRows);

/** The document prints `ccy` with three Cyrillic letters; somebody may have built that (row 1). */
export const cyrillicCcy = 'ссу';

function names(rows: Readonly<Record<string, { readonly wire: string }>>): ReadonlySet<string> {
  return new Set(Object.values(rows).map(({ wire }) => wire));
}

/** Members that may hold any text, `&name=` among it. */
const freeTexts = ['goodsInfo', 'subject', 'remark', 'refundCause', 'operator', 'userCode', 'notifyUrl'];
const addresses: ReadonlySet<string> = new Set(['notifyUrl']);
const none: ReadonlySet<string> = new Set();

function grammarOf(rows: Readonly<Record<string, { readonly wire: string }>>): Grammar {
  const documented = names(rows);
  return { documented, free: new Set(freeTexts.filter((name) => documented.has(name))), addresses };
}

const requestGrammars: Readonly<Record<string, Grammar>> = {
  orderMixBrcode: grammarOf(barcodeRows),
  orderMixQrcode: grammarOf(qrRows),
  confirmOrderStatus: grammarOf(findRows),
  refund: grammarOf(refundRows),
  queryRefundOrder: grammarOf(findRefundRows),
};

/** How a request's members must not be mistaken for each other (T014). */
export function requestGrammar(endpoint: string): Grammar {
  return requestGrammars[endpoint] ?? { documented: none, free: none, addresses };
}
/** Of what the platform says nothing that counts is free text, so members we do not know may stand anywhere. */
export const replyGrammar: Grammar = {
  documented: new Set(['success', 'errorCode', 'errorMsg', 'result']),
  free: none,
  addresses: none,
};
export const noticeGrammar: Grammar = { documented: names(noticeRows), free: none, addresses: none };
