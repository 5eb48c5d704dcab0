/** bestpay over a whole gateway: refunds, their sums, numbers and faults; tenants; every error row (T020-T024, T057). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bestpayText, chinaTime, type Told } from './bestpay-party.ts';
import { assertHandled, assertRefused, type BestpayScene, postings, startBestpay } from './bestpay-scene.ts';
import { member, until } from './http.ts';

let scene: BestpayScene;
before(async () => {
  scene = await startBestpay();
});
after(() => scene.stop());

const twin = () => scene.twin('bestpay');

async function paid(changes: object = {}): Promise<string> {
  const no = scene.fresh();
  assertHandled(await scene.shop.barcode(no, changes as Record<string, unknown>), 'SUCCESS');
  return no;
}

async function sums(orderNo: string) {
  const [row] = await scene.database.owner.run<{ paid: bigint; refunded: bigint; refund_pending: bigint }>({
    text: 'select paid, refunded, refund_pending from kanal.payments where order_no = $1',
    values: [orderNo],
  });
  assert.ok(row);
  return [row.paid, row.refunded, row.refund_pending];
}

describe('refunds', () => {
  test('several partial ones up to what was paid; each has its callback; nothing is left then', async () => {
    const no = await paid();
    const url = `${scene.box.url}/refunded`;
    const told = assertHandled(
      await scene.shop.refund(no, `${no}R1`, 1000, { notifyUrl: url, refundCause: '退货' }),
      'SUCCESS',
    );
    assert.deepEqual([told.result['outTradeNo'], told.result['refundAmt']], [`${no}R1`, 1000]);
    assertRefused(await scene.shop.refund(no, `${no}R2`, 281), 'BE301001');
    assertHandled(await scene.shop.refund(no, `${no}R3`, 280), 'SUCCESS');
    assertRefused(await scene.shop.refund(no, `${no}R4`, 1), 'BE301011');
    assert.deepEqual(await sums(no), [1280n, 1280n, 0n]);
    assertHandled(await scene.shop.confirm(no), 'SUCCESS');
    const found = assertHandled(await scene.shop.findRefund(no, `${no}R1`), 'SUCCESS');
    const { tradeNo, refundRequestDate, ...rest } = found.result;
    assert.match(String(tradeNo), /^[0-9]{32}$/);
    assert.match(String(refundRequestDate), /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual(rest, {
      outTradeNo: no,
      outRequestNo: `${no}R1`,
      refundCause: '退货',
      refundAmt: 1000,
      tradeAmt: 1280,
      tradeStatus: 'SUCCESS',
    });
    const [callback] = await until('its callback', () =>
      scene.box.about(`${no}R1`).length > 0 ? scene.box.about(`${no}R1`) : null,
    );
    assert.ok(callback && scene.shop.isByPlatform(callback.json));
    const { tradeType, tradeAmt, payAmt, outRequestNo, goodsInfo, originalTradeNo } = callback.json;
    assert.deepEqual(
      { tradeType, tradeAmt, payAmt, outRequestNo, goodsInfo },
      { tradeType: 'REFUND', tradeAmt: 1000, payAmt: 1000, outRequestNo: `${no}R1`, goodsInfo: '咖啡 x2' },
    );
    assert.match(String(originalTradeNo), /^[0-9]{32}$/);
  });

  test('the same number is the same refund; another amount or order under it is refused', async () => {
    const [no, second] = [await paid(), await paid()];
    const first = await scene.shop.refund(no, `${no}R`, 100);
    const again = await Promise.all(Array.from({ length: 8 }, () => scene.shop.refund(no, `${no}R`, 100)));
    assert.deepEqual(new Set(again.map(({ text }) => text)), new Set([first.text]));
    assertRefused(await scene.shop.refund(no, `${no}R`, 101), 'ORDER_FAIL');
    assertRefused(await scene.shop.refund(second, `${no}R`, 100), 'ORDER_FAIL');
    assert.deepEqual(await sums(no), [1280n, 100n, 0n]);
  });

  test('pending stays pending and keeps its amount; the result comes by callback', async () => {
    const no = await paid();
    await twin().plan({ operation: 'refund' }, [{ kind: 'pending', ms: 500 }]);
    assertHandled(await scene.shop.refund(no, `${no}R`, 1000), 'WAITFORPAY');
    assertRefused(await scene.shop.refund(no, `${no}R2`, 281), 'BE301001');
    await until('SUCCESS', async () => (await scene.shop.findRefund(no, `${no}R`)).status === 'SUCCESS');
    assert.deepEqual(await sums(no), [1280n, 1000n, 0n]);
  });

  test('executed, but the answer is lost: WAITFORPAY, then SUCCESS, executed once', async () => {
    for (const kind of ['truncate', 'http-500', 'html', 'bad-signature']) {
      const no = await paid();
      await twin().plan({ operation: 'refund' }, [{ kind }, { kind: 'callback', times: 0 }]);
      assertHandled(await scene.shop.refund(no, `${no}R`, 100), 'WAITFORPAY');
      await until(
        `SUCCESS after ${kind}`,
        async () => (await scene.shop.findRefund(no, `${no}R`)).status === 'SUCCESS',
      );
      const executed = await twin().executions(`${no}R`);
      assert.deepEqual(await sums(no), [1280n, 100n, 0n], kind);
      assert.ok(executed.every((one) => member(one, 'count') === 1));
    }
  });

  test('refused: FAIL, the amount is free again; the same number asks once more, and that may succeed', async () => {
    const no = await paid();
    await twin().plan({ operation: 'refund' }, [{ kind: 'decline', code: 'NO_FUNDS' }]);
    const told = assertHandled(await scene.shop.refund(no, `${no}R`, 1280), 'FAIL');
    assert.equal(told.result['errorMsgCode'], 'NO_FUNDS');
    assert.deepEqual(await sums(no), [1280n, 0n, 0n]);
    assert.deepEqual(await postings(scene, `${no}R`, 'refunds'), ['hold 1280', 'release 1280']);
    assertHandled(await scene.shop.refund(no, `${no}R`, 1280), 'SUCCESS');
    assertHandled(await scene.shop.refund(no, `${no}R`, 1280), 'SUCCESS');
    assert.deepEqual(await sums(no), [1280n, 1280n, 0n]);
    assert.deepEqual(await postings(scene, `${no}R`, 'refunds'), [
      'hold 1280',
      'hold 1280',
      'pay 1280',
      'release 1280',
    ]);
  });

  test('a failed refund whose amount was taken by another meanwhile is not begun again', async () => {
    const no = await paid();
    await twin().plan({ operation: 'refund' }, [{ kind: 'decline' }]);
    assertHandled(await scene.shop.refund(no, `${no}R`, 1000), 'FAIL');
    assertHandled(await scene.shop.refund(no, `${no}R2`, 1000), 'SUCCESS');
    assertRefused(await scene.shop.refund(no, `${no}R`, 1000), 'BE301001');
    assert.deepEqual(await sums(no), [1280n, 1000n, 0n]);
  });

  test('BE300018 of the channel goes through', async () => {
    const no = await paid();
    await twin().plan({ operation: 'refund' }, [{ kind: 'decline', code: 'BE300018' }]);
    assertRefused(await scene.shop.refund(no, `${no}R`, 5), 'BE300018');
  });

  test('64 at once against a slow and lossy channel: never above what was paid', async () => {
    const no = await paid({ tradeAmt: 1000 });
    await twin().plan({ operation: 'refund' }, [{ kind: 'answer-late', ms: 300 }, { kind: 'truncate' }], 20);
    const all: Told[] = await Promise.all(
      Array.from({ length: 64 }, (_, index) => scene.shop.refund(no, `${no}R${index}`, 60)),
    );
    const taken = all.filter(({ success }) => success === true).length;
    assert.equal(taken, 16, '16 × 60 fen fit into 1000');
    await twin().call('DELETE', 'plan');
    for (const told of all.filter(({ success }) => success !== true)) assert.equal(told.code, 'BE301001');
    await until('all are decided', async () => {
      const [total, refunded, pending] = await sums(no);
      assert.ok((refunded ?? 0n) + (pending ?? 0n) <= (total ?? 0n));
      return refunded === 960n;
    });
    const executed = await scene.database.owner.run<{ reference: string }>({
      text: `select r.reference from kanal.refunds r where r.order_no like $1`,
      values: [`${no}R%`],
    });
    assert.equal(executed.length, 16);
    for (const { reference } of executed) assert.equal(member(await twin().executions(reference), 0, 'count'), 1);
  });
});

describe('tenants (T020, T021)', () => {
  const operations = ['barcode', 'qr', 'confirm', 'refund', 'findRefund'] as const;

  function askAs(operation: (typeof operations)[number], no: string, changes: Record<string, unknown>): Promise<Told> {
    switch (operation) {
      case 'barcode':
        return scene.other.barcode(no, changes);
      case 'qr':
        return scene.other.qr(no, changes);
      case 'confirm':
        return scene.other.confirm(no, changes);
      case 'refund':
        return scene.other.refund(no, `${no}X`, 1, changes);
      case 'findRefund':
        return scene.other.findRefund(no, `${no}R`, changes);
    }
  }

  test("every cross of institution and shop is refused, and somebody else's numbers do not exist", async () => {
    const no = await paid();
    assertHandled(await scene.shop.refund(no, `${no}R`, 1), 'SUCCESS');
    const { institutionCode, merchantNo } = scene.shop.keys;
    for (const operation of operations) {
      // B's institution for A's shop, and for one that nobody has: the same words.
      const theirs = assertRefused(await askAs(operation, no, { merchantNo }), 'BE300000');
      const nobodys = assertRefused(await askAs(operation, no, { merchantNo: '3178999999999999' }), 'BE300000');
      assert.equal(theirs.text.replace(/"sign".*/, ''), nobodys.text.replace(/"sign".*/, ''));
      // A's name under B's signature.
      const forged = await askAs(operation, no, { institutionCode, merchantNo });
      assert.deepEqual([forged.success, forged.code], [false, 'API100001'], operation);
    }
    for (const operation of ['confirm', 'refund', 'findRefund'] as const)
      assertRefused(await askAs(operation, no, {}), 'BE110062');
    // The number is free for B, who has its own.
    assertHandled(await scene.other.barcode(no), 'SUCCESS');
  });
});

describe('error rows (page, sections 9.3 and 11)', () => {
  const rows: readonly (readonly [string, string, () => Promise<Told>])[] = [
    ['API100001', 'another hash', () => signedWrong('sha1')],
    ['API100001', 'no signature', () => signedWrong(null)],
    [
      'BE300000',
      'an institution nobody has',
      () => scene.shop.barcode(scene.fresh(), { institutionCode: '3178000000000009' }),
    ],
    ['BE199999', 'no institution', () => scene.shop.barcode(scene.fresh(), { institutionCode: undefined })],
    ['BE199999', 'no goodsInfo', () => scene.shop.barcode(scene.fresh(), { goodsInfo: undefined })],
    ['BE199999', 'no operator', () => scene.shop.barcode(scene.fresh(), { operator: undefined })],
    ['BE199999', 'an empty subject', () => scene.shop.barcode(scene.fresh(), { subject: '' })],
    ['BE199999', 'no mediumNo', () => scene.shop.barcode(scene.fresh(), { mediumNo: undefined })],
    ['BE199999', 'decimals', () => scene.shop.barcode(scene.fresh(), { tradeAmt: '12.80' })],
    ['BE199999', 'a plus', () => scene.shop.barcode(scene.fresh(), { tradeAmt: '+1' })],
    ['BE199999', 'above the highest amount', () => scene.shop.barcode(scene.fresh(), { tradeAmt: 10_000_000_001 })],
    ['BE199999', 'other digits', () => scene.shop.barcode(scene.fresh(), { tradeAmt: '１００' })],
    ['BE199999', 'an amount in a list', () => scene.shop.barcode(scene.fresh(), { tradeAmt: [1280] })],
    ['-302', 'nothing', () => scene.shop.barcode(scene.fresh(), { tradeAmt: 0 })],
    ['-302', 'less than nothing', () => scene.shop.barcode(scene.fresh(), { tradeAmt: -1 })],
    ['BE199999', 'too long a time', () => scene.shop.barcode(scene.fresh(), { timeOut: 86_401 })],
    [
      'BE199999',
      'a day that does not exist',
      () => scene.shop.barcode(scene.fresh(), { requestDate: '2024-02-30 10:00:00' }),
    ],
    [
      'ORDER_FAIL',
      'two days ago',
      () => scene.shop.barcode(scene.fresh(), { requestDate: chinaTime(Date.now() - 172_800_000) }),
    ],
    [
      'ORDER_FAIL',
      'in two days',
      () => scene.shop.refund('x', 'y', 1, { requestDate: chinaTime(Date.now() + 172_800_000) }),
    ],
    ['BE199999', 'no web address', () => scene.shop.barcode(scene.fresh(), { notifyUrl: 'ftp://x/y' })],
    ['BE199999', 'an address of ours', () => scene.shop.barcode(scene.fresh(), { notifyUrl: `${scene.url}/console` })],
    ['BE199999', 'a number with blanks', () => scene.shop.barcode('a b')],
    [
      'BE199999',
      'a value that could be two members',
      () => scene.shop.barcode(scene.fresh(), { subject: 'tea&tradeAmt=1' }),
    ],
    ['BARCODE_VALIDATE_ERROR', 'no payment code', () => scene.shop.barcode(scene.fresh(), { mediumNo: 'hello' })],
    [
      'BE300007',
      'a wallet without a channel',
      () => scene.shop.barcode(scene.fresh(), { mediumNo: '911234567890123456' }),
    ],
    ['BE110062', 'an order that does not exist', () => scene.shop.confirm('nothing-like-it')],
    ['BE110062', 'a refund of no order', () => scene.shop.refund('nothing-like-it', 'R', 1)],
    ['BE110062', 'no such refund', () => scene.shop.findRefund('nothing-like-it', 'R')],
    ['BE301009', 'a refund of an unpaid order', unpaidRefund],
  ];

  for (const [code, what, run] of rows)
    test(`${code}: ${what}`, async () => {
      const told = await run();
      assert.equal(told.success, false, told.text);
      assert.equal(told.code, code, told.text);
    });

  async function signedWrong(digest: string | null): Promise<Told> {
    const { institutionCode, merchantNo } = scene.shop.keys;
    const members = { institutionCode, merchantNo, outTradeNo: 'x', tradeDate: chinaTime() };
    const sign = digest === null ? {} : { sign: scene.shop.signature(members, digest) };
    return scene.shop.told(await scene.shop.raw('/confirmOrderStatus', JSON.stringify({ ...members, ...sign })));
  }

  async function unpaidRefund(): Promise<Told> {
    const no = scene.fresh();
    assertHandled(await scene.shop.qr(no), 'WAITFORPAY');
    return scene.shop.refund(no, `${no}R`, 1);
  }

  test('no JSON, another type, another method, oversize: the protocol’s own words and HTTP 200', async () => {
    const bodies: readonly [string, string | Uint8Array, string?][] = [
      ['no JSON', 'a=b'],
      ['a list', '[]'],
      ['twice the same name', '{"institutionCode":"1","institutionCode":"1"}'],
      ['not UTF-8', Uint8Array.from([0x7b, 0xff, 0x7d])],
      ['a form', '{}', 'application/x-www-form-urlencoded'],
      ['too long', `{"subject":"${'x'.repeat(200_000)}"}`],
    ];
    for (const [what, body, type] of bodies) {
      const answer = await scene.shop.raw('/orderMixBrcode', body, type);
      assert.equal(answer.status, 200, what);
      assert.deepEqual(
        [member(JSON.parse(answer.text), 'success'), member(JSON.parse(answer.text), 'errorCode')],
        [false, 'BE199999'],
        what,
      );
    }
  });

  test('spellings of the path that people use', async () => {
    const asked = {
      institutionCode: scene.shop.keys.institutionCode,
      merchantNo: scene.shop.keys.merchantNo,
      outTradeNo: scene.fresh(),
      tradeAmt: '1280',
      subject: 's',
      mediumNo: '510123456789012345',
      requestDate: chinaTime(),
      goodsInfo: 'g',
      notifyUrl: 'http://127.0.0.1:9/',
      operator: 'o',
      remark: null,
    };
    assert.match(bestpayText(asked), /remark=null/);
    const body = JSON.stringify({ ...asked, sign: scene.shop.signature(asked) });
    assertHandled(scene.shop.told(await scene.shop.raw('/orderMixBarcode', body, 'application/json')), 'SUCCESS');
  });
});

test('the books are balanced in the end', async () => {
  const answer = await scene.operator.get('/ledger/check');
  assert.equal(member(answer, 'balanced'), true, JSON.stringify(member(answer, 'findings')));
});
