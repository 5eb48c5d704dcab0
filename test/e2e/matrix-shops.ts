/**
 * The shops of the matrix: one merchant per channel, with a credential in every protocol, each speaking through a client written
 * from its protocol's page. What a shop does is a table of five, so that the matrix can walk any way with any of them.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { bankName } from '../../src/core/banks.ts';
import type { Crossing } from '../../src/wiring/crossings.ts';
import { BestpayMerchant, type CallbackBox } from './bestpay-party.ts';
import { FufuMerchant, fufuSign } from './fufu-party.ts';
import { freshNo, type Scene } from './harness.ts';
import { member, request, textAt, until } from './http.ts';
import { PayinMerchant, UnifiedMerchant } from './parties.ts';
import { isPayinSigned, isUnifiedSigned } from './receiver.ts';
import { YsepayMerchant } from './ysepay-party.ts';

/** What a create was answered, in one word for all protocols. */
export interface Told {
  readonly verdict: 'accepted' | 'refused' | 'unclear';
  readonly raw: string;
  /** The page on which the payer chooses. */
  readonly page: string | null;
}

export interface Shop {
  fresh(): string;
  create(way: Crossing, no: string): Promise<Told>;
  /** 'paid' once the merchant can see it; any other word is shown when it does not become so. */
  state(way: Crossing, no: string): Promise<string>;
  /** Of the notices that came: how many say "paid" and carry the platform's signature. Throws for one that does not. Null = this protocol tells nothing of that. */
  paidNotices(way: Crossing, no: string): number | null;
  /** Gives part of it back and asks until that is done. */
  refund?(way: Crossing, no: string): Promise<void>;
}

export type Shops = Readonly<Record<string, Shop>>;

export interface Yard {
  readonly scene: Scene;
  readonly box: CallbackBox;
}

async function post(scene: Scene, path: string, body: object): Promise<unknown> {
  const answer = await scene.operator.call('POST', path, body);
  if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text);
}

function makePair() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** RSA pairs take long to find: all shops share theirs, and the gateway's side towards them. */
const own = makePair();
const platform = makePair();
const rsa = { publicKey: own.publicKey, keys: { privateKey: platform.privateKey } };

/** A merchant whose every method goes to that channel alone, as an operator makes it. */
export async function openShops(yard: Yard, channel: string): Promise<Shops> {
  const { scene } = yard;
  const merchant = textAt(await post(scene, '/merchants', { name: `Toko ${channel}`, payouts: true }), 'id');
  await post(scene, `/merchants/${merchant}/fund`, { amount: '100000000', currency: 'IDR' });
  await post(scene, '/routes', { merchant, method: 'any', channel: `${channel}-twin` });
  const credential = async (protocol: string, more: object = {}) =>
    member(await post(scene, '/credentials', { merchant, protocol, ...more }), 'document');
  const payin = await credential('payin');
  const unified = await credential('unified');
  const fufu = await credential('fufu', { settings: { extraChannels: 'true' } });
  const bestpay = await credential('bestpay', rsa);
  const ysepay = await credential('ysepay', rsa);
  const url = () => scene.url;
  return {
    payin: payinShop(
      yard,
      new PayinMerchant(url, { merchantId: textAt(payin, 'merchantId'), apiKey: textAt(payin, 'apiKey') }),
    ),
    unified: unifiedShop(
      yard,
      new UnifiedMerchant(url, {
        context: 'bluepay-service',
        headers: { 'x-api-key': textAt(unified, 'headers', 'x-api-key') },
      }),
    ),
    fufu: fufuShop(yard, new FufuMerchant(url, { busiId: textAt(fufu, 'busiId'), key: textAt(fufu, 'key') })),
    bestpay: bestpayShop(
      yard,
      new BestpayMerchant(url, {
        institutionCode: textAt(bestpay, 'institutionCode'),
        merchantNo: textAt(bestpay, 'institutionCode'),
        privateKeyPem: own.privateKey,
        platformPublicKeyPem: platform.publicKey,
      }),
    ),
    ysepay: ysepayShop(
      yard,
      new YsepayMerchant(url, {
        partnerId: textAt(ysepay, 'partnerId'),
        privateKeyPem: own.privateKey,
        sm2PrivateKeyPem: '',
        platformPublicKeyPem: platform.publicKey,
        platformSm2PublicKeyPem: '',
      }),
    ),
  };
}

function amountOf({ ask }: Crossing): number {
  return Number(ask.amount.minor);
}

function told(verdict: Told['verdict'], raw: string, page: string | null = null): Told {
  return { verdict, raw, page };
}

// ── payin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Section 6 of the page. */
const payTypes: Readonly<Record<string, string>> = {
  'virtual-account BCA': '21',
  'virtual-account BRI': '22',
  'virtual-account BERSAMA': '23',
  'virtual-account PERMATA': '24',
  'virtual-account MANDIRI': '25',
  'virtual-account BNI': '26',
  'virtual-account CIMB': '27',
  'store-code ALFAMART': '31',
  'qr QRIS': '41',
  'wallet DANA': '43',
  'wallet SHOPEEPAY': '44',
  'wallet-push OVO': '47',
};

function payinShop({ scene }: Yard, merchant: PayinMerchant): Shop {
  const hook = (no: string) => `${scene.receiver.url}/n/${no}`;
  const acts: Readonly<Record<string, (way: Crossing, no: string) => Promise<Told>>> = {
    async payIn(way, no) {
      const payType = payTypes[`${way.method} ${way.option}`];
      assert.ok(payType, `no payType for ${way.method} ${way.option}`);
      // A merchant without a number gives none, but OVO pushes to one.
      const phone = way.method === 'wallet-push' ? { phone: '081234567890' } : {};
      const { verdict, raw } = await merchant.pay(no, amountOf(way), hook(no), { payType, ...phone });
      return told(verdict === 'accepted' || verdict === 'refused' ? verdict : 'unclear', raw);
    },
    async payDesk(way, no) {
      const { payType: _, ...members } = merchant.payMembers(no, amountOf(way), hook(no));
      const { text } = await merchant.send('payDesk', JSON.stringify({ ...members, returnUrl: 'https://shop.test/' }));
      const json: unknown = JSON.parse(text);
      return told(member(json, 'code') === 200 ? 'accepted' : 'refused', text, textAt(json, 'data', 'payUrl'));
    },
    async payOut(way, no) {
      const { verdict, raw } = await merchant.payOut(no, amountOf(way), hook(no), {
        bankId: Number(bankName('payin.bankId', way.option)),
        accountType: way.method.endsWith('virtual account') ? 4 : 3,
      });
      return told(verdict === 'accepted' || verdict === 'refused' ? verdict : 'unclear', raw);
    },
  };
  return {
    fresh: () => freshNo('M'),
    create: (way, no) => must(acts[way.endpoint], way.endpoint)(way, no),
    async state({ endpoint }, no) {
      const json = await merchant.ask(`${endpoint}Query`, { mchOrderNo: no, nonceStr: 'n1' });
      const word = textAt(json, 'data', 'orderStatus');
      return word === 'SUCCESS' ? 'paid' : word || textAt(json, 'msg');
    },
    paidNotices(_way, no) {
      const got = scene.receiver.at(`/n/${no}`);
      for (const one of got) assert.ok(isPayinSigned(one, merchant.keys.apiKey), `signature of ${one.body}`);
      return got.filter(({ json }) => textAt(json, 'orderStatus') === 'SUCCESS' && textAt(json, 'mchOrderNo') === no)
        .length;
    },
  };
}

function must<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the shop cannot ${what}`);
  return found;
}

// ── unified ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function unifiedShop({ scene }: Yard, merchant: UnifiedMerchant): Shop {
  const hook = (no: string) => `${scene.receiver.url}/n/${no}`;
  const first = new Map<string, Awaited<ReturnType<UnifiedMerchant['pay']>>>();
  const key = merchant.keys.headers['x-api-key'] ?? '';
  return {
    fresh: () => freshNo('M'),
    async create(way, no) {
      const members = paramsOf(way);
      const act = way.endpoint === 'loan' ? 'payOut' : 'pay';
      const own = act === 'pay' ? merchant.payMembers(no, 0, '') : merchant.payOutMembers(no, 0, '');
      const params = member(own, 'channelSpecialParams') as object;
      const answer = await merchant[act](no, amountOf(way), hook(no), {
        channelSpecialParams: { ...params, ...members },
      });
      first.set(no, answer);
      return told(
        answer.verdict === 'accepted' || answer.verdict === 'refused' ? answer.verdict : 'unclear',
        answer.raw,
      );
    },
    state: ({ endpoint }, no) => {
      const answer = must(first.get(no), 'ask about an order it never made');
      return endpoint === 'loan' ? merchant.queryPayOut(answer, no) : merchant.queryPay(answer, no);
    },
    paidNotices(_way, no) {
      const got = scene.receiver.at(`/n/${no}`);
      for (const one of got)
        assert.ok(isUnifiedSigned(one, key.slice(key.indexOf('.') + 1)), `signature of ${one.body}`);
      return got.filter(
        ({ json }) =>
          textAt(json, 'tradeStatus') === 'success' &&
          textAt(json, 'outTradeNo') === no &&
          textAt(json, 'passBack', 'p1') === 'v1',
      ).length;
    },
  };
}

function paramsOf({ method, option }: Crossing): object {
  if (method === 'virtual-account') return { payType: 'atm', bankType: option.toLowerCase() };
  if (method === 'store-code') return { payType: 'otc', bankType: undefined };
  return { payeeBankName: bankName('bluepay.payeeBankName', option) };
}

// ── bestpay ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const bestpayTypes: Readonly<Record<string, string>> = { BESTPAY: 'BESTPAY', ALIPAY: 'ALIPAY', WECHAT: 'TENPAY' };

function codeOf(way: Crossing): string {
  return 'authCode' in way.ask ? (way.ask.authCode ?? '') : '';
}

function bestpayShop({ box }: Yard, merchant: BestpayMerchant): Shop {
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

function fufuShop({ scene }: Yard, merchant: FufuMerchant): Shop {
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
        return told(toPayWith === undefined ? 'unclear' : 'accepted', answer.text, String(data['qr_code'] ?? ''));
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

function ysepayShop({ scene }: Yard, merchant: YsepayMerchant): Shop {
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

// ── the payer ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the apps of wallets call themselves (fufu page, section 7). */
const agents: Readonly<Record<string, string>> = {
  ALIPAY: 'Mozilla/5.0 AlipayClient/10.2',
  WECHAT: 'Mozilla/5.0 MicroMessenger/8.0',
  UNIONPAY: 'Mozilla/5.0 UnionPay/1.0 CloudPay',
  BESTPAY: 'Mozilla/5.0 bestpay/9.0',
};

export interface Chosen {
  /** Did the page show the way at all? */
  readonly isOffered: boolean;
  /** Was it taken? */
  readonly isTaken: boolean;
}

/** The payer on our page: picks what the way says, or opens it in that wallet. */
export async function choose({ method, option }: Crossing, page: string): Promise<Chosen> {
  if (method === 'one-code') {
    const opened = await request('GET', page, [['user-agent', agents[option] ?? '']]);
    const isTaken = opened.status === 302;
    return { isOffered: isTaken, isTaken };
  }
  const wanted = method.replace('desk: ', '');
  const { text } = await request('GET', page);
  const isOffered = text.includes(
    `name="method" value="${wanted}"><input type="hidden" name="option" value="${option}"`,
  );
  const form = new URLSearchParams({
    method: wanted,
    option,
    ...(wanted === 'wallet-push' ? { phone: '081234567890' } : {}),
  });
  const answer = await request(
    'POST',
    `${page}/choose`,
    [['content-type', 'application/x-www-form-urlencoded']],
    form.toString(),
  );
  return { isOffered, isTaken: answer.status === 303 && !String(answer.headers.location).includes('note=') };
}
