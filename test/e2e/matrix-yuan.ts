/** Shops of the matrix that take yuan: bestpay, fufu and ysepay, by clients written from their protocols' pages. */
import assert from 'node:assert/strict';
import type { Crossing } from '../../src/wiring/crossings.ts';
import type { BestpayMerchant } from './bestpay-party.ts';
import { type FufuMerchant, fufuSign } from './fufu-party.ts';
import { freshNo } from './harness.ts';
import { member, textAt, until } from './http.ts';
import { amountOf, type Shop, told, type Yard } from './matrix-shop.ts';
import type { YsepayMerchant } from './ysepay-party.ts';

// ── bestpay ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const bestpayTypes: Readonly<Record<string, string>> = { BESTPAY: 'BESTPAY', ALIPAY: 'ALIPAY', WECHAT: 'TENPAY' };

function codeOf(way: Crossing): string {
  return 'authCode' in way.ask ? (way.ask.authCode ?? '') : '';
}

export function bestpayShop({ box }: Yard, merchant: BestpayMerchant): Shop {
  return {
    fresh: () => freshNo('M'),
    async create(way, no) {
      const common = { tradeAmt: amountOf(way), notifyUrl: `${box.url}/${no}` };
      const answer =
        way.endpoint === 'orderMixBrcode'
          ? await merchant.barcode(no, { ...common, mediumNo: codeOf(way) })
          : await merchant.qr(no, {
              ...common,
              tradeType: bestpayTypes[way.option],
              ...(way.option === 'WECHAT' ? { userCode: 'o1234567890123456789012345678' } : {}),
            });
      assert.ok(answer.isSigned, answer.text);
      const canPay = way.endpoint === 'orderMixBrcode' || /^https?:/.test(String(answer.result['paymentUrl']));
      if (answer.status === 'FAIL') return told('refused', answer.text);
      if (answer.success === true) return told(canPay ? 'accepted' : 'unclear', answer.text);
      return told(answer.code === 'API500005' || answer.code === 'BE999999' ? 'unclear' : 'refused', answer.text);
    },
    async state(_way, no) {
      const { status, isSigned, text } = await merchant.confirm(no);
      assert.ok(isSigned, text);
      return status === 'SUCCESS' ? 'paid' : text;
    },
    paidNotices(_way, no) {
      const got = box.about(no).filter(({ json }) => json['tradeType'] === 'REAL_TIME_PRO');
      for (const { json } of got) assert.ok(merchant.isByPlatform(json), `signature of ${JSON.stringify(json)}`);
      return got.filter(({ json }) => json['tradeStatus'] === 'SUCCESS').length;
    },
    async refund(_way, no) {
      const answer = await merchant.refund(no, `${no}r`, 300, { notifyUrl: `${box.url}/${no}` });
      assert.ok(answer.success === true && answer.isSigned, answer.text);
      await until(`the refund of ${no}`, async () => (await merchant.findRefund(no, `${no}r`)).status === 'SUCCESS');
      await until(`the notice of the refund of ${no}`, () => {
        const [notice] = box.about(`${no}r`);
        if (notice) assert.ok(merchant.isByPlatform(notice.json), 'signature of the refund notice');
        return notice?.json['tradeStatus'] === 'SUCCESS';
      });
    },
  };
}

// ── fufu ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const channelTypes: Readonly<Record<string, string>> = { ALIPAY: '1', WECHAT: '2', BESTPAY: '3', UNIONPAY: '4' };

export function fufuShop({ scene }: Yard, merchant: FufuMerchant): Shop {
  return {
    fresh: () => freshNo('M'),
    async create(way, no) {
      const common = { total_fee: String(amountOf(way)), fee_type: way.currency };
      const named = { ...common, channel_type: channelTypes[way.option] };
      const pre = { ...common, notifyUrl: `${scene.receiver.url}/n/${no}`, time_expire: 60 };
      const inApp = {
        ...named,
        trade_type: 'JSAPI',
        openId: '2088102146225135',
        ...(way.option === 'WECHAT' ? { subAppId: 'wx0123456789abcdef' } : {}),
      };
      const answer =
        way.endpoint === 'order'
          ? await merchant.order(no, { ...named, auth_code: codeOf(way) })
          : await merchant.preOrder(no, way.method === 'in-app' ? { ...pre, ...inApp } : { ...pre, channel_type: '0' });
      const { data } = answer;
      const toPayWith = way.endpoint === 'order' ? 'x' : (data['qr_code'] ?? data['prePayId'] ?? data['payInfo']);
      if (answer.code === 'SUCCESS')
        return told(toPayWith === undefined ? 'unclear' : 'accepted', answer.text, textAt(data, 'qr_code'));
      return told(answer.code === 'EXCEPTION' ? 'unclear' : 'refused', answer.text);
    },
    async state(_way, no) {
      const { data, text } = await merchant.query(no);
      return data['state'] === 1 ? 'paid' : text;
    },
    paidNotices({ endpoint }, no) {
      if (endpoint === 'order') return null;
      const got = scene.receiver.all.filter(({ path }) => path.split('?')[0] === `/n/${no}`);
      for (const { path, body } of got) {
        const sign = new URLSearchParams(path.split('?')[1]).get('sign') ?? '';
        assert.equal(sign, fufuSign(body, merchant.key, sign.split(':')[1]), `signature of ${body}`);
      }
      return got.filter(
        ({ json }) => member(json, 'data', 'state') === 1 && textAt(json, 'data', 'out_trade_no') === no,
      ).length;
    },
    async refund(way, no) {
      const answer = await merchant.refund(no, `${no}r`, '300', { fee_type: way.currency });
      assert.equal(answer.code, 'SUCCESS', answer.text);
      await until(
        `the refund of ${no}`,
        async () => (await merchant.refundQuery(`${no}r`)).data['trade_status'] === 'succ',
      );
      assert.equal(await merchant.state(no), 4);
    },
  };
}

// ── ysepay ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function ysepayShop({ scene }: Yard, merchant: YsepayMerchant): Shop {
  const trust = (name: string) => `ysepay.trusteeship.${name}`;
  const smsCode = async (number: string): Promise<string> =>
    textAt((await scene.twin('ysepay').call('GET', `sms?reference=${number}`)).json, 'code');
  const asked = async (method: string, biz: object, outer = {}) => {
    const answer = await merchant.ask(method, { ...biz }, { outer });
    assert.ok(answer.isSigned, answer.text);
    return answer;
  };
  return {
    fresh: () => merchant.fresh('m'),
    /** The whole way to the payment: agreement, its code, the order. Its own code is the payer's (`pay`). */
    async create(way, no) {
      const agreementNo = `${no}a`;
      const signed = await asked(trust('sign'), merchant.signing(agreementNo));
      if (signed.is['code'] !== '10000')
        return told(signed.is['code'] === '40004' ? 'refused' : 'unclear', signed.text);
      const confirmed = await asked(trust('sign.confirm'), {
        out_trade_no: agreementNo,
        mobile_verify_code: await smsCode(agreementNo),
      });
      const { total_amount: _, ...biz } = merchant.paying(no, confirmed.is['protocol_no'] ?? '');
      const yuan = `${Math.floor(amountOf(way) / 100)}.${String(amountOf(way) % 100).padStart(2, '0')}`;
      const notify_url = `${scene.receiver.url}/n/${no}`;
      const ordered = await asked(trust('fastPay'), { ...biz, total_amount: yuan }, { notify_url });
      if (ordered.is['trade_status'] !== 'WAIT_BUYER_PAY') return told('unclear', ordered.text);
      const paid = await asked(trust('fastPay.confirm'), {
        paysn: ordered.is['paysn'],
        mobile_verify_code: await smsCode(no),
      });
      return told(paid.is['code'] === '10000' ? 'accepted' : 'unclear', paid.text);
    },
    async state(_way, no) {
      const answer = await asked('ysepay.online.trade.query', { out_trade_no: no, shopdate: merchant.today });
      return answer.is['trade_status'] === 'TRADE_SUCCESS' ? 'paid' : answer.text;
    },
    paidNotices(_way, no) {
      const got = scene.receiver.at(`/n/${no}`).map(({ body }) => new URLSearchParams(body));
      for (const notice of got) {
        const kept = [...notice].filter(([name, value]) => name !== 'sign' && value.trim() !== '');
        const text = kept
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map((one) => one.join('='))
          .join('&');
        assert.ok(merchant.verify(Buffer.from(text), notice.get('sign') ?? '', 'RSA'), `signature of ${text}`);
      }
      return got.filter((notice) => notice.get('trade_status') === 'TRADE_SUCCESS').length;
    },
    async refund(_way, no) {
      const answer = await asked('ysepay.online.trade.refund', merchant.refunding(no, `${no}r`, '3.00'));
      assert.equal(answer.is['code'], '10000', answer.text);
      await until(`the refund of ${no}`, async () => {
        const query = { out_request_no: `${no}r`, out_trade_no: no };
        return (await asked('ysepay.online.trade.refund.query', query)).is['refund_state'] === 'success';
      });
    },
  };
}
