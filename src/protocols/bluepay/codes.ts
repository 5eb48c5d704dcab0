/**
 * BluePay's status numbers: what they are called, and what they mean for money. Page, section 7.2.
 * Numbers 506 and 601 mean different things in BluePay's two products, so a channel says which set it speaks (`codeSet`).
 */
import type { ReportedState } from '../../core/commands.ts';
import type { Keys } from '../protocol.ts';

/** `fintech`: Indonesian collection and disbursement. `general`: the older SDK. */
export type CodeSet = 'fintech' | 'general';

/** What a number says when it answers a create or a transfer. */
type OnCreate =
  /** The order exists. */
  | 'accepted'
  /** Nothing was executed, and nothing will be. Only where the documented meaning is a check before execution. */
  | 'declined'
  /** Could have been executed all the same: to be queried. */
  | 'unknown';

export interface StatusRow {
  readonly text: string;
  readonly onCreate: OnCreate;
}

function row(text: string, onCreate: OnCreate = 'unknown'): StatusRow {
  return { text, onCreate };
}

const both: Readonly<Record<string, StatusRow>> = {
  '200': row('completed'),
  '201': row('order accepted', 'accepted'),
  '400': row('parameter missing or wrong', 'declined'),
  '401': row('signature or encryption error', 'declined'),
  '404': row('transaction not found'),
  '500': row('internal error'),
};

export const statuses: Readonly<Record<CodeSet, Readonly<Record<string, StatusRow>>>> = {
  fintech: {
    ...both,
    '501': row('bank time-out'),
    '506': row('IP address not allowed', 'declined'),
    '600': row('bank request failed'),
    '601': row('merchant reserve balance short', 'declined'),
    '646': row('bank processing failed'),
    '649': row('bank account wrong', 'declined'),
  },
  general: {
    ...both,
    '202': row('failed'),
    '203': row('cancelled'),
    '402': row('dual SIM'),
    '403': row('SIM not usable', 'declined'),
    '405': row('SDK misused', 'declined'),
    '406': row('card limit', 'declined'),
    '407': row('SMS limit', 'declined'),
    '408': row('float limit', 'declined'),
    '409': row('product limit', 'declined'),
    '502': row('carrier error'),
    '503': row('network error'),
    '504': row('daily limit', 'declined'),
    '505': row('monthly limit', 'declined'),
    '506': row('black-listed', 'declined'),
    '507': row('less than 60 seconds since the last order', 'declined'),
    '508': row('one-time password used'),
    '509': row('one-time password invalid'),
    '510': row('one-time password expired'),
    '511': row('one-time password tried too often'),
    '512': row('wallet not bound', 'declined'),
    '513': row('card not bound', 'declined'),
    '514': row('binding failed', 'declined'),
    '532': row('bank card not bound', 'declined'),
    '533': row('no bank card record', 'declined'),
    '534': row('bank card number wrong', 'declined'),
    '540': row('bank card error', 'declined'),
    '600': row('operator error'),
    '601': row('payer balance short', 'declined'),
    '602': row('payer state', 'declined'),
    '603': row('cancelled by the user'),
    '605': row('transaction id used before'),
    '607': row('time-out'),
    '609': row('linked card declined'),
    '611': row('below the minimum', 'declined'),
    '621': row('top-up failed'),
    '623': row('top-up failed'),
    '624': row('top-up failed'),
    '631': row('account or one-time password wrong'),
    '634': row('single limit', 'declined'),
    '999': row('unknown'),
  },
};

function codeSetOf(keys: Keys): CodeSet {
  return keys.setting('codeSet') === 'general' ? 'general' : 'fintech';
}

/** The row of a number in the channel's set; an undocumented number decides nothing. */
export function statusOf(keys: Keys, code: string): StatusRow {
  const set = statuses[codeSetOf(keys)];
  return Object.hasOwn(set, code) ? (set[code] ?? row('undocumented')) : row('undocumented');
}

/** Numbers with which a query says that it cannot tell, rather than what became of the money. */
const undecided: ReadonlySet<string> = new Set(['201', '404', '500', '999']);

/** `record_status`, `transferStatus` of a query: 200 done, 201 in progress, the rest failed unless it speaks of the query itself. */
export function queriedState(code: string): ReportedState {
  if (code === '200') return 'paid';
  if (code === '201') return 'pending';
  return undecided.has(code) ? 'unknown' : 'failed';
}

/** `status` and `cmd` of a callback: 200 with CFM is success, 201 or CHG in progress, everything else failure. */
export function notifiedState(status: string, cmd: string): ReportedState {
  if (status === '201' || cmd.toUpperCase() === 'CHG') return 'pending';
  return status === '200' ? 'paid' : 'failed';
}

/** A number for a state of ours, when no number of BluePay's own is known (twin, other channels). */
export function statusFor(state: ReportedState, reason: { readonly code: string } | null, fallback = '600'): string {
  if (state === 'paid' || state === 'returned') return '200';
  if (state === 'pending' || state === 'unknown') return '201';
  return reason !== null && /^[2-9][0-9]{2}$/.test(reason.code) && !['200', '201'].includes(reason.code)
    ? reason.code
    : fallback;
}
