/**
 * Sends the refund of late money. A worker begins it: `requested` becomes `sending` in a transaction of its own, so that of two
 * workers one calls; whatever became of the call, the next look asks the channel by the same reference.
 */
import type { Refund } from '../core/order.ts';
import { bareEvidence, evidenceOfCall, learnAbout } from './attempt.ts';
import type { Gate } from './gate.ts';
import { upstreamRefund } from './late-refund.ts';
import { learnOutcome } from './learn-outcome.ts';

/** The refund as it is afterwards: unchanged when its channel is disabled, in quarantine, or when somebody else has begun it. */
export async function sendLateRefund(gate: Gate, refund: Refund): Promise<Refund> {
  const channel = refund.channelId === null ? undefined : gate.directory().channels.get(refund.channelId);
  if (!channel || channel.state !== 'active' || gate.directory().quarantine) return refund;
  const now = gate.world.now();
  const nobody = { kind: 'refund', channelId: null, reference: null } as const;
  const begun = await learnOutcome(gate, {
    key: refund,
    evidence: bareEvidence(nobody, 'clock', 'begun', now),
    callback: null,
    // A call that never came back must be looked at; its own time is never scaled.
    lookAgainAt: now + 2 * gate.facts.answerTimeMs(channel.protocol, 'refund'),
  });
  if (begun.kind !== 'learnt' || begun.outcome !== 'changed' || begun.order.kind !== 'refund') return refund;
  const outcome = await gate.call(channel, 'refund', upstreamRefund(gate, channel, begun.order));
  return (await learnAbout(gate, begun.order, evidenceOfCall(gate, begun.order, outcome))) as Refund;
}
