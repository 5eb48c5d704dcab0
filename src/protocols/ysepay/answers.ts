/** What is answered: core reports ↔ members of the …_response node. `code` 10000 = processed; the state says the rest. */
import { type AgreementReport, noInstruction, type PaymentReport, type RefundReport } from '../../core/commands.ts';
import { type Money, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Fields, type Json, Num, Obj, fields, parseJson, writeJson } from '../json.ts';
import { amount, looseText, optional } from '../leaves.ts';
import { invalid, missing } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { blankPayment, scalarExtras, scalarText } from '../reading.ts';
import {
  agreementWordOf,
  done,
  refundWordOf,
  stateOfAgreement,
  stateOfRefund,
  stateOfTrade,
  tradeWordOf,
} from './codes.ts';
import { noded, nodeOf, unknownNode } from './legs.ts';
import { dayOf } from './members.ts';

/** Everything kept of a channel's message is named `ysepay.<member>`. */
const prefix = 'ysepay';
const anyYuan = optional(amount(2, { as: 'text', decimals: 2 }, { zero: true }));
export const moneyText = (value: Money | null): string | undefined =>
  value === null ? undefined : yuanText(value.minor);

/** Fen as yuan with two decimals. */
function yuanText(minor: bigint): string {
  const text = anyYuan.write(minor);
  return typeof text === 'string' ? text : '';
}

export function moneyOf(members: Obj, name: string): Money | null {
  const minor = anyYuan.read(members.get(name), name);
  return minor === null ? null : money(minor, 'CNY');
}

export function textOf(members: Obj, name: string): string | null {
  const text = scalarText(members.get(name));
  return text === '' ? null : text;
}

/** A successful reply under the node of the method that was asked. */
function success(members: Readonly<Record<string, Json | undefined>>, scene: Scene): Fields {
  return noded(scene.endpoint === null ? unknownNode : nodeOf(scene.endpoint.name), fields({ ...done, ...members }));
}

// ── payments ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** In the order of the document's sample: state, numbers, amount, day. */
function paymentMembers(report: PaymentReport) {
  const word = tradeWordOf(report);
  const isPaid = report.state === 'paid';
  return {
    out_trade_no: report.orderNo ?? undefined,
    trade_status: word,
    trade_no: report.platformNo ?? undefined,
    total_amount: moneyText(report.amount),
    account_date: isPaid && report.finishedAt !== null ? dayOf(report.finishedAt) : undefined,
    ...instalmentMembers(report),
  };
}

/** The number that confirmation and resending name is that of the payment. */
function withSerial(report: PaymentReport) {
  const { trade_status, ...rest } = paymentMembers(report);
  return {
    ...rest,
    trade_status,
    pay_status: trade_status,
    paysn: report.platformNo ?? undefined,
    extra_common_param: report.extras['extra_common_param'],
  };
}

/** What the channel said of the instalments, else their plain division: no fee is ours to invent. */
function instalmentMembers(report: PaymentReport): { installment_resp?: Json; mer_discount_fee?: Json } {
  const asked = report.extras['installment_num'];
  if (asked === undefined || report.state !== 'paid' || report.amount === null) return {};
  const said = report.channelExtras[`${prefix}.installment_resp`];
  const heard = said === undefined ? null : parsedObject(said);
  const discount = report.channelExtras[`${prefix}.mer_discount_fee`];
  return {
    installment_resp: heard ?? instalments(asked, report.amount.minor),
    ...(discount !== undefined && /^[0-9]+(?:\.[0-9]+)?$/.test(discount)
      ? { mer_discount_fee: new Num(discount) }
      : {}),
  };
}

/** Document, section 5.3: count and mode are strings, the others decimal numbers. The first part carries the remainder. */
function instalments(count: string, minor: bigint): Obj {
  const each = minor / BigInt(count);
  const first = minor - each * (BigInt(count) - 1n);
  const none = new Num('0.00');
  return fields({
    installment_num: count,
    installment_fee_total: none,
    installment_fee_pay_mode: '0',
    first_fee: none,
    each_fee: none,
    first_back_amount: new Num(yuanText(first)),
  });
}

function parsedObject(text: string): Obj | null {
  try {
    const value = parseJson(text);
    return value instanceof Obj ? value : null;
  } catch {
    return null;
  }
}

function heard(members: Obj): PaymentReport['extras'] {
  const instalment = members.get('installment_resp');
  return {
    ...scalarExtras(members, prefix),
    ...(instalment instanceof Obj ? { [`${prefix}.installment_resp`]: writeJson(instalment) } : {}),
  };
}

/** A channel's word about a payment, from a reply or a notice. */
export function paymentOf(members: Obj): PaymentReport {
  const word = scalarText(members.get('trade_status'));
  const state = stateOfTrade(word);
  const total = moneyOf(members, 'total_amount');
  return {
    ...blankPayment,
    orderNo: textOf(members, 'out_trade_no'),
    platformNo: textOf(members, 'trade_no'),
    channelNo: textOf(members, 'channel_recv_sn'),
    state,
    amount: total,
    paid: state === 'paid' ? total : null,
    instruction: { ...noInstruction, confirmNo: textOf(members, 'paysn') },
    reason: { code: word, text: textOf(members, 'sub_msg') ?? textOf(members, 'result_note') ?? '' },
    extras: heard(members),
  };
}

function readPayment(reply: Opened): PaymentReport {
  if (!reply.fields.has('trade_status')) throw missing('trade_status');
  return paymentOf(reply.fields);
}

/** fastPay: without a state that can be confirmed nobody can pay; an unknown outcome is TRADE_PROCESS (rulings). */
export const payAnswer: Message<PaymentReport> = {
  read: readPayment,
  write: (report, scene) => success(withSerial(report), scene),
};

/** fastPay.confirm (document, section 5.2). */
export const confirmAnswer: Message<PaymentReport> = {
  read: readPayment,
  write: (report, scene) => success(paymentMembers(report), scene),
};

/** reachievemsg and close say little, and need not name a state. */
export const briefAnswer: Message<PaymentReport> = {
  read: (reply, scene) => {
    const report = paymentOf(reply.fields);
    const isClose = scene.endpoint?.command === 'close-payment';
    return reply.fields.has('trade_status')
      ? report
      : { ...report, state: isClose ? 'closed' : 'pending', reason: null };
  },
  write: (report, scene) =>
    success(scene.endpoint?.command === 'resend-code' ? withSerial(report) : paymentMembers(report), scene),
};

/** online.trade.query. */
export const queryAnswer: Message<PaymentReport> = {
  read: readPayment,
  write: (report, scene) => success({ ...paymentMembers(report), ...queryMembers(report) }, scene),
};

function queryMembers(report: PaymentReport) {
  const isWaiting = report.state === 'pending' && report.reason?.code === 'TRADE_USERPAYING';
  return {
    trade_status_ext: isWaiting ? 'TRADE_USERPAYING' : undefined,
    receipt_amount: moneyText(report.paid),
    result_note:
      report.state === 'failed' || report.state === 'closed' ? (report.reason?.text ?? undefined) : undefined,
    extra_common_param: report.extras['extra_common_param'],
  };
}

/** online.trade.order.query: the same and its details. */
export const orderQueryAnswer: Message<PaymentReport> = {
  read: readPayment,
  write: (report, scene) =>
    success(
      {
        ...paymentMembers(report),
        ...queryMembers(report),
        settlement_amount: report.paid === null ? undefined : yuanText(report.paid.minor - (report.fee?.minor ?? 0n)),
        refund_amount: report.refunds === null ? undefined : yuanText(report.refunds.done),
        seller_id: report.extras['seller_id'],
        pay_detail_list: payDetails(report),
      },
      scene,
    ),
};

function payDetails(report: PaymentReport): Json {
  if (report.state !== 'paid') return [];
  const kept = (name: string) => report.channelExtras[`${prefix}.${name}`];
  return [
    fields({
      channel_send_sn: report.platformNo ?? undefined,
      channel_recv_sn: report.channelNo ?? undefined,
      bank_type: kept('bank_type'),
      card_type: kept('card_type'),
      pay_success_time: report.finishedAt === null ? undefined : dayOf(report.finishedAt),
    }),
  ];
}

// ── refunds ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function refundMembers(report: RefundReport) {
  return {
    out_trade_no: report.orderNo ?? undefined,
    trade_no: report.platformNo ?? undefined,
    refund_amount: moneyText(report.amount),
    account_date: report.state === 'paid' && report.finishedAt !== null ? dayOf(report.finishedAt) : undefined,
    out_request_no: report.refundNo ?? undefined,
    refundsn: report.platformRefundNo ?? undefined,
    refund_state: refundWordOf(report),
  };
}

/** A channel's word about a refund; without a state it was accepted, no more (page, section 1.2, 10). */
export function refundOf(members: Obj): RefundReport {
  const word = textOf(members, 'refund_state');
  return {
    kind: 'refund',
    refundNo: textOf(members, 'out_request_no'),
    orderNo: textOf(members, 'out_trade_no'),
    platformNo: textOf(members, 'trade_no'),
    platformRefundNo: textOf(members, 'refundsn'),
    state: word === null ? 'pending' : stateOfRefund(word),
    amount: moneyOf(members, 'refund_amount'),
    paymentAmount: moneyOf(members, 'total_amount'),
    createdAt: null,
    finishedAt: null,
    reason: word === null ? null : { code: word, text: textOf(members, 'sub_msg') ?? '' },
    extras: scalarExtras(members, prefix),
    channelExtras: {},
  };
}

/** `refund_state` is our addition to the reply: the document lets replies grow. */
export const refundAnswer: Message<RefundReport> = {
  read: (reply) => refundOf(reply.fields),
  write: (report, scene) => success(refundMembers(report), scene),
};

export const refundQueryAnswer: Message<RefundReport> = {
  read: (reply) => {
    if (!reply.fields.has('refund_state')) throw missing('refund_state');
    return refundOf(reply.fields);
  },
  write: (report, scene) => {
    const { refund_amount, ...rest } = refundMembers(report);
    const word = refundWordOf(report);
    return success(
      {
        ...rest,
        funds_state: word,
        refund_reason: report.extras['refund_reason'],
        total_amount: moneyText(report.paymentAmount),
        refund_amount,
      },
      scene,
    );
  },
};

// ── agreements ────────────────────────────────────────────────────────────────────────────────────────────────────────

function readAgreement({ fields: members }: Opened, silent: AgreementReport['state']): AgreementReport {
  const word = textOf(members, 'trade_status');
  return {
    kind: 'agreement',
    orderNo: textOf(members, 'out_trade_no'),
    agreementNo: textOf(members, 'protocol_no'),
    state: word === null ? silent : stateOfAgreement(word),
    extras: scalarExtras(members, prefix),
  };
}

function agreementMembers(report: AgreementReport) {
  return { out_trade_no: report.orderNo ?? undefined, trade_status: agreementWordOf(report.state) };
}

/** An agreement's number is given out once it is confirmed. */
function withNumber(report: AgreementReport) {
  const isUsable = report.state === 'active' || report.state === 'cancelled';
  return {
    ...agreementMembers(report),
    protocol_no: isUsable ? (report.agreementNo ?? undefined) : undefined,
    bank_type: report.extras['ysepay.bank_type'] ?? report.extras['bank_type'],
  };
}

function agreementAnswer(
  silent: AgreementReport['state'],
  members: (report: AgreementReport) => object,
): Message<AgreementReport> {
  return {
    read: (reply) => readAgreement(reply, silent),
    write(report, scene) {
      if (report.state === 'unknown') throw new Refusal('outcome-unknown');
      return success({ ...members(report) }, scene);
    },
  };
}

export const signAnswer = agreementAnswer('wait-confirm', agreementMembers);
/** A confirmation that names no agreement has not made one. */
export const signConfirmAnswer: Message<AgreementReport> = {
  ...agreementAnswer('active', withNumber),
  read(reply) {
    const report = readAgreement(reply, 'active');
    return report.state === 'active' && report.agreementNo === null ? { ...report, state: 'unknown' } : report;
  },
};
export const agreementQueryAnswer = agreementAnswer('unknown', (report) => ({
  ...withNumber(report),
  user_id: report.extras['user_id'],
}));
export const agreementCancelAnswer = agreementAnswer('cancelled', withNumber);

export const statementAnswer: Message<{ readonly url: string }> = {
  read(reply) {
    const url = looseText({ max: 2_048 }).read(reply.fields.get('bill_download_url'), 'bill_download_url');
    if (!URL.canParse(url)) throw invalid('bill_download_url', 'not an address');
    return { url };
  },
  write: ({ url }, scene) => success({ bill_download_url: url }, scene),
};
