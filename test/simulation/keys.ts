/** Keys in plain sight, for everybody who is not the gateway. */
import type { Keys } from '../../src/protocols/protocol.ts';

type Texts = Readonly<Record<string, string>>;

export function keysOf(sender: string, secrets: Texts, settings: Texts = {}): Keys {
  return {
    sender,
    secrets: (name) => (secrets[name] === undefined ? [] : [secrets[name]]),
    keyObjects: () => [],
    setting: (name) => settings[name] ?? null,
  };
}
