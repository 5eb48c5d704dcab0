/** bestpay over a whole gateway: barcodes and QR orders, from the payer's point of view and from the wallet's faults. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { acknowledged } from './bestpay-party.ts';
import {
  assertHandled,
  assertRefused,
  type BestpayScene,
  lateRefunds,
  postings,
  startBestpay,
} from './bestpay-scene.ts';
import { member, request, textAt, until } from './http.ts';

let scene: BestpayScene;
before(async () => {
  scene = await startBestpay();
});
after(() => scene.stop());

const twin = () => scene.twin('bestpay');

describe('barcode', () => {
  test('paid at once: SUCCESS with amounts, a callback, the money in the books', async () => {
    const no = scene.fresh();
    const told = assertHandled(await scene.shop.barcode(no, { notifyUrl: `${scene.box.url}/paid?a=1&b=2` }), 'SUCCESS');
    const { result } = told;
    assert.match(textAt(result, 'tradeNo'), /^[0-9]{32}$/);
    assert.deepEqual(
      [result['merchantNo'], result['outTradeNo'], result['tradeAmt'], result['payAmt'], result['disCountAmt']],
      [scene.shop.keys.merchantNo, no, 1280, 1280, 0],
    );
    assertHandled(await scene.shop.confirm(no), 'SUCCESS');
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
    const [callback] = await until('the callback', () => (scene.box.about(no).length > 0 ? scene.box.about(no) : null));
    assert.ok(callback);
    assert.equal(callback.path, '/paid?a=1&b=2');
    assert.ok(scene.shop.isByPlatform(callback.json));
    const { tradeFinishedDate, sign: _, ...rest } = callback.json;
    assert.match(String(tradeFinishedDate), /^20[0-9]{12}$/);
    assert.deepEqual(rest, {
      tradeNo: result['tradeNo'],
      outTradeNo: no,
      tradeType: 'REAL_TIME_PRO',
      tradeAmt: 1280,
      merchantNo: scene.shop.keys.merchantNo,
      payAmt: 1280,
      discountAmt: 0,
      ccy: '156',
      tradeStatus: 'SUCCESS',
      goodsInfo: '咖啡 x2',
      resultCode: '200',
      resultMsg: '成功',
      institutionCode: scene.shop.keys.institutionCode,
    });
  });

  test('the same again is the same answer, also fifty at once; other content is ORDER_FAIL; one execution', async () => {
    const no = scene.fresh();
    const all = await Promise.all(Array.from({ length: 50 }, () => scene.shop.barcode(no)));
    assert.equal(new Set(all.map(({ text }) => text)).size, 1, all[0]?.text);
    assertRefused(await scene.shop.barcode(no, { tradeAmt: 1281 }), 'ORDER_FAIL');
    assertHandled(await scene.shop.barcode(no), 'SUCCESS');
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
  });

  test('the payer must enter a password: WAITFORPAY, then SUCCESS by itself and a callback', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'pending', ms: 400 }]);
    assertHandled(await scene.shop.barcode(no, { notifyUrl: `${scene.box.url}/late` }), 'WAITFORPAY');
    assertHandled(await scene.shop.confirm(no), 'WAITFORPAY');
    await until('the callback', () => scene.box.about(no).length === 1);
    assertHandled(await scene.shop.confirm(no), 'SUCCESS');
  });

  test('pending without any callback: our own questions find it out', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [
      { kind: 'pending', ms: 300 },
      { kind: 'callback', times: 0 },
    ]);
    assertHandled(await scene.shop.barcode(no, { notifyUrl: `${scene.box.url}/asked` }), 'WAITFORPAY');
    await until('the notice', () => scene.box.about(no).length === 1);
    assert.deepEqual(await postings(scene, no), ['receive 1280']);
  });

  test('refused by the wallet: handled, FAIL with the reason, nothing booked; told the same again', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'decline', code: 'AUTH_CODE_INVALID' }]);
    const told = assertHandled(await scene.shop.barcode(no), 'FAIL');
    assert.equal(told.result['errorMsgCode'], 'AUTH_CODE_INVALID');
    const asked = assertHandled(await scene.shop.confirm(no), 'FAIL');
    assert.equal(asked.result['errorMsgCode'], 'AUTH_CODE_INVALID');
    assertHandled(await scene.shop.barcode(no), 'FAIL');
    assert.deepEqual(await postings(scene, no), []);
  });

  test('declined later by the payer: WAITFORPAY, then FAIL', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'decline-later', ms: 200 }]);
    assertHandled(await scene.shop.barcode(no), 'WAITFORPAY');
    await until('FAIL', async () => (await scene.shop.confirm(no)).status === 'FAIL');
  });

  test('each wallet by its code; a text that is no payment code, and a wallet that the channel has not', async () => {
    for (const mediumNo of ['510123456789012345', '134567890123456789', '288886863488188613'])
      assertHandled(await scene.shop.barcode(scene.fresh(), { mediumNo }), 'SUCCESS');
    for (const mediumNo of ['990123456789012345', '12', 'fp0123456789012345678901234567890123'])
      assertRefused(await scene.shop.barcode(scene.fresh(), { mediumNo }), 'BARCODE_VALIDATE_ERROR');
    assertRefused(await scene.shop.barcode(scene.fresh(), { mediumNo: '6212345678901234567' }), 'BE300007');
  });

  test('the payment code is kept and logged nowhere', async () => {
    const mediumNo = '288811112222333344';
    assertHandled(await scene.shop.barcode(scene.fresh(), { mediumNo }), 'SUCCESS');
    assertRefused(
      await scene.shop.barcode(scene.fresh(), { mediumNo: '999911112222333344' }),
      'BARCODE_VALIDATE_ERROR',
    );
    const rows = await scene.database.owner.run<{ found: bigint }>({
      text: `select count(*) as found from (select p::text as line from kanal.payments p union all select e::text from kanal.events e
        union all select n::text from kanal.notices n union all select a::text from kanal.attempts a union all select c::text from kanal.callbacks c
        union all select x::text from kanal.numbers x) t
        where line like '%11112222333344%'`,
      values: [],
    });
    assert.equal(rows[0]?.found, 0n);
    assert.ok(scene.log.every((line) => !line.includes('11112222333344')));
  });
});

describe('barcode against a lossy wallet: executed at most once, never a false FAIL', () => {
  const faults: readonly (readonly [string, object, string])[] = [
    ['executed, the answer is cut', { kind: 'truncate' }, 'SUCCESS'],
    ['executed, HTTP 500', { kind: 'http-500' }, 'SUCCESS'],
    ['executed, a web page', { kind: 'html' }, 'SUCCESS'],
    ['executed, a wrong signature', { kind: 'bad-signature' }, 'SUCCESS'],
  ];
  for (const [what, fault, end] of faults)
    test(what, async () => {
      const no = scene.fresh();
      await twin().plan({ operation: 'pay' }, [fault, { kind: 'callback', times: 0 }]);
      const told = await scene.shop.barcode(no);
      assert.ok(told.status === 'WAITFORPAY' || told.status === 'SUCCESS', told.text);
      await until(end, async () => (await scene.shop.confirm(no)).status === end);
      assert.deepEqual(await postings(scene, no), ['receive 1280']);
    });

  test('a wrong amount in the answer: not told as paid, money set aside, a review', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'wrong-amount' }, { kind: 'callback', times: 0 }]);
    assertHandled(await scene.shop.barcode(no), 'WAITFORPAY');
    assert.deepEqual(await postings(scene, no), ['suspense-in 1281']);
    assert.equal((await scene.shop.confirm(no)).status, 'WAITFORPAY');
  });

  test('nothing left us: FAIL, and nothing was executed', async () => {
    const no = scene.fresh();
    await twin().plan({}, [{ kind: 'down', ms: 150 }]);
    assertHandled(await scene.shop.barcode(no), 'FAIL');
    await until('the twin is back', async () => (await scene.shop.barcode(scene.fresh())).status === 'SUCCESS');
    assert.deepEqual(await postings(scene, no), []);
  });
});

describe('QR', () => {
  test('order → payer page → callback → notice', async () => {
    const no = scene.fresh();
    const told = assertHandled(await scene.shop.qr(no, { notifyUrl: `${scene.box.url}/qr` }), 'WAITFORPAY');
    const page = textAt(told.result, 'paymentUrl');
    const shownPage = await request('GET', page);
    assert.equal(shownPage.status, 200);
    const code = new URL(page).searchParams.get('code') ?? '';
    const form = new URLSearchParams({ code, outcome: 'paid' }).toString();
    await request('POST', new URL('/pay', page).href, [['content-type', 'application/x-www-form-urlencoded']], form);
    const [callback] = await until('the callback', () => (scene.box.about(no).length > 0 ? scene.box.about(no) : null));
    assert.ok(callback && scene.shop.isByPlatform(callback.json));
    assert.equal(callback.json['tradeStatus'], 'SUCCESS');
    assertHandled(await scene.shop.confirm(no), 'SUCCESS');
    assert.equal((await scene.shop.qr(no, { notifyUrl: `${scene.box.url}/qr` })).status, 'SUCCESS');
  });

  test('each app; WeChat needs the user', async () => {
    for (const tradeType of ['BESTPAY', 'ALIPAY'])
      assertHandled(await scene.shop.qr(scene.fresh(), { tradeType }), 'WAITFORPAY');
    assertRefused(await scene.shop.qr(scene.fresh(), { tradeType: 'TENPAY' }), 'BE199999');
    assertHandled(await scene.shop.qr(scene.fresh(), { tradeType: 'TENPAY', userCode: 'o1234' }), 'WAITFORPAY');
    assertRefused(await scene.shop.qr(scene.fresh(), { tradeType: 'UNIONPAY' }), 'BE199999');
  });

  test('no address to pay at: API500005, and the order waits', async () => {
    const no = scene.fresh();
    await twin().plan({ operation: 'pay' }, [{ kind: 'http-500', executed: false }]);
    await twin().plan({ operation: 'query-payment' }, [{ kind: 'http-500' }], 0);
    assertRefused(await scene.shop.qr(no), 'API500005');
    assertHandled(await scene.shop.confirm(no), 'WAITFORPAY');
    await twin().call('DELETE', 'plan');
  });
});

describe('the end of the time', () => {
  test('unpaid: CLOSE; paid afterwards: CLOSE stays, the money goes back by itself, once', async () => {
    const no = scene.fresh();
    assertHandled(await scene.shop.qr(no, { timeOut: 60, notifyUrl: `${scene.box.url}/closed` }), 'WAITFORPAY');
    await until('CLOSE', async () => (await scene.shop.confirm(no)).status === 'CLOSE');
    await twin().pay({ reference: no });
    await until('the money is back', async () => (await lateRefunds(scene, no))[0]?.state === 'succeeded');
    await twin().call('POST', 'callback', { reference: no, times: 5 });
    assertHandled(await scene.shop.confirm(no), 'CLOSE');
    const refunds = await lateRefunds(scene, no);
    assert.equal(refunds.length, 1);
    assert.equal(refunds[0]?.amount, 1280n);
    assert.deepEqual(await postings(scene, no), ['suspense-in 1280']);
    assert.deepEqual(await postings(scene, refunds[0]?.reference ?? '', 'refunds'), ['suspense-out 1280']);
    const executed = await twin().executions(refunds[0]?.reference ?? '');
    assert.deepEqual(
      executed.map((one) => [member(one, 'operation'), member(one, 'count'), member(one, 'outcome')]),
      [['refund', 1, 'paid']],
    );
    assert.equal(scene.box.about(no).length, 0, 'nothing that the merchant sees has changed');
  });

  test('the refund of late money is lost on the way: asked about, not sent again', async () => {
    const no = scene.fresh();
    assertHandled(await scene.shop.qr(no, { timeOut: 60 }), 'WAITFORPAY');
    await until('CLOSE', async () => (await scene.shop.confirm(no)).status === 'CLOSE');
    await twin().plan({ operation: 'refund' }, [{ kind: 'truncate' }, { kind: 'callback', times: 0 }]);
    await twin().pay({ reference: no });
    await until('the money is back', async () => (await lateRefunds(scene, no))[0]?.state === 'succeeded');
    const [refund] = await lateRefunds(scene, no);
    const executed = await twin().executions(refund?.reference ?? '');
    assert.equal(member(executed, 0, 'count'), 1);
  });

  test('the wallet refuses the refund of late money: the money stays in suspense and a person is called', async () => {
    const no = scene.fresh();
    assertHandled(await scene.shop.qr(no, { timeOut: 60 }), 'WAITFORPAY');
    await until('CLOSE', async () => (await scene.shop.confirm(no)).status === 'CLOSE');
    await twin().plan({ operation: 'refund' }, [{ kind: 'decline' }]);
    await twin().pay({ reference: no });
    await until('failed', async () => (await lateRefunds(scene, no))[0]?.state === 'failed');
    const reviews = await scene.database.owner.run<{ reason: string }>({
      text: `select reason from kanal.reviews where reason = 'late-refund-failed'`,
      values: [],
    });
    assert.equal(reviews.length, 1);
  });
});

test('the acknowledgement decides: anything but success and 200 is repeated', async () => {
  const no = scene.fresh();
  const no200 = '{"success":true,"errorCode":"000000","errorMsg":"ok","result":{"statusCode":"500"}}';
  scene.box.say(200, no200);
  assertHandled(await scene.shop.barcode(no, { notifyUrl: `${scene.box.url}/again` }), 'SUCCESS');
  await until('a second attempt', () => scene.box.about(no).length >= 2);
  scene.box.say(200, acknowledged);
  const seen = await until('acknowledged', () => (scene.box.about(no).length >= 3 ? scene.box.about(no).length : null));
  assert.ok(seen >= 3);
});

test('the books are balanced in the end', async () => {
  const answer = await scene.operator.get('/ledger/check');
  assert.equal(member(answer, 'balanced'), true, JSON.stringify(member(answer, 'findings')));
});
