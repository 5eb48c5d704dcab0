/** fufu over a whole gateway: the barcode at the till, against every fault of the wallet. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { textAt } from './http.ts';
import { type FufuScene, fufuScale, moved, outcomeOf, startFufu, until } from './fufu-scene.ts';

/** A cancel is taken from the fifteenth second on. */
const cancelFromMs = 17_000 / fufuScale;

let t: FufuScene;
before(async () => {
  t = await startFufu();
  await t.setting({ cancelHours: '00:00-24:00' });
});
after(async () => {
  const books = (await t.operator.get('/ledger/check')) as { balanced: boolean };
  assert.equal(books.balanced, true);
  assert.equal(
    t.log.some((line) => line.includes('288886863488188613')),
    false,
    'no code in the log',
  );
  await t.stop();
});

test('paid at once: state 1, numbers as numbers, everything given back', async () => {
  const no = t.fresh();
  const told = await t.shop.order(no, { merchant_param: 'MDEwMDAwMDE=', time_zone: 'Asia/Shanghai' });
  assert.equal(told.code, 'SUCCESS', told.text);
  const { trade_no, begin_time, end_time, channel_trade_no, phone_code, ...rest } = told.data;
  assert.match(String(trade_no), /^20\d{18}$/);
  assert.match(String(begin_time), /^\d{14}$/);
  assert.match(String(end_time), /^\d{14}$/);
  assert.match(String(channel_trade_no), /^\d{20}$/);
  assert.ok(phone_code);
  assert.deepEqual(rest, {
    return_code: 'SUCCESS',
    channel_type: '1',
    out_trade_no: no,
    operator_id: 'test1',
    terminal_id: '收银机1',
    merchant_param: 'MDEwMDAwMDE=',
    total_fee: 250,
    fee_type: 'CNY',
    state: 1,
    auth_code: '288886863488188613',
    time_zone: 'Asia/Shanghai',
  });
  const query = await t.shop.query(no);
  assert.deepEqual([query.data['state'], query.data['refund_fee'], query.data['auth_code']], [1, 0, undefined]);
});

test('channel_type 0 finds the wallet by the code; a 36-character UUID is a number like others', async () => {
  const no = crypto.randomUUID();
  const told = await t.shop.order(no, { channel_type: 0, total_fee: 1, auth_code: '13 4567 8901 2345 6789' });
  assert.deepEqual([told.code, told.data['channel_type'], told.data['total_fee']], ['SUCCESS', '2', 1]);
});

test('the payer types a password: the reply waits, and says paid', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay', merchantOrderNo: no }, [{ kind: 'pending' }]);
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const asked = t.shop.order(no);
  await until(
    () => t.seen(no),
    (order) => order !== null,
  );
  await until(
    async () => moved(t, no),
    (list) => list.length > 0,
  );
  await t.bank.pay({ merchantOrderNo: no });
  assert.deepEqual((await asked).data['state'], 1);
  await t.bank.call('DELETE', 'plan');
});

test('the payer declines at the phone: state 6, and never paid', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const asked = t.shop.order(no);
  await until(
    () => t.seen(no),
    (order) => order !== null,
  );
  await until(
    async () => moved(t, no),
    (list) => list.length > 0,
  );
  await t.bank.pay({ merchantOrderNo: no, outcome: 'declined' });
  const told = await asked;
  assert.deepEqual([told.result, told.data['return_code'], told.data['state']], ['SUCCESS', 'FAIL', 6]);
  assert.equal(await t.shop.state(no), 6);
  assert.equal(textAt(await t.seen(no), 'state'), 'failed');
});

test('nobody pays: reversed at the wallet before the answer; state 2', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const began = Date.now();
  const told = await t.shop.order(no);
  assert.ok(Date.now() - began >= 70_000 / fufuScale, 'it waited');
  assert.deepEqual([told.data['return_code'], told.code, told.data['state']], ['FAIL', 'AREADY_REVOKED', 2], told.text);
  assert.deepEqual((await moved(t, no)).map(outcomeOf), ['reversed']);
  assert.equal(await t.shop.state(no), 2);
  assert.equal((await t.shop.end('cancel', no)).code, 'AREADY_REVOKED');
  assert.equal((await t.shop.refund(no, `${no}R`, '1')).code, 'AREADY_REVOKED');
});

test('the wallet says no: its own word, and state 6', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'decline', code: 'SOUNDWAVE_PARSER_FAIL' }]);
  const told = await t.shop.order(no);
  assert.deepEqual([told.result, told.code, told.data['state']], ['SUCCESS', 'SOUNDWAVE_PARSER_FAIL', 6]);
  assert.equal(await t.shop.state(no), 6);
  assert.equal((await t.shop.end('cancel', no)).code, '订单已失败');
});

for (const fault of ['http-500', 'html', 'truncate'] as const)
  test(`executed, but the answer is broken (${fault}): asked, and paid`, async () => {
    const no = t.fresh();
    await t.bank.plan({ operation: 'pay' }, [{ kind: fault }]);
    const told = await t.shop.order(no);
    assert.deepEqual([told.code, told.data['state']], ['SUCCESS', 1], told.text);
    assert.equal((await moved(t, no)).length, 1);
  });

test('cut before anything happened: EXCEPTION, never "failed"; then state 3, until the wallet has denied it long enough', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'drop-before' }]);
  const told = await t.shop.order(no);
  assert.deepEqual([told.result, told.code], ['FAIL', 'EXCEPTION'], told.text);
  assert.equal(await t.shop.state(no), 3);
  await until(
    () => t.shop.state(no),
    (state) => state === 6,
    30_000,
  );
});

test('the reversal gets no clear answer: EXCEPTION and state 3, then 2 by itself', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  await t.bank.plan({ operation: 'cancel-payment' }, [{ kind: 'drop-before' }], 0);
  const told = await t.shop.order(no);
  assert.deepEqual([told.result, told.code], ['FAIL', 'EXCEPTION'], told.text);
  assert.equal(await t.shop.state(no), 3);
  await t.bank.call('DELETE', 'plan');
  await until(
    () => t.shop.state(no),
    (state) => state === 2,
    30_000,
  );
  assert.deepEqual((await moved(t, no)).map(outcomeOf), ['reversed']);
});

test('paid after the reversal: the money goes back by itself, and the shop still sees state 2', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  assert.equal((await t.shop.order(no, { total_fee: '337' })).data['state'], 2);
  await t.bank.pay({ merchantOrderNo: no });
  await t.bank.call('POST', 'callback', { merchantOrderNo: no });
  const back = () => t.bank.call('GET', 'executions');
  const isBack = (all: { json: unknown }) =>
    (all.json as { operation: string; amount: string; outcome: string }[]).some(
      ({ operation, amount, outcome }) => operation === 'refund' && amount === '337' && outcome === 'paid',
    );
  await until(back, isBack);
  assert.equal(await t.shop.state(no), 2);
});

test('the same number is refused whatever it says, also while the first is under way, and across both creates', async () => {
  const no = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'answer-late', ms: 150 }]);
  const all = await Promise.all(Array.from({ length: 20 }, () => t.shop.order(no)));
  assert.equal(all.filter(({ code }) => code === 'SUCCESS').length, 1);
  assert.equal(all.filter(({ code }) => code === 'SERIAL_REPEAT').length, 19);
  assert.equal((await t.shop.order(no, { total_fee: '1' })).code, 'SERIAL_REPEAT');
  assert.equal((await t.shop.preOrder(no)).code, 'SERIAL_REPEAT');
  assert.equal((await moved(t, no)).length, 1);
  assert.equal((await t.other.order(no)).code, 'SUCCESS', 'numbers belong to their shop');
});

test('cancel: an order that does not exist, one that is paid, one that is open', async () => {
  assert.deepEqual(
    (await t.shop.end('cancel', 'NOSUCH')).text,
    '{"result":{"return_msg":"OK","return_code":"SUCCESS"},"data":{"return_code":"FAIL","return_msg":"CHARGE_NONEXISTENT"}}',
  );
  const no = t.fresh();
  await t.shop.order(no);
  assert.equal((await t.shop.end('cancel', no)).code, '订单已成功');
  assert.equal((await t.other.end('cancel', no)).code, 'CHARGE_NONEXISTENT');
  assert.equal((await t.shop.end('close', no)).code, 'ILLEGAL_PARAMETER');
  const open = t.fresh();
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const asked = t.shop.order(open);
  await wait(cancelFromMs);
  const cancelled = await t.shop.end('cancel', open, { time_zone: '+08:00' });
  assert.deepEqual(cancelled.data, { return_code: 'SUCCESS', time_zone: '+08:00' }, cancelled.text);
  assert.equal((await asked).data['state'], 2);
});

test('cancel outside the hours', async () => {
  const no = t.fresh();
  const hour = (new Date(Date.now() + 8 * 3_600_000).getUTCHours() + 2) % 24;
  const two = (value: number) => String(value % 24).padStart(2, '0');
  await t.setting({ cancelHours: `${two(hour)}:00-${two(hour + 1)}:00` });
  await t.bank.plan({ operation: 'pay' }, [{ kind: 'pending' }]);
  const asked = t.shop.order(no);
  await wait(cancelFromMs);
  assert.equal((await t.shop.end('cancel', no)).code, 'SERVICE_UNAVAILABLE');
  assert.equal((await asked).data['state'], 2, 'our own reversal is not bound by them');
  await t.setting({ cancelHours: '00:00-24:00' });
});
