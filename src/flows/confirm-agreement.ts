/** The card holder's code makes an agreement usable. */
import { type Agreement, agreementReport } from '../core/agreement.ts';
import type { AgreementReport, Confirm } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import { markAccepted, reopen } from '../store/agreements.ts';
import { channelOf, learnAgreement, ownAgreement } from './agreement.ts';
import { codeRefused, takeAbandoned, takeTurn } from './codes.ts';
import type { Caller, Gate } from './gate.ts';
import { refreshAgreement } from './query-agreement.ts';

export async function confirmAgreement(
  gate: Gate,
  caller: Caller,
  ask: Confirm,
  fingerprint: Uint8Array,
): Promise<AgreementReport> {
  const find = { orderNo: ask.orderNo, platformNo: null, refundNo: null, extras: {} };
  const agreement = await ownAgreement(gate, caller, find);
  const turn = await takeTurn(gate, agreement, fingerprint);
  if (turn === 'forward') return agreementReport(await forward(gate, agreement, ask, fingerprint));
  if (turn === 'under-way') return afterUnknown(gate, agreement, ask, fingerprint);
  if (turn === 'accepted-before') throw new Refusal('conflict', { why: 'paid', text: 'it was confirmed before' });
  return agreementReport(agreement);
}

async function afterUnknown(
  gate: Gate,
  agreement: Agreement,
  ask: Confirm,
  fingerprint: Uint8Array,
): Promise<AgreementReport> {
  const present = await refreshAgreement(gate, agreement);
  if (present.state === 'wait-confirm' && (await takeAbandoned(gate, present))) {
    if ((await takeTurn(gate, present, fingerprint)) === 'forward')
      return agreementReport(await forward(gate, present, ask, fingerprint));
  }
  if (present.state === 'active') await markAccepted(gate.db, present, fingerprint);
  if (present.state !== 'active' && present.state !== 'cancelled') throw new Refusal('outcome-unknown');
  return agreementReport(present);
}

async function forward(gate: Gate, agreement: Agreement, ask: Confirm, fingerprint: Uint8Array): Promise<Agreement> {
  const outcome = await gate.call(channelOf(gate, agreement), 'confirm-agreement', {
    ...ask,
    orderNo: agreement.reference,
    extras: {},
  });
  switch (outcome.kind) {
    case 'answered': {
      const present = await learnAgreement(gate, agreement, outcome.answer);
      if (present.state === 'active') await markAccepted(gate.db, agreement, fingerprint);
      else if (present.state !== 'cancelled') throw new Refusal('outcome-unknown');
      return present;
    }
    case 'declined':
      await reopen(gate.db, agreement, false);
      throw codeRefused(outcome.code);
    case 'not-sent':
      await reopen(gate.db, agreement, true);
      throw new Refusal('channel-unavailable', { text: outcome.why });
    case 'not-found':
    case 'unknown':
      throw new Refusal('outcome-unknown');
  }
}
