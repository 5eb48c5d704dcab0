/**
 * Sending a payout or refund once more, under its own reference (T003): only when the channel has kept saying that it does not know it,
 * and only where it has promised that a repeated reference moves nothing twice. No protocol's document promises that for payouts, so
 * it is a setting of the channel; without it a person decides.
 */
import type { Evidence } from '../core/evidence.ts';
import type { Order } from '../core/order.ts';
import type { ChannelRow } from '../store/directory.ts';
import { forgetNotFound } from '../store/orders.ts';
import { newestQuarantineAt } from '../store/quarantine.ts';
import { eventsOf } from '../store/timeline.ts';
import { bareEvidence, evidenceOfCall, learnAbout } from './attempt.ts';
import type { Gate } from './gate.ts';
import { askOf, upstreamPayout } from './held-payout.ts';
import { upstreamRefund } from './late-refund.ts';
import { learnOutcome } from './learn-outcome.ts';

/** After so many, one after another over a settle window each, a person looks. */
const mostTimes = 3;

/** The order as it is afterwards; null when it is not to be sent again. */
export async function sendAgain(gate: Gate, order: Order): Promise<Order | null> {
  if (order.kind === 'payment' || order.state !== 'unknown' || order.reference === null) return null;
  const { channels, merchants } = gate.directory();
  const channel = order.channelId === null ? undefined : channels.get(order.channelId);
  const command = order.kind === 'payout' ? 'pay-out' : 'refund';
  if (channel?.state !== 'active' || !gate.facts.maySendAgain(channel, command)) return null;
  if (merchants.get(order.merchantId)?.state !== 'active' || gate.directory().quarantine) return null;
  // One from before a restore may since the backup have gone through another channel, or been given up and paid anew: the restored books
  // would not know.
  if (order.createdAt < ((await newestQuarantineAt(gate.db)) ?? 0)) return null;
  if ((await timesSent(gate, order)) >= mostTimes) return null;
  await forgetNotFound(gate.db, order.home, channel.id, order.reference);
  // Committed before the call; whoever has heard of its end meanwhile has the last word.
  const now = gate.world.now();
  const noted = await learnOutcome(gate, {
    key: order,
    evidence: bareEvidence({ kind: order.kind, channelId: null, reference: null }, 'clock', 'resent', now),
    callback: null,
    lookAgainAt: now + 2 * gate.facts.answerTimeMs(channel.protocol, command),
  });
  if (noted.kind !== 'learnt' || noted.order.state !== 'unknown') return noted.kind === 'learnt' ? noted.order : order;
  gate.world.log.warn('sent-again', { kind: order.kind, id: String(order.id), channel: String(channel.id) });
  const said = await callAgain(gate, channel, noted.order);
  // A no may only mean "I have that already": how the first one ended is for the next query to say.
  const isNews = said.event === 'accepted' || said.event === 'succeeded';
  const about = { kind: order.kind, channelId: channel.id, reference: order.reference };
  return learnAbout(gate, noted.order, isNews ? said : bareEvidence(about, 'reply', 'unknown', said.at));
}

async function callAgain(gate: Gate, channel: ChannelRow, order: Order): Promise<Evidence> {
  switch (order.kind) {
    case 'payout':
      return evidenceOfCall(
        gate,
        order,
        await gate.call(channel, 'pay-out', upstreamPayout(gate, channel, order, askOf(order))),
      );
    case 'refund':
      return evidenceOfCall(gate, order, await gate.call(channel, 'refund', upstreamRefund(gate, channel, order)));
    case 'payment':
      throw new Error('a payment is never sent again');
  }
}

async function timesSent(gate: Gate, order: Order): Promise<number> {
  return (await eventsOf(gate.db, order)).filter(({ detail }) => detail['event'] === 'resent').length;
}
