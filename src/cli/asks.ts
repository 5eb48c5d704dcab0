/** Plain asks for every command: what `kanal call` starts from, and what a file's members then change. */
import type { Ask, CommandName, Find, Pay, PayOut } from '../core/commands.ts';
import { type Currency, money } from '../core/money.ts';
import type { Method } from '../core/commands.ts';

/** Where plain orders ask to be told; nobody need listen there. */
const notify = { kind: 'http', url: 'http://127.0.0.1:9999/notify' } as const;

const payer = { name: 'Reza Wijaya', phone: '6285812345678', email: 'reza@example.test', country: 'ID' };

/** What each protocol's merchants usually ask for. */
export const usualPay: Readonly<
  Record<
    string,
    { readonly method: Method; readonly option: string | null; readonly minor: bigint; readonly currency: Currency }
  >
> = {
  unified: { method: 'virtual-account', option: 'PERMATA', minor: 20_000n, currency: 'IDR' },
  payin: { method: 'qr', option: 'QRIS', minor: 20_000n, currency: 'IDR' },
  bluepay: { method: 'virtual-account', option: 'PERMATA', minor: 20_000n, currency: 'IDR' },
  bestpay: { method: 'qr', option: 'ALIPAY', minor: 1_250n, currency: 'CNY' },
  ysepay: { method: 'qr', option: 'ALIPAY', minor: 1_250n, currency: 'CNY' },
  fufu: { method: 'qr', option: 'ALIPAY', minor: 1_250n, currency: 'CNY' },
};

export function payAsk(protocol: string, orderNo: string, changes: Partial<Pay> = {}): Pay {
  const { method, option, minor, currency } = usualPay[protocol] ?? {
    method: 'qr',
    option: null,
    minor: 100n,
    currency: 'CNY',
  };
  return {
    orderNo,
    amount: money(minor, currency),
    method,
    option,
    subject: 'Kanal demo order',
    payer,
    notify,
    returnUrl: null,
    expiresInS: 3600,
    authCode: null,
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

type Samples = { readonly [C in CommandName]: (protocol: string, number: string) => Ask<C> };

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
export function sampleAsk<C extends CommandName>(command: C, protocol: string, number: string): Ask<C> {
  const make: (protocol: string, number: string) => Ask<C> = samples[command];
  return make(protocol, number);
}
