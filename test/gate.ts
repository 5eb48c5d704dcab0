/**
 * A gate on a database of its own, with real ports but for the network: a test says what each call to a channel comes to. Time is
 * a value that the test moves.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type {
  Answer,
  Ask,
  CallOutcome,
  CommandName,
  Pay,
  PayOut,
  PaymentReport,
  PayoutReport,
} from '../src/core/commands.ts';
import { noInstruction } from '../src/core/commands.ts';
import { money } from '../src/core/money.ts';
import type { World } from '../src/core/world.ts';
import { Keyring } from '../src/edge/keyring.ts';
import { Vault } from '../src/edge/vault.ts';
import type { Caller, Fetched } from '../src/flows/gate.ts';
import { type OpenGate, openGate } from '../src/flows/open-gate.ts';
import type { Observer } from '../src/wiring/observer.ts';
import { makePorts } from '../src/wiring/ports.ts';
import { type SandboxFacts, pointChannels, seedSandbox } from '../src/wiring/sandbox.ts';
import { idMaker } from '../src/world.ts';
import { sql } from '../src/store/database.ts';
import { silentLog, testDatabase, type TestDatabase } from './database.ts';
import { changesPastTheDoor, watchStates } from './watch.ts';

export type CallScript = <C extends CommandName>(command: C, ask: Ask<C>) => Promise<CallOutcome<C>>;

export interface TestGate {
  readonly gate: OpenGate;
  readonly database: TestDatabase;
  readonly world: World;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly facts: SandboxFacts;
  /** What calls come to from now on. */
  script(next: CallScript): void;
  /** What channels hand out as their statements, by protocol; the others are asked for it. */
  readonly statements: Map<string, Fetched>;
  readonly calls: { readonly command: CommandName; readonly ask: unknown }[];
  /** Moves the clock. */
  pass(ms: number): void;
  caller(merchant: 0 | 1, protocol: string): Caller;
  close(): Promise<void>;
}

/** `send` is for tests that let the real call port speak. */
export async function testGate(
  send: World['send'] = () => Promise.resolve({ kind: 'NOT_SENT', why: 'no network in this test' }),
): Promise<TestGate> {
  const database = await testDatabase();
  await watchStates(database.owner);
  let now = Date.UTC(2026, 0, 15, 3, 0, 0);
  const world: World = {
    now: () => now,
    monotonic: () => now,
    nonce: (bytes) => randomBytes(bytes),
    newId: idMaker(1, () => now),
    sleep: (ms) => {
      now += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
    scaled: (ms) => ms,
    send,
    log: silentLog,
  };
  const vault = new Vault(new Uint8Array(32).fill(7), world.nonce);
  const keyring = new Keyring(vault, world.now);
  const facts = await seedSandbox(database.db, world, vault);
  await pointChannels(database.db, new Map(facts.channels.map((channel) => [channel.id, 'http://127.0.0.1:9'])));
  const ports = makePorts({
    world,
    keyring,
    vault,
    publicUrl: () => 'http://127.0.0.1:8080',
    refuseUrl: () => null,
    deskUrl: (payment) => `http://127.0.0.1:8080/cashier/${payment.id}`,
    wakeNotices: () => undefined,
    sqs: null,
    observer: silentObserver,
  });
  const calls: TestGate['calls'] = [];
  const statements: TestGate['statements'] = new Map();
  let script: CallScript | null = null;
  const gate = await openGate(database.db, {
    ...ports,
    call: (channel, command, ask) => {
      calls.push({ command, ask });
      return script ? script(command, ask) : ports.call(channel, command, ask);
    },
    statement: async (channel, day) => statements.get(channel.protocol) ?? ports.statement(channel, day),
  });
  return {
    gate,
    database,
    world,
    keyring,
    vault,
    facts,
    statements,
    calls,
    script: (next) => {
      script = next;
    },
    pass: (ms) => {
      now += ms;
    },
    caller(merchant, protocol) {
      const id = BigInt(facts.merchants[merchant]?.id ?? '0');
      const found = gate.directory().merchants.get(id);
      const credential = [...gate.directory().credentials.values()].find(
        (c) => c.merchantId === id && c.protocol === protocol,
      );
      if (!found || !credential) throw new Error(`no merchant ${merchant} with ${protocol}`);
      return { merchant: found, credential };
    },
    async close() {
      const past = await changesPastTheDoor(database.owner);
      await database.drop();
      assert.deepEqual(past, [], 'states changed past the door');
    },
  };
}

/** Counts nothing. */
export const silentObserver: Observer = { served() {}, heard() {}, notified() {}, chased() {} };

let orders = 0;

export function payAsk(changes: Partial<Pay> = {}): Pay {
  return {
    orderNo: `T${++orders}`,
    amount: money(20_000n, 'IDR'),
    method: 'qr',
    option: 'QRIS',
    subject: 'Electronic Cigarettes',
    payer: { name: 'Reza Wijaya', phone: '6285812345678', email: null, country: 'ID' },
    notify: { kind: 'http', url: 'http://127.0.0.1:9999/hook' },
    returnUrl: null,
    expiresInS: 3600,
    authCode: null,
    agreementNo: null,
    extras: { payType: '41' },
    ...changes,
  };
}

export function payOutAsk(changes: Partial<PayOut> = {}): PayOut {
  return {
    orderNo: `O${++orders}`,
    amount: money(50_000n, 'IDR'),
    payee: {
      name: 'Afif Asrif',
      phone: '6282197662283',
      email: null,
      country: 'ID',
      bank: 'BCA',
      account: '1077098557',
      accountName: 'Afif Asrif',
      kind: 'person',
      accountKind: 'bank-account',
    },
    subject: 'loan',
    notify: { kind: 'http', url: 'http://127.0.0.1:9999/hook' },
    extras: {},
    ...changes,
  };
}

export function paymentAnswer(changes: Partial<PaymentReport> = {}): PaymentReport {
  return {
    kind: 'payment',
    orderNo: null,
    platformNo: 'UP1',
    channelNo: null,
    state: 'pending',
    method: null,
    option: null,
    amount: money(20_000n, 'IDR'),
    paid: null,
    fee: null,
    instruction: { ...noInstruction, payCode: '00020101' },
    createdAt: null,
    expiresAt: null,
    finishedAt: null,
    reason: null,
    refunds: null,
    extras: {},
    channelExtras: {},
    ...changes,
  };
}

export function payoutAnswer(changes: Partial<PayoutReport> = {}): PayoutReport {
  return {
    kind: 'payout',
    orderNo: null,
    platformNo: 'UPO1',
    channelNo: null,
    state: 'pending',
    amount: money(50_000n, 'IDR'),
    fee: null,
    createdAt: null,
    finishedAt: null,
    reason: null,
    extras: {},
    channelExtras: {},
    ...changes,
  };
}

/** A script that answers one command with one report and is silent about the others. */
export function answering<W extends CommandName>(command: W, answer: Answer<W>): CallScript {
  return (<C extends CommandName>(asked: C): Promise<CallOutcome<C>> =>
    Promise.resolve(
      (asked as CommandName) === command
        ? ({ kind: 'answered', answer } as unknown as CallOutcome<C>)
        : { kind: 'unknown', why: 'not in the script' },
    )) as CallScript;
}

/** A script that gives every call the same silence. */
export function silence(outcome: { kind: 'not-sent' | 'unknown'; why: string }): CallScript {
  return () => Promise.resolve(outcome);
}

/** Rows of a table, for looking behind the curtain. */
export function rowsOf(database: TestDatabase, text: string): Promise<Record<string, unknown>[]> {
  return database.owner.run<Record<string, unknown>>({ text, values: [] });
}

export { sql };
