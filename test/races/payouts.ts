/** Races over payouts: one balance, one hold, two workers, two persons who agree, a channel that speaks too late. */
import assert from 'node:assert/strict';
import type { CallOutcome, CommandName, PayoutReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { bareEvidence } from '../../src/flows/attempt.ts';
import { askSecond, decide } from '../../src/flows/approve.ts';
import { lookAgain } from '../../src/flows/chase.ts';
import { letGo, refuseHeld } from '../../src/flows/held-payout.ts';
import { rerouteAttempt } from '../../src/flows/learn-outcome.ts';
import { payOut } from '../../src/flows/pay-out.ts';
import type { Sql } from '../../src/store/database.ts';
import { insertUser } from '../../src/store/users.ts';
import { claimWork, leaseHomes } from '../../src/store/work.ts';
import { answering, payOutAsk, payoutAnswer, sql } from '../gate.ts';
import {
  assertOnlyRefused,
  orderNow,
  type Story,
  storyOf,
  type Subject,
  subjectOf,
  tell,
  unknownPayout,
} from './orders.ts';
import type { Race, Scene } from './race.ts';
import type { Stage } from './stage.ts';

const hold = 'hold 52500';
const failedOnce: Omit<Story, 'changes'> = {
  state: 'failed',
  moves: [hold, 'release 52500'],
  told: ['payout.failed'],
  reviews: [],
};
const paidOut: Omit<Story, 'changes'> = {
  state: 'succeeded',
  moves: [hold, 'pay 50000', 'pay-fee 2500'],
  told: ['payout.succeeded'],
  reviews: [],
};

async function story(stage: Stage, payout: Subject): Promise<Omit<Story, 'changes'>> {
  const { changes: _, ...rest } = await storyOf(stage, payout);
  return rest;
}

function look(stage: Stage, place: 0 | 1 | 2, { home, id }: Subject) {
  return lookAgain(stage.actors[place].gate, { home, objectId: id, kind: 'payout', tries: 1 });
}

function sayNow(stage: Stage, changes: Partial<PayoutReport>): void {
  stage.t.script(answering('query-payout', payoutAnswer(changes)));
}

/** A payout that waits for two persons. */
async function heldPayout(stage: Stage): Promise<Subject> {
  const { merchant, credential } = stage.t.caller(0, 'payin');
  const ask = payOutAsk();
  const caller = { credential, merchant: { ...merchant, settings: { ...merchant.settings, 'payoutLimit.IDR': '1' } } };
  await payOut(stage.t.gate, caller, ask, Buffer.from(ask.orderNo));
  stage.t.script(answering('pay-out', payoutAnswer()));
  return subjectOf(stage, 'payout', ask.orderNo);
}

/** How often the channel was told to pay it out. */
function callsFor(stage: Stage, reference: string | null): number {
  return stage.t.calls.filter(({ command, ask }) => command === 'pay-out' && Object(ask).orderNo === reference).length;
}

async function letGoBy(stage: Stage, place: 0 | 1 | 2, payout: Subject) {
  return letGo(stage.actors[place].gate, await orderNow(stage, 'payout', payout));
}

let people = 0;

async function person(stage: Stage) {
  const { gate, world } = stage.t;
  const who = { id: world.newId(), name: `person-${++people}` };
  const user = { ...who, role: 'approver', merchantId: null, setupCode: 'unused', setupUntil: null } as const;
  await insertUser(gate.db, user, world.now());
  return { userId: who.id, name: who.name };
}

/** What the books hold is given back, so that the next course finds the same balance. */
async function fail(stage: Stage, payout: Subject): Promise<void> {
  await tell(stage.t.gate, payout, { state: 'failed', amount: null });
}

export const payoutRaces: readonly Race[] = [
  {
    title: 'payout ∥ payout, each of 60 % of the balance (T005)',
    changes: 2,
    async scene(stage) {
      const caller = stage.t.caller(0, 'payin');
      stage.t.script(answering('pay-out', payoutAnswer({ amount: null })));
      const [balance] = await stage.t.database.owner.run<{ available: bigint }>(
        sql`select available from kanal.balances where account = ${`merchant/${caller.merchant.id}/available`} and currency = 'IDR'`,
      );
      const amount = money(((balance?.available ?? 0n) * 6n) / 10n, 'IDR');
      const asks = [payOutAsk({ amount }), payOutAsk({ amount })];
      return {
        parties: asks.map((ask, place) => () => {
          const actor = stage.actors[place] ?? stage.actors[0];
          return payOut(actor.gate, caller, ask, Buffer.from(ask.orderNo));
        }),
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['insufficient-funds']), 1);
          const made = asks[outcomes.findIndex(({ status }) => status === 'fulfilled')];
          await fail(stage, await subjectOf(stage, 'payout', made?.orderNo ?? ''));
        },
      };
    },
  },
  {
    title: 'a hold released by callback ∥ by a worker’s query (T025)',
    async scene(stage) {
      const payout = await unknownPayout(stage);
      sayNow(stage, { state: 'failed' });
      return {
        parties: [() => tell(stage.actors[0].gate, payout, { state: 'failed' }), () => look(stage, 1, payout)],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await story(stage, payout), failedOnce);
        },
      };
    },
  },
  {
    title: 'two workers with one expired lease chase one payout (T004)',
    changes: 2,
    async scene(stage) {
      const payout = await unknownPayout(stage);
      sayNow(stage, { state: 'failed' });
      return {
        parties: [() => look(stage, 0, payout), () => look(stage, 1, payout)],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await story(stage, payout), failedOnce);
          assert.equal(callsFor(stage, payout.reference), 1);
        },
      };
    },
  },
  {
    title: 'two workers claim the work of one home, while it is locked (T004)',
    async scene(stage) {
      const payout = await unknownPayout(stage);
      stage.t.pass(3_600_000);
      const now = stage.t.world.now();
      return {
        parties: [
          () => claimWork(stage.actors[0].gate.db, payout.home, now, now + 60_000, 1_000),
          () => claimWork(stage.actors[1].gate.db, payout.home, now, now + 60_000, 1_000),
          () => locking(stage, sql`select home from work for update`),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const claimed = outcomes
            .slice(0, 2)
            .flatMap((one) =>
              one.status === 'fulfilled' ? (one.value as { objectId: bigint }[]).map(({ objectId }) => objectId) : [],
            );
          // Nobody, when both found it locked; the next look finds it.
          assert.equal(new Set(claimed).size, claimed.length, 'nobody shares a piece');
          await fail(stage, payout);
        },
      };
    },
  },
  {
    title: 'two workers lease the homes of a third that is gone, while they are locked (T004)',
    async scene(stage) {
      const { owner } = stage.t.database;
      stage.t.pass(60_000);
      const now = stage.t.world.now();
      await leaseHomes(stage.t.gate.db, 'gone', now - 30_000, now - 1, 256);
      return {
        parties: [
          ...[0, 1].map((place) => {
            const actor = stage.actors[place] ?? stage.actors[0];
            return () => leaseHomes(actor.gate.db, `worker-${place}`, now, now + 15_000, 128);
          }),
          () => locking(stage, sql`select home from home_leases order by home for update`),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const homes = outcomes
            .slice(0, 2)
            .flatMap((one) =>
              one.status === 'fulfilled' ? (one.value as { home: number }[]).map(({ home }) => home) : [],
            );
          assert.equal(new Set(homes).size, homes.length, 'nobody shares a home');
          const [kept] = await owner.run<{ owners: bigint }>(
            sql`select count(*) as owners from kanal.home_leases where until > ${now} and owner like 'worker-%'`,
          );
          assert.equal(Number(kept?.owners ?? 0n), homes.length);
        },
      };
    },
  },
  {
    title: 'success ∥ the money comes back: returned in either order, booked once',
    async scene(stage) {
      const payout = await unknownPayout(stage);
      return {
        parties: [
          () => tell(stage.actors[0].gate, payout, { state: 'paid' }),
          () => tell(stage.actors[1].gate, payout, { state: 'returned' }),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const { state, moves, reviews } = await story(stage, payout);
          assert.deepEqual([state, reviews], ['returned', []]);
          const afterSuccess = [hold, 'pay 50000', 'pay-fee 2500', 'return 50000'];
          assert.deepEqual(moves, moves.length === 2 ? [hold, 'release 52500'] : afterSuccess);
        },
      };
    },
  },
  {
    title: 'success ∥ failure by query ∥ the money comes back',
    changes: 1,
    async scene(stage) {
      const payout = await unknownPayout(stage);
      sayNow(stage, { state: 'failed' });
      return {
        parties: [
          () => tell(stage.actors[0].gate, payout, { state: 'paid' }),
          () => look(stage, 1, payout),
          () => tell(stage.actors[2].gate, payout, { state: 'returned' }),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const { state, moves } = await story(stage, payout);
          // The hold went one way, once; what contradicts it is a person's.
          assert.ok(['failed', 'returned'].includes(state), state);
          assert.equal(moves.filter((move) => /^(pay|release) /.test(move)).length, 1, String(moves));
        },
      };
    },
  },
  {
    title: 'silence ∥ success by callback',
    changes: 2,
    async scene(stage) {
      const ask = payOutAsk();
      const [caller, teller] = stage.actors;
      let isCalled = false;
      stage.t.script(() => {
        isCalled = true;
        return Promise.resolve({ kind: 'unknown', why: 'time-out' });
      });
      return {
        parties: [
          () => payOut(caller.gate, stage.t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo)),
          async () => {
            await teller.party.until('called', () => isCalled);
            const payout = await subjectOf(stage, 'payout', ask.orderNo);
            await tell(teller.gate, payout, { state: 'paid' });
          },
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await story(stage, await subjectOf(stage, 'payout', ask.orderNo)), paidOut);
        },
      };
    },
  },
  {
    title: 'sent again under its reference ∥ success of the first by callback (T003)',
    changes: 2,
    async scene(stage) {
      const payout = await unknownPayout(stage);
      const { home, id, channelId, reference } = payout;
      // It has been unknown there for a whole settle window.
      await stage.t.database.owner.run(
        sql`update kanal.attempts set not_found = 3, not_found_since = 0 where home = ${home} and object_id = ${id}`,
      );
      stage.resends = true;
      stage.t.script(<C extends CommandName>(command: C) =>
        Promise.resolve(
          (command === 'pay-out'
            ? { kind: 'declined', code: 'DUPLICATE', text: '' }
            : { kind: 'not-found', code: 'X', text: '' }) as CallOutcome<C>,
        ),
      );
      return {
        parties: [() => look(stage, 0, payout), () => tell(stage.actors[1].gate, payout, { state: 'paid' })],
        async check(outcomes) {
          stage.resends = false;
          assertOnlyRefused(outcomes, []);
          assert.deepEqual(await story(stage, payout), paidOut);
          const resent = await stage.t.database.owner.run<{ from: string }>(sql`
            select detail ->> 'from' as from from kanal.events where home = ${home} and object_id = ${id} and detail ->> 'event' = 'resent'`);
          const isSentAgain = resent.some(({ from }) => from === 'unknown');
          assert.equal(callsFor(stage, reference), isSentAgain ? 2 : 1, `${channelId} ${JSON.stringify(resent)}`);
        },
      };
    },
  },
  {
    title: 'let go ∥ let go',
    changes: 2,
    scene: async (stage) => letGoScene(stage, (payout) => letGoBy(stage, 1, payout)),
  },
  {
    title: 'let go ∥ refused: sent or given back, never both',
    changes: 2,
    scene: async (stage) =>
      letGoScene(stage, async (payout) => refuseHeld(stage.actors[1].gate, await orderNow(stage, 'payout', payout))),
  },
  {
    title: 'approve ∥ approve, by two persons',
    changes: 1,
    async scene(stage) {
      const payout = await heldPayout(stage);
      const [asker, first, second] = [await person(stage), await person(stage), await person(stage)];
      const { admissions } = stage;
      const office = { gate: stage.t.gate, admissions };
      const approval = await askSecond(office, asker, 'payout.send', { order: String(payout.id) }, 'wages');
      return {
        parties: [first, second].map((who, place) => () => {
          const actor = stage.actors[place] ?? stage.actors[0];
          return decide({ gate: actor.gate, admissions }, who, approval, 'approved');
        }),
        async check(outcomes) {
          assert.equal(assertOnlyRefused(outcomes, ['conflict']), 1);
          assert.equal(callsFor(stage, payout.reference), 1);
          assert.equal((await story(stage, payout)).state, 'pending');
          const decided = await stage.t.database.owner.run(sql`
            select result, (select count(*)::int from kanal.audit where action = 'approval.approved' and detail ->> 'approval' = ${String(approval)}) as decisions
            from kanal.approvals where id = ${approval}`);
          assert.deepEqual(decided, [{ result: 'now pending', decisions: 1 }]);
          await fail(stage, payout);
        },
      };
    },
  },
  {
    title: 'failover ∥ late word of the first channel',
    async scene(stage) {
      const payout = await unknownPayout(stage);
      // As it stood while its call was under way.
      await stage.t.database.owner.run(sql`update kanal.payouts set state = 'sending' where id = ${payout.id}`);
      const order = await orderNow(stage, 'payout', payout);
      const channel = [...stage.t.gate.directory().channels.values()].find(({ id }) => id !== payout.channelId);
      if (order.kind !== 'payout' || !channel) throw new Error('no payout, or no second channel');
      const [fails, tells] = stage.actors;
      const { channelId, reference } = payout;
      const said = bareEvidence({ kind: 'payout', channelId, reference }, 'reply', 'not-sent', stage.t.world.now());
      return {
        parties: [
          () => rerouteAttempt(fails.gate, order, said, channel),
          () => tell(tells.gate, payout, { state: 'paid' }),
        ],
        async check(outcomes) {
          assertOnlyRefused(outcomes, []);
          const after = await orderNow(stage, 'payout', payout);
          const { state, moves, reviews } = await story(stage, payout);
          if (after.reference === reference)
            assert.deepEqual([state, moves, reviews], ['succeeded', paidOut.moves, []]);
          else {
            // Another channel has it now: what left through the first is a person's, and nothing is freed.
            assert.deepEqual([state, reviews], ['sending', ['second-success']]);
            assert.equal(
              moves.some((move) => /^(release|pay)/.test(move)),
              false,
            );
            await fail(stage, { ...payout, channelId: after.channelId, reference: after.reference });
          }
        },
      };
    },
  },
];

/** The third party: has the rows locked, so that the others meet at them. */
function locking(stage: Stage, rows: Sql): Promise<unknown> {
  return stage.actors[2].gate.db.transaction((query) => query.run(rows));
}

/** One lets it go, the other does what it is given: of both one is too late, and the channel is called at most once. */
async function letGoScene(stage: Stage, other: (payout: Subject) => Promise<unknown>): Promise<Scene> {
  const payout = await heldPayout(stage);
  return {
    parties: [() => letGoBy(stage, 0, payout), () => other(payout)],
    async check(outcomes) {
      assert.equal(assertOnlyRefused(outcomes, ['conflict']), 1);
      const { state, moves } = await story(stage, payout);
      assert.equal(callsFor(stage, payout.reference), state === 'pending' ? 1 : 0);
      assert.deepEqual(moves, state === 'pending' ? [hold] : [hold, 'release 52500']);
      assert.ok(['pending', 'failed'].includes(state), state);
      if (state === 'pending') await fail(stage, payout);
    },
  };
}
