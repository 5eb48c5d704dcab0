/** Races over what goes back: one remainder, one number, one balance, money in suspense, notices under way. */
import assert from 'node:assert/strict';
import type { RefundReport } from '../../src/core/commands.ts';
import { deliverNotice } from '../../src/flows/deliver-notice.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { refund } from '../../src/flows/refund.ts';
import { settleSuspense } from '../../src/flows/settle-suspense.ts';
import { claimNotices, resendNotice } from '../../src/store/notices.ts';
import { answering, silence, sql } from '../gate.ts';
import {
  assertOnlyRefused,
  orderNow,
  paid,
  paidPayment,
  pendingPayment,
  refundAnswer,
  refundAsk,
  storyOf,
  type Subject,
  subjectOf,
  tell,
} from './orders.ts';
import type { Race } from './race.ts';
import type { Actor, Stage } from './stage.ts';

let numbers = 0;

function refundNo(): string {
  return `R${++numbers}`;
}

function asks(stage: Stage, actor: Actor, payment: Subject, no: string, minor: bigint) {
  return refund(
    actor.gate,
    stage.t.caller(0, 'payin'),
    refundAsk(payment.orderNo, no, minor),
    Buffer.from(`${no}/${minor}`),
  );
}

async function sums(stage: Stage, { home, id }: Subject) {
  const [row] = await stage.t.database.owner.run<{ refunded: bigint; pending: bigint }>(
    sql`select refunded, refund_pending as pending from kanal.payments where home = ${home} and id = ${id}`,
  );
  return row;
}

function refundCalls(stage: Stage): number {
  return stage.t.calls.filter(({ command }) => command === 'refund').length;
}

const succeeded: Partial<RefundReport> = { state: 'paid' };

/** A refund that was sent and of which nothing was heard. */
async function unknownRefund(stage: Stage): Promise<{ payment: Subject; refund: Subject }> {
  const payment = await paidPayment(stage);
  stage.t.script(silence({ kind: 'unknown', why: 'time-out' }));
  const no = refundNo();
  const [actor] = stage.actors;
  await asks(stage, actor, payment, no, 12_000n);
  return { payment, refund: await subjectOf(stage, 'refund', no) };
}

/** One half of the payment's money too much, in suspense. */
async function secondPayment(stage: Stage, lateMoney: Stage['lateMoney']): Promise<Subject> {
  stage.lateMoney = lateMoney;
  const payment = await paidPayment(stage);
  await tell(stage.actors[0].gate, payment, { ...paid, platformNo: 'UP2' });
  return payment;
}

export const refundRaces: readonly Race[] = [
  {
    title: 'refund ∥ refund, each of 60 % of the payment (T022)',
    changes: 2,
    async scene(stage) {
      const payment = await paidPayment(stage);
      stage.t.script(answering('refund', refundAnswer(succeeded)));
      return {
        parties: [stage.actors[0], stage.actors[1]].map(
          (actor) => () => asks(stage, actor, payment, refundNo(), 12_000n),
        ),
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['limit-exceeded']), 1);
          assert.deepEqual(await sums(stage, payment), { refunded: 12_000n, pending: 0n });
        },
      };
    },
  },
  {
    title: 'refund ∥ refund ∥ refund, each of half: two (T022)',
    changes: 0,
    async scene(stage) {
      const payment = await paidPayment(stage);
      stage.t.script(silence({ kind: 'unknown', why: 'time-out' }));
      return {
        parties: stage.actors.map((actor) => () => asks(stage, actor, payment, refundNo(), 10_000n)),
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['limit-exceeded']), 1);
          assert.deepEqual(await sums(stage, payment), { refunded: 0n, pending: 20_000n });
        },
      };
    },
  },
  {
    title: 'refund ∥ the same refund (T023)',
    changes: 1,
    async scene(stage) {
      const payment = await paidPayment(stage);
      stage.t.script(answering('refund', refundAnswer(succeeded)));
      const before = refundCalls(stage);
      const no = refundNo();
      return {
        parties: [stage.actors[0], stage.actors[1]].map((actor) => () => asks(stage, actor, payment, no, 12_000n)),
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.equal(refundCalls(stage) - before, 1);
          const { state, moves } = await storyOf(stage, await subjectOf(stage, 'refund', no));
          assert.deepEqual([state, moves], ['succeeded', ['hold 12000', 'pay 12000']]);
        },
      };
    },
  },
  {
    title: 'a refund’s success by callback ∥ its failure by query',
    async scene(stage) {
      const scene = await unknownRefund(stage);
      const { home, id } = scene.refund;
      stage.t.script(answering('query-refund', refundAnswer({ state: 'failed' })));
      return {
        parties: [
          () => tell(stage.actors[0].gate, scene.refund, succeeded),
          () => lookAgain(stage.actors[1].gate, { home, objectId: id, kind: 'refund', tries: 1 }),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const { state, moves } = await storyOf(stage, scene.refund);
          const { refunded, pending } = (await sums(stage, scene.payment)) ?? assert.fail('no payment');
          assert.equal(pending, 0n);
          if (state === 'succeeded') assert.deepEqual([moves, refunded], [['hold 12000', 'pay 12000'], 12_000n]);
          else {
            // It was freed, and went back all the same: what left is in suspense.
            assert.deepEqual([moves.slice(0, 2), refunded], [['hold 12000', 'release 12000'], 0n]);
            assert.match(String(moves[2]), /^suspense-out/);
          }
        },
      };
    },
  },
  {
    title: 'refund ∥ a late second payment, which goes back by itself',
    changes: 1,
    async scene(stage) {
      stage.lateMoney = 'refund';
      const payment = await paidPayment(stage);
      stage.t.script(answering('refund', refundAnswer(succeeded)));
      const no = refundNo();
      return {
        parties: [
          () => asks(stage, stage.actors[0], payment, no, 20_000n),
          () => tell(stage.actors[1].gate, payment, { ...paid, platformNo: 'UP2' }),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await sums(stage, payment), { refunded: 20_000n, pending: 0n });
          const refunds = await stage.t.database.owner.run<{ amount: bigint }>(
            sql`select amount from kanal.refunds where home = ${payment.home} and payment_id = ${payment.id}`,
          );
          assert.deepEqual(refunds, [{ amount: 20_000n }, { amount: 20_000n }]);
          const { moves } = await storyOf(stage, payment);
          assert.deepEqual(moves, ['receive 20000', 'receive-fee 2500', 'suspense-in/UP2/20000 20000']);
        },
      };
    },
  },
  {
    title: 'two workers send the refund of late money: one call (T004)',
    changes: 1,
    async scene(stage) {
      const payment = await secondPayment(stage, 'refund');
      const [late] = await stage.t.database.owner.run<{ home: number; id: bigint }>(
        sql`select home, id from kanal.refunds where home = ${payment.home} and payment_id = ${payment.id}`,
      );
      const { home, id } = late ?? assert.fail('nothing goes back');
      const before = refundCalls(stage);
      stage.t.script(answering('refund', refundAnswer(succeeded)));
      return {
        parties: [stage.actors[0], stage.actors[1]].map(
          ({ gate }) =>
            () =>
              lookAgain(gate, { home, objectId: id, kind: 'refund', tries: 0 }),
        ),
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.equal(refundCalls(stage) - before, 1);
          const { state, moves } = await storyOf(stage, { kind: 'refund', home, id });
          assert.deepEqual([state, moves], ['succeeded', ['suspense-out 20000']]);
        },
      };
    },
  },
  {
    title: 'two persons settle one suspense: once',
    changes: 1,
    async scene(stage) {
      const payment = await secondPayment(stage, 'suspense');
      const order = await orderNow(stage, 'payment', payment);
      return {
        parties: [
          () => settleSuspense(stage.actors[0], 'one', order, 'merchant', 'theirs'),
          () => settleSuspense(stage.actors[1], 'other', order, 'channel', 'given back'),
        ],
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['conflict']), 1);
          const { moves } = await storyOf(stage, payment);
          assert.equal(moves.filter((move) => move.startsWith('settled/')).length, 1);
        },
      };
    },
  },
  {
    title: 'two workers deliver what is due, while it is locked: once',
    changes: 1,
    scene: async (stage) => {
      const scene = await noticeScene(stage, ({ payment, actors: [, other] }) => deliverDue(stage, other, payment));
      const locks = sql`select id from notices_due for update`;
      return {
        ...scene,
        parties: [...scene.parties, () => stage.actors[2].gate.db.transaction((query) => query.run(locks))],
      };
    },
  },
  {
    title: 'a notice delivered ∥ the next one queued',
    scene: (stage) => noticeScene(stage, ({ payment, actors: [, other] }) => tell(other.gate, payment, paid)),
  },
  {
    title: 'a notice delivered ∥ sent again by hand',
    scene: (stage) =>
      noticeScene(stage, async ({ payment, actors: [, other] }) => {
        const [notice] = await stage.t.database.owner.run<{ id: bigint }>(
          sql`select id from kanal.notices where home = ${payment.home} and object_id = ${payment.id} order by id limit 1`,
        );
        await resendNotice(other.gate.db, notice?.id ?? 0n, null, stage.t.world.now());
      }),
  },
];

interface NoticeParts {
  readonly payment: Subject;
  readonly actors: Stage['actors'];
}

/** A payment that failed, its notice due: one worker delivers it, while the other does what it is given. */
async function noticeScene(stage: Stage, other: (parts: NoticeParts) => Promise<unknown>) {
  stage.lateMoney = 'revive';
  const payment = await pendingPayment(stage);
  // Only this order's notices are due.
  await stage.t.database.owner.run(sql`delete from kanal.notices_due`);
  await tell(stage.t.gate, payment, { state: 'failed' });
  let delivered = 0;
  stage.acknowledge = () => {
    delivered += 1;
    return true;
  };
  return {
    parties: [() => deliverDue(stage, stage.actors[0], payment), () => other({ payment, actors: stage.actors })],
    async check(outcomes: readonly PromiseSettledResult<unknown>[]) {
      assertOnlyRefused(outcomes, []);
      const deliveries = () =>
        stage.t.database.owner.run<{ event: string; state: string; due: boolean; tries: number }>(sql`
        select event, state, exists (select from kanal.notices_due d where d.home = n.home and d.id = n.id) as due,
          (select count(*)::int from kanal.notice_attempts a where a.home = n.home and a.notice_id = n.id) as tries
        from kanal.notices n where home = ${payment.home} and object_id = ${payment.id} order by id`);
      const [first, second] = await deliveries();
      assert.deepEqual([first?.event, first?.state, first?.tries], ['payment.failed', 'done', 1]);
      // What was queued meanwhile, or asked for again, is due still or was delivered: never lost.
      const later = [first, second].filter((one) => one?.due === true).length;
      const owed = second ? [second.tries + Number(second.due)] : [];
      assert.deepEqual(owed, second ? [1] : []);
      assert.equal(delivered, (first?.tries ?? 0) + (second?.tries ?? 0));
      assert.ok(later <= 1);
    },
  };
}

async function deliverDue(stage: Stage, { gate }: Actor, payment: Subject): Promise<void> {
  const now = stage.t.world.now();
  for (const notice of await claimNotices(gate.db, [payment.home], now, now + 60_000, 16, 16, []))
    await deliverNotice(gate, notice);
}
