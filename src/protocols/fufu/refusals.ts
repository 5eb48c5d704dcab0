/** Where and how refusals are told: at the level of `result` (not handled) or of `data` (handled, but it did not work). Page, 4.4. */
import type { PaymentReport } from '../../core/commands.ts';
import type { Refusal, RefusalCode } from '../../core/refusal.ts';
import type { Fields, Json } from '../json.ts';
import type { RefusalScene, RefusalTable, Verdict, Opened, Scene } from '../protocol.ts';
import { Obj } from '../json.ts';
import { scalarText } from '../reading.ts';
import { failure, failureOf, paymentMembers, refusal as unhandled, zoneOf } from './answers.ts';
import { bareWords, isSuccess, revokedCodes, unknownCodes } from './codes.ts';

interface Told {
  readonly level: 'result' | 'data';
  readonly code: string;
}
const result = (code: string): Told => ({ level: 'result', code });
const data = (code: string): Told => ({ level: 'data', code });

/** The usual word of each refusal. */
const words: Readonly<Record<RefusalCode, Told>> = {
  'invalid-request': result('ILLEGAL_PARAMETER'),
  unauthenticated: result('INVALID_SIGN'),
  forbidden: data('INVALID_CONTRACT'),
  'not-found': data('CHARGE_NONEXISTENT'),
  conflict: data('SERIAL_REPEAT'),
  'limit-exceeded': data('AMT_ERROR'),
  // The merchant's balance does not cover the refund now; nothing was done.
  'insufficient-funds': data('SERVICE_UNAVAILABLE'),
  'channel-declined': data('FAIL'),
  'channel-unavailable': data('SERVICE_UNAVAILABLE'),
  'outcome-unknown': result('EXCEPTION'),
  busy: result('SERVICE_UNAVAILABLE'),
  internal: result('EXCEPTION'),
};

/** Finer words, by `why`; they go before the usual one. */
const finer: Readonly<Partial<Record<RefusalCode, Readonly<Record<string, Told>>>>> = {
  unauthenticated: { 'unknown-merchant': result('UNREGISTERED_BUSI') },
  'invalid-request': {
    // Of an order that exists: the request was handled (rows 19 and 21).
    'too-early': data('ILLEGAL_PARAMETER'),
    'other-kind': data('ILLEGAL_PARAMETER'),
    currency: data('ILLEGAL_PARAMETER'),
    unsupported: data('INVALID_CONTRACT'),
  },
  conflict: {
    'number-used': data('SERIAL_REPEAT'),
    'numbers-disagree': data('CHARGE_NONEXISTENT'),
    paid: data('订单已成功'),
    failed: data('订单已失败'),
    closed: data('订单已失败'),
    // A twin's words for how an order ended.
    declined: data('订单已失败'),
    cancelled: data('订单已失败'),
    refunded: data('订单已成功'),
    reversed: data('AREADY_REVOKED'),
    'not-paid': data('ILLEGAL_PARAMETER'),
  },
  'channel-unavailable': {
    'no-route': data('INVALID_CONTRACT'),
    'no-refund': data('INVALID_CONTRACT'),
    'no-rate': data('INVALID_CONTRACT'),
    hours: data('SERVICE_UNAVAILABLE'),
  },
};

function toldOf({ code, detail }: Refusal): Told {
  const fine = detail.why === undefined ? undefined : finer[code]?.[detail.why];
  if (code !== 'channel-declined') return fine ?? words[code];
  const given = detail.channelCode ?? '';
  // The channel's own word is passed through (open set), but never one that this wire reads as something else.
  const isUsable = /^[\p{L}\p{N}_.:-]{1,64}$/u.test(given) && !bareWords.has(given) && !unknownCodes.has(given);
  return isUsable ? data(given) : words[code];
}

function isPayment(report: unknown): report is PaymentReport {
  return typeof report === 'object' && report !== null && 'kind' in report && report.kind === 'payment';
}

function write(refused: Refusal, { scene }: RefusalScene): Fields {
  const told = toldOf(refused);
  if (told.level === 'result') return unhandled(told.code);
  const { report } = refused.detail;
  if (!isPayment(report)) return failure(told.code, echoes(scene));
  // A refund of an order that was revoked is told that (page 4.4), and an order that failed shows what it is.
  const isRevoked = refused.code === 'conflict' && failureOf(report, scene.moment) === 'AREADY_REVOKED';
  if (refused.detail.why === 'not-paid') return failure(isRevoked ? 'AREADY_REVOKED' : told.code, echoes(scene));
  const members: Record<string, Json | undefined> = paymentMembers(report, zoneOf(scene, report.extras), scene);
  return failure(told.code, members);
}

/** The caller's own number comes back where the answer would have had it. */
function echoes(scene: Scene): Record<string, Json | undefined> {
  const asked = scene.request?.fields;
  const command = scene.endpoint?.command;
  if (command !== 'close-payment' && command !== 'query-refund') return {};
  return { out_trade_no: scalarText(asked?.get('out_trade_no')) || undefined };
}

export const refusals: RefusalTable = {
  'invalid-request': write,
  unauthenticated: write,
  forbidden: write,
  'not-found': write,
  conflict: write,
  'limit-exceeded': write,
  'insufficient-funds': write,
  'channel-declined': write,
  'channel-unavailable': write,
  'outcome-unknown': write,
  busy: write,
  internal: write,
};

function wordsOf(level: Obj | null): readonly [code: string, message: string] {
  return [scalarText(level?.get('return_code')), scalarText(level?.get('return_msg'))];
}

/** Page 4.4: both levels must say success; the code is the first word that says something. */
export function judge(reply: Opened, scene: Scene): Verdict {
  const result = reply.fields.get('result');
  const inner = reply.fields.get('data');
  const [resultCode, resultMessage] = wordsOf(result instanceof Obj ? result : null);
  const [dataCode, dataMessage] = wordsOf(inner instanceof Obj ? inner : null);
  const code = [dataMessage, dataCode, resultMessage, resultCode].find((word) => !bareWords.has(word)) ?? 'FAIL';
  const text = code.slice(0, 256);
  if (Number(reply.marks['status'] ?? '200') >= 500) return { kind: 'unknown', code: text, text: 'HTTP 5xx' };
  if (isSuccess(resultCode) && isSuccess(dataCode === '' ? 'SUCCESS' : dataCode)) return { kind: 'answered' };
  if (resultCode === '') return { kind: 'unknown', code: text, text: 'no result' };
  return verdictOf(text, scene);
}

function verdictOf(code: string, scene: Scene): Verdict {
  const command = scene.endpoint?.command ?? 'pay';
  const isEnding = command === 'cancel-payment' || command === 'close-payment';
  if (isEnding && revokedCodes.has(code)) return { kind: 'answered' };
  // A refund under a number that is taken is ours, and asked about; of a create likewise.
  if (unknownCodes.has(code)) return { kind: 'unknown', code, text: '' };
  if (code === 'CHARGE_NONEXISTENT' && command !== 'pay' && command !== 'refund')
    return { kind: 'not-found', code, text: '' };
  return { kind: 'declined', code, text: '' };
}
