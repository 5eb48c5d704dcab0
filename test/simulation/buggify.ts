/**
 * Places where the code itself behaves as badly as it may: work that is picked up late or in crumbs, results that lie about before
 * they are stored, requests that gather until they share one transaction. Nothing here may change what comes out in the end.
 */
import type { OpenGate } from '../../src/flows/open-gate.ts';
import type { Task } from '../../src/workers/runner.ts';
import type { Chance } from './chance.ts';
import type { Journal } from './journal.ts';

export interface Mischief {
  readonly chance: Chance;
  readonly journal: Journal;
  /** Probability at each such place, as it is now. */
  readonly rate: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

interface Batch<In, Out> {
  add(item: In): Promise<Out>;
}

/** Items wait a little (a busy thread, a slow disk), so that several share a transaction and old news is stored after newer. */
function dawdle<In, Out>(batch: Batch<In, Out>, name: string, mostMs: number, mischief: Mischief): void {
  const { chance, journal, rate, sleep } = mischief;
  const add = batch.add.bind(batch);
  batch.add = async (item) => {
    if (chance.happens(rate())) {
      journal.count(`buggify: ${name} waits`);
      await sleep(chance.between(1, mostMs));
    }
    return add(item);
  };
}

export function buggifyGate({ batches }: OpenGate, mischief: Mischief): void {
  dawdle(batches.payments, 'a new payment', 40, mischief);
  dawdle(batches.payouts, 'a new payout', 40, mischief);
  dawdle(batches.learn, 'news', 4_000, mischief);
  dawdle(batches.notices, 'a mark', 2_000, mischief);
}

/** Takes one piece at a time, or looks away although there is something. */
export function buggifyTask(task: Task, { chance, journal, rate }: Mischief): Task {
  const inFlight = chance.happens(0.3) ? chance.whole(1, 3) : task.inFlight;
  return {
    ...task,
    inFlight,
    async claim(homes, room) {
      if (chance.happens(rate())) {
        journal.count(`buggify: ${task.name} looks away`);
        return [];
      }
      const crumb = chance.happens(rate());
      if (crumb) journal.count(`buggify: ${task.name} takes one`);
      return task.claim(homes, crumb ? 1 : room);
    },
  };
}
