/** What a merchant may ask about its own orders: always by its own identity, and live while the order is undecided. */
import type { Balance, Find, PaymentReport, PayoutReport, RefundReport } from '../core/commands.ts';
import { accounts } from '../core/ledger.ts';
import { type Currency, money } from '../core/money.ts';
import { type Kind, type Order, type Payment, isFinal } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport, payoutReport, refundReport } from '../core/report.ts';
import { balancesOf } from '../store/ledger.ts';
import { numberOf, orderByKey, orderByPlatformNo, refundsOf } from '../store/orders.ts';
import { queryUpstream } from './chase.ts';
import type { Caller, Gate } from './gate.ts';

const commandOf = { payment: 'pay', payout: 'pay-out', refund: 'refund' } as const;

/** Finds by our number or the caller's; a mismatch of the two is `conflict`, anything else that does not fit `not-found` (T021). */
export async function findOwn(
  gate: Gate,
  { merchant, credential }: Caller,
  kind: Kind,
  find: Find,
): Promise<Order | null> {
  const own = kind === 'refund' ? find.refundNo : find.orderNo;
  if (find.platformNo !== null) {
    const home = gate.facts.homeOf(credential.protocol, find.platformNo);
    const order =
      home === merchant.home ? await orderByPlatformNo(gate.db, kind, home, merchant.id, find.platformNo) : null;
    if (order && own !== null && own !== order.orderNo)
      throw new Refusal('conflict', {
        field: 'orderNo',
        why: 'numbers-disagree',
        text: 'the two numbers name different orders',
      });
    return order;
  }
  if (own === null) return null;
  const space = gate.facts.numberSpace(credential.protocol, commandOf[kind], find.extras);
  const row = await numberOf(gate.db, merchant.home, merchant.id, space, own);
  return row?.kind === kind ? orderByKey(gate.db, kind, { home: merchant.home, id: row.objectId }) : null;
}

async function findLive(gate: Gate, caller: Caller, kinds: readonly Kind[], find: Find): Promise<Order> {
  for (const kind of kinds) {
    const order = await findOwn(gate, caller, kind, find);
    if (order) return isFinal(order) || order.state === 'new' ? order : refreshed(gate, order);
  }
  throw new Refusal('not-found', { text: 'no such order' });
}

const liveQueries = new WeakMap<Gate, Map<string, Promise<Order>>>();

/** Asks the channel, once for all who ask at the same moment; a call that is still under way is left alone. */
function refreshed(gate: Gate, order: Order): Promise<Order> {
  const callMayRun =
    order.state === 'sending' &&
    gate.world.now() - order.createdAt < gate.facts.answerTimeMs(order.protocol, commandOf[order.kind]);
  if (callMayRun) return Promise.resolve(order);
  const running = liveQueries.get(gate) ?? new Map<string, Promise<Order>>();
  liveQueries.set(gate, running);
  const key = `${order.kind}/${order.home}/${order.id}`;
  const same = running.get(key);
  if (same) return same;
  const query = queryUpstream(gate, order).finally(() => running.delete(key));
  running.set(key, query);
  return query;
}

export async function queryPayment(gate: Gate, caller: Caller, find: Find): Promise<PaymentReport> {
  const order = await findLive(gate, caller, ['payment'], find);
  const report = asPayment(gate, order);
  const isShown = order.kind === 'payment' && order.paid > 0n && gate.facts.conduct(order.protocol).showsRefunds;
  return isShown ? withRefunds(gate, order, report) : report;
}

/** How the refunds of a payment ended, one by one: whether the last one failed, what they were in the charged currency. */
async function withRefunds(gate: Gate, payment: Payment, report: PaymentReport): Promise<PaymentReport> {
  const refunds = await refundsOf(gate.db, payment);
  const converted = refunds
    .filter(({ state }) => state === 'succeeded')
    .reduce((sum, { detail }) => sum + BigInt(detail.exchange?.minor ?? '0'), 0n);
  const lastFailed = refunds.at(-1)?.state === 'failed';
  return { ...report, refunds: { done: payment.refunded, pending: payment.refundPending, lastFailed, converted } };
}

export async function queryPayout(gate: Gate, caller: Caller, find: Find): Promise<PayoutReport> {
  return asPayout(await findLive(gate, caller, ['payout'], find));
}

export async function queryOrder(gate: Gate, caller: Caller, find: Find): Promise<PaymentReport | PayoutReport> {
  const order = await findLive(gate, caller, ['payment', 'payout'], find);
  return order.kind === 'payment' ? asPayment(gate, order) : asPayout(order);
}

export async function queryRefund(gate: Gate, caller: Caller, find: Find): Promise<RefundReport> {
  const named = await findOwn(gate, caller, 'refund', find);
  const order = named ?? (await onlyRefund(gate, caller, find.extras['onlyRefundOf'] ?? null));
  if (order?.kind !== 'refund') throw new Refusal('not-found', { text: 'no such refund' });
  // A refund is looked up by its own number; the order's beside it must be the one it belongs to.
  if (find.orderNo !== null && find.orderNo !== order.detail.paymentOrderNo)
    throw new Refusal('not-found', { text: 'no such refund of that order' });
  const present = isFinal(order) ? order : await refreshed(gate, order);
  if (present.kind !== 'refund') throw new Refusal('not-found');
  return refundReport(present);
}

/** By the number of its payment, when that has exactly one refund. */
async function onlyRefund(gate: Gate, caller: Caller, orderNo: string | null): Promise<Order | null> {
  if (orderNo === null) return null;
  const find = { orderNo, platformNo: null, refundNo: null, extras: {} };
  const payment = await findOwn(gate, caller, 'payment', find);
  const refunds = payment === null ? [] : await refundsOf(gate.db, payment);
  return refunds.length === 1 ? (refunds[0] ?? null) : null;
}

function asPayment(gate: Gate, order: Order): PaymentReport {
  if (order.kind !== 'payment') throw new Refusal('not-found');
  return paymentReport(order, gate.deskUrl(order));
}

function asPayout(order: Order): PayoutReport {
  if (order.kind !== 'payout') throw new Refusal('not-found');
  return payoutReport(order);
}

export async function queryBalance(gate: Gate, { merchant }: Caller, currency: Currency): Promise<Balance> {
  const rows = await balancesOf(gate.db, merchant.home, merchant.id);
  const of = (account: string) =>
    money(rows.find((row) => row.account === account && row.currency === currency)?.available ?? 0n, currency);
  return { available: of(accounts.available(merchant.id)), held: of(accounts.held(merchant.id)) };
}
