/** Orders for races, what is said about them, and what became of them. */
import assert from 'node:assert/strict';
import type { PaymentReport, PayoutReport, RefundAsk, RefundReport, Report } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { Kind, Order } from '../../src/core/order.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import type { Gate, Learnt } from '../../src/flows/gate.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import { orderByKey } from '../../src/store/orders.ts';
import { answering, payAsk, payOutAsk, paymentAnswer, payoutAnswer, silence } from '../gate.ts';
import type { Stage } from './stage.ts';

/** Which order a race is about. */
export type Subject = Pick<Order, 'home' | 'id' | 'kind' | 'orderNo' | 'channelId' | 'reference'>;

const table = { payment: 'payments', payout: 'payouts', refund: 'refunds' } as const;

export async function subjectOf(stage: Stage, kind: Kind, orderNo: string): Promise<Subject> {
  const [row] = await stage.t.database.owner.run<{ home: number; id: bigint }>({
    text: `select home, id from kanal.${table[kind]} where order_no = $1`,
    values: [orderNo],
  });
  return orderNow(stage, kind, row ?? assert.fail(`no ${kind} ${orderNo}`));
}

export async function orderNow(stage: Stage, kind: Kind, key: Pick<Order, 'home' | 'id'>): Promise<Order> {
  return (await orderByKey(stage.t.database.db, kind, key)) ?? assert.fail(`${kind} ${key.id} is gone`);
}

/** A payment that waits for its payer. */
export async function pendingPayment(stage: Stage): Promise<Subject> {
  stage.t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(stage.t.gate, stage.t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  return subjectOf(stage, 'payment', ask.orderNo);
}

export async function paidPayment(stage: Stage): Promise<Subject> {
  const payment = await pendingPayment(stage);
  await tell(stage.t.gate, payment, paid);
  return payment;
}

/** A payout that was sent and of which nothing was heard. */
export async function unknownPayout(stage: Stage): Promise<Subject> {
  stage.t.script(silence({ kind: 'unknown', why: 'time-out' }));
  const ask = payOutAsk();
  await payOut(stage.t.gate, stage.t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  return subjectOf(stage, 'payout', ask.orderNo);
}

export const paid: Partial<PaymentReport> = { state: 'paid', paid: money(20_000n, 'IDR'), platformNo: 'UP1' };

export function refundAnswer(changes: Partial<RefundReport> = {}): RefundReport {
  return {
    kind: 'refund',
    orderNo: null,
    platformNo: null,
    refundNo: null,
    platformRefundNo: 'UPR1',
    state: 'pending',
    amount: null,
    paymentAmount: null,
    createdAt: null,
    finishedAt: null,
    reason: null,
    extras: {},
    channelExtras: {},
    ...changes,
  };
}

export function refundAsk(orderNo: string, refundNo: string, minor: bigint): RefundAsk {
  return {
    refundNo,
    orderNo,
    platformNo: null,
    amount: money(minor, 'IDR'),
    reason: null,
    notify: { kind: 'http', url: 'http://127.0.0.1:9999/hook' },
    extras: {},
  };
}

/** What the channel reports of that order. */
function reportOn(
  { kind }: Pick<Subject, 'kind'>,
  changes: Partial<PaymentReport> | Partial<PayoutReport> | Partial<RefundReport>,
): Report {
  if (kind === 'payment') return paymentAnswer(changes as Partial<PaymentReport>);
  if (kind === 'payout') return payoutAnswer(changes as Partial<PayoutReport>);
  return refundAnswer(changes as Partial<RefundReport>);
}

/** A callback of the channel, as it comes through the door. */
export function tell(
  gate: Gate,
  subject: Subject,
  changes: Partial<PaymentReport> | Partial<PayoutReport> | Partial<RefundReport>,
): Promise<Learnt> {
  const { kind, channelId, reference } = subject;
  const report = reportOn(subject, changes);
  const evidence = reportEvidence({ kind, channelId, reference }, 'callback', report, gate.world.now());
  return learnOutcome(gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

/** What is written about an order. */
export interface Story {
  readonly state: string;
  /** "receive 20000", in the order of their names. */
  readonly moves: readonly string[];
  readonly told: readonly string[];
  readonly reviews: readonly string[];
  /** Changes of state, oldest first: "pending paid". */
  readonly changes: readonly string[];
}

export async function storyOf(stage: Stage, { kind, home, id }: Pick<Subject, 'kind' | 'home' | 'id'>): Promise<Story> {
  const [row] = await stage.t.database.owner.run<Story>({
    text: `select o.state,
        array(select reason || ' ' || amount from kanal.moves m where m.home = o.home and m.object_id = o.id order by 1) as moves,
        array(select event from kanal.notices n where n.home = o.home and n.object_id = o.id order by n.id) as told,
        array(select reason from kanal.reviews r where r.home = o.home and r.object_id = o.id order by 1) as reviews,
        array(select (detail ->> 'from') || ' ' || (detail ->> 'to') from kanal.events e where e.home = o.home and e.object_id = o.id
          and detail ->> 'from' <> detail ->> 'to' order by e.id) as changes
      from kanal.${table[kind]} o where o.home = $1 and o.id = $2`,
    values: [home, id],
  });
  return row ?? assert.fail(`${kind} ${id} is gone`);
}

/** Every party came to its end, or was refused in a way that a merchant may see. */
export function assertOnlyRefused(
  outcomes: readonly PromiseSettledResult<unknown>[],
  codes: readonly string[],
): number {
  const refused = outcomes.filter((one) => one.status === 'rejected');
  for (const { reason } of refused) if (!(reason instanceof Refusal) || !codes.includes(reason.code)) throw reason;
  return refused.length;
}
