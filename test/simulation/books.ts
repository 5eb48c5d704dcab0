/** The database of a run of seeds: one, emptied between seeds, with the sandbox's parties in it. */
import type { World } from '../../src/core/world.ts';
import { Vault } from '../../src/edge/vault.ts';
import { type Database, openDatabase, rawSql, sql } from '../../src/store/database.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { insertToken } from '../../src/store/tokens.ts';
import { insertUser } from '../../src/store/users.ts';
import { type SandboxFacts, pointChannels, seedSandbox } from '../../src/wiring/sandbox.ts';
import { idMaker } from '../../src/world.ts';
import { silentLog, testDatabase, type TestDatabase } from '../database.ts';
import { Chance } from './chance.ts';
import type { Road } from './roads.ts';

export const masterKey = new Uint8Array(32).fill(7);

/** The wall clock's beginning, the same for every seed. */
export const began = Date.UTC(2026, 0, 15, 3);

/** Where all merchants live, so that nothing but their ids keeps them apart. */
export const home = 21;

/** What grows; the parties stay. */
const growing = [
  'numbers',
  'payments',
  'payouts',
  'refunds',
  'attempts',
  'events',
  'work',
  'moves',
  'balances',
  'notices',
  'notices_due',
  'notice_attempts',
  'callbacks',
  'reviews',
  'home_leases',
  'agreements',
  'confirmations',
  'approvals',
  'audit',
  'differences',
  'statement_lines',
  'reconciliations',
  'route_days',
  'refused_requests',
];

/**
 * A crash of the server is none of the simulation's faults, so it need not wait for the disk. One way to each row, and plans that
 * are made once: what rows come in which order must not depend on how many seeds were played before.
 */
const settings = [
  'synchronous_commit = off',
  'plan_cache_mode = force_generic_plan',
  'enable_seqscan = off',
  'enable_bitmapscan = off',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
] as const;

/** Rows are deleted after each seed, and what they leave behind in the files after so many. */
const sweepEvery = 100;

/** What the operator has set up for a seed. */
export interface Day {
  readonly roads: readonly Road[];
  /** Smallest units that a payout may have without two persons looking; null = any. */
  readonly payoutLimit: bigint | null;
}

/** Two who have to agree, and what the operator API knows one of them by. */
export const staff = [
  { userId: 1n, name: 'ani' },
  { userId: 2n, name: 'budi' },
] as const;
export const operatorToken = `kop_${'s'.repeat(43)}`;

export interface Books {
  /** As the gateway's processes see it. */
  readonly app: Database;
  /** For invariants: sees everything, is never hurt. */
  readonly owner: Database;
  readonly facts: SandboxFacts;
  /** Everything as on the first day, but for what this day's is like. */
  reset(day?: Day): Promise<void>;
  close(): Promise<void>;
}

export async function openBooks(): Promise<Books> {
  const database = await testDatabase();
  const { owner } = database;
  await owner.run(
    rawSql(`do $$ declare setting text; begin
      foreach setting in array array[${[...settings].map((setting) => `'${setting}'`).join(', ')}] loop
        execute format('alter database %I set %s', current_database(), setting);
      end loop;
    end $$`),
  );
  for (const table of growing) await owner.run(rawSql(`alter table kanal.${table} set (autovacuum_enabled = off)`));
  const world = founderWorld();
  const facts = await seedSandbox(owner, world, new Vault(masterKey, (bytes) => world.nonce(bytes)));
  await pointChannels(owner, new Map(facts.channels.map((channel) => [channel.id, `http://${channel.protocol}.twin`])));
  await owner.run(
    rawSql('create table opening_moves as table kanal.moves; create table opening_balances as table kanal.balances'),
  );
  await owner.run(rawSql(swept));
  await hire(owner);
  let app = await appDatabase(database);
  let resets = 0;
  return {
    get app() {
      return app;
    },
    owner,
    facts,
    async reset(day) {
      await owner.run(rawSql(emptied));
      if (day) await setUp(owner, facts, day);
      resets += 1;
      if (resets % sweepEvery !== 0) return;
      await app.close();
      await owner.run(rawSql(swept));
      app = await appDatabase(database);
    },
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

async function hire(owner: Database): Promise<void> {
  for (const { userId, name } of staff)
    await insertUser(
      owner,
      { id: userId, name, role: 'admin', merchantId: null, setupUntil: null, setupCode: name },
      began,
    );
  const token = {
    id: 1n,
    name: 'simulation',
    role: 'admin',
    merchantId: null,
    createdAt: BigInt(began),
    isOwner: true,
  } as const;
  await insertToken(owner, token, operatorToken);
}

async function setUp(owner: Database, { channels }: SandboxFacts, { roads, payoutLimit }: Day): Promise<void> {
  const idOf = new Map(channels.map(({ id, protocol }) => [protocol, BigInt(id)]));
  const settings = payoutLimit === null ? {} : { 'payoutLimit.IDR': String(payoutLimit) };
  await owner.transaction(async (query) => {
    await query.run(rawSql('delete from routes'));
    await query.run(sql`
      insert into routes (id, merchant_id, protocol, method, channel_id, weight, created_at)
      select id, null, protocol, 'any', channel_id, weight, ${began} from unnest(
        ${roads.map((_, place) => BigInt(place + 1))}::bigint[], ${roads.map(({ protocol }) => protocol)}::text[],
        ${roads.map(({ through }) => idOf.get(through))}::bigint[], ${roads.map(({ weight }) => weight)}::int[])
        as r (id, protocol, channel_id, weight)`);
    await query.run(sql`update merchants set settings = ${settings}`);
    await touchDirectory(query);
  });
}

/** Everything as on the first day, in one message; triggers that refuse changes do not fire. */
function emptiedBy(deletion: string): string {
  return `begin; set local session_replication_role = replica; ${deletion};
    delete from kanal.settings where name = 'audit-head';
    insert into kanal.moves table opening_moves; insert into kanal.balances table opening_balances; commit`;
}
const emptied = emptiedBy(growing.map((table) => `delete from kanal.${table}`).join('; '));
/** Nothing but `truncate` also makes the planner forget how large a table was. */
const swept = emptiedBy(`truncate ${growing.map((table) => `kanal.${table}`).join(', ')}`);

function appDatabase({ target }: TestDatabase): Promise<Database> {
  return openDatabase({ ...target, log: silentLog, role: 'kanal_app', max: 2, applicationName: 'simulation' });
}

/** The same parties, keys and identifiers in every run. */
function founderWorld(): World {
  const chance = new Chance('founders');
  return {
    now: () => began,
    monotonic: () => 0,
    // One byte is a merchant's home.
    nonce: (bytes) => (bytes === 1 ? Uint8Array.of(home) : chance.bytes(bytes)),
    newId: idMaker(0, () => began),
    sleep: () => Promise.resolve(),
    scaled: (ms) => ms,
    send: () => Promise.resolve({ kind: 'NOT_SENT', why: 'no network yet' }),
    log: silentLog,
  };
}
