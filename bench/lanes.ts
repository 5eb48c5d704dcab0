/** What is measured: each lane does one kind of work once and says how fast it was. Ratios of two lanes stand in `metrics.ts`. */
import type { Payment } from '../src/core/order.ts';
import { money } from '../src/core/money.ts';
import { reportEvidence } from '../src/flows/attempt.ts';
import { learnOutcome } from '../src/flows/learn-outcome.ts';
import type { OpenGate } from '../src/flows/open-gate.ts';
import type { NewOrder } from '../src/store/create.ts';
import { rawSql } from '../src/store/database.ts';
import { createHash } from 'node:crypto';
import { hexNumber } from '../src/protocols/signing.ts';
import { noInstruction, type PaymentReport } from '../src/core/commands.ts';
import { Child } from './child.ts';
import type { LivesAsk, LoadAnswer, LoadAsk } from './outside.ts';
import type { GatewayStart } from './gateway.ts';
import { channelId, firstCredential, firstMerchant, merchants } from './parties.ts';
import { pgbench } from './pgbench.ts';
import { type Place, inFlight } from './place.ts';
import * as scripts from './scripts.ts';

export interface Reading {
  /** Per second; orders, lives or notices. */
  readonly rate: number;
  readonly meanMs?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export interface Stage {
  readonly place: Place;
  readonly gate: OpenGate;
  readonly pgbenchPath: string | null;
  /** Why graphile-worker is not there; null = it is. */
  readonly withoutPeers: string | null;
  readonly outside: Child;
  /** `host:port` of the sinks. */
  readonly allowHosts: readonly string[];
  readonly gatewayUrl: string;
  readonly conventionalUrl: string;
  readonly graphile: Child;
  /** 1 for a full run. */
  readonly scale: number;
}

export interface Lane {
  readonly about: string;
  /** Null = cannot be measured here; the text says why. */
  run(stage: Stage): Promise<Reading | string>;
}

function scaled({ scale }: Stage, count: number): number {
  return Math.ceil((count * scale) / 64) * 64;
}

/** pgbench on fresh identifiers. */
function reference(about: string, script: string, clients: number, count: number): Lane {
  return {
    about,
    async run(stage) {
      const { place, pgbenchPath } = stage;
      if (pgbenchPath === null) return 'no pgbench';
      const variables = { base: place.world.newId(), now: place.world.now() };
      return pgbench(place, pgbenchPath, { script, clients, each: scaled(stage, count) / clients, variables });
    },
  };
}

/** Payments that wait for their outcome; returns the identifier of the first. The outbox of the lane before is emptied. */
async function prepare({ place }: Stage, count: number, over: number): Promise<bigint> {
  const base = place.world.newId();
  await place.owner.run(rawSql('truncate kanal.notices_due'));
  await place.owner.run(rawSql(scripts.waiting(base, count, over, place.world.now(), scripts.notifyUrl)));
  return base;
}

function finishReference(about: string, script: string, over: number, count: number): Lane {
  return {
    about,
    async run(stage) {
      const { place, pgbenchPath } = stage;
      if (pgbenchPath === null) return 'no pgbench';
      const orders = scaled(stage, count);
      const base = await prepare(stage, orders, over);
      const variables = { base, merchants: over, now: place.world.now() };
      return pgbench(place, pgbenchPath, { script, clients: 16, each: orders / 16, variables });
    },
  };
}

function newOrder({ world }: OpenGate, i: number): NewOrder<Payment> {
  const nonce = (bytes: number) => world.nonce(bytes);
  const home = i % merchants;
  const id = world.newId();
  const now = world.now();
  const order: Payment = {
    kind: 'payment',
    home,
    id,
    merchantId: BigInt(firstMerchant + home),
    credentialId: BigInt(firstCredential + home),
    protocol: 'payin',
    orderNo: `B${id}`,
    platformNo: `PAYIN${100 + home}${hexNumber(0, nonce).slice(0, 16)}`,
    state: 'sending',
    amount: money(20_000n, 'IDR'),
    fee: 2_500n,
    method: 'qr',
    option: 'QRIS',
    paid: 0n,
    refunded: 0n,
    refundPending: 0n,
    channelId,
    reference: hexNumber(home, nonce),
    upstreamNo: null,
    instruction: noInstruction,
    reason: null,
    createdAt: now,
    expiresAt: now + 3_600_000,
    finishedAt: null,
    detail: {
      subject: 'Electronic Cigarettes',
      payer: { name: 'Reza Wijaya', phone: null, email: null, country: 'ID' },
      notify: { kind: 'http', url: scripts.notifyUrl },
      returnUrl: null,
      extras: { remark: 'Electronic Cigarettes', signCase: 'upper' },
    },
    channelExtras: {},
  };
  const fingerprint = createHash('sha256').update(order.orderNo).digest();
  return { order, space: 'payin:payment', fingerprint, attemptId: id, dueAt: now + 30_000, moves: [] };
}

function batchedCreate(width: number): Lane {
  return {
    about: `create through the batcher, ${width} in flight`,
    async run(stage) {
      const { gate } = stage;
      const count = scaled(stage, 24_000);
      const seconds = await inFlight(count, width, async (i) => {
        const made = await gate.batches.payments.add(newOrder(gate, i));
        if (made.kind !== 'made') throw new Error('number taken');
      });
      return { rate: count / seconds };
    },
  };
}

const paidReport: PaymentReport = {
  kind: 'payment',
  orderNo: null,
  platformNo: 'PAYIN8551790545658687488',
  channelNo: null,
  state: 'paid',
  method: null,
  option: null,
  amount: null,
  paid: money(20_000n, 'IDR'),
  fee: null,
  instruction: { ...noInstruction, payCode: '00020101' },
  createdAt: null,
  expiresAt: null,
  finishedAt: null,
  reason: null,
  refunds: null,
  extras: { 'payin.payType': '41' },
  channelExtras: {},
};

function batchedFinish(width: number, over: number, count: number): Lane {
  return {
    about: `learnOutcome, ${width} in flight, ${over === 1 ? 'one merchant' : `${over} merchants`}`,
    async run(stage) {
      const { gate } = stage;
      const orders = scaled(stage, count);
      const base = await prepare(stage, orders, over);
      const references = Array.from({ length: orders }, (_, i) => {
        const digest = createHash('md5')
          .update(`${base + BigInt(i) * 16n}`)
          .digest('hex');
        return (i % over).toString(16).padStart(2, '0') + digest.slice(0, 30);
      });
      const seconds = await inFlight(orders, width, async (i) => {
        const about = { kind: 'payment', channelId, reference: references[i] ?? '' } as const;
        const evidence = reportEvidence(about, 'callback', paidReport, gate.world.now());
        const learnt = await learnOutcome(gate, { key: null, evidence, callback: null, lookAgainAt: null });
        if (learnt.kind !== 'learnt' || learnt.outcome !== 'changed') throw new Error(`not learnt: ${learnt.kind}`);
      });
      return { rate: orders / seconds };
    },
  };
}

function httpCreate(about: string, urlOf: (stage: Stage) => string, count: number): Lane {
  return {
    about,
    run(stage) {
      const ask: LoadAsk = {
        url: urlOf(stage),
        kind: 'desk',
        connections: 64,
        count: scaled(stage, count),
        base: stage.place.world.newId(),
      };
      return stage.outside.call<LoadAnswer>('load', ask);
    },
  };
}

const httpCallback: Lane = {
  about: 'signed callback over HTTP, 64 connections',
  async run(stage) {
    const count = scaled(stage, 12_000);
    const base = await prepare(stage, count, merchants);
    const ask: LoadAsk = { url: stage.gatewayUrl, kind: 'callback', connections: 64, count, base };
    return stage.outside.call<LoadAnswer>('load', ask);
  },
};

/** With workers, and only for as long as a lane needs it: it would deliver the notices of other lanes. It is warm when the lane begins. */
async function withWorkers(stage: Stage, work: (url: string) => Promise<Reading>): Promise<Reading> {
  const { place, outside, allowHosts } = stage;
  await place.owner.run(rawSql('truncate kanal.notices_due'));
  const gateway = new Child('./gateway.js');
  try {
    const url = await gateway.call<string>('start', startOf(place, 'all', allowHosts));
    const warm: LivesAsk = { url, count: scaled(stage, 3_000), width: 256, base: place.world.newId() };
    await outside.call('lives', warm);
    return await work(url);
  } finally {
    await gateway.stop();
  }
}

export function startOf(place: Place, role: 'edge' | 'all', allowHosts: readonly string[]): GatewayStart {
  return { databaseUrl: place.url, masterKeyFile: place.masterKeyFile, folder: place.folder, role, allowHosts };
}

const wholeLife: Lane = {
  about: 'create, upstream, callback, notice arrived; 256 lives in flight',
  run: (stage) =>
    withWorkers(stage, (url) => {
      const count = scaled(stage, 8_000);
      const ask: LivesAsk = { url, count, width: 256, base: stage.place.world.newId() };
      return stage.outside.call<Reading>('lives', ask);
    }),
};

/** Sixteen receiving hosts, all of them the one sink. */
const sinkHosts = Array.from({ length: 16 }, (_, i) => `127.0.0.${i + 1}`);
export function sinksOf(sink: string): readonly string[] {
  return sinkHosts.map((host) => sink.replace('127.0.0.1', host));
}

const notices: Lane = {
  about: 'notices delivered to a sink under 16 host names',
  run: (stage) =>
    withWorkers(stage, async () => {
      const { place, outside } = stage;
      const { sink } = await outside.call<{ sink: string }>('open');
      const count = scaled(stage, 16_000);
      const arrived = outside.call<Reading>('arrivals', count);
      const targets = sinksOf(sink).map((host) => `${host}/hook`);
      const base = place.world.newId();
      await place.owner.run(rawSql(scripts.dueNotices(base, count / 16, place.world.now() - 60_000, targets)));
      return arrived;
    }),
};

const graphileNotices: Lane = {
  about: 'the same posts by graphile-worker, batched fetching and completing',
  async run(stage) {
    const { place, outside, graphile, withoutPeers } = stage;
    if (withoutPeers !== null) return withoutPeers;
    const { sink } = await outside.call<{ sink: string }>('open');
    const add = (count: number) =>
      place.owner.run(
        rawSql(
          `select graphile_worker.add_job('notice', json_build_object('id', i)) from generate_series(1, ${count}) as s (i)`,
        ),
      );
    await graphile.call('migrate', place.url);
    await graphile.call('start', { connectionString: place.url, sinks: sinksOf(sink) });
    const warm = outside.call<Reading>('arrivals', scaled(stage, 3_000));
    await add(scaled(stage, 3_000));
    await warm;
    const arrived = outside.call<Reading>('arrivals', scaled(stage, 16_000));
    await add(scaled(stage, 16_000));
    const reading = await arrived;
    await graphile.call('stop');
    return reading;
  },
};

/** In the order they run: what is compared stands together. */
export const lanes = {
  'create/64': batchedCreate(64),
  'create/256': batchedCreate(256),
  'ref create': reference('pgbench: number, payment, attempt, work; 16 clients', scripts.createBound, 16, 12_000),
  'http create': httpCreate('signed payDesk over HTTP, 64 connections', (stage) => stage.gatewayUrl, 12_000),
  'ref desk': reference('pgbench: number, payment, work; 16 clients', scripts.createDesk, 16, 12_000),
  conventional: httpCreate('node:http + pg, a transaction per request', (stage) => stage.conventionalUrl, 4_000),
  'ref desk/64': reference('the same, 64 clients', scripts.createDesk, 64, 12_000),
  'finish/64': batchedFinish(64, merchants, 12_000),
  'finish/256': batchedFinish(256, merchants, 12_000),
  'ref finish': finishReference('pgbench: everything the door stores; 16 clients', scripts.finish, merchants, 8_000),
  'ref finish/lean': finishReference(
    'pgbench: lock, update, two ledger rows, balances, outbox',
    scripts.finishLean,
    merchants,
    8_000,
  ),
  'finish/hot': batchedFinish(256, 1, 12_000),
  'ref finish/hot': finishReference('pgbench: the same, one merchant', scripts.finish, 1, 2_000),
  'http callback': httpCallback,
  'ref callback': finishReference(
    'pgbench: finish with the callback as received; 16 clients',
    scripts.finishCallback,
    merchants,
    8_000,
  ),
  life: wholeLife,
  'ref life': reference(
    'pgbench: all statements of a life, one order after another; 16 clients',
    scripts.life,
    16,
    4_000,
  ),
  notices,
  graphile: graphileNotices,
} as const satisfies Readonly<Record<string, Lane>>;
export type LaneName = keyof typeof lanes;
