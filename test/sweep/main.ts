/**
 * npm run sweep -- [--scenario NAME] [--stride N] [--point NO --hurt dies|kept|lost] [--teeth] [--list]
 *
 * Plays every script once to count its calls, then once for each point at which its process can be hurt. Ends with 1 when
 * something does not hold, with the point that shows it again.
 */
import { parseArgs } from 'node:util';
import type { Books } from '../simulation/books.ts';
import { openHouse } from './house.ts';
import type { Hurt } from './points.ts';
import { type Run, runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { type Swept, sweep } from './sweep.ts';

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string' },
    stride: { type: 'string', default: '1' },
    point: { type: 'string' },
    hurt: { type: 'string', default: 'dies' },
    list: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function chosen(): readonly Scenario[] {
  const { scenario } = options;
  const found = scenarios.filter(({ name }) => scenario === undefined || name === scenario);
  if (found.length === 0) throw new Error(`no scenario ${scenario}: ${scenarios.map(({ name }) => name).join(', ')}`);
  return found;
}

const columns = [26, 8, 8, 8, 10] as const;

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) => (index === 0 ? String(cell).padEnd(columns[0]) : String(cell).padStart(columns[index] ?? 8)))
    .join('');
}

/** How far it is, where somebody watches. */
function progress(name: string) {
  return (done: number, of: number) => {
    if (process.stdout.isTTY && (done % 10 === 0 || done === of))
      process.stdout.write(`\r${name}: ${done} of ${of}  \r`);
  };
}

async function sweepAll(books: Books): Promise<boolean> {
  const began = performance.now();
  const all: Swept[] = [];
  say(row(['scenario', 'calls', 'points', 'runs', 'failures']));
  for (const scenario of chosen()) {
    const swept = await sweep(books, scenario, { stride: Number(options.stride), progress: progress(scenario.name) });
    all.push(swept);
    say(row([scenario.name, swept.calls, swept.points, swept.runs, swept.failures.length]));
    for (const failure of swept.failures.slice(0, 3)) show(failure);
  }
  const sum = (of: (swept: Swept) => number) => all.reduce((total, swept) => total + of(swept), 0);
  const failures = sum((swept) => swept.failures.length);
  say(row(['all', sum(({ calls }) => calls), sum(({ points }) => points), sum(({ runs }) => runs), failures]));
  say(`${Math.round((performance.now() - began) / 1_000)} s`);
  return failures === 0;
}

function show({ scenario, target, hit, broken }: Run): void {
  say(`  ${broken?.split('\n', 1)[0]}`);
  if (target)
    say(
      `    ${target.hurt} ${hit}: npm run sweep -- --scenario ${scenario.name} --point ${target.no} --hurt ${target.hurt}`,
    );
}

/** One run, line by line. */
async function showPoint(books: Books, no: number): Promise<boolean> {
  const [scenario] = chosen();
  if (!scenario || !isHurt(options.hurt)) throw new Error('--hurt is dies, kept or lost');
  const run = await runScenario(books, scenario, { target: { no, hurt: options.hurt }, echo: true });
  say(`\n${options.hurt} ${run.hit}: ${run.broken ?? 'holds'}`);
  return run.broken === null;
}

function isHurt(text: string): text is Hurt {
  return text === 'dies' || text === 'kept' || text === 'lost';
}

async function main(): Promise<boolean> {
  if (options.list) {
    for (const { name, about } of scenarios) say(`${name.padEnd(columns[0])}${about}`);
    return true;
  }
  const books = await openHouse();
  try {
    return options.point === undefined ? await sweepAll(books) : await showPoint(books, Number(options.point));
  } finally {
    await books.close();
  }
}

process.exitCode = (await main()) ? 0 : 1;
