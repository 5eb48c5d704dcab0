/** fufu over a whole gateway: the barcode at the till, from the payer's point of view and from the wallet's faults. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { FufuMerchant } from './fufu-party.ts';
import { type Scene, startScene } from './harness.ts';

let scene: Scene;
let shop: FufuMerchant;
let numbers = 0;
const fresh = () => `F${process.pid}-${++numbers}`;

before(async () => {
  scene = await startScene();
  const [merchant] = scene.gateway.sandbox?.facts.merchants ?? [];
  assert.ok(merchant);
  shop = new FufuMerchant(() => scene.url, merchant.protocols.fufu);
});
after(() => scene.stop());

test('a code that is paid at once: state 1, amounts as numbers, everything echoed', async () => {
  const no = fresh();
  const told = await shop.order(no, { merchant_param: 'MDEwMDAwMDE=', time_zone: 'Asia/Shanghai' });
  console.log(told.text);
  assert.equal(told.code, 'SUCCESS');
  console.log((await shop.query(no)).text);
  const r = await shop.refund(no, `${no}R`, '100');
  console.log(r.text);
  console.log((await shop.refundQuery(`${no}R`)).text, (await shop.query(no)).text);
});
test('hold', async () => {
  const no = fresh();
  await scene.twin('fufu').plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const told = await shop.order(no);
  console.log(told.text, (await shop.query(no)).text);
  const pre = await shop.preOrder(fresh(), { notifyUrl: 'http://127.0.0.1:9/x' });
  console.log(pre.text);
  await wait(10);
});
