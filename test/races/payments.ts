/** Races over one payment: who tells of it, who asks about it, who closes it, who makes it. */
import assert from 'node:assert/strict';
import type { PaymentReport } from '../../src/core/commands.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { closePayment } from '../../src/flows/close-payment.ts';
import { pay } from '../../src/flows/pay.ts';
import { queryPayment } from '../../src/flows/query.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { answering, payAsk, paymentAnswer, sql, type CallScript } from '../gate.ts';
import {
  assertOnlyRefused,
  paid,
  pendingPayment,
  type Story,
  storyOf,
  type Subject,
  subjectOf,
  tell,
} from './orders.ts';
import type { Race } from './race.ts';
import type { Stage } from './stage.ts';

const paidOnce: Story = {
  state: 'paid',
  moves: ['receive 20000', 'receive-fee 2500'],
  told: ['payment.paid'],
  reviews: [],
  changes: ['sending pending', 'pending paid'],
};

/** What a worker does when the payment's time has come. */
function look(stage: Stage, place: 0 | 1 | 2, { home, id, kind }: Subject) {
  return lookAgain(stage.actors[place].gate, { home, objectId: id, kind, tries: 1 });
}

function sayNow(stage: Stage, changes: Partial<PaymentReport>): void {
  stage.t.script(answering('query-payment', paymentAnswer(changes)));
}

function ask(stage: Stage, place: 0 | 1 | 2, { orderNo }: Subject) {
  const find = { orderNo, platformNo: null, refundNo: null, extras: {} };
  return queryPayment(stage.actors[place].gate, stage.t.caller(0, 'payin'), find);
}

/** A channel with a payer in front of it: it takes money while open, closes what is unpaid, and says what it has. */
function bank(): { state: 'open' | 'closed' | 'paid'; readonly script: CallScript } {
  const own = {
    state: 'open' as 'open' | 'closed' | 'paid',
    script: ((command) => {
      if (command === 'close-payment' && own.state === 'open') own.state = 'closed';
      if (command === 'close-payment' && own.state === 'paid')
        return Promise.resolve({ kind: 'declined', code: 'PAID', text: '' });
      const answer =
        own.state === 'paid'
          ? paymentAnswer(paid)
          : paymentAnswer({ state: own.state === 'open' ? 'pending' : 'closed' });
      return Promise.resolve({ kind: 'answered', answer });
    }) as CallScript,
  };
  return own;
}

export const paymentRaces: readonly Race[] = [
  {
    title: 'callback ∥ the same callback (T041)',
    async scene(stage) {
      const payment = await pendingPayment(stage);
      return {
        parties: [stage.actors[0], stage.actors[1]].map(
          ({ gate }) =>
            () =>
              tell(gate, payment, paid),
        ),
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await storyOf(stage, payment), paidOnce);
        },
      };
    },
  },
  {
    title: 'callback ∥ a worker’s query (T044)',
    async scene(stage) {
      const payment = await pendingPayment(stage);
      sayNow(stage, paid);
      return {
        parties: [() => tell(stage.actors[0].gate, payment, paid), () => look(stage, 1, payment)],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await storyOf(stage, payment), paidOnce);
        },
      };
    },
  },
  {
    title: 'callback ∥ callback ∥ a merchant’s query',
    changes: 1,
    async scene(stage) {
      const payment = await pendingPayment(stage);
      sayNow(stage, paid);
      return {
        parties: [
          () => tell(stage.actors[0].gate, payment, paid),
          () => tell(stage.actors[1].gate, payment, paid),
          () => ask(stage, 2, payment),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await storyOf(stage, payment), paidOnce);
        },
      };
    },
  },
  ...(['revive', 'suspense', 'refund'] as const).map(
    (policy): Race => ({
      title: `success by callback ∥ failure by query, late money: ${policy} (T042)`,
      async scene(stage) {
        stage.lateMoney = policy;
        const payment = await pendingPayment(stage);
        sayNow(stage, { state: 'failed' });
        return {
          parties: [() => tell(stage.actors[0].gate, payment, paid), () => look(stage, 1, payment)],
          async check(outcomes) {
            assertOnlyRefused(outcomes, []);
            const story = await storyOf(stage, payment);
            if (story.changes.includes('pending paid')) {
              const contradicted = { ...paidOnce, reviews: ['contradiction'] };
              // The worker may find it paid before it asks.
              assert.deepEqual(story, story.reviews.length === 0 ? paidOnce : contradicted);
              return;
            }
            const late = {
              revive: {
                ...paidOnce,
                told: ['payment.failed', 'payment.paid'],
                reviews: ['late-money'],
                changes: ['sending pending', 'pending failed', 'failed paid'],
              },
              suspense: suspended(payment, ['late-money']),
              refund: suspended(payment, []),
            };
            assert.deepEqual(story, late[policy]);
            assert.equal(await lateRefunds(stage, payment), policy === 'refund' ? 1 : 0);
          },
        };
      },
    }),
  ),
  {
    title: 'one payment paid twice, both told at once: one success, the other sum aside',
    async scene(stage) {
      stage.lateMoney = 'suspense';
      const payment = await pendingPayment(stage);
      const second = { ...paid, platformNo: 'UP2' };
      return {
        parties: [() => tell(stage.actors[0].gate, payment, paid), () => tell(stage.actors[1].gate, payment, second)],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const { moves, ...story } = await storyOf(stage, payment);
          assert.deepEqual({ ...story, moves: paidOnce.moves }, { ...paidOnce, reviews: ['second-success'] });
          assert.equal(
            moves.filter((move) => /^suspense-in\/UP[12]\/20000 20000$/.test(move)).length,
            1,
            String(moves),
          );
          assert.equal(moves.length, 3);
        },
      };
    },
  },
  {
    title: 'close ∥ the payer pays (T035)',
    changes: 2,
    async scene(stage) {
      const payment = await pendingPayment(stage);
      const { orderNo } = payment;
      const it = bank();
      stage.t.script(it.script);
      const [closer, payer] = stage.actors;
      const find = { orderNo, platformNo: null, refundNo: null, extras: { endsAny: 'true' } };
      return {
        parties: [
          () => closePayment(closer.gate, stage.t.caller(0, 'payin'), find),
          async () => {
            const takes = await payer.party.step('pays', () => {
              if (it.state === 'open') it.state = 'paid';
              return Promise.resolve(it.state === 'paid');
            });
            if (takes) await tell(payer.gate, payment, paid);
          },
        ],
        async check(outcomes) {
          const refused = assertOnlyRefused(outcomes, ['conflict']);
          const story = await storyOf(stage, payment);
          if (it.state === 'paid') assert.deepEqual([story, refused], [paidOnce, 1]);
          else assert.deepEqual([story.state, story.moves, story.told, refused], ['closed', [], ['payment.closed'], 0]);
        },
      };
    },
  },
  {
    title: 'close ∥ money that the channel takes all the same, late money: suspense (T035)',
    async scene(stage) {
      stage.lateMoney = 'suspense';
      const payment = await pendingPayment(stage);
      stage.t.script(bank().script);
      const find = { orderNo: payment.orderNo, platformNo: null, refundNo: null, extras: { endsAny: 'true' } };
      return {
        parties: [
          () => closePayment(stage.actors[0].gate, stage.t.caller(0, 'payin'), find),
          () => tell(stage.actors[1].gate, payment, paid),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, ['conflict']);
          const story = await storyOf(stage, payment);
          if (story.state === 'paid') assert.deepEqual({ ...story, reviews: [] }, { ...paidOnce, reviews: [] });
          else {
            assert.deepEqual([story.state, story.told], ['closed', ['payment.closed']]);
            assert.deepEqual(story.moves, [`suspense-in/${payment.reference ?? ''}/20000 20000`]);
            assert.deepEqual(story.reviews, ['late-money']);
          }
        },
      };
    },
  },
  {
    title: 'create ∥ the same create (T036)',
    changes: 2,
    async scene(stage) {
      const create = payAsk();
      const before = stage.t.calls.length;
      stage.t.script(answering('pay', paymentAnswer()));
      const caller = stage.t.caller(0, 'payin');
      return {
        parties: [0, 1].map((place) => () => pay(actorOf(stage, place).gate, caller, create, Buffer.from('same'))),
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const numbers = outcomes.map((one) => (one.status === 'fulfilled' ? (one.value as PaymentReport) : null));
          assert.equal(new Set(numbers.map((one) => one?.platformNo)).size, 1);
          assert.deepEqual(new Set(numbers.map((one) => one?.instruction.payCode)), new Set(['00020101']));
          assert.equal(stage.t.calls.length - before, 1);
          assert.equal((await storyOf(stage, await subjectOf(stage, 'payment', create.orderNo))).state, 'pending');
        },
      };
    },
  },
  {
    title: 'create ∥ another create of that number: one is a conflict (T036)',
    changes: 2,
    async scene(stage) {
      const create = payAsk();
      const before = stage.t.calls.length;
      stage.t.script(answering('pay', paymentAnswer()));
      const caller = stage.t.caller(0, 'payin');
      return {
        parties: [0, 1].map(
          (place) => () => pay(actorOf(stage, place).gate, caller, create, Buffer.from(`other ${place}`)),
        ),
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['conflict']), 1);
          assert.equal(stage.t.calls.length - before, 1);
          await subjectOf(stage, 'payment', create.orderNo);
        },
      };
    },
  },
  {
    title: 'two creates through a route with room for one of them that day (T063)',
    changes: 2,
    async scene(stage) {
      await capRoutes(stage, 30_000n);
      stage.t.pass(86_400_000);
      stage.t.script(answering('pay', paymentAnswer()));
      const caller = stage.t.caller(0, 'payin');
      const creates = [payAsk(), payAsk()];
      return {
        parties: creates.map(
          (create, place) => () => pay(actorOf(stage, place).gate, caller, create, Buffer.from(create.orderNo)),
        ),
        async check(outcomes) {
          await capRoutes(stage, null);
          assert.equal(assertOnlyRefused(outcomes, ['limit-exceeded']), 1);
          const used = await stage.t.database.owner.run<{ used: bigint }>(
            sql`select used from kanal.route_days order by day desc limit 1`,
          );
          assert.deepEqual(used, [{ used: 20_000n }]);
        },
      };
    },
  },
];

function actorOf(stage: Stage, place: number) {
  return stage.actors[place] ?? assert.fail(`no actor ${place}`);
}

function suspended({ reference }: Subject, reviews: readonly string[]): Story {
  return {
    state: 'failed',
    moves: [`suspense-in/${reference ?? ''}/20000 20000`],
    told: ['payment.failed'],
    reviews,
    changes: ['sending pending', 'pending failed'],
  };
}

async function lateRefunds(stage: Stage, { home, id }: Subject): Promise<number> {
  const rows = await stage.t.database.owner.run(
    sql`select id from kanal.refunds where home = ${home} and payment_id = ${id}`,
  );
  return rows.length;
}

async function capRoutes(stage: Stage, cap: bigint | null): Promise<void> {
  await stage.t.database.owner.transaction(async (query) => {
    await query.run(sql`update kanal.routes set daily_cap = ${cap} where protocol = 'payin'`);
    await touchDirectory(query);
  });
  await stage.refresh();
}
