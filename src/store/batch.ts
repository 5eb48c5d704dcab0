/**
 * Group commit: requests that are in flight together share one transaction, and each keeps its own outcome. A batch
 * leaves as soon as a lane is free, without a timer, so it is small when there is little to do and grows under load.
 */
import { Refusal } from '../core/refusal.ts';
import { CommitUnknown, DatabaseAway } from './database.ts';

export interface BatchPlan<In, Out> {
  /** For the refusal's text and for metrics. */
  readonly name: string;
  /** Carries out all items in one transaction; the outs in the order of the items, one each. */
  readonly run: (items: readonly In[]) => Promise<readonly Out[]>;
  /** Most items of one batch; default 96. */
  readonly maxRows?: number;
  /** Batches under way at once; default 3. */
  readonly lanes?: number;
  /** Items that may wait; beyond it `add` refuses with `busy`. Default 4096. */
  readonly maxQueued?: number;
}

interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<In, Out> {
  readonly #plan: Required<BatchPlan<In, Out>>;
  #queue: Waiting<In, Out>[] = [];
  #busyLanes = 0;
  #departing = false;

  constructor(plan: BatchPlan<In, Out>) {
    this.#plan = { maxRows: 96, lanes: 3, maxQueued: 4096, ...plan };
  }

  /** Items that wait for a lane. */
  get queued(): number {
    return this.#queue.length;
  }

  /** The item's own outcome. Throws `Refusal('busy')` when the queue is full, else what `run` threw for this item. */
  add(item: In): Promise<Out> {
    if (this.#queue.length >= this.#plan.maxQueued) {
      return Promise.reject(new Refusal('busy', { text: `${this.#plan.name}: queue is full` }));
    }
    const outcome = new Promise<Out>((resolve, reject) => this.#queue.push({ item, resolve, reject }));
    // After the current turn, so that requests that arrived in one read of the sockets leave together.
    if (!this.#departing && this.#busyLanes < this.#plan.lanes) {
      this.#departing = true;
      setImmediate(() => this.#fillLanes());
    }
    return outcome;
  }

  #fillLanes(): void {
    this.#departing = false;
    while (this.#queue.length > 0 && this.#busyLanes < this.#plan.lanes) {
      const batch = this.#queue.splice(0, this.#plan.maxRows);
      this.#busyLanes += 1;
      void this.#carryOut(batch).finally(() => {
        this.#busyLanes -= 1;
        this.#fillLanes();
      });
    }
  }

  /** Never rejects: every failure goes to the items it belongs to. */
  async #carryOut(batch: readonly Waiting<In, Out>[]): Promise<void> {
    let outs: readonly Out[];
    try {
      outs = await this.#plan.run(batch.map(({ item }) => item));
    } catch (error) {
      if (batch.length === 1 || concernsAll(error)) for (const waiting of batch) waiting.reject(error);
      else await this.#oneByOne(batch);
      return;
    }
    batch.forEach(({ resolve, reject }, index) => {
      // Committed, yet our own code lost count: repeating would do it twice.
      if (outs.length !== batch.length)
        reject(new CommitUnknown(`${this.#plan.name}: ${outs.length} outcomes for ${batch.length} items`));
      else resolve(outs[index] as Out);
    });
  }

  /** The batch was rolled back; alone, a poisoned row fails only itself. */
  async #oneByOne(batch: readonly Waiting<In, Out>[]): Promise<void> {
    for (const waiting of batch) await this.#carryOut([waiting]);
  }
}

/** Repeating could double what was committed, or would only hit the same closed door. */
function concernsAll(error: unknown): boolean {
  return error instanceof CommitUnknown || error instanceof DatabaseAway;
}
