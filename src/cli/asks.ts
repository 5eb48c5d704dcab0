/** Plain asks for every command: what `kanal call` starts from, and what a file's members then change. */
import type { Ask, CommandName, Find, Method, Pay, PayOut } from '../core/commands.ts';
import { type Currency, money } from '../core/money.ts';
import type { EndpointOf, Protocol } from '../protocols/protocol.ts';
import { CliError } from './command.ts';

/** Where plain orders ask to be told; nobody need listen there. */
const notify = { kind: 'http', url: 'http://127.0.0.1:9999/notify' } as const;

const payer = { name: 'Reza Wijaya', phone: '6285812345678', email: 'reza@example.test', country: 'ID' };

/** The likeliest first: what a payer can do with a code in hand. */
const likely: readonly Method[] = [
  'qr',
  'virtual-account',
  'store-code',
  'wallet',
  'barcode',
  'wallet-push',
  'in-app',
  'quick-pay',
];

/** A usual amount per currency, or the least the method takes. */
const usualMinor: Readonly<Record<Currency, bigint>> = {
  IDR: 20_000n,
  CNY: 1_250n,
  THB: 20_000n,
  HKD: 5_000n,
  USD: 1_250n,
  JPY: 1_500n,
};

type Choice = Pick<Pay, 'method' | 'option' | 'amount' | 'authCode' | 'walletUser'>;

/** What merchants of the protocol may ask for, the likeliest first, from its own capabilities. */
function usualChoices({ capabilities }: Protocol): Choice[] {
  const askable = capabilities.filter(({ sides }) => sides !== 'carry-out');
  return [...likely, 'any' as const].flatMap((method) => {
    const found = askable.find((one) => one.method === method);
    const [currency] = found?.currencies ?? [];
    if (!found || currency === undefined) return [];
    const minor = usualMinor[currency] < found.min ? found.min : usualMinor[currency];
    const options = found.options ?? [];
    const option = options.find((one) => one === 'ALIPAY') ?? options[0] ?? null;
    // Read from the payer's telephone: 28 is how that wallet's codes begin.
    const authCode = method === 'barcode' ? '285000000000000001' : null;
    const walletUser = method === 'in-app' ? { userId: '2088102146225135', appId: null } : null;
    return [{ method, option, amount: money(minor, currency), authCode, walletUser }];
  });
}

function usualPay(protocol: Protocol): Choice {
  const [first] = usualChoices(protocol);
  if (!first) throw new CliError(`${protocol.name} collects no money`);
  return first;
}

/** A payment by the code on the payer's telephone: it is over in one call. Null where the protocol takes none. */
export function barcodeOf(protocol: Protocol): Partial<Pay> | null {
  return usualChoices(protocol).find(({ method }) => method === 'barcode') ?? null;
}

/** A plain ask for that very endpoint: of those the protocol can ask for, the first that it carries out. */
export function askFor(protocol: Protocol, row: EndpointOf<CommandName>, number: string): Ask {
  const plain = sampleAsk(row.command, protocol, number);
  if (row.command !== 'pay') return plain;
  const asks = usualChoices(protocol).map((choice) => payAsk(protocol, number, choice));
  return asks.find((one) => row.suits?.(one) ?? true) ?? plain;
}

/** What the plain ask of the protocol pays by. */
export function usualMethod(protocol: Protocol): Pay['method'] {
  return usualPay(protocol).method;
}

export function payAsk(protocol: Protocol, orderNo: string, changes: Partial<Pay> = {}): Pay {
  return {
    orderNo,
    ...usualPay(protocol),
    subject: 'Kanal demo order',
    payer,
    notify,
    returnUrl: null,
    expiresInS: 3600,
    agreementNo: null,
    extras: {},
    ...changes,
  };
}

export function payOutAsk(orderNo: string, changes: Partial<PayOut> = {}): PayOut {
  return {
    orderNo,
    amount: money(50_000n, 'IDR'),
    payee: {
      ...payer,
      bank: 'BCA',
      account: '1077098557',
      accountName: 'Reza Wijaya',
      kind: 'person',
      accountKind: 'bank-account',
    },
    subject: 'Kanal demo payout',
    notify,
    extras: {},
    ...changes,
  };
}

function find(orderNo: string): Find {
  return { orderNo, platformNo: null, refundNo: null, extras: {} };
}

type Samples = { readonly [C in CommandName]: (protocol: Protocol, number: string) => Ask<C> };

const samples: Samples = {
  pay: (protocol, number) => payAsk(protocol, number),
  'pay-out': (_protocol, number) => payOutAsk(number),
  refund: (protocol, number) => ({
    refundNo: number,
    orderNo: number,
    platformNo: null,
    amount: payAsk(protocol, number).amount,
    reason: 'Kanal demo refund',
    notify,
    extras: {},
  }),
  'query-payment': (_protocol, number) => find(number),
  'query-payout': (_protocol, number) => find(number),
  'query-order': (_protocol, number) => find(number),
  'close-payment': (_protocol, number) => find(number),
  'cancel-payment': (_protocol, number) => find(number),
  'query-refund': (_protocol, number) => ({ ...find(number), refundNo: number }),
  'query-agreement': (_protocol, number) => find(number),
  'cancel-agreement': (_protocol, number) => find(number),
  'confirm-payment': (_protocol, number) => ({ orderNo: number, confirmNo: number, code: '123456', extras: {} }),
  'confirm-agreement': (_protocol, number) => ({ orderNo: number, confirmNo: number, code: '123456', extras: {} }),
  'resend-code': (_protocol, number) => ({ orderNo: number, confirmNo: number, code: '', extras: {} }),
  'sign-agreement': (_protocol, number) => ({
    orderNo: number,
    userId: 'user-1',
    payer: { ...payer, phone: '8613800000000', country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo: 'kanal-demo',
    scope: 'one-payee',
    extras: {},
  }),
  'query-balance': () => ({ currency: null }),
  'list-banks': () => ({ purpose: 'pay-out' }),
  'get-statement': () => ({ day: '2026-01-01' }),
};

/** A plain ask of the command about an order with that number. */
export function sampleAsk<C extends CommandName>(command: C, protocol: Protocol, number: string): Ask<C> {
  const make: (protocol: Protocol, number: string) => Ask<C> = samples[command];
  return make(protocol, number);
}
