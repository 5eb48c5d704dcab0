/** Scripts about money that is given back, that comes too late, or twice; and about orders that are ended before they are paid. */
import { money } from '../../src/core/money.ts';
import { fault, plainCallback } from '../../src/twin/faults.ts';
import type { Scenario } from './scenario.ts';
import type { ProtocolName, ShopOrder } from './shop.ts';
import type { Stage } from './stage.ts';

const noCallback = fault('callback', { callback: { ...plainCallback, times: 0 } });

/** Paid at once by the payer's code. */
async function paidAtTill(stage: Stage, protocol: ProtocolName, option: string, authCode: string): Promise<ShopOrder> {
  const amount = money(1_250n, 'CNY');
  const order = stage.shopA.payment(protocol, { method: 'barcode', option, authCode, amount });
  await stage.shopA.create(order);
  await stage.shopA.follow(order, 15_000);
  return order;
}

async function giveBack(stage: Stage, payment: ShopOrder, minor: bigint): Promise<ShopOrder> {
  const refund = stage.shopA.refundOf(payment, money(minor, 'CNY'));
  await stage.shopA.create(refund);
  await stage.shopA.follow(refund, 15_000);
  return refund;
}

function scan(authCode: string) {
  return { method: 'barcode', option: 'ALIPAY', authCode, amount: money(1_250n, 'CNY') } as const;
}

/** Paid from a page inside the wallet. */
function inApp(expiresInS: number) {
  const walletUser = { userId: '2088102146225135', appId: null };
  return { method: 'in-app', option: 'ALIPAY', amount: money(2_300n, 'CNY'), walletUser, expiresInS } as const;
}

export const backScenarios: readonly Scenario[] = [
  {
    name: 'refund-lost-reply',
    about: 'a refund of a part is carried out, its reply is lost, the merchant asks again',
    ends: { payment: ['paid'], refund: ['succeeded'] },
    async play(stage) {
      stage.network.trouble({ edge: 'call', match: /bestpay\.twin.*\/refund /, what: 'lost-answer', times: 1 });
      stage.bank('bestpay').plan('refund', [noCallback]);
      const payment = await paidAtTill(stage, 'bestpay', 'BESTPAY', '510123456789012345');
      await giveBack(stage, payment, 600n);
    },
  },
  {
    name: 'refund-sent-again',
    about:
      'a refund is lost on its way; when the bank has not known it for long, it is sent again under its own number',
    ends: { payment: ['paid'], refund: ['succeeded'] },
    async play(stage) {
      stage.network.trouble({ edge: 'call', match: /bestpay\.twin.*\/refund /, what: 'lost-request', times: 1 });
      const payment = await paidAtTill(stage, 'bestpay', 'BESTPAY', '510123456789012345');
      const refund = stage.shopA.refundOf(payment, money(600n, 'CNY'));
      await stage.shopA.create(refund);
      await stage.shopA.follow(refund, 1_200_000, 5);
    },
  },
  {
    name: 'refunds-in-parts',
    about: 'two refunds of a part each; the bank refuses the second, and the merchant asks for it under a new number',
    ends: { payment: ['paid'], refund: ['succeeded', 'failed'] },
    async play(stage) {
      const payment = await paidAtTill(stage, 'fufu', 'ALIPAY', '288886863488188613');
      await giveBack(stage, payment, 500n);
      stage.bank('fufu').plan('refund', [fault('decline')]);
      const second = await giveBack(stage, payment, 750n);
      if (second.told.some(({ word }) => word === 'fail')) await giveBack(stage, payment, 750n);
    },
  },
  {
    name: 'close',
    about: 'the merchant closes an unpaid code',
    ends: { payment: ['closed'] },
    async play(stage) {
      const order = stage.shopA.payment('fufu', inApp(600));
      await stage.shopA.create(order);
      await stage.clock.sleep(5_000);
      await stage.shopA.end(order, 'close-payment');
    },
  },
  {
    name: 'expires',
    about: 'the payer stays away, nobody asks, and the order ends by itself',
    ends: { payment: ['closed'] },
    async play(stage) {
      await stage.shopA.create(stage.shopA.payment('payin', { expiresInS: 60 }));
    },
  },
  {
    name: 'notice-given-up',
    about: 'the merchant lets the first notice hang and refuses all others: five tries, then it is given up',
    ends: { payment: ['paid'] },
    async play(stage) {
      stage.shopA.deafFor = 99;
      stage.network.trouble({ edge: 'notice', match: /alpha/, what: 'lost-answer', times: 1 });
      const bank = stage.bank('fufu');
      bank.onNewPayment = (order) => bank.decideAfter(5_000, order, 'paid');
      const order = stage.shopA.payment('fufu', inApp(600));
      await stage.shopA.create(order);
      await stage.clock.sleep(60_000);
    },
  },
  {
    name: 'close-while-paid',
    about: 'the payer pays in the same moment in which the merchant closes: the money wins',
    ends: { payment: ['paid'] },
    async play(stage) {
      const bank = stage.bank('fufu');
      bank.onNewPayment = (order) => bank.decideAfter(20_000, order, 'paid');
      bank.plan('pay', [noCallback]);
      const order = stage.shopA.payment('fufu', inApp(600));
      await stage.shopA.create(order);
      await stage.clock.sleep(20_000);
      await stage.shopA.end(order, 'close-payment');
    },
  },
  {
    name: 'barcode-auto-reverse',
    about: 'nobody types the PIN: the payment is taken back after its time',
    ends: { payment: ['reversed'] },
    async play(stage) {
      stage.bank('fufu').plan('pay', [fault('pending')]);
      const order = stage.shopA.payment('fufu', scan('288886863488188613'));
      await stage.shopA.create(order);
      await stage.shopA.follow(order, 15_000);
    },
  },
  {
    name: 'barcode-cancelled',
    about: 'the merchant cancels while the wallet waits for the PIN; the answer to the reversal is lost',
    ends: { payment: ['reversed'] },
    async play(stage) {
      stage.bank('fufu').plan('pay', [fault('pending')]);
      stage.network.trouble({ edge: 'call', match: /fufu\.twin.*cancel/, what: 'lost-answer', times: 1 });
      const order = stage.shopA.payment('fufu', scan('288886863488188613'));
      stage.spawn(stage.shopA.create(order));
      await stage.clock.sleep(20_000);
      await stage.shopA.end(order, 'cancel-payment');
    },
  },
  {
    name: 'late-money-revives',
    about: 'an order is closed unpaid, and paid afterwards, where the channel cannot refund',
    ends: { payment: ['paid'] },
    twoStories: true,
    async play(stage) {
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => bank.decideAfter(900_000, order, 'paid');
      const order = stage.shopA.payment('payin', { expiresInS: 60 });
      await stage.shopA.create(order);
      await stage.shopA.follow(order, 30_000);
      await stage.clock.sleep(1_000_000);
    },
  },
  {
    name: 'notice-frozen',
    about: 'the money comes late while the notice of the end still climbs its ladder',
    ends: { payment: ['paid'] },
    twoStories: true,
    async play(stage) {
      stage.shopA.deafFor = 3;
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => bank.decideAfter(90_000, order, 'paid');
      const order = stage.shopA.payment('payin', { expiresInS: 60 });
      await stage.shopA.create(order);
      await stage.clock.sleep(1_000_000);
    },
  },
  {
    name: 'late-money-goes-back',
    about: 'an order is closed unpaid, paid afterwards, and refunded by itself; the reply to that refund is lost',
    ends: { payment: ['closed'] },
    async play(stage) {
      const bank = stage.bank('fufu');
      stage.network.trouble({ edge: 'call', match: /fufu\.twin.*\/refund/, what: 'lost-answer', times: 1 });
      bank.onNewPayment = (order) => bank.decideAfter(900_000, order, 'paid');
      const order = stage.shopA.payment('fufu', inApp(60));
      await stage.shopA.create(order);
      await stage.shopA.follow(order, 30_000);
      await stage.clock.sleep(1_000_000);
    },
  },
  {
    name: 'paid-twice',
    about: 'the payer pays a second time: suspense, and a person',
    ends: { payment: ['paid'] },
    doublePay: true,
    async play(stage) {
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => {
        bank.decideAfter(20_000, order, 'paid');
        bank.decideAfter(50_000, order, 'paid', { again: true });
      };
      const order = stage.shopA.payment('payin');
      await stage.shopA.create(order);
      await stage.shopA.follow(order, 15_000);
      await stage.clock.sleep(60_000);
    },
  },
  {
    name: 'paid-too-much',
    about: 'the payer pays another sum than was ordered: suspense, a person, and nothing is told',
    ends: { payment: ['pending', 'unknown'] },
    async play(stage) {
      const bank = stage.bank('bluepay');
      bank.onNewPayment = (order) => bank.decideAfter(20_000, order, 'paid', { amount: order.amount.minor + 1n });
      const order = stage.shopA.payment('unified');
      await stage.shopA.create(order);
      await stage.clock.sleep(120_000);
    },
  },
];
