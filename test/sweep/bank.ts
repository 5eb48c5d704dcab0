/** A channel's other end: the twin's bank behind the protocol's own server. The script says what it does; it never forgets what moved. */
import type { CommandName } from '../../src/core/commands.ts';
import { Refusal } from '../../src/core/refusal.ts';
import type { OutboundRequest, SendLimits, Sent, World } from '../../src/core/world.ts';
import { keysAtHand } from '../../src/edge/party-keys.ts';
import { serve } from '../../src/edge/serve.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { Keys } from '../../src/protocols/protocol.ts';
import { Bank } from '../../src/twin/bank.ts';
import { Courier } from '../../src/twin/courier.ts';
import type { Fault } from '../../src/twin/faults.ts';
import type { TwinOrder, View } from '../../src/twin/order.ts';
import { memoryTwinStore, type TwinStore } from '../../src/twin/store.ts';
import type { SandboxChannel } from '../../src/wiring/sandbox.ts';
import type { Appointment } from '../simulation/clock.ts';
import { inbound } from '../simulation/network.ts';
import type { Stage } from './stage.ts';
import type { Answer } from './wires.ts';

/** Money that moved. Minor units; what left the bank is negative. */
interface Movement {
  readonly reference: string;
  readonly minor: bigint;
  readonly currency: string;
}

interface Plan {
  readonly command: CommandName;
  readonly faults: readonly Fault[];
  left: number;
}

const creates: ReadonlySet<CommandName> = new Set(['pay', 'pay-out', 'refund']);

export class ScriptedBank {
  readonly protocol: string;
  readonly channelId: bigint;
  /** By reference, as they are now. */
  readonly orders = new Map<string, TwinOrder>();
  readonly movements: Movement[] = [];
  /** What the payer does once the order stands here. */
  onNewPayment: (order: TwinOrder) => void = () => undefined;
  /** Payers still have something to do. */
  waiting = 0;
  readonly #stage: Stage;
  readonly #world: World;
  readonly #keys: Keys;
  readonly #store: TwinStore;
  readonly #bank: Bank;
  readonly #courier: Courier;
  readonly #plans: Plan[] = [];
  #wake: { readonly at: number; readonly appointment: Appointment } | null = null;

  constructor(stage: Stage, channel: SandboxChannel) {
    this.#stage = stage;
    this.protocol = channel.protocol;
    this.channelId = BigInt(channel.id);
    this.#world = stage.worldOf(`bank ${channel.protocol}`, 1_000, (request, limits) =>
      this.#callBack(request, limits),
    );
    const protocol = protocolNamed(channel.protocol);
    const { sender, secrets, twin, settings } = channel;
    this.#keys = keysAtHand(protocol, { sender, keys: twin ?? secrets, settings });
    this.#store = this.#watched(memoryTwinStore());
    const view = (): View => ({
      now: this.#world.now(),
      payPage: (order) => `http://${channel.protocol}.twin/_pay/${order.reference}`,
    });
    const shared = { name: channel.protocol, protocol, store: this.#store, world: this.#world, view };
    this.#courier = new Courier({
      ...shared,
      keys: this.#keys,
      callbackUrl: () => `http://gate.sim/listen/${channel.id}`,
    });
    this.#bank = new Bank({ ...shared, courier: this.#courier, statementUrl: () => 'http://nowhere.sim/' });
  }

  // ── what a script says ────────────────────────────────────────────────────────────────────────────────────────────

  /** The next requests of that kind meet these faults; a request that is repeated counts once. */
  plan(command: CommandName, faults: readonly Fault[], times = 1): void {
    this.#plans.push({ command, faults, left: times });
  }

  /** Somebody at the bank (payer, back office) decides, after a while. */
  decideAfter(
    ms: number,
    { reference }: TwinOrder,
    outcome: TwinOrder['outcome'],
    { again = false, amount }: { readonly again?: boolean; readonly amount?: bigint } = {},
  ): void {
    this.waiting += 1;
    this.#stage.clock.after(ms, async () => {
      this.waiting -= 1;
      const order = this.orders.get(reference);
      const settlement = { outcome, at: this.#world.now(), ...(amount === undefined ? {} : { amount }) };
      if (order) await this.#bank.decide(order, settlement, again);
      await this.#appoint();
    });
  }

  /** Nothing more happens here by itself, and nothing is left to be told. */
  async isQuiet(): Promise<boolean> {
    return this.waiting === 0 && (await this.#store.nextDue(this.protocol)) === null;
  }

  // ── what the gateway meets ────────────────────────────────────────────────────────────────────────────────────────

  async receive(request: OutboundRequest): Promise<Answer | null> {
    const served = await serve(protocolNamed(this.protocol), inbound(request), {
      world: this.#world,
      find: (_protocol, sender) =>
        sender === this.#keys.sender ? { keys: this.#keys, addresses: [], is: null } : null,
      carryOut: async ({ endpoint: { command }, ask, fingerprint }) => {
        const reference = referenceOf(command, ask);
        const isNew = reference !== null && !this.orders.has(reference);
        if (isNew && creates.has(command)) await this.#stage.onFirstSight(this, reference);
        const faults = !creates.has(command) || isNew ? this.#faultsOf(command) : [];
        if (faults.some(({ kind }) => kind === 'decline'))
          throw new Refusal('channel-declined', { text: 'the bank says no', channelCode: '649' });
        return this.#bank.carryOut(command, ask, { fingerprint: Buffer.from(fingerprint).toString('hex'), faults });
      },
    });
    await this.#appoint();
    if (!served) return { status: 404, headers: {}, body: new Uint8Array(0) };
    this.#stage.journal.note(this.protocol, `${served.endpoint?.name ?? '?'}: ${served.outcome}`);
    const { status, headers, body } = served.reply;
    return { status, headers: Object.fromEntries(headers), body };
  }

  #faultsOf(command: CommandName): readonly Fault[] {
    const plan = this.#plans.find((one) => one.command === command && one.left > 0);
    if (!plan) return [];
    plan.left -= 1;
    return plan.faults;
  }

  async #callBack(request: OutboundRequest, limits: SendLimits): Promise<Sent> {
    const sent = await this.#stage.network.send('callback', request, limits);
    if (sent.kind !== 'ANSWER') return sent;
    const reply = { kind: 'reply', status: sent.status, headers: [], body: sent.body } as const;
    if (protocolNamed(this.protocol).ack.open(reply, this.#keys)) await this.#stage.onHeard(this, request);
    return sent;
  }

  // ── what it does by itself ────────────────────────────────────────────────────────────────────────────────────────

  async #appoint(soonest = 1): Promise<void> {
    const { clock, began } = this.#stage;
    const due = await this.#store.nextDue(this.protocol);
    if (due === null) return;
    const at = Math.max(due - began, clock.now + soonest);
    if (this.#wake && this.#wake.at <= at) return;
    this.#wake?.appointment.cancel();
    this.#wake = { at, appointment: clock.at(at, () => this.#work()) };
  }

  async #work(): Promise<void> {
    this.#wake = null;
    await this.#bank.advance(this.#world.now());
    await this.#courier.start(this.#world.now());
    // Callbacks under way are still due.
    await this.#appoint(1_000);
  }

  #watched(store: TwinStore): TwinStore {
    return {
      ...store,
      save: async (twin, change) => {
        for (const order of change.orders ?? []) this.#note(order);
        await store.save(twin, change);
        await this.#appoint();
      },
    };
  }

  #note(order: TwinOrder): void {
    const { reference, kind, outcome, count, amount } = order;
    const before = this.orders.get(reference);
    this.orders.set(reference, order);
    if (!before) this.#stage.journal.note(this.protocol, `executes ${kind} ${reference} of ${amount.minor}`);
    if (!before && kind === 'payment' && outcome === 'pending') this.onNewPayment(order);
    if (outcome === (before?.outcome ?? 'pending') && count === (before?.count ?? 1)) return;
    this.#stage.journal.note(this.protocol, `${kind} ${reference} is ${outcome} (${count})`);
    if (kind === 'agreement') return;
    const sign = kind === 'payment' ? 1n : -1n;
    const move = (minor: bigint) => this.movements.push({ reference, minor, currency: amount.currency });
    if (outcome === 'paid') move(sign * order.paid);
    if (before?.outcome === 'paid' && (outcome === 'returned' || outcome === 'reversed')) move(-sign * order.paid);
  }
}

function referenceOf(command: CommandName, ask: object): string | null {
  const name = command === 'refund' ? 'refundNo' : 'orderNo';
  const value: unknown = name in ask ? (ask as Readonly<Record<string, unknown>>)[name] : null;
  return typeof value === 'string' ? value : null;
}
