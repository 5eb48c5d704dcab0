/** What a hosted page can offer a payer: methods and options with the names people know. Which of it a merchant has is a matter of routes. */
import { type BankRow, banks } from './banks.ts';
import type { Method } from './commands.ts';
import type { Currency } from './money.ts';

/** Something the payer may be offered. */
export interface Offer {
  readonly method: Method;
  readonly option: string | null;
  /** A proper name ("Bank Central Asia", "DANA"), the same in every language. */
  readonly label: string;
}

function offersAt(method: Method, ...options: readonly (readonly [code: string, label: string])[]): Offer[] {
  return options.map(([option, label]) => ({ method, option, label }));
}

/** With the short name people know, where the full one does not contain it: "BCA · Bank Central Asia". */
function bankLabel({ code, name }: BankRow): string {
  return name.toUpperCase().includes(code) ? name : `${code} · ${name}`;
}

const offers: Readonly<Partial<Record<Currency, readonly Offer[]>>> = {
  IDR: [
    ...offersAt('qr', ['QRIS', 'QRIS']),
    ...offersAt('wallet', ['DANA', 'DANA'], ['SHOPEEPAY', 'ShopeePay'], ['GOPAY', 'GoPay'], ['LINKAJA', 'LinkAja']),
    ...offersAt('wallet-push', ['OVO', 'OVO']),
    ...banks
      .filter((bank) => bank.kind !== 'wallet' && bank.purposes.includes('pay'))
      .map((bank): Offer => ({ method: 'virtual-account', option: bank.code, label: bankLabel(bank) })),
    ...offersAt('store-code', ['ALFAMART', 'Alfamart'], ['INDOMARET', 'Indomaret']),
  ],
};

/** Everything a desk can offer in that currency, in the order it is shown. */
export function offersIn(currency: Currency): readonly Offer[] {
  return offers[currency] ?? [];
}

/** What a one-code page tries for the wallet it is opened in: called from the page when the payer is known, else the channel's own code or wallet page. */
export function oneCodeMethods(isPayerKnown: boolean): readonly Method[] {
  return isPayerKnown ? ['in-app', 'qr', 'wallet'] : ['qr', 'wallet'];
}
