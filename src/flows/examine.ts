/** The doctor's round: database, clock, keys, channels. Every finding says what to do. */
import type { Inspections } from '../core/inspection.ts';
import { durable, serverFacts } from '../store/health.ts';
import type { Gate } from './gate.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; '' when all is well. */
  readonly todo: string;
}

type Subject =
  | 'database-version'
  | 'database-setting'
  | 'database-role'
  | 'clock'
  | 'quarantine'
  | 'keys-all'
  | 'keys'
  | 'routes'
  | 'channel';

export interface Check extends Finding {
  /** What was looked at, for whoever says it in another language; `values` fill in its sentences. */
  readonly subject: Subject;
  readonly values: Readonly<Record<string, string>>;
}

const oldestVersion = 150_000;
const clockToleranceMs = 2_000;

type About = Pick<Check, 'subject' | 'values'>;

function verdict(about: About, check: string, ok: boolean, found: string, todo: string): Check {
  return { ...about, check, ok, found, todo: ok ? '' : todo };
}

export async function examine(gate: Gate, inspections: Inspections): Promise<Check[]> {
  return [
    ...(await database(gate)),
    ...quarantine(gate),
    ...keys(gate, inspections),
    ...routes(gate),
    ...(await channels(gate)),
  ];
}

async function database(gate: Gate): Promise<Check[]> {
  const before = gate.world.now();
  const facts = await serverFacts(gate.db);
  const offMs = Math.abs(Number(facts.now) - (before + gate.world.now()) / 2);
  return [
    verdict(
      { subject: 'database-version', values: {} },
      'database version',
      facts.version >= oldestVersion,
      String(Math.floor(facts.version / 10_000)),
      'Use PostgreSQL 15 or newer.',
    ),
    ...Object.entries(durable).map(([name, good]) => {
      const value = facts.settings[name] ?? '?';
      return verdict(
        { subject: 'database-setting', values: { name, good: good[0] ?? 'on' } },
        `database ${name}`,
        good.includes(value),
        value,
        `Set ${name} = ${good[0] ?? 'on'}: without it a power cut loses money.`,
      );
    }),
    verdict(
      { subject: 'database-role', values: {} },
      'database role',
      facts.user === 'kanal_app',
      facts.user,
      'Let the log-in role be a member of kanal_app: the application should not own its tables.',
    ),
    verdict(
      { subject: 'clock', values: { ms: String(Math.round(offMs)) } },
      'clock',
      offMs <= clockToleranceMs,
      `${Math.round(offMs)} ms from the database's`,
      'Run an NTP client on both machines: leases and signature windows need one time.',
    ),
  ];
}

/** Said only when there is one: nobody should have to read about what did not happen. */
function quarantine(gate: Gate): Check[] {
  const present = gate.directory().quarantine;
  if (!present) return [];
  const todo = 'Payouts and refunds wait. Compare with the channels and lift it: kanal quarantine show.';
  return [verdict({ subject: 'quarantine', values: {} }, 'quarantine', false, present.cause, todo)];
}

function keys(gate: Gate, inspections: Inspections): Check[] {
  const { credentials, channels: all } = gate.directory();
  const holders = [
    ...[...credentials.values()].map((row) => ({
      kind: 'credential' as const,
      row,
      name: `${row.protocol}/${row.sender}`,
    })),
    ...[...all.values()].map((row) => ({ kind: 'channel' as const, row, name: row.name })),
  ].filter(({ row }) => row.state === 'active');
  const broken = holders
    .map(({ kind, row, name }) => ({ kind, name, why: inspections.keyProblem(kind, row.id) }))
    .filter(({ why }) => why !== null);
  if (broken.length === 0) {
    const about = { subject: 'keys-all', values: { count: String(holders.length) } } as const;
    return [verdict(about, 'keys', true, `${holders.length} credentials and channels open`, '')];
  }
  return broken.map(({ kind, name, why }) =>
    verdict(
      { subject: 'keys', values: { name } },
      `keys of ${kind} ${name}`,
      false,
      why ?? '',
      'Give the keys again, or start with the master key they were sealed with.',
    ),
  );
}

/** Active routes must lead somewhere. */
function routes(gate: Gate): Check[] {
  const { routes: all, channels: list } = gate.directory();
  const dead = all.filter(({ channelId }) => list.get(channelId)?.state !== 'active');
  return [
    verdict(
      { subject: 'routes', values: { count: String(all.length), dead: String(dead.length) } },
      'routes',
      dead.length === 0,
      `${all.length} routes, ${dead.length} to disabled channels`,
      'kanal route remove, or kanal channel enable.',
    ),
  ];
}

const limits = { connectTimeoutMs: 3_000, totalTimeoutMs: 5_000, maxResponseBytes: 1_024, targets: 'any' } as const;

/** Any answer at all will do: what a base URL says to a bare GET is its own affair. */
async function channels(gate: Gate): Promise<Check[]> {
  const active = [...gate.directory().channels.values()].filter(({ state }) => state === 'active');
  return Promise.all(
    active.map(async ({ name, baseUrl }) => {
      const sent = await gate.world.send({ method: 'GET', url: baseUrl, headers: {}, body: new Uint8Array(0) }, limits);
      const found = sent.kind === 'ANSWER' ? `answers (HTTP ${sent.status} at its base address)` : sent.why;
      return verdict(
        { subject: 'channel', values: { name, url: baseUrl } },
        `channel ${name}`,
        sent.kind !== 'NOT_SENT',
        found,
        `${baseUrl} cannot be reached: check address, firewall and DNS.`,
      );
    }),
  );
}
