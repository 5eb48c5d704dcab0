/** The signature doctor over the keys of this gateway: credentials, and channels, whose callbacks are signed too. */
import type { Inspections } from '../core/inspection.ts';
import { Refusal } from '../core/refusal.ts';
import { explain, protocolsOf } from '../edge/explain.ts';
import type { KnownParty } from '../edge/finding.ts';
import type { Keyring } from '../edge/keyring.ts';
import type { Gate } from '../flows/gate.ts';
import { merchantProtocols, protocols } from '../protocols/all.ts';
import { credentialKeys, upstreamOf } from './ports.ts';

/** It runs where payments do. */
const patienceMs = 250;

export function makeInspections(gate: Gate, keyring: Keyring): Inspections {
  return {
    explain(message, merchantId) {
      const protocol = protocols.get(message.protocol);
      if (!protocol)
        throw new Refusal('invalid-request', { field: 'protocol', text: `one of ${[...protocols.keys()].join(', ')}` });
      const { world } = gate;
      const began = world.monotonic();
      const isOver = () => world.monotonic() - began > patienceMs;
      return explain(world, protocol, message, parties(gate, keyring, protocol.name, merchantId), isOver);
    },
    protocolsOf(message, merchantId) {
      const all = merchantId === null ? [...protocols.values()] : merchantProtocols;
      const known = all.flatMap(({ name }) => parties(gate, keyring, name, merchantId));
      return protocolsOf(all, message, known);
    },
    keyProblem(kind, id) {
      const { credentials, channels } = gate.directory();
      const [credential, channel] = [credentials.get(id), channels.get(id)];
      try {
        if (kind === 'credential' && credential) credentialKeys(keyring, credential);
        if (kind === 'channel' && channel) upstreamOf(keyring, channel);
        return null;
      } catch {
        // The vault's own words would not help; which key it is, is in the check's name.
        return 'a key is missing or does not open with this master key';
      }
    },
  };
}

/** Somebody of ours. `owner`: the merchant, null for a channel. */
export interface OwnedParty extends KnownParty {
  readonly owner: bigint | null;
}

/** Channels are the operator's: a merchant's people are shown what their own credentials can tell, and nothing of anybody else's. */
export function parties(gate: Gate, keyring: Keyring, protocol: string, merchantId: bigint | null): OwnedParty[] {
  const { credentials, channels } = gate.directory();
  const isTheirs = (owner: bigint) => merchantId === null || owner === merchantId;
  const made = [
    ...[...credentials.values()]
      .filter((row) => row.protocol === protocol && isTheirs(row.merchantId))
      .map((row) => ({
        label: `credential ${row.id} (${row.sender})`,
        owner: row.merchantId,
        keys: () => credentialKeys(keyring, row),
      })),
    ...[...channels.values()]
      .filter((row) => row.protocol === protocol && merchantId === null)
      .map((row) => ({ label: `channel ${row.name}`, owner: null, keys: () => upstreamOf(keyring, row).keys })),
  ];
  return made.flatMap(({ label, owner, keys }) => {
    try {
      return [{ label, protocol, owner, keys: keys() }];
    } catch {
      // Keys that do not open explain nothing; `kanal doctor` names them.
      return [];
    }
  });
}
