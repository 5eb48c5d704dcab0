/**
 * A whole gateway with its sandbox, as an outside checker meets it: over sockets, by clients of its own. In this process
 * (`startScene`) where a test needs a real system but not a process of its own; test/chaos has those.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import type { Log } from '../../src/core/world.ts';
import { type Gateway, startGateway } from '../../src/main.ts';
import { testDatabase, type TestDatabase } from '../database.ts';
import { type Answer, member, request, textAt } from './http.ts';
import { type Merchant, PayinMerchant, UnifiedMerchant } from './parties.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Two hundred times faster: a minute of waiting is 300 ms, a day seven minutes. */
const timeScale = 200;

export interface Operator {
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The parsed answer; throws unless it is 200. */
  get(path: string): Promise<unknown>;
  list(kind: string, query?: string): Promise<readonly unknown[]>;
}

export interface TwinControl {
  call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly json: unknown }>;
  plan(match: object, faults: readonly object[], times?: number): Promise<void>;
  pay(body: object): Promise<void>;
  executions(reference: string): Promise<readonly unknown[]>;
  requests(): Promise<readonly unknown[]>;
}

export interface SceneMerchant {
  readonly id: string;
  readonly payin: PayinMerchant;
  readonly unified: UnifiedMerchant;
  readonly webhookSecret: string;
}

/** What a started gateway says about itself, and clients made of it. */
export interface Scene {
  readonly url: string;
  readonly token: string;
  readonly operator: Operator;
  readonly a: SceneMerchant;
  readonly b: SceneMerchant;
  twin(name: string): TwinControl;
  readonly receiver: Receiver;
  /** For looking at what no outside client could see. */
  readonly database: TestDatabase;
  readonly gateway: Gateway;
  /** Every line of the log so far. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export function operatorOf(url: () => string, token: () => string): Operator {
  const call = (method: string, path: string, body?: unknown) =>
    request(
      method,
      `${url()}/admin/v1${path}`,
      [
        ['authorization', `Bearer ${token()}`],
        ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
      ],
      body === undefined ? '' : JSON.stringify(body),
    );
  const get = async (path: string): Promise<unknown> => {
    const answer = await call('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  return {
    call,
    get,
    async list(kind, query = '') {
      const rows = await get(`/${kind}${query}`);
      return Array.isArray(rows) ? rows : [];
    },
  };
}

function twinOf(controlUrl: () => string): TwinControl {
  const call: TwinControl['call'] = async (method, path, body) => {
    const answer = await request(
      method,
      `${controlUrl()}/_twin/${path}`,
      [],
      body === undefined ? '' : JSON.stringify(body),
    );
    return { status: answer.status, json: JSON.parse(answer.text) };
  };
  const rows = async (path: string): Promise<readonly unknown[]> => {
    const { json } = await call('GET', path);
    return Array.isArray(json) ? json : [];
  };
  return {
    call,
    async plan(match, faults, times = 1) {
      const { status, json } = await call('POST', 'plan', { match, faults, times });
      if (status !== 200) throw new Error(`plan: ${JSON.stringify(json)}`);
    },
    async pay(body) {
      const { status, json } = await call('POST', 'pay', body);
      if (status !== 200) throw new Error(`_twin/pay ${JSON.stringify(body)}: ${status} ${JSON.stringify(json)}`);
    },
    executions: (reference) => rows(`executions?reference=${encodeURIComponent(reference)}`),
    requests: () => rows('requests'),
  };
}

function merchantOf(document: unknown, index: number, url: () => string): SceneMerchant {
  const one = member(document, 'merchants', index);
  const headers = member(one, 'protocols', 'unified', 'headers');
  return {
    id: textAt(one, 'id'),
    webhookSecret: textAt(one, 'webhookSecret'),
    payin: new PayinMerchant(url, {
      merchantId: textAt(one, 'protocols', 'payin', 'merchantId'),
      apiKey: textAt(one, 'protocols', 'payin', 'apiKey'),
    }),
    unified: new UnifiedMerchant(url, {
      context: textAt(one, 'protocols', 'unified', 'context') || 'bluepay-service',
      headers: { 'x-api-key': textAt(headers, 'x-api-key') },
    }),
  };
}

/** Clients from the sandbox document alone. `url` may change: a restart has another port. */
export function partiesOf(document: unknown, url: () => string) {
  return {
    a: merchantOf(document, 0, url),
    b: merchantOf(document, 1, url),
    twin: (name: string) => twinOf(() => textAt(document, 'twins', name, 'controlUrl')),
  };
}

export interface SceneOptions {
  readonly flags?: Readonly<Record<string, string | readonly string[]>>;
}

/** A gateway on a database of its own, in this process. */
export async function startScene({ flags = {} }: SceneOptions = {}): Promise<Scene> {
  const data = await mkdtemp(join(tmpdir(), 'kanal-e2e-'));
  const database = await testDatabase();
  const log: string[] = [];
  const config = readConfig(
    {
      mode: 'sandbox',
      port: '0',
      data,
      'database-url': urlOf(database),
      'time-scale': String(timeScale),
      ...flags,
    },
    {},
  );
  const gateway = await startGateway({ config, progress: () => undefined, log: collecting(log) });
  const receiver = await startReceiver();
  const operator = operatorOf(
    () => gateway.url,
    () => gateway.token,
  );
  const document = config.mode === 'sandbox' ? await operator.get('/sandbox') : {};
  return {
    url: gateway.url,
    token: gateway.token,
    operator,
    ...partiesOf(document, () => gateway.url),
    receiver,
    database,
    gateway,
    log,
    async stop() {
      await gateway.stop();
      await receiver.close();
      await database.drop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export function urlOf({ target }: Pick<TestDatabase, 'target'>): string {
  const { host = '', port = 5432, user = '', password = '', database = '' } = target;
  const url = new URL(
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${port}/${database}`,
  );
  url.searchParams.set('host', host);
  return url.href;
}

function collecting(lines: string[]): Log {
  const write = (level: string) => (event: string, fields?: object) =>
    void lines.push(JSON.stringify({ level, event, ...fields }, (_, value: unknown) => plain(value)));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** One more merchant with credentials in both protocols, as an operator adds it. Its money is what somebody funds. */
export async function newMerchant(
  scene: Pick<Scene, 'operator' | 'url'>,
  { payouts }: { readonly payouts: boolean },
): Promise<SceneMerchant> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await scene.operator.call('POST', path, body);
    if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const made = await post('/merchants', { name: freshNo('M'), payouts });
  const id = textAt(made, 'id');
  const sender = `7${String(Date.now()).slice(-6)}${++numbers}`;
  const payin = await post('/credentials', { merchant: id, protocol: 'payin', sender });
  const unified = await post('/credentials', { merchant: id, protocol: 'unified' });
  const protocols = { payin: member(payin, 'document'), unified: member(unified, 'document') };
  const document = { merchants: [{ id, webhookSecret: textAt(made, 'webhookSecret'), protocols }] };
  return merchantOf(document, 0, () => scene.url);
}

// ── reading the scene ───────────────────────────────────────────────────────────────────────────────────────────────

/** The order as operators see it, by any of its numbers; null while there is none. */
export async function shown(scene: Pick<Scene, 'operator'>, number: string): Promise<unknown> {
  const answer = await scene.operator.call('GET', `/orders/${encodeURIComponent(number)}`);
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new Error(`orders/${number}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text);
}

/** Entries of one kind in an order's timeline. */
export function entries(order: unknown, what: string): readonly unknown[] {
  const timeline = member(order, 'timeline');
  return Array.isArray(timeline) ? timeline.filter((entry) => member(entry, 'what') === what) : [];
}

/** The postings of an order: "receive 20000, receive-fee 2500". */
export function postings(order: unknown): string {
  return entries(order, 'move')
    .map((move) => `${textAt(move, 'reason').split('/')[0]} ${textAt(move, 'amount', 'minor')}`)
    .sort()
    .join(', ');
}

export interface Balances {
  readonly available: bigint;
  readonly held: bigint;
}

/** A merchant's IDR by the books. */
export async function balancesOf(scene: Pick<Scene, 'operator'>, merchantId: string): Promise<Balances> {
  const check = await scene.operator.get('/ledger/check');
  const accounts = member(check, 'accounts');
  const of = (name: string): bigint => {
    const row = Array.isArray(accounts)
      ? accounts.find((one) => member(one, 'account') === name && member(one, 'currency') === 'IDR')
      : undefined;
    return BigInt(textAt(row, 'balance') || '0');
  };
  return { available: of(`merchant/${merchantId}/available`), held: of(`merchant/${merchantId}/held`) };
}

/** Findings of the trial balance; empty = the books are in order. */
export async function bookFindings(scene: Pick<Scene, 'operator'>): Promise<readonly unknown[]> {
  const check = await scene.operator.get('/ledger/check');
  const findings = member(check, 'findings');
  const list: readonly unknown[] = Array.isArray(findings) ? findings : [];
  return member(check, 'balanced') === true ? list : ['not balanced', ...list];
}

/** The end of a test file: the books must be in order, and everything is stopped either way. */
export async function endInOrder(scene: Scene): Promise<void> {
  try {
    assert.deepEqual(await bookFindings(scene), []);
  } finally {
    await scene.stop();
  }
}

let numbers = 0;
const run = createHash('md5').update(`${process.pid} ${Date.now()}`).digest('hex').slice(0, 6);

/** A merchant order number that nobody has used. */
export function freshNo(letter = 'E'): string {
  return `${letter}${run}${++numbers}`;
}

export function clientOf(merchant: SceneMerchant, protocol: Merchant['protocol']): Merchant {
  return protocol === 'payin' ? merchant.payin : merchant.unified;
}
