/**
 * A payer pays with a bank card on the hosted page: the channel signs the card and texts a code, the code makes an agreement
 * that serves this one payment, and a second code pays. Number, identity and CVV live in memory for the length of one call;
 * of the card, the agreement's row keeps four digits and a keyed mark (T061).
 */
import { type Agreement, codeRules } from '../core/agreement.ts';
import type { AgreementUse, Pay, SignAgreement } from '../core/commands.ts';
import type { Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { agreementByOrderNo, agreementOfUser, confirmationOf, renewConfirmation } from '../store/agreements.ts';
import { channelOf } from './agreement.ts';
import { countText, phoneMark, type Texted } from './card-texts.ts';
import { askOfChoice, beginChoice, callerOf, offersFor } from './choose-method.ts';
import { resendRule } from './codes.ts';
import { confirmAgreement } from './confirm-agreement.ts';
import { confirmPayment, ownConfirmable } from './confirm-payment.ts';
import type { Gate } from './gate.ts';
import { afterIntent, callForPayment } from './pay.ts';
import { sendCode } from './resend-code.ts';
import { feeOfChoice } from './route.ts';
import { signAgreement } from './sign-agreement.ts';

/** A credit card's own members (MMYY, three digits); both null for a debit card. Kept nowhere. */
export type CreditMembers = Pick<AgreementUse, 'expiry' | 'cvv'>;

export interface GivenCard extends CreditMembers {
  readonly number: string;
  readonly holder: string;
  readonly idNumber: string;
  /** With the country code, no plus. */
  readonly phone: string;
}

/** How far the payer of a payment in state `new` has come. */
export type CardStep =
  | { readonly kind: 'card' }
  /** `code`: one was sent to sign the card; `signed`: only the payment is missing. `isCredit`: its members are asked for again. */
  | {
      readonly kind: 'code' | 'signed';
      readonly last4: string;
      readonly phone: string | null;
      readonly isCredit: boolean;
    };

/** How many cards one payment may be tried with: each costs a text message, and its number may be a stranger's. */
const mostCards = 5;
const creditMark = 'desk.credit';
/** Beside an agreement of the page: the keyed mark of the telephone that its codes go to, in hex. */
const phoneName = 'desk.phone';

function signerOf({ id }: Payment): string {
  return `desk-${id}`;
}

function newest(gate: Gate, payment: Payment): Promise<Agreement | null> {
  const { home, merchantId, protocol } = payment;
  return agreementOfUser(gate.db, home, merchantId, protocol, signerOf(payment));
}

export async function cardStep(gate: Gate, payment: Payment): Promise<CardStep> {
  const agreement = await newest(gate, payment);
  const kind = agreement && stepOf(gate, agreement);
  if (!kind) return { kind: 'card' };
  return { kind, last4: agreement.cardLast4, phone: agreement.phoneMask, isCredit: creditMark in agreement.extras };
}

/** A code that has run out cannot be sent again: the card is signed anew. */
function stepOf(gate: Gate, { state, createdAt }: Agreement): 'code' | 'signed' | null {
  if (state === 'active') return 'signed';
  const isLive = gate.world.now() - createdAt < gate.world.scaled(codeRules.lifeMs);
  return state === 'wait-confirm' && isLive ? 'code' : null;
}

/**
 * Signs the card at a channel of the payment's merchant, which texts the holder a code. Throws Refusal: `conflict` (no longer
 * open), `limit-exceeded` (too soon or too often), `channel-declined`, `channel-unavailable`.
 */
export async function signCard(gate: Gate, payment: Payment, card: GivenCard): Promise<void> {
  checkOpen(gate, payment);
  if (!offersFor(gate, payment).some(({ method }) => method === 'quick-pay'))
    throw new Refusal('channel-unavailable', { why: 'not-offered', text: 'that way to pay is not offered' });
  const former = await newest(gate, payment);
  const count = Number(former?.orderNo.split('-').at(-1) ?? 0);
  const gapMs = gate.world.scaled(codeRules.resendGapMs);
  const isTooSoon = former !== null && former.state !== 'failed' && gate.world.now() - former.createdAt < gapMs;
  if (count >= mostCards || isTooSoon)
    throw new Refusal('limit-exceeded', { why: 'too-soon', text: 'another card cannot be tried now' });
  const texted = { card: gate.mark('card', card.number), phone: phoneMark(gate, card.phone) };
  const ask = signingOf(payment, card, texted.phone, `${signerOf(payment)}-${count + 1}`);
  await gate.db.transaction((query) => countText(gate, query, payment, texted));
  const { state } = await signAgreement(gate, callerOf(gate, payment), ask, gate.mark('desk-card', ask.orderNo));
  if (state === 'unknown') throw new Refusal('busy', { text: 'nobody knows whether a code was sent' });
}

function signingOf(payment: Payment, card: GivenCard, phoned: Uint8Array, orderNo: string): SignAgreement {
  const { number, idNumber, expiry, cvv, holder, phone } = card;
  return {
    orderNo,
    userId: signerOf(payment),
    payer: { ...payment.detail.payer, name: holder, phone },
    card: { number, idNumber, expiry, cvv },
    payeeNo: '',
    scope: 'one-payee',
    extras: { [phoneName]: Buffer.from(phoned).toString('hex'), ...(expiry === null ? {} : { [creditMark]: 'true' }) },
  };
}

function textedOf({ cardMark, extras }: Agreement): Texted {
  const phone = extras[phoneName];
  return { card: cardMark, phone: phone === undefined ? null : Buffer.from(phone, 'hex') };
}

function checkOpen(gate: Gate, { state, expiresAt }: Payment): void {
  if (state !== 'new') throw new Refusal('conflict', { why: 'chosen-already', text: 'it is no longer open' });
  if (expiresAt !== null && expiresAt <= gate.world.now())
    throw new Refusal('conflict', { why: 'expired', text: 'the time to pay is over' });
}

/**
 * The code that signs the card; then the payment is begun with it, and the channel texts the second code. Throws Refusal:
 * `invalid-request` (code), `outcome-unknown`, and what beginning a payment throws.
 */
export async function confirmCard(gate: Gate, payment: Payment, code: string, credit: CreditMembers): Promise<Payment> {
  checkOpen(gate, payment);
  const agreement = await newest(gate, payment);
  if (!agreement) throw new Refusal('not-found', { text: 'no card was given' });
  if (agreement.state === 'active') return payWith(gate, payment, agreement, credit);
  const { orderNo, home, merchantId, protocol } = agreement;
  const ask = { orderNo, confirmNo: null, code, card: credit, extras: {} };
  await confirmAgreement(gate, callerOf(gate, payment), ask, gate.mark('desk-code', `${orderNo}/${code}`));
  const signed = await agreementByOrderNo(gate.db, home, merchantId, protocol, orderNo);
  if (signed?.state !== 'active') throw new Refusal('outcome-unknown', { text: 'the card is not signed yet' });
  return payWith(gate, payment, signed, credit);
}

async function payWith(gate: Gate, payment: Payment, agreement: Agreement, credit: CreditMembers): Promise<Payment> {
  const channel = channelOf(gate, agreement);
  const ask: Pay = {
    ...askOfChoice(gate, payment, { method: 'quick-pay', option: null, phone: null }),
    agreementNo: agreement.upstreamNo,
    agreementUse: { userId: agreement.agreementNo, payeeNo: agreement.payeeNo, ...credit, instalments: null },
  };
  const why = channel.state === 'active' ? gate.facts.unable(channel, 'pay', ask) : 'its channel is disabled';
  if (why !== null) throw new Refusal('channel-unavailable', { why: 'no-route', text: why });
  const now = gate.world.now();
  // Each beginning costs a text message and gives five guesses: counted like any other sending, before anything leaves us.
  await gate.db.transaction(async (query) => {
    if (!(await renewConfirmation(query, payment, now, resendRule(gate, now))))
      throw new Refusal('limit-exceeded', { why: 'too-soon', text: 'a new code cannot be sent now' });
    await countText(gate, query, payment, textedOf(agreement));
  });
  const begun = await beginChoice(gate, payment, {
    method: 'quick-pay',
    option: null,
    fee: feeOfChoice(gate, payment, 'quick-pay'),
    channelId: channel.id,
    reference: gate.facts.reference(channel, 'payment', payment.home),
    attemptId: gate.world.newId(),
    lookAgainAt: now + 2 * gate.facts.answerTimeMs(payment.protocol, 'pay'),
  });
  if (!begun) throw new Refusal('conflict', { why: 'chosen-already', text: 'another way to pay was chosen before' });
  try {
    const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(payment.protocol, 'pay');
    return await callForPayment(gate, channel, begun, ask, { deadline, onNo: 'released' });
  } catch (error) {
    throw afterIntent(error, gate, begun);
  }
}

/** A payment that waits for its code. */
export interface CodeStep {
  /** Milliseconds until another code may be sent. */
  readonly resendInMs: number;
  readonly phone: string | null;
  readonly hasTries: boolean;
}

export async function codeStep(gate: Gate, payment: Payment): Promise<CodeStep> {
  const [{ sentAt, tries }, agreement] = await Promise.all([
    confirmationOf(gate.db, payment, payment.createdAt),
    newest(gate, payment),
  ]);
  const readyAt = sentAt + gate.world.scaled(codeRules.resendGapMs);
  return {
    resendInMs: Math.max(0, readyAt - gate.world.now()),
    phone: agreement?.phoneMask ?? null,
    hasTries: tries < codeRules.tries,
  };
}

/** The code that pays. Throws Refusal: `invalid-request` (code), `conflict`, `outcome-unknown`. */
export async function confirmDesk(gate: Gate, payment: Payment, code: string): Promise<void> {
  const ask = { orderNo: null, confirmNo: payment.platformNo, code, extras: {} };
  await confirmPayment(gate, callerOf(gate, payment), ask, gate.mark('desk-code', `${payment.id}/${code}`));
}

/** Another code, the old one ends. Throws Refusal: `invalid-request` (too soon, too often), `limit-exceeded`, `channel-declined`, `busy`. */
export async function resendDesk(gate: Gate, payment: Payment): Promise<void> {
  const ask = { orderNo: null, confirmNo: payment.platformNo, code: '', extras: {} };
  const [present, agreement] = await Promise.all([
    ownConfirmable(gate, callerOf(gate, payment), ask),
    newest(gate, payment),
  ]);
  await sendCode(gate, present, async (query) => {
    if (agreement) await countText(gate, query, payment, textedOf(agreement));
  });
}
