/** How often one person may do what costs others something: payments their time, a channel a question. */
import { Refusal } from '../../core/refusal.ts';
import type { Visit } from './row.ts';

interface Minute {
  readonly at: number;
  readonly counts: Map<string, number>;
}

const minutes = new WeakMap<Visit['desk']['gate'], Minute>();

/** Counts one `what` of the person's. Throws Refusal `busy` beyond so many in a minute, in this process. */
export function takePace({ desk: { gate }, person }: Visit, what: string, mostPerMinute: number): void {
  const at = Math.floor(gate.world.monotonic() / 60_000);
  const known = minutes.get(gate);
  const minute = known?.at === at ? known : { at, counts: new Map<string, number>() };
  minutes.set(gate, minute);
  const key = `${what}/${person.userId}`;
  const count = (minute.counts.get(key) ?? 0) + 1;
  if (count > mostPerMinute) throw new Refusal('busy', { text: `at most ${mostPerMinute} in a minute` });
  minute.counts.set(key, count);
}
