/** What a hosted page can offer a payer: methods and options with the names people know. Which of it a merchant has is a matter of routes. */
import { type BankRow, banks } from './banks.ts';
import type { Method } from './commands.ts';
import type { Currency, Money } from './money.ts';

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

/** Those most people have an account with come first. */
const largest = ['BCA', 'MANDIRI', 'BRI', 'BNI'];

function placeOf({ code }: BankRow): number {
  const place = largest.indexOf(code);
  return place === -1 ? largest.length : place;
}

const offers: Readonly<Partial<Record<Currency, readonly Offer[]>>> = {
  IDR: [
    ...offersAt('qr', ['QRIS', 'QRIS']),
    ...offersAt('wallet', ['DANA', 'DANA'], ['SHOPEEPAY', 'ShopeePay'], ['GOPAY', 'GoPay'], ['LINKAJA', 'LinkAja']),
    ...offersAt('wallet-push', ['OVO', 'OVO']),
    ...banks
      .filter((bank) => bank.kind !== 'wallet' && bank.purposes.includes('pay'))
      .sort((a, b) => placeOf(a) - placeOf(b))
      .map((bank): Offer => ({ method: 'virtual-account', option: bank.code, label: bankLabel(bank) })),
    ...offersAt('store-code', ['ALFAMART', 'Alfamart'], ['INDOMARET', 'Indomaret']),
  ],
  CNY: [{ method: 'quick-pay', option: null, label: 'UnionPay' }],
};

/** Everything a desk can offer in that currency. */
export function offersIn(currency: Currency): readonly Offer[] {
  return offers[currency] ?? [];
}

/** What a country allows for one payment, smallest units, whatever a channel says: above it nobody's app would pay. */
const ceilings: Readonly<Partial<Record<Currency, Readonly<Partial<Record<Method, bigint>>>>>> = {
  // QRIS: Bank Indonesia, since 2022.
  IDR: { qr: 10_000_000n },
};

/** What can be offered for that amount. */
export function offersWithin({ minor, currency }: Money): readonly Offer[] {
  return offersIn(currency).filter(({ method }) => minor <= (ceilings[currency]?.[method] ?? minor));
}

export type Device = 'phone' | 'computer';

/** What is easiest where the payer sits: on a phone the wallet is one touch away, a computer shows a code to the phone. */
const orders: Readonly<Record<Device | 'abroad', readonly Method[]>> = {
  phone: ['wallet', 'wallet-push', 'qr', 'virtual-account', 'quick-pay', 'store-code'],
  computer: ['qr', 'virtual-account', 'wallet-push', 'wallet', 'quick-pay', 'store-code'],
  // Codes are read across the border; accounts, wallets and stores are not at hand there.
  abroad: ['qr', 'quick-pay', 'wallet', 'virtual-account', 'wallet-push', 'store-code'],
};

/** From here on people transfer: wallets hold less. Smallest units. */
const largeAmounts: Readonly<Partial<Record<Currency, bigint>>> = { IDR: 5_000_000n };

const homes: Readonly<Partial<Record<Currency, string>>> = { IDR: 'ID', CNY: 'CN' };

/** The offers in the order in which this payer is likeliest to want them. `country`: ISO 3166 alpha-2, null = not known. */
export function arranged(
  list: readonly Offer[],
  where: { readonly device: Device; readonly country: string | null; readonly amount: Money },
): readonly Offer[] {
  const { device, country, amount } = where;
  const isAbroad = country !== null && country !== homes[amount.currency];
  const order = orders[isAbroad ? 'abroad' : device];
  const isLarge = amount.minor >= (largeAmounts[amount.currency] ?? amount.minor + 1n);
  const rank = ({ method }: Offer) => (isLarge && method === 'virtual-account' ? -1 : order.indexOf(method));
  return [...list].sort((a, b) => rank(a) - rank(b));
}

/** What a one-code page tries for the wallet it is opened in: called from the page when the payer is known, else the channel's own code or wallet page. */
export function oneCodeMethods(isPayerKnown: boolean): readonly Method[] {
  return isPayerKnown ? ['in-app', 'qr', 'wallet'] : ['qr', 'wallet'];
}
