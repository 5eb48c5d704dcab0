/** One unified merchant, one BluePay product and their world, for the tests of both protocols. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CommandName, PaymentReport, PayoutReport } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { type Json, Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import type {
  AnyEndpoint,
  EndpointOf,
  Headers,
  Keys,
  Opened,
  Protocol,
  ReplyWire,
  RequestWire,
  Scene,
} from '../../src/protocols/protocol.ts';
import { blankPayment, blankPayout } from '../../src/protocols/reading.ts';

export const moment = 1_550_283_190_351;
export const apiSecret = 'K0123456789abcdefghijklmnopqrstuvwxyz';
export const hmacSecret = 'H0123456789abcdefghijklmnopqrstuvwxyz';
export const productKey = '0123456789abcdef';
const iv = 'fedcba9876543210';

type Texts = Readonly<Record<string, readonly string[]>>;
type Settings = Readonly<Record<string, string>>;

export function keysOf(sender: string, texts: Texts, settings: Settings = {}): Keys {
  return {
    sender,
    secrets: (name) => texts[name] ?? [],
    keyObjects: () => [],
    setting: (name) => settings[name] ?? null,
  };
}

/** The unified merchant: one API key, no HMAC. */
export function merchant(settings: Settings = {}, texts: Texts = { apiKey: [apiSecret] }): Keys {
  return keysOf('demo0001', texts, settings);
}

/** The BluePay product 2257. */
export function product(settings: Settings = {}, key: string = productKey): Keys {
  return keysOf('2257', { key: [key], iv: [iv] }, settings);
}

export interface SceneOptions {
  readonly row?: AnyEndpoint | null;
  readonly url?: string;
  readonly request?: Opened | null;
  readonly at?: number;
}

export function sceneWith(keys: Keys, { row = null, url = '', request = null, at = moment }: SceneOptions = {}): Scene {
  return { endpoint: row, keys, moment: at, nonce: (bytes) => Buffer.alloc(bytes, 7), url, request };
}

/** The endpoint of that wire name, for messages whose command the test knows. */
export function rowOf<C extends CommandName>(
  protocol: Protocol,
  name: string,
  command: C,
): EndpointOf<C> & AnyEndpoint {
  const row = protocol.endpoints.find((candidate) => candidate.name === name && candidate.command === command);
  if (!row) throw new Error(`${protocol.name} has no ${name}`);
  return row as EndpointOf<C> & AnyEndpoint;
}

export const jsonType = ['content-type', 'application/json'] as const;
export const goodKey = ['x-api-key', `demo0001.${apiSecret}`] as const;

export interface Posting {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Headers;
}

/** A merchant's request; `headers`, when given, replaces both headers. */
export function posting(body: string | Uint8Array, { method = 'POST', target, headers }: Posting = {}): RequestWire {
  return {
    kind: 'request',
    method,
    target: target ?? '/bluepay-service/pay/gather',
    headers: headers ?? [jsonType, goodKey],
    body: typeof body === 'string' ? Buffer.from(body) : body,
    remote: '203.0.113.5',
  };
}

export function getting(target: string): RequestWire {
  return { kind: 'request', method: 'GET', target, headers: [], body: Buffer.alloc(0), remote: '203.0.113.5' };
}

export function replying(body: string, status = 200): ReplyWire {
  return { kind: 'reply', status, headers: [], body: Buffer.from(body) };
}

/** Not the project's signing code: the rules of sections 6.2 and row 24 in a line each. */
export function md5(text: string, key: string = productKey): string {
  return createHash('md5')
    .update(text + key)
    .digest('hex');
}
export function hmac(timestamp: string, path: string, body: string, key: string = hmacSecret): string {
  return createHmac('sha256', key).update(`${timestamp}.POST.${path}.${body}`).digest('hex');
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

export function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

export type Vector = Readonly<Record<string, string>>;

/** Vectors stand in the source tree; tests run from dist. */
export function vectors(protocol: string, file: string, count: number): readonly Vector[] {
  const path = new URL(`../../../src/protocols/${protocol}/vectors/${file}`, import.meta.url);
  const list = parseJson(readFileSync(path, 'utf8'));
  assert.ok(Array.isArray(list), `${file} is no list`);
  const found = list.map((item: Json) => {
    assert.ok(item instanceof Obj);
    return Object.fromEntries(
      [...item].map(([name, value]) => [name, typeof value === 'string' ? value : '']),
    ) as Vector;
  });
  assert.equal(found.length, count, file);
  return found;
}

export function members(text: string): Obj {
  const value = parseJson(text);
  assert.ok(value instanceof Obj);
  return value;
}

/** The same JSON without blanks, members and tokens as they are. */
export function compact(text: string): string {
  return writeJson(members(text));
}

export function inner(value: Obj, ...path: string[]): Obj {
  let at = value;
  for (const name of path) {
    const next = at.get(name);
    assert.ok(next instanceof Obj, name);
    at = next;
  }
  return at;
}

/** A JSON object with some members changed, by path "a.b"; undefined leaves one out. */
export function changed(sample: string, changes: Readonly<Record<string, Json | undefined>>): string {
  const made = members(sample);
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const owner = inner(made, ...names);
    if (value === undefined) owner.delete(last);
    else owner.set(last, value);
  }
  return writeJson(made);
}

export const gatherNo = 'd1948ed5750f414ebf75c37bbfdae319';
export const loanNo = '25aa546630ee4b96915e16d577d15fa7';

/** The payment of the document's samples, as a merchant's report. */
export const samplePayment: PaymentReport = {
  ...blankPayment,
  orderNo: '2732024fec0d42e082fc9831fe41742d',
  platformNo: gatherNo,
  state: 'pending',
  method: 'virtual-account',
  option: 'PERMATA',
  amount: money(20_000n, 'IDR'),
  instruction: { ...blankPayment.instruction, payCode: '8359190216393465' },
  createdAt: Date.parse('2019-02-16T02:13:10Z'),
  extras: { channelCode: 'bluepay', channelBizCode: 'gather_dynamic_VA_bluepay', productId: '2257', payType: 'atm' },
};

export const samplePayout: PayoutReport = {
  ...blankPayout,
  orderNo: 'a3eb39f673eb404590e9659a0017aa06',
  platformNo: loanNo,
  state: 'pending',
  amount: money(20_000n, 'IDR'),
  createdAt: Date.parse('2019-02-16T02:20:50Z'),
  extras: {
    channelCode: 'bluepay',
    channelBizCode: 'loan_fintech_bluepay',
    productId: '2257',
    payeeBankName: 'ARTA GRAHA',
    msisdn: '6282197662283',
  },
};
