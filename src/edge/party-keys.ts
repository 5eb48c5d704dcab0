/** Keys of a party whose secrets are at hand in clear: a sandbox merchant, a twin, a client. Stored ones come from the keyring. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Keys, Protocol } from '../protocols/protocol.ts';

export interface PartyAtHand {
  readonly sender: string | null;
  /** By the protocol's key names: texts, or PEM. */
  readonly keys: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Throws when a PEM is none. */
export function keysAtHand(protocol: Protocol, { sender, keys, settings }: PartyAtHand): Keys {
  const objects = new Map<string, KeyObject>();
  for (const { name, kind } of protocol.keys) {
    const pem = keys[name];
    if (kind === 'text' || pem === undefined) continue;
    objects.set(name, kind === 'private-key' ? createPrivateKey(pem) : createPublicKey(pem));
  }
  const defaults = new Map(protocol.settings.map((spec) => [spec.name, spec.default]));
  const one = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);
  return {
    sender: sender ?? '',
    secrets: (name) => one(objects.has(name) ? undefined : keys[name]),
    keyObjects: (name) => one(objects.get(name)),
    setting: (name) => settings[name] ?? defaults.get(name) ?? null,
  };
}
