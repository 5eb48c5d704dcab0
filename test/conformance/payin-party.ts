/** One payin merchant and its world, for the payin tests. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CommandName } from '../../src/core/commands.ts';
import type { World } from '../../src/core/world.ts';
import { type Json, Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import type { AnyEndpoint, EndpointOf, Headers, Keys, RequestWire, Scene } from '../../src/protocols/protocol.ts';

export const apiKey = 'demo-api-key-0001';
export const merchantId = '1002001';
export const moment = 1_733_116_026_894;

export function keysWith(settings: Readonly<Record<string, string>> = {}, apiKeys: readonly string[] = [apiKey]): Keys {
  return {
    sender: merchantId,
    secrets: (name) => (name === 'apiKey' ? apiKeys : []),
    keyObjects: () => [],
    setting: (name) => settings[name] ?? null,
  };
}

export function sceneWith(keys: Keys = keysWith(), row: AnyEndpoint | null = null): Scene {
  return { endpoint: row, keys, moment, nonce: (bytes) => Buffer.alloc(bytes, 7), url: 'http://x/api', request: null };
}

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

/** The endpoint of that wire name, for messages whose command the test knows. */
export function rowOf<C extends CommandName>(name: string, command: C): EndpointOf<C> & AnyEndpoint {
  const row = payin.endpoints.find((candidate) => candidate.name === name && candidate.command === command);
  if (!row) throw new Error(`payin has no ${name}`);
  return row as EndpointOf<C> & AnyEndpoint;
}

/** Not the project's signing code: the rule of section 3.1 in one line. */
export function md5(body: string | Uint8Array, key: string = apiKey): string {
  return createHash('md5').update(body).update(key).digest('hex');
}

export interface Sending {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string | Uint8Array;
  /** Undefined: the right one, in upper case. Null: none. */
  readonly sign?: string | null;
  readonly headers?: Headers;
}

/** A signed request of the merchant. `headers`, when given, replaces all three headers. */
export function sending({ method = 'POST', target = '/api/payIn', body = '', sign, headers }: Sending): RequestWire {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const signature = sign === undefined ? md5(bytes).toUpperCase() : sign;
  const own: Headers = [
    ['content-type', 'application/json'],
    ['merchantid', merchantId],
    ...(signature === null ? [] : [['sign', signature] as const]),
  ];
  return { kind: 'request', method, target, headers: headers ?? own, body: bytes, remote: '203.0.113.5' };
}

export interface Vector {
  readonly name: string;
  readonly endpoint: string;
  readonly body: string;
  readonly sign: string;
}

/** Vectors stand in the source tree; tests run from dist. */
export function vectors(file: string): readonly Vector[] {
  const path = new URL(`../../../src/protocols/payin/vectors/${file}`, import.meta.url);
  const list = parseJson(readFileSync(path, 'utf8'));
  if (!Array.isArray(list) || list.length === 0) throw new Error(`${file}: no vectors`);
  const text = (item: Json, name: string) => {
    const value = item instanceof Obj ? item.get(name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return list.map((item: Json) => ({
    name: text(item, 'name'),
    endpoint: text(item, 'endpoint'),
    body: text(item, 'body'),
    sign: text(item, 'sign'),
  }));
}

/** A JSON object with some members changed; undefined leaves one out. */
export function changed(sample: string, members: Readonly<Record<string, Json | undefined>>): string {
  const made = parseJson(sample);
  if (!(made instanceof Obj)) throw new Error('not an object');
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) made.delete(name);
    else made.set(name, value);
  }
  return writeJson(made);
}
