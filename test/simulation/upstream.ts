/** A channel's other end: the twin's bank behind the protocol's own server, with a record of every amount that really moved. */
import type { Ask, CommandName } from '../../src/core/commands.ts';
import type { OutboundRequest, SendLimits, Sent, World } from '../../src/core/world.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { serve } from '../../src/edge/serve.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { Keys } from '../../src/protocols/protocol.ts';
import { Bank } from '../../src/twin/bank.ts';
import { Courier } from '../../src/twin/courier.ts';
import { type Fault, fault, plainCallback } from '../../src/twin/faults.ts';
import type { TwinOrder, View } from '../../src/twin/order.ts';
import { memoryTwinStore, type TwinStore } from '../../src/twin/store.ts';
import type { SandboxChannel } from '../../src/wiring/sandbox.ts';
import { idMaker } from '../../src/world.ts';
import type { Chance } from './chance.ts';
import type { Appointment } from './clock.ts';
import { twinKeys } from './keys.ts';
import { type Answer, inbound } from './network.ts';
import type { Scene } from './scene.ts';

/**
 * Money that moved at the channel. `back`: a payout that came back after it had left. `refund`: to the payer. `square`: what people
 * agreed on outside of the gateway, either way.
 */
export interface Movement {
  readonly reference: string;
  readonly way: keyof typeof clearingSigns;
  readonly minor: bigint;
}

/** What a movement does to the gateway's clearing account with the channel. */
const clearingSigns = { in: -1n, out: 1n, back: -1n, refund: 1n, square: 1n } as const;

export function clearedBy(movements: readonly Movement[]): bigint {
  return movements.reduce((sum, { way, minor }) => sum + clearingSigns[way] * minor, 0n);
}

const ways = { payment: 'in', payout: 'out', refund: 'refund' } as const;

/** The reference that a command would make an order of. */
function createdBy(command: CommandName, ask: Ask): string | null {
  if (command === 'refund' && 'refundNo' in ask) return ask.refundNo;
  const creates = command === 'pay' || command === 'pay-out' || command === 'sign-agreement';
  return creates && 'orderNo' in ask ? ask.orderNo : null;
}

export class Upstream {
  readonly protocol: string;
  readonly channelId: bigint;
  readonly movements: Movement[] = [];
  readonly orders = new Map<string, TwinOrder>();
  /** References whose callbacks came to the end of their ladder: whatever they had to say, nobody may have heard. */
  readonly tiredOf = new Set<string>();
  /** What was decided about a reference when it was first seen: a copy of the request gets the same. */
  readonly #refused = new Map<string, boolean>();
  readonly bank: Bank;
  readonly #scene: Scene;
  readonly #chance: Chance;
  readonly #keys: Keys;
  readonly #world: World;
  readonly #courier: Courier;
  readonly #store: TwinStore;
  #wake: { readonly at: number; readonly appointment: Appointment } | null = null;

  constructor(scene: Scene, channel: SandboxChannel) {
    this.#scene = scene;
    this.protocol = channel.protocol;
    this.channelId = BigInt(channel.id);
    const chance = scene.chance.fork(`twin ${channel.protocol}`);
    this.#chance = chance;
    const now = () => Math.floor(scene.began + scene.clock.now);
    this.#world = {
      now,
      monotonic: () => scene.clock.now,
      nonce: (bytes) => chance.bytes(bytes),
      newId: idMaker(1_000, now),
      sleep: (ms) => scene.clock.sleep(ms),
      scaled: (ms) => ms,
      send: (request, limits) => this.#callBack(request, limits),
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (event, fields) => scene.journal.note(channel.protocol, `error ${event} ${JSON.stringify(fields)}`),
      },
    };
    this.#keys = twinKeys(channel);
    this.#store = this.#watched(memoryTwinStore());
    const view = (): View => ({
      now: now(),
      payPage: (order) => `http://${channel.protocol}.twin/_pay/${order.reference}`,
    });
    const protocol = protocolNamed(channel.protocol);
    const shared = { name: channel.protocol, protocol, store: this.#store, world: this.#world, view };
    this.#courier = new Courier({
      ...shared,
      keys: this.#keys,
      callbackUrl: () => `http://gate.sim/listen/${channel.id}`,
    });
    this.bank = new Bank({
      ...shared,
      courier: this.#courier,
      statementUrl: () => 'http://nowhere.sim/',
      closesUnpaid: this.#keys.setting('closesUnpaid') === 'true',
    });
  }

  async receive(request: OutboundRequest): Promise<Answer | null> {
    const { journal } = this.#scene;
    const served = await serve(protocolNamed(this.protocol), inbound(request), {
      world: this.#world,
      find: (_protocol, sender) =>
        sender === this.#keys.sender ? { keys: this.#keys, addresses: [], is: null } : null,
      carryOut: async ({ endpoint, ask, fingerprint }) => {
        const reference = createdBy(endpoint.command, ask);
        if (reference !== null) await this.#admit(reference, endpoint.command);
        const faults = reference === null ? [] : this.#drawFaults(endpoint.command, ask);
        const errand = { fingerprint: Buffer.from(fingerprint).toString('hex'), faults };
        return this.bank.carryOut(endpoint.command, ask, errand).catch((error: unknown) => this.#mustFit(ask, error));
      },
    });
    void this.#plan();
    if (!served) return { status: 404, headers: {}, body: new Uint8Array(0) };
    journal.note(this.protocol, `${served.endpoint?.name ?? '?'}: ${served.outcome}`);
    const { status, headers, body } = served.reply;
    return { status, headers: Object.fromEntries(headers), body };
  }

  /** Nothing more happens here by itself, and nothing is left to be told. */
  async isQuiet(): Promise<boolean> {
    return (await this.#store.nextDue(this.protocol)) === null;
  }

  /** A payer (or the bank's own back office) decides. → did it count? */
  async decide(
    reference: string,
    outcome: TwinOrder['outcome'],
    how: { amount?: bigint; again?: boolean } = {},
  ): Promise<boolean> {
    const order = this.orders.get(reference);
    if (!order) return false;
    const { amount, again } = how;
    const at = this.#world.now();
    const done = await this.bank.decide(
      order,
      { outcome, at, ...(amount === undefined ? {} : { amount }) },
      again ?? false,
    );
    void this.#plan();
    return done !== null;
  }

  /** By hand, outside of the gateway: so much of an order's money is to stay moved, and the rest goes where it came from. */
  square(reference: string, stays: bigint): void {
    const there = clearedBy(this.movements.filter((one) => one.reference === reference));
    if (there !== stays) this.movements.push({ reference, way: 'square', minor: stays - there });
  }

  /** An acknowledged callback must have been stored: the channel will not come again. */
  async #callBack(request: OutboundRequest, limits: SendLimits): Promise<Sent> {
    const sent = await this.#scene.network.send('callback', request, limits);
    if (sent.kind !== 'ANSWER') return sent;
    const reply = { kind: 'reply', status: sent.status, headers: [], body: sent.body } as const;
    if (protocolNamed(this.protocol).ack.open(reply, this.#keys)) await this.#scene.onHeard(this, request);
    return sent;
  }

  /** An order may be executed only when its attempt is committed at the gateway: whoever dies later can find it. */
  async #admit(reference: string, command: CommandName): Promise<void> {
    if (this.orders.has(reference)) return;
    if (command !== 'sign-agreement') await this.#scene.onFirstSight(this, reference);
    const isRefused = this.#refused.get(reference) ?? this.#chance.happens(this.#scene.weather.bank * 0.15);
    this.#refused.set(reference, isRefused);
    if (!isRefused) return;
    this.#scene.journal.count(`bank: declines ${command}`);
    throw new Refusal('channel-declined', { text: 'the bank says no', channelCode: '649' });
  }

  /** A gateway that asks for more than was paid has lost count; unless the bank has told it that something done had failed. */
  #mustFit(ask: Ask, error: unknown): never {
    const hasLied = [...this.orders.values()].some((one) => one.callbackFaults.some(({ status }) => status !== null));
    if (!hasLied && 'refundNo' in ask && error instanceof Refusal && error.code === 'limit-exceeded')
      this.#scene.fail(`${this.protocol} was asked to refund more than was paid: ${ask.refundNo}`);
    throw error;
  }

  #drawFaults(command: CommandName, ask: Ask): Fault[] {
    const chance = this.#chance;
    if (command === 'sign-agreement' || !chance.happens(this.#scene.weather.bank)) return [];
    const isPayout = command === 'pay-out';
    const isDecidedLater = isPayout || command === 'refund' || ('method' in ask && ask.method === 'barcode');
    const kind = chance.weighted({
      'decline-later': isDecidedLater ? 3 : 0,
      'not-found': isPayout ? 4 : 2,
      pending: 2,
      returned: isPayout ? 3 : 0,
      'no callback': 2,
      'three callbacks': 2,
      'late callback': 2,
      'forged callback': 2,
      'wrong amount callback': 1,
      'success, then failure': 1,
    });
    this.#scene.journal.count(`bank: ${command} ${kind}`);
    const callback = (more: Partial<typeof plainCallback>) =>
      fault('callback', { callback: { ...plainCallback, ...more } });
    switch (kind) {
      case 'decline-later':
        return [fault('decline-later', { ms: chance.whole(500, 60_000) })];
      case 'not-found':
        // Sometimes nobody says otherwise either.
        return [
          fault('not-found', { ms: chance.whole(1_000, 300_000) }),
          ...(chance.happens(0.5) ? [callback({ times: 0 })] : []),
        ];
      case 'pending':
        return [fault('pending', { ms: chance.whole(1_000, 120_000) })];
      case 'returned':
        return [fault('returned', { ms: chance.whole(1_000, 600_000) })];
      case 'no callback':
        return [callback({ times: 0 })];
      case 'three callbacks':
        return [callback({ times: 3 })];
      case 'late callback':
        return [callback({ delayMs: chance.whole(1_000, 600_000) })];
      case 'forged callback':
        return [callback({ forged: true })];
      case 'wrong amount callback':
        return [callback({ wrongAmount: true })];
      case 'success, then failure':
        return [callback({}), callback({ status: 'failed', delayMs: chance.whole(100, 30_000) })];
    }
  }

  /** Puts the next thing that the bank does by itself on the clock. */
  async #plan(soonest = 1): Promise<void> {
    const { clock, began } = this.#scene;
    const due = await this.#store.nextDue(this.protocol);
    if (due === null) return;
    const at = Math.max(due - began, clock.now + soonest);
    if (this.#wake && this.#wake.at <= at) return;
    this.#wake?.appointment.cancel();
    this.#wake = { at, appointment: clock.at(at, () => this.#work()) };
  }

  async #work(): Promise<void> {
    this.#wake = null;
    await this.bank.advance(this.#world.now());
    await this.#courier.start(this.#world.now());
    // Callbacks under way are still due.
    await this.#plan(1_000);
  }

  /** The store, seen by the auditor: every change of an outcome is money that moved, or did not. */
  #watched(store: TwinStore): TwinStore {
    const ladder = protocolNamed(this.protocol).retry.gapsMs;
    return {
      ...store,
      save: async (twin, change) => {
        for (const order of change.orders ?? []) this.#audit(order);
        for (const { reference, tries } of change.callbacks ?? [])
          if (tries > 0 && tries >= ladder.length) this.tiredOf.add(reference);
        await store.save(twin, change);
        void this.#plan();
      },
    };
  }

  #audit(order: TwinOrder): void {
    const before = this.orders.get(order.reference);
    this.orders.set(order.reference, order);
    const { journal } = this.#scene;
    if (!before) {
      journal.note(this.protocol, `executes ${order.operation} ${order.reference} of ${order.amount.minor}`);
      this.#scene.onExecuted(this, order);
    }
    const wasPaid = before?.outcome === 'paid';
    if (order.outcome === (before?.outcome ?? 'pending') && order.count === (before?.count ?? 1)) return;
    journal.note(this.protocol, `${order.reference} is ${order.outcome} (${order.count})`);
    journal.count(`bank: ${order.kind} ${order.outcome}${order.count > 1 ? ' again' : ''}`);
    if (order.kind === 'agreement') return;
    const moved = (way: Movement['way'], minor: bigint) =>
      this.movements.push({ reference: order.reference, way, minor });
    if (order.outcome === 'paid') moved(ways[order.kind], order.paid);
    // A bank that takes a payment back gives the payer the money.
    if (order.outcome === 'reversed' && wasPaid) moved('refund', order.paid);
    if (order.outcome === 'returned' && wasPaid) moved('back', order.paid);
  }
}
