/** How answers and callbacks are spoilt on purpose. Pure: bytes in, bytes out. */
import type { Answer, ReportedState } from '../core/commands.ts';
import type { Money } from '../core/money.ts';
import type { Headers, ReplyWire, RequestWire } from '../protocols/protocol.ts';

const signatureName = /^(?:sign|signature|encrypt|mac|hmac)$/i;
/** A signature as a member of JSON, a form or a query. */
const signatureMember = /(["&?]|^)(sign|signature|encrypt|mac|hmac)("\s*:\s*"|=)([^"&\s]+)/i;

/** Another first character: still the same alphabet, no longer the same signature. */
function spoilt(value: string): string {
  return (value.startsWith('0') ? '1' : '0') + value.slice(1);
}

function spoiltText(text: string): string {
  return text.replace(
    signatureMember,
    (_all, before: string, name: string, between: string, value: string) =>
      `${before}${name}${between}${spoilt(value)}`,
  );
}

function spoiltHeaders(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, signatureName.test(name) ? spoilt(value) : value]);
}

/** Latin-1 both ways: only the signature's ASCII characters change, whatever the charset. */
function spoiltBody(body: Uint8Array): Uint8Array {
  return Buffer.from(spoiltText(Buffer.from(body).toString('latin1')), 'latin1');
}

/** The callback with a signature that does not fit, wherever this protocol puts it. */
export function forgedRequest(wire: RequestWire): RequestWire {
  return {
    ...wire,
    target: spoiltText(wire.target),
    headers: spoiltHeaders(wire.headers),
    body: spoiltBody(wire.body),
  };
}

/** Unchanged where replies are unsigned. */
export function forgedReply(reply: ReplyWire): ReplyWire {
  return { ...reply, headers: spoiltHeaders(reply.headers), body: spoiltBody(reply.body) };
}

function page(status: number, text: string): ReplyWire {
  const body = new TextEncoder().encode(`<!doctype html><html><body><h1>${text}</h1></body></html>`);
  return { kind: 'reply', status, headers: [['content-type', 'text/html']], body };
}

export const serverError: ReplyWire = page(500, 'Internal Server Error');
export const maintenancePage: ReplyWire = page(200, 'We will be back soon');

export function oneMore(amount: Money): Money {
  return { ...amount, minor: amount.minor + 1n };
}

/** The answer with every amount of the order one smallest unit too high. Fees stay. */
export function wrongAmounts(answer: Answer): Answer {
  if (!('kind' in answer) || answer.kind === 'agreement') return answer;
  const amount = answer.amount === null ? null : oneMore(answer.amount);
  if (answer.kind !== 'payment') return { ...answer, amount };
  return { ...answer, amount, paid: answer.paid === null ? null : oneMore(answer.paid) };
}

const stateWords: Readonly<Record<string, ReportedState>> = {
  paid: 'paid',
  success: 'paid',
  succeeded: 'paid',
  '200': 'paid',
  pending: 'pending',
  processing: 'pending',
  '201': 'pending',
  unknown: 'unknown',
  failed: 'failed',
  fail: 'failed',
  declined: 'failed',
  closed: 'closed',
  cancelled: 'closed',
  reversed: 'reversed',
  returned: 'returned',
};

/** What a `status` of a plan means; a word nobody knows is a failure with that word as the code. */
export function claimedState(status: string): { state: ReportedState; code: string | null } {
  const state = stateWords[status.toLowerCase()];
  return state === undefined ? { state: 'failed', code: status } : { state, code: null };
}
