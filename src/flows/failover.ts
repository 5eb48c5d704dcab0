/**
 * The next channel, when the first has certainly not carried anything out: nothing was sent, or it said a no that its settings declare
 * harmless. Never after silence. Each channel is one attempt with a reference of its own.
 */
import type { Ask } from '../core/commands.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Payment, Payout } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { ChannelRow } from '../store/directory.ts';
import { evidenceOfCall } from './attempt.ts';
import type { Gate } from './gate.ts';
import { rerouteAttempt } from './learn-outcome.ts';
import type { Taken } from './route.ts';

/** The first of these routes that has room under its daily cap, its order made; and the channels that are left to try after it. */
export async function makeThrough<O>(
  takens: readonly [Taken, ...Taken[]],
  make: (taken: Taken) => Promise<O>,
): Promise<{ readonly made: O; readonly channel: ChannelRow; readonly others: readonly ChannelRow[] }> {
  const [first, ...rest] = takens;
  const [second, ...others] = rest;
  try {
    return { made: await make(first), channel: first.channel, others: rest.map(({ channel }) => channel) };
  } catch (error) {
    const isFull = error instanceof Refusal && error.detail.why === 'daily-cap';
    if (isFull && second) return makeThrough([second, ...others], make);
    throw error;
  }
}

/** What the last channel called said, and the order as it stood for that call. */
export interface Said<O> {
  readonly order: O;
  readonly evidence: Evidence;
}

/** Calls the order's channel, then the others in turn as long as that is safe. The order's attempt is committed before each call. */
export async function callOrNext<C extends 'pay' | 'pay-out', O extends Payment | Payout>(
  gate: Gate,
  command: C,
  first: { readonly order: O; readonly channel: ChannelRow },
  others: readonly ChannelRow[],
  askFor: (order: O, channel: ChannelRow) => Ask<C>,
): Promise<Said<O>> {
  const waiting = [...others];
  let { order, channel } = first;
  for (;;) {
    const outcome = await gate.call<'pay' | 'pay-out'>(channel, command, askFor(order, channel));
    const evidence = evidenceOfCall(gate, order, outcome);
    const next = allowsNext(channel, evidence) ? waiting.shift() : undefined;
    const moved = next ? await rerouteAttempt(gate, order, evidence, next) : null;
    if (!next || !moved) return { order, evidence };
    order = moved;
    channel = next;
  }
}

/** Channel setting `failoverCodes`: the channel's own codes after which another may be tried, comma-separated. */
function allowsNext(channel: ChannelRow, { event, reason }: Evidence): boolean {
  if (event === 'not-sent') return true;
  return event === 'declined' && (channel.settings['failoverCodes'] ?? '').split(',').includes(reason?.code ?? ' ');
}
