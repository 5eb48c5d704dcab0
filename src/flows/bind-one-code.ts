/**
 * A payer opens a one-code page inside a wallet: the wallet binds the payment to one channel, atomically, and the channel is
 * asked for something that wallet can be paid with. Two wallets cannot pay the same order: the second one is refused.
 */
import type { Method, Pay, WalletUser } from '../core/commands.ts';
import { oneCodeMethods } from '../core/desk-offers.ts';
import type { Key, Payment } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { wallets } from '../core/wallet-codes.ts';
import type { ChannelRow } from '../store/directory.ts';
import { orderByKey } from '../store/orders.ts';
import { askOfChoice, beginChoice, callerOf } from './choose-method.ts';
import type { Gate } from './gate.ts';
import { afterIntent, callForPayment } from './pay.ts';
import { whenCalled } from './repeat.ts';
import { explainRoutes, feeOfChoice } from './route.ts';

export interface OneCodeChoice {
  /** Core option code of the wallet the page runs in. */
  readonly wallet: string;
  /** Who the payer is to that wallet, when the page has found out: the wallet is then called from the page itself. */
  readonly user: WalletUser | null;
  /** Where the wallet sends the payer back to. */
  readonly returnUrl: string;
}

/**
 * The payment as it is afterwards. The same wallet again changes nothing. Throws Refusal: `not-found`, `conflict` (another
 * wallet was first, or the time is over), `channel-unavailable`, `outcome-unknown`, `busy`.
 */
export async function bindOneCode(gate: Gate, key: Key, choice: OneCodeChoice): Promise<Payment> {
  const payment = await found(gate, key);
  const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(payment.protocol, 'pay');
  if (payment.state !== 'new') return sameWallet(gate, payment, choice, deadline);
  const now = gate.world.now();
  if (payment.expiresAt !== null && payment.expiresAt <= now)
    throw new Refusal('conflict', { why: 'expired', text: 'the time to pay is over' });
  if (payment.option !== null && payment.option !== choice.wallet)
    throw new Refusal('conflict', { why: 'other-wallet', text: `only ${payment.option} may pay this` });
  const way = wayFor(gate, payment, choice);
  if (!way) throw new Refusal('channel-unavailable', { why: 'not-offered', text: `no channel takes ${choice.wallet}` });
  const begun = await beginChoice(gate, payment, {
    method: way.method,
    option: choice.wallet,
    fee: feeOfChoice(gate, payment, way.method),
    channelId: way.channel.id,
    reference: gate.facts.reference(way.channel, 'payment', payment.home),
    attemptId: gate.world.newId(),
    lookAgainAt: now + 2 * gate.facts.answerTimeMs(payment.protocol, 'pay'),
  });
  if (begun === null) return sameWallet(gate, await found(gate, key), choice, deadline);
  try {
    return await callForPayment(gate, way.channel, begun, way.ask, { deadline, onNo: 'released' });
  } catch (error) {
    throw afterIntent(error, gate, begun);
  }
}

async function found(gate: Gate, key: Key): Promise<Payment> {
  const order = await orderByKey(gate.db, 'payment', key);
  if (order?.kind !== 'payment') throw new Refusal('not-found', { text: 'no such payment' });
  return order;
}

interface Way {
  readonly method: Method;
  readonly channel: ChannelRow;
  readonly ask: Pay;
}

/** Called from the page when the payer is known, else by the channel's own code, which is an address, or its wallet page. */
function wayFor(gate: Gate, payment: Payment, choice: OneCodeChoice): Way | null {
  for (const method of oneCodeMethods(choice.user !== null)) {
    if (feeOfChoice(gate, payment, method) > payment.amount.minor) continue;
    const base = askOfChoice(gate, payment, { method, option: choice.wallet, phone: null });
    const ask: Pay = { ...base, returnUrl: choice.returnUrl, walletUser: choice.user };
    const { merchant, credential } = callerOf(gate, payment);
    const verdicts = explainRoutes(gate, merchant.id, credential.protocol, 'pay', method, ask);
    const taken = verdicts.find(({ why }) => why === null);
    const channel = taken && gate.directory().channels.get(taken.route.channelId);
    if (channel) return { method, channel, ask };
  }
  return null;
}

/** The wallets that can pay an order whose payer has not chosen yet, whoever they turn out to be. */
export function walletsFor(gate: Gate, payment: Payment): readonly string[] {
  if (callerOf(gate, payment).merchant.state !== 'active') return [];
  const named = payment.option === null ? wallets : [payment.option];
  return named.filter((wallet) =>
    [null, somebody].some((user) => wayFor(gate, payment, { wallet, user, returnUrl: '' }) !== null),
  );
}

/** Stands in for a payer whom the wallet has yet to name. Never sent. */
const somebody: WalletUser = { userId: '0'.repeat(16), appId: '0'.repeat(16) };

/** Is it worth asking who the payer is: can the wallet pay from the page itself, or not at all without that? */
export function asksWhoPays(gate: Gate, payment: Payment, wallet: string, appId: string | null): boolean {
  const known = wayFor(gate, payment, { wallet, user: { ...somebody, appId }, returnUrl: '' });
  if (known === null || known.method === 'in-app') return known !== null;
  return wayFor(gate, payment, { wallet, user: null, returnUrl: '' }) === null;
}

async function sameWallet(gate: Gate, payment: Payment, { wallet }: OneCodeChoice, deadline: number): Promise<Payment> {
  if (payment.option !== wallet)
    throw new Refusal('conflict', { why: 'chosen-already', text: 'another wallet was first' });
  return (await whenCalled(gate, payment, deadline)) as Payment;
}
