/** An order that leaves the choice to the payer is made only when there is something to choose: else it is refused before it is stored. */
import type { Method, Pay } from '../core/commands.ts';
import { offersWithin, oneCodeMethods } from '../core/desk-offers.ts';
import { Refusal } from '../core/refusal.ts';
import { wallets } from '../core/wallet-codes.ts';
import type { Caller, Gate } from './gate.ts';
import { explainRoutes, feeFor } from './route.ts';

interface Choice {
  readonly method: Method;
  readonly option: string | null;
}

/** Stands in for the number the payer has yet to give, when routes are asked what they can do. Never sent. */
export const anyPhone = '6281100000000';
/** Stands in for the agreement that a card has yet to be signed for. Never sent. */
export const anyAgreement = {
  agreementNo: '0',
  agreementUse: { userId: '0', payeeNo: '', expiry: null, cvv: null, instalments: null },
} as const;
/** Stands in for the payer that a wallet has yet to name. Never sent. */
const anybody = { userId: '0'.repeat(16), appId: '0'.repeat(16) };

/**
 * Throws Refusal `channel-unavailable` when no route could carry out anything the payer might choose, `limit-exceeded` when whatever
 * could be chosen costs more than it brings.
 */
export function checkPayable(gate: Gate, { merchant, credential: { protocol } }: Caller, ask: Pay): void {
  const { oneCodePage } = gate.facts.conduct(protocol);
  const payer = { ...ask.payer, phone: ask.payer.phone ?? anyPhone };
  const choices = [...(oneCodePage ? walletChoices(ask) : []), ...offersWithin(ask.amount).filter(leftOpenBy(ask))];
  const payable = choices.filter(({ method, option }) => {
    const walletUser = method === 'in-app' ? anybody : null;
    const chosen: Pay = { ...ask, ...(method === 'quick-pay' ? anyAgreement : {}), method, option, payer, walletUser };
    return explainRoutes(gate, merchant.id, protocol, 'pay', method, chosen).some(({ why }) => why === null);
  });
  if (payable.length === 0)
    throw new Refusal('channel-unavailable', {
      why: 'not-offered',
      text: 'no channel for anything a payer could choose',
    });
  if (payable.every(({ method }) => feeFor(gate, merchant.id, method, ask.amount) > ask.amount.minor))
    throw new Refusal('limit-exceeded', { why: 'amount', field: 'amount', text: 'the amount does not cover its fee' });
}

/** A merchant that names a wallet leaves nothing else to the payer. */
export function leftOpenBy({ option }: { readonly option: string | null }): (choice: Choice) => boolean {
  return (choice) => option === null || choice.option === option;
}

function walletChoices({ option }: Pay): Choice[] {
  const named = option === null ? wallets : [option];
  return oneCodeMethods(true).flatMap((method) => named.map((wallet) => ({ method, option: wallet })));
}
