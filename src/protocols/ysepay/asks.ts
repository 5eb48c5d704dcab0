/** What is asked: core commands ↔ members of biz_content (page, section 1.2). */
import type {
  Ask,
  Confirm,
  Extras,
  Find,
  NotifyTarget,
  Party,
  Pay,
  RefundAsk,
  SignAgreement,
} from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { type Fields, Obj, fields } from '../json.ts';
import { integer, looseText, optional, text } from '../leaves.ts';
import { field, invalid, missing, table } from '../message.ts';
import type { Message, Opened, Scene } from '../protocol.ts';
import { bizOf } from './legs.ts';
import * as leaf from './members.ts';
import { settingOf } from './settings.ts';

const nobody: Party = { name: null, phone: null, email: null, country: 'CN' };
const weekS = 7 * 86_400;

/** What has to be given back later; sign_type is that of the notice, too. */
function kept(message: Opened, members: Readonly<Record<string, string | null>> = {}): Extras {
  const all = Object.entries({ ...members, sign_type: message.marks['signType'] ?? null });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

const address = optional(text({ max: 1024, pattern: /^[\x21-\x7e]+$/ }));

function notifyOf(message: Opened): NotifyTarget | null {
  const url = address.read(message.fields.get('notify_url'), 'notify_url');
  return url === null ? null : { kind: 'http', url };
}

/** The outer members of a request beside those of every request. */
function request(biz: Obj, notify: NotifyTarget | null, returnUrl: string | null = null): Fields {
  return fields({
    notify_url: notify?.kind === 'http' ? notify.url : undefined,
    return_url: returnUrl ?? undefined,
    biz_content: biz,
  });
}

function seller({ keys }: Scene) {
  const own = settingOf(keys, 'sellerId');
  return { seller_id: own === '' ? keys.sender : own, seller_name: settingOf(keys, 'sellerName') };
}

/** Without the country code, as banks here know it. */
function mobileOf(phone: string | null): string {
  const mobile = (phone ?? '').replace(/^86(?=1[0-9]{10}$)/, '');
  if (!leaf.secretForms.mobile.test(mobile)) throw missing('buyer_mobile');
  return mobile;
}

function secrets(scene: Scene) {
  const { name, cardNumber, mobile, idNumber, cvv, expiry } = leaf.secretForms;
  return {
    name: leaf.secret(scene, name),
    cardNumber: leaf.secret(scene, cardNumber),
    mobile: leaf.secret(scene, mobile),
    idNumber: leaf.secret(scene, idNumber),
    cvv: optional(leaf.secret(scene, cvv)),
    expiry: optional(leaf.secret(scene, expiry)),
  };
}

function cardOf(biz: Obj, scene: Scene) {
  const { cvv, expiry } = secrets(scene);
  return { cvv: cvv.read(biz.get('cardCvn2'), 'cardCvn2'), expiry: expiry.read(biz.get('cardExprDt'), 'cardExprDt') };
}

function cardMembers(card: { cvv: string | null; expiry: string | null } | undefined, scene: Scene) {
  const { cvv, expiry } = secrets(scene);
  return card === undefined ? {} : { cardCvn2: cvv.write(card.cvv), cardExprDt: expiry.write(card.expiry) };
}

interface SignBiz {
  readonly orderNo: string;
  readonly sellerId: string;
  readonly sellerName: string;
  readonly amount: bigint | null;
  readonly userId: string;
  readonly scope: string | null;
  readonly imei: string | null;
}
const signBiz = table<SignBiz>({
  orderNo: field('out_trade_no', leaf.orderNo),
  sellerId: field('seller_id', leaf.partnerNo),
  sellerName: field('seller_name', leaf.line(50)),
  amount: field('total_amount', optional(leaf.yuan)),
  userId: field('user_id', leaf.customerNo),
  scope: field('actionScope', optional(text({ max: 2, pattern: /^0[12]$/ }))),
  imei: field('imei', leaf.loose(64)),
});

export const signAsk: Message<SignAgreement> = {
  read(message, scene) {
    const members = bizOf(message);
    const biz = signBiz.read(members);
    leaf.checkDayOf(biz.orderNo, scene);
    const { name, mobile, cardNumber, idNumber } = secrets(scene);
    const phone = mobile.read(members.get('buyer_mobile'), 'buyer_mobile');
    return {
      orderNo: biz.orderNo,
      userId: biz.userId,
      payer: { ...nobody, name: name.read(members.get('buyer_name'), 'buyer_name'), phone: `86${phone}` },
      card: {
        number: cardNumber.read(members.get('buyer_card_number'), 'buyer_card_number'),
        idNumber: idNumber.read(members.get('pyerIDNo'), 'pyerIDNo'),
        ...cardOf(members, scene),
      },
      payeeNo: biz.sellerId,
      scope: biz.scope === '02' ? 'any-payee' : 'one-payee',
      extras: kept(message),
    };
  },
  write({ orderNo, userId, payer, card, scope }, scene) {
    const { name, mobile, cardNumber, idNumber } = secrets(scene);
    if (payer.name === null) throw missing('buyer_name');
    const biz = fields({
      out_trade_no: orderNo,
      ...seller(scene),
      buyer_name: name.write(payer.name),
      buyer_card_number: cardNumber.write(card.number),
      buyer_mobile: mobile.write(mobileOf(payer.phone)),
      pyerIDNo: idNumber.write(card.idNumber),
      ...cardMembers(card, scene),
      user_id: userId,
      actionScope: scope === 'any-payee' ? '02' : '01',
    });
    return request(biz, null);
  },
};

const smsCode = looseText({ max: 6, pattern: /^[0-9]{6}$/ });

export const signConfirmAsk: Message<Confirm> = {
  read(message, scene) {
    const biz = bizOf(message);
    return {
      orderNo: leaf.orderNo.read(biz.get('out_trade_no'), 'out_trade_no'),
      confirmNo: null,
      code: smsCode.read(biz.get('mobile_verify_code'), 'mobile_verify_code'),
      card: cardOf(biz, scene),
      extras: kept(message),
    };
  },
  write: (ask, scene) =>
    request(
      fields({
        out_trade_no: ask.orderNo ?? undefined,
        mobile_verify_code: ask.code,
        ...cardMembers(ask.card, scene),
      }),
      null,
    ),
};

interface PayBiz {
  readonly orderNo: string;
  readonly shopDate: string;
  readonly subject: string;
  readonly amount: bigint;
  readonly currency: string | null;
  readonly sellerId: string;
  readonly sellerName: string;
  readonly lifetime: number | null;
  readonly businessCode: string;
  readonly protocolNo: string;
  readonly userId: string;
  readonly extraCommon: string | null;
  readonly instalments: number | null;
}
const payBiz = table<PayBiz>({
  orderNo: field('out_trade_no', leaf.orderNo),
  shopDate: field('shopdate', leaf.day),
  subject: field('subject', leaf.line(250)),
  amount: field('total_amount', leaf.yuan),
  currency: field('currency', leaf.currency),
  sellerId: field('seller_id', leaf.partnerNo),
  sellerName: field('seller_name', leaf.line(50)),
  lifetime: field('timeout_express', optional(leaf.lifetime)),
  businessCode: field('business_code', looseText({ max: 10, pattern: /^[0-9]+$/ })),
  protocolNo: field('protocol_no', leaf.partnerNo),
  userId: field('user_id', leaf.customerNo),
  extraCommon: field('extra_common_param', leaf.loose(1000)),
  // The request's own name for it is not public; this is the reply's.
  instalments: field('installment_num', optional(integer({ min: 3, max: 99 }))),
});

export const payAsk: Message<Pay> = {
  read(message, scene) {
    const members = bizOf(message);
    const biz = payBiz.read(members);
    leaf.checkDayOf(biz.orderNo, scene);
    return {
      orderNo: biz.orderNo,
      amount: money(biz.amount, 'CNY'),
      method: 'quick-pay',
      option: null,
      subject: biz.subject,
      payer: nobody,
      notify: notifyOf(message),
      returnUrl: address.read(message.fields.get('return_url'), 'return_url'),
      // Without the permission for another time, a week applies (page, section 4).
      expiresInS: biz.lifetime ?? weekS,
      authCode: null,
      agreementNo: biz.protocolNo,
      agreementUse: {
        userId: biz.userId,
        payeeNo: biz.sellerId,
        ...cardOf(members, scene),
        instalments: biz.instalments,
      },
      extras: kept(message, {
        shopdate: biz.shopDate,
        seller_id: biz.sellerId,
        business_code: biz.businessCode,
        extra_common_param: biz.extraCommon,
        installment_num: biz.instalments === null ? null : String(biz.instalments),
      }),
    };
  },
  write(ask, scene) {
    const use = ask.agreementUse;
    if (ask.agreementNo === null || use === undefined) throw missing('protocol_no');
    const biz = payBiz.write({
      orderNo: ask.orderNo,
      shopDate: leaf.dayOf(scene.moment),
      subject:
        (ask.subject ?? '')
          .replaceAll(/\p{Cc}+/gu, ' ')
          .trim()
          .slice(0, 250) || 'Payment',
      amount: ask.amount.minor,
      currency: 'CNY',
      sellerId: seller(scene).seller_id,
      sellerName: seller(scene).seller_name,
      lifetime: ask.expiresInS,
      businessCode: settingOf(scene.keys, use.instalments === null ? 'businessCode' : 'instalmentCode'),
      protocolNo: ask.agreementNo,
      userId: use.userId,
      extraCommon: null,
      instalments: use.instalments,
    });
    return request(new Obj([...biz, ...fields(cardMembers(use, scene))]), ask.notify, ask.returnUrl);
  },
};

const confirmNo = looseText({ max: 64, pattern: /^[0-9A-Za-z_-]+$/ });

/** fastPay.confirm (document, section 4.2). */
export const payConfirmAsk: Message<Confirm> = {
  read(message) {
    const biz = bizOf(message);
    return {
      orderNo: null,
      confirmNo: confirmNo.read(biz.get('paysn'), 'paysn'),
      code: smsCode.read(biz.get('mobile_verify_code'), 'mobile_verify_code'),
      extras: kept(message),
    };
  },
  write: (ask) => {
    if (ask.confirmNo === null) throw missing('paysn');
    return request(fields({ paysn: ask.confirmNo, mobile_verify_code: ask.code }), null);
  },
};

/** fastPay.reachievemsg: a new code. */
export const resendAsk: Message<Confirm> = {
  read: (message) => ({
    orderNo: null,
    confirmNo: confirmNo.read(bizOf(message).get('paysn'), 'paysn'),
    code: '',
    extras: kept(message),
  }),
  write: (ask) => {
    if (ask.confirmNo === null) throw missing('paysn');
    return request(fields({ paysn: ask.confirmNo }), null);
  },
};

const findBiz = table<{ orderNo: string | null; tradeNo: string | null; shopDate: string | null }>({
  orderNo: field('out_trade_no', optional(leaf.orderNo)),
  tradeNo: field('trade_no', leaf.platformNo),
  shopDate: field('shopdate', optional(leaf.day)),
});

/** One of the two numbers; out_trade_no goes before trade_no (page, section 1.2, 8). */
export const findAsk: Message<Find> = {
  read(message) {
    const { orderNo, tradeNo } = findBiz.read(bizOf(message));
    if (orderNo === null && tradeNo === null) throw missing('out_trade_no');
    return { orderNo, platformNo: orderNo === null ? tradeNo : null, refundNo: null, extras: kept(message) };
  },
  write: ({ orderNo, platformNo }) =>
    request(findBiz.write({ orderNo, tradeNo: platformNo, shopDate: orderNo === null ? null : dayIn(orderNo) }), null),
};

/** Our references begin with their day. */
function dayIn(number: string): string | null {
  return /^\d{8}/.exec(number)?.[0] ?? null;
}

interface RefundBiz {
  readonly orderNo: string | null;
  readonly shopDate: string | null;
  readonly tradeNo: string | null;
  readonly amount: bigint;
  readonly reason: string;
  readonly refundNo: string;
}
const refundBiz = table<RefundBiz>({
  orderNo: field('out_trade_no', optional(leaf.orderNo)),
  shopDate: field('shopdate', optional(leaf.day)),
  tradeNo: field('trade_no', leaf.platformNo),
  amount: field('refund_amount', leaf.yuan),
  reason: field('refund_reason', leaf.line(50)),
  refundNo: field('out_request_no', leaf.orderNo),
});

export const refundAsk: Message<RefundAsk> = {
  read(message) {
    const biz = refundBiz.read(bizOf(message));
    if (biz.orderNo === null) throw missing('out_trade_no');
    if (biz.shopDate === null) throw missing('shopdate');
    return {
      refundNo: biz.refundNo,
      orderNo: biz.orderNo,
      platformNo: null,
      amount: money(biz.amount, 'CNY'),
      reason: biz.reason,
      notify: notifyOf(message),
      extras: kept(message, { shopdate: biz.shopDate, refund_reason: biz.reason }),
    };
  },
  write: (ask) =>
    request(
      refundBiz.write({
        orderNo: ask.orderNo,
        shopDate: ask.orderNo === null ? null : dayIn(ask.orderNo),
        tradeNo: ask.platformNo,
        amount: ask.amount.minor,
        reason:
          (ask.reason ?? '')
            .replaceAll(/\p{Cc}+/gu, ' ')
            .trim()
            .slice(0, 50) || 'refund',
        refundNo: ask.refundNo,
      }),
      ask.notify,
    ),
};

const refundFindBiz = table<{ refundNo: string; orderNo: string | null; tradeNo: string | null }>({
  refundNo: field('out_request_no', leaf.orderNo),
  orderNo: field('out_trade_no', optional(leaf.orderNo)),
  tradeNo: field('trade_no', leaf.platformNo),
});

export const refundFindAsk: Message<Find> = {
  read(message) {
    const { refundNo, orderNo } = refundFindBiz.read(bizOf(message));
    return { refundNo, orderNo, platformNo: null, extras: kept(message) };
  },
  write: ({ refundNo, orderNo, platformNo }) =>
    request(refundFindBiz.write({ refundNo: refundNo ?? '', orderNo, tradeNo: platformNo }), null),
};

const agreementBiz = table<{ orderNo: string | null; protocolNo: string | null; userId: string | null }>({
  orderNo: field('out_trade_no', optional(leaf.orderNo)),
  protocolNo: field('protocol_no', optional(leaf.partnerNo)),
  userId: field('user_id', optional(leaf.customerNo)),
});

/** queryProtocol: its members are not public; any of the three names an agreement. */
export const agreementFindAsk: Message<Find> = {
  read(message) {
    const { orderNo, protocolNo, userId } = agreementBiz.read(bizOf(message));
    if (orderNo === null && protocolNo === null && userId === null) throw missing('protocol_no');
    return {
      orderNo,
      platformNo: protocolNo,
      refundNo: null,
      extras: kept(message, userId === null ? {} : { user_id: userId }),
    };
  },
  write: ({ orderNo, platformNo, extras }) =>
    request(agreementBiz.write({ orderNo, protocolNo: platformNo, userId: extras['user_id'] ?? null }), null),
};

/** sign.cancel names the agreement by its own number. */
export const agreementCancelAsk: Message<Find> = {
  read(message) {
    const protocolNo = leaf.partnerNo.read(bizOf(message).get('protocol_no'), 'protocol_no');
    return { orderNo: null, platformNo: protocolNo, refundNo: null, extras: kept(message) };
  },
  write: ({ platformNo }) => {
    if (platformNo === null) throw missing('protocol_no');
    return request(fields({ protocol_no: platformNo }), null);
  },
};

const statementDay = text({ max: 10, pattern: /^\d{4}-\d\d-\d\d$/ });

export const statementAsk: Message<Ask<'get-statement'>> = {
  read(message) {
    const day = statementDay.read(bizOf(message).get('account_date'), 'account_date');
    if (Number.isNaN(Date.parse(day))) throw invalid('account_date', 'account_date must be a day, yyyy-MM-dd');
    return { day };
  },
  write: ({ day }) => request(fields({ account_date: day }), null),
};
