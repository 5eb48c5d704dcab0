/** bestpay over a whole gateway: callbacks that are late, early, many, forged or wrong; orders that a channel does not know (T006, T007, T041-T043, T028). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertHandled, type BestpayScene, lateRefunds, postings, startBestpay } from './bestpay-scene.ts';
import { member, request, until } from './http.ts';

let scene: BestpayScene;
before(async () => {
  scene = await startBestpay();
});
after(() => scene.stop());

const twin = () => scene.twin('bestpay');

async function verdicts(orderNo: string): Promise<readonly string[]> {
  const rows = await scene.database.owner.run<{ verdict: string }>({
    text: `select c.verdict from kanal.callbacks c left join kanal.payments p on p.home = c.home and p.id = c.object_id
      where p.order_no = $1 or (p.id is null and c.body like '%' || coalesce((select reference from kanal.payments where order_no = $1), '-') || '%')
      order by c.id`,
    values: [orderNo],
  });
  return rows.map(({ verdict }) => verdict);
}

async function planned(callback: object): Promise<string> {
  const no = scene.fresh();
  await twin().plan({ operation: 'pay' }, [{ kind: 'callback', ...callback }]);
  assertHandled(await scene.shop.qr(no, { notifyUrl: `${scene.box.url}/${no}` }), 'WAITFORPAY');
  return no;
}

const told = (no: string) => scene.box.about(no).map(({ json }) => json['tradeStatus']);

describe('callbacks', () => {
  test('a forged one changes nothing; the true one does', async () => {
    const no = await planned({ forged: true });
    await until('the forged one', async () => (await verdicts(no)).includes('forged'));
    assertHandled(await scene.shop.confirm(no), 'WAITFORPAY');
    assert.deepEqual(await postings(scene, no), []);
    await twin().pay({ reference: no });
    await until('told', () => told(no).length === 1);
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
  });

  test('an authentic one of another amount: nothing is told, the sum waits in suspense', async () => {
    const no = await planned({ wrongAmount: true });
    await twin().pay({ reference: no });
    await until('reviewed', async () => (await postings(scene, no)).length > 0);
    assert.deepEqual(await postings(scene, no), ['suspense-in 1281']);
    assertHandled(await scene.shop.confirm(no), 'WAITFORPAY');
    assert.deepEqual([told(no), await lateRefunds(scene, no)], [[], []]);
  });

  test('five times the same: one posting, one notice, each acknowledged', async () => {
    const no = await planned({ times: 5 });
    await twin().pay({ reference: no });
    await until('all five', async () => (await verdicts(no)).length === 5);
    assert.deepEqual((await verdicts(no)).toSorted(), ['changed', 'repeated', 'repeated', 'repeated', 'repeated']);
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
    assert.deepEqual(await until('told', () => (told(no).length > 0 ? told(no) : null)), ['SUCCESS']);
  });

  test('before the reply of the order: it finds the stored attempt, and the reply says SUCCESS or waits', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'pending' }, { kind: 'callback', beforeReply: true }]);
    const reply = await scene.shop.barcode(no, { notifyUrl: `${scene.box.url}/early` });
    assert.equal(reply.status, 'SUCCESS', reply.text);
    await until('told', () => told(no).length === 1);
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
  });

  test('success, then failure: the success stays, a person looks', async () => {
    const no = await planned({});
    await twin().pay({ reference: no });
    await until('told', () => told(no).length === 1);
    await twin().call('POST', 'callback', { reference: no, status: 'failed' });
    assertHandled(await scene.shop.confirm(no), 'SUCCESS');
    assert.deepEqual(told(no), ['SUCCESS']);
  });

  test('each flipped byte of a true callback is refused in the document’s words, with HTTP 200', async () => {
    const no = await planned({ times: 0 });
    await twin().pay({ reference: no });
    const [seen] = await scene.database.owner.run<{ id: bigint; body: string }>({
      text: `select ch.id, '' as body from kanal.channels ch where ch.protocol = 'bestpay'`,
      values: [],
    });
    await twin().call('POST', 'callback', { reference: no });
    const [kept] = await scene.database.owner.run<{ body: string }>({
      text: `select c.body from kanal.callbacks c join kanal.payments p on p.home = c.home and p.id = c.object_id where p.order_no = $1`,
      values: [no],
    });
    const body = Buffer.from(kept?.body ?? '');
    assert.ok(body.length > 300);
    for (let at = 1; at < body.length; at += 7) {
      const bent = Buffer.from(body);
      bent[at] = (bent[at] ?? 0) ^ 1;
      const answer = await request(
        'POST',
        `${scene.url}/listen/${seen?.id}`,
        [['content-type', 'application/json']],
        bent,
      );
      assert.equal(answer.status, 200);
      const { success, result } = JSON.parse(answer.text) as { success: unknown; result: unknown };
      assert.equal(success, false, `byte ${at}`);
      assert.notEqual(member(result, 'statusCode'), '200');
    }
    const again = await request(
      'POST',
      `${scene.url}/listen/${seen?.id}`,
      [['content-type', 'application/json']],
      body,
    );
    assert.equal(again.text, '{"success":true,"errorCode":"000000","errorMsg":"成功","result":{"statusCode":"200"}}');
  });
});

describe('what the channel does not know', () => {
  test('never arrived: WAITFORPAY while nobody can say, FAIL after the settle window, never executed', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'drop-before' }]);
    const began = performance.now();
    const reply = await scene.shop.barcode(no);
    // Ten minutes are three seconds here, so the window may be over before the reply is.
    assert.ok(reply.status === 'WAITFORPAY' || performance.now() - began > 3_000, reply.text);
    await until('FAIL', async () => (await scene.shop.confirm(no)).status === 'FAIL', 30_000);
    assert.deepEqual(await postings(scene, no), []);
    assert.deepEqual(await twin().executions(no), []);
  });

  test('executed, but unknown to queries for a while: found in the end, booked once', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [
      { kind: 'truncate' },
      { kind: 'not-found', ms: 600 },
      { kind: 'callback', times: 0 },
    ]);
    assertHandled(await scene.shop.barcode(no), 'SUCCESS');
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
  });
});

test('the books are balanced in the end', async () => {
  const answer = await scene.operator.get('/ledger/check');
  assert.equal(member(answer, 'balanced'), true, JSON.stringify(member(answer, 'findings')));
});
