/**
 * A channel tells of a refund but names the payment instead of the refund (bestpay page, row 7). If only one refund can be meant,
 * the channel is asked about that one by its own number: what is booked is the answer, never the guess.
 */
import type { RefundReport } from '../core/commands.ts';
import { isFinal } from '../core/order.ts';
import type { ChannelRow } from '../store/directory.ts';
import { attemptsByReference, refundsOf } from '../store/orders.ts';
import { queryUpstream } from './chase.ts';
import type { Gate } from './gate.ts';

/** Did it concern a refund of ours? Then whatever the channel says now is learnt. */
export async function hearRefund(gate: Gate, channel: ChannelRow, said: RefundReport): Promise<boolean> {
  const reference = said.orderNo ?? said.refundNo;
  const home = reference === null ? null : gate.facts.homeOf(channel.protocol, reference);
  if (reference === null || home === null) return false;
  const [attempt] = await attemptsByReference(gate.db, [{ home, channelId: channel.id, reference }]);
  if (attempt?.kind !== 'payment') return false;
  const fitting = (await refundsOf(gate.db, { home, id: attempt.objectId })).filter(
    ({ amount }) => said.amount === null || amount.minor === said.amount.minor,
  );
  const open = fitting.filter((refund) => !isFinal(refund));
  const [only] = open;
  if (only && open.length === 1) return isFinal(await queryUpstream(gate, only));
  // Told again about one that has ended.
  return open.length === 0 && fitting.length > 0;
}
