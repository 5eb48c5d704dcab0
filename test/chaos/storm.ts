/** Rounds of traffic and blows on one data folder. Each round ends with everything that was acknowledged being asked for again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request, until } from '../e2e/http.ts';
import { type Receiver, startReceiver } from '../e2e/receiver.ts';
import { childrenOf, GatewayProcess, postmasterOf, sceneOf, startProcess } from './gateway-process.ts';
import { Shop, type Tally } from './shop.ts';

export const blows = ['gateway', 'backend', 'postmaster', 'postmaster, then gateway', 'everything', 'pause'] as const;
export type Blow = (typeof blows)[number];

export interface Round {
  readonly blow: Blow;
  readonly grievances: readonly string[];
  /** From the new start to `ready`; null = it went on by itself. */
  readonly readyMs: number | null;
  readonly tally: Tally;
}

export class Storm {
  readonly #data: string;
  readonly #receiver: Receiver;
  readonly #shops: Shop[] = [];
  #gateway: GatewayProcess;
  #shop: Shop;

  private constructor(data: string, receiver: Receiver, gateway: GatewayProcess, shop: Shop) {
    this.#data = data;
    this.#receiver = receiver;
    this.#gateway = gateway;
    this.#shop = shop;
  }

  static async begin(): Promise<Storm> {
    const data = await mkdtemp(join(tmpdir(), 'kanal-chaos-'));
    const receiver = await startReceiver();
    const gateway = startProcess({ data, args });
    await gateway.ready();
    return new Storm(data, receiver, gateway, new Shop(await sceneOf(gateway), receiver));
  }

  async round(blow: Blow, trafficMs: number): Promise<Round> {
    this.#shop = new Shop(await sceneOf(this.#gateway), this.#receiver);
    this.#shop.open();
    await wait(trafficMs);
    await this.#strike(blow);
    const readyMs = await this.#recover();
    // Orders go on while it comes back, and a little beyond.
    await wait(trafficMs / 2);
    await this.#shop.close();
    const tally = this.#shop.tally();
    this.#shops.push(this.#shop);
    return { blow, readyMs, grievances: await this.#shop.grievances(), tally };
  }

  /** All rounds so far: each number asked again is answered as the first time, is one order and one execution, and was told. */
  async settle(patienceMs: number): Promise<{ readonly grievances: string[]; readonly owed: number }> {
    const parties = await sceneOf(this.#gateway);
    for (const shop of this.#shops) shop.moveTo(parties);
    const changed = await Promise.all(this.#shops.map((shop) => shop.askAgain()));
    const all = await Promise.all(this.#shops.map((shop) => shop.notices(patienceMs)));
    const executed = await Promise.all(this.#shops.map((shop) => shop.executions()));
    return {
      grievances: [...changed.flat(), ...all.flatMap(({ grievances }) => grievances), ...executed.flat()],
      owed: all.reduce((sum, { owed }) => sum + owed, 0),
    };
  }

  async end(): Promise<void> {
    await this.#gateway.stop();
    await this.#receiver.close();
    await rm(this.#data, { recursive: true, force: true });
  }

  async #strike(blow: Blow): Promise<void> {
    const postmaster = await postmasterOf(this.#data);
    switch (blow) {
      case 'gateway':
        this.#gateway.signal('SIGKILL');
        break;
      case 'backend':
        process.kill(await someBackend(postmaster), 'SIGKILL');
        break;
      case 'postmaster':
        process.kill(postmaster, 'SIGKILL');
        break;
      case 'postmaster, then gateway':
        process.kill(postmaster, 'SIGKILL');
        await wait(100);
        this.#gateway.signal('SIGKILL');
        break;
      case 'everything':
        for (const { pid } of await childrenOf(postmaster)) kill(pid);
        kill(postmaster);
        this.#gateway.signalGroup('SIGKILL');
        break;
      case 'pause':
        this.#gateway.signal('SIGSTOP');
        await wait(1_500);
        this.#gateway.signal('SIGCONT');
        break;
    }
  }

  /** A gateway that lives must come back by itself; one that is gone is started again, on another port. */
  async #recover(): Promise<number | null> {
    await Promise.race([this.#gateway.ended, wait(300)]);
    if (!this.#gateway.isOver) {
      await until('ready again', () => isReady(this.#gateway.url ?? ''), 30_000);
      return null;
    }
    const before = this.#gateway.url;
    this.#gateway = startProcess({ data: this.#data, args });
    const readyMs = await this.#gateway.ready();
    if (this.#gateway.url === before) throw new Error('the restart was to have another port');
    this.#shop.moveTo(await sceneOf(this.#gateway));
    return readyMs;
  }
}

const args = ['--time-scale', '200'];

async function isReady(url: string): Promise<boolean> {
  return request('GET', `${url}/health/ready`, [], '', 2_000).then(
    ({ status }) => status === 200,
    () => false,
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already: a postmaster takes its children along.
  }
}

/** One that serves the gateway, not one of PostgreSQL's own. */
async function someBackend(postmaster: number): Promise<number> {
  const backends = (await childrenOf(postmaster)).filter(({ title }) => /kanal kanal /.test(title));
  const one = backends[Math.floor(backends.length / 2)];
  if (one === undefined) throw new Error('no backend to kill');
  return one.pid;
}

/** The value below which `share` of the sorted values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
