/** Acting as somebody: keys from a file or from the sandbox, and a world of its own for one command. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { World } from '../core/world.ts';
import { makeSend } from '../edge/send.ts';
import { makePair } from '../edge/make-keys.ts';
import { isSm2, type PartyFile, readPartyFile } from '../edge/party-file.ts';
import { protocols } from '../protocols/all.ts';
import type { Keys, Protocol } from '../protocols/protocol.ts';
import { clock, makeLog, makeWorld } from '../world.ts';
import { CliError, type Input, usage } from './command.ts';
import { call } from './gateway.ts';

export function protocolGiven(name: string): Protocol {
  const protocol = protocols.get(name);
  if (!protocol) throw usage(`${name}: one of ${[...protocols.keys()].join(', ')}`);
  return protocol;
}

const object = z.record(z.string(), z.unknown());

/** The JSON object of a file. Throws CliError in words. */
export async function readObject(path: string): Promise<Record<string, unknown>> {
  try {
    return object.parse(JSON.parse(await readFile(path === '-' ? '/dev/stdin' : path, 'utf8')));
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error);
    throw new CliError(isThere ? `${path} is not a JSON object` : `${path} cannot be read`);
  }
}

/** The merchant's side of a protocol: its secrets, its private key, the platform's public key. */
export function merchantSide(protocol: Protocol, file: Readonly<Record<string, unknown>>): Keys {
  const party = readPartyFile(protocol, file);
  return keysFrom(protocol, party, (spec) => {
    const pem = party.keys[spec.name];
    if (pem === undefined) return [];
    return [spec.kind === 'private-key' ? createPrivateKey(pem) : createPublicKey(pem)];
  });
}

/**
 * The platform's side: the merchant's public key (from its private one), and a private key of the platform, given as
 * `platformPrivateKeyPem` or made for this run.
 */
export function platformSide(
  protocol: Protocol,
  file: Readonly<Record<string, unknown>>,
): { keys: Keys; made: string[] } {
  const { platformPrivateKeyPem, platformSm2PrivateKeyPem, ...rest } = file;
  const party = readPartyFile(protocol, rest);
  const privateSpec = (ofSm2: boolean) =>
    protocol.keys.find((spec) => spec.kind === 'private-key' && isSm2(spec.name) === ofSm2)?.name ?? '';
  const made: string[] = [];
  const keys = keysFrom(protocol, party, (spec) => {
    const ofSm2 = isSm2(spec.name);
    const theirs = party.keys[privateSpec(ofSm2)];
    if (spec.kind === 'public-key') return theirs === undefined ? [] : [createPublicKey(theirs)];
    const given = ofSm2 ? platformSm2PrivateKeyPem : platformPrivateKeyPem;
    if (typeof given === 'string') return [createPrivateKey(given)];
    const pair = makePair(ofSm2);
    made.push(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    return [pair.privateKey];
  });
  return { keys, made };
}

function keysFrom(
  protocol: Protocol,
  party: PartyFile,
  objects: (spec: Protocol['keys'][number]) => readonly KeyObject[],
): Keys {
  const made = new Map(
    protocol.keys.filter(({ kind }) => kind !== 'text').map((spec) => [spec.name, objects(spec)] as const),
  );
  const defaults = new Map(protocol.settings.map((spec) => [spec.name, spec.default]));
  return {
    sender: party.sender ?? '',
    secrets: (name) => (party.keys[name] === undefined ? [] : [party.keys[name]]),
    keyObjects: (name) => made.get(name) ?? [],
    setting: (name) => party.settings[name] ?? defaults.get(name) ?? null,
  };
}

const sandbox = z.looseObject({
  baseUrl: z.string(),
  merchants: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      webhookSecret: z.string(),
      protocols: z.record(z.string(), object),
    }),
  ),
  twins: z.record(z.string(), z.looseObject({ baseUrl: z.string(), controlUrl: z.string() })),
});
export type SandboxDocument = z.infer<typeof sandbox>;

export async function sandboxOf(input: Input): Promise<SandboxDocument> {
  return sandbox.parse(await call(input, 'GET', '/sandbox'));
}

/** Enough of a world for one command: real time, real network, any target (a person named it). */
export function commandWorld(logLevel: 'warn' | 'silent' = 'silent'): World & { close(): Promise<void> } {
  const log = makeLog(logLevel);
  const sender = makeSend({
    allowHosts: new Set<string>(),
    allowLoopback: true,
    ownPorts: () => new Set<number>(),
    log,
    monotonic: clock.monotonic,
  });
  const slot = randomBytes(2).readUInt16BE(0) & 1023;
  return { ...makeWorld({ log, send: sender.send, timeScale: 1, slot, now: clock.now }), close: () => sender.close() };
}
