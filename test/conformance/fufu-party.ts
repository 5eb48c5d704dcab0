/** One fufu merchant and its world, for the fufu tests. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CommandName } from '../../src/core/commands.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { fufu } from '../../src/protocols/fufu/protocol.ts';
import { type Json, Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import type { AnyEndpoint, EndpointOf, Keys, Opened, RequestWire, Scene } from '../../src/protocols/protocol.ts';

export const key = 'k1234567890abcdefghijklmnopqrstuv';
export const busiId = '581010199011345';
export const moment = Date.UTC(2026, 0, 15, 4, 30, 0);

export function keysWith(settings: Readonly<Record<string, string>> = {}, keys: readonly string[] = [key]): Keys {
  return {
    sender: busiId,
    secrets: (name) => (name === 'key' ? keys : []),
    keyObjects: () => [],
    setting: (name) => settings[name] ?? null,
  };
}

export function sceneWith(
  keys: Keys = keysWith(),
  row: AnyEndpoint | null = null,
  request: Opened | null = null,
): Scene {
  return { endpoint: row, keys, moment, nonce: (bytes) => Buffer.alloc(bytes, 7), url: 'http://x/y', request };
}

/** The endpoint of that wire name, for messages whose command the test knows. */
export function rowOf<C extends CommandName>(name: string, command: C): EndpointOf<C> & AnyEndpoint {
  const row = fufu.endpoints.find((candidate) => candidate.name === name && candidate.command === command);
  if (!row) throw new Error(`fufu has no ${name}`);
  return row as EndpointOf<C> & AnyEndpoint;
}

/** Not the project's signing code: section 1.2 in two lines. */
export function md5(body: string | Uint8Array, secret: string = key, timestamp = '1700000000000'): string {
  const stripped = Buffer.from(Buffer.from(body).filter((byte) => ![32, 9, 10, 11, 12, 13].includes(byte)));
  return createHash('md5').update(timestamp).update(secret).update(stripped).digest('hex');
}

export function sending(body: string | Uint8Array, { name = 'order', query = '' } = {}): RequestWire {
  const sign = query === '' ? `sign=${md5(body)}:1700000000000` : query;
  const target = `/gateway/pay/${name}?${sign}`;
  return { kind: 'request', method: 'POST', target, headers: [], body: Buffer.from(body), remote: '203.0.113.5' };
}

/** Reads a signed body as the named endpoint's ask. */
export function askOf<C extends CommandName>(name: string, command: C, body: string, settings = {}) {
  const row = rowOf(name, command);
  const scene = sceneWith(keysWith(settings), row);
  return row.ask.read(fufu.request.open(sending(body, { name }), scene), scene);
}

export function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export interface Vector {
  readonly name: string;
  readonly endpoint: string;
  readonly body: string;
  readonly timestamp: string;
  readonly key: string;
  readonly md5: string;
}

/** Vectors stand in the source tree; tests run from dist. */
export function vectors(file: string): readonly Vector[] {
  const path = new URL(`../../../src/protocols/fufu/vectors/${file}`, import.meta.url);
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
    timestamp: text(item, 'timestamp'),
    key: text(item, 'key'),
    md5: text(item, 'md5'),
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
