import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { readStatement } from '../../src/core/statement.ts';
import { statement } from '../../src/protocols/ysepay/statement.ts';
import { billOf, statementLinesOf } from '../../src/twin/bill.ts';
import type { TwinOrder } from '../../src/twin/order.ts';
import { payAsk, type TwinScene, twinScene } from './twin-scene.ts';

let scene: TwinScene;
before(async () => {
  scene = await twinScene('payin');
});
after(() => scene.stop());

const at = Date.UTC(2030, 0, 2, 3, 4, 5);
const order = (changes: Partial<TwinOrder>): TwinOrder =>
  ({
    kind: 'payment',
    outcome: 'paid',
    reference: 'k1',
    upstreamNo: '100',
    amount: money(1_280n, 'CNY'),
    paid: 1_280n,
    refunded: 0n,
    fee: 9n,
    paymentReference: null,
    method: 'barcode',
    option: 'ALIPAY',
    finishedAt: at,
    ...changes,
  }) as TwinOrder;

test('paid orders and refunds, in the currency’s decimals, with a summary; nothing that was never paid', () => {
  const bill = billOf(
    [
      order({}),
      order({ reference: 'k2', upstreamNo: '101', outcome: 'declined', paid: 0n }),
      order({ reference: 'k3', upstreamNo: '102', outcome: 'reversed' }),
      order({
        kind: 'refund',
        reference: 'r1',
        upstreamNo: '200',
        amount: money(80n, 'CNY'),
        paymentReference: 'k1',
        fee: 0n,
        method: null,
        option: null,
      }),
    ],
    480,
  );
  assert.deepEqual(bill.split('\r\n'), [
    '\ufefftrade time,type,platform no,merchant no,refund no,channel,channel no,amount,refund amount,fee,currency,status',
    '2030-01-02 11:04:05,PAY,100,k1,,ALIPAY,100,12.80,,0.09,CNY,SUCCESS',
    '2030-01-02 11:04:05,PAY,102,k3,,ALIPAY,102,12.80,,0.09,CNY,REVOKED',
    '2030-01-02 11:04:05,REFUND,200,k1,r1,,200,,0.80,0.00,CNY,SUCCESS',
    'total,,2,,1,,,25.60,0.80,,,',
    '',
  ]);
});

test('the twin’s day ends at its own midnight', async () => {
  const ask = payAsk({ notify: { kind: 'http', url: scene.callbackUrl } }, 20_000n);
  await scene.ask('pay', ask);
  await scene.control('POST', '/_twin/pay', { reference: ask.orderNo });
  const lines = async (day: string) =>
    String((await scene.control('GET', `/_twin/bill?day=${day}`)).body).split('\r\n');
  assert.match((await lines('2030-01-02'))[1] ?? '', new RegExp(`,PAY,[^,]+,${ask.orderNo},,BNI,`));
  assert.equal((await lines('2030-01-03')).length, 3);
  assert.equal((await scene.control('GET', '/_twin/bill?day=tomorrow')).status, 400);
});

test('the bill is read by the protocol that hands it out, as the twin meant it', () => {
  const orders = [
    order({}),
    order({ reference: 'k3', upstreamNo: '102', outcome: 'reversed', count: 1 }),
    order({
      kind: 'refund',
      reference: 'r1',
      upstreamNo: '200',
      amount: money(80n, 'CNY'),
      paymentReference: 'k1',
      fee: 0n,
      paid: 0n,
    }),
    order({ kind: 'payout', reference: 'p1', upstreamNo: '300', outcome: 'returned' }),
  ].map((one) => ({ ...one, count: 1 }));
  const read = readStatement(Buffer.from(billOf(orders, 480)), statement);
  assert.deepEqual(
    read,
    orders.flatMap(statementLinesOf).map((line, index) => ({ ...line, no: index + 2 })),
  );
  assert.throws(() => readStatement(Buffer.from('a,b\n'), statement), /line 1/);
});
