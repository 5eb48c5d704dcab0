/** Shops of the matrix that take rupiah: payin and unified, by clients written from their protocols' pages. */
import assert from 'node:assert/strict';
import { bankName } from '../../src/core/banks.ts';
import type { Crossing } from '../../src/wiring/crossings.ts';
import { freshNo } from './harness.ts';
import { member, textAt } from './http.ts';
import { amountOf, must, type Shop, told, type Told, type Yard } from './matrix-shop.ts';
import type { PayinMerchant, UnifiedMerchant } from './parties.ts';
import { isPayinSigned, isUnifiedSigned } from './receiver.ts';

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

export function payinShop({ scene }: Yard, merchant: PayinMerchant): Shop {
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

// ── unified ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function unifiedShop({ scene }: Yard, merchant: UnifiedMerchant): Shop {
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
