/**
 * The payer's code pays. It is forwarded at most once at a time: while nobody knows what became of it, the channel is queried
 * and never asked a second time. What the channel says goes through the one door.
 */
import type { Confirm, PaymentReport } from '../core/commands.ts';
import { isFinal, type Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { paymentReport } from '../core/report.ts';
import { isPlatformNoTaken, markAccepted, reopen } from '../store/agreements.ts';
import type { ChannelRow } from '../store/directory.ts';
import { bareEvidence, isAbout, learnAbout, reportEvidence } from './attempt.ts';
import { queryUpstream } from './chase.ts';
import { codeRefused, takeAbandoned, takeTurn } from './codes.ts';
import type { Caller, Gate } from './gate.ts';
import { afterIntent } from './pay.ts';
import { findOwn } from './query.ts';

export async function confirmPayment(
  gate: Gate,
  caller: Caller,
  ask: Confirm,
  fingerprint: Uint8Array,
): Promise<PaymentReport> {
  const payment = await ownConfirmable(gate, caller, ask);
  const turn = isFinal(payment)
    ? await turnOfFinal(gate, payment, fingerprint)
    : await takeTurn(gate, payment, fingerprint);
  try {
    switch (turn) {
      case 'forward':
        return shown(gate, await forward(gate, payment, ask, fingerprint));
      case 'under-way':
        return await afterUnknown(gate, payment, ask, fingerprint);
      case 'accepted-before':
        throw refusedAs(payment);
      case 'repeat':
        return shown(gate, payment);
    }
  } catch (error) {
    throw afterIntent(error, gate, payment);
  }
}

/** The payment behind a number given out for confirming. Another partner's is told apart, as the document does. */
export async function ownConfirmable(gate: Gate, caller: Caller, ask: Confirm): Promise<Payment> {
  const find = { orderNo: ask.orderNo, platformNo: ask.confirmNo, refundNo: null, extras: {} };
  const found = await findOwn(gate, caller, 'payment', find);
  if (found?.kind === 'payment' && found.method === 'quick-pay') return found;
  const home = ask.confirmNo === null ? null : gate.facts.homeOf(caller.credential.protocol, ask.confirmNo);
  if (ask.confirmNo !== null && home !== null && !found && (await isPlatformNoTaken(gate.db, home, ask.confirmNo)))
    throw new Refusal('forbidden', { why: 'other-partner', text: 'the number was given to somebody else' });
  throw new Refusal('not-found', { field: 'paysn', text: 'no such payment' });
}

/** What is over cannot be confirmed: the very same confirmation is answered again, any other refused. */
async function turnOfFinal(gate: Gate, payment: Payment, fingerprint: Uint8Array) {
  const turn = await takeTurn(gate, payment, fingerprint).catch((error: unknown) => {
    if (error instanceof Refusal) return 'accepted-before' as const;
    throw error;
  });
  if (turn !== 'forward') return turn === 'under-way' && payment.state === 'paid' ? 'repeat' : settledTurn(turn);
  await reopen(gate.db, payment, true);
  return 'accepted-before';
}

function settledTurn(turn: 'repeat' | 'accepted-before' | 'under-way'): 'repeat' | 'accepted-before' {
  return turn === 'repeat' ? 'repeat' : 'accepted-before';
}

function refusedAs({ state }: Payment): Refusal {
  return new Refusal('conflict', { why: state === 'paid' ? 'paid' : 'closed', text: `the payment is ${state}` });
}

/** Undecided is said as such, never as a failure. */
function shown(gate: Gate, payment: Payment): PaymentReport {
  const report = paymentReport(payment, gate.deskUrl(payment));
  if (!isFinal(payment)) throw new Refusal('outcome-unknown', { report });
  return report;
}

async function afterUnknown(
  gate: Gate,
  payment: Payment,
  ask: Confirm,
  fingerprint: Uint8Array,
): Promise<PaymentReport> {
  const present = (await queryUpstream(gate, payment)) as Payment;
  const isWaiting = present.state === 'pending' && present.reason?.code !== 'confirming';
  if (isWaiting && (await takeAbandoned(gate, present)))
    if ((await takeTurn(gate, present, fingerprint)) === 'forward')
      return shown(gate, await forward(gate, present, ask, fingerprint));
  return shown(gate, present);
}

async function forward(gate: Gate, payment: Payment, ask: Confirm, fingerprint: Uint8Array): Promise<Payment> {
  const channel = payment.channelId === null ? undefined : gate.directory().channels.get(payment.channelId);
  const confirmNo = payment.instruction.confirmNo;
  if (!channel || confirmNo === null) {
    await reopen(gate.db, payment, true);
    throw new Refusal('outcome-unknown', { report: paymentReport(payment, null) });
  }
  const outcome = await gate.call(channel, 'confirm-payment', {
    ...ask,
    orderNo: payment.reference,
    confirmNo,
    extras: {},
  });
  switch (outcome.kind) {
    case 'answered': {
      const present = await learnConfirmed(gate, payment, channel, outcome.answer);
      if (present.state === 'paid') await markAccepted(gate.db, payment, fingerprint);
      return present;
    }
    case 'declined':
      // Nothing was paid by this code; whether anything was paid at all, only a query can say.
      await reopen(gate.db, payment, false);
      throw codeRefused(outcome.code);
    case 'not-sent':
      await reopen(gate.db, payment, true);
      throw new Refusal('channel-unavailable', { text: outcome.why });
    case 'not-found':
    case 'unknown':
      return undecided(gate, payment, channel);
  }
}

/** An answer about another order than ours says nothing about this one (T031). */
function learnConfirmed(gate: Gate, payment: Payment, channel: ChannelRow, said: PaymentReport): Promise<Payment> {
  if (!isAbout(payment, said) || said.state === 'unknown' || said.state === 'pending')
    return undecided(gate, payment, channel);
  const about = { kind: payment.kind, channelId: channel.id, reference: payment.reference };
  return learnAbout(gate, payment, reportEvidence(about, 'reply', said, gate.world.now())) as Promise<Payment>;
}

/** The first query after a code that nobody answered; earlier than for a payment that waits for its payer. */
const lookMs = 5_000;

function undecided(gate: Gate, payment: Payment, channel: ChannelRow): Promise<Payment> {
  const at = gate.world.now();
  const about = { kind: payment.kind, channelId: channel.id, reference: payment.reference };
  const evidence = bareEvidence(about, 'reply', 'unknown', at, { code: 'confirming', text: 'the code was given' });
  return learnAbout(gate, payment, evidence, at + gate.world.scaled(lookMs)) as Promise<Payment>;
}
