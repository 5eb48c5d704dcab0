/** What is asked about payments, refunds and statements: core commands ↔ members of biz_content (page, section 1.2). */
import type { Ask, Confirm, Find, Pay, RefundAsk } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import { Obj, fields } from '../json.ts';
import { integer, looseText, optional, text } from '../leaves.ts';
import { field, invalid, missing, table } from '../message.ts';
import type { Message } from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { address, cardMembers, cardOf, kept, nobody, notifyOf, request, seller, smsCode } from './ask-parts.ts';
import { bizOf } from './legs.ts';
import * as leaf from './members.ts';
import { settingOf } from './settings.ts';

const weekS = 7 * 86_400;

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

/** Where the payee is: province and city, both or neither (document, section 4.1). Nobody here needs them. */
function checkPlace(biz: Obj): void {
  const absent = ['province', 'city'].filter((name) => scalarText(biz.get(name)).trim() === '');
  const [name] = absent;
  if (name !== undefined && absent.length === 1) throw missing(name);
}

export const payAsk: Message<Pay> = {
  read(message, scene) {
    const members = bizOf(message);
    const biz = payBiz.read(members);
    leaf.checkDayOf(biz.orderNo, scene);
    checkPlace(members);
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
      // Refunds and queries will name the day in the number: at midnight it must not be another one here.
      shopDate: leaf.dayIn(ask.orderNo) ?? leaf.dayOf(scene.moment),
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
    request(
      findBiz.write({ orderNo, tradeNo: platformNo, shopDate: orderNo === null ? null : leaf.dayIn(orderNo) }),
      null,
    ),
};

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
        shopDate: ask.orderNo === null ? null : leaf.dayIn(ask.orderNo),
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

const statementDay = text({ max: 10, pattern: /^\d{4}-\d\d-\d\d$/ });

export const statementAsk: Message<Ask<'get-statement'>> = {
  read(message) {
    const day = statementDay.read(bizOf(message).get('account_date'), 'account_date');
    if (Number.isNaN(Date.parse(day))) throw invalid('account_date', 'account_date must be a day, yyyy-MM-dd');
    return { day };
  },
  write: ({ day }) => request(fields({ account_date: day }), null),
};
