/** Callbacks: what the twin owes its caller, frozen when an order changes, sealed at each sending, sent until acknowledged. */
import type { Report } from '../core/commands.ts';
import type { Instant, World } from '../core/world.ts';
import { outbound } from '../edge/call.ts';
import { sceneOf } from '../edge/serve.ts';
import { Obj, parseJson, writeJson } from '../protocols/json.ts';
import type { Keys, Protocol } from '../protocols/protocol.ts';
import { claimedState, forgedRequest, oneMore } from './damage.ts';
import { type CallbackFault, plainCallback } from './faults.ts';
import { reportOf, type TwinOrder, type View } from './order.ts';
import type { Callback, TwinStore } from './store.ts';

export interface CourierOptions {
  readonly name: string;
  readonly protocol: Protocol;
  readonly keys: Keys;
  readonly store: TwinStore;
  readonly world: World;
  /** Where callbacks go unless the ask named an address; '' = nowhere. Asked at each sending: ports change. */
  readonly callbackUrl: () => string;
  readonly view: () => View;
}

export interface SentCallback {
  readonly acknowledged: boolean;
  /** HTTP status, null when nothing was heard. */
  readonly status: number | null;
}

const maxResponseBytes = 4 * 1024;
const batch = 50;

export class Courier {
  readonly #options: CourierOptions;
  /** Being sent now. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Where an ask's own address leads later: our configured receiver may come back on another port. */
  keptUrl(asked: string | null): string | null {
    const home = this.#options.callbackUrl();
    if (asked === null || !URL.canParse(asked) || !URL.canParse(home)) return asked;
    const url = new URL(asked);
    return url.origin === new URL(home).origin ? url.pathname + url.search : asked;
  }

  /** What a new order makes us say at once: that it is pending, if the protocol has words for that, and what a plan forges. */
  onCreated(order: TwinOrder): Callback[] {
    const forged = order.callbackFaults.filter((fault) => fault.forged);
    const isSilent = order.callbackFaults.some(({ times }) => times === 0);
    const first = order.outcome === 'pending' && !isSilent ? [plainCallback] : [];
    return [
      ...first.flatMap((fault) => this.compose(order, fault)),
      ...forged.flatMap((fault) => this.compose(order, { ...fault, status: fault.status ?? 'paid' })),
    ];
  }

  /** What a decided order makes us say. Money that comes back is told plainly whatever the plan was. */
  onSettled(order: TwinOrder): Callback[] {
    const planned = order.callbackFaults.filter((fault) => !fault.forged);
    const faults = planned.length === 0 || order.outcome === 'returned' || order.count > 1 ? [plainCallback] : planned;
    return faults.flatMap((fault) => this.compose(order, fault));
  }

  /** `fault.times` callbacks about the order; none where the protocol tells nothing about its state. */
  compose(order: TwinOrder, fault: CallbackFault, insists = !fault.forged): Callback[] {
    const { protocol, keys, world } = this.#options;
    if (order.kind === 'agreement') return [];
    const view = { ...this.#options.view(), now: Math.max(world.now(), order.pendingUntil) };
    const members = protocol.writeNotice(claimed(reportOf(order, view), fault), sceneOf(world, null, keys, null));
    if (members === null) return [];
    const body = writeJson(members);
    const dueAt = Math.max(world.now(), order.pendingUntil) + fault.delayMs;
    return Array.from({ length: fault.times }, () => ({
      id: world.newId().toString(),
      reference: order.reference,
      dueAt,
      tries: 0,
      url: order.notifyUrl,
      body,
      forged: fault.forged,
      insists,
    }));
  }

  /** Starts everything that is due and not under way. */
  async start(now: Instant): Promise<void> {
    const { store, name } = this.#options;
    const due = await store.dueCallbacks(name, now, batch + this.#underWay.size);
    for (const callback of due) if (!this.#underWay.has(callback.id)) this.#begin(callback);
  }

  /** Resolves when everything that was started has been heard of. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #begin(callback: Callback): void {
    const sending = this.#attempt(callback)
      .catch((error: unknown) => this.#options.world.log.error('twin-callback-failed', { error: String(error) }))
      .finally(() => this.#underWay.delete(callback.id));
    this.#underWay.set(callback.id, sending);
  }

  /** One sending; afterwards the callback is done, moved along the ladder, or given up. */
  async #attempt(callback: Callback): Promise<void> {
    const { store, name, protocol, world } = this.#options;
    const { acknowledged, status } = await this.send(callback);
    const gap = protocol.retry.gapsMs[callback.tries];
    world.log.debug('twin-callback', { twin: name, reference: callback.reference, acknowledged, status });
    if (acknowledged || !callback.insists || gap === undefined)
      await store.save(name, { doneCallbacks: [callback.id] });
    else {
      const again = { ...callback, tries: callback.tries + 1, dueAt: world.now() + world.scaled(gap) };
      await store.save(name, { callbacks: [again] });
    }
  }

  /** Seals, sends, reads the acknowledgement. Changes nothing that is stored. */
  async send(callback: Callback): Promise<SentCallback> {
    const { protocol, keys, world } = this.#options;
    const url = this.#addressOf(callback);
    if (url === null) return { acknowledged: true, status: null };
    const members = parseJson(callback.body, { depth: 32, names: 2_000, tokens: 20_000 });
    if (!(members instanceof Obj)) throw new Error(`callback ${callback.id}: the frozen body is not an object`);
    const sealed = protocol.notice.seal(members, sceneOf(world, null, keys, null, url));
    const sent = await world.send(outbound(callback.forged ? forgedRequest(sealed) : sealed), {
      connectTimeoutMs: protocol.retry.connectTimeoutMs,
      totalTimeoutMs: protocol.retry.totalTimeoutMs,
      maxResponseBytes,
      targets: 'any',
    });
    if (sent.kind !== 'ANSWER') return { acknowledged: false, status: null };
    const reply = {
      kind: 'reply',
      status: sent.status,
      headers: Object.entries(sent.headers),
      body: sent.body,
    } as const;
    return { acknowledged: protocol.ack.open(reply, keys), status: sent.status };
  }

  /** Null = nobody wants to hear it. */
  #addressOf({ url }: Callback): string | null {
    const home = this.#options.callbackUrl();
    if (url !== null && !url.startsWith('/')) return url;
    if (home === '') return null;
    return url === null ? home : new URL(url, home).href;
  }
}

/** The report with what the plan claims instead of the truth. */
function claimed(report: Report, { status, wrongAmount }: CallbackFault): Report {
  const { state, code } = status === null ? { state: report.state, code: null } : claimedState(status);
  const reason = code === null ? report.reason : { code, text: '' };
  const told = { ...report, state, reason };
  const amount = wrongAmount === true && report.amount !== null ? oneMore(report.amount) : null;
  if (told.kind !== 'payment') return withAmount(told, amount, wrongAmount);
  const paid = state === 'paid' ? (told.paid ?? told.amount) : told.paid;
  const finishedAt = state === 'pending' ? null : (told.finishedAt ?? told.createdAt);
  return withAmount(
    { ...told, paid, finishedAt },
    paid !== null && amount !== null ? oneMore(paid) : amount,
    wrongAmount,
  );
}

function withAmount(report: Report, wrong: Report['amount'], wanted: boolean | string): Report {
  const amount = typeof wanted === 'string' && report.amount ? { ...report.amount, minor: BigInt(wanted) } : wrong;
  if (amount === null) return report;
  return report.kind === 'payment'
    ? { ...report, amount, paid: report.paid === null ? null : amount }
    : { ...report, amount };
}
