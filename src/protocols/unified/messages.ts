/** Requests of the unified API: gather (collect), loan (pay out), query. Sections 2 to 4 and 10. Both directions. */
import { bankName, bankNamed } from '../../core/banks.ts';
import type { Extras, Find, NotifyTarget, Party, Pay, PayOut } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { type Json, type Obj, obj, Raw, writeJson } from '../json.ts';
import { looseText, object, optional, text, withDefault, word } from '../leaves.ts';
import { field, invalid, type Leaf, missing, type Rows, table } from '../message.ts';
import type { Keys, Message } from '../protocol.ts';
import { bankType, dialCodes, localNumber, type Nation, nations, prodFlag, price, url } from './leaves.ts';

/** Business codes as ordered; gather has two (row 15). */
export const gatherCodes = ['gather_dynamic_VA_bluepay', 'gather_static_VA_bluepay'] as const;
export const loanCode = 'loan_fintech_bluepay';

/** Members that gather and loan share. `price` is checked against the range of the endpoint. */
interface Shared {
  notifyType: 'http' | 'sqs';
  nation: Nation;
  price: bigint;
  channelSpecialParams: Obj;
  outTradeNo: string;
  mobile: Json | null;
  notifyUrl: string;
  currency: 'IDR';
  channelBizCode: string;
  channelCode: 'bluepay';
  passBack: Raw | null;
  extend: Obj | null;
}

/** Any JSON value, unread: `mobile` is judged later, by the credential's own strictness (row 14). */
const anything: Leaf<Json | null> = { read: (value) => value ?? null, write: (value) => value ?? undefined };

/** An object, kept as its exact source (T073). */
const passBack: Leaf<Raw | null> = {
  read(value, name) {
    const members = optional(object).read(value, name);
    return members === null ? null : new Raw(members.source ?? writeJson(members));
  },
  write: (value) => value ?? undefined,
};

/** A word of a closed list in any letter case, upper-cased before it is compared (row 30). */
function upperWord<T extends string>(words: readonly T[]): Leaf<T> {
  const exact = word(words);
  return {
    read: (value, name) => exact.read(typeof value === 'string' ? value.toUpperCase() : value, name),
    write: (value) => exact.write(value),
  };
}

/** In the order of the document's samples. */
function sharedRows(range: { min: bigint; max: bigint }, bizCodes: readonly string[]): Rows<Shared> {
  return {
    notifyType: field('notifyType', word(['http', 'sqs'])),
    nation: field('nation', upperWord(nations)),
    price: field('price', price(range)),
    channelSpecialParams: field('channelSpecialParams', object),
    outTradeNo: field('outTradeNo', text({ max: 128, pattern: /^[\x21-\x7e]+$/ })),
    mobile: field('mobile', anything),
    notifyUrl: field('notifyUrl', url),
    currency: field('currency', upperWord(['IDR'])),
    channelBizCode: field('channelBizCode', word(bizCodes)),
    channelCode: field('channelCode', word(['bluepay'])),
    passBack: field('passBack', passBack),
    extend: field('extend', optional(object)),
  };
}
const rupiah = { min: 10_000n, gatherMax: 2n ** 53n - 1n, loanMax: 14_075_000n };
const gatherWire = table<Shared>(sharedRows({ min: rupiah.min, max: rupiah.gatherMax }, gatherCodes));
const loanWire = table<Shared>(sharedRows({ min: rupiah.min, max: rupiah.loanMax }, [loanCode]));

// ── what both do beyond the table ───────────────────────────────────────────────────────────────────────────────────

/** A credential of one environment refuses orders for the other (T037). */
function checkEnvironment(wire: Shared, keys: Keys): void {
  const wanted = keys.setting('environment');
  const given = prodFlag(wire.extend) ? 'production' : 'sandbox';
  if (wanted !== null && wanted !== given) throw invalid('prodFlag', `this credential is for ${wanted}`);
}

/** Local number with the nation's dial code before it; null only for a lenient credential. */
function phoneOf(wire: Shared, keys: Keys): string | null {
  const isLenient = keys.setting('lenientMobile') === 'true';
  const absent = wire.mobile === null || wire.mobile === '';
  if (absent && !isLenient) throw missing('mobile');
  const local = typeof wire.mobile === 'string' ? localNumber(wire.mobile, wire.nation) : null;
  if (local === null && !isLenient) throw invalid('mobile', 'mobile must be a local number of 5 to 20 digits');
  return local === null ? null : dialCodes[wire.nation] + local;
}

/** What the caller wants back or what its replies show again. */
function extrasOf(wire: Shared, phone: string | null, productId: string | null): Record<string, string> {
  const flag = wire.extend?.get('prodFlag');
  return {
    channelCode: wire.channelCode,
    channelBizCode: wire.channelBizCode,
    nation: wire.nation,
    prodFlag: String(prodFlag(wire.extend)),
    // What neither reading of row 16 expects is kept, so that an operator can see it.
    ...(flag === undefined ? {} : { prodFlagGiven: writeJson(flag).slice(0, 64) }),
    ...(phone === null ? {} : { msisdn: phone }),
    ...(productId === null ? {} : { productId }),
    ...(wire.passBack === null ? {} : { passBack: wire.passBack.text }),
  };
}

const productIdLeaf = optional(looseText({ max: 16, pattern: /^[0-9]+$/ }));

/** A member that the document spells in two ways; both present and different is a contradiction (rows 4, 5). */
function eitherOf<T>(members: Obj, leaf: Leaf<T | null>, right: string, wrong: string): T | null {
  const first = leaf.read(members.get(right), right);
  const second = leaf.read(members.get(wrong), wrong);
  if (first !== null && second !== null && first !== second) throw invalid(right, `${right} and ${wrong} differ`);
  return first ?? second;
}

function payer(wire: Shared, phone: string | null): Party {
  return { name: null, phone, email: null, country: wire.nation };
}

function notifyOf(wire: Shared): NotifyTarget {
  return { kind: wire.notifyType, url: wire.notifyUrl };
}

// ── gather ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface GatherParams {
  payType: 'atm' | 'otc';
  productId: string | null;
  bankType: string | null;
}
const gatherParams = table<GatherParams>({
  payType: field('payType', word(['atm', 'otc'])),
  productId: field('productId', productIdLeaf),
  bankType: field('bankType', optional(bankType)),
});

/** A bank for atm; a shop for otc, where `bankType` is not looked at (row 12). */
function optionOf(members: Obj): { readonly payType: 'atm' | 'otc'; readonly option: string } {
  const payType = gatherParams.read(obj([['payType', members.get('payType')]])).payType;
  if (payType === 'otc') return { payType, option: 'ALFAMART' };
  const name = bankType.read(members.get('bankType'), 'bankType');
  const bank = bankNamed('bluepay.bankType', name);
  if (bank === null) throw invalid('bankType', 'bankType must be permata, bni or mandiri');
  return { payType, option: bank.code };
}

export const gatherAsk: Message<Pay> = {
  read(message, { keys }) {
    const wire = gatherWire.read(message.fields);
    checkEnvironment(wire, keys);
    const productId = eitherOf(wire.channelSpecialParams, productIdLeaf, 'productId', 'prductId');
    const { payType, option } = optionOf(wire.channelSpecialParams);
    const phone = phoneOf(wire, keys);
    return {
      orderNo: wire.outTradeNo,
      amount: money(wire.price, 'IDR'),
      method: payType === 'atm' ? 'virtual-account' : 'store-code',
      option,
      subject: null,
      payer: payer(wire, phone),
      notify: notifyOf(wire),
      returnUrl: null,
      expiresInS: null,
      authCode: null,
      agreementNo: null,
      extras: { ...extrasOf(wire, phone, productId), payType },
    };
  },
  write(pay, { keys }) {
    const isVa = pay.method === 'virtual-account';
    if (!isVa && pay.method !== 'store-code') throw invalid('payType', `gather has no ${pay.method}`);
    const params = gatherParams.write({
      payType: isVa ? 'atm' : 'otc',
      productId: productIdOf(pay.extras, keys),
      bankType: isVa ? bankTypeOf(pay.option) : null,
    });
    return gatherWire.write(sharedOf(pay, pay.payer.phone, pay.payer.country, params, bizCodeOf(pay.extras)));
  },
};

function bankTypeOf(option: string | null): string {
  const name = bankName('bluepay.bankType', option ?? '');
  if (name === null) throw invalid('bankType', `gather has no virtual account at ${option ?? 'no bank'}`);
  return name;
}

function bizCodeOf(extras: Extras): string {
  const given = extras['channelBizCode'] ?? '';
  return gatherCodes.some((code) => code === given) ? given : gatherCodes[0];
}

function productIdOf(extras: Extras, keys: Keys): string | null {
  return extras['productId'] ?? keys.setting('productId') ?? null;
}

/** Gather or loan as the shared members; `params` are the members of its channel. */
function sharedOf(
  ask: Pay | PayOut,
  phone: string | null,
  country: string | null,
  params: Obj,
  channelBizCode: string,
): Shared {
  if (ask.amount.currency !== 'IDR') throw invalid('currency', 'currency must be IDR');
  if (ask.notify === null) throw missing('notifyUrl');
  const nation: Nation = country === 'CN' ? 'CN' : 'ID';
  return {
    notifyType: ask.notify.kind,
    nation,
    price: ask.amount.minor,
    channelSpecialParams: params,
    outTradeNo: ask.orderNo,
    mobile: phone === null ? null : writtenMobile(phone, nation),
    notifyUrl: ask.notify.url,
    currency: 'IDR',
    channelBizCode,
    channelCode: 'bluepay',
    passBack: ask.extras['passBack'] === undefined ? null : new Raw(ask.extras['passBack']),
    extend: ask.extras['prodFlag'] === 'true' ? obj([['prodFlag', 'true']]) : null,
  };
}

/** As a person of the country writes it: Indonesian numbers begin with 0. */
function writtenMobile(phone: string, nation: Nation): string {
  const local = localNumber(phone, nation) ?? phone;
  return nation === 'ID' ? `0${local}` : local;
}

// ── loan ────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface LoanParams {
  payeeName: string;
  payeeBankName: string;
  productId: string | null;
  payeeType: 'NORMAL' | 'MERCHANT';
  payeeAccount: string;
  payeeCountry: Nation | null;
}
const freeText = text({ max: 200, pattern: /^[^\p{Cc}]+$/u });
const loanParams = table<LoanParams>({
  payeeName: field('payeeName', freeText),
  payeeBankName: field('payeeBankName', freeText),
  productId: field('productId', productIdLeaf),
  payeeType: field('payeeType', withDefault(word(['NORMAL', 'MERCHANT']), 'NORMAL')),
  payeeAccount: field('payeeAccount', text({ max: 64, pattern: /^[0-9A-Za-z -]+$/ })),
  payeeCountry: field('payeeCountry', optional(upperWord(nations))),
});

/** The members under their right names, whichever spelling the caller took. */
function rightlySpelt(members: Obj): Obj {
  const bank = eitherOf(members, optional(freeText), 'payeeBankName', 'payeeBackName');
  const productId = eitherOf(members, productIdLeaf, 'productId', 'prductId');
  return obj([...members, ['payeeBankName', bank ?? undefined], ['productId', productId ?? undefined]]);
}

export const loanAsk: Message<PayOut> = {
  read(message, { keys }) {
    const wire = loanWire.read(message.fields);
    checkEnvironment(wire, keys);
    const params = loanParams.read(rightlySpelt(wire.channelSpecialParams));
    const phone = phoneOf(wire, keys);
    return {
      orderNo: wire.outTradeNo,
      amount: money(wire.price, 'IDR'),
      payee: {
        ...payer(wire, phone),
        name: params.payeeName,
        country: params.payeeCountry ?? wire.nation,
        bank: bankNamed('bluepay.payeeBankName', params.payeeBankName)?.code ?? params.payeeBankName,
        account: params.payeeAccount,
        accountName: params.payeeName,
        kind: params.payeeType === 'MERCHANT' ? 'company' : 'person',
        accountKind: 'bank-account',
      },
      subject: null,
      notify: notifyOf(wire),
      extras: { ...extrasOf(wire, phone, params.productId), payeeBankName: params.payeeBankName },
    };
  },
  write(payOut, { keys }) {
    const { payee, extras } = payOut;
    const nation =
      extras['nation'] === 'CN' || (extras['nation'] === undefined && payee.country === 'CN') ? 'CN' : 'ID';
    const bank = bankName('bluepay.payeeBankName', payee.bank) ?? payee.bank;
    const params = loanParams.write({
      payeeName: payee.accountName,
      payeeBankName: bank,
      productId: productIdOf(extras, keys),
      payeeType: payee.kind === 'company' ? 'MERCHANT' : 'NORMAL',
      payeeAccount: payee.account,
      payeeCountry: payeeCountryOf(payee.country, nation),
    });
    if (keys.setting('sendBackName') === 'true') params.set('payeeBackName', bank);
    return loanWire.write(sharedOf(payOut, payee.phone, nation, params, loanCode));
  },
};

function payeeCountryOf(country: string | null, nation: Nation): Nation | null {
  const known = nations.find((known) => known === country) ?? null;
  return known === nation ? null : known;
}

// ── query ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const transactionCode = text({ max: 128, pattern: /^[0-9A-Za-z_-]+$/ });
interface QueryWire {
  transactionCode: string | null;
  outTradeNo: string | null;
  extend: Obj | null;
}
const queryWire = table<QueryWire>({
  transactionCode: field('transactionCode', optional(transactionCode)),
  outTradeNo: field('outTradeNo', optional(text({ max: 128, pattern: /^[\x21-\x7e]+$/ }))),
  extend: field('extend', optional(object)),
});

export const queryAsk: Message<Find> = {
  read(message) {
    const { transactionCode: platformNo, outTradeNo: orderNo } = queryWire.read(message.fields);
    if (platformNo === null && orderNo === null) throw missing('transactionCode');
    // The caller's own number is an extension for when it never learnt ours (row 28).
    return { orderNo: platformNo === null ? orderNo : null, platformNo, refundNo: null, extras: {} };
  },
  write(find) {
    if (find.platformNo === null && find.orderNo === null) throw missing('transactionCode');
    return queryWire.write({
      transactionCode: find.platformNo,
      outTradeNo: find.platformNo === null ? find.orderNo : null,
      extend: null,
    });
  },
};
