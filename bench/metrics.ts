/** The bar: which lane is divided by which, and what it should come to. */
import type { LaneName } from './lanes.ts';

export interface Metric {
  /** For `--only`. */
  readonly letter: string;
  readonly title: string;
  readonly of: LaneName;
  readonly by: LaneName;
  /** What is divided; default rates. `p99` = p99 of `of` / mean latency of `by`, and smaller is better. */
  readonly kind?: 'rate' | 'p99';
  /** Null: shown for its own sake. */
  readonly goal: number | null;
}

export const metrics: readonly Metric[] = [
  { letter: 'a', title: 'signed HTTP create / pgbench create', of: 'http create', by: 'ref desk', goal: 1.3 },
  {
    letter: 'a',
    title: 'signed HTTP create / transaction per request',
    of: 'http create',
    by: 'conventional',
    goal: 5,
  },
  {
    letter: 'a',
    title: 'p99 of it / pgbench mean at 64 clients',
    of: 'http create',
    by: 'ref desk/64',
    kind: 'p99',
    goal: 1.25,
  },
  {
    letter: 'x',
    title: 'batched create, 64 in flight / pgbench create',
    of: 'create/64',
    by: 'ref create',
    goal: null,
  },
  { letter: 'x', title: 'batched create, 256 in flight / pgbench create', of: 'create/256', by: 'ref create', goal: 4 },
  {
    letter: 'b',
    title: 'batched finish, 64 in flight / pgbench finish',
    of: 'finish/64',
    by: 'ref finish',
    goal: null,
  },
  {
    letter: 'b',
    title: 'batched finish, 256 in flight / pgbench finish',
    of: 'finish/256',
    by: 'ref finish',
    goal: 4.5,
  },
  {
    letter: 'b',
    title: 'batched finish, 256 / pgbench finish, least rows',
    of: 'finish/256',
    by: 'ref finish/lean',
    goal: null,
  },
  {
    letter: 'b',
    title: 'batched finish, one hot balance / pgbench',
    of: 'finish/hot',
    by: 'ref finish/hot',
    goal: 4.5,
  },
  { letter: 'b', title: 'signed HTTP callback / pgbench finish', of: 'http callback', by: 'ref callback', goal: 1.3 },
  { letter: 'c', title: 'whole life / its SQL in serial pgbench', of: 'life', by: 'ref life', goal: 1.1 },
  { letter: 'd', title: 'notices delivered / graphile-worker tuned', of: 'notices', by: 'graphile', goal: 1.8 },
];
