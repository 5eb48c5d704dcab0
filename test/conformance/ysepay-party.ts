/** Two ysepay parties that know each other, for the protocol's tests: the platform's keys, the merchant's, scenes, wires. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CommandName } from '../../src/core/commands.ts';
import type {
  AnyEndpoint,
  EndpointOf,
  Keys,
  Opened,
  ReplyWire,
  RequestWire,
  Scene,
} from '../../src/protocols/protocol.ts';
import { ysepay } from '../../src/protocols/ysepay/protocol.ts';

export const partnerId = 'demo_mch01';
/** 2026-01-02 03:04:05 in China. */
export const moment = Date.UTC(2026, 0, 1, 19, 4, 5);

const pairs = {
  platform: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  merchant: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const sm2 = {
  platform: generateKeyPairSync('ec', { namedCurve: 'SM2' }),
  merchant: generateKeyPairSync('ec', { namedCurve: 'SM2' }),
};
type Side = keyof typeof pairs;

export function keysOf(own: Side, settings: Readonly<Record<string, string>> = {}, algorithms = ['RSA', 'SM']): Keys {
  const other = own === 'platform' ? 'merchant' : 'platform';
  const objects: Record<string, KeyObject[]> = {
    privateKey: algorithms.includes('RSA') ? [pairs[own].privateKey] : [],
    publicKey: algorithms.includes('RSA') ? [pairs[other].publicKey] : [],
    sm2PrivateKey: algorithms.includes('SM') ? [sm2[own].privateKey] : [],
    sm2PublicKey: algorithms.includes('SM') ? [sm2[other].publicKey] : [],
  };
  return {
    sender: partnerId,
    secrets: () => [],
    keyObjects: (name) => objects[name] ?? [],
    setting: (name) => settings[name] ?? null,
  };
}

export function sceneOf(keys: Keys, row: AnyEndpoint | null = null, request: Opened | null = null): Scene {
  return {
    endpoint: row,
    keys,
    moment,
    nonce: (bytes) => Buffer.alloc(bytes, 7),
    url: 'http://channel.test/gateway.do',
    request,
  };
}

/** The endpoint of that wire name, for messages whose command the test knows. */
export function rowOf<C extends CommandName>(name: string, command: C): EndpointOf<C> & AnyEndpoint {
  const row = ysepay.endpoints.find((one) => one.name === name && one.command === command);
  if (!row) throw new Error(`ysepay has no ${name}`);
  return row as EndpointOf<C> & AnyEndpoint;
}

/** What the merchant sends, as it arrives at the platform. */
export function arrived(wire: RequestWire): RequestWire {
  return { ...wire, target: '/gateway.do', remote: '203.0.113.5' };
}

export function replyOf(body: string | Uint8Array, status = 200): ReplyWire {
  return { kind: 'reply', status, headers: [], body: Buffer.from(body) };
}
