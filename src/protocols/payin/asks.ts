/** What is asked: core commands ↔ request members. */
import { bankName, bankNamed } from '../../core/banks.ts';
import type { Ask, Extras, Find, NotifyTarget, Party, Pay, PayOut } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import type { Fields } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { type Product, productFor, productOf } from './codes.ts';
import { expiry } from './members.ts';
import { settingOf } from './settings.ts';
import * as wire from './wire.ts';

const noParty: Party = { name: null, phone: null, email: null, country: 'ID' };
const plainRemark = 'Payment';
/** Networks cap one QRIS payment (row 31). */
export const qrisMax = 10_000_000n;
/** Virtual accounts (accountType 4) can be paid to at these banks only (section 7.1). */
const virtualAccountBanks: readonly string[] = ['BCA', 'BNI', 'MANDIRI'];

/** What has to be given back or mirrored later. */
function kept(message: Opened, members: Readonly<Record<string, string | null>>): Extras {
  const all = Object.entries({ ...members, signCase: message.marks['signCase'] ?? null });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

function freshNonce(scene: Scene): string {
  return Buffer.from(scene.nonce(16)).toString('hex');
}

/** Cuts at `max` UTF-16 units without leaving half a character. */
function clip(text: string, max: number): string {
  const cut = text.slice(0, max);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** One line of at most `max` characters out of free text, or the fallback. */
function lineOf(text: string | null, max: number, fallback: string): string {
  const line = clip((text ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim(), max).trim();
  return line === '' ? fallback : line;
}

const plainAscii = /^[\x20-\x7e]+$/;

function checkRemark(remark: string, scene: Scene): void {
  if (settingOf(scene.keys, 'asciiRemark') !== 'true' || plainAscii.test(remark)) return;
  throw invalid('remark', 'remark must be plain ASCII');
}

function remarkFor(subject: string | null, scene: Scene): string {
  const remark = lineOf(subject, 32, plainRemark);
  return settingOf(scene.keys, 'asciiRemark') === 'true' && !plainAscii.test(remark) ? plainRemark : remark;
}

function openProduct(payType: string): Product {
  const product = productOf(payType);
  if (product === null || !product.open) throw invalid('payType', 'payType is not an open product');
  return product;
}

function checkProduct(product: Product, asked: wire.PayInAsk): void {
  if (product.method === 'qr' && asked.amount > qrisMax)
    throw invalid('amount', `a QRIS payment is at most ${qrisMax}`);
  if (product.method === 'wallet-push' && asked.phone === null) throw missing('phone');
}

/** The channel pushes to a telephone, so somebody must have named one: what cannot be mapped is refused before sending. */
function productOfAsk(ask: Pay): Product {
  const product = productFor(ask.method, ask.option);
  if (product === null || !product.open) throw invalid('payType', 'no payin product for that method and option');
  if (product.method === 'wallet-push' && ask.payer.phone === null) throw missing('phone');
  return product;
}

function http(url: string): NotifyTarget {
  return { kind: 'http', url };
}

function targetOf(notify: NotifyTarget | null): string {
  if (notify === null || notify.kind !== 'http') throw missing('notifyUrl');
  return notify.url;
}

function payOf(asked: wire.PayInAsk | wire.PayDeskAsk): Omit<Pay, 'method' | 'option' | 'extras' | 'returnUrl'> {
  return {
    orderNo: asked.mchOrderNo,
    amount: money(asked.amount, 'IDR'),
    subject: asked.remark,
    payer: { ...noParty, name: asked.realName, phone: asked.phone, email: asked.email },
    notify: http(asked.notifyUrl),
    expiresInS: asked.expireTime,
    authCode: null,
    agreementNo: null,
  };
}

/** Everything of a create but what payIn and payDesk differ in. The payer's name falls back to the telephone number. */
function createOf(ask: Pay, scene: Scene): Omit<wire.PayInAsk, 'payType'> {
  const { name, phone, email } = ask.payer;
  return {
    realName: lineOf(name ?? phone, 64, settingOf(scene.keys, 'payerName')),
    amount: ask.amount.minor,
    reusableStatus: false,
    expireTime: Math.min(Math.max(ask.expiresInS ?? expiry.standard, expiry.min), expiry.max),
    mchOrderNo: ask.orderNo,
    notifyUrl: targetOf(ask.notify),
    currency: 'IDR',
    remark: remarkFor(ask.subject, scene),
    nonceStr: freshNonce(scene),
    phone,
    email: email !== null && email.length <= 64 ? email : null,
    goodsSubject: ask.extras['goodsSubject'] ?? null,
    goodsBody: ask.extras['goodsBody'] ?? null,
    merchantId: null,
  };
}

export const payInAsk: Message<Pay> = {
  read(message, scene) {
    const asked = wire.payInAsk.read(message.fields);
    const product = openProduct(asked.payType);
    checkProduct(product, asked);
    checkRemark(asked.remark, scene);
    const { payType, remark, goodsSubject, goodsBody } = asked;
    const extras = kept(message, { payType, remark, goodsSubject, goodsBody });
    return { ...payOf(asked), method: product.method, option: product.option, returnUrl: null, extras };
  },
  write: (ask, scene) => wire.payInAsk.write({ ...createOf(ask, scene), payType: productOfAsk(ask).payType }),
};

export const payDeskAsk: Message<Pay> = {
  read(message, scene) {
    const asked = wire.payDeskAsk.read(message.fields);
    checkRemark(asked.remark, scene);
    const { remark, goodsSubject, goodsBody, returnUrl } = asked;
    const extras = kept(message, { desk: 'true', remark, goodsSubject, goodsBody });
    return { ...payOf(asked), method: 'any', option: null, returnUrl, extras };
  },
  write: (ask, scene) => wire.payDeskAsk.write({ ...createOf(ask, scene), returnUrl: ask.returnUrl }),
};

function bankOfId(bankId: string): string {
  const bank = bankNamed('payin.bankId', bankId);
  if (bank === null || !bank.purposes.includes('pay-out')) throw invalid('bankId', 'bankId is not in the bank list');
  return bank.code;
}

/** The channel's own number of a bank, by its setting, else ours. */
function bankIdOf(code: string, scene: Scene): string {
  const own = settingOf(scene.keys, 'bankIds')
    .split(',')
    .find((pair) => pair.startsWith(`${code}=`));
  const bankId = own?.slice(code.length + 1) ?? bankName('payin.bankId', code);
  if (bankId === null) throw invalid('bankId', `no bankId for ${code}`);
  return bankId;
}

export const payOutAsk: Message<PayOut> = {
  read(message, scene) {
    const asked = wire.payOutAsk.read(message.fields);
    const bank = bankOfId(asked.bankId);
    const toVirtual = asked.accountType === 4;
    if (toVirtual && !virtualAccountBanks.includes(bank)) throw invalid('accountType', 'not at this bank');
    checkRemark(asked.remark, scene);
    return {
      orderNo: asked.mchOrderNo,
      amount: money(asked.amount, 'IDR'),
      payee: {
        ...noParty,
        name: asked.accountName,
        phone: asked.phone,
        email: asked.email,
        bank,
        account: asked.accountNo,
        accountName: asked.accountName,
        kind: 'person',
        accountKind: toVirtual ? 'virtual-account' : 'bank-account',
      },
      subject: asked.remark,
      notify: http(asked.notifyUrl),
      extras: kept(message, { bankId: asked.bankId, remark: asked.remark }),
    };
  },
  write: ({ orderNo, amount, payee, subject, notify }, scene) =>
    wire.payOutAsk.write({
      accountName: payee.accountName,
      accountNo: payee.account,
      accountType: payee.accountKind === 'virtual-account' ? 4 : 3,
      currency: 'IDR',
      amount: amount.minor,
      bankId: bankIdOf(payee.bank, scene),
      mchOrderNo: orderNo,
      notifyUrl: targetOf(notify),
      nonceStr: freshNonce(scene),
      remark: remarkFor(subject, scene),
      phone: payee.phone,
      email: payee.email !== null && payee.email.length <= 64 ? payee.email : null,
      merchantId: null,
    }),
};

/** payInQuery, payDeskQuery and payOutQuery. `orderNo` on the wire is the platform's number. */
export const findAsk: Message<Find> = {
  read(message) {
    const { orderNo, mchOrderNo } = wire.findAsk.read(message.fields);
    if (orderNo === null && mchOrderNo === null) throw missing('orderNo');
    return { orderNo: mchOrderNo, platformNo: orderNo, refundNo: null, extras: kept(message, {}) };
  },
  write: (find, scene) =>
    wire.findAsk.write({ mchOrderNo: find.orderNo, nonceStr: freshNonce(scene), orderNo: find.platformNo }),
};

function bare<A>(ask: A): Message<A> {
  return {
    read(message) {
      wire.bareAsk.read(message.fields);
      return ask;
    },
    write: (_ask, scene): Fields => wire.bareAsk.write({ nonceStr: freshNonce(scene) }),
  };
}

export const balanceAsk: Message<Ask<'query-balance'>> = bare({ currency: 'IDR' });
export const payOutBanksAsk: Message<Ask<'list-banks'>> = bare({ purpose: 'pay-out' });
export const payInBanksAsk: Message<Ask<'list-banks'>> = bare({ purpose: 'pay' });
