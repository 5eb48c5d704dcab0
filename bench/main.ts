/**
 * `npm run bench`: ratios inside one interleaved run on one machine. README.md beside this file says what is compared and why
 * only ratios count.
 *
 *     npm run bench -- [--rounds 5] [--quick] [--only a,b,c,d,e,f,g,x]
 */
import { parseArgs } from 'node:util';
import { Child } from './child.ts';
import { gateIn } from './gate.ts';
import { type LaneName, type Reading, type Stage, lanes, sinksOf, startOf } from './lanes.ts';
import { measureMemory } from './memory.ts';
import { metrics } from './metrics.ts';
import { pointChannel } from './parties.ts';
import { installPeers } from './peers.ts';
import { findPgbench, missing } from './pgbench.ts';
import { flushTimeUs, makePlace, type Place } from './place.ts';
import { type Row, printTable, ratioRow } from './report.ts';
import { notifyUrl } from './scripts.ts';
import { measureSignatures } from './signatures/measure.ts';
import { measureStart } from './start.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'a,b,c,d,e,f,x' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (options.help) {
    console.log('npm run bench -- [--rounds 5] [--quick] [--only a,b,c,d,e,f,g,x]');
    for (const { letter, title } of metrics) console.log(`  ${letter}  ${title}`);
    console.log(
      '  e  empty folder and warm folder → ready\n  f  memory with 100,000 pending notices\n  g  signatures: rates, and what a flood of bad ones costs others',
    );
    return;
  }
  const only = new Set(options.only.split(','));
  const rounds = Number(options.rounds);
  const scale = options.quick ? 0.25 : 1;
  const rows: Row[] = [];
  if (only.has('e')) rows.push(...(await measureStart(options.quick ? 3 : 5)));
  if (only.has('g')) await measureSignatures();
  const wanted = metrics.filter(({ letter }) => only.has(letter));
  if (wanted.length > 0 || only.has('f')) {
    const place = await makePlace();
    try {
      if (wanted.length > 0) rows.push(...(await compare(place, wanted, rounds, scale)));
      if (only.has('f')) rows.push(await measureMemory(place));
    } finally {
      await place.stop();
    }
  }
  printTable(rows);
}

/** Round 0 only warms up. Within a round each lane runs once, so that both sides of a ratio meet the same minute. */
async function compare(place: Place, wanted: typeof metrics, rounds: number, scale: number): Promise<Row[]> {
  const used = new Set(wanted.flatMap(({ of, by }) => [of, by]));
  const names = (Object.keys(lanes) as LaneName[]).filter((name) => used.has(name));
  const children = [
    new Child('./outside.js'),
    new Child('./gateway.js'),
    new Child('./conventional.js'),
    new Child('./graphile.js'),
  ];
  const [outside, gateway, conventional, graphile] = children as [Child, Child, Child, Child];
  try {
    const stage = await setUp(place, used, scale, { outside, gateway, conventional, graphile });
    if (stage.pgbenchPath === null) console.log(missing);
    const readings: Map<LaneName, Reading | string>[] = [];
    for (let round = 0; round <= rounds; round++) {
      const present = new Map<LaneName, Reading | string>();
      console.log(round === 0 ? '\nwarming up' : `\nround ${round} of ${rounds}`);
      for (const name of names) present.set(name, await measure(name, stage));
      if (round > 0) readings.push(present);
    }
    return wanted.map((metric) => ratioRow(metric, readings));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function setUp(
  place: Place,
  used: ReadonlySet<LaneName>,
  scale: number,
  children: Pick<Stage, 'outside' | 'graphile'> & { readonly gateway: Child; readonly conventional: Child },
): Promise<Stage> {
  const { outside, gateway, conventional } = children;
  const { sink, upstream } = await outside.call<{ sink: string; upstream: string }>('open');
  await pointChannel(place.owner, upstream);
  // The orders of the lanes without workers name an address that nobody is ever told at.
  const allowHosts = [...sinksOf(sink).map((url) => new URL(url).host), new URL(notifyUrl).host];
  return {
    ...children,
    place,
    scale,
    allowHosts,
    gatewayUrl: await gateway.call('start', startOf(place, 'edge', allowHosts)),
    conventionalUrl: await conventional.call('start', place.target),
    gate: await gateIn(place),
    pgbenchPath: findPgbench(),
    withoutPeers: used.has('graphile') ? installPeers() : null,
  };
}

async function measure(name: LaneName, stage: Stage): Promise<Reading | string> {
  const flushUs = await flushTimeUs(stage.place.folder);
  const reading = await lanes[name].run(stage);
  const flush = `flush ${String(flushUs).padStart(5)} µs`;
  if (typeof reading === 'string') console.log(`  ${name.padEnd(16)} skipped: ${reading}`);
  else console.log(`  ${name.padEnd(16)} ${said(reading).padEnd(56)} ${flush}   ${lanes[name].about}`);
  return reading;
}

function said({ rate, meanMs, p50Ms, p99Ms }: Reading): string {
  const parts = [`${Math.round(rate).toString().padStart(7)}/s`];
  if (meanMs !== undefined) parts.push(`mean ${meanMs.toFixed(1)} ms`);
  if (p50Ms !== undefined) parts.push(`p50 ${p50Ms.toFixed(1)} ms`);
  if (p99Ms !== undefined) parts.push(`p99 ${p99Ms.toFixed(1)} ms`);
  return parts.join('  ');
}

await main();
