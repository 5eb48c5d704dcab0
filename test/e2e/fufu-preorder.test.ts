/** fufu over a whole gateway: pre-orders, the one-code page, notices, closing, refunds, foreign currency. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type NoticeBox, noticeBox } from './fufu-party.ts';
import { type FufuScene, member, startFufu, until } from './fufu-scene.ts';
import { request, textAt } from './http.ts';

let t: FufuScene;
let box: NoticeBox;
before(async () => {
  [t, box] = await Promise.all([startFufu(), noticeBox()]);
});
after(async () => {
  const books = (await t.operator.get('/ledger/check')) as { balanced: boolean };
  assert.equal(books.balanced, true);
  await t.stop();
  await box.close();
});

const agents = {
  ALIPAY: 'Mozilla/5.0 (iPhone) AlipayDefined(nt:WIFI) AliApp(AP/10.2.6) AlipayClient/10.2.6 Language/zh-Hans',
  WECHAT: 'Mozilla/5.0 (Linux; Android 12) MicroMessenger/8.0.30 NetType/WIFI Language/zh_CN',
  BESTPAY: 'Mozilla/5.0 (Linux; Android 12) Bestpay/10.3.0',
  UNIONPAY: 'Mozilla/5.0 (iPhone) CloudPay UnionPay/1.0 com.unionpay.chsp',
  CAMERA: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1',
};
const open = (url: string, agent: keyof typeof agents) =>
  request('GET', url, [
    ['user-agent', agents[agent]],
    ['accept-language', 'zh'],
  ]);
const notices = (no: string) => box.all.filter(({ json }) => member(json, 'data', 'out_trade_no') === no);

test('a one-code order: page, wallet, payer, notice with a fresh sign over the frozen body, state 1', async () => {
  const no = t.fresh();
  const told = await t.shop.preOrder(no, { notifyUrl: `${box.url}/n?shop=1`, merchant_param: 'MDE=', store_id: '7' });
  assert.equal(told.code, 'SUCCESS', told.text);
  const url = new URL(String(told.data['qr_code']));
  assert.deepEqual(
    [url.origin, url.pathname, Object.fromEntries(url.searchParams)],
    [t.url, '/online/pay/', { id: t.shop.busiId, tradeNo: told.data['trade_no'], price: '0.10' }],
  );
  assert.equal(await t.shop.state(no), 0);
  url.searchParams.set('price', '0.01');
  const page = await open(url.href, 'WECHAT');
  assert.equal(page.status, 302, page.text);
  const payer = await request('GET', String(page.headers.location));
  assert.match(payer.text, /CNY 0\.10/);
  await t.bank.pay({ code: String(page.headers.location) });
  const [notice] = await until(
    async () => notices(no),
    (all) => all.length > 0,
  );
  assert.ok(notice);
  const sign = /^\/n\?shop=1&sign=([0-9a-f]{32}):([0-9]{13})$/.exec(notice.target);
  assert.ok(sign, notice.target);
  assert.equal(
    createHash('md5')
      .update(`${sign[2]}${t.shop.key}${notice.body.replaceAll(/\s/g, '')}`)
      .digest('hex'),
    sign[1],
  );
  assert.deepEqual(
    ['busi_id', 'channel_type', 'merchant_param', 'total_fee', 'fee_type', 'state'].map((name) =>
      member(notice.json, 'data', name),
    ),
    [t.shop.busiId, '2', 'MDE=', 10, 'CNY', 1],
  );
  assert.deepEqual((await t.shop.query(no)).data['state'], 1);
  const done = await open(url.href, 'ALIPAY');
  assert.match(done.text, /付款成功/);
});

test('each of the four wallets binds the order once; the others are told where it was opened', async () => {
  for (const agent of ['ALIPAY', 'WECHAT', 'BESTPAY', 'UNIONPAY'] as const) {
    const no = t.fresh();
    const url = String((await t.shop.preOrder(no)).data['qr_code']);
    const strange = await open(url, 'CAMERA');
    assert.match(strange.text, /请使用钱包扫码打开/);
    const tries = await Promise.all(Array.from({ length: 4 }, () => open(url, agent)));
    for (const one of tries) assert.equal(one.status, 302, `${agent}: ${one.text}`);
    assert.equal(new Set(tries.map(({ headers }) => headers.location)).size, 1);
    const other = await open(url, agent === 'ALIPAY' ? 'WECHAT' : 'ALIPAY');
    assert.equal(other.status, 200);
    assert.match(other.text, /已在.*中打开/);
    assert.equal(textAt(await t.seen(no), 'option'), agent);
    assert.equal(
      (await t.shop.query(no)).data['channel_type'],
      { ALIPAY: '1', WECHAT: '2', BESTPAY: '0', UNIONPAY: '0' }[agent],
    );
  }
});

test('two wallets at the same moment: one order upstream, never two', async () => {
  const no = t.fresh();
  const url = String((await t.shop.preOrder(no)).data['qr_code']);
  const all = await Promise.all(
    (['ALIPAY', 'WECHAT', 'ALIPAY', 'WECHAT', 'BESTPAY'] as const).map((agent) => open(url, agent)),
  );
  const places = new Set(all.filter(({ status }) => status === 302).map(({ headers }) => headers.location));
  assert.equal(places.size, 1);
  assert.equal(
    all.every(({ status }) => status === 302 || status === 200),
    true,
  );
});

test('a code for one wallet is for no other', async () => {
  const no = t.fresh();
  const url = String((await t.shop.preOrder(no, { channel_type: 1 })).data['qr_code']);
  const wrong = await open(url, 'WECHAT');
  assert.match(wrong.text, /Alipay 支付宝/);
  assert.doesNotMatch(wrong.text, /WeChat/);
  assert.equal((await open(url, 'ALIPAY')).status, 302);
});

test('links that are not ours lead nowhere, and tell nothing', async () => {
  const no = t.fresh();
  const url = new URL(String((await t.shop.preOrder(no)).data['qr_code']));
  const tradeNo = url.searchParams.get('tradeNo') ?? '';
  const barcode = t.fresh();
  const order = await t.shop.order(barcode);
  for (const [id, trade] of [
    [t.other.busiId, tradeNo],
    [t.shop.busiId, `${tradeNo.slice(0, -1)}${(Number(tradeNo.at(-1)) + 1) % 10}`],
    [t.shop.busiId, ''],
    ['', tradeNo],
    [`${t.shop.busiId}'`, tradeNo],
    [t.shop.busiId, '<script>alert(1)</script>'],
    [t.shop.busiId, String(order.data['trade_no'])],
  ] as const) {
    const page = await open(`${t.url}/online/pay/?${new URLSearchParams({ id, tradeNo: trade }).toString()}`, 'ALIPAY');
    assert.equal(page.status, 404, `${id} ${trade}`);
    assert.doesNotMatch(page.text, /alert/);
  }
  const page = await open(url.href, 'CAMERA');
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(page.headers['cache-control'], 'no-store');
  assert.equal((await request('POST', url.href)).status, 405);
});

test('in-app: Alipay’s trade number, WeChat’s parameters as JSON text; what each needs is asked for', async () => {
  const alipay = await t.shop.preOrder(t.fresh(), {
    channel_type: '1',
    trade_type: 'JSAPI',
    openId: '2088102172184723',
  });
  assert.match(String(alipay.data['prePayId']), /^\d{28}$/, alipay.text);
  const wechat = await t.shop.preOrder(t.fresh(), {
    channel_type: '2',
    trade_type: undefined,
    openId: 'oUpF8',
    subAppId: 'wx17e91dae2802695e',
  });
  const info = JSON.parse(String(wechat.data['payInfo'])) as Record<string, unknown>;
  assert.deepEqual(Object.keys(info).sort(), [
    'appId',
    'callback_url',
    'nonceStr',
    'package',
    'paySign',
    'signType',
    'status',
    'timeStamp',
  ]);
  for (const changes of [{ channel_type: '1' }, { channel_type: '2', openId: 'o' }, { channel_type: '0', openId: 'o' }])
    assert.equal((await t.shop.preOrder(t.fresh(), { trade_type: 'JSAPI', ...changes })).code, 'ILLEGAL_PARAMETER');
});

test('notices: five tries, five seconds apart, until SUCCESS; the body stays, the sign is new', async () => {
  const no = t.fresh();
  box.say(200, 'FAIL');
  await t.shop.preOrder(no, { notifyUrl: `${box.url}/five` });
  const tradeNo = textAt(await t.seen(no), 'platformNo');
  await open(`${t.url}/online/pay/?id=${t.shop.busiId}&tradeNo=${tradeNo}`, 'ALIPAY');
  await t.bank.pay({ merchantOrderNo: no });
  await until(
    async () => notices(no),
    (all) => all.length === 5,
  );
  await wait(150);
  const all = notices(no);
  assert.equal(all.length, 5, 'and then no more');
  assert.equal(new Set(all.map(({ body }) => body)).size, 1);
  assert.equal(new Set(all.map(({ target }) => target)).size, 5);
  box.say(200, ' "success"\r\n');
  const second = t.fresh();
  await t.shop.preOrder(second, { notifyUrl: `${box.url}/five` });
  await open(
    `${t.url}/online/pay/?id=${t.shop.busiId}&tradeNo=${textAt(await t.seen(second), 'platformNo')}`,
    'ALIPAY',
  );
  await t.bank.pay({ merchantOrderNo: second });
  await until(
    async () => notices(second),
    (seen) => seen.length > 0,
  );
  await wait(150);
  assert.equal(notices(second).length, 1);
  box.say(200, 'SUCCESS');
});

test('closing: unpaid ones, before and after a wallet was bound; twice is once; a paid one is refused', async () => {
  const untouched = t.fresh();
  await t.shop.preOrder(untouched);
  const closed = await t.shop.end('close', untouched);
  assert.equal(closed.code, 'SUCCESS', closed.text);
  assert.equal(closed.data['out_trade_no'], untouched);
  assert.equal(await t.shop.state(untouched), 6);
  assert.equal((await t.shop.end('close', untouched)).code, 'SUCCESS');
  assert.equal((await t.shop.end('cancel', untouched)).code, 'ILLEGAL_PARAMETER');
  const bound = t.fresh();
  const url = String((await t.shop.preOrder(bound)).data['qr_code']);
  await open(url, 'ALIPAY');
  assert.equal((await t.shop.end('close', bound)).code, 'SUCCESS');
  assert.equal(await t.shop.state(bound), 6);
  assert.match((await open(url, 'ALIPAY')).text, /付款时间已过/);
  const paid = t.fresh();
  await open(String((await t.shop.preOrder(paid)).data['qr_code']), 'ALIPAY');
  await t.bank.pay({ merchantOrderNo: paid });
  await until(
    () => t.shop.state(paid),
    (state) => state === 1,
  );
  assert.equal((await t.shop.end('close', paid)).code, '订单已成功');
  assert.equal((await t.shop.end('close', 'NOSUCH')).code, 'CHARGE_NONEXISTENT');
});

test('time_expire: nobody paid, so it is revoked (state 2), and closing it says so', async () => {
  const free = t.fresh();
  const bound = t.fresh();
  await t.shop.preOrder(free, { time_expire: 1 });
  await open(String((await t.shop.preOrder(bound, { time_expire: '1' })).data['qr_code']), 'ALIPAY');
  for (const no of [free, bound]) {
    await until(
      () => t.shop.state(no),
      (state) => state === 2,
    );
    assert.equal((await t.shop.end('close', no)).code, 'AREADY_REVOKED');
  }
});

test('money for a closed order goes back by itself; the shop is told nothing that is not so', async () => {
  const no = t.fresh();
  await open(
    String((await t.shop.preOrder(no, { notifyUrl: `${box.url}/late`, total_fee: '411' })).data['qr_code']),
    'ALIPAY',
  );
  await t.shop.end('close', no);
  await t.bank.pay({ merchantOrderNo: no });
  type Rows = { json: unknown };
  const isBack = ({ json }: Rows) =>
    (json as { operation: string; amount: string; outcome: string }[]).some(
      ({ operation, amount, outcome }) => operation === 'refund' && amount === '411' && outcome === 'paid',
    );
  await until(() => t.bank.call('GET', 'executions'), isBack);
  assert.equal(await t.shop.state(no), 6);
  assert.equal(notices(no).length, 0);
});

test('refunds: in parts, the same number once, never above what was paid; the state follows', async () => {
  const no = t.fresh();
  const order = await t.shop.order(no, { total_fee: '1000' });
  const first = await t.shop.refund(no, `${no}-1`, '300');
  assert.equal(first.code, 'SUCCESS', first.text);
  assert.deepEqual(
    [first.data['refund_fee'], first.data['out_refund_no'], first.data['channel_type']],
    [300, `${no}-1`, '1'],
  );
  assert.match(String(first.data['refund_no']), /^\d{20}$/);
  const again = await t.shop.refund(no, `${no}-1`, '300');
  assert.equal(again.data['refund_no'], first.data['refund_no']);
  assert.equal((await t.shop.refund(no, `${no}-1`, '301')).code, 'SERIAL_REPEAT');
  assert.equal((await t.shop.refund(no, `${no}-x`, '701')).code, 'AMT_ERROR');
  const found = await until(
    () => t.shop.refundQuery(`${no}-1`),
    ({ data }) => data['trade_status'] === 'succ',
  );
  assert.deepEqual(
    [found.data['out_trade_no'], found.data['trade_no'], found.data['refund_fee'], found.data['refund_subject']],
    [`${no}-1`, order.data['trade_no'], 300, '退款'],
  );
  assert.deepEqual((await t.shop.query(no)).data['state'], 4);
  // The platform's number wins, whatever the other one says.
  const second = await t.shop.refund('SOMETHING-ELSE', `${no}-2`, 700, { trade_no: order.data['trade_no'] });
  assert.equal(second.data['out_trade_no'], no, second.text);
  await until(
    () => t.shop.refundQuery(`${no}-2`),
    ({ data }) => data['trade_status'] === 'succ',
  );
  const query = await t.shop.query(no);
  assert.deepEqual([query.data['state'], query.data['refund_fee'], query.data['total_fee']], [5, 1000, 1000]);
  assert.equal((await t.shop.refund(no, `${no}-3`, 1)).code, 'AMT_ERROR');
});

test('64 refunds at once against a slow, lossy bank: never more than was paid', async () => {
  const no = t.fresh();
  await t.shop.order(no, { total_fee: '1000' });
  await t.bank.plan({ operation: 'refund' }, [{ kind: 'answer-late', ms: 40 }], 12);
  await t.bank.plan({ operation: 'refund' }, [{ kind: 'http-500' }], 3);
  const all = await Promise.all(Array.from({ length: 64 }, (_, at) => t.shop.refund(no, `${no}-p${at}`, '100')));
  assert.equal(all.filter(({ code }) => code === 'SUCCESS').length, 10);
  assert.equal(all.filter(({ code }) => code === 'AMT_ERROR').length, 54);
  await until(
    () => t.shop.state(no),
    (state) => state === 5,
    30_000,
  );
  await t.bank.call('DELETE', 'plan');
});

test('a refund that the bank will not answer for is "refunding" and state 8 until it does; a failed one is state 9', async () => {
  const no = t.fresh();
  await t.shop.order(no, { total_fee: '1000' });
  await t.bank.plan({ operation: 'refund' }, [{ kind: 'pending' }]);
  assert.equal((await t.shop.refund(no, `${no}-1`, '400')).code, 'SUCCESS');
  assert.deepEqual(
    [(await t.shop.refundQuery(`${no}-1`)).data['trade_status'], await t.shop.state(no)],
    ['refunding', 8],
  );
  assert.equal((await t.shop.refund(no, `${no}-2`, '601')).code, 'AMT_ERROR', 'what is on its way is not there twice');
  await t.bank.pay({ merchantOrderNo: `${no}-1`, outcome: 'declined' });
  await until(
    () => t.shop.refundQuery(`${no}-1`),
    ({ data }) => data['trade_status'] === 'fail',
  );
  assert.equal(await t.shop.state(no), 9);
  assert.equal((await t.shop.refund(no, `${no}-3`, '1000')).code, 'SUCCESS');
  await until(
    () => t.shop.state(no),
    (state) => state === 5,
  );
});

test('refundQuery by the payment’s number, only where the shop wants it', async () => {
  const no = t.fresh();
  await t.shop.order(no);
  await t.shop.refund(no, `${no}-r`, '10');
  assert.equal((await t.shop.refundQuery(no)).code, 'CHARGE_NONEXISTENT');
  await t.setting({ refundQueryByOrder: 'true' });
  assert.equal((await t.shop.refundQuery(no)).data['out_trade_no'], `${no}-r`);
  await t.shop.refund(no, `${no}-s`, '10');
  assert.equal((await t.shop.refundQuery(no)).code, 'CHARGE_NONEXISTENT', 'of two, neither');
  await t.setting({ refundQueryByOrder: 'false' });
});

test('baht: the day’s rate on the order, yuan beside it, refunds in proportion, the last one takes the rest', async () => {
  const no = t.fresh();
  const told = await t.shop.order(no, { total_fee: '1000', fee_type: 'THB', time_zone: 'Asia/Bangkok' });
  assert.deepEqual(
    ['fee_type', 'total_fee', 'exchange_rate', 'trans_amount_cny', 'time_zone'].map((name) => told.data[name]),
    ['THB', 1000, '4.93', 203, 'Asia/Bangkok'],
    told.text,
  );
  // A new rate is for new orders.
  const set = await t.operator.call('PUT', '/rates', { currency: 'THB', rate: '5.0125' });
  assert.equal(set.status, 200, set.text);
  const parts: unknown[] = [];
  for (const [at, fee] of [333, 333, 334].entries())
    parts.push((await t.shop.refund(no, `${no}-${at}`, fee, { fee_type: 'THB' })).data['refund_amount_cny']);
  assert.deepEqual(parts, [68, 68, 67]);
  await until(
    () => t.shop.state(no),
    (state) => state === 5,
  );
  const query = await t.shop.query(no);
  assert.deepEqual(
    [query.data['refund_amount_cny'], query.data['trans_amount_cny'], query.data['exchange_rate']],
    [203, 203, '4.93'],
  );
  assert.equal((await t.shop.refund(no, `${no}-c`, 1, { fee_type: 'CNY' })).code, 'ILLEGAL_PARAMETER');
  const next = await t.shop.order(t.fresh(), { total_fee: '1000', fee_type: 'THB' });
  assert.deepEqual([next.data['exchange_rate'], next.data['trans_amount_cny']], ['5.0125', 200]);
  const one = await t.shop.preOrder(t.fresh(), { fee_type: 'HKD' });
  assert.match(String(one.data['qr_code']), /price=0\.10$/);
});
