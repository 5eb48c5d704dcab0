/** What the Bestpay tests share: a merchant and the platform with keys of their own, scenes, requests, the vectors. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandName } from '../../src/core/commands.ts';
import { bestpay } from '../../src/protocols/bestpay/protocol.ts';
import { signedText, signText } from '../../src/protocols/bestpay/signing.ts';
import { type Json, Num, Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import type { AnyEndpoint, EndpointOf, Keys, ReplyWire, RequestWire, Scene } from '../../src/protocols/protocol.ts';
import { packageRoot } from '../../src/store/package-root.ts';

export interface Vector {
  readonly name: string;
  readonly leg: 'request' | 'reply';
  readonly body: string;
  readonly text: string;
  readonly bytes: number;
  readonly sha1: string;
  readonly sha256: string;
}
const folder = join(packageRoot, 'src/protocols/bestpay/vectors');
export const vectors = JSON.parse(readFileSync(join(folder, 'signed-texts.json'), 'utf8')) as readonly Vector[];
export const vectorKey = createPublicKey(readFileSync(join(folder, 'public-key.pem')));

export const institution = '3178000000000001';
export const shop = '3178000000000002';
/** 2024-01-02 10:20:30 in China. */
export const moment = Date.UTC(2024, 0, 2, 2, 20, 30);

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = pair();
const platform = pair();

export type Settings = Readonly<Record<string, string>>;

function keysOf(privateKey: KeyObject | null, publicKey: KeyObject | null, settings: Settings = {}): Keys {
  return {
    sender: institution,
    secrets: () => [],
    keyObjects: (name) => [name === 'privateKey' ? privateKey : publicKey].filter((key) => key !== null),
    setting: (name) => ({ merchantNo: shop, ...settings })[name] ?? null,
  };
}

/** Our keys towards the merchant. */
export function ours(settings: Settings = {}, publicKey: KeyObject = merchant.publicKey): Keys {
  return keysOf(platform.privateKey, publicKey, settings);
}
/** The merchant's keys towards us: also those of a channel. */
export function theirs(settings: Settings = {}): Keys {
  return keysOf(merchant.privateKey, platform.publicKey, settings);
}

export function sceneWith(keys: Keys, endpoint: AnyEndpoint | null = null, more: Partial<Scene> = {}): Scene {
  return {
    endpoint,
    keys,
    moment,
    nonce: (bytes) => new Uint8Array(bytes),
    url: 'https://x.test/',
    request: null,
    ...more,
  };
}

export function rowOf<C extends CommandName>(name: string, _command: C): EndpointOf<C> {
  const row = bestpay.endpoints.find((one) => one.name === name);
  if (!row) throw new Error(`no endpoint ${name}`);
  return row as unknown as EndpointOf<C>;
}

export function anyRow(name: string): AnyEndpoint {
  const row = bestpay.endpoints.find((one) => one.name === name);
  if (!row) throw new Error(`no endpoint ${name}`);
  return row;
}

export function posting(name: string, body: string | Uint8Array, headers: RequestWire['headers'] = []): RequestWire {
  return {
    kind: 'request',
    method: 'POST',
    target: anyRow(name).path,
    headers: headers.length > 0 ? headers : [['content-type', 'application/json; charset=utf-8']],
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    remote: '127.0.0.1',
  };
}

export function replying(body: string, status = 200): ReplyWire {
  return { kind: 'reply', status, headers: [], body: new TextEncoder().encode(body) };
}

export function objOf(value: string): Obj {
  const parsed = parseJson(value);
  if (!(parsed instanceof Obj)) throw new Error('not an object');
  return parsed;
}

/** Plain values as members; numbers as they are written. */
export function members(value: Readonly<Record<string, unknown>>): Obj {
  return objOf(JSON.stringify(value));
}

/** Signed by the merchant (`as: 'merchant'`) or the platform. */
export function signedBody(
  value: Obj,
  as: 'merchant' | 'platform' = 'merchant',
  digest: 'sha1' | 'sha256' = as === 'merchant' ? 'sha256' : 'sha1',
  text: string = signedText(value),
): string {
  const key = as === 'merchant' ? merchant.privateKey : platform.privateKey;
  return writeJson(new Obj([...value, ['sign', signText(text, digest, key)]]));
}

export function barcodeMembers(changes: Readonly<Record<string, unknown>> = {}): Obj {
  return members({
    institutionCode: institution,
    merchantNo: shop,
    outTradeNo: 'T202401020001',
    tradeAmt: 1280,
    subject: '聚合支付付款码下单',
    mediumNo: '510123456789012345',
    requestDate: '2024-01-02 10:20:30',
    timeOut: 1500,
    goodsInfo: '咖啡 x2',
    notifyUrl: 'https://shop.example.com/aggregate/pay/notice?a=1&b=2',
    operator: 'op01',
    ...changes,
  });
}

export function refundMembers(changes: Readonly<Record<string, unknown>> = {}): Obj {
  return members({
    institutionCode: institution,
    merchantNo: shop,
    outTradeNo: 'T202401020001',
    outRequestNo: 'R1',
    refundAmt: 100,
    requestDate: '2024-01-02 10:20:30',
    operator: 'op01',
    notifyUrl: 'https://shop.example.com/refunded',
    ...changes,
  });
}

export function num(value: Json | undefined): string | null {
  return value instanceof Num ? value.raw : null;
}
