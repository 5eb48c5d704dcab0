/** What a storm does to real processes. Each blow waits until it has really happened, and throws when it did not. */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from '../../src/store/pidfile.ts';
import { until } from '../e2e/http.ts';
import { childrenOf, type GatewayProcess, postmasterOf } from './gateway-process.ts';

export const blows = [
  'gateway',
  'backend',
  'postmaster',
  'everything',
  'zombie',
  'second gateway',
  'both gateways',
  'postmaster and gateway',
  'drain',
] as const;
export type Blow = (typeof blows)[number];

export interface Target {
  /** The first one has the database. */
  readonly gateways: readonly [GatewayProcess, GatewayProcess];
  /** Which of the two, where a blow hits one. */
  readonly turn: number;
  /** How long a zombie is stopped at least; it stays so until the other has all its homes. */
  readonly zombieMs: number;
  /** Gateways that hold homes now. */
  readonly leaseholders: () => Promise<number>;
}

/** Longer than a lease of homes. */
export const zombieMs = 16_000;
/** How long the gateway that is left has no database, where both of the others are killed. */
const withoutDatabaseMs = 3_000;

const strikes: Readonly<Record<Blow, (target: Target) => Promise<void>>> = {
  gateway: ({ gateways: [first] }) => killed([first]),
  'second gateway': ({ gateways: [, second] }) => killed([second]),
  'both gateways': ({ gateways }) => killed(gateways),
  async backend({ gateways: [first] }) {
    await gone([await someBackend(await postmasterOf(first.data))]);
  },
  async postmaster({ gateways: [first] }) {
    await gone([await postmasterOf(first.data)]);
  },
  async 'postmaster and gateway'({ gateways: [first] }) {
    const postmaster = await postmasterOf(first.data);
    first.signal('SIGKILL');
    await gone([postmaster]);
    await killed([first]);
    await wait(withoutDatabaseMs);
  },
  async everything({ gateways }) {
    const postmaster = await postmasterOf(gateways[0].data);
    const backends = (await childrenOf(postmaster)).map(({ pid }) => pid);
    for (const gateway of gateways) gateway.signalGroup('SIGKILL');
    await gone([...backends, postmaster]);
    await killed(gateways);
  },
  zombie,
  async drain({ gateways, turn }) {
    const one = gateways[turn % 2 === 0 ? 0 : 1];
    const { code, tookMs } = await one.stop();
    if (code !== 0 || tookMs > 30_000) throw new Error(`drained in ${tookMs} ms with ${code}: ${one.stderr}`);
  },
};

export function strike(blow: Blow, target: Target): Promise<void> {
  return strikes[blow](target);
}

/** Stopped in the middle of whatever it does, until the other has taken its work over; then it goes on as if nothing had been. */
async function zombie({ gateways, turn, zombieMs: leastMs, leaseholders }: Target): Promise<void> {
  const one = gateways[turn % 2 === 0 ? 0 : 1];
  await until('both hold homes', async () => (await leaseholders()) === 2, 30_000);
  one.signal('SIGSTOP');
  try {
    await until('stopped', async () => (await stateOf(one.pid)) === 'T');
    await wait(leastMs);
    await until('its homes are with the other', async () => (await leaseholders()) === 1, 30_000);
    if ((await stateOf(one.pid)) !== 'T') throw new Error('the zombie woke up by itself');
  } finally {
    one.signal('SIGCONT');
  }
}

async function killed(gateways: readonly GatewayProcess[]): Promise<void> {
  for (const gateway of gateways) gateway.signal('SIGKILL');
  for (const gateway of gateways) {
    const { signal } = await gateway.ended;
    if (signal !== 'SIGKILL') throw new Error(`a gateway ended by ${signal} instead: ${gateway.stderr}`);
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid);
  await until('the killed are gone', () => pids.every((pid) => !isAlive(pid)));
}

function kill(pid: number): void {
  if (pid <= 1) throw new Error(`no process to kill: ${pid}`);
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Gone already: a postmaster takes its children along.
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}

/** Letter of its state in /proc; '' when it is gone. */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? '';
}

/** One that serves a gateway, not one of PostgreSQL's own. */
async function someBackend(postmaster: number): Promise<number> {
  const backends = (await childrenOf(postmaster)).filter(({ title }) => /kanal kanal /.test(title));
  const one = backends[Math.floor(Math.random() * backends.length)];
  if (one === undefined) throw new Error('no backend to kill');
  return one.pid;
}
