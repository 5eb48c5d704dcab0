/** One order paid twice, at channels that can refund: one success, the second sum goes back by itself, and the merchant may still refund the first (T034). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertHandled, type BestpayScene, lateRefunds, postings, startBestpay } from './bestpay-scene.ts';
import { FufuMerchant } from './fufu-party.ts';
import { bookFindings, shown, type TwinControl } from './harness.ts';
import { member, request, textAt, until } from './http.ts';

let scene: BestpayScene;
let fufu: FufuMerchant;
before(async () => {
  scene = await startBestpay();
  const [first] = scene.gateway.sandbox?.facts.merchants ?? [];
  assert.ok(first);
  fufu = new FufuMerchant(() => scene.url, first.protocols.fufu);
});
after(async () => {
  assert.deepEqual(await bookFindings(scene), []);
  await scene.stop();
});

interface Shop {
  readonly amount: number;
  readonly twin: () => TwinControl;
  readonly pay: (no: string) => Promise<unknown>;
  readonly refundAll: (no: string) => Promise<unknown>;
}

const shops: Readonly<Record<string, Shop>> = {
  bestpay: {
    amount: 1_280,
    twin: () => scene.twin('bestpay'),
    pay: async (no) => assertHandled(await scene.shop.barcode(no), 'SUCCESS'),
    refundAll: async (no) => assertHandled(await scene.shop.refund(no, `${no}R`, 1_280), 'SUCCESS'),
  },
  fufu: {
    amount: 1_000,
    twin: () => scene.twin('fufu'),
    pay: async (no) => {
      // A barcode's channel calls nobody back: a second payment of one shows in a statement only.
      const { data } = await fufu.preOrder(no, { total_fee: '1000' });
      await request('GET', String(data['qr_code']), [['user-agent', 'AlipayClient/10.5']]);
      await scene.twin('fufu').pay({ merchantOrderNo: no });
    },
    refundAll: async (no) => {
      const told = await fufu.refund(no, `${no}R`, '1000');
      assert.equal(told.code, 'SUCCESS', told.text);
    },
  },
};

describe('one order paid twice', () => {
  for (const [protocol, { amount, twin, pay, refundAll }] of Object.entries(shops))
    test(`${protocol}: the second sum goes back, once, and the merchant’s own refund is another`, async () => {
      const no = scene.fresh();
      await pay(no);
      await until(`${no} paid`, async () => textAt(await shown(scene, no), 'state') === 'paid');
      const reference = textAt(await shown(scene, no), 'reference');
      const first = textAt(await shown(scene, no), 'upstreamNo');
      await twin().pay({ reference, again: true });
      await until('the second sum is back', async () => (await lateRefunds(scene, no))[0]?.state === 'succeeded');
      await twin().call('POST', 'callback', { reference, times: 3 });

      await refundAll(no);
      await until('refunded', async () => textAt(await shown(scene, no), 'refunded', 'minor') === String(amount));
      const late = await lateRefunds(scene, no);
      assert.deepEqual(
        late.map((one) => [one.state, one.amount]),
        [['succeeded', BigInt(amount)]],
      );
      const moves = await postings(scene, no);
      assert.deepEqual(
        moves.filter((move) => move.startsWith('suspense')),
        [`suspense-in ${amount}`],
      );
      const order = await shown(scene, no);
      assert.equal(textAt(order, 'state'), 'paid');
      assert.equal(textAt(order, 'upstreamNo'), first, 'the order keeps the number of its own payment');
      const [paid] = await twin().executions(reference);
      assert.equal(member(paid, 'count'), 2);
      const [given] = await twin().executions(late[0]?.reference ?? '');
      assert.deepEqual([member(given, 'amount'), member(given, 'outcome')], [String(amount), 'paid']);
    });
});
