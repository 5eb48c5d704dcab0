/**
 * Virtual time: one thing happens at a time, and time moves only when everything that follows from the last thing has
 * happened. Whatever is really asynchronous (PostgreSQL) is awaited inside an event, so that nothing else runs beside it.
 */

/** What a poll looks for: it is passed over while there is nothing of that to find. */
export type Quarry = 'notices' | 'work' | 'either';

/** When the first of each is due; null = there is none. */
export interface NextDue {
  readonly notices: number | null;
  readonly work: number | null;
}

/** An event that was put on the clock. */
export interface Appointment {
  cancel(): void;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  /** Null = it happens at its time, whatever there is. */
  readonly quarry: Quarry | null;
  cancelled: boolean;
}

function dueFor({ notices, work }: NextDue, quarry: Quarry): number | null {
  if (quarry !== 'either') return quarry === 'notices' ? notices : work;
  return notices === null || work === null ? (notices ?? work) : Math.min(notices, work);
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
  /** When polls would find something; asked again after `touch`. */
  nextDue: () => Promise<NextDue> = () => Promise.resolve({ notices: null, work: null });
  #heap: Entry[] = [];
  /** Polls: passed over while there is nothing for them to find. A handful, so a list will do. */
  #idle: Entry[] = [];
  #orders = 0;
  #isTouched = true;
  #due: NextDue = { notices: null, work: null };
  events = 0;

  at(time: number, run: Entry['run'], quarry: Quarry | null = null): Appointment {
    const entry: Entry = { time: Math.max(time, this.now), order: this.#orders++, run, quarry, cancelled: false };
    if (quarry === null) this.#push(entry);
    else this.#idle.push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  after(ms: number, run: Entry['run'], quarry: Quarry | null = null): Appointment {
    return this.at(this.now + ms, run, quarry);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Something was stored: polls may have something to find now. */
  touch(): void {
    this.#isTouched = true;
  }

  /** Runs until `isOver`, or until nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    await settled();
    while (!isOver()) {
      const entry = await this.#next();
      if (!entry) return;
      this.events += 1;
      await entry.run();
      await settled();
    }
  }

  /** Takes the next entry, and moves time to it. */
  async #next(): Promise<Entry | null> {
    const first = this.#peek();
    // While no poll can come before what is next, there is no need to know what it would find.
    if (this.#isTouched && this.#idle.some(({ time }) => !first || time < first.time)) {
      this.#isTouched = false;
      this.#due = await this.nextDue();
    }
    const poll = this.#nextPoll();
    if (!poll || (first && first.time < poll.at)) {
      if (first) this.now = Math.max(this.now, first.time);
      return first ? this.#popTop() : null;
    }
    this.#idle = this.#idle.filter((entry) => entry !== poll.entry);
    this.now = Math.max(this.now, poll.at);
    return poll.entry;
  }

  /** The first poll that would find something, and when: no earlier than what it would find. */
  #nextPoll(): { readonly entry: Entry; readonly at: number } | null {
    this.#idle = this.#idle.filter((entry) => !entry.cancelled);
    const [first] = this.#idle
      .flatMap((entry) => {
        const due = entry.quarry && dueFor(this.#due, entry.quarry);
        return due === null ? [] : [{ entry, at: Math.max(entry.time, due) }];
      })
      .toSorted((a, b) => a.at - b.at || a.entry.time - b.entry.time || a.entry.order - b.entry.order);
    return first ?? null;
  }

  #peek(): Entry | undefined {
    while (this.#heap[0]?.cancelled) this.#popTop();
    return this.#heap[0];
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
