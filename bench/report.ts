/** Ratios per round, their median and range, and whether that is what was wanted. */
import type { LaneName, Reading } from './lanes.ts';
import type { Metric } from './metrics.ts';
import { median } from './place.ts';

export interface Row {
  readonly title: string;
  readonly value: string;
  readonly goal: string;
  readonly verdict: 'met' | 'missed' | '–' | 'skipped';
}

export function ratioRow(metric: Metric, rounds: readonly ReadonlyMap<LaneName, Reading | string>[]): Row {
  const isP99 = metric.kind === 'p99';
  const sign = isP99 ? '≤' : '≥';
  const goal = metric.goal === null ? '–' : `${sign} ${metric.goal}`;
  const ratios: number[] = [];
  for (const round of rounds) {
    const of = round.get(metric.of);
    const by = round.get(metric.by);
    if (typeof of !== 'object' || typeof by !== 'object') {
      const why = typeof of === 'string' ? of : typeof by === 'string' ? by : 'not measured';
      return { title: metric.title, value: why, goal, verdict: 'skipped' };
    }
    ratios.push(isP99 ? (of.p99Ms ?? Number.NaN) / (by.meanMs ?? Number.NaN) : of.rate / by.rate);
  }
  const middle = median(ratios);
  const value = `${middle.toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
  if (metric.goal === null) return { title: metric.title, value, goal, verdict: '–' };
  const isMet = isP99 ? middle <= metric.goal : middle >= metric.goal;
  return { title: metric.title, value, goal, verdict: isMet ? 'met' : 'missed' };
}

export function printTable(rows: readonly Row[]): void {
  const table = [{ title: 'metric', value: 'median (range)', goal: 'goal', verdict: 'verdict' }, ...rows];
  const width = (key: keyof Row) => Math.max(...table.map((row) => row[key].length));
  const columns = ['title', 'value', 'goal', 'verdict'] as const;
  console.log('');
  table.forEach((row, index) => {
    console.log(`| ${columns.map((key) => row[key].padEnd(width(key))).join(' | ')} |`);
    if (index === 0) console.log(`|${columns.map((key) => '-'.repeat(width(key) + 2)).join('|')}|`);
  });
}
