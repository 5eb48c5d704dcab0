/**
 * npm run simulate -- --seed N [--count M] [--minutes T] [--jobs J] [--all] [--replay] [--verbose] [--teeth [--only NAME]]
 *
 * Plays M seeds from N on (or as many as T minutes allow), on J processes. Ends with 1, the seed, what did not hold and the last
 * events when something does not hold (with --all after all the others), when a replay differs, when a planted bug is not found,
 * or when a long run has never seen what it should.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Books, openBooks } from './books.ts';
import { type Outcome, runSeed } from './seed.ts';
import { longRun, neverSeen } from './sometimes.ts';
import { openHouse } from '../sweep/house.ts';
import { showTeeth } from '../sweep/teeth.ts';
import { teeth } from './teeth.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string' },
    minutes: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    all: { type: 'boolean', default: false },
    replay: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    teeth: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

/** A long run says so often that it is alive. */
const seedsPerWord = 250;

/** As many as there is time for. */
const untilTime = 10_000_000;

/** What one process played; travels from a job to its parent. */
interface Played {
  readonly seeds: number;
  readonly failed: readonly number[];
  readonly counters: Readonly<Record<string, number>>;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function show(outcome: Outcome): void {
  if (!options.verbose) say(outcome.last.join('\n'));
  say(`\nseed ${outcome.seed} does not hold: ${outcome.broken}`);
  say(`again: npm run simulate -- --seed ${outcome.seed} --verbose`);
}

interface Part {
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

async function playSeeds(books: Books, { first, count, step }: Part): Promise<Played> {
  const counters = new Map<string, number>();
  const failed: number[] = [];
  const began = performance.now();
  const ends = began + Number(options.minutes ?? '1000000') * 60_000;
  let seeds = 0;
  for (let seed = first; seed < first + count; seed += step) {
    if (performance.now() > ends || (failed.length > 0 && !options.all)) break;
    const outcome = await runSeed(books, { seed, echo: options.verbose });
    seeds += 1;
    for (const [name, by] of outcome.counters) counters.set(name, (counters.get(name) ?? 0) + by);
    const isFine = outcome.broken === null && (!options.replay || (await isSameAgain(books, outcome)));
    if (!isFine) failed.push(seed);
    if (seeds % seedsPerWord === 0)
      say(`… ${seeds} seeds to ${seed}, ${perMinute(seeds, began)} a minute, ${failed.length} do not hold`);
    if (outcome.broken !== null) show(outcome);
    else if (count <= 20 && isFine)
      say(`seed ${seed}: holds, ${outcome.events} events, ${hours(outcome.virtualMs)} h, journal ${outcome.hash}`);
  }
  return { seeds, failed, counters: Object.fromEntries(counters) };
}

async function isSameAgain(books: Books, { seed, hash, events }: Outcome): Promise<boolean> {
  const again = await runSeed(books, { seed });
  if (again.hash === hash) return true;
  say(`seed ${seed} differs when played again: ${events} events, ${hash}; then ${again.events} events, ${again.hash}`);
  return false;
}

/** Each job is this program again, with every J-th seed. */
async function playOnJobs({ first, count }: Part, jobs: number): Promise<Played> {
  const parts = await Promise.all(Array.from({ length: jobs }, (_, job) => playOnJob(first + job, count - job, jobs)));
  const counters: Record<string, number> = {};
  for (const part of parts)
    for (const [name, by] of Object.entries(part.counters)) counters[name] = (counters[name] ?? 0) + by;
  return {
    seeds: parts.reduce((sum, { seeds }) => sum + seeds, 0),
    failed: parts.flatMap(({ failed }) => failed).sort((a, b) => a - b),
    counters,
  };
}

async function playOnJob(first: number, count: number, step: number): Promise<Played> {
  const flags = [...(options.all ? ['--all'] : []), ...(options.replay ? ['--replay'] : [])];
  const limit = options.minutes === undefined ? [] : ['--minutes', options.minutes];
  const child = fork(
    fileURLToPath(import.meta.url),
    ['--seed', `${first}`, '--count', `${count}`, ...flags, ...limit],
    {
      env: { ...process.env, SIMULATION_STEP: String(step) },
    },
  );
  const said = once(child, 'message');
  const gone = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a job ended with ${String(code)}`)));
  // Whoever has said what it played may go.
  gone.catch(() => undefined);
  const [played] = await Promise.race([said, gone]);
  return played as Played;
}

function perMinute(seeds: number, began: number): number {
  return Math.round((60_000 * seeds) / (performance.now() - began));
}

function sumUp({ seeds, failed, counters }: Played, began: number): boolean {
  for (const [name, times] of Object.entries(counters).sort(([a], [b]) => (a < b ? -1 : 1)))
    say(`${String(times).padStart(8)}  ${name}`);
  const story =
    failed.length === 0 ? `${seeds} seeds hold` : `of ${seeds} seeds these do not hold: ${failed.join(' ')};`;
  say(`${story}, ${perMinute(seeds, began)} a minute on ${options.jobs} process${options.jobs === '1' ? '' : 'es'}`);
  const missing = seeds >= longRun ? neverSeen(counters) : [];
  for (const name of missing) say(`never seen: ${name}`);
  return failed.length === 0 && missing.length === 0;
}

/** The sweep has a database of its own, with more parties in it. */
async function findTeeth(books: Books): Promise<boolean> {
  const { only } = options;
  const house = await openHouse();
  try {
    const chosen = teeth.filter(({ name }) => only === undefined || name === only);
    return await showTeeth(books, house, chosen, say);
  } finally {
    await house.close();
  }
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(1);
}

async function withBooks<T>(work: (books: Books) => Promise<T>): Promise<T> {
  const books = await openBooks();
  try {
    return await work(books);
  } finally {
    await books.close();
  }
}

async function main(): Promise<boolean> {
  const first = Number(options.seed);
  if (options.teeth) return withBooks(findTeeth);
  const count = Number(options.count ?? (options.minutes === undefined ? 1 : untilTime));
  const part = { first, count, step: Number(process.env['SIMULATION_STEP'] ?? '1') };
  const jobs = Number(options.jobs);
  const began = performance.now();
  const played = jobs > 1 ? await playOnJobs(part, jobs) : await withBooks((books) => playSeeds(books, part));
  if (process.send === undefined) return sumUp(played, began);
  process.send(played);
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
process.disconnect?.();
