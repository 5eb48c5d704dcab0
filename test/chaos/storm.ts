/**
 * Rounds of traffic and blows on two gateways that share one database, with the bank in this process. Each round ends with
 * everything that was acknowledged being asked for again.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Database, DatabaseAway, openDatabase, sql } from '../../src/store/database.ts';
import { silentLog } from '../database.ts';
import type { Operator } from '../e2e/harness.ts';
import { until } from '../e2e/http.ts';
import { startReceiver } from '../e2e/receiver.ts';
import { Bank } from './bank.ts';
import { type Blow, strike, zombieMs } from './blows.ts';
import { counterAt } from './counter.ts';
import { databaseOf, type GatewayProcess, isReady, sceneOf, startProcess, steadyPort } from './gateway-process.ts';
import { type Door, type Parts, Shop, type Tally } from './shop.ts';

export interface Round {
  readonly blow: Blow;
  readonly grievances: readonly string[];
  /** Of each gateway that was started again, milliseconds to its `ready`. */
  readonly restartsMs: readonly number[];
  /** From the blow until every gateway was ready. */
  readonly outageMs: number;
  readonly tally: Tally;
}

/** What a gateway's process holds. */
export interface Body {
  /** Resident memory. */
  readonly mib: number;
  readonly handles: number;
}

interface Place {
  readonly data: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export class Storm {
  readonly #folder: string;
  readonly #places: readonly [Place, Place];
  readonly #parts: Parts;
  readonly #database: Database;
  readonly #gateways: [GatewayProcess, GatewayProcess];
  readonly #shops: Shop[] = [];
  /** How often each blow has fallen. */
  readonly counts = new Map<Blow, number>();

  private constructor(
    folder: string,
    places: readonly [Place, Place],
    parts: Parts,
    database: Database,
    gateways: [GatewayProcess, GatewayProcess],
  ) {
    this.#folder = folder;
    this.#places = places;
    this.#parts = parts;
    this.#database = database;
    this.#gateways = gateways;
  }

  /** The first gateway with the database of its own, the second one on the same; all traffic led to the bank. */
  static async begin(): Promise<Storm> {
    const folder = await mkdtemp(join(tmpdir(), 'kanal-chaos-'));
    const home = join(folder, '1');
    const first = await placeOf(home, {});
    const one = startProcess(first);
    try {
      await one.ready();
      const url = await databaseOf(home);
      const shared = { DATABASE_URL: url, KANAL_MASTER_KEY_FILE: join(home, 'master.key') };
      const second = await placeOf(join(folder, '2'), shared);
      const two = startProcess(second);
      try {
        await two.ready();
        const parts = await furnish(folder, [one, two]);
        const database = await openDatabase({ url, log: silentLog, role: null, max: 1 });
        return new Storm(folder, [first, second], parts, database, [one, two]);
      } catch (error) {
        await two.stop();
        throw error;
      }
    } catch (error) {
      await one.stop();
      throw error;
    }
  }

  /** Where it all happened; left there by `end(true)`. */
  get folder(): string {
    return this.#folder;
  }

  async round(blow: Blow, trafficMs: number, stopMs = zombieMs): Promise<Round> {
    const shop = new Shop(this.#parts);
    this.#shops.push(shop);
    shop.open();
    await wait(trafficMs);
    const turn = this.counts.get(blow) ?? 0;
    const leaseholders = () => this.#leaseholders();
    const began = performance.now();
    await strike(blow, { gateways: this.#gateways, turn, zombieMs: stopMs, leaseholders });
    this.counts.set(blow, turn + 1);
    const restartsMs = await this.#recover();
    const outageMs = performance.now() - began;
    // Orders go on while they come back, and a little beyond.
    await wait(trafficMs / 2);
    await shop.close();
    const tally = shop.tally();
    return { blow, restartsMs, outageMs, grievances: await shop.grievances(), tally };
  }

  /** Traffic and no blow; afterwards everything that was acknowledged is asked for again. */
  async calm(trafficMs: number): Promise<Pick<Round, 'tally' | 'grievances'>> {
    const shop = new Shop(this.#parts);
    shop.open();
    await wait(trafficMs);
    await shop.close();
    return { tally: shop.tally(), grievances: await shop.grievances() };
  }

  bodies(): Promise<Body[]> {
    return Promise.all(
      this.#gateways.map(async ({ pid }) => {
        const status = await readFile(`/proc/${pid}/status`, 'latin1');
        const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
        return { mib: Math.round(kib / 102.4) / 10, handles: (await readdir(`/proc/${pid}/fd`)).length };
      }),
    );
  }

  /**
   * All rounds so far: each number asked again is answered as the first time, the bank and the gateways tell the same story, and what
   * moved was told. With less than a minute of patience, what waits for the lease of a dead process counts as owed.
   */
  async settle(
    patienceMs: number,
  ): Promise<{ readonly grievances: string[]; readonly owed: number; readonly notices: number }> {
    const deadline = performance.now() + patienceMs;
    const [changed] = await Promise.all([this.#askAgain(), ...this.#shops.map((shop) => shop.askOpen())]);
    const notices = await Promise.all(this.#shops.map((shop) => shop.notices(patienceMs)));
    const isLate = patienceMs > 60_000;
    for (;;) {
      const reckoned = await Promise.all(this.#shops.map((shop) => shop.reckon(isLate)));
      const off = reckoned.flatMap(({ grievances }) => grievances);
      if (off.length === 0 || performance.now() > deadline) {
        const told = notices.flatMap(({ grievances }) => grievances);
        const owed = reckoned.reduce((sum, one) => sum + one.owed, 0);
        return { grievances: [...changed, ...told, ...off], owed, notices: this.#parts.receiver.all.length };
      }
      await wait(2_000);
    }
  }

  /** Why attempts of notices did not leave, and how often. */
  unsent(): Promise<readonly { readonly answer: string; readonly count: number }[]> {
    return this.#database.run(
      sql`select answer, count(*)::int as count from notice_attempts where outcome = 'not-sent' group by answer`,
    );
  }

  /** One round after the other: nobody is to be told "busy" for our haste. */
  async #askAgain(): Promise<string[]> {
    const changed: string[] = [];
    for (const shop of this.#shops) changed.push(...(await shop.askAgain()));
    return changed;
  }

  /** `keep`: the folder with data, logs of PostgreSQL and the acknowledgement log stays. */
  async end(keep = false): Promise<void> {
    await this.#database.close();
    await this.#gateways[1].stop();
    await this.#gateways[0].stop();
    await this.#parts.bank.close();
    await this.#parts.receiver.close();
    if (!keep) await rm(this.#folder, { recursive: true, force: true });
  }

  /** Gateways that live must come back by themselves; one that is gone is started again, the one with the database first. */
  async #recover(): Promise<number[]> {
    const restarts: number[] = [];
    for (const index of [0, 1] as const) {
      if (!this.#gateways[index].isOver) continue;
      this.#gateways[index] = startProcess(this.#places[index]);
      restarts.push(await this.#gateways[index].ready());
    }
    for (const { url } of this.#gateways) await until(`${url} is ready again`, () => isReady(url ?? ''), 30_000);
    return restarts;
  }

  async #leaseholders(): Promise<number> {
    const [row] = await this.#database
      .run<{ owners: bigint }>(sql`select count(distinct owner) as owners from home_leases where until > ${Date.now()}`)
      .catch((error: unknown) => {
        if (error instanceof DatabaseAway) return [];
        throw error;
      });
    return Number(row?.owners ?? 0);
  }
}

async function placeOf(data: string, environment: Place['environment']): Promise<Place> {
  return { data, environment, args: ['--time-scale', '200', '--port', String(await steadyPort())] };
}

/** Bank, receiver and the merchant's doors; resolves when both gateways know the way to the bank. */
async function furnish(folder: string, [one, two]: readonly [GatewayProcess, GatewayProcess]): Promise<Parts> {
  const doors: [Door, Door] = [await doorOf(one), await doorOf(two)];
  await patient(doors[0].operator, (await sceneOf(one)).a.id);
  const bank = await Bank.open();
  await bank.lend(doors[0].operator, [one.url ?? '', two.url ?? '']);
  // Settings are read again within the second.
  await wait(1_200);
  return { doors, bank, receiver: await startReceiver(), log: join(folder, 'acknowledged.log') };
}

/** By its page unified tells once. Who is to hear of everything has a ladder of his own: 1, 3, 10 and 10 s at this scale. */
async function patient(operator: Operator, merchant: string): Promise<void> {
  const { status } = await operator.call('PATCH', `/merchants/${merchant}`, {
    settings: { 'unified.noticeGapsS': '200,600,2000,2000' },
  });
  if (status !== 200) throw new Error(`the merchant's ladder: ${status}`);
}

async function doorOf(gateway: GatewayProcess): Promise<Door> {
  const scene = await sceneOf(gateway);
  const url = gateway.url ?? '';
  return { operator: scene.operator, counter: counterAt(scene, await scene.operator.get('/sandbox'), () => url) };
}

/** The value below which `share` of the sorted values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
