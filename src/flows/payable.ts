/** An order that leaves the choice to the payer is made only when there is something to choose: else it is refused before it is stored. */
import type { Method, Pay } from '../core/commands.ts';
import { offersWithin, oneCodeMethods } from '../core/desk-offers.ts';
import { Refusal } from '../core/refusal.ts';
import { wallets } from '../core/wallet-codes.ts';
import type { Caller, Gate } from './gate.ts';
import { explainRoutes } from './route.ts';

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

/** Throws Refusal `channel-unavailable` when no route could carry out anything the payer might choose. */
export function checkPayable(gate: Gate, { merchant, credential: { protocol } }: Caller, ask: Pay): void {
  const { oneCodePage } = gate.facts.conduct(protocol);
  const isPayable = (oneCodePage ? walletChoices(ask) : offersWithin(ask.amount)).some(({ method, option }) => {
    const payer = { ...ask.payer, phone: ask.payer.phone ?? anyPhone };
    const chosen: Pay = { ...ask, method, option, payer, walletUser: oneCodePage ? anybody : null };
    return explainRoutes(gate, merchant.id, protocol, 'pay', method, chosen).some(({ why }) => why === null);
  });
  if (!isPayable)
    throw new Refusal('channel-unavailable', {
      why: 'not-offered',
      text: 'no channel for anything a payer could choose',
    });
}

function walletChoices({ option }: Pay): Choice[] {
  const named = option === null ? wallets : [option];
  return oneCodeMethods(true).flatMap((method) => named.map((wallet) => ({ method, option: wallet })));
}
