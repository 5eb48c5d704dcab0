/** What is answered: core reports ↔ reply members. The envelope is `msg`, `code`, `data`. */
import { bankName, bankNamed, bankOf } from '../../core/banks.ts';
import {
  type Balance,
  type Bank,
  type Extras,
  type PaymentReport,
  type PayoutReport,
  noInstruction,
} from '../../core/commands.ts';
import { type Money, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Fields, type Json, Num, Obj, fields } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { blankPayment, blankPayout } from '../reading.ts';
import {
  isFinal,
  payoutPayType,
  productFor,
  productOf,
  resultDescOf,
  returnedDesc,
  stateOfWord,
  statusWords,
} from './codes.ts';
import { settingOf } from './settings.ts';
import * as wire from './wire.ts';

export function success(data: Json): Fields {
  return fields({ msg: 'SUCCESS', code: new Num('200'), data });
}

function dataOf(reply: Opened): Obj {
  const data = reply.fields.get('data');
  if (data === undefined || data === null) throw missing('data');
  if (!(data instanceof Obj)) throw invalid('data', 'data must be an object');
  return data;
}

/** A message about another merchant is none of ours. */
export function checkMerchant(merchantId: string | null, scene: Scene): void {
  if (merchantId !== null && merchantId !== scene.keys.sender) throw invalid('merchantId', 'another merchant');
}

function rupiah(minor: bigint | null): Money | null {
  return minor === null ? null : money(minor, 'IDR');
}

/** Members of a channel's message worth keeping, as `payin.<member>`. */
function heard(members: Readonly<Record<string, string | null>>): Extras {
  const said = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries(said.map(([name, value]) => [`payin.${name}`, value]));
}

/** Some channels put the address of a QR picture into payCode (section 2.2): an address is a link, not a code. */
function instructionOf(data: { payCode: string | null; payUrl: string | null; payDeskUrl?: string | null }) {
  const picture = data.payCode !== null && /^https?:\/\//i.test(data.payCode) ? data.payCode : null;
  return {
    ...noInstruction,
    payCode: picture === null ? data.payCode : null,
    payUrl: data.payUrl ?? picture,
    deskUrl: data.payDeskUrl ?? null,
  };
}

/**
 * A create is answered with success only when the payer can pay: nobody can without a code or a link (rulings), and a
 * create that failed for good is refused as it was the first time. OVO push needs neither.
 */
function checkPayable(report: PaymentReport): void {
  const { payCode, payUrl } = report.instruction;
  if (payCode !== null || payUrl !== null || report.state === 'paid') return;
  if (isFinal[report.state]) throw new Refusal('channel-declined', { why: report.state });
  if (report.state === 'unknown' || report.method !== 'wallet-push') throw new Refusal('outcome-unknown');
}

function deskUrlOf(report: PaymentReport, scene: Scene): string | null {
  const { payUrl, deskUrl } = report.instruction;
  const mirrors = report.method === 'wallet' && settingOf(scene.keys, 'deskUrlMirrors') === 'payUrl';
  return mirrors ? (payUrl ?? deskUrl) : deskUrl;
}

/** The answer to payIn. Says nothing about payment. */
export const payInAnswer: Message<PaymentReport> = {
  read(reply, scene) {
    const members = dataOf(reply);
    const data = wire.payInData.read(members);
    checkMerchant(data.merchantId, scene);
    return {
      ...blankPayment,
      orderNo: data.mchOrderNo,
      platformNo: data.orderNo,
      state: 'pending',
      amount: rupiah(data.amount),
      fee: rupiah(data.orderFee ?? wire.feeOf(members)),
      instruction: instructionOf(data),
    };
  },
  write(report, scene) {
    checkPayable(report);
    return success(
      wire.payInData.write({
        merchantId: scene.keys.sender,
        mchOrderNo: report.orderNo,
        orderNo: report.platformNo,
        payCode: report.instruction.payCode,
        payUrl: report.instruction.payUrl,
        payDeskUrl: deskUrlOf(report, scene),
        amount: report.amount?.minor ?? null,
        orderFee: report.fee?.minor ?? null,
      }),
    );
  },
};

export const payDeskAnswer: Message<PaymentReport> = {
  read(reply, scene) {
    const data = wire.payDeskData.read(dataOf(reply));
    checkMerchant(data.merchantId, scene);
    return {
      ...blankPayment,
      orderNo: data.mchOrderNo,
      platformNo: data.orderNo,
      state: 'pending',
      method: 'any',
      amount: rupiah(data.amount),
      instruction: { ...noInstruction, deskUrl: data.payUrl },
      expiresAt: data.expireTime,
    };
  },
  write: (report, scene) =>
    success(
      wire.payDeskData.write({
        merchantId: scene.keys.sender,
        mchOrderNo: report.orderNo,
        orderNo: report.platformNo,
        amount: report.amount?.minor ?? null,
        payUrl: report.instruction.deskUrl,
        expireTime: report.expiresAt,
      }),
    ),
};

/** What queries and notices of payments and payouts have in common, read. */
function outcomeOf(said: Omit<wire.PayOutState, 'resultDesc'>) {
  return {
    orderNo: said.mchOrderNo,
    platformNo: said.orderNo,
    channelNo: said.channelOrderNo,
    fee: rupiah(said.fee),
    finishedAt: said.completionTime,
  };
}

/** The same, written. */
export function outcomeMembers(report: PaymentReport | PayoutReport, scene: Scene) {
  return {
    merchantId: scene.keys.sender,
    mchOrderNo: report.orderNo,
    orderNo: report.platformNo,
    channelOrderNo: report.channelNo,
    amount: report.amount?.minor ?? null,
    fee: report.fee?.minor ?? null,
    orderStatus: statusWords[report.state][report.kind === 'payment' ? 'payIn' : 'payOut'],
    completionTime: isFinal[report.state] ? report.finishedAt : null,
  };
}

/** The payType the merchant ordered with, else that of what the payer chose. */
export function payTypeOf(report: PaymentReport): string | null {
  return report.extras['payType'] ?? productFor(report.method, report.option)?.payType ?? null;
}

type PaymentWords = Omit<wire.PayInState, 'payDeskUrl'> & { readonly payDeskUrl?: string | null };

export function paymentOf(said: PaymentWords): PaymentReport {
  const product = said.payType === null ? null : productOf(said.payType);
  const state = stateOfWord(said.orderStatus);
  return {
    ...blankPayment,
    ...outcomeOf(said),
    state,
    method: product?.method ?? null,
    option: product?.option ?? null,
    amount: rupiah(said.amount),
    paid: state === 'paid' ? rupiah(said.amount) : null,
    instruction: instructionOf(said),
    reason: { code: said.orderStatus, text: '' },
    extras: heard({ orderStatus: said.orderStatus, payType: said.payType }),
  };
}

/** Row 13: FAIL with PAYMENT_OFFSET is a reversal of what had been paid out. */
export function payoutOf(said: wire.PayOutState): PayoutReport {
  const word = stateOfWord(said.orderStatus);
  const { orderStatus, payType, resultDesc } = said;
  return {
    ...blankPayout,
    ...outcomeOf(said),
    state: word === 'failed' && resultDesc === returnedDesc ? 'returned' : word,
    amount: rupiah(said.amount),
    reason: { code: resultDesc ?? orderStatus, text: '' },
    extras: heard({ orderStatus, payType, resultDesc }),
  };
}

/** payInQuery and payDeskQuery. `amount` of a SUCCESS is what was paid, as in the notice: written and read alike. */
export const payInQueryAnswer: Message<PaymentReport> = {
  read(reply, scene) {
    const members = dataOf(reply);
    const data = wire.payInState.read(members);
    checkMerchant(data.merchantId, scene);
    return paymentOf({ ...data, fee: data.fee ?? wire.orderFeeOf(members) });
  },
  write: (report, scene) =>
    success(
      wire.payInState.write({
        ...outcomeMembers(report, scene),
        amount: (report.paid ?? report.amount)?.minor ?? null,
        payType: payTypeOf(report),
        payCode: report.instruction.payCode,
        payUrl: report.instruction.payUrl,
        payDeskUrl: report.instruction.deskUrl,
        nonceStr: null,
      }),
    ),
};

/** The answer to payOut: accepted, usually PROCESSING; an unknown outcome too. */
export const payOutAnswer: Message<PayoutReport> = {
  read(reply, scene) {
    const data = wire.payOutData.read(dataOf(reply));
    checkMerchant(data.merchantId, scene);
    return {
      ...blankPayout,
      orderNo: data.mchOrderNo,
      platformNo: data.orderNo,
      state: data.orderStatus === null ? 'pending' : stateOfWord(data.orderStatus),
      amount: rupiah(data.amount),
      fee: rupiah(data.fee),
      reason: data.orderStatus === null ? null : { code: data.orderStatus, text: '' },
      extras: heard({ orderStatus: data.orderStatus }),
    };
  },
  write: (report, scene) => success(wire.payOutData.write(outcomeMembers(report, scene))),
};

export const payOutQueryAnswer: Message<PayoutReport> = {
  read(reply, scene) {
    const data = wire.payOutState.read(dataOf(reply));
    checkMerchant(data.merchantId, scene);
    return payoutOf(data);
  },
  write: (report, scene) =>
    success(
      wire.payOutState.write({
        ...outcomeMembers(report, scene),
        payType: payoutPayType,
        resultDesc: resultDescOf(report.state, report.reason),
        nonceStr: null,
      }),
    ),
};

export const balanceAnswer: Message<Balance> = {
  read(reply, scene) {
    const data = wire.balanceData.read(dataOf(reply));
    checkMerchant(data.mchId, scene);
    return { available: money(data.balance, 'IDR'), held: money(data.unBalance, 'IDR') };
  },
  write: ({ available, held }, scene) =>
    success(wire.balanceData.write({ mchId: scene.keys.sender, balance: available.minor, unBalance: held.minor })),
};

/** Core codes become our bankIds; a bank this wire has no number for is left out. */
function bankMembers(bank: Bank): Obj[] {
  const known = bankOf(bank.code);
  const bankId = bankName('payin.bankId', bank.code) ?? bank.id;
  if (!/^[1-9][0-9]{0,8}$/.test(bankId)) return [];
  const bankCode = bankName('payin.bankCode', bank.code) ?? bank.code;
  return [wire.bankData.write({ bankId, bankCode, bankName: known?.name ?? bank.name })];
}

/** `data` is an array. `id` is the answerer's number, `code` our code of the bank where we know it. */
export const banksAnswer: Message<readonly Bank[]> = {
  read(reply) {
    const data = reply.fields.get('data');
    if (!Array.isArray(data)) throw invalid('data', 'data must be an array');
    return (data as readonly Json[]).map((item) => {
      if (!(item instanceof Obj)) throw invalid('data', 'a bank must be an object');
      const { bankId, bankCode, bankName: name } = wire.bankData.read(item);
      return { id: bankId, code: bankNamed('payin.bankCode', bankCode)?.code ?? bankCode, name };
    });
  },
  write: (list) => success(list.flatMap(bankMembers)),
};
