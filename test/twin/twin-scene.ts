/** A twin with its sockets, a receiver for its callbacks and a clock that the test moves. Nothing happens by itself. */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Ask, CallOutcome, CommandName, Pay, PayOut, Report } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import type { Log, World } from '../../src/core/world.ts';
import { call } from '../../src/edge/call.ts';
import { makeSend } from '../../src/edge/send.ts';
import { sceneOf } from '../../src/edge/serve.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { bluepay } from '../../src/protocols/bluepay/protocol.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import type { Keys, Protocol, RequestWire } from '../../src/protocols/protocol.ts';
import { type StartedTwin, type StartTwinOptions, startTwin } from '../../src/twin/server.ts';
import { memoryTwinStore, type TwinStore } from '../../src/twin/store.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface Clock {
  now: number;
}

const briefMs = 1_000;

/** Never given twice, also when a twin is started again. */
let lastId = 1_000_000n;

/** Real sockets, the test's clock; sleeps move the clock instead of waiting. */
export function testWorld(clock: Clock): World & { close(): Promise<void> } {
  const sender = makeSend({
    log: silent,
    monotonic: () => performance.now(),
    allowHosts: new Set(),
    allowLoopback: true,
    ownPorts: () => new Set(),
  });
  return {
    now: () => clock.now,
    monotonic: () => performance.now(),
    nonce: (bytes) => randomBytes(bytes),
    newId: () => ++lastId,
    sleep: async (ms) => {
      clock.now += ms;
    },
    scaled: (ms) => ms,
    send: (request, limits) => sender.send(request, limits),
    log: silent,
    close: () => sender.close(),
  };
}

function keysOf(protocol: Protocol, sender: string, secrets: Record<string, string>): Keys {
  const defaults = new Map(protocol.settings.map((spec) => [spec.name, spec.default]));
  return {
    sender,
    secrets: (name) => (secrets[name] === undefined ? [] : [secrets[name]]),
    keyObjects: () => [],
    setting: (name) => defaults.get(name) ?? null,
  };
}

export const parties: Readonly<Record<'payin' | 'bluepay', { protocol: Protocol; keys: Keys }>> = {
  payin: { protocol: payin, keys: keysOf(payin, '1002001', { apiKey: 'a-test-key-of-sufficient-length-0001' }) },
  bluepay: {
    protocol: bluepay,
    keys: keysOf(bluepay, '2257', { key: '0123456789abcdef', iv: 'fedcba9876543210' }),
  },
};

/** A callback as the receiver saw it. */
export interface Heard {
  readonly report: Report | 'forged';
}

export interface TwinScene {
  readonly clock: Clock;
  readonly world: World;
  readonly protocol: Protocol;
  readonly started: StartedTwin;
  readonly heard: Heard[];
  /** What the receiver answers: the protocol's `taken` unless changed. */
  reply: 'taken' | 'again';
  readonly callbackUrl: string;
  ask<C extends CommandName>(command: C, ask: Ask<C>): Promise<CallOutcome<C>>;
  /** For twins that will not answer: nobody waits the protocol's twenty seconds. Longer than any answer takes on a busy machine. */
  askBriefly<C extends CommandName>(command: C, ask: Ask<C>): Promise<CallOutcome<C>>;
  control(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  plan(faults: readonly unknown[], more?: object): Promise<void>;
  executions(): Promise<readonly { reference: string; count: number; outcome: string; amount: string }[]>;
  stop(): Promise<void>;
}

export async function twinScene(
  name: 'payin' | 'bluepay',
  options: { store?: TwinStore; clock?: Clock; more?: Partial<StartTwinOptions> } = {},
): Promise<TwinScene> {
  const { protocol, keys } = parties[name];
  const clock = options.clock ?? { now: Date.UTC(2030, 0, 2, 3, 4, 5) };
  const world = testWorld(clock);
  const heard: Heard[] = [];
  const receiver = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ report: read(world, protocol, keys, request, Buffer.concat(chunks)) });
      const ack = protocol.ack.seal(scene.reply);
      response.writeHead(ack.status, ack.headers.flat()).end(ack.body);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const callbackUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/listen/7`;
  const started = await startTwin({
    mode: 'sandbox',
    protocol,
    keys,
    store: options.store ?? memoryTwinStore(),
    world,
    callbackUrl: () => callbackUrl,
    host: '127.0.0.1',
    runs: false,
    ...options.more,
  });
  const upstream = { protocol, baseUrl: started.baseUrl, keys };
  const hasty: World = {
    ...world,
    send: (request, limits) => world.send(request, { ...limits, totalTimeoutMs: briefMs }),
  };
  const scene: TwinScene = {
    clock,
    world,
    protocol,
    started,
    heard,
    reply: 'taken',
    callbackUrl,
    ask: (command, ask) => call(world, upstream, command, ask),
    askBriefly: (command, ask) => call(hasty, upstream, command, ask),
    async control(method, path, body) {
      const response = await fetch(`${started.controlUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type') === 'application/json';
      return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
    },
    async plan(faults, more = {}) {
      const { status, body } = await scene.control('POST', '/_twin/plan', { faults, ...more });
      if (status !== 200) throw new Error(JSON.stringify(body));
    },
    async executions() {
      return (await scene.control('GET', '/_twin/executions')).body as never;
    },
    async stop() {
      await started.stop();
      await world.close();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
  return scene;
}

function read(world: World, protocol: Protocol, keys: Keys, request: http.IncomingMessage, body: Buffer) {
  const wire: RequestWire = {
    kind: 'request',
    method: request.method ?? '',
    target: request.url ?? '',
    headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const),
    body,
    remote: '127.0.0.1',
  };
  const scene = sceneOf(world, null, keys, null);
  try {
    return protocol.readNotice(protocol.notice.open(wire, scene), scene);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unauthenticated') return 'forged' as const;
    throw error;
  }
}

let numbers = 0;

function reference(): string {
  return `${'0'.repeat(24)}${(++numbers).toString(16).padStart(8, '0')}`;
}

const nobody = { name: 'Reza Wijaya', phone: '6281234567890', email: null, country: 'ID' } as const;

export function payAsk(more: Partial<Pay> = {}, minor = 20_000n): Pay {
  return {
    orderNo: reference(),
    amount: money(minor, 'IDR'),
    method: 'virtual-account',
    option: 'BNI',
    subject: 'Tea',
    payer: nobody,
    notify: null,
    returnUrl: null,
    expiresInS: null,
    authCode: null,
    agreementNo: null,
    extras: {},
    ...more,
  };
}

export function payOutAsk(more: Partial<PayOut> = {}, minor = 50_000n): PayOut {
  return {
    orderNo: reference(),
    amount: money(minor, 'IDR'),
    payee: {
      ...nobody,
      bank: 'BCA',
      account: '1077098557',
      accountName: 'Afif Asrif',
      kind: 'person',
      accountKind: 'bank-account',
    },
    subject: 'Wage',
    notify: null,
    extras: {},
    ...more,
  };
}

export function find(orderNo: string): Ask<'query-payment'> {
  return { orderNo, platformNo: null, refundNo: null, extras: {} };
}

/** Waits for real sockets (never for the clock); the limit only matters when what is waited for never comes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (await condition()) return;
    await wait(10);
  }
  throw new Error('what was waited for did not come');
}
