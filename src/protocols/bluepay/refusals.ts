/** What the twin answers when it carries nothing out: each endpoint has its own place for the number. Page, section 7.2. */
import type { Refusal, RefusalCode } from '../../core/refusal.ts';
import { type Fields, fields, Num } from '../json.ts';
import type { RefusalScene, RefusalTable } from '../protocol.ts';
import { scalarText } from '../reading.ts';

/** Number of each refusal. Numbers of the fintech set, which is what the twin speaks. */
const numbers: Readonly<Record<RefusalCode, string>> = {
  'invalid-request': '400',
  unauthenticated: '401',
  forbidden: '506',
  'not-found': '404',
  // Not in the fintech set, so a caller must query: the order it repeats may exist.
  conflict: '605',
  'limit-exceeded': '400',
  'insufficient-funds': '601',
  'channel-declined': '649',
  'channel-unavailable': '500',
  'outcome-unknown': '500',
  busy: '500',
  internal: '500',
};

function write(refusal: Refusal, at: RefusalScene): Fields {
  const code = codeOf(refusal);
  const description = refusal.detail.text ?? refusal.code;
  const asked = at.scene.request?.fields;
  const transactionId = scalarText(asked?.get('transactionId')) || scalarText(asked?.get('t_id'));
  const isTransfer = at.endpoint?.name === 'transfer' || at.endpoint?.name === 'queryTransfer';
  return isTransfer
    ? fields({ transactionId, code, transferStatus: code, description })
    : fields({ status: new Num(code), message: description, description, data: fields({ transactionId }) });
}

function codeOf(refusal: Refusal): string {
  const given = refusal.detail.channelCode ?? '';
  return refusal.code === 'channel-declined' && /^[2-9][0-9]{2}$/.test(given) ? given : numbers[refusal.code];
}

/** A disbursement whose outcome is open is told as accepted, never with a failing number. */
function writeUnknown(refusal: Refusal, at: RefusalScene): Fields {
  if (at.endpoint?.name !== 'transfer') return write(refusal, at);
  const transactionId = scalarText(at.scene.request?.fields.get('transactionId'));
  return fields({ transactionId, code: '200', transferStatus: '201', description: 'processing' });
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
  'outcome-unknown': writeUnknown,
  busy: write,
  internal: write,
};
