/** What the shops of the simulation sell, and their requests for it: one row per way to be paid or to pay out. */
import type { Method, Pay, PayOut, RefundAsk, SignAgreement } from '../../src/core/commands.ts';
import { type Currency, money } from '../../src/core/money.ts';

/** Protocols that the merchants of the simulation speak. */
const spoken = ['payin', 'unified', 'bestpay', 'fufu', 'ysepay'] as const;
export type Spoken = (typeof spoken)[number];

export function isSpoken(name: string): name is Spoken {
  return (spoken as readonly string[]).includes(name);
}

export interface Product {
  readonly protocol: Spoken;
  readonly kind: 'payment' | 'payout';
  readonly method: Method | 'any';
  readonly option: string | null;
  readonly currency: Currency;
  /** Members that only this protocol has. */
  readonly extras: Readonly<Record<string, string>>;
  /** Seconds after which it may be closed, if the merchant says so. */
  readonly expiries: readonly number[];
  /** Does the request name an address for notices? */
  readonly isTold: boolean;
}

type Given = Pick<Product, 'protocol' | 'method'> & Partial<Product>;

function product(given: Given): Product {
  return { kind: 'payment', option: null, currency: 'IDR', extras: {}, expiries: [], isTold: true, ...given };
}

function payin(method: Method | 'any', option: string | null, payType: string | null): Product {
  const extras = payType === null ? {} : { payType };
  return product({ protocol: 'payin', method, option, extras, expiries: [60, 120, 600, 3_600] });
}

function unified(method: Method, option: string, payType: string): Product {
  const channel = { channelCode: 'bluepay', channelBizCode: 'gather_dynamic_VA_bluepay', productId: '2257' };
  return product({ protocol: 'unified', method, option, extras: { payType, ...channel } });
}

function bestpay(method: Method, option: string): Product {
  return product({ protocol: 'bestpay', method, option, currency: 'CNY', expiries: [120, 600, 3_600] });
}

const all: readonly Product[] = [
  payin('qr', 'QRIS', '41'),
  payin('wallet', 'DANA', '43'),
  payin('virtual-account', 'BNI', '26'),
  payin('any', null, null),
  product({ protocol: 'payin', kind: 'payout', method: 'bank-transfer' }),
  unified('virtual-account', 'PERMATA', 'atm'),
  unified('store-code', 'ALFAMART', 'otc'),
  product({
    protocol: 'unified',
    kind: 'payout',
    method: 'bank-transfer',
    extras: { channelCode: 'bluepay', channelBizCode: 'loan_fintech_bluepay', productId: '2257' },
  }),
  bestpay('barcode', 'ALIPAY'),
  bestpay('qr', 'BESTPAY'),
  bestpay('qr', 'ALIPAY'),
  product({ protocol: 'fufu', method: 'barcode', option: 'ALIPAY', currency: 'CNY', isTold: false }),
  product({ protocol: 'fufu', method: 'in-app', option: 'ALIPAY', currency: 'CNY', expiries: [60, 600] }),
  product({ protocol: 'ysepay', method: 'quick-pay', currency: 'CNY', expiries: [600, 3_600] }),
];

export const products: Readonly<Record<Product['kind'], readonly Product[]>> = {
  payment: all.filter(({ kind }) => kind === 'payment'),
  payout: all.filter(({ kind }) => kind === 'payout'),
};

const paymentCodes: Readonly<Record<string, string>> = { ALIPAY: '288886863488188613', BESTPAY: '510123456789012345' };

const payer = { name: 'Reza Wijaya', phone: '6285812345678', email: null, country: 'ID' } as const;

const customer = { userId: 'user-1', payeeNo: 'shop-1' } as const;

export interface Ordering {
  readonly no: string;
  readonly minor: bigint;
  readonly notify: Pay['notify'];
  readonly expiresInS: number | null;
  readonly agreementNo: string | null;
}

export function payAsk(item: Product, { no, minor, notify, expiresInS, agreementNo }: Ordering): Pay {
  const { method, option, currency, extras } = item;
  const use = { ...customer, expiry: null, cvv: null, instalments: null };
  return {
    orderNo: no,
    amount: money(minor, currency),
    method,
    option,
    subject: 'Electronic Cigarettes',
    payer,
    notify,
    returnUrl: null,
    expiresInS,
    authCode: method === 'barcode' ? (paymentCodes[option ?? ''] ?? null) : null,
    agreementNo,
    ...(agreementNo === null ? {} : { agreementUse: use }),
    walletUser: method === 'in-app' ? { userId: '2088102146225135', appId: null } : null,
    extras,
  };
}

export function payOutAsk({ currency, extras }: Product, { no, minor, notify }: Ordering): PayOut {
  return {
    orderNo: no,
    amount: money(minor, currency),
    payee: {
      ...payer,
      bank: 'BNI',
      account: '1077098557',
      accountName: 'Afif Asrif',
      kind: 'person',
      accountKind: 'bank-account',
    },
    subject: 'loan',
    notify,
    extras,
  };
}

export function refundAsk(
  { currency }: Product,
  paid: { readonly no: string; readonly platformNo: string | null },
  { no, minor, notify }: Pick<Ordering, 'no' | 'minor' | 'notify'>,
): RefundAsk {
  return {
    refundNo: no,
    orderNo: paid.no,
    platformNo: paid.platformNo,
    amount: money(minor, currency),
    reason: 'broken',
    notify,
    extras: {},
  };
}

export function signAsk(no: string): SignAgreement {
  return {
    orderNo: no,
    userId: customer.userId,
    payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo: customer.payeeNo,
    scope: 'one-payee',
    extras: {},
  };
}
