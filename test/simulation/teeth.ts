/**
 * Planted bugs, by wrapping ports and statements, or by changing a row of the tables: the simulation or the crash sweep must find
 * each of them, or they would not find the next real one.
 */
import type { Ask, CallOutcome, CommandName } from '../../src/core/commands.ts';
import type { World } from '../../src/core/world.ts';
import type { Reply } from '../../src/edge/reply.ts';
import type { OpenGate, Ports } from '../../src/flows/open-gate.ts';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import { movementMember } from '../../src/core/movement.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { paymentReport } from '../../src/core/report.ts';
import { type Event, paymentRules, payoutRules, type Rule } from '../../src/core/rules.ts';
import { blankPayout } from '../../src/protocols/reading.ts';
import { CommitUnknown, type Query, type Sql } from '../../src/store/database.ts';
import { orderByKey } from '../../src/store/orders.ts';
import type { ChannelRow } from '../../src/store/directory.ts';
import type { Chance } from './chance.ts';
import type { Answer } from './network.ts';

export interface Tooth {
  readonly name: string;
  readonly about: string;
  /** null leaves the statement out. */
  statement?(statement: Sql, chance: Chance): Sql | null;
  ports?(ports: Ports, world: World): Ports;
  gate?(gate: OpenGate): void;
  /** Changes a table of rules, for all processes. → how to put it back. */
  plant?(): () => void;
  /** An answer given at once, instead of that of `go`. */
  listen?(wire: RequestWire, go: () => Promise<Reply | null>): Answer | null;
}

type Outcome = CallOutcome<CommandName>;

/** Changes what a call comes to. */
function onCall(
  change: (
    outcome: Outcome,
    command: CommandName,
    again: (ask: Ask) => Promise<Outcome>,
    ask: Ask,
    world: World,
  ) => Promise<Outcome> | Outcome,
): Pick<Tooth, 'ports'> {
  return {
    ports: (ports, world) => ({
      ...ports,
      call: async <C extends CommandName>(channel: ChannelRow, command: C, ask: Ask<C>): Promise<CallOutcome<C>> => {
        const again = (other: Ask) => ports.call(channel, command, other as Ask<C>) as Promise<Outcome>;
        const outcome = (await ports.call(channel, command, ask)) as Outcome;
        return (await change(outcome, command, again, ask as Ask, world)) as CallOutcome<C>;
      },
    }),
  };
}

/** Another row in a table of rules. */
function withRule(row: Readonly<Partial<Record<Event, Rule<string>>>>, event: Event, rule: Rule<string>): () => void {
  const before = { [event]: row[event] };
  Object.assign(row, { [event]: rule });
  return () => void Object.assign(row, before);
}

/** Another text of one statement. */
function reworded(name: string, from: string, to: string): Pick<Tooth, 'statement'> {
  return {
    statement: (statement) =>
      statement.name === name ? { text: mustReplace(statement.text, from, to), values: statement.values } : statement,
  };
}

/** A bug that cannot be planted any more must not look like one that was found: then everything ends here. */
function mustReplace(text: string, from: string, to: string): string {
  if (!text.includes(from))
    queueMicrotask(() => {
      throw new Error(`no longer in the statement: ${from}`);
    });
  return text.replace(from, to);
}

function without(name: string): Pick<Tooth, 'statement'> {
  return { statement: (statement) => (statement.name === name ? null : statement) };
}

export const teeth: readonly Tooth[] = [
  {
    name: 'time-out-is-failure',
    about: 'a create that was not answered counts as refused (T002)',
    ...onCall((outcome, command) =>
      outcome.kind === 'unknown' && (command === 'pay' || command === 'pay-out')
        ? { kind: 'declined', code: 'time-out', text: 'no answer' }
        : outcome,
    ),
  },
  {
    name: 'new-reference-on-retry',
    about: 'a payout that was not answered is sent again under another reference (T002)',
    ...onCall((outcome, command, again, ask, world) =>
      outcome.kind === 'unknown' && command === 'pay-out'
        ? again({ ...ask, orderNo: Buffer.from(world.nonce(16)).toString('hex') } as Ask)
        : outcome,
    ),
  },
  {
    name: 'not-found-is-failure',
    about: 'a payout that a query does not find counts as failed (T028)',
    ...onCall((outcome, command, _again, ask) =>
      outcome.kind === 'not-found' && command === 'query-payout' && 'orderNo' in ask
        ? { kind: 'answered', answer: { ...blankPayout, orderNo: ask.orderNo, state: 'failed' } }
        : outcome,
    ),
  },
  { name: 'no-intent', about: 'the attempt is not stored before the call (T003)', ...without('attempts-insert') },
  { name: 'no-work', about: 'nobody is made to look again after a crash (T003)', ...without('work-insert') },
  {
    name: 'no-outbox',
    about: 'a state changes and no notice is put on the table (T045)',
    ...without('notices-insert'),
  },
  {
    name: 'no-balance',
    about: 'moves are booked, the balances beside them are not changed (T005)',
    ...without('balances-change'),
  },
  {
    name: 'acknowledged-before-commit',
    about: 'a callback is acknowledged while it is being stored (T046)',
    listen(wire, go) {
      if (!wire.target.startsWith('/listen/')) return null;
      go().catch(() => undefined);
      return { status: 200, headers: {}, body: Buffer.from(wire.method === 'GET' ? 'success' : 'SUCCESS') };
    },
  },
  {
    name: 'numbers-not-kept',
    about: 'the same number makes another order each time (T036)',
    statement(statement, chance) {
      if (statement.name !== 'numbers-take') return statement;
      const values = statement.values.map((value, index) =>
        index === 3 && Array.isArray(value) ? value.map((number) => `${number}~${chance.whole(0, 1e9)}`) : value,
      );
      return { ...statement, values };
    },
  },
  {
    name: 'no-tenant',
    about: 'an order is found by its platform number, whoever asks (T021)',
    statement: (statement) =>
      /platform_no = \$2 and merchant_id = \$3/.test(statement.text)
        ? {
            text: statement.text.replace(' and merchant_id = $3', ' and $3::bigint is not null'),
            values: statement.values,
          }
        : statement,
  },
  {
    name: 'sent-is-delivered',
    about: 'a notice counts as delivered although nobody acknowledged it (T048)',
    ports: (ports) => ({
      ...ports,
      notices: {
        ...ports.notices,
        deliver: async (credential, merchant, letter) => ({
          ...(await ports.notices.deliver(credential, merchant, letter)),
          delivered: true,
        }),
      },
    }),
  },
  {
    name: 'amount-not-compared',
    about: 'whatever was paid, the order is paid (T007)',
    gate({ batches: { learn } }) {
      const add = learn.add.bind(learn);
      learn.add = (learning) => add({ ...learning, evidence: { ...learning.evidence, money: null } });
    },
  },
  {
    name: 'unknown-commit-is-done',
    about: 'a commit whose fate nobody knows counts as done (T047)',
    gate({ batches: { payments } }) {
      const add = payments.add.bind(payments);
      payments.add = (one) =>
        add(one).catch((error: unknown) => {
          if (error instanceof CommitUnknown) return { kind: 'made' };
          throw error;
        });
    },
  },
  {
    name: 'commit-error-is-no',
    about: 'a create whose commit ended in an error is refused, although it may be stored (T047)',
    gate({ batches: { payouts } }) {
      const add = payouts.add.bind(payouts);
      payouts.add = (one) =>
        add(one).catch((error: unknown) => {
          if (error instanceof CommitUnknown) throw new Refusal('channel-declined', { text: 'try another way' });
          throw error;
        });
    },
  },
  {
    name: 'reset-is-not-sent',
    about: 'a payout that was cut off counts as never sent, and goes to the next channel (T029)',
    ...onCall((outcome, command) =>
      outcome.kind === 'unknown' && command === 'pay-out' ? { kind: 'not-sent', why: 'connection reset' } : outcome,
    ),
  },
  {
    name: 'refund-under-new-number',
    about: 'a refund that was not answered is asked for again under another number (T024)',
    ...onCall((outcome, command, again, ask, world) =>
      outcome.kind === 'unknown' && command === 'refund'
        ? again({ ...ask, refundNo: Buffer.from(world.nonce(16)).toString('hex') } as Ask)
        : outcome,
    ),
  },
  {
    name: 'query-from-cache',
    about: 'what a channel once said about a payment is what it says for ever, also when its time is over (T031, T035)',
    ports: (ports) => {
      const said = new Map<string, Outcome>();
      return {
        ...ports,
        call: async <C extends CommandName>(channel: ChannelRow, command: C, ask: Ask<C>): Promise<CallOutcome<C>> => {
          const key = command === 'query-payment' && 'orderNo' in ask ? ask.orderNo : null;
          const known = key === null ? undefined : said.get(key);
          if (known) return known as CallOutcome<C>;
          const outcome = await ports.call(channel, command, ask);
          if (key !== null && outcome.kind === 'answered') said.set(key, outcome as Outcome);
          return outcome;
        },
      };
    },
  },
  {
    name: 'late-money-unseen',
    about: 'money after the end makes the order paid, and nobody looks (T026)',
    plant() {
      const rule = { to: 'paid', post: 'receive', tell: true } as const;
      const undo = [paymentRules.failed, paymentRules.closed].map((row) => withRule(row, 'succeeded', rule));
      return () => {
        for (const back of undo) back();
      };
    },
  },
  {
    name: 'hold-kept',
    about: 'a payout that failed later keeps its hold (T025)',
    plant: () => withRule(payoutRules.pending, 'failed', { to: 'failed', tell: true }),
  },
  {
    name: 'double-reversal',
    about: 'a payout that came back is booked each time that is told (T027)',
    plant: () => withRule(payoutRules.returned, 'returned', { to: 'returned', post: 'return' }),
    statement(statement, chance) {
      if (statement.name !== 'moves-insert') return statement;
      const values = statement.values.map((value, index) =>
        index === 2 && Array.isArray(value)
          ? value.map((reason) => (reason === 'return' ? `return/${chance.whole(0, 1e9)}` : String(reason)))
          : value,
      );
      return { ...statement, values };
    },
  },
  {
    name: 'second-success-is-the-first',
    about: "money that came twice is one success, whatever the wallet's number of it (T034)",
    gate({ batches: { learn } }) {
      const add = learn.add.bind(learn);
      learn.add = (learning) => {
        const { [movementMember]: _, ...extras } = learning.evidence.extras;
        return add({ ...learning, evidence: { ...learning.evidence, extras, upstreamNo: null } });
      };
    },
  },
  {
    name: 'remainder-not-held',
    about: 'a refund under way takes nothing off what is left of its payment (T022)',
    statement: (statement) =>
      statement.text.includes('set refund_pending = refund_pending +')
        ? {
            text: mustReplace(statement.text, 'refund_pending + $1', 'refund_pending + 0 * $1::bigint'),
            values: statement.values,
          }
        : statement,
  },
  {
    name: 'notice-after-commit',
    about: 'a notice is put on the table after the commit of what it tells (T045)',
    gate(gate) {
      const { db } = gate;
      const transaction = async <T>(work: (query: Query) => Promise<T>): Promise<T> => {
        const later: Sql[] = [];
        const result = await db.transaction((query) =>
          work({
            run<R>(statement: Sql): Promise<R[]> {
              if (statement.name !== 'notices-insert') return query.run<R>(statement);
              later.push(statement);
              return Promise.resolve([]);
            },
          }),
        );
        for (const statement of later) await db.run(statement);
        return result;
      };
      Object.assign(gate, { db: { run: db.run.bind(db), close: db.close.bind(db), transaction } });
    },
  },
  {
    name: 'notice-made-anew',
    about: 'each try of a notice tells how the order stands by then (T051)',
    gate(gate) {
      const deliver = gate.notices.deliver.bind(gate.notices);
      Object.assign(gate.notices, {
        deliver: async (...[credential, merchant, letter]: Parameters<typeof deliver>) => {
          const key = { home: merchant.home, id: BigInt(letter.group) };
          const order = await orderByKey(gate.db, 'payment', key);
          const report = order?.kind === 'payment' ? paymentReport(order, null) : null;
          const body = (report && gate.notices.freeze(credential, report)) ?? letter.body;
          return deliver(credential, merchant, { ...letter, body });
        },
      });
    },
  },
  {
    name: 'ladder-starts-over',
    about: 'each try of a notice is its first (T049)',
    ...reworded('notices-claim', 'tries = d.tries + 1', 'tries = 1'),
  },
  {
    name: 'notice-lease-too-short',
    about: 'a notice under way is due again while its receiver thinks (T004)',
    ...reworded('notices-claim', 'set due_at = ', 'set due_at = -60000 + '),
  },
  {
    name: 'claimed-is-gone',
    about: 'work that was taken does not come back when its worker dies (T003)',
    ...reworded('work-claim', 'set due_at = ', 'set due_at = 300000000000 + '),
  },
];
