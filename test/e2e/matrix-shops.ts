/** The shops of the matrix, one merchant per channel with a credential in every protocol, and the payer on our pages. */
import { generateKeyPairSync } from 'node:crypto';
import type { Crossing } from '../../src/wiring/crossings.ts';
import { BestpayMerchant } from './bestpay-party.ts';
import { FufuMerchant } from './fufu-party.ts';
import { type Scene, shown } from './harness.ts';
import { member, request, textAt } from './http.ts';
import { payinShop, unifiedShop } from './matrix-rupiah.ts';
import type { Shops, Yard } from './matrix-shop.ts';
import { bestpayShop, fufuShop, ysepayShop } from './matrix-yuan.ts';
import { PayinMerchant, UnifiedMerchant } from './parties.ts';
import { YsepayMerchant } from './ysepay-party.ts';

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
export async function choose(scene: Scene, { method, option }: Crossing, page: string, no: string): Promise<Chosen> {
  if (method === 'one-code') {
    const opened = await request('GET', page, [['user-agent', agents[option] ?? '']]);
    // Where no wallet can pay, the page of cards is.
    const isTaken = opened.status === 302 && !String(opened.headers.location).startsWith('/cashier/');
    return { isOffered: isTaken, isTaken };
  }
  if (method === 'desk: quick-pay') return payByCard(scene, page, no);
  const wanted = method.replace('desk: ', '');
  const { text } = await request('GET', page);
  const isOffered = text.includes(
    `name="method" value="${wanted}"><input type="hidden" name="option" value="${option}"`,
  );
  const phone = wanted === 'wallet-push' ? { phone: '081234567890' } : {};
  return { isOffered, isTaken: await isDone(`${page}/choose`, { method: wanted, option, ...phone }) };
}

async function isDone(url: string, form: Readonly<Record<string, string>>): Promise<boolean> {
  const type = [['content-type', 'application/x-www-form-urlencoded']] as const;
  const answer = await request('POST', url, type, new URLSearchParams(form).toString());
  return answer.status === 303 && !String(answer.headers.location).includes('note=');
}

/** From the one-code page, in a browser that is no wallet, through both codes. */
async function payByCard(scene: Scene, page: string, no: string): Promise<Chosen> {
  const opened = await request('GET', page);
  const [place] = /\/cashier\/[\w-]+/.exec(`${String(opened.headers.location)} ${opened.text}`) ?? [];
  if (place === undefined) return { isOffered: false, isTaken: false };
  const desk = new URL(place, page).href;
  const code = async (reference: string) =>
    textAt((await scene.twin('ysepay').call('GET', `sms?reference=${reference}`)).json, 'code');
  const order = async () => shown(scene, no);
  const card = {
    number: '6222020200000000006',
    holder: '张三',
    identity: '110101199003078031',
    mobile: '13800138000',
  };
  const isSigned = await isDone(`${desk}/card`, card);
  const agreementNo = `desk-${textAt(await order(), 'id')}-1`;
  const agreements = await scene.operator.list('agreements');
  const agreement = agreements.find((one) => textAt(one, 'merchantOrderNo') === agreementNo);
  const isBegun = isSigned && (await isDone(`${desk}/card-code`, { code: await code(textAt(agreement, 'reference')) }));
  const isTaken = isBegun && (await isDone(`${desk}/code`, { code: await code(textAt(await order(), 'reference')) }));
  return { isOffered: true, isTaken };
}
