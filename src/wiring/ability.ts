/** Whether a channel's protocol can carry out an ask: told before anything is stored, and asked again by docs/generated/matrix.md. */
import type { Ask, CommandName } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import { endpointFor } from '../edge/call.ts';
import { sceneOf } from '../edge/serve.ts';
import type { Capability, Keys, Protocol } from '../protocols/protocol.ts';

type CreateAsk = Ask<'pay'> | Ask<'pay-out'>;

/** null = it can; else why not, in words for an operator. `keys` are the channel's. */
export function whyUnable(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  keys: Keys,
  command: CommandName,
  ask: Ask,
): string | null {
  if (!endpointFor(protocol, command, ask)) return `${protocol.name} has no ${command} for this`;
  if (command !== 'pay' && command !== 'pay-out') return null;
  const create = ask as CreateAsk;
  return whyBeyond(protocol.capabilities, command, create) ?? whyUnsayable(world, protocol, keys, command, create);
}

/** Does a capability of the channel cover method, option, currency and amount? */
function whyBeyond(capabilities: readonly Capability[], command: 'pay' | 'pay-out', ask: CreateAsk): string | null {
  const method = command === 'pay-out' ? 'bank-transfer' : 'method' in ask ? ask.method : 'any';
  const option = 'option' in ask ? ask.option : null;
  const able = capabilities.filter((one) => one.sides !== 'ask' && one.method === method);
  if (able.length === 0) return `it cannot do ${method}`;
  const fitting = able.filter(
    (one) =>
      one.currencies.includes(ask.amount.currency) &&
      (one.options === null || option === null || one.options.includes(option)),
  );
  if (fitting.length === 0)
    return `it cannot do ${[method, option].filter((word) => word !== null).join(' ')} in ${ask.amount.currency}`;
  const inside = fitting.some(
    (one) => ask.amount.minor >= one.min && (one.max === null || ask.amount.minor <= one.max),
  );
  return inside ? null : 'the amount is outside its limits';
}

/** Writes the request for nobody: what the channel's language cannot say must be refused before anything is stored. */
function whyUnsayable(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  keys: Keys,
  command: 'pay' | 'pay-out',
  ask: CreateAsk,
): string | null {
  const trial = {
    ...withDefaultPhone(ask, keys.setting('defaultPhone')),
    orderNo: '0'.repeat(32),
    notify: { kind: 'http' as const, url: 'https://example.test/' },
    extras: {},
  };
  const endpoint = endpointFor<CommandName>(protocol, command, trial);
  const row = protocol.endpoints.find((one) => one.name === endpoint?.name) ?? null;
  try {
    endpoint?.ask.write(trial, sceneOf(world, row, keys, null, 'https://example.test/'));
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.message : 'its protocol cannot say this';
  }
}

/** As the flows fill it in when they call. */
function withDefaultPhone(ask: CreateAsk, phone: string | null): CreateAsk {
  if ('payee' in ask) return { ...ask, payee: { ...ask.payee, phone: ask.payee.phone ?? phone } };
  return { ...ask, payer: { ...ask.payer, phone: ask.payer.phone ?? phone } };
}
