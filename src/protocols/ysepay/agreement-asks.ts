/** Asks about agreements: signing, confirming, finding, cancelling (page, section 1.2: 1, 2, 6, 7). */
import type { Confirm, Find, SignAgreement } from '../../core/commands.ts';
import { fields } from '../json.ts';
import { optional, text } from '../leaves.ts';
import { field, missing, table } from '../message.ts';
import type { Message } from '../protocol.ts';
import { cardMembers, cardOf, kept, nobody, request, secrets, seller, smsCode } from './ask-parts.ts';
import { bizOf } from './legs.ts';
import * as leaf from './members.ts';

/** Without the country code, as banks here know it. */
function mobileOf(phone: string | null): string {
  const mobile = (phone ?? '').replace(/^86(?=1[0-9]{10}$)/, '');
  if (!leaf.secretForms.mobile.test(mobile)) throw missing('buyer_mobile');
  return mobile;
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
