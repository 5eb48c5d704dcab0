/**
 * Payouts above the merchant's limit: made and held like any other, sent only when two persons agree (T039). Until then nothing has
 * left us; afterwards they are payouts like all others.
 */
import type { PayOut } from '../core/commands.ts';
import type { Money } from '../core/money.ts';
import type { Order, Payout } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { ChannelRow, MerchantRow } from '../store/directory.ts';
import { bareEvidence, learnAbout } from './attempt.ts';
import { callOrNext } from './failover.ts';
import type { Gate } from './gate.ts';
import { learnOutcome } from './learn-outcome.ts';
import { refuseInQuarantine } from './hold-back.ts';
import { usableChannels } from './route.ts';

/** Merchant setting `payoutLimit.IDR`: smallest units that may go out without anybody looking. */
export function needsTwoPersons(merchant: Pick<MerchantRow, 'settings'>, { minor, currency }: Money): boolean {
  const limit = merchant.settings[`payoutLimit.${currency}`];
  return limit !== undefined && limit !== '' && minor > BigInt(limit);
}

/** The merchant's ask in the words of the channel call: our reference for its number, our address for its notices. */
export function upstreamPayout(gate: Gate, channel: ChannelRow, order: Pick<Payout, 'reference'>, ask: PayOut): PayOut {
  return {
    ...ask,
    orderNo: order.reference ?? '',
    payee: { ...ask.payee, phone: ask.payee.phone ?? channel.settings['defaultPhone'] ?? null },
    notify: { kind: 'http', url: gate.facts.callbackUrl(channel) },
    extras: {},
  };
}

const nobody = { kind: 'payout', channelId: null, reference: null } as const;

/** Once, by whoever comes first: `requested` becomes `sending` in a transaction of its own, then the channel is called. */
export async function letGo(gate: Gate, held: Order): Promise<Order> {
  refuseInQuarantine(gate);
  const channel = held.channelId === null ? undefined : gate.directory().channels.get(held.channelId);
  if (held.kind !== 'payout' || channel?.state !== 'active')
    throw new Refusal('channel-unavailable', { text: 'its channel is gone or disabled' });
  const { merchants } = gate.directory();
  if (merchants.get(held.merchantId)?.state !== 'active')
    throw new Refusal('conflict', { text: 'its merchant is disabled' });
  const order = await ofHeld(gate, held, 'begun');
  const ask = askOf(order);
  const first = { order, channel };
  const last = await callOrNext(gate, 'pay-out', first, otherChannels(gate, order, ask), (present, at) =>
    upstreamPayout(gate, at, present, ask),
  );
  const { event, channelId, reference, at } = last.evidence;
  if (event !== 'declined' && event !== 'not-sent') return learnAbout(gate, last.order, last.evidence);
  // Nobody waits for a reply that would say so: a clear no is told by notice, like one that comes after silence. It frees nothing
  // when the channel was heard to have it meanwhile.
  const silence = bareEvidence({ kind: 'payout', channelId, reference }, 'reply', 'unknown', at);
  const silent = await learnAbout(gate, last.order, silence);
  return learnAbout(gate, silent, { ...last.evidence, event: 'declined' });
}

/** What the merchant asked for, as it was written down. */
export function askOf({ detail, orderNo, amount }: Payout): PayOut {
  return { ...detail, orderNo, amount };
}

/** Whom else its merchant's routes lead to now. */
function otherChannels(gate: Gate, { merchantId, credentialId, channelId }: Payout, ask: PayOut): ChannelRow[] {
  const { merchants, credentials } = gate.directory();
  const merchant = merchants.get(merchantId);
  const credential = credentials.get(credentialId);
  if (!merchant || !credential) return [];
  return usableChannels(gate, { merchant, credential }, 'pay-out', 'bank-transfer', ask).filter(
    ({ id }) => id !== channelId,
  );
}

/** Its money is free again, and the merchant is told. Not in quarantine: it may have been let go since the backup. */
export async function refuseHeld(gate: Gate, held: Order): Promise<Order> {
  refuseInQuarantine(gate);
  return ofHeld(gate, held, 'cancelled');
}

async function ofHeld(gate: Gate, held: Order, event: 'begun' | 'cancelled'): Promise<Payout> {
  const now = gate.world.now();
  const reason = event === 'cancelled' ? { code: 'not-approved', text: 'refused by the operator' } : null;
  const learnt = await learnOutcome(gate, {
    key: held,
    evidence: bareEvidence(nobody, 'operator', event, now, reason),
    callback: null,
    // A call that never came back must be looked at; its own time is never scaled.
    lookAgainAt: event === 'begun' ? now + 2 * gate.facts.answerTimeMs(held.protocol, 'pay-out') : null,
  });
  if (learnt.kind === 'learnt' && learnt.outcome === 'changed' && learnt.order.kind === 'payout') return learnt.order;
  throw new Refusal('conflict', { text: 'it is no longer held' });
}
