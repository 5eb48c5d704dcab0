/**
 * Three gateways over one database, each with one connection of its own, whose every step the director holds. What the channel is like
 * (what it can, what it does with late money) is a value that a race sets.
 */
import type { Admissions } from '../../src/core/admissions.ts';
import type { World } from '../../src/core/world.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { type OpenGate, openGate } from '../../src/flows/open-gate.ts';
import type { ProtocolFacts } from '../../src/flows/gate.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { type Database, openDatabase, rawSql, type Sql, sql } from '../../src/store/database.ts';
import { silentLog } from '../database.ts';
import { type TestGate, testGate } from '../gate.ts';
import { Director, heldDatabase, type Party } from './director.ts';

export interface Actor {
  readonly gate: OpenGate;
  readonly party: Party;
}

export interface Stage {
  readonly t: TestGate;
  readonly actors: readonly [Actor, Actor, Actor];
  readonly director: Director;
  readonly admissions: Admissions;
  /** What every channel does with money that comes late. */
  lateMoney: 'revive' | 'refund' | 'suspense';
  /** Has the channel promised that a repeated reference moves nothing twice? */
  resends: boolean;
  /** What a merchant's server answers to a notice. */
  acknowledge: () => boolean;
  /** A planted bug: what the three run instead of a statement. */
  changed: (statement: Sql) => Sql;
  /** Transactions that PostgreSQL made begin again: deadlocks and failed serializations. */
  again(): number;
  /** All three read the small tables anew. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const names = ['a', 'b', 'c'] as const;

export async function openStage(): Promise<Stage> {
  const t = await testGate();
  const { owner, target } = t.database;
  const database = rawSql(`"${target.database ?? ''}"`);
  // Nothing here asks what a power cut leaves; and a deadlock, should there be one, is to be seen soon.
  await owner.run(sql`alter database ${database} set synchronous_commit = off`);
  await owner.run(sql`alter database ${database} set deadlock_timeout = '50ms'`);
  let again = 0;
  const log = { ...silentLog, debug: (event: string) => void (again += event === 'transaction-again' ? 1 : 0) };
  const connections: Database[] = [];
  const director = new Director(names, () => whoBlocks(owner));
  const stage: Pick<Stage, 'lateMoney' | 'resends' | 'acknowledge' | 'changed'> = {
    lateMoney: 'revive',
    resends: false,
    acknowledge: () => true,
    changed: (statement) => statement,
  };
  const facts: ProtocolFacts = {
    ...t.gate.facts,
    unable: () => null,
    maySendAgain: () => stage.resends,
    setting: (holder, name) => (name === 'lateMoney' ? stage.lateMoney : t.gate.facts.setting(holder, name)),
  };
  const actor = async (index: 0 | 1 | 2): Promise<Actor> => {
    const party = director.parties[index];
    if (!party) throw new Error('no such party');
    const applicationName = `party-${names[index]}`;
    const db = await openDatabase({ ...target, log, role: 'kanal_app', max: 1, applicationName });
    connections.push(db);
    const world: World = { ...t.world, log, sleep: (ms) => idle(party, () => t.world.sleep(ms)) };
    const gate = await openGate(
      heldDatabase(party, db, (statement) => stage.changed(statement)),
      {
        ...t.gate,
        world,
        facts,
        notices: {
          ...t.gate.notices,
          deliver: () =>
            party.step('deliver', () => {
              const delivered = stage.acknowledge();
              return Promise.resolve({ delivered, outcome: 'answered', status: delivered ? 200 : 500, answer: '' });
            }),
        },
        call: (channel, command, ask) => party.step(command, () => t.gate.call(channel, command, ask)),
      },
    );
    return { gate, party };
  };
  const actors = [await actor(0), await actor(1), await actor(2)] as const;
  return Object.assign(stage, {
    t,
    actors,
    director,
    admissions: makeAdmissions({
      vault: t.vault,
      nonce: (bytes) => t.world.nonce(bytes),
      now: () => t.world.now(),
      merchantProtocols,
      channelProtocols,
    }),
    again: () => again,
    async refresh() {
      await Promise.all([t.gate, ...actors.map(({ gate }) => gate)].map((gate) => gate.refresh()));
    },
    async close() {
      await Promise.all(connections.map((db) => db.close()));
      await t.close();
    },
  });
}

/** Somebody who sleeps wants others to get on. */
function idle(party: Party, sleep: () => Promise<void>): Promise<void> {
  party.isIdling = true;
  return party.step('sleep', sleep);
}

async function whoBlocks(owner: Database): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await owner.run<{ waiter: string; by: string[] }>(sql`
    select right(w.application_name, 1) as waiter, array_agg(right(b.application_name, 1)) as by
    from pg_stat_activity w cross join lateral unnest(pg_blocking_pids(w.pid)) as holder (pid)
    join pg_stat_activity b on b.pid = holder.pid
    where w.datname = current_database() and w.application_name like 'party-%' group by 1`);
  return new Map(rows.map(({ waiter, by }) => [waiter, by]));
}
