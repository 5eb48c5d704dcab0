/** The same fastPay again, one after the other and after payment: as the first time; other content is another matter. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endInOrder } from './harness.ts';
import { agreed, assertDone, assertRefused, codeOf, methods, startYsepay, type YsepayScene } from './ysepay-scene.ts';

let scene: YsepayScene;
let protocolNo = '';
before(async () => {
  scene = await startYsepay();
  protocolNo = await agreed(scene);
});
after(() => endInOrder(scene));

test('fastPay again is answered as the first time, also after payment; another amount under its number is refused', async () => {
  const { shop } = scene;
  const no = shop.fresh('r');
  const outer = { notify_url: `${scene.receiver.url}/${no}` };
  const pay = (changes = {}) => shop.ask(methods.pay, shop.paying(no, protocolNo, changes), { outer });
  const first = assertDone(await pay());
  const second = assertDone(await pay());
  assert.deepEqual(
    [second.is['trade_no'], second.is['paysn'], second.is['trade_status']],
    [first.is['trade_no'], first.is['paysn'], 'WAIT_BUYER_PAY'],
  );
  assertRefused(await pay({ total_amount: '99.99' }), 'ACQ.CONTEXT_INCONSISTENT');
  const code = await codeOf(scene, no);
  assertDone(await shop.ask(methods.confirm, { paysn: first.is['paysn'] ?? '', mobile_verify_code: code }));
  const third = assertDone(await pay());
  assert.equal(third.is['trade_no'], first.is['trade_no']);
});
