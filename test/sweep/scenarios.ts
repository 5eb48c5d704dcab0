/** The scripts of the sweep: money in and out. What is given back, closed or decided by people is in the files beside. */
import { money } from '../../src/core/money.ts';
import { chooseMethod } from '../../src/flows/choose-method.ts';
import { fault, plainCallback } from '../../src/twin/faults.ts';
import { agreementScenarios } from './scenarios-agreement.ts';
import { backScenarios } from './scenarios-back.ts';
import { queueUrl } from './queue.ts';
import type { Scenario } from './scenario.ts';
import { statementScenarios } from './scenarios-statement.ts';
import type { ShopOrder } from './shop.ts';
import type { Stage } from './stage.ts';

const noCallback = fault('callback', { callback: { ...plainCallback, times: 0 } });

/** Asks for it, and looks until it is over. */
async function trade(stage: Stage, order: ShopOrder): Promise<void> {
  await order.shop.create(order);
  await order.shop.follow(order, 15_000);
  stage.journal.note('script', `${order.no} is over`);
}

const moneyIn: readonly Scenario[] = [
  {
    name: 'collect',
    about: 'a payment is collected, the bank calls back',
    ends: { payment: ['paid'] },
    play(stage) {
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => bank.decideAfter(20_000, order, 'paid');
      return trade(stage, stage.shopA.payment('payin'));
    },
  },
  {
    name: 'collect-lost-reply',
    about: 'the reply to the create is lost and nobody calls back: queries find the money',
    ends: { payment: ['paid'] },
    play(stage) {
      const bank = stage.bank('bluepay');
      stage.network.trouble({ edge: 'call', match: /bluepay\.twin/, what: 'lost-answer', times: 1 });
      bank.plan('pay', [noCallback]);
      bank.onNewPayment = (order) => bank.decideAfter(40_000, order, 'paid');
      return trade(stage, stage.shopA.payment('unified'));
    },
  },
  {
    name: 'collect-desk',
    about: 'the payer chooses on the hosted page, in two windows at once',
    ends: { payment: ['paid', 'closed'] },
    async play(stage) {
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => bank.decideAfter(20_000, order, 'paid');
      const order = stage.shopA.payment('payin', { method: 'any', option: null, expiresInS: 600 });
      await stage.shopA.create(order);
      for (const option of ['QRIS', 'QRIS']) void chooseAt(stage, order, option);
      await stage.clock.sleep(30_000);
      // Whoever sees an error on a page loads it again.
      await chooseAt(stage, order, 'QRIS');
      await stage.shopA.follow(order, 60_000);
    },
  },
  {
    name: 'collect-barcode',
    about: 'a code is read at the till, the wallet pays after ten seconds',
    ends: { payment: ['paid'] },
    play(stage) {
      const bank = stage.bank('fufu');
      bank.plan('pay', [fault('pending', { ms: 10_000 })]);
      return trade(stage, stage.shopA.payment('fufu', barcode()));
    },
  },
  {
    name: 'notice-ladder',
    about: 'the merchant does not take the first five notices',
    ends: { payment: ['paid'] },
    play(stage) {
      stage.shopA.deafFor = 5;
      const bank = stage.bank('payin');
      bank.onNewPayment = (order) => bank.decideAfter(5_000, order, 'paid');
      return trade(stage, stage.shopA.payment('payin'));
    },
  },
  {
    name: 'notice-queue',
    about: 'notices go into a queue; its service is down, then its answer is lost',
    ends: { payment: ['paid'] },
    play(stage) {
      const bank = stage.bank('bluepay');
      stage.network.trouble({ edge: 'call', match: /queue\.sim/, what: 'http-500', times: 1 });
      stage.network.trouble({ edge: 'call', match: /queue\.sim/, what: 'lost-answer', times: 1 });
      bank.onNewPayment = (order) => bank.decideAfter(5_000, order, 'paid');
      return trade(stage, stage.shopB.payment('unified', { notify: { kind: 'sqs', url: queueUrl } }));
    },
  },
];

function barcode() {
  return { method: 'barcode', option: 'ALIPAY', authCode: '288886863488188613', amount: money(1_250n, 'CNY') } as const;
}

async function chooseAt(stage: Stage, { deskUrl }: ShopOrder, option: string): Promise<void> {
  const [, home = '', id = ''] = /\/cashier\/(\d+)\/(\d+)$/.exec(deskUrl ?? '') ?? [];
  const visit = stage.gateway?.visit('desk', (gate) =>
    chooseMethod(gate, { home: Number(home), id: BigInt(id) }, { method: 'qr', option, phone: null }),
  );
  await Promise.race([visit, stage.clock.sleep(25_000)]);
}

const moneyOut: readonly Scenario[] = [
  {
    name: 'payout',
    about: 'a payout is made, the bank calls back three times',
    ends: { payout: ['succeeded'] },
    play(stage) {
      stage.bank('payin').plan('pay-out', [fault('callback', { callback: { ...plainCallback, times: 3 } })]);
      return trade(stage, stage.shopA.payout('payin'));
    },
  },
  {
    name: 'payout-unknown',
    about: 'the reply is lost, queries do not know the payout for half a minute, then it is found',
    ends: { payout: ['succeeded'] },
    play(stage) {
      stage.network.trouble({ edge: 'call', match: /bluepay\.twin/, what: 'lost-answer', times: 1 });
      stage.bank('bluepay').plan('pay-out', [fault('not-found', { ms: 30_000 }), noCallback]);
      return trade(stage, stage.shopA.payout('unified'));
    },
  },
  {
    name: 'payout-declined',
    about: 'accepted, then refused by the bank, told by query and by two callbacks: the hold is released once',
    ends: { payout: ['failed'] },
    play(stage) {
      const twice = fault('callback', { callback: { ...plainCallback, times: 2 } });
      stage.bank('payin').plan('pay-out', [fault('decline-later', { ms: 14_000 }), twice]);
      return trade(stage, stage.shopA.payout('payin'));
    },
  },
  {
    name: 'payout-refused',
    about: 'the bank says no at once',
    ends: { payout: ['failed', 'unknown'] },
    play(stage) {
      stage.bank('payin').plan('pay-out', [fault('decline')], 9);
      return trade(stage, stage.shopA.payout('payin'));
    },
  },
  {
    name: 'payout-failover',
    about: 'the first channel cannot be reached, the next one pays',
    ends: { payout: ['succeeded'] },
    play(stage) {
      stage.network.trouble({ edge: 'call', match: /payin\.twin\/.*payOut /i, what: 'refused', times: 9 });
      return trade(stage, stage.shopB.payout('payin'));
    },
  },
  {
    name: 'payout-no-failover',
    about: 'the first channel pays and its reply is lost: nobody else is asked',
    ends: { payout: ['succeeded'] },
    play(stage) {
      stage.network.trouble({ edge: 'call', match: /payin\.twin\/.*payOut /i, what: 'lost-answer', times: 1 });
      return trade(stage, stage.shopB.payout('payin'));
    },
  },
  {
    name: 'payout-returned',
    about: 'a payout comes back a minute after its success, told three times',
    ends: { payout: ['returned'] },
    async play(stage) {
      const bank = stage.bank('bluepay');
      stage.network.trouble({ edge: 'callback', match: /refundcashout/, what: 'lost-answer', times: 2 });
      bank.plan('pay-out', [fault('returned', { ms: 60_000 })]);
      const order = stage.shopA.payout('unified');
      await trade(stage, order);
      await stage.clock.sleep(120_000);
    },
  },
  {
    name: 'payout-held',
    about: 'a payout above the limit waits for two persons, who let it go',
    ends: { payout: ['succeeded'] },
    async play(stage) {
      const order = stage.shopA.payout('payin', { amount: money(25_000_000n, 'IDR') });
      await stage.shopA.create(order);
      await stage.operators.settle(order, 'payout.send', {}, new Set(['requested']));
      await stage.shopA.follow(order, 15_000);
    },
  },
  {
    name: 'payout-settled-by-hand',
    about: 'the bank never heard of a payout; two persons say so, and its hold is released',
    ends: { payout: ['failed'] },
    async play(stage) {
      stage.network.trouble({ edge: 'call', match: /payin\.twin\/.*payOut /i, what: 'lost-request', times: 9 });
      const order = stage.shopA.payout('payin');
      await stage.shopA.create(order);
      if (order.refused === null) await stage.operators.waitForReview('payout-not-found');
      await stage.operators.settle(order, 'order.outcome', { outcome: 'failed' }, new Set(['sending', 'unknown']));
      await stage.shopA.follow(order, 15_000);
    },
  },
];

export const scenarios: readonly Scenario[] = [
  ...moneyIn,
  ...moneyOut,
  ...backScenarios,
  ...agreementScenarios,
  ...statementScenarios,
];
