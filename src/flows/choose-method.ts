/**
 * The payer of a payment in state `new` chooses how to pay, on the hosted page. The choice binds the payment to one channel
 * in one transaction; then the channel is called as for any payment. A clear no opens the choice again.
 */
import type { Method, Pay } from '../core/commands.ts';
import { type Offer, offersIn, offersWithin } from '../core/desk-offers.ts';
import type { Key, Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { CommitUnknown } from '../store/database.ts';
import { orderByKey } from '../store/orders.ts';
import type { Caller, Gate } from './gate.ts';
import { type Choice, beginAttempt } from './learn-outcome.ts';
import { afterIntent, callForPayment } from './pay.ts';
import { anyAgreement, anyPhone, leftOpenBy } from './payable.ts';
import { whenCalled } from './repeat.ts';
import { chooseChannels, explainRoutes, feeOfChoice } from './route.ts';

/** What the payer picked. */
export interface Pick {
  readonly method: Method;
  /** Core option code: which bank, store or wallet. */
  readonly option: string | null;
  /** Digits with the country code, for wallets that ask on the phone; null = the number the merchant gave. */
  readonly phone: string | null;
}

/**
 * The payment as it is after the choice. The same choice again changes nothing and shows the present state.
 * Throws Refusal: `not-found`, `conflict` (another choice was made, the time is over), `channel-unavailable` (not offered),
 * `outcome-unknown`, `busy`.
 */
export async function chooseMethod(gate: Gate, key: Key, pick: Pick): Promise<Payment> {
  const payment = await openPayment(gate, key);
  const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(payment.protocol, 'pay');
  if (payment.state !== 'new') return samePick(gate, payment, pick, deadline);
  const now = gate.world.now();
  if (payment.expiresAt !== null && payment.expiresAt <= now)
    throw new Refusal('conflict', { why: 'expired', text: 'the time to pay is over' });
  if (pick.method === 'quick-pay') throw new Refusal('invalid-request', { why: 'card', text: 'it needs a card' });
  if (!offersFor(gate, payment).some(({ method, option }) => method === pick.method && option === pick.option))
    throw new Refusal('channel-unavailable', { why: 'not-offered', text: 'that way to pay is not offered' });
  const ask = askOfChoice(gate, payment, pick);
  const [{ channel }] = chooseChannels(gate, callerOf(gate, payment), 'pay', pick.method, ask);
  const begun = await beginChoice(gate, payment, {
    method: pick.method,
    option: pick.option,
    fee: feeOfChoice(gate, payment, pick.method),
    channelId: channel.id,
    reference: gate.facts.reference(channel, 'payment', payment.home),
    attemptId: gate.world.newId(),
    // A call that never came back must be looked at; its own time is never scaled.
    lookAgainAt: now + 2 * gate.facts.answerTimeMs(payment.protocol, 'pay'),
  });
  if (begun === null) return samePick(gate, await openPayment(gate, key), pick, deadline);
  try {
    return await callForPayment(gate, channel, begun, ask, { deadline, onNo: 'released' });
  } catch (error) {
    throw afterIntent(error, gate, begun);
  }
}

async function openPayment(gate: Gate, key: Key): Promise<Payment> {
  const order = await orderByKey(gate.db, 'payment', key);
  if (order?.kind !== 'payment') throw new Refusal('not-found', { text: 'no such payment' });
  return order;
}

export function callerOf(gate: Gate, payment: Payment): Caller {
  const { merchants, credentials } = gate.directory();
  const merchant = merchants.get(payment.merchantId);
  const credential = credentials.get(payment.credentialId);
  if (!merchant || !credential) throw new Error(`payment ${payment.id} without its merchant`);
  return { merchant, credential };
}

/** Null when somebody else's choice came first. When nobody knows whether ours was stored, the row says it. */
export async function beginChoice(gate: Gate, payment: Payment, choice: Choice): Promise<Payment | null> {
  try {
    return await beginAttempt(gate, payment, choice);
  } catch (error) {
    if (error instanceof Refusal && error.detail.why === 'chosen-already') return null;
    if (!(error instanceof CommitUnknown)) throw error;
    const present = await openPayment(gate, payment);
    if (present.reference === choice.reference) return present;
    throw new Refusal('busy', { text: 'the choice was not stored' });
  }
}

/** The choice was made already, here or in another window: the same one is answered, another one refused. */
async function samePick(gate: Gate, payment: Payment, pick: Pick, deadline: number): Promise<Payment> {
  if (payment.method !== pick.method || payment.option !== pick.option)
    throw new Refusal('conflict', { why: 'chosen-already', text: 'another way to pay was chosen before' });
  return (await whenCalled(gate, payment, deadline)) as Payment;
}

/** The ask the merchant would have made, had it chosen the method itself. The payer comes back to our page, not to the shop's. */
export function askOfChoice(gate: Gate, payment: Payment, { method, option, phone }: Pick): Pay {
  const { subject, payer } = payment.detail;
  return {
    orderNo: payment.orderNo,
    amount: payment.amount,
    method,
    option,
    subject,
    payer: { ...payer, phone: phone ?? payer.phone },
    notify: null,
    returnUrl: gate.deskUrl(payment),
    expiresInS: secondsLeft(gate, payment),
    authCode: null,
    agreementNo: null,
    extras: {},
  };
}

const dayMs = 86_400_000;

/** What is left of the payment's time, in unscaled seconds: the channel scales for itself, if it does. At least one minute. */
function secondsLeft(gate: Gate, { expiresAt }: Payment): number | null {
  if (expiresAt === null) return null;
  const leftMs = (expiresAt - gate.world.now()) * (dayMs / gate.world.scaled(dayMs));
  return Math.max(60, Math.ceil(leftMs / 1000));
}

/** Must the payer give a number before this method can be used? */
export function needsPhone({ detail }: Payment, method: Method): boolean {
  return method === 'wallet-push' && detail.payer.phone === null;
}

/** What the payer of this payment can choose from: only what some route can carry out for that amount. */
export function offersFor(gate: Gate, payment: Payment): readonly Offer[] {
  if (gate.directory().merchants.get(payment.merchantId)?.state !== 'active') return [];
  const isLeftOpen = leftOpenBy(payment.detail.desk ?? { option: null });
  return offersWithin(payment.amount).filter((offer) => {
    const { method, option } = offer;
    if (!isLeftOpen(offer)) return false;
    if (feeOfChoice(gate, payment, method) > payment.amount.minor) return false;
    const phone = needsPhone(payment, method) ? anyPhone : null;
    const ask = {
      ...askOfChoice(gate, payment, { method, option, phone }),
      ...(method === 'quick-pay' ? anyAgreement : {}),
    };
    const verdicts = explainRoutes(gate, payment.merchantId, payment.protocol, 'pay', method, ask);
    return verdicts.some((verdict) => verdict.why === null);
  });
}

/** The proper name of an option, for a payment that is bound already. */
export function nameOfOption(payment: Payment): string | null {
  const known = offersIn(payment.amount.currency).find(
    (offer) => offer.method === payment.method && offer.option === payment.option,
  );
  return known?.label ?? payment.option;
}
