/** Keys of credentials and channels: opened and parsed once, kept as long as their row is the current one. */
import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Instant } from '../core/world.ts';
import type { KeySpec, Keys, Protocol } from '../protocols/protocol.ts';
import type { Vault } from './vault.ts';

/** What the keyring needs of a credential or channel row. */
export interface KeyHolder {
  readonly id: bigint;
  readonly sender: string;
  readonly secrets: Readonly<
    Record<string, readonly { readonly sealed: string; readonly addedAt: number; readonly until: number | null }[]>
  >;
  readonly settings: Readonly<Record<string, string>>;
}

export type HolderKind = 'credential' | 'channel';

export function secretPlace(kind: HolderKind, id: bigint, name: string): string {
  return `${kind}/${id}/${name}`;
}

export class Keyring {
  readonly #vault: Vault;
  readonly #now: () => Instant;
  readonly #known = new WeakMap<KeyHolder, Keys>();

  constructor(vault: Vault, now: () => Instant) {
    this.#vault = vault;
    this.#now = now;
  }

  /** The holder's keys. Throws when a required secret is missing, empty or does not open: such a party must not load (T006, T009). */
  keysOf(protocol: Protocol, kind: HolderKind, holder: KeyHolder): Keys {
    const known = this.#known.get(holder);
    if (known) return known;
    const made = this.#make(protocol, kind, holder);
    this.#known.set(holder, made);
    return made;
  }

  #make(protocol: Protocol, kind: HolderKind, holder: KeyHolder): Keys {
    const opened = new Map<string, { value: string; until: number | null }[]>();
    const objects = new Map<string, { value: KeyObject; until: number | null }[]>();
    for (const spec of protocol.keys) {
      const found = (holder.secrets[spec.name] ?? []).map(({ sealed, until }) => ({
        value: this.#vault.open(secretPlace(kind, holder.id, spec.name), Buffer.from(sealed, 'base64')).toString(),
        until,
      }));
      if (found.some(({ value }) => value === '')) throw new Error(`${kind} ${holder.id}: ${spec.name} is empty`);
      if (spec.required && found.length === 0) throw new Error(`${kind} ${holder.id}: ${spec.name} is missing`);
      if (spec.kind === 'text') opened.set(spec.name, found);
      else
        objects.set(
          spec.name,
          found.map(({ value, until }) => ({ value: parseKey(spec, value), until })),
        );
    }
    const current = <T>(list: readonly { value: T; until: number | null }[] | undefined): T[] => {
      const now = this.#now();
      return (list ?? []).filter(({ until }) => until === null || until > now).map(({ value }) => value);
    };
    const defaults = new Map(protocol.settings.map((spec) => [spec.name, spec.default]));
    return {
      sender: holder.sender,
      secrets: (name) => current(opened.get(name)),
      keyObjects: (name) => current(objects.get(name)),
      setting: (name) => holder.settings[name] ?? defaults.get(name) ?? null,
    };
  }
}

function parseKey(spec: KeySpec, pem: string): KeyObject {
  return spec.kind === 'private-key' ? createPrivateKey(pem) : createPublicKey(pem);
}

/** Stands in for the keys of a sender we do not know: opens nothing, signs nothing. */
export const nobody: Keys = { sender: '', secrets: () => [], keyObjects: () => [], setting: () => null };
