/**
 * Virtual time: one thing happens at a time, and time moves only when everything that follows from the last thing has
 * happened. Whatever is really asynchronous (PostgreSQL) is awaited inside an event, so that nothing else runs beside it.
 */

/** An event that was put on the clock. */
export interface Appointment {
  cancel(): void;
}

interface Entry {
  time: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  cancelled: boolean;
  /** Idle entries (polls) are passed over while there is nothing for them to find. */
  readonly isIdle: boolean;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything that follows without waiting: microtasks, and the batchers' `setImmediate` (first turn) with what it sets off. */
export async function settled(): Promise<void> {
  await turn();
  await turn();
}

export class Clock {
  /** Milliseconds since the seed's beginning; fractions order what would else be simultaneous. */
  now = 0;
  /** When idle entries would find something; asked again after `touch`. */
  nextWork: () => Promise<number | null> = () => Promise.resolve(null);
  #heap: Entry[] = [];
  #parked: Entry[] = [];
  #orders = 0;
  #isTouched = true;
  #workAt: number | null = null;
  events = 0;

  at(time: number, run: Entry['run'], isIdle = false): Appointment {
    const entry: Entry = { time: Math.max(time, this.now), order: this.#orders++, run, cancelled: false, isIdle };
    this.#push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  after(ms: number, run: Entry['run'], isIdle = false): Appointment {
    return this.at(this.now + ms, run, isIdle);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Something was stored: what was parked may have work now. */
  touch(): void {
    this.#isTouched = true;
  }

  /** Runs until `isOver`, or until nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    await settled();
    while (!isOver()) {
      const entry = await this.#next();
      if (!entry) return;
      this.now = Math.max(this.now, entry.time);
      this.events += 1;
      await entry.run();
      await settled();
    }
  }

  async #next(): Promise<Entry | null> {
    for (;;) {
      const first = this.#peek();
      if (this.#isTouched && (!first || first.isIdle || first.time > this.now)) await this.#lookForWork();
      const entry = this.#pop();
      if (!entry) return null;
      if (!entry.isIdle || (this.#workAt !== null && this.#workAt <= entry.time)) return entry;
      if (this.#workAt === null) this.#parked.push(entry);
      else {
        entry.time = this.#workAt;
        this.#push(entry);
      }
    }
  }

  /** Parked entries come back no earlier than there is work for them. */
  async #lookForWork(): Promise<void> {
    this.#isTouched = false;
    this.#workAt = await this.nextWork();
    if (this.#workAt === null) return;
    for (const entry of this.#parked) {
      entry.time = Math.max(entry.time, this.#workAt, this.now);
      this.#push(entry);
    }
    this.#parked = [];
  }

  #peek(): Entry | undefined {
    while (this.#heap[0]?.cancelled) this.#popTop();
    return this.#heap[0];
  }

  #pop(): Entry | null {
    return this.#peek() ? this.#popTop() : null;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at], heap[parent])) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #popTop(): Entry | null {
    const heap = this.#heap;
    const top = heap[0] ?? null;
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = before(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!before(heap[child], heap[at])) return top;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) {
      this.#heap[a] = y;
      this.#heap[b] = x;
    }
  }
}

function before(a: Entry | undefined, b: Entry | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
