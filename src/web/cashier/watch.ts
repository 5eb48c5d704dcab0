/**
 * State pushed to open pages (server-sent events). However many pages are open, a process makes one look-up for all of them
 * every two seconds, and one at once when its own door has changed one of their payments. A page that gets no stream asks by itself.
 */
import type { Key, Payment } from '../../core/order.ts';
import type { Gate } from '../../flows/gate.ts';
import { paymentsByKeys } from '../../store/orders.ts';
import type { WebReply } from '../web.ts';
import { guards } from './guards.ts';
import { stampOf, viewOf } from './view.ts';

export interface WatchLimits {
  /** Streams of one process, and of one payment: a payer has a few windows, not dozens. */
  readonly streams: number;
  readonly perPayment: number;
  /** What other processes changed is seen after so long. Milliseconds of the monotonic clock, like all of these. */
  readonly lookMs: number;
  /** Silence after which a comment is sent, so that nobody between us takes the line for dead. */
  readonly heartbeatMs: number;
  /** After it the stream ends; the browser opens another by itself. */
  readonly lifetimeMs: number;
}

const usualLimits: WatchLimits = {
  streams: 1_000,
  perPayment: 8,
  lookMs: 2_000,
  heartbeatMs: 15_000,
  lifetimeMs: 300_000,
};

/** What a page is told: small, and nothing in it that the page does not show. */
export function stateText(payment: Payment, now: number): string {
  return JSON.stringify({ state: viewOf(payment, now), stamp: stampOf(payment, now) });
}

const encoder = new TextEncoder();

/** One open page. Only the latest state waits to be sent: a slow reader costs nothing. */
class Page implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly openedAt: number;
  sentAt: number;
  #told: string;
  #waiting = '';
  #isOver = false;
  #wake: (() => void) | null = null;
  readonly #left: () => void;

  constructor(now: number, told: string, left: () => void) {
    this.openedAt = now;
    this.sentAt = now;
    this.#told = told;
    this.#left = left;
    // At once, so that a state which changed while the page was on its way is not missed.
    this.#waiting = `retry: 3000\n${eventOf(told)}`;
  }

  tell(state: string, now: number): void {
    if (state === this.#told) return;
    this.#told = state;
    this.#send(eventOf(state), now);
  }

  /** Never over news that a slow reader has not taken yet: that state would not be told again. */
  beat(now: number): void {
    if (this.#waiting === '') this.#send(':\n\n', now);
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  #send(text: string, now: number): void {
    this.#waiting = text;
    this.sentAt = now;
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#waiting === '' && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = null;
    const text = this.#waiting;
    this.#waiting = '';
    return text === '' ? this.return() : { done: false, value: encoder.encode(text) };
  }

  /** The reader has left. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.end();
    this.#left();
    return Promise.resolve({ done: true, value: undefined });
  }
}

function eventOf(state: string): string {
  return `event: state\ndata: ${state}\n\n`;
}

interface Watched {
  readonly key: Key;
  readonly pages: Set<Page>;
}

function nameOf({ home, id }: Key): string {
  return `${home}/${id}`;
}

export class Watch {
  readonly #gate: Gate;
  readonly #limits: WatchLimits;
  readonly #watched = new Map<string, Watched>();
  /** Changed here and not yet looked at. */
  readonly #changed = new Set<string>();
  #pages = 0;
  #isLooking = false;
  #pause = new AbortController();

  constructor(gate: Gate, limits: WatchLimits = usualLimits) {
    this.#gate = gate;
    this.#limits = limits;
  }

  /** The stream of a payment's states; 503 when there are too many, which sends the page back to asking. */
  reply(payment: Payment): WebReply {
    const page = this.#open(payment);
    if (!page) return { status: 503, headers: { ...guards, 'retry-after': '30' }, body: '' };
    // A proxy that collects a reply before passing it on would keep the news to itself.
    const headers = { ...guards, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
    return { status: 200, headers, body: page, isEndless: true };
  }

  #open(payment: Payment): Page | null {
    const name = nameOf(payment);
    const watched = this.#watched.get(name) ?? { key: payment, pages: new Set<Page>() };
    if (this.#pages >= this.#limits.streams || watched.pages.size >= this.#limits.perPayment) return null;
    const { now, monotonic } = this.#gate.world;
    const page = new Page(monotonic(), stateText(payment, now()), () => this.#close(name, page));
    watched.pages.add(page);
    this.#watched.set(name, watched);
    this.#pages += 1;
    if (!this.#isLooking) void this.#look();
    return page;
  }

  #close(name: string, page: Page): void {
    const watched = this.#watched.get(name);
    if (!watched?.pages.delete(page)) return;
    this.#pages -= 1;
    if (watched.pages.size > 0) return;
    this.#watched.delete(name);
    // The last one turns off the light.
    if (this.#pages === 0) this.#pause.abort();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const stop = this.#gate.changes.listen((key) => {
      const name = nameOf(key);
      if (!this.#watched.has(name)) return;
      this.#changed.add(name);
      this.#pause.abort();
    });
    const { monotonic, sleep } = this.#gate.world;
    let lookedAt = monotonic();
    while (this.#pages > 0) {
      this.#pause = new AbortController();
      const dueInMs = lookedAt + this.#limits.lookMs - monotonic();
      if (this.#changed.size === 0 && dueInMs > 0) await sleep(dueInMs, this.#pause.signal);
      const isDue = monotonic() - lookedAt >= this.#limits.lookMs;
      if (isDue) lookedAt = monotonic();
      const names = isDue ? [...this.#watched.keys()] : [...this.#changed];
      this.#changed.clear();
      await this.#tell(names);
      this.#keepUp();
    }
    stop();
    this.#isLooking = false;
  }

  async #tell(names: readonly string[]): Promise<void> {
    const keys = names.flatMap((name) => this.#watched.get(name)?.key ?? []);
    if (keys.length === 0) return;
    try {
      const payments = await paymentsByKeys(this.#gate.db, keys);
      const { now, monotonic } = this.#gate.world;
      for (const payment of payments)
        for (const page of this.#watched.get(nameOf(payment))?.pages ?? [])
          page.tell(stateText(payment, now()), monotonic());
    } catch (error) {
      this.#gate.world.log.warn('cashier-watch-failed', { error: String(error) });
    }
  }

  #keepUp(): void {
    const now = this.#gate.world.monotonic();
    const { heartbeatMs, lifetimeMs } = this.#limits;
    for (const { pages } of this.#watched.values())
      for (const page of pages) {
        if (now - page.openedAt >= lifetimeMs) page.end();
        else if (now - page.sentAt >= heartbeatMs) page.beat(now);
      }
  }
}
