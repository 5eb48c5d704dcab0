/** What is asked: core commands ↔ request members. */
import type { Extras, Find, Party, Pay, RefundAsk } from '../../core/commands.ts';
import { type Currency, money } from '../../core/money.ts';
import { Refusal } from '../../core/refusal.ts';
import { walletOf } from '../../core/wallet-codes.ts';
import { integer, optional, withDefault, word } from '../leaves.ts';
import { type Field, field, invalid, missing, type Table, table } from '../message.ts';
import type { Message, Scene } from '../protocol.ts';
import { type ChannelType, channelTypeOf, channelTypes } from './codes.ts';
import * as leaf from './members.ts';
import { settingOf, walletsFor } from './settings.ts';
import { timeZone } from './zone.ts';

const noParty: Party = { name: null, phone: null, email: null, country: null };
/** Section 2.1: what is not paid by then is reversed. The flow keeps the same time. */
export const barcodeS = 80;
const defaultExpiryMinutes = 5;

interface Till {
  readonly busiId: string;
  readonly operatorId: string | null;
  readonly terminalId: string | null;
  readonly timeZone: string | null;
}
interface Create extends Till {
  readonly merchantParam: string | null;
  readonly storeId: string | null;
  readonly totalFee: bigint;
  readonly channelType: ChannelType;
  readonly outTradeNo: string;
  readonly paySubject: string;
  readonly feeType: Currency;
}
interface OrderAsk extends Create {
  readonly authCode: string;
}
interface PreOrderAsk extends Create {
  readonly openId: string | null;
  readonly notifyUrl: string | null;
  readonly subAppId: string | null;
  readonly tradeType: leaf.TradeType;
  readonly timeExpire: number;
}

const optionalTag = optional(leaf.nameTag);

const till = {
  busiId: field('busi_id', leaf.busiId),
  operatorId: field('operator_id', optionalTag),
  terminalId: field('terminal_id', optionalTag),
} as const;
const zone: { readonly timeZone: Field<string | null> } = { timeZone: field('time_zone', optional(timeZone)) };

const createHead = {
  ...till,
  merchantParam: field('merchant_param', optional(leaf.merchantParam)),
  storeId: field('store_id', optionalTag),
  totalFee: field('total_fee', leaf.fee),
  channelType: field('channel_type', leaf.channelType),
} as const;
const createRest = {
  paySubject: field('pay_subject', leaf.subject),
  outTradeNo: field('out_trade_no', leaf.callerNo),
  feeType: field('fee_type', leaf.feeType),
} as const;

/** Section 2.1.1, in the order of the sample. The discount members are not used at present (row 30 of the page's table). */
const orderTable: Table<OrderAsk> = table<OrderAsk>({
  ...createHead,
  authCode: field('auth_code', leaf.authCode),
  ...createRest,
  ...zone,
});

/** Section 2.2.1. */
const preOrderTable: Table<PreOrderAsk> = table<PreOrderAsk>({
  ...createHead,
  ...createRest,
  openId: field('openId', optional(leaf.walletUserId)),
  notifyUrl: field('notifyUrl', optional(leaf.notifyUrl)),
  subAppId: field('subAppId', optional(leaf.appId)),
  tradeType: field('trade_type', withDefault(word(['QRCODE', 'JSAPI']), 'JSAPI')),
  timeExpire: field('time_expire', withDefault(integer({ min: 1, max: 1440 }), defaultExpiryMinutes)),
  ...zone,
});

/** What has to be given back later: all of it as texts. */
function kept(members: Readonly<Record<string, string | null>>): Extras {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== null));
}

function keptOf(asked: Create): Extras {
  return kept({
    operator_id: asked.operatorId,
    terminal_id: asked.terminalId,
    merchant_param: asked.merchantParam,
    store_id: asked.storeId,
    time_zone: asked.timeZone,
  });
}

/** The wallet a channel_type names, if this merchant may use it; null = still open. */
function walletOfType(type: ChannelType, scene: Scene): string | null {
  const wallet = channelTypes[type];
  if (wallet !== null && !walletsFor(scene.keys).includes(wallet))
    throw invalid('channel_type', 'channel_type is none of the dictionary');
  return wallet;
}

function checkCurrency(asked: Create, scene: Scene): void {
  if (!settingOf(scene.keys, 'currencies').split(',').includes(asked.feeType))
    throw invalid('fee_type', `fee_type ${asked.feeType} is not enabled`);
}

/** Page, section 6: no code at all is a bad parameter; a code of another wallet is never silently sent elsewhere. */
function walletOfCode(asked: OrderAsk, scene: Scene): string {
  const named = walletOfType(asked.channelType, scene);
  const wallet = walletOf(asked.authCode);
  if (wallet === null) throw invalid('auth_code', 'auth_code is no payment code');
  if (!walletsFor(scene.keys).includes(wallet) || (named !== null && named !== wallet))
    throw new Refusal('channel-unavailable', { why: 'no-route', field: 'auth_code', text: `a code of ${wallet}` });
  return wallet;
}

const createdByUs = { returnUrl: null, agreementNo: null, payer: noParty } as const;

export const orderAsk: Message<Pay> = {
  read(message, scene) {
    const asked = orderTable.read(message.fields);
    checkCurrency(asked, scene);
    return {
      ...createdByUs,
      orderNo: asked.outTradeNo,
      amount: money(asked.totalFee, asked.feeType),
      method: 'barcode',
      option: walletOfCode(asked, scene),
      subject: asked.paySubject,
      notify: null,
      expiresInS: barcodeS,
      authCode: asked.authCode,
      extras: keptOf(asked),
    };
  },
  write(ask, scene) {
    if (ask.authCode === null) throw missing('auth_code');
    return orderTable.write({ ...createOf(ask, scene), authCode: ask.authCode });
  },
};

export const preOrderAsk: Message<Pay> = {
  read(message, scene) {
    const asked = preOrderTable.read(message.fields);
    checkCurrency(asked, scene);
    const wallet = walletOfType(asked.channelType, scene);
    return {
      ...createdByUs,
      orderNo: asked.outTradeNo,
      amount: money(asked.totalFee, asked.feeType),
      method: leaf.tradeTypes[asked.tradeType],
      option: wallet,
      subject: asked.paySubject,
      notify: asked.notifyUrl === null ? null : { kind: 'http', url: asked.notifyUrl },
      expiresInS: asked.timeExpire * 60,
      authCode: null,
      walletUser: asked.tradeType === 'JSAPI' ? walletUserOf(asked, wallet) : null,
      extras: { ...keptOf(asked), trade_type: asked.tradeType },
    };
  },
  write(ask, scene) {
    const isInApp = ask.method === 'in-app';
    if (isInApp && !ask.walletUser) throw missing('openId');
    return preOrderTable.write({
      ...createOf(ask, scene),
      openId: ask.walletUser?.userId ?? null,
      subAppId: ask.walletUser?.appId ?? null,
      notifyUrl: ask.notify?.kind === 'http' ? ask.notify.url : null,
      tradeType: isInApp ? 'JSAPI' : 'QRCODE',
      timeExpire: minutesOf(ask.expiresInS),
    });
  },
};

/** Row 4 of the page's table, section 3.3: openId for every JSAPI, subAppId for WeChat's. */
function walletUserOf(asked: PreOrderAsk, wallet: string | null): { userId: string; appId: string | null } {
  if (wallet === null) throw invalid('channel_type', 'channel_type 0 is for trade_type QRCODE');
  if (asked.openId === null) throw missing('openId');
  if (wallet === 'WECHAT' && asked.subAppId === null) throw missing('subAppId');
  return { userId: asked.openId, appId: asked.subAppId };
}

function minutesOf(seconds: number | null): number {
  const minutes = seconds === null ? defaultExpiryMinutes : Math.ceil(seconds / 60);
  return Math.min(1440, Math.max(1, minutes));
}

const plainSubject = '商品';

/** Everything of a create that both kinds share. What this wire cannot say is refused before anything is sent. */
function createOf(ask: Pay, scene: Scene): Create {
  const { minor, currency } = ask.amount;
  if (currency !== 'CNY' && currency !== 'THB' && currency !== 'HKD') throw invalid('fee_type', 'no such fee_type');
  return {
    busiId: scene.keys.sender,
    operatorId: settingOf(scene.keys, 'operatorId'),
    terminalId: settingOf(scene.keys, 'terminalId'),
    merchantParam: null,
    storeId: null,
    totalFee: minor,
    channelType: typeFor(ask, scene),
    paySubject: subjectOf(ask.subject),
    outTradeNo: ask.orderNo,
    feeType: currency,
    timeZone: null,
  };
}

/** A one-code page finds the wallet out by itself (0); everything else must be able to name it. */
function typeFor({ method, option }: Pay, scene: Scene): ChannelType {
  if (option !== null && walletsFor(scene.keys).includes(option)) return channelTypeOf(option);
  const isOpen = method === 'qr' || method === 'any';
  if (!isOpen && (option !== null || method === 'in-app'))
    throw invalid('channel_type', `no channel_type for ${option ?? 'an unnamed wallet'}`);
  return '0';
}

/** One line of at most 100 characters, without half a character at its end. */
function subjectOf(text: string | null): string {
  const cut = (text ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 100);
  const line = (cut.isWellFormed() ? cut : cut.slice(0, -1)).trim();
  return line === '' ? plainSubject : line;
}

function required<T>(one: Field<T | null>['leaf']): Field<T | null>['leaf'] {
  return {
    read(value, name) {
      const found = one.read(value, name);
      if (found === null) throw missing(name);
      return found;
    },
    write: (value) => one.write(value),
  };
}

interface RefundMembers extends Till {
  readonly outRefundNo: string;
  readonly refundFee: bigint;
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
  readonly refundSubject: string;
  readonly feeType: Currency;
}

/** Section 2.4.1: operator and terminal are mandatory here, unlike in creates. */
const refundTable: Table<RefundMembers> = table<RefundMembers>({
  busiId: till.busiId,
  operatorId: field('operator_id', required(optionalTag)),
  outRefundNo: field('out_refund_no', leaf.callerNo),
  refundFee: field('refund_fee', leaf.fee),
  terminalId: field('terminal_id', required(optionalTag)),
  outTradeNo: field('out_trade_no', optional(leaf.callerNo)),
  tradeNo: field('trade_no', optional(leaf.callerNo)),
  refundSubject: field('refund_subject', leaf.subject),
  feeType: field('fee_type', leaf.feeType),
  ...zone,
});

export const refundAsk: Message<RefundAsk> = {
  read(message) {
    const asked = refundTable.read(message.fields);
    if (asked.outTradeNo === null && asked.tradeNo === null) throw missing('out_trade_no');
    return {
      refundNo: asked.outRefundNo,
      // "When there is a platform number, that one is used" (section 2.4.1): the other is not even compared.
      orderNo: asked.tradeNo === null ? asked.outTradeNo : null,
      platformNo: asked.tradeNo,
      amount: money(asked.refundFee, asked.feeType),
      reason: asked.refundSubject,
      notify: null,
      extras: kept({
        operator_id: asked.operatorId,
        terminal_id: asked.terminalId,
        time_zone: asked.timeZone,
        refund_subject: asked.refundSubject,
      }),
    };
  },
  write(ask, scene) {
    const { minor, currency } = ask.amount;
    if (currency !== 'CNY' && currency !== 'THB' && currency !== 'HKD') throw invalid('fee_type', 'no such fee_type');
    return refundTable.write({
      ...tillOf(scene),
      outRefundNo: ask.refundNo,
      refundFee: minor,
      outTradeNo: ask.orderNo,
      tradeNo: ask.platformNo,
      refundSubject: subjectOf(ask.reason ?? '退款'),
      feeType: currency,
    });
  },
};

function tillOf(scene: Scene): Till {
  return {
    busiId: scene.keys.sender,
    operatorId: settingOf(scene.keys, 'operatorId'),
    terminalId: settingOf(scene.keys, 'terminalId'),
    timeZone: null,
  };
}

interface FindMembers extends Till {
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
}
const numbersOfOrder = {
  outTradeNo: field('out_trade_no', optional(leaf.callerNo)),
  tradeNo: field('trade_no', optional(leaf.callerNo)),
} as const;
/** Section 2.5.1. */
const queryTable: Table<FindMembers> = table<FindMembers>({ ...till, ...numbersOfOrder, ...zone });
/** Sections 2.6.1, 2.7.1 and 2.8.1: operator, terminal and out_trade_no are mandatory. */
const endTable: Table<FindMembers> = table<FindMembers>({
  busiId: till.busiId,
  operatorId: field('operator_id', required(optionalTag)),
  terminalId: field('terminal_id', required(optionalTag)),
  outTradeNo: field('out_trade_no', required(optional(leaf.callerNo))),
  tradeNo: numbersOfOrder.tradeNo,
  ...zone,
});

function found(asked: FindMembers, extras: Extras = {}): Find {
  return {
    orderNo: asked.outTradeNo,
    platformNo: asked.tradeNo,
    refundNo: null,
    extras: { ...kept({ time_zone: asked.timeZone }), ...extras },
  };
}

/** Either number, or both: inconsistent ones name no order (row 10). */
export const queryAsk: Message<Find> = {
  read(message) {
    const asked = queryTable.read(message.fields);
    if (asked.outTradeNo === null && asked.tradeNo === null) throw missing('out_trade_no');
    return found(asked);
  },
  write: (find, scene) =>
    queryTable.write({
      busiId: scene.keys.sender,
      operatorId: null,
      terminalId: null,
      timeZone: null,
      outTradeNo: find.orderNo,
      tradeNo: find.platformNo,
    }),
};

/** /cancel and /close. The platform's number wins where it is given. */
export const endAsk: Message<Find> = {
  read(message, scene) {
    const asked = endTable.read(message.fields);
    const wins = asked.tradeNo === null ? asked : { ...asked, outTradeNo: null };
    return found(wins, settingOf(scene.keys, 'endsAny') === 'true' ? { endsAny: 'true' } : {});
  },
  write(find, scene) {
    if (find.orderNo === null) throw missing('out_trade_no');
    return endTable.write({ ...tillOf(scene), outTradeNo: find.orderNo, tradeNo: find.platformNo });
  },
};

/** `out_trade_no` is the refund's number (row 11); by setting also that of a payment with exactly one refund. */
export const refundQueryAsk: Message<Find> = {
  read(message, scene) {
    const asked = endTable.read(message.fields);
    const byOrder = settingOf(scene.keys, 'refundQueryByOrder') === 'true';
    return {
      orderNo: null,
      platformNo: null,
      refundNo: asked.outTradeNo,
      extras: {
        ...kept({ time_zone: asked.timeZone }),
        ...(byOrder && asked.outTradeNo !== null ? { onlyRefundOf: asked.outTradeNo } : {}),
      },
    };
  },
  write(find, scene) {
    if (find.refundNo === null) throw missing('out_trade_no');
    return endTable.write({ ...tillOf(scene), outTradeNo: find.refundNo, tradeNo: null });
  },
};
