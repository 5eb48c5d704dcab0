/** Keys in plain sight, for everybody who is not the gateway. */
import type { Upstream as Counterparty } from '../../src/edge/call.ts';
import { readPartyFile } from '../../src/edge/party-file.ts';
import { keysAtHand } from '../../src/edge/party-keys.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { Keys } from '../../src/protocols/protocol.ts';
import type { SandboxChannel, SandboxMerchant } from '../../src/wiring/sandbox.ts';
import type { Spoken } from './products.ts';

// PEM takes long to read: once per party, not once per seed.
const twins = new WeakMap<SandboxChannel, Keys>();
const merchants = new WeakMap<SandboxMerchant, Parties>();

export type Parties = Readonly<Record<Spoken, Counterparty>>;

function kept<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const present = known.get(key) ?? make();
  known.set(key, present);
  return present;
}

/** The other side of a channel's keys. */
export function twinKeys(channel: SandboxChannel): Keys {
  const { protocol, sender, secrets, twin, settings } = channel;
  return kept(twins, channel, () => keysAtHand(protocolNamed(protocol), { sender, keys: twin ?? secrets, settings }));
}

/** What a merchant speaks to the gateway with, in each protocol. */
export function partiesOf(merchant: SandboxMerchant): Parties {
  return kept(merchants, merchant, () => {
    const { bestpay, fufu, payin, ysepay } = merchant.protocols;
    const { context, ...unified } = merchant.protocols.unified;
    return {
      payin: party('payin', { ...payin }),
      unified: party('unified', unified, `http://gate.sim/${context}`),
      bestpay: party('bestpay', { ...bestpay }),
      fufu: party('fufu', { ...fufu }),
      ysepay: party('ysepay', { ...ysepay }),
    };
  });
}

function party(name: Spoken, file: Readonly<Record<string, unknown>>, baseUrl = 'http://gate.sim'): Counterparty {
  const protocol = protocolNamed(name);
  return { protocol, baseUrl, keys: keysAtHand(protocol, readPartyFile(protocol, file)) };
}
