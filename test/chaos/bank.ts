/**
 * The channels, in the test's own process and memory: no kill reaches them, so what they carried out is counted by somebody else than
 * the gateways. Every order of a storm has an amount of its own; by it the bank's movements are found, whatever the gateways say.
 */
import { createHash, randomBytes } from 'node:crypto';
import { commandWorld } from '../../src/cli/parties.ts';
import type { World } from '../../src/core/world.ts';
import { keysAtHand } from '../../src/edge/party-keys.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { type StartedTwin, startTwin } from '../../src/twin/server.ts';
import { memoryTwinStore } from '../../src/twin/store.ts';
import type { Operator } from '../e2e/harness.ts';
import { request, textAt } from '../e2e/http.ts';

export type Deed = 'pay' | 'pay-out' | 'refund';

export interface Movement {
  readonly reference: string;
  /** How often this reference was carried out. */
  readonly count: number;
  readonly outcome: string;
}

/** What stands behind each channel: its protocol, our name there, its keys and the merchants' protocol that is led to it. */
const branches = [
  { protocol: 'payin', sender: '3999901', keys: { apiKey: secret('c') }, speaks: 'payin' },
  {
    protocol: 'bluepay',
    sender: '2299',
    keys: { key: secret('b').slice(0, 16), iv: secret('i').slice(0, 16) },
    speaks: 'unified',
  },
  { protocol: 'fufu', sender: '733010220159999', keys: { key: secret('u') }, speaks: 'fufu' },
] as const;

export type Branch = (typeof branches)[number]['protocol'];

function secret(letter: string): string {
  return letter + createHash('sha256').update(randomBytes(16)).digest('hex').slice(0, 39);
}

/** Long enough for a kill to fall between a call and its answer, short enough for some traffic. */
const answersAfterMs = 60;
/** As the gateways' own: what is announced for later comes soon. */
const timeScale = 200;

export class Bank {
  readonly #world: World & { close(): Promise<void> };
  readonly #twins = new Map<string, StartedTwin>();
  /** Where each branch's callbacks go unless an order names an address. */
  readonly #listeners = new Map<string, () => string>();

  private constructor(world: World & { close(): Promise<void> }) {
    this.#world = world;
  }

  static async open(): Promise<Bank> {
    const world = commandWorld();
    const bank = new Bank({ ...world, scaled: (ms) => Math.ceil(ms / timeScale) });
    for (const { protocol, sender, keys } of branches) {
      const twin = await startTwin({
        mode: 'sandbox',
        protocol: protocolNamed(protocol),
        keys: keysAtHand(protocolNamed(protocol), { sender, keys, settings: {} }),
        store: memoryTwinStore(),
        world: bank.#world,
        callbackUrl: () => bank.#listeners.get(protocol)?.() ?? '',
        host: '127.0.0.1',
      });
      bank.#twins.set(protocol, twin);
      for (const operation of ['pay', 'pay-out', 'refund'])
        await bank.#control(protocol, 'plan', {
          match: { operation },
          times: 0,
          faults: [{ kind: 'answer-late', ms: answersAfterMs }],
        });
    }
    return bank;
  }

  /** Makes the gateway's operator lead all traffic here. `gateways` = addresses that callbacks may go to, one of them each time. */
  async lend(operator: Operator, gateways: readonly string[]): Promise<void> {
    const post = async (path: string, body: object): Promise<unknown> => {
      const answer = await operator.call('POST', path, body);
      if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
      return JSON.parse(answer.text);
    };
    let turn = 0;
    for (const { protocol, sender, keys, speaks } of branches) {
      const baseUrl = this.#twins.get(protocol)?.baseUrl;
      const added = await post('/channels', { protocol, name: `bank-${protocol}`, baseUrl, sender, keys });
      const channel = textAt(added, 'id');
      this.#listeners.set(protocol, () => `${gateways[turn++ % gateways.length]}/listen/${channel}`);
      await post('/routes', { merchant: '*', protocol: speaks, method: 'any', channel, weight: 1000 });
    }
  }

  /** Be the payer. */
  async pay(branch: Branch, code: string): Promise<void> {
    await this.#control(branch, 'pay', { code });
  }

  /** Everything that was carried out so far, by deed, currency and amount. */
  async movements(): Promise<ReadonlyMap<string, readonly Movement[]>> {
    const found = new Map<string, Movement[]>();
    for (const { twin } of this.#twins.values())
      for (const { operation, currency, amount, reference, count, outcome } of await twin.executions()) {
        const key = movementKey(operation, currency, amount);
        found.set(key, [...(found.get(key) ?? []), { reference, count, outcome }]);
      }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#twins.values()].map((twin) => twin.stop()));
    await this.#world.close();
  }

  async #control(branch: string, path: string, body: object): Promise<void> {
    const url = `${this.#twins.get(branch)?.controlUrl}/_twin/${path}`;
    const { status, text } = await request('POST', url, [], JSON.stringify(body));
    if (status !== 200) throw new Error(`_twin/${path} ${JSON.stringify(body)}: ${status} ${text}`);
  }
}

export function movementKey(operation: string, currency: string, amount: string | number): string {
  return `${operation} ${amount} ${currency}`;
}

/** Amounts in smallest units, each once. Those that end in 9000 to 9099 have a meaning of their own to a twin. */
export function amounts(from: number): () => number {
  let last = from - 1;
  return () => {
    last += 1;
    if (last % 10_000 === 9_000) last += 100;
    return last;
  };
}

/** Rows of the bank's statement that a person would read, for a grievance. */
export function told(moves: readonly Movement[]): string {
  return moves.map(({ reference, count, outcome }) => `${reference} ${outcome} ×${count}`).join(', ') || 'nothing';
}
