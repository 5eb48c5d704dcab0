/** A twin behind two listeners: `baseUrl` speaks its protocol, `controlUrl` (loopback) is for whoever plays with it. */
import type { World } from '../core/world.ts';
import { startHttp } from '../edge/http.ts';
import type { Keys, Protocol } from '../protocols/protocol.ts';
import { control } from './control.ts';
import type { Resolve } from './plans.ts';
import { openSockets, type Sockets } from './sockets.ts';
import type { TwinStore } from './store.ts';
import { openTwin, type Twin } from './twin.ts';

/** A twin makes money appear: it must not even load beside real channels. */
function assertSandbox(mode: string): void {
  if (mode !== 'sandbox') throw new Error('twins exist in sandbox mode only');
}

export interface StartTwinOptions {
  readonly mode: string;
  readonly protocol: Protocol;
  readonly keys: Keys;
  readonly store: TwinStore;
  readonly world: World;
  /** Where callbacks go unless the ask names an address; '' = nowhere. Asked each time. */
  readonly callbackUrl: () => string;
  readonly host: string;
  /** Default: free ones. */
  readonly port?: number;
  readonly controlPort?: number;
  readonly resolve?: Resolve;
  readonly name?: string;
  readonly offsetMinutes?: number;
  /** false: nothing happens by itself, the owner calls `twin.tick()`. */
  readonly runs?: boolean;
}

export interface StartedTwin {
  readonly baseUrl: string;
  readonly controlUrl: string;
  readonly twin: Twin;
  stop(): Promise<void>;
}

/** Between looks at the store: at most (idle), at least (callbacks under way). */
const longestNapMs = 1_000;
const shortestNapMs = 20;
const controlHost = '127.0.0.1';
const graceMs = 500;

/** Throws outside the sandbox, or when a port is taken. */
export async function startTwin(options: StartTwinOptions): Promise<StartedTwin> {
  assertSandbox(options.mode);
  const { protocol, world, host } = options;
  let controlUrl = '';
  const twin = await openTwin({
    ...options,
    payPage: (code) => `${controlUrl}/pay?code=${encodeURIComponent(code)}`,
    statementUrl: (day) => `${controlUrl}/_twin/bill?day=${encodeURIComponent(day)}`,
  });
  const sockets = await openSockets({
    host,
    port: options.port ?? 0,
    maxBody: protocol.maxBody,
    log: world.log,
    answer: async (wire) => {
      const emission = await twin.answer(wire);
      driver.wake();
      return emission;
    },
  });
  const driver = new Driver(twin, sockets, world);
  const server = await startHttp({
    host: controlHost,
    port: options.controlPort ?? 0,
    log: world.log,
    monotonic: () => world.monotonic(),
    onRequest: async (wire) => {
      const reply = await control(twin, wire);
      await driver.sync();
      driver.wake();
      return reply;
    },
  });
  controlUrl = `http://${controlHost}:${server.port}`;
  await driver.sync();
  if (options.runs !== false) driver.run();
  const stop = async (): Promise<void> => {
    await driver.stop();
    await Promise.all([sockets.close(), server.close({ graceMs })]);
    await twin.settled();
  };
  return { baseUrl: `http://${shownHost(host)}:${sockets.port}`, controlUrl, twin, stop };
}

/** An address that listens everywhere is reached from here by loopback. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Lets time pass for a twin, and takes its listener down and up as plans say. */
class Driver {
  readonly #twin: Twin;
  readonly #sockets: Sockets;
  readonly #world: World;
  #isStopped = false;
  #nap = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Changes of the listener, one after another. */
  #syncing: Promise<void> = Promise.resolve();

  constructor(twin: Twin, sockets: Sockets, world: World) {
    this.#twin = twin;
    this.#sockets = sockets;
    this.#world = world;
  }

  sync(): Promise<void> {
    this.#syncing = this.#syncing
      .then(() => this.#sockets.setDown(!this.#isStopped && this.#twin.plans.downUntil() !== null))
      .catch((error: unknown) => this.#world.log.error('twin-listener', { error: String(error) }));
    return this.#syncing;
  }

  wake(): void {
    this.#nap.abort();
  }

  run(): void {
    this.#loop = this.#passTime();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#loop;
    await this.#syncing;
  }

  async #passTime(): Promise<void> {
    while (!this.#isStopped) {
      this.#nap = new AbortController();
      const next = await this.#advance();
      await this.sync();
      const wait = Math.min(next, this.#twin.plans.downUntil() ?? Number.POSITIVE_INFINITY) - this.#world.now();
      // Never without a pause: what is under way stays due until it was heard of.
      await this.#world.sleep(shortestNapMs);
      if (!this.#isStopped && wait > shortestNapMs)
        await this.#world.sleep(Math.min(wait, longestNapMs), this.#nap.signal);
    }
  }

  /** When something is due again; a store that is away is asked again later. */
  async #advance(): Promise<number> {
    try {
      return (await this.#twin.advance()) ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      this.#world.log.warn('twin-waits', { twin: this.#twin.name, error: String(error) });
      return Number.POSITIVE_INFINITY;
    }
  }
}
