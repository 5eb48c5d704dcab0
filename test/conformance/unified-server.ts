/** A gateway without a database: the serve arrow over the unified protocol, with answers given by the test. */
import type { Answer, Ask, CommandName } from '../../src/core/commands.ts';
import type { World } from '../../src/core/world.ts';
import { serve } from '../../src/edge/serve.ts';
import type { Obj } from '../../src/protocols/json.ts';
import type { Keys, RequestWire } from '../../src/protocols/protocol.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import { members, merchant, moment, samplePayment, samplePayout, textOf } from './unified-party.ts';

export const world: World = {
  now: () => moment,
  monotonic: () => 0,
  nonce: (bytes) => Buffer.alloc(bytes, 7),
  newId: () => 1n,
  sleep: () => Promise.resolve(),
  scaled: (ms) => ms,
  send: () => Promise.resolve({ kind: 'NOT_SENT', why: 'no network here' }),
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

export interface Gateway {
  /** Credentials by public name; one merchant when left out. */
  readonly keys?: readonly Keys[];
  readonly addresses?: readonly string[];
  readonly answer?: (command: CommandName) => Answer;
}

export interface Said {
  readonly reply: Obj;
  readonly code: string;
  readonly status: number;
  readonly bytes: string;
  /** What reached the flows; null when nothing did. */
  readonly asked: Ask | null;
  readonly fingerprint: string;
}

const samples: Readonly<Partial<Record<CommandName, Answer>>> = {
  pay: samplePayment,
  'pay-out': samplePayout,
  'query-order': samplePayment,
};

/** Serves one request; throws when the path is none of the protocol's. */
export async function ask(
  wire: RequestWire,
  { keys = [merchant()], addresses = [], answer }: Gateway = {},
): Promise<Said> {
  let asked: Ask | null = null;
  let fingerprint = '';
  const served = await serve(unified, wire, {
    world,
    find: (_protocol, sender) => {
      const found = keys.find((candidate) => candidate.sender === sender);
      return found ? { keys: found, addresses, is: sender } : null;
    },
    carryOut: (request) => {
      asked = request.ask;
      fingerprint = Buffer.from(request.fingerprint).toString('hex');
      const { command } = request.endpoint;
      const given = answer ? answer(command) : samples[command];
      if (given === undefined) throw new Error(`no answer for ${command}`);
      return Promise.resolve(given);
    },
  });
  if (!served) throw new Error(`${wire.target} is not served`);
  const bytes = textOf(served.reply.body);
  const reply = members(bytes);
  const code = reply.get('code');
  return {
    reply,
    code: typeof code === 'string' ? code : '',
    status: served.reply.status,
    bytes,
    asked,
    fingerprint,
  };
}
