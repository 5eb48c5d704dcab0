/** Ending an agreement. It counts as ended for our merchant only when the channel has ended it. */
import { agreementReport } from '../core/agreement.ts';
import type { AgreementReport, Find } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import { channelOf, learnAgreement, ownAgreement } from './agreement.ts';
import type { Caller, Gate } from './gate.ts';

export async function cancelAgreement(gate: Gate, caller: Caller, find: Find): Promise<AgreementReport> {
  const agreement = await ownAgreement(gate, caller, find);
  if (agreement.state === 'cancelled') return agreementReport(agreement);
  if (agreement.state !== 'active' || agreement.upstreamNo === null)
    throw new Refusal('invalid-request', { field: 'protocol_no', why: 'agreement', text: 'it was never confirmed' });
  const outcome = await gate.call(channelOf(gate, agreement), 'cancel-agreement', {
    orderNo: null,
    platformNo: agreement.upstreamNo,
    refundNo: null,
    extras: {},
  });
  switch (outcome.kind) {
    case 'answered':
      return agreementReport(await learnAgreement(gate, agreement, outcome.answer));
    case 'declined':
      throw new Refusal('channel-declined', { channelCode: outcome.code, text: outcome.text });
    case 'not-sent':
      throw new Refusal('channel-unavailable', { text: outcome.why });
    case 'not-found':
    case 'unknown':
      throw new Refusal('outcome-unknown');
  }
}
