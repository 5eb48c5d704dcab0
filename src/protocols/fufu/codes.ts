/** The dictionaries of sections 3.2, 3.4 and 3.5, in core words. */
import type { PaymentReport, RefundReport, ReportedState } from '../../core/commands.ts';
import type { Instant } from '../../core/world.ts';

/** Which wallet a channel_type is, in core option codes; `0` leaves it open. 3 and 4 only where `extraChannels` says so. */
export const channelTypes = { '0': null, '1': 'ALIPAY', '2': 'WECHAT', '3': 'BESTPAY', '4': 'UNIONPAY' } as const;
export type ChannelType = keyof typeof channelTypes;

export function isChannelType(text: string): text is ChannelType {
  return Object.hasOwn(channelTypes, text);
}

export const documentedWallets: readonly string[] = ['ALIPAY', 'WECHAT'];
export const allWallets: readonly string[] = ['ALIPAY', 'WECHAT', 'BESTPAY', 'UNIONPAY'];

/** `0` for a wallet without a code of its own, and for none. */
export function channelTypeOf(option: string | null): ChannelType {
  const found = Object.entries(channelTypes).find(([, wallet]) => wallet !== null && wallet === option)?.[0];
  return found !== undefined && isChannelType(found) ? found : '0';
}

/** Reasons our own flows give for an end; everything else is the channel's. */
const expiredReason = 'expired';

/** Section 3.4; 7 is never returned, 10 to 14 live on refund and revoke records. */
export const states = {
  toBePaid: '0',
  paid: '1',
  revoked: '2',
  revoking: '3',
  partlyRefunded: '4',
  refunded: '5',
  closed: '6',
  refunding: '8',
  refundFailed: '9',
} as const;

/** What a payment shows. A barcode whose time is over and which is not decided is being revoked. */
export function stateOf(report: PaymentReport, moment: Instant): string {
  switch (report.state) {
    case 'paid':
    case 'returned':
      return paidState(report);
    case 'failed':
      return states.closed;
    case 'reversed':
      return states.revoked;
    case 'closed':
      return closedState(report);
    case 'pending':
    case 'unknown':
      return report.method === 'barcode' && report.expiresAt !== null && report.expiresAt <= moment
        ? states.revoking
        : states.toBePaid;
  }
}

/**
 * A barcode that its channel closed counts as reversed (rulings), unless a channel of our own kind says what it was; a
 * pre-order that ran out of time is revoked (row 16).
 */
function closedState({ method, reason }: PaymentReport): string {
  const isRevoked = method === 'barcode' ? reason?.code !== states.closed : reason?.code === expiredReason;
  return isRevoked ? states.revoked : states.closed;
}

/** Page 4.3: all refunded, else any running, else some refunded, else the last one failed, else just paid. */
function paidState({ refunds, paid, amount }: PaymentReport): string {
  const whole = paid?.minor ?? amount?.minor ?? 0n;
  if (refunds === null) return states.paid;
  if (refunds.done > 0n && refunds.done >= whole) return states.refunded;
  if (refunds.pending > 0n) return states.refunding;
  if (refunds.done > 0n) return states.partlyRefunded;
  return refunds.lastFailed ? states.refundFailed : states.paid;
}

/** What somebody else's payment is. 1, 4, 5, 8 and 9 all mean "was paid". */
const statesHeard: Readonly<Record<string, ReportedState>> = {
  '0': 'pending',
  '1': 'paid',
  '2': 'reversed',
  '3': 'pending',
  '4': 'paid',
  '5': 'paid',
  '6': 'closed',
  '8': 'paid',
  '9': 'paid',
  '14': 'reversed',
};

export function stateHeard(code: string): ReportedState {
  return Object.hasOwn(statesHeard, code) ? (statesHeard[code] ?? 'unknown') : 'unknown';
}

export type RefundWord = 'succ' | 'fail' | 'refunding';

/** 11 → succ; 12 and 13 → fail; 10 and 8 → refunding. */
export function refundWordOf({ state }: RefundReport): RefundWord {
  if (state === 'paid') return 'succ';
  return state === 'pending' || state === 'unknown' ? 'refunding' : 'fail';
}

export function refundHeard(word: string): ReportedState {
  if (word === 'succ') return 'paid';
  if (word === 'fail') return 'failed';
  return word === 'refunding' ? 'pending' : 'unknown';
}

export const credits: ReadonlySet<string> = new Set(['credit', 'pcredit', 'debit', 'balance', 'unknown']);

/** `SUCESS` is the dictionary's own spelling (row 7). */
export function isSuccess(word: string): boolean {
  return word === 'SUCCESS' || word === 'SUCESS';
}

/** Words that name no reason. */
export const bareWords: ReadonlySet<string> = new Set(['', 'OK', 'SUCCESS', 'SUCESS', 'FAIL']);

/** Whoever says so does not know what became of the request: query, never repeat (page 4.4). */
export const unknownCodes: ReadonlySet<string> = new Set([
  'DATABASE_ERROR',
  'EXCEPTION',
  'HTTP_EXCEPTION',
  'IO_EXCEPTION',
  'CREATE_SECURITY_CONNECTION_ERROR',
  // The number is taken: by our own earlier request, whatever became of it.
  'SERIAL_REPEAT',
  'USERPAYING',
]);

export const revokedCodes: ReadonlySet<string> = new Set(['AREADY_REVOKED', 'ALREADY_REVOKED']);
