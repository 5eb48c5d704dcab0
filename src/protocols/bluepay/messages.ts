/** BluePay's requests and replies as tables. Page, sections 6 and 10. Amounts are whole rupiah in both directions. */
import { bankName, bankNamed, bankOf } from '../../core/banks.ts';
import { noInstruction, type Pay, type PaymentReport, type PayOut, type PayoutReport } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { fields, Num, Obj } from '../json.ts';
import { looseText, minorUnits, optional, text, withDefault, word } from '../leaves.ts';
import { field, invalid, type Leaf, missing, table } from '../message.ts';
import type { Keys, Message } from '../protocol.ts';
import { blankPayment, blankPayout, scalarExtras, scalarText } from '../reading.ts';
import { queriedState } from './codes.ts';
import type { DataMember } from './signing.ts';

/** Our references, or whatever else a caller of the twin uses (row 3). */
export const transactionId = text({ max: 128, pattern: /^[0-9A-Za-z_-]+$/ });
const rupiah = minorUnits('text');

/** The product's number at the merchant's or channel's side of the wire. */
export const productId = looseText({ max: 16, pattern: /^[0-9]+$/ });

/** A payer's or payee's number as BluePay wants it: country code, no leading 0, no plus (row 10). Null when there is none. */
function msisdnOf(phone: string | null, keys: Keys): string | null {
  const digits = (phone ?? keys.setting('msisdn') ?? '').replace(/^\+/, '');
  if (!/^[0-9]{5,20}$/.test(digits)) return null;
  return digits.replace(/^0+/, '62').replace(/^620+/, '62');
}

/** Any of the three forms in which numbers arrive (row 10): 62…, 620…, nomsisdn. */
function phoneOf(msisdn: string | null): string | null {
  if (msisdn === null || !/^\+?[0-9]+$/.test(msisdn)) return null;
  return msisdn.replace(/^\+/, '').replace(/^0+/, '62').replace(/^620+/, '62');
}

// ── create a virtual account or store code ──────────────────────────────────────────────────────────────────────────

interface CreateWire {
  productId: string;
  transactionId: string;
  price: bigint;
  promotionId: string;
  ui: string;
  payType: 'atm' | 'otc';
  bankType: string | null;
  msisdn: string | null;
}
const createWire = table<CreateWire>({
  productId: field('productId', productId),
  transactionId: field('transactionId', transactionId),
  price: field('price', rupiah),
  promotionId: field('promotionId', withDefault(text(32), '1000')),
  ui: field('ui', withDefault(text(16), 'none')),
  payType: field('payType', word(['atm', 'otc'])),
  bankType: field('bankType', optional(text(32))),
  msisdn: field('msisdn', optional(text(24))),
});

export const createAsk: Message<Pay> = {
  read(message) {
    const wire = createWire.read(message.fields);
    if (wire.payType === 'atm' && wire.bankType === null) throw missing('bankType');
    const bank =
      wire.payType === 'otc' ? 'ALFAMART' : (bankNamed('bluepay.bankType', wire.bankType ?? '')?.code ?? null);
    if (bank === null) throw invalid('bankType', 'bankType must be permata, bni or mandiri');
    return {
      orderNo: wire.transactionId,
      amount: money(wire.price, 'IDR'),
      method: wire.payType === 'atm' ? 'virtual-account' : 'store-code',
      option: bank,
      subject: null,
      payer: { name: null, phone: phoneOf(wire.msisdn), email: null, country: null },
      notify: null,
      returnUrl: null,
      expiresInS: null,
      authCode: null,
      agreementNo: null,
      extras: { isStatic: wire.msisdn === null ? '0' : '1', msisdn: phoneOf(wire.msisdn) ?? 'nomsisdn' },
    };
  },
  write(pay, { keys }) {
    const isStatic = keys.setting('staticVa') === 'true' && pay.method === 'virtual-account';
    return createWire.write({
      productId: keys.sender,
      transactionId: pay.orderNo,
      price: rupiahOf(pay.amount, 'price'),
      promotionId: keys.setting('promotionId') ?? '1000',
      ui: 'none',
      payType: payTypeOf(pay),
      bankType: pay.method === 'virtual-account' ? bankTypeOf(pay) : null,
      msisdn: isStatic ? (msisdnOf(pay.payer.phone, keys) ?? failMissing('msisdn')) : null,
    });
  },
};

function rupiahOf(amount: Pay['amount'], name: string): bigint {
  if (amount.currency !== 'IDR') throw invalid(name, 'BluePay takes IDR only');
  return amount.minor;
}

function payTypeOf(pay: Pay): 'atm' | 'otc' {
  if (pay.method === 'virtual-account') return 'atm';
  if (pay.method === 'store-code') return 'otc';
  throw invalid('payType', `BluePay has no ${pay.method}`);
}

function bankTypeOf(pay: Pay): string {
  const name = bankName('bluepay.bankType', pay.option ?? '');
  if (name === null) throw invalid('bankType', `BluePay has no virtual account at ${pay.option ?? 'no bank'}`);
  return name;
}

function failMissing(name: string): never {
  throw missing(name);
}

export const createAnswer: Message<PaymentReport> = {
  read({ fields: reply }, { keys, moment }) {
    const inner = reply.get('data') instanceof Obj ? (reply.get('data') as Obj) : new Obj();
    const payCode =
      scalarText(reply.get('payment_code')) ||
      scalarText(reply.get('paymentCode')) ||
      scalarText(inner.get('paymentCode'));
    return {
      ...blankPayment,
      orderNo: scalarText(inner.get('transactionId')) || null,
      state: 'pending',
      instruction: { ...noInstruction, payCode: payCode || null },
      expiresAt: moment + Number(keys.setting('expiresInS') ?? 86_400) * 1000,
      extras: { ...scalarExtras(reply, 'bluepay'), 'bluepay.httpStatusCode': '200' },
    };
  },
  write(report) {
    const payCode = report.instruction.payCode;
    return fields({
      status: new Num('201'),
      message: 'Success',
      description: 'Success',
      vaFee: '0',
      otcFee: '0',
      isStatic: report.extras['isStatic'] ?? '0',
      payment_code: payCode,
      data: fields({
        msisdn: report.extras['msisdn'] ?? 'nomsisdn',
        paymentCode: payCode,
        transactionId: report.orderNo,
      }),
    });
  },
};

// ── disburse ────────────────────────────────────────────────────────────────────────────────────────────────────────

type TransferWire = Record<DataMember, string>;
const freeText: Leaf<string> = text({ max: 200, pattern: /^[^\p{Cc}]+$/u });
const transferWire = table<TransferWire>({
  transactionId: field('transactionId', transactionId),
  promotionId: field('promotionId', text(32)),
  payeeCountry: field('payeeCountry', word<string>(['ID', 'CN'])),
  payeeBankName: field('payeeBankName', freeText),
  payeeName: field('payeeName', freeText),
  payeeAccount: field('payeeAccount', text({ max: 64, pattern: /^[0-9A-Za-z -]+$/ })),
  payeeMsisdn: field('payeeMsisdn', text({ min: 0, max: 24, pattern: /^(?:\+?[0-9]{5,20}|nomsisdn|)$/ })),
  payeeType: field('payeeType', word<string>(['NORMAL', 'MERCHANT'])),
  amount: field('amount', text({ max: 15, pattern: /^[1-9][0-9]*$/ })),
  currency: field('currency', word<string>(['IDR'])),
});

export const transferAsk: Message<PayOut> = {
  read(message) {
    const wire = transferWire.read(message.fields);
    const phone = phoneOf(wire.payeeMsisdn);
    return {
      orderNo: wire.transactionId,
      amount: money(BigInt(wire.amount), 'IDR'),
      payee: {
        name: wire.payeeName,
        phone,
        email: null,
        country: wire.payeeCountry,
        bank: bankNamed('bluepay.payeeBankName', wire.payeeBankName)?.code ?? wire.payeeBankName,
        account: wire.payeeAccount,
        accountName: wire.payeeName,
        kind: wire.payeeType === 'MERCHANT' ? 'company' : 'person',
        accountKind: 'bank-account',
      },
      subject: null,
      notify: null,
      extras: { payeeBankName: wire.payeeBankName, msisdn: phone ?? 'nomsisdn' },
    };
  },
  write({ orderNo, amount, payee }, { keys }) {
    const members = transferWire.write({
      transactionId: orderNo,
      promotionId: keys.setting('promotionId') ?? '1000',
      payeeCountry: payee.country ?? 'ID',
      payeeBankName: payeeBankOf(payee),
      payeeName: payee.accountName,
      payeeAccount: payee.account,
      payeeMsisdn: msisdnOf(payee.phone, keys) ?? '',
      payeeType: payee.kind === 'company' ? 'MERCHANT' : 'NORMAL',
      amount: rupiahOf(amount, 'amount').toString(),
      currency: 'IDR',
    });
    transferWire.read(members);
    return members;
  },
};

/** A bank we know must have a name here: wallets have none. A word we do not know is BluePay's to judge. */
function payeeBankOf({ bank, accountKind }: PayOut['payee']): string {
  if (accountKind === 'virtual-account') throw invalid('payeeAccount', 'BluePay pays to bank accounts only');
  const name = bankName('bluepay.payeeBankName', bank) ?? (bankOf(bank) === null ? bank : null);
  if (name === null) throw invalid('payeeBankName', `BluePay does not pay to ${bank}`);
  return name;
}

export const transferAnswer: Message<PayoutReport> = {
  read({ fields: reply }) {
    const status = scalarText(reply.get('transferStatus'));
    const state = queriedState(status);
    return {
      ...blankPayout,
      orderNo: scalarText(reply.get('transactionId')) || null,
      state,
      reason: state === 'failed' ? { code: status, text: scalarText(reply.get('description')) } : null,
      extras: { ...scalarExtras(reply, 'bluepay'), 'bluepay.httpStatusCode': '200' },
    };
  },
  write(report) {
    return fields({
      transactionId: report.orderNo,
      code: '200',
      transferStatus: '201',
      description: 'success',
    });
  },
};
