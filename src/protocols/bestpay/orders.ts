/** Orders: barcode, QR and the confirmation of their status ↔ core commands and reports (page, sections 4 to 6). */
import { type Extras, type Find, noInstruction, type Pay, type PaymentReport } from '../../core/commands.ts';
import { type Money, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { withoutBlanks } from '../../core/wallet-codes.ts';
import type { Instant } from '../../core/world.ts';
import { type Fields, Obj } from '../json.ts';
import { missing } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { blankPayment, scalarExtras } from '../reading.ts';
import { orderWords, stateOfWord, tradeTypeOf, walletNamed } from './codes.ts';
import { answered, resultOf } from './envelope.ts';
import { settingOf, shopsOf } from './settings.ts';
import * as wire from './wire.ts';

/** The institution may act for its own shops only; another one's shop does not exist for it (T020). */
export function checkShop(merchantNo: string, scene: Scene): void {
  if (!shopsOf(scene.keys).includes(merchantNo)) throw new Refusal('forbidden', { why: 'shop', field: 'merchantNo' });
}

/** Production takes T-1 to T+1 days (page, section 4). A setting; 0 = not looked at. */
export function checkRequestDate(requestDate: Instant, scene: Scene): void {
  const windowS = Number(settingOf(scene.keys, 'requestWindowS'));
  if (windowS > 0 && Math.abs(requestDate - scene.moment) > windowS * 1_000)
    throw new Refusal('invalid-request', { why: 'request-date', field: 'requestDate' });
}

/** What has to be given back or shown later; nulls are left out. */
export function keptExtras(members: Readonly<Record<string, string | null>>): Extras {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== ''),
  );
}

export function yuan(minor: bigint | null): Money | null {
  return minor === null ? null : money(minor, 'CNY');
}

type Order = Omit<wire.BarcodeAsk, 'mediumNo'>;

function readOrder(asked: Order, scene: Scene): Omit<Pay, 'method' | 'option' | 'authCode'> {
  checkRequestDate(asked.requestDate, scene);
  checkShop(asked.merchantNo, scene);
  const { merchantNo, goodsInfo, operator, remark } = asked;
  return {
    orderNo: asked.outTradeNo,
    amount: money(asked.tradeAmt, 'CNY'),
    subject: asked.subject,
    payer: { name: null, phone: null, email: null, country: 'CN' },
    notify: { kind: 'http', url: asked.notifyUrl },
    returnUrl: null,
    expiresInS: asked.timeOut,
    agreementNo: null,
    extras: keptExtras({ merchantNo, goodsInfo, operator, remark }),
  };
}

/** At most `max` UTF-16 units, whole characters, one line. */
export function lineOf(text: string | null, max: number, fallback: string): string {
  const cut = (text ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, max);
  const whole = cut.isWellFormed() ? cut : cut.slice(0, -1);
  return whole === '' ? fallback : whole;
}

/** `&name=` would make the request refusable; a full-width ampersand reads the same. */
export function unambiguous(text: string): string {
  return text.replaceAll('&', '＆');
}

const plainSubject = '订单';

function writeOrder(ask: Pay, scene: Scene): Order {
  const subject = unambiguous(lineOf(ask.subject, 256, plainSubject));
  if (ask.notify?.kind !== 'http') throw missing('notifyUrl');
  return {
    institutionCode: scene.keys.sender,
    merchantNo: shopsOf(scene.keys)[0],
    outTradeNo: ask.orderNo,
    tradeAmt: ask.amount.minor,
    subject,
    requestDate: scene.moment,
    timeOut: ask.expiresInS ?? 1_500,
    goodsInfo: unambiguous(lineOf(ask.extras['goodsInfo'] ?? null, 256, subject)),
    notifyUrl: ask.notify.url,
    operator: settingOf(scene.keys, 'operator'),
    remark: null,
  };
}

export const barcodeAsk: Message<Pay> = {
  /** Whose code it is, the core knows; a face token only by setting. */
  read(message, scene) {
    const asked = wire.barcodeAsk.read(message.fields);
    const isFace = asked.mediumNo.startsWith('fp');
    if (isFace && settingOf(scene.keys, 'faceToken') !== 'true')
      throw new Refusal('invalid-request', { why: 'payment-code', field: 'mediumNo' });
    return { ...readOrder(asked, scene), method: 'barcode', option: null, authCode: asked.mediumNo };
  },
  write(ask, scene) {
    if (ask.authCode === null) throw missing('mediumNo');
    return wire.barcodeAsk.write({ ...writeOrder(ask, scene), mediumNo: withoutBlanks(ask.authCode) });
  },
};

export const qrAsk: Message<Pay> = {
  read(message, scene) {
    const asked = wire.qrAsk.read(message.fields);
    if (asked.tradeType === 'TENPAY' && asked.userCode === null && needsUserCode(scene)) throw missing('userCode');
    const order = readOrder(asked, scene);
    const payer = asked.userCode === null ? order.payer : { ...order.payer, walletUser: asked.userCode };
    return { ...order, payer, method: 'qr', option: walletNamed(asked.tradeType), authCode: null };
  },
  write(ask, scene) {
    const tradeType = tradeTypeOf(ask.option);
    if (tradeType === null) throw missing('tradeType');
    const userCode = ask.payer.walletUser ?? ask.walletUser?.userId ?? null;
    if (tradeType === 'TENPAY' && userCode === null && needsUserCode(scene)) throw missing('userCode');
    return wire.qrAsk.write({ ...writeOrder(ask, scene), tradeType, userCode });
  },
};

function needsUserCode(scene: Scene): boolean {
  return settingOf(scene.keys, 'wechatUserCode') === 'required';
}

/** Why an order FAILed, where the other side says so. */
export function reasonOf(said: { readonly errorMsgCode: string | null; readonly errorMsgDesc: string | null }) {
  return said.errorMsgCode === null ? null : { code: said.errorMsgCode, text: said.errorMsgDesc ?? '' };
}

/** A discount is the wallet's: the order is paid in full when both together are the amount. */
export function paidOf(amount: bigint | null, payAmt: bigint | null, discount: bigint | null): bigint | null {
  if (payAmt === null) return amount;
  return amount !== null && payAmt + (discount ?? 0n) === amount ? amount : payAmt;
}

type Result = Omit<wire.BarcodeResult, 'payAmt' | 'disCountAmt'>;

function reportOfResult(said: Result, result: Obj, paid: bigint | null, paymentUrl: string | null): PaymentReport {
  const state = stateOfWord(said.tradeStatus);
  return {
    ...blankPayment,
    orderNo: said.outTradeNo,
    platformNo: said.tradeNo,
    channelNo: said.bankRequestNo,
    state,
    amount: yuan(said.tradeAmt),
    paid: state === 'paid' ? yuan(paid) : null,
    // Whoever has it on a screen shows it as a code.
    instruction: { ...noInstruction, payCode: paymentUrl, payUrl: paymentUrl },
    reason: state === 'failed' || state === 'closed' ? reasonOf(said) : null,
    extras: scalarExtras(result, 'bestpay'),
  };
}

/** The members of a barcode or QR result that say the same. */
function resultMembers(report: PaymentReport, scene: Scene) {
  const isOver = report.state === 'failed';
  return {
    tradeNo: report.platformNo,
    tradeprodNo: report.channelExtras['bestpay.tradeprodNo'] ?? report.platformNo,
    merchantNo: report.extras['merchantNo'] ?? shopsOf(scene.keys)[0],
    tradeStatus: orderWords[report.state],
    outTradeNo: report.orderNo,
    tradeAmt: report.amount?.minor ?? null,
    bankRequestNo: report.channelExtras['bestpay.bankRequestNo'] ?? report.channelNo,
    errorMsgCode: isOver ? (report.reason?.code ?? null) : null,
    errorMsgDesc: isOver ? (report.reason?.text ?? null) : null,
  };
}

/** What a channel of this protocol said of the discount, when it said so; else none. */
export function discountOf(report: PaymentReport): bigint {
  const said = report.channelExtras['bestpay.disCountAmt'] ?? report.channelExtras['bestpay.discountAmt'] ?? '0';
  const discount = /^[0-9]{1,18}$/.test(said) ? BigInt(said) : 0n;
  return report.paid !== null && discount <= report.paid.minor ? discount : 0n;
}

export const barcodeAnswer: Message<PaymentReport> = {
  read(reply) {
    const result = resultOf(reply);
    const said = wire.barcodeResult.read(result);
    // Either spelling is read (row 5).
    const discount = said.disCountAmt ?? wire.barcodeResult.read(withDiscount(result)).disCountAmt;
    return reportOfResult(said, result, paidOf(said.tradeAmt, said.payAmt, discount), null);
  },
  write: (report, scene) => answered(barcodeMembers(report, scene)),
};

function withDiscount(result: Obj): Obj {
  return new Obj([...result, ['disCountAmt', result.get('discountAmt') ?? null]]);
}

function barcodeMembers(report: PaymentReport, scene: Scene): Obj {
  const discount = discountOf(report);
  const paid = report.state === 'paid' ? (report.paid?.minor ?? null) : null;
  return wire.barcodeResult.write({
    ...resultMembers(report, scene),
    payAmt: paid === null ? null : paid - discount,
    disCountAmt: paid === null ? null : discount,
  });
}

export const qrAnswer: Message<PaymentReport> = {
  read(reply) {
    const result = resultOf(reply);
    const said = wire.qrResult.read(result);
    return reportOfResult(said, result, said.tradeAmt, said.paymentUrl);
  },
  /** Nobody can pay without the address: as long as there is none the outcome is unknown (rulings). */
  write(report, scene) {
    const paymentUrl = report.instruction.payUrl ?? asAddress(report.instruction.payCode);
    const isOpen = report.state === 'pending' || report.state === 'unknown';
    if (paymentUrl === null && isOpen) throw new Refusal('outcome-unknown');
    return answered(wire.qrResult.write({ ...resultMembers(report, scene), paymentUrl }));
  },
};

/** Other channels' codes may be addresses. */
function asAddress(payCode: string | null): string | null {
  return payCode !== null && /^(?:https?|weixin):\/\//i.test(payCode) ? payCode : null;
}

/** A refused order in the words of its own endpoint: handled, and FAIL (page, section 10). */
export function failedOrder(report: PaymentReport, scene: Scene): Fields {
  if (scene.endpoint?.name === 'orderMixBrcode') return answered(barcodeMembers(report, scene));
  return answered(wire.qrResult.write({ ...resultMembers(report, scene), paymentUrl: null }));
}

/** The order of a request whose answer we do not have, from what was asked: WAITFORPAY, or FAIL with a reason. */
export function reportOfAsk(request: Opened, state: 'unknown' | 'failed', why: PaymentReport['reason']): PaymentReport {
  const text = (name: string) => {
    const value = request.fields.get(name);
    return typeof value === 'string' ? value : null;
  };
  const merchantNo = text('merchantNo');
  return {
    ...blankPayment,
    orderNo: text('outTradeNo'),
    state,
    amount: yuan(wire.fenIn(request.fields, 'tradeAmt')),
    reason: why,
    extras: keptExtras({ merchantNo }),
  };
}

export const findAsk: Message<Find> = {
  read(message, scene) {
    const { merchantNo, outTradeNo } = wire.findAsk.read(message.fields);
    checkShop(merchantNo, scene);
    return { orderNo: outTradeNo, platformNo: null, refundNo: null, extras: { merchantNo } };
  },
  write(find, scene) {
    if (find.orderNo === null) throw missing('outTradeNo');
    return wire.findAsk.write({
      institutionCode: scene.keys.sender,
      merchantNo: shopsOf(scene.keys)[0],
      outTradeNo: find.orderNo,
      tradeDate: find.orderedAt ?? scene.moment,
    });
  },
};

/** No amount and no number come back (page, section 6): the caller holds them. */
export const findAnswer: Message<PaymentReport> = {
  read(reply) {
    const result = resultOf(reply);
    const said = wire.findResult.read(result);
    const state = stateOfWord(said.tradeStatus);
    const isOver = state === 'failed' || state === 'closed';
    return { ...blankPayment, state, reason: isOver ? reasonOf(said) : null };
  },
  write: (report) =>
    answered(
      wire.findResult.write({
        tradeStatus: orderWords[report.state],
        errorMsgCode: report.state === 'failed' ? (report.reason?.code ?? null) : null,
        errorMsgDesc: report.state === 'failed' ? (report.reason?.text ?? null) : null,
      }),
    ),
};
