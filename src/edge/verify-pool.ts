/**
 * Checks that take longer than the event loop should be kept, on threads (T109). Each lane (whoever claims to speak, from where)
 * has a short queue of its own and lanes take turns: somebody who sends nothing but bad signatures waits for himself.
 */
import { Worker } from 'node:worker_threads';
import { Refusal } from '../core/refusal.ts';
import type { CostlyCheck, Proof } from '../protocols/protocol.ts';
import type { Job, Result } from './sm2-worker.ts';

export interface Verifier {
  /** Throws Refusal `busy` when the lane's queue is full: nothing was checked. */
  prove(lane: string, checks: readonly CostlyCheck[]): Promise<readonly Proof[]>;
}

export interface VerifyPool extends Verifier {
  /** Threads are started with the first check, and end with this. What is not done by then is refused. */
  close(): Promise<void>;
}

interface Waiting {
  readonly check: CostlyCheck;
  readonly done: (holds: boolean) => void;
  readonly failed: (error: Error) => void;
}

const queuedPerLane = 64;
const lanesAtOnce = 256;

export function verifyPool(threads = 1): VerifyPool {
  return new Pool(threads);
}

class Pool implements VerifyPool {
  readonly #threads: number;
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, { readonly id: number; readonly waiting: Waiting }>();
  #started = 0;
  #jobs = 0;
  #isClosed = false;

  constructor(threads: number) {
    this.#threads = threads;
  }

  async prove(lane: string, checks: readonly CostlyCheck[]): Promise<readonly Proof[]> {
    return Promise.all(checks.map(async (check) => ({ check, holds: await this.#enqueue(lane, check) })));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const queue of this.#lanes.values()) for (const { failed } of queue) failed(busy());
    for (const { waiting } of this.#busy.values()) waiting.failed(busy());
    this.#lanes.clear();
    const workers = [...this.#idle, ...this.#busy.keys()];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #enqueue(lane: string, check: CostlyCheck): Promise<boolean> {
    const queue = this.#lanes.get(lane) ?? [];
    if (this.#isClosed || queue.length >= queuedPerLane || (queue.length === 0 && this.#lanes.size >= lanesAtOnce))
      return Promise.reject(busy());
    return new Promise((done, failed) => {
      queue.push({ check, done, failed });
      this.#lanes.set(lane, queue);
      this.#dispatch();
    });
  }

  /** The lane that waits longest gets the thread, then goes to the end of the line. */
  #dispatch(): void {
    while (this.#lanes.size > 0) {
      const worker = this.#idle.pop() ?? (this.#started < this.#threads ? this.#start() : null);
      if (worker === null) return;
      const [lane = '', queue = []] = this.#lanes.entries().next().value ?? [];
      const waiting = queue.shift();
      this.#lanes.delete(lane);
      if (queue.length > 0) this.#lanes.set(lane, queue);
      if (!waiting) continue;
      this.#jobs += 1;
      this.#busy.set(worker, { id: this.#jobs, waiting });
      const job: Job = { id: this.#jobs, check: waiting.check };
      worker.postMessage(job);
    }
  }

  #start(): Worker {
    this.#started += 1;
    const worker = new Worker(new URL('./sm2-worker.js', import.meta.url));
    worker.unref();
    worker.on('message', (result: Result) => this.#finish(worker, result));
    worker.on('error', (error: Error) => this.#lose(worker, error));
    return worker;
  }

  #finish(worker: Worker, { id, holds }: Result): void {
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    this.#idle.push(worker);
    if (job?.id === id) job.waiting.done(holds);
    this.#dispatch();
  }

  /** A thread that dies takes one check with it; the next check starts another. */
  #lose(worker: Worker, error: Error): void {
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    this.#started -= 1;
    job?.waiting.failed(error);
    this.#dispatch();
  }
}

function busy(): Refusal {
  return new Refusal('busy', { text: 'too many signatures to check' });
}
