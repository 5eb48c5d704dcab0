/** The notice to a merchant, and how a client reads one. Sections 5, 6.2 and 9. */
import type { PaymentReport, PayoutReport, Report, ReportedState } from '../../core/commands.ts';
import { exponents, isCurrency, type Money, money, parseDecimal } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Fields, fields, Obj, Raw } from '../json.ts';
import { invalid } from '../message.ts';
import type { Keys, Opened, Scene } from '../protocol.ts';
import { blankPayment, blankPayout, scalarExtras, scalarText } from '../reading.ts';
import { sameText } from '../signing.ts';
import { bizCodeOf, bluepayNoOf, channelMember, type OrderReport, priceText, productIdOf } from './blocks.ts';
import { statusOf } from './codes.ts';
import { encryptKey, encryptOf, type SignedMember, signedMembers } from './signing.ts';

type TradeStatus = 'success' | 'fail' | 'process';
type Callback = Readonly<Record<SignedMember | 'encrypt', string>>;

/** Keys of `originChannelCallBack` in the order of the samples. */
const callbackOrder: readonly (keyof Callback)[] = [
  't_id',
  'bt_id',
  'interfacetype',
  'productid',
  'encrypt',
  'price',
  'currency',
  'cmd',
  'msisdn',
  'paytype',
  'operator',
  'status',
];

const tradeStatuses: Readonly<Record<ReportedState, TradeStatus>> = {
  paid: 'success',
  failed: 'fail',
  closed: 'fail',
  reversed: 'fail',
  returned: 'fail',
  pending: 'process',
  unknown: 'process',
};

function tradeMsg(state: ReportedState, status: string): string {
  switch (tradeStatuses[state]) {
    case 'success':
      return '交易成功';
    case 'process':
      return '交易进行中';
    case 'fail':
      return state === 'returned'
        ? `失败,放款已被退款(refundcashout),请查阅bluepay回调错误码:${status}`
        : `失败,请查阅bluepay回调错误码:${status}`;
  }
}

/** The notice of a report. `process` is told only where the merchant wants it (row 17); refunds do not exist here. */
export function writeNotice(report: Report, { keys }: Scene): Fields | null {
  if (report.kind === 'refund') return null;
  const tradeStatus = tradeStatuses[report.state];
  if (tradeStatus === 'process' && keys.setting('notifyProcess') !== 'true') return null;
  const callback = callbackOf(report, keys);
  const passBack = report.extras['passBack'];
  return fields({
    tradeStatus,
    tradeMsg: tradeMsg(report.state, callback.status),
    channelCode: report.extras['channelCode'] ?? 'bluepay',
    channelBizCode: bizCodeOf(report),
    transactionCode: report.platformNo,
    outTradeNo: report.orderNo,
    passBack: passBack === undefined ? null : new Raw(passBack),
    originChannelCallBack: callbackObject(callback, report),
  });
}

/** BluePay's own callback when it tells this state, else one in its form; signed anew unless it is given on unchanged. */
function callbackOf(report: OrderReport, keys: Keys): Callback {
  const made = madeCallback(report, keys);
  const own = ownCallback(report);
  if (own !== null && own.t_id === report.platformNo) return own;
  const values = own === null ? made : { ...own, t_id: made.t_id };
  const key = encryptKey(keys);
  return { ...values, encrypt: key === null ? '' : encryptOf(values, key) };
}

/** The kept callback; null when a member is missing, or when it tells another state than the report (the order went on). */
function ownCallback(report: OrderReport): Callback | null {
  const members = callbackOrder.map((name) => [name, channelMember(report, name)] as const);
  if (members.some(([, value]) => value === null)) return null;
  const own = Object.fromEntries(members) as Callback;
  return toldState(own) === toldGroup(report.state) ? own : null;
}

function toldState(callback: Pick<Callback, 'status' | 'cmd' | 'interfacetype'>): TradeStatus | 'returned' {
  if (callback.interfacetype === 'refundcashout') return 'returned';
  if (callback.status === '201' || callback.cmd.toUpperCase() === 'CHG') return 'process';
  return callback.status === '200' ? 'success' : 'fail';
}

function toldGroup(state: ReportedState): TradeStatus | 'returned' {
  return state === 'returned' ? 'returned' : tradeStatuses[state];
}

function madeCallback(report: OrderReport, keys: Keys): Readonly<Record<SignedMember, string>> {
  const amount = report.kind === 'payment' ? (report.paid ?? report.amount) : report.amount;
  return {
    t_id: report.platformNo ?? '',
    bt_id: bluepayNoOf(report, keys),
    interfacetype: interfaceOf(report),
    productid: productIdOf(report, keys),
    price: priceText(amount),
    currency: amount?.currency ?? 'IDR',
    cmd: tradeStatuses[report.state] === 'process' ? 'CHG' : 'CFM',
    msisdn: report.kind === 'payment' ? 'nomsisdn' : (report.extras['msisdn'] ?? 'nomsisdn'),
    paytype: 'pre',
    operator: operatorOf(report),
    // A returned payout keeps the number of its success; `interfacetype` says what happened (row 26).
    status: report.state === 'returned' ? '200' : statusOf(report.state, report.reason),
  };
}

function interfaceOf(report: OrderReport): string {
  if (report.kind === 'payment') return 'bank';
  return report.state === 'returned' ? 'refundcashout' : 'cashout';
}

function operatorOf(report: OrderReport): string {
  if (report.kind === 'payout') return report.extras['payeeBankName'] ?? '';
  return report.method === 'store-code' || report.extras['payType'] === 'otc' ? 'otc' : 'atm';
}

/** All twelve keys as strings; further members of BluePay's callback (`indomog`) behind them. */
function callbackObject(callback: Callback, report: OrderReport): Obj {
  const made = fields(Object.fromEntries(callbackOrder.map((name) => [name, callback[name]])));
  const indomog = channelMember(report, 'indomog');
  if (indomog !== null) made.set('indomog', indomog);
  return made;
}

// ── reading (client) ────────────────────────────────────────────────────────────────────────────────────────────────

function originOf(notice: Fields): Obj {
  const origin = notice.get('originChannelCallBack');
  return origin instanceof Obj ? origin : new Obj();
}

/** The callback of a received notice as texts; '' for what is absent. */
export function receivedCallback(notice: Fields): Callback {
  const members = originOf(notice);
  return Object.fromEntries(callbackOrder.map((name) => [name, scalarText(members.get(name))])) as Callback;
}

/** Does `encrypt` fit the members in the documented order? A value that looks like further members never fits (T014). */
export function isCallbackSigned(callback: Callback, keys: readonly string[]): boolean {
  if (signedMembers.some((name) => callback[name].includes('&'))) return false;
  return keys.reduce(
    (found, key) => (key !== '' && sameText(encryptOf(callback, key), callback.encrypt)) || found,
    false,
  );
}

const tradeStates: Readonly<Record<TradeStatus, ReportedState>> = {
  success: 'paid',
  fail: 'failed',
  process: 'pending',
};

/**
 * The report of an authentic notice. `interfacetype` is looked at first (row 26), `process` never finalises (row 17). When
 * only the callback inside was signed, what stands outside it is not believed: outer state must agree, the number is left out.
 */
export function readNotice(notice: Opened, { keys }: Scene): Report {
  const { fields: members, marks } = notice;
  const callback = receivedCallback(members);
  const state = noticeState(scalarText(members.get('tradeStatus')), callback);
  const isInnerOnly = marks['verified'] === 'encrypt';
  const platformNo = scalarText(members.get('transactionCode'));
  if (isInnerOnly && platformNo !== callback.t_id) throw invalid('transactionCode', 'transactionCode is not t_id');
  if (isInnerOnly && toldState(callback) !== toldGroup(state))
    throw invalid('tradeStatus', 'tradeStatus is not that of status');
  const known = {
    orderNo: isInnerOnly ? null : scalarText(members.get('outTradeNo')) || null,
    platformNo: platformNo || null,
    channelNo: callback.bt_id || null,
    amount: keys.setting('sandbox2257') === 'true' ? null : priceOf(callback),
    extras: scalarExtras(originOf(members), 'bluepay'),
  };
  const reason =
    state === 'failed' || state === 'returned'
      ? { code: callback.status, text: scalarText(members.get('tradeMsg')) }
      : null;
  const payment: PaymentReport = {
    ...blankPayment,
    ...known,
    state,
    reason,
    paid: state === 'paid' ? known.amount : null,
  };
  const payout: PayoutReport = { ...blankPayout, ...known, state, reason };
  return isPayment(callback, scalarText(members.get('channelBizCode'))) ? payment : payout;
}

function isPayment(callback: Callback, channelBizCode: string): boolean {
  if (callback.interfacetype === 'bank') return true;
  if (callback.interfacetype === 'cashout' || callback.interfacetype === 'refundcashout') return false;
  throw new Refusal('invalid-request', {
    field: 'interfacetype',
    text: `interfacetype is not known (${channelBizCode})`,
  });
}

function noticeState(tradeStatus: string, callback: Callback): ReportedState {
  if (callback.interfacetype === 'refundcashout') return 'returned';
  if (!Object.hasOwn(tradeStates, tradeStatus))
    throw invalid('tradeStatus', 'tradeStatus is none of success, fail, process');
  return tradeStates[tradeStatus as TradeStatus];
}

function priceOf(callback: Callback): Money {
  const currency = callback.currency.toUpperCase();
  if (!isCurrency(currency)) throw invalid('currency', 'currency is not known');
  const minor = parseDecimal(callback.price, exponents[currency]);
  if (minor === null || minor === 0n) throw invalid('price', 'price is not an amount');
  return money(minor, currency);
}
