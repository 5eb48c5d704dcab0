/** The database of a run of seeds: one, emptied between seeds, with the sandbox's parties in it. */
import type { World } from '../../src/core/world.ts';
import { Vault } from '../../src/edge/vault.ts';
import { type Database, openDatabase, rawSql } from '../../src/store/database.ts';
import { type SandboxFacts, pointChannels, seedSandbox } from '../../src/wiring/sandbox.ts';
import { idMaker } from '../../src/world.ts';
import { silentLog, testDatabase, type TestDatabase } from '../database.ts';
import { Chance } from './chance.ts';

export const masterKey = new Uint8Array(32).fill(7);

/** The wall clock's beginning, the same for every seed. */
export const began = Date.UTC(2026, 0, 15, 3);

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
];

export interface Books {
  /** As the gateway's processes see it; renewed for each seed, so that plans kept by a connection do not reach into the next. */
  readonly app: Database;
  /** For invariants: sees everything, is never hurt. */
  readonly owner: Database;
  readonly facts: SandboxFacts;
  /** Everything as on the first day. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openBooks(): Promise<Books> {
  const database = await testDatabase();
  const { owner } = database;
  await owner.run(
    rawSql(`do $$ begin
      execute format('alter database %I set synchronous_commit = off', current_database());
      execute format('alter database %I set plan_cache_mode = force_generic_plan', current_database());
    end $$`),
  );
  for (const table of growing) await owner.run(rawSql(`alter table kanal.${table} set (autovacuum_enabled = off)`));
  const world = founderWorld();
  const facts = await seedSandbox(owner, world, new Vault(masterKey, (bytes) => world.nonce(bytes)));
  await pointChannels(owner, new Map(facts.channels.map((channel) => [channel.id, `http://${channel.protocol}.twin`])));
  await owner.run(
    rawSql('create table opening_moves as table kanal.moves; create table opening_balances as table kanal.balances'),
  );
  let app = await appDatabase(database);
  return {
    get app() {
      return app;
    },
    owner,
    facts,
    async reset() {
      await app.close();
      await owner.run(
        rawSql(`begin; set local session_replication_role = replica;
          ${growing.map((table) => `delete from kanal.${table};`).join(' ')} commit;`),
      );
      for (const table of growing) await owner.run(rawSql(`vacuum (truncate, index_cleanup on) kanal.${table}`));
      await owner.run(
        rawSql('insert into kanal.moves table opening_moves; insert into kanal.balances table opening_balances'),
      );
      app = await appDatabase(database);
    },
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

function appDatabase({ target }: TestDatabase): Promise<Database> {
  return openDatabase({ ...target, log: silentLog, role: 'kanal_app', max: 2, applicationName: 'simulation' });
}

/** The same parties, keys and identifiers in every run. */
function founderWorld(): World {
  const chance = new Chance('founders');
  return {
    now: () => began,
    monotonic: () => 0,
    // One byte is a merchant's home: both live in the same one, so that nothing but the merchant's id keeps them apart.
    nonce: (bytes) => (bytes === 1 ? Uint8Array.of(21) : chance.bytes(bytes)),
    newId: idMaker(0, () => began),
    sleep: () => Promise.resolve(),
    scaled: (ms) => ms,
    send: () => Promise.resolve({ kind: 'NOT_SENT', why: 'no network yet' }),
    log: silentLog,
  };
}
