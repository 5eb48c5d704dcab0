/**
 * npm run simulate -- --seed N [--count M] [--replay] [--verbose] [--teeth]
 *
 * Plays M seeds from N on. Ends with 1, the seed, what did not hold and the last events when something does not hold, when a
 * replay differs, when a planted bug is not found, or when a long run has never seen what it should.
 */
import { parseArgs } from 'node:util';
import { type Books, openBooks } from './books.ts';
import type { Counters } from './journal.ts';
import { type Outcome, runSeed } from './seed.ts';
import { longRun, neverSeen } from './sometimes.ts';
import { teeth } from './teeth.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    replay: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    teeth: { type: 'boolean', default: false },
  },
});

/** Seeds a planted bug may hide in. */
const toothSeeds = 60;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function show(outcome: Outcome): void {
  if (!options.verbose) say(outcome.last.join('\n'));
  say(`\nseed ${outcome.seed} does not hold: ${outcome.broken}`);
  say(`again: npm run simulate -- --seed ${outcome.seed} --verbose`);
}

async function playSeeds(books: Books, first: number, count: number): Promise<boolean> {
  const counters: Counters = new Map();
  const began = performance.now();
  let isFine = true;
  for (let seed = first; seed < first + count && isFine; seed += 1) {
    const outcome = await runSeed(books, { seed, echo: options.verbose });
    for (const [name, by] of outcome.counters) counters.set(name, (counters.get(name) ?? 0) + by);
    isFine = outcome.broken === null && (!options.replay || (await isSameAgain(books, outcome)));
    if (outcome.broken !== null) show(outcome);
    else if (count <= 20 && isFine)
      say(`seed ${seed}: holds, ${outcome.events} events, ${hours(outcome.virtualMs)} h, journal ${outcome.hash}`);
  }
  const perMinute = Math.round((60_000 * count) / (performance.now() - began));
  if (!isFine) return false;
  for (const [name, times] of [...counters].sort(([a], [b]) => (a < b ? -1 : 1)))
    say(`${String(times).padStart(8)}  ${name}`);
  say(`${count} seeds hold, ${perMinute} a minute`);
  const missing = count >= longRun ? neverSeen(counters) : [];
  for (const name of missing) say(`never seen: ${name}`);
  return missing.length === 0;
}

async function isSameAgain(books: Books, { seed, hash, events }: Outcome): Promise<boolean> {
  const again = await runSeed(books, { seed });
  if (again.hash === hash) return true;
  say(`seed ${seed} differs when played again: ${events} events, ${hash}; then ${again.events} events, ${again.hash}`);
  return false;
}

async function showTeeth(books: Books, first: number): Promise<boolean> {
  let isFine = true;
  for (const tooth of teeth) {
    let found: Outcome | null = null;
    for (let seed = first; seed < first + toothSeeds && !found; seed += 1) {
      const outcome = await runSeed(books, { seed, tooth });
      if (outcome.broken !== null) found = outcome;
    }
    say(`${found ? `found by seed ${found.seed}` : 'NOT FOUND'}`.padEnd(20) + `${tooth.name}: ${tooth.about}`);
    if (found) say(`${''.padEnd(20)}  ${found.broken?.split('\n', 1)[0]}`);
    isFine &&= found !== null;
  }
  return isFine;
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(1);
}

const books = await openBooks();
try {
  const first = Number(options.seed);
  const isFine = options.teeth ? await showTeeth(books, first) : await playSeeds(books, first, Number(options.count));
  process.exitCode = isFine ? 0 : 1;
} finally {
  await books.close();
}
