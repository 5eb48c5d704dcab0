/** What the payer is shown of a payment: the state in a payer's words, the amount as it is written, the time that is left. */
import { type Currency, type Money, exponents, formatDecimal, grouped } from '../../core/money.ts';
import type { Payment, PaymentState } from '../../core/order.ts';
import type { Instant } from '../../core/world.ts';

export type View = 'choose' | 'preparing' | 'waiting' | 'unknown' | 'paid' | 'failed' | 'expired' | 'reversed';

const views: Readonly<Record<PaymentState, View>> = {
  new: 'choose',
  sending: 'preparing',
  pending: 'waiting',
  unknown: 'unknown',
  paid: 'paid',
  failed: 'failed',
  closed: 'expired',
  reversed: 'reversed',
};

/** Past its time an open payment must not be paid any more: unchosen it is over; chosen, the channel may still know of money. */
export function viewOf(payment: Payment, now: Instant): View {
  const view = views[payment.state];
  const isOver = payment.expiresAt !== null && payment.expiresAt <= now;
  if (isOver && view === 'choose') return 'expired';
  if (isOver && view === 'waiting') return 'unknown';
  return view;
}

/** Changes whenever the page would look different: the script then loads it anew. */
export function stampOf(payment: Payment, now: Instant): string {
  const { payCode, payUrl } = payment.instruction;
  return `${viewOf(payment, now)}-${payment.method}-${payCode === null ? 0 : 1}${payUrl === null ? 0 : 1}`;
}

/** Nothing further will happen by itself: the page need not ask again. */
export function isOver(view: View): boolean {
  return view === 'paid' || view === 'failed' || view === 'expired' || view === 'reversed';
}

interface Writing {
  readonly symbol: string;
  readonly group: string;
  readonly point: string;
}

const writings: Readonly<Record<Currency, Writing>> = {
  IDR: { symbol: 'Rp ', group: '.', point: ',' },
  CNY: { symbol: '¥', group: ',', point: '.' },
  JPY: { symbol: 'JP¥', group: ',', point: '.' },
  THB: { symbol: '฿', group: ',', point: '.' },
  HKD: { symbol: 'HK$', group: ',', point: '.' },
  USD: { symbol: 'US$', group: ',', point: '.' },
};

/** "Rp 150.000", with a no-break space. */
export function showMoney({ minor, currency }: Money): string {
  const { symbol, group, point } = writings[currency];
  const [whole = '', fraction] = formatDecimal(minor, exponents[currency]).split('.');
  return `${symbol.replace(' ', '\u00a0')}${grouped(whole, group)}${fraction === undefined ? '' : point + fraction}`;
}

/** As somebody types it into a banking app: "150000", "150.00". */
export function plainMoney({ minor, currency }: Money): string {
  return formatDecimal(minor, exponents[currency]);
}

/** Digits in groups of four, from the left, as bank cards print them; other codes stay as they are. */
export function groupsOf(code: string): readonly string[] {
  return /^\d{8,}$/.test(code) ? (code.match(/\d{1,4}/g) ?? []) : [code];
}

/** The address a payer may be sent to, or null: https, and in the sandbox http to this machine. */
export function payerAddress(text: string | null, isSandbox: boolean): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const { protocol, hostname, href, username } = new URL(text);
  if (username !== '') return null;
  if (protocol === 'https:') return href;
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'http:' && isSandbox && isLoopback ? href : null;
}
