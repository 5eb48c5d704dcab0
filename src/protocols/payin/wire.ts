/** The members of every payin message, in the order of the document's samples; notices in alphabetical order. */
import type { Instant } from '../../core/world.ts';
import type { Obj } from '../json.ts';
import { looseText, nullable, optional, text } from '../leaves.ts';
import { type Table, field, table } from '../message.ts';
import {
  accountType,
  address,
  askedAmount,
  balance,
  bankId,
  callerNo,
  currency,
  feeNumber,
  feeText,
  lifetime,
  line,
  merchantId,
  nonce,
  noticeAmount,
  number,
  phone,
  reusable,
  said,
  shown,
  shownAmount,
  shownCode,
  time,
} from './members.ts';

interface Create {
  readonly realName: string;
  readonly amount: bigint;
  readonly reusableStatus: boolean;
  readonly expireTime: number;
  readonly mchOrderNo: string;
  readonly notifyUrl: string;
  readonly currency: 'IDR';
  readonly remark: string;
  readonly nonceStr: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly goodsSubject: string | null;
  readonly goodsBody: string | null;
  readonly merchantId: string | null;
}
export interface PayInAsk extends Create {
  readonly payType: string;
}
export interface PayDeskAsk extends Create {
  readonly returnUrl: string | null;
}

const createHead = {
  realName: field('realName', line(64)),
  amount: field('amount', askedAmount),
  reusableStatus: field('reusableStatus', reusable),
} as const;
const createRest = {
  expireTime: field('expireTime', lifetime),
  mchOrderNo: field('mchOrderNo', callerNo),
  notifyUrl: field('notifyUrl', address),
  currency: field('currency', currency),
  remark: field('remark', line(32)),
  nonceStr: field('nonceStr', nonce),
  phone: field('phone', optional(phone)),
  email: field('email', optional(line(64))),
  goodsSubject: field('goodsSubject', optional(line(32))),
  goodsBody: field('goodsBody', optional(line(32))),
  merchantId: field('merchantId', merchantId),
} as const;

/** Section 2.1. */
export const payInAsk: Table<PayInAsk> = table<PayInAsk>({
  ...createHead,
  payType: field('payType', number),
  ...createRest,
});
/** Section 7.6. */
export const payDeskAsk: Table<PayDeskAsk> = table<PayDeskAsk>({
  ...createHead,
  ...createRest,
  returnUrl: field('returnUrl', optional(address)),
});

export interface PayOutAsk {
  readonly accountName: string;
  readonly accountNo: string;
  readonly accountType: 3 | 4;
  readonly currency: 'IDR';
  readonly amount: bigint;
  readonly bankId: string;
  readonly mchOrderNo: string;
  readonly notifyUrl: string;
  readonly nonceStr: string;
  readonly remark: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly merchantId: string | null;
}

/** Section 7.1. `idType` and `idCard` are not read: nothing needs them, so we do not keep them. */
export const payOutAsk: Table<PayOutAsk> = table<PayOutAsk>({
  accountName: field('accountName', line(64)),
  accountNo: field('accountNo', text({ max: 32, pattern: /^[0-9A-Za-z]{1,32}$/ })),
  accountType: field('accountType', accountType),
  currency: field('currency', currency),
  amount: field('amount', askedAmount),
  bankId: field('bankId', bankId),
  mchOrderNo: field('mchOrderNo', callerNo),
  notifyUrl: field('notifyUrl', address),
  nonceStr: field('nonceStr', nonce),
  remark: field('remark', line(32)),
  phone: field('phone', optional(phone)),
  email: field('email', optional(line(64))),
  merchantId: field('merchantId', merchantId),
});

export interface FindAsk {
  readonly mchOrderNo: string | null;
  readonly nonceStr: string;
  readonly orderNo: string | null;
}
/** Section 4, also of payOutQuery and payDeskQuery. */
export const findAsk: Table<FindAsk> = table<FindAsk>({
  mchOrderNo: field('mchOrderNo', optional(callerNo)),
  nonceStr: field('nonceStr', nonce),
  orderNo: field('orderNo', optional(callerNo)),
});

/** Sections 7.4 and 7.5. */
export const bareAsk: Table<{ readonly nonceStr: string }> = table<{ readonly nonceStr: string }>({
  nonceStr: field('nonceStr', nonce),
});

interface Named {
  readonly merchantId: string | null;
  readonly mchOrderNo: string | null;
  readonly orderNo: string | null;
}
const named = {
  merchantId: field('merchantId', merchantId),
  mchOrderNo: field('mchOrderNo', nullable(said)),
  orderNo: field('orderNo', nullable(said)),
} as const;

export interface PayInData extends Named {
  readonly payCode: string | null;
  readonly payUrl: string | null;
  readonly payDeskUrl: string | null;
  readonly amount: bigint | null;
  readonly orderFee: bigint | null;
}
/** Section 2.2. */
export const payInData: Table<PayInData> = table<PayInData>({
  ...named,
  payCode: field('payCode', shownCode),
  payUrl: field('payUrl', nullable(said)),
  payDeskUrl: field('payDeskUrl', nullable(said)),
  amount: field('amount', shownAmount),
  orderFee: field('orderFee', shown(feeText)),
});

export interface PayDeskData extends Named {
  readonly amount: bigint | null;
  readonly payUrl: string | null;
  readonly expireTime: Instant | null;
}
/** Section 7.6. */
export const payDeskData: Table<PayDeskData> = table<PayDeskData>({
  ...named,
  amount: field('amount', shownAmount),
  payUrl: field('payUrl', nullable(said)),
  expireTime: field('expireTime', shown(time)),
});

interface Outcome extends Named {
  readonly channelOrderNo: string | null;
  readonly payType: string | null;
  readonly amount: bigint | null;
  readonly fee: bigint | null;
  readonly orderStatus: string;
  readonly completionTime: Instant | null;
  readonly nonceStr: string | null;
}
export interface PayInState extends Outcome {
  readonly payCode: string | null;
  readonly payUrl: string | null;
  readonly payDeskUrl: string | null;
}
/** Section 4. `channelOrderNo` only when known: no sample has it. */
export const payInState: Table<PayInState> = table<PayInState>({
  ...named,
  channelOrderNo: field('channelOrderNo', optional(said)),
  payType: field('payType', nullable(looseText(32))),
  payCode: field('payCode', shownCode),
  payUrl: field('payUrl', nullable(said)),
  payDeskUrl: field('payDeskUrl', nullable(said)),
  amount: field('amount', shownAmount),
  fee: field('fee', shown(feeText)),
  orderStatus: field('orderStatus', text(32)),
  completionTime: field('completionTime', shown(time)),
  nonceStr: field('nonceStr', nullable(looseText(32))),
});

export interface PayOutData extends Named {
  readonly amount: bigint | null;
  readonly fee: bigint | null;
  readonly orderStatus: string | null;
}
/** Section 7.1. */
export const payOutData: Table<PayOutData> = table<PayOutData>({
  ...named,
  amount: field('amount', shownAmount),
  fee: field('fee', shown(feeText)),
  orderStatus: field('orderStatus', nullable(text(32))),
});

export interface PayOutState extends Outcome {
  readonly resultDesc: string | null;
}
/** Section 7.2. */
export const payOutState: Table<PayOutState> = table<PayOutState>({
  ...named,
  channelOrderNo: field('channelOrderNo', optional(said)),
  payType: field('payType', nullable(looseText(32))),
  amount: field('amount', shownAmount),
  fee: field('fee', shown(feeText)),
  orderStatus: field('orderStatus', text(32)),
  completionTime: field('completionTime', shown(time)),
  resultDesc: field('resultDesc', nullable(said)),
  nonceStr: field('nonceStr', nullable(looseText(32))),
});

export interface BalanceData {
  readonly mchId: string | null;
  readonly balance: bigint;
  readonly unBalance: bigint;
}
/** Section 7.4. */
export const balanceData: Table<BalanceData> = table<BalanceData>({
  mchId: field('mchId', merchantId),
  balance: field('balance', balance),
  unBalance: field('unBalance', balance),
});

export interface BankData {
  readonly bankId: string;
  readonly bankCode: string;
  readonly bankName: string;
}
/** Section 7.5, one bank. */
export const bankData: Table<BankData> = table<BankData>({
  bankId: field('bankId', bankId),
  bankCode: field('bankCode', text(64)),
  bankName: field('bankName', text(128)),
});

export interface Notice extends Outcome {
  readonly payCode: string | null;
  readonly payUrl: string | null;
  readonly resultDesc: string | null;
}
/** Sections 5 and 7.3: alphabetical, empty members dropped. Payment notices have no resultDesc, payout notices no payCode. */
export const notice: Table<Notice> = table<Notice>({
  amount: field('amount', noticeAmount),
  channelOrderNo: field('channelOrderNo', optional(said)),
  completionTime: field('completionTime', time),
  fee: field('fee', feeNumber),
  mchOrderNo: field('mchOrderNo', optional(said)),
  merchantId: field('merchantId', merchantId),
  nonceStr: field('nonceStr', optional(looseText(32))),
  orderNo: field('orderNo', optional(said)),
  orderStatus: field('orderStatus', text(32)),
  payCode: field('payCode', optional(said)),
  payType: field('payType', optional(looseText(32))),
  payUrl: field('payUrl', optional(said)),
  resultDesc: field('resultDesc', optional(said)),
});

/** Row 4: the fee is `orderFee` in creates and `fee` elsewhere; both are understood in both places. */
export function feeOf(data: Obj): bigint | null {
  return feeText.read(data.get('fee'), 'fee');
}

export function orderFeeOf(data: Obj): bigint | null {
  return feeText.read(data.get('orderFee'), 'orderFee');
}
