/** Choosing a channel and quoting the fee: what is settled before anything is written. */
import type { Ask, CommandName, Method } from '../core/commands.ts';
import { noFee, quoteFee } from '../core/fees.ts';
import type { Money } from '../core/money.ts';
import type { Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { type Route, type RouteVerdict, capDay, judgeRoutes } from '../core/routing.ts';
import type { RouteCap } from '../store/create.ts';
import type { ChannelRow, FeeRow } from '../store/directory.ts';
import type { Caller, Gate } from './gate.ts';

/** A usable route and its channel. */
export interface Taken {
  readonly route: Route;
  readonly channel: ChannelRow;
}

/** Usable channels in the order they are tried, each once. Throws Refusal `channel-unavailable` when the merchant has no route for it. */
export function chooseChannels<C extends 'pay' | 'pay-out'>(
  gate: Gate,
  caller: Caller,
  command: C,
  method: Method,
  ask: Ask<C>,
): readonly [Taken, ...Taken[]] {
  const verdicts = explainRoutes(gate, caller.merchant.id, caller.credential.protocol, command, method, ask);
  const [first, ...others] = usableOf(gate, verdicts);
  if (first) return [first, ...others];
  throw new Refusal('channel-unavailable', {
    why: 'no-route',
    text: `no channel for ${method}${verdicts.length === 0 ? '' : `: ${verdicts[0]?.why ?? ''}`}`,
  });
}

/** The same without a refusal: none, when there is no route. */
export function usableChannels<C extends 'pay' | 'pay-out'>(
  gate: Gate,
  caller: Caller,
  command: C,
  method: Method,
  ask: Ask<C>,
): ChannelRow[] {
  const verdicts = explainRoutes(gate, caller.merchant.id, caller.credential.protocol, command, method, ask);
  return usableOf(gate, verdicts).map(({ channel }) => channel);
}

function usableOf(gate: Gate, verdicts: readonly RouteVerdict[]): Taken[] {
  const usable = new Map<bigint, Taken>();
  for (const { route, why } of verdicts) {
    const channel = gate.directory().channels.get(route.channelId);
    if (why === null && channel && !usable.has(channel.id)) usable.set(channel.id, { route, channel });
  }
  return [...usable.values()];
}

/** Every route that was looked at, and why it was or was not taken. */
export function explainRoutes<C extends CommandName>(
  gate: Gate,
  merchantId: bigint,
  protocol: string,
  command: C,
  method: Method,
  ask: Ask<C> & { readonly amount: Money },
): RouteVerdict[] {
  const { routes, channels } = gate.directory();
  const wanted = { merchantId, protocol, method, amount: ask.amount, now: gate.world.now() };
  return judgeRoutes(routes, wanted, (channelId) => ({
    unable: whyUnable(gate, channels.get(channelId), command, ask),
    isAiling: gate.facts.isAiling(channelId),
  }));
}

function whyUnable<C extends CommandName>(
  gate: Gate,
  channel: ChannelRow | undefined,
  command: C,
  ask: Ask<C>,
): string | null {
  if (!channel) return 'its channel is gone';
  if (channel.state !== 'active') return 'its channel is disabled';
  return gate.facts.unable(channel, command, ask);
}

/** What an order takes off its route's daily cap; nothing when it has none. */
export function capOf(gate: Gate, { route }: Taken): { readonly cap?: RouteCap } {
  if (route.dailyCap === null) return {};
  return { cap: { routeId: route.id, day: capDay(route, gate.world.now()), limit: route.dailyCap } };
}

/** The merchant's own rule before the general one, the method's before `any`. Minor units. */
export function feeFor(gate: Gate, merchantId: bigint, method: Method | 'any', amount: Money): bigint {
  return quoteFee(feeRule(gate, merchantId, method, amount) ?? noFee, amount.minor);
}

/** The fee of a method the payer chose later: a rule for that very method, else what was quoted with the order. */
export function feeOfChoice(gate: Gate, order: Payment, method: Method): bigint {
  const rule = feeRule(gate, order.merchantId, method, order.amount);
  return rule?.method === method ? quoteFee(rule, order.amount.minor) : order.fee;
}

function feeRule(gate: Gate, merchantId: bigint, method: Method | 'any', amount: Money): FeeRow | undefined {
  const rules = gate
    .directory()
    .fees.filter(
      (fee) =>
        fee.currency === amount.currency &&
        (fee.merchantId === null || fee.merchantId === merchantId) &&
        (fee.method === method || fee.method === 'any'),
    );
  const rank = (fee: FeeRow) => (fee.merchantId === null ? 0 : 2) + (fee.method === 'any' ? 0 : 1);
  return rules.sort((a, b) => rank(b) - rank(a))[0];
}

/** Refuses a notice address before anything is written. */
export function checkNotifyTarget(gate: Gate, ask: Ask<'pay'> | Ask<'pay-out'> | Ask<'refund'>): void {
  if (!ask.notify) return;
  const why = gate.notices.refuseTarget(ask.notify);
  if (why !== null) throw new Refusal('invalid-request', { field: 'notifyUrl', why: 'notify-target', text: why });
}
