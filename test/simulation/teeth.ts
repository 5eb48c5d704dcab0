/** Planted bugs, by wrapping ports and statements: the simulation must find each of them, or it would not find the next real one. */
import type { Ask, CallOutcome, CommandName } from '../../src/core/commands.ts';
import type { World } from '../../src/core/world.ts';
import type { Reply } from '../../src/edge/reply.ts';
import type { OpenGate, Ports } from '../../src/flows/open-gate.ts';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import { blankPayout } from '../../src/protocols/reading.ts';
import { CommitUnknown, type Sql } from '../../src/store/database.ts';
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
];
