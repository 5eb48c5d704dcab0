/**
 * The fault plan: what a twin does wrong on purpose, for which request, how often. Plans come over the control API;
 * magic amounts stand for the common ones. docs/twins.md describes both for people, test/twin/docs.test.ts compares.
 */
import type { CommandName } from '../core/commands.ts';
import { type Json, Num, Obj } from '../protocols/json.ts';

/** Every kind, and what it does. */
export const faultKinds = {
  decline: 'a clear no; nothing is executed',
  'decline-later': 'accepted, then refused by the bank or payer',
  'drop-before': 'the connection is cut, nothing is executed',
  'execute-and-never-answer': 'executed; the connection stays open without an answer',
  'answer-late': 'executed; the answer comes after `ms`',
  truncate: 'executed; the answer breaks off after `bytes` bytes',
  'http-500': 'executed; HTTP 500 without the protocol’s own words',
  html: 'executed; HTTP 200 with a page instead of the protocol’s own words',
  'bad-signature': 'executed; the signature of the answer is wrong (no effect where answers are unsigned)',
  'wrong-amount': 'executed; amounts in the answer are one smallest unit too high',
  'not-found': 'queries do not know the order for `ms`',
  pending: 'the result comes only after `ms`; without `ms` only by `_twin/pay`',
  callback: 'callbacks deviate: `times`, `delayMs`, `beforeReply`, `forged`, `wrongAmount`, `status`',
  returned: 'a payout comes back `ms` after its success',
  down: 'connections are refused until the plan is removed, or for `ms`',
} as const;
export type FaultKind = keyof typeof faultKinds;

export interface CallbackFault {
  /** How often it is sent; 0 = never. */
  readonly times: number;
  readonly delayMs: number;
  /** The order is decided at once and the callback is delivered before the reply. */
  readonly beforeReply: boolean;
  /** With a wrong signature. Forged callbacks come beside the true ones, right after the request. */
  readonly forged: boolean;
  /** true = one smallest unit too high; text = that amount. */
  readonly wrongAmount: boolean | string;
  /** The state to report instead of the true one. */
  readonly status: string | null;
}

/** One fault. Members that a kind does not use are at their defaults. */
export interface Fault {
  readonly kind: FaultKind;
  /** false: the request is answered (or not) as described, but nothing is executed. */
  readonly executed: boolean;
  readonly ms: number | null;
  readonly bytes: number | null;
  readonly code: string | null;
  readonly callback: CallbackFault | null;
}

export interface Match {
  readonly operation: string | null;
  readonly merchantOrderNo: string | null;
  readonly reference: string | null;
  /** Minor units. */
  readonly amount: string | null;
}

export interface Plan {
  readonly id: string;
  readonly match: Match;
  /** 0 = until removed. */
  readonly times: number;
  readonly used: number;
  readonly faults: readonly Fault[];
  /** For `down` with `ms`: when it ends. */
  readonly until: number | null;
}

/** What a request is about, as far as plans ask. */
export interface Subject {
  readonly operation: CommandName;
  /** Every number the request names, and the references they lead to. */
  readonly numbers: ReadonlySet<string>;
  /** Minor units; null when the request has none. */
  readonly amount: string | null;
}

/** `aliases`: upstream references that the plan's numbers stand for. */
export function matches(plan: Plan, subject: Subject, aliases: readonly string[]): boolean {
  const { operation, merchantOrderNo, reference, amount } = plan.match;
  const isSpent = plan.times > 0 && plan.used >= plan.times;
  const names = [merchantOrderNo, reference].filter((name) => name !== null);
  return (
    !isSpent &&
    plan.faults.some(({ kind }) => kind !== 'down') &&
    (operation === null || operation === subject.operation) &&
    (amount === null || amount === subject.amount) &&
    (names.length === 0 || [...names, ...aliases].some((name) => subject.numbers.has(name)))
  );
}

export function fault(kind: FaultKind, more: Partial<Omit<Fault, 'kind'>> = {}): Fault {
  return { kind, executed: true, ms: null, bytes: null, code: null, callback: null, ...more };
}

export const plainCallback: CallbackFault = {
  times: 1,
  delayMs: 0,
  beforeReply: false,
  forged: false,
  wrongAmount: false,
  status: null,
};

function callback(more: Partial<CallbackFault>): Fault {
  return fault('callback', { callback: { ...plainCallback, ...more } });
}

export interface MagicRow {
  /** Last four digits of the amount in smallest units. */
  readonly digits: string;
  readonly faults: readonly Fault[];
  /** How often per reference; 0 = always. */
  readonly times: number;
  readonly about: string;
}

function magic(digits: string, about: string, faults: readonly Fault[], times = 1): MagicRow {
  return { digits, faults, times, about };
}

/** They work on the requests that create something: pay, pay-out, refund. A plan that matches goes first. */
export const magicAmounts: readonly MagicRow[] = [
  magic('9001', 'declined', [fault('decline')], 0),
  magic('9002', 'connection cut before anything is executed, the first time', [fault('drop-before')]),
  magic('9003', 'executed, never answered', [fault('execute-and-never-answer')]),
  magic('9004', 'not executed, never answered', [fault('execute-and-never-answer', { executed: false })]),
  magic('9005', 'answered after 3 seconds', [fault('answer-late', { ms: 3_000 })]),
  magic('9006', 'the answer breaks off', [fault('truncate')]),
  magic('9007', 'executed, HTTP 500', [fault('http-500')]),
  magic('9008', 'not executed, HTTP 500', [fault('http-500', { executed: false })]),
  magic('9009', 'executed, answered with a web page', [fault('html')]),
  magic('9010', 'wrong signature under the answer', [fault('bad-signature')]),
  magic('9011', 'wrong amount in the answer', [fault('wrong-amount')]),
  magic('9012', 'never answered, then unknown to queries for 5 seconds', [
    fault('execute-and-never-answer'),
    fault('not-found', { ms: 5_000 }),
  ]),
  magic('9013', 'pending for 5 seconds', [fault('pending', { ms: 5_000 })]),
  magic('9014', 'pending until somebody decides', [fault('pending')]),
  magic('9015', 'accepted, then refused', [fault('decline-later')]),
  magic('9016', 'no callback', [callback({ times: 0 })]),
  magic('9017', 'callback three times', [callback({ times: 3 })]),
  magic('9018', 'callback before the reply', [callback({ beforeReply: true })]),
  magic('9019', 'forged callback beside the true one', [callback({ forged: true })]),
  magic('9020', 'callback with a wrong amount', [callback({ wrongAmount: true })]),
  magic('9021', 'success called back first, then failure', [
    callback({}),
    callback({ status: 'failed', delayMs: 500 }),
  ]),
  magic('9022', 'callback 5 seconds late', [callback({ delayMs: 5_000 })]),
  magic('9023', 'a payout comes back after its success', [fault('returned', { ms: 1_000 })]),
];

export function magicFor(minor: bigint): MagicRow | null {
  const last = (minor % 10_000n).toString();
  return magicAmounts.find((row) => row.digits === last) ?? null;
}

/** What is wrong with a control request, in words for whoever wrote it. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/** Reads `{ match, times, faults }`. Unknown members are ignored; the answer echoes what was understood. */
export function parsePlan(id: string, now: number, body: Obj): Plan {
  const match = body.get('match') ?? new Obj();
  const faults = body.get('faults');
  if (!(match instanceof Obj)) throw new PlanError('match must be an object');
  if (!Array.isArray(faults) || faults.length === 0)
    throw new PlanError('faults must be a list with at least one fault');
  const parsed = (faults as readonly Json[]).map(parseFault);
  const down = parsed.find(({ kind }) => kind === 'down');
  return {
    id,
    match: {
      operation: textMember(match, 'operation'),
      merchantOrderNo: textMember(match, 'merchantOrderNo'),
      reference: textMember(match, 'reference'),
      amount: amountMember(match, 'amount'),
    },
    times: countMember(body, 'times') ?? 1,
    used: 0,
    faults: parsed,
    until: down?.ms === null || down === undefined ? null : now + down.ms,
  };
}

function isKind(text: string | null): text is FaultKind {
  return text !== null && Object.hasOwn(faultKinds, text);
}

function parseFault(value: Json): Fault {
  const members = typeof value === 'string' ? new Obj([['kind', value]]) : value;
  if (!(members instanceof Obj)) throw new PlanError('a fault is an object with a kind');
  const kind = textMember(members, 'kind');
  if (!isKind(kind)) throw new PlanError(`kind must be one of ${Object.keys(faultKinds).join(', ')}`);
  return {
    kind,
    executed: flagMember(members, 'executed') ?? true,
    ms: countMember(members, 'ms') ?? countMember(members, 'delayMs'),
    bytes: countMember(members, 'bytes'),
    code: textMember(members, 'code'),
    callback: kind === 'callback' ? parseCallback(members) : null,
  };
}

/** Members of a callback fault, and of `_twin/callback`. */
export function parseCallback(members: Obj): CallbackFault {
  const wrong = members.get('wrongAmount');
  return {
    times: countMember(members, 'times') ?? 1,
    delayMs: countMember(members, 'delayMs') ?? countMember(members, 'ms') ?? 0,
    beforeReply: flagMember(members, 'beforeReply') ?? false,
    forged: flagMember(members, 'forged') ?? false,
    wrongAmount: typeof wrong === 'boolean' ? wrong : (amountMember(members, 'wrongAmount') ?? false),
    status: textMember(members, 'status'),
  };
}

/** Text, or a number as it was written; null when absent. */
export function textMember(members: Obj, name: string): string | null {
  const value = members.get(name);
  if (value === undefined || value === null) return null;
  if (value instanceof Num) return value.raw;
  if (typeof value !== 'string' || value === '') throw new PlanError(`${name} must be a text`);
  return value;
}

export function flagMember(members: Obj, name: string): boolean | null {
  const value = members.get(name);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'boolean') throw new PlanError(`${name} must be true or false`);
  return value;
}

/** Smallest units, as digits. */
export function amountMember(members: Obj, name: string): string | null {
  const text = textMember(members, name);
  if (text !== null && !/^(?:0|[1-9][0-9]{0,17})$/.test(text))
    throw new PlanError(`${name} must be whole smallest units`);
  return text;
}

function countMember(members: Obj, name: string): number | null {
  const text = textMember(members, name);
  if (text !== null && !/^[0-9]{1,9}$/.test(text)) throw new PlanError(`${name} must be a whole number`);
  return text === null ? null : Number(text);
}
