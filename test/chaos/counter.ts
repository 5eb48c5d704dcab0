/** One merchant at one gateway, in three protocols: the same few things to ask for, the same few words for what it said. */
import { FufuMerchant } from '../e2e/fufu-party.ts';
import { clientOf, type Scene } from '../e2e/harness.ts';
import { member, textAt } from '../e2e/http.ts';
import type { Shown, Told } from '../e2e/parties.ts';
import type { Branch, Deed } from './bank.ts';

/** What the merchant orders, and where its money moves. */
export const lines = {
  collection: { deed: 'pay', currency: 'IDR', branches: ['payin', 'bluepay'] },
  payout: { deed: 'pay-out', currency: 'IDR', branches: ['payin', 'bluepay'] },
  barcode: { deed: 'pay', currency: 'CNY', branches: ['fufu'] },
  refund: { deed: 'refund', currency: 'CNY', branches: ['fufu'] },
} as const satisfies Readonly<Record<string, { deed: Deed; currency: string; branches: readonly Branch[] }>>;
export type Line = keyof typeof lines;

export interface Wish {
  readonly no: string;
  readonly line: Line;
  readonly branch: Branch;
  /** Smallest units. */
  readonly amount: number;
  /** Of a refund: the payment's number. */
  readonly paymentNo: string;
}

export interface Counter {
  ask(wish: Wish, notifyUrl: string): Promise<Told>;
  look(wish: Wish, told: Told): Promise<Shown>;
}

/** `document` is the sandbox's; `url` where that gateway answers. */
export function counterAt({ a }: Pick<Scene, 'a'>, document: unknown, url: () => string): Counter {
  const keys = member(document, 'merchants', 0, 'protocols', 'fufu');
  const fufu = new FufuMerchant(url, { busiId: textAt(keys, 'busiId'), key: textAt(keys, 'key') });
  const rupiah = (branch: Branch) => clientOf(a, branch === 'payin' ? 'payin' : 'unified');
  return {
    ask({ no, line, branch, amount, paymentNo }, notifyUrl) {
      if (line === 'collection') return rupiah(branch).pay(no, amount, notifyUrl);
      if (line === 'payout') return rupiah(branch).payOut(no, amount, notifyUrl);
      return line === 'barcode' ? barcode(fufu, no, amount) : refund(fufu, no, amount, paymentNo);
    },
    look({ no, line, branch }, told) {
      if (line === 'collection') return rupiah(branch).queryPay(told, no);
      if (line === 'payout') return rupiah(branch).queryPayOut(told, no);
      return line === 'barcode' ? lookAtBarcode(fufu, no) : lookAtRefund(fufu, no);
    },
  };
}

// ── fufu, by its page ───────────────────────────────────────────────────────────────────────────────────────────────

/** A barcode's number is told "used" when it is asked again; then its state is the answer. */
async function barcode(fufu: FufuMerchant, no: string, amount: number): Promise<Told> {
  const { code, text } = await fufu.order(no, { total_fee: String(amount) });
  if (code !== 'SERIAL_REPEAT') return said(verdictOf(code), text);
  const shown = await lookAtBarcode(fufu, no);
  return said(shown === 'paid' ? 'accepted' : shown === 'failed' ? 'refused' : 'unknown', text);
}

async function refund(fufu: FufuMerchant, no: string, amount: number, paymentNo: string): Promise<Told> {
  const { code, text } = await fufu.refund(paymentNo, no, String(amount));
  return said(verdictOf(code), text);
}

function verdictOf(code: string): Told['verdict'] {
  if (code === 'SUCCESS') return 'accepted';
  if (code === 'SERVICE_UNAVAILABLE') return 'busy';
  return code === 'EXCEPTION' ? 'unknown' : 'refused';
}

function said(verdict: Told['verdict'], raw: string): Told {
  return { verdict, raw, json: JSON.parse(raw), payCode: '', platformNo: '' };
}

/** Section 3.4: 0 to be paid, 1 paid, 2 revoked, 3 revoking, 4 and 5 refunded, 6 closed, 8 and 9 about refunds of a paid one. */
const states: Readonly<Record<string, Shown>> = {
  '0': 'pending',
  '1': 'paid',
  '2': 'failed',
  '3': 'pending',
  '4': 'paid',
  '5': 'paid',
  '6': 'failed',
  '8': 'paid',
  '9': 'paid',
};

async function lookAtBarcode(fufu: FufuMerchant, no: string): Promise<Shown> {
  const { code, data } = await fufu.query(no);
  if (code === 'CHARGE_NONEXISTENT') return 'nothing';
  return states[String(data['state'])] ?? 'unclear';
}

const refundWords: Readonly<Record<string, Shown>> = { succ: 'paid', fail: 'failed', refunding: 'pending' };

async function lookAtRefund(fufu: FufuMerchant, no: string): Promise<Shown> {
  const { code, data } = await fufu.refundQuery(no);
  if (code === 'CHARGE_NONEXISTENT' || code === 'REFUND_NONEXISTENT') return 'nothing';
  return refundWords[String(data['trade_status'])] ?? 'unclear';
}
