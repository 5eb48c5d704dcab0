/** Paying by agreement: signed, confirmed with the code of an SMS, charged, confirmed again. */
import type { CallOutcome, CommandName, SignAgreement } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { sql } from '../../src/store/database.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const userId = 'user-0001';
const payeeNo = 'kanal-sweep';

function signing(orderNo: string): SignAgreement {
  return {
    orderNo,
    userId,
    payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo,
    scope: 'any-payee',
    extras: {},
  };
}

/** The card holder reads it from the telephone. */
function smsCode(stage: Stage, kind: 'agreement' | 'payment'): string {
  const orders = [...stage.bank('ysepay').orders.values()].filter((one) => one.kind === kind);
  return orders.at(-1)?.smsCode ?? '000000';
}

/** Until it is answered with yes or no. */
async function insist<C extends CommandName>(
  stage: Stage,
  what: string,
  ask: () => Promise<CallOutcome<C>>,
): Promise<CallOutcome<C>> {
  for (let i = 0; i < 60; i += 1) {
    const outcome = await ask();
    stage.journal.note('alpha.sim', `${what}: ${outcome.kind} ${outcome.kind === 'declined' ? outcome.code : ''}`);
    if (outcome.kind === 'answered' || outcome.kind === 'declined') return outcome;
    await stage.clock.sleep(10_000);
  }
  return stage.fail(`${what}: nobody answers`);
}

/** Signs and confirms; a number whose signing came to nothing is given up for a new one. → the agreement's number. */
async function agree(stage: Stage): Promise<string> {
  const { shopA } = stage;
  for (let i = 1; i <= 5; i += 1) {
    const orderNo = `20260115A0${i}`;
    const signed = await insist(stage, 'sign', () => shopA.ask('ysepay', 'sign-agreement', signing(orderNo)));
    if (signed.kind !== 'answered' || signed.answer.state !== 'wait-confirm') continue;
    const { agreementNo: confirmNo, extras } = signed.answer;
    const active = await insist(stage, 'confirm the agreement', () =>
      shopA.ask('ysepay', 'confirm-agreement', { orderNo, confirmNo, code: smsCode(stage, 'agreement'), extras }),
    );
    const agreementNo = active.kind === 'answered' ? (active.answer.agreementNo ?? confirmNo) : null;
    if (agreementNo !== null) return agreementNo;
  }
  return stage.fail('no agreement comes about');
}

export const agreementScenarios: readonly Scenario[] = [
  {
    name: 'agreement',
    about: 'a card holder agrees by SMS and is charged, confirmed by SMS again',
    ends: { payment: ['paid', 'failed', 'closed'] },
    async play(stage) {
      const { shopA } = stage;
      const agreementNo = await agree(stage);
      const order = shopA.payment('ysepay', {
        method: 'quick-pay',
        option: null,
        amount: money(1_250n, 'CNY'),
        agreementNo,
        agreementUse: { userId, payeeNo, expiry: null, cvv: null, instalments: null },
      });
      await shopA.create(order);
      if (order.confirmNo !== null) {
        const confirm = { orderNo: order.no, confirmNo: order.confirmNo, extras: {} };
        await insist(stage, 'confirm the payment', () =>
          shopA.ask('ysepay', 'confirm-payment', { ...confirm, code: smsCode(stage, 'payment') }),
        );
      }
      await shopA.follow(order, 30_000);
    },
    /** What is told to be active is so at the bank. */
    async check(stage) {
      const active = await stage.books.owner.run<{ reference: string }>(
        sql`select reference from agreements where state = 'active'`,
      );
      for (const { reference } of active)
        if (stage.bank('ysepay').orders.get(reference)?.outcome !== 'paid')
          stage.fail(`agreement ${reference} is active here alone`);
    },
  },
];
