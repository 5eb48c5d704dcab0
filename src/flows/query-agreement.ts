/** What has become of an agreement: live while nobody knows. */
import { type Agreement, agreementReport } from '../core/agreement.ts';
import type { AgreementReport, Find } from '../core/commands.ts';
import { channelOf, learnAgreement, ownAgreement } from './agreement.ts';
import type { Caller, Gate } from './gate.ts';

export async function queryAgreement(gate: Gate, caller: Caller, find: Find): Promise<AgreementReport> {
  return agreementReport(await refreshAgreement(gate, await ownAgreement(gate, caller, find)));
}

/** As the channel knows it now, where that can still change something. */
export async function refreshAgreement(gate: Gate, agreement: Agreement): Promise<Agreement> {
  const isSettled = agreement.state === 'cancelled' || agreement.state === 'failed' || agreement.state === 'active';
  if (isSettled) return agreement;
  const outcome = await gate.call(channelOf(gate, agreement), 'query-agreement', {
    orderNo: agreement.reference,
    platformNo: agreement.upstreamNo,
    refundNo: null,
    extras: {},
  });
  return outcome.kind === 'answered' ? learnAgreement(gate, agreement, outcome.answer) : agreement;
}
