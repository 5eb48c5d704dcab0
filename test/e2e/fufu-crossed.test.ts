/** A fufu shop paid through a Bestpay channel, which can neither cancel nor close; and the other way round. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FufuScene, startFufu, until } from './fufu-scene.ts';
import { textAt } from './http.ts';

let t: FufuScene;
before(async () => {
  t = await startFufu();
  const channels = await t.operator.list('channels');
  const channel = textAt(
    channels.find((one) => textAt(one, 'protocol') === 'bestpay'),
    'id',
  );
  for (const method of ['barcode', 'qr'])
    assert.equal(
      (await t.operator.call('POST', '/routes', { merchant: t.a.id, method, channel, weight: 100 })).status,
      200,
    );
});
after(async () => {
  const books = (await t.operator.get('/ledger/check')) as { balanced: boolean };
  assert.equal(books.balanced, true);
  await t.stop();
});

test('paid at once, refunded in parts', async () => {
  const no = t.fresh();
  const told = await t.shop.order(no, { total_fee: '500' });
  assert.deepEqual([told.code, told.data['state'], told.data['channel_type']], ['SUCCESS', 1, '1'], told.text);
  assert.equal(textAt(await t.seen(no), 'channelName'), 'bestpay-twin');
  assert.equal((await t.shop.refund(no, `${no}-1`, '200')).code, 'SUCCESS');
  await until(
    () => t.shop.state(no),
    (state) => state === 4,
  );
});

test('nobody pays: the channel’s own CLOSE ends it before the answer, and counts as reversed', async () => {
  const no = t.fresh();
  await t.twin('bestpay').plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const told = await t.shop.order(no);
  assert.deepEqual([told.code, told.data['state']], ['AREADY_REVOKED', 2], told.text);
});

test('the payer is quick enough: paid', async () => {
  const no = t.fresh();
  await t.twin('bestpay').plan({ operation: 'pay' }, [{ kind: 'pending', ms: 100 }]);
  const told = await t.shop.order(no);
  assert.deepEqual([told.code, told.data['state']], ['SUCCESS', 1], told.text);
});

test('foreign currency goes to the channel that takes it', async () => {
  assert.equal((await t.shop.order(t.fresh(), { fee_type: 'HKD' })).code, 'SUCCESS');
});
